//! The scans of a sequential Huffman-coded stream: tables in force, components, restarts.
//!
//! Standard: ITU-T T.81 B.2.3, B.2.4.

use model::PreviewFault;

use super::entropy::HuffmanTables;
use super::header::Header;
use crate::codec::marker_segments::{Segment, Segments};

/// Everything that markers have defined by the time a scan begins.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) huffman: HuffmanTables,
    /// Quantisation tables in zigzag order.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    /// Minimum coded units between restart markers; 0: none.
    pub(super) restart_interval: usize,
}

/// A component of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanComponent {
    /// Its place in the frame header.
    pub(super) index: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// A scan header (T.81 B.2.3).
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    pub(super) components: Vec<ScanComponent>,
    /// Start of spectral selection; in lossless processes the predictor.
    pub(super) start: u8,
    /// Point transform of lossless processes.
    pub(super) point_transform: u8,
    /// The entropy-coded data and all that follows.
    pub(super) data: &'a [u8],
}

impl Definitions {
    /// Reads markers up to the next scan; `None` at the end of the stream.
    pub(super) fn next_scan<'a>(
        &mut self,
        header: &Header,
        segments: &mut Segments<'a>,
    ) -> Result<Option<Scan<'a>>, PreviewFault> {
        for segment in segments.by_ref() {
            let Segment { marker, content, rest } = segment?;
            match marker {
                0xC4 => self.huffman.define(content)?,
                0xDB => self.define_quantisation(content)?,
                0xDD => {
                    let (interval, _) = content.split_first_chunk().ok_or(PreviewFault::Damaged)?;
                    self.restart_interval = u16::from_be_bytes(*interval).into();
                }
                0xDA => return Scan::read(header, content, rest).map(Some),
                0xD9 => break,
                _ => {}
            }
        }
        Ok(None)
    }

    /// Takes over a DQT segment (T.81 B.2.4.1).
    fn define_quantisation(&mut self, content: &[u8]) -> Result<(), PreviewFault> {
        let mut rest = content;
        while let Some((&destination, after)) = rest.split_first() {
            let bytes = if destination >> 4 == 0 { 64 } else { 128 };
            let (table, after) = after.split_at_checked(bytes).ok_or(PreviewFault::Damaged)?;
            let mut steps = [0; 64];
            if bytes == 64 {
                for (step, byte) in steps.iter_mut().zip(table) {
                    *step = u16::from(*byte);
                }
            } else {
                for (step, word) in steps.iter_mut().zip(table.as_chunks().0) {
                    *step = u16::from_be_bytes(*word);
                }
            }
            let slot = self.quantisation.get_mut(usize::from(destination & 15));
            *slot.ok_or(PreviewFault::Damaged)? = Some(steps);
            rest = after;
        }
        Ok(())
    }
}

impl<'a> Scan<'a> {
    fn read(header: &Header, content: &[u8], data: &'a [u8]) -> Result<Self, PreviewFault> {
        let (&count, rest) = content.split_first().ok_or(PreviewFault::Damaged)?;
        let (selectors, rest) =
            rest.split_at_checked(usize::from(count) * 2).ok_or(PreviewFault::Damaged)?;
        let &[start, _end, approximation, ..] = rest else { return Err(PreviewFault::Damaged) };
        let component = |&[identifier, tables]: &[u8; 2]| {
            let place = header.components.iter().position(|part| part.identifier == identifier);
            let index = place.ok_or(PreviewFault::Damaged)?;
            Ok(ScanComponent { index, dc: (tables >> 4).into(), ac: (tables & 15).into() })
        };
        let components: Vec<ScanComponent> =
            selectors.as_chunks().0.iter().map(component).collect::<Result<_, PreviewFault>>()?;
        // Ascending as in the frame header, so no component stands twice.
        let ascending = components.is_sorted_by(|left, right| left.index < right.index);
        if components.is_empty() || !ascending {
            return Err(PreviewFault::Damaged);
        }
        Ok(Self { components, start, point_transform: approximation & 15, data })
    }
}
