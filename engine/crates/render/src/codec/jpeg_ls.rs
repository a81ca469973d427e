//! JPEG-LS, lossless and near-lossless (ITU-T T.87).
//!
//! Own code: no decoder in safe Rust that stands alone was found when this was written.

mod bits;
mod context;
mod parameters;
mod scan;

use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::NativeFrame;
use super::marker_segments::{Segment, Segments};
use super::samples::{check_shape, contain, value_bits};
use parameters::{Parameters, Preset};
use scan::ScanDecoder;

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
) -> Result<NativeFrame, PreviewFault> {
    let mut stream = Stream::default();
    let mut segments = Segments::of(frame)?;
    while let Some(segment) = segments.next() {
        let Segment { marker, content, rest } = segment?;
        match marker {
            0xF7 => stream.start(Header::read(content)?, description)?,
            0xF8 => stream.preset(content)?,
            0xDA => segments = Segments::after(stream.scan(content, rest)?),
            0xDD if content.iter().any(|byte| *byte != 0) => {
                return Err(PreviewFault::Unsupported("JPEG-LS with restart markers".into()));
            }
            // Hewlett-Packard's colour transformation, which is no part of the standard.
            0xE8 if content.starts_with(b"mrfx") && content.get(4) != Some(&0) => {
                return Err(PreviewFault::Unsupported("JPEG-LS with mrfx colours".into()));
            }
            0xD9 => break,
            _ => {}
        }
        if stream.is_complete() {
            break;
        }
    }
    if !stream.is_complete() {
        return Err(PreviewFault::Damaged);
    }
    if matches!(description.photometric, Photometric::YbrFull422 | Photometric::YbrPartial422) {
        return Err(PreviewFault::Unsupported("JPEG-LS called chrominance-halved".into()));
    }
    let precision = stream.header.map_or(8, |header| header.precision);
    let bytes = contain(description, value_bits(description, precision), &stream.samples);
    Ok(NativeFrame { bytes, photometric: description.photometric.clone(), planar: false })
}

/// The frame header, SOF 55 (T.87 C.2.2).
#[derive(Debug, Clone, Copy)]
struct Header {
    precision: u16,
    rows: u16,
    columns: u16,
    components: usize,
}

impl Header {
    fn read(content: &[u8]) -> Result<Self, PreviewFault> {
        let &[precision, r1, r0, c1, c0, count, ref components @ ..] = content else {
            return Err(PreviewFault::Damaged);
        };
        let (components, rest) = components.as_chunks::<3>();
        if !rest.is_empty() || usize::from(count) != components.len() {
            return Err(PreviewFault::Damaged);
        }
        if components.iter().any(|[_, sampling, _]| *sampling != 0x11) {
            return Err(PreviewFault::Unsupported("JPEG-LS with sampled components".into()));
        }
        if !(2..=16).contains(&precision) {
            return Err(PreviewFault::Damaged);
        }
        Ok(Self {
            precision: precision.into(),
            rows: u16::from_be_bytes([r1, r0]),
            columns: u16::from_be_bytes([c1, c0]),
            components: components.len(),
        })
    }
}

/// What has been read of a stream.
#[derive(Debug, Default)]
struct Stream {
    header: Option<Header>,
    preset: Preset,
    /// Colour-by-pixel.
    samples: Vec<u16>,
    /// How many components have been decoded.
    decoded: usize,
}

impl Stream {
    fn is_complete(&self) -> bool {
        self.header.is_some_and(|header| self.decoded == header.components)
    }

    fn start(
        &mut self,
        header: Header,
        description: &PixelDescription,
    ) -> Result<(), PreviewFault> {
        if self.header.is_some() {
            return Err(PreviewFault::Damaged);
        }
        let size = (header.columns.into(), header.rows.into());
        check_shape(description, size, header.components, header.precision)?;
        let pixels = usize::from(header.rows) * usize::from(header.columns);
        self.samples = vec![0; pixels * header.components];
        self.header = Some(header);
        Ok(())
    }

    /// An LSE segment (T.87 C.2.4.1).
    fn preset(&mut self, content: &[u8]) -> Result<(), PreviewFault> {
        match content {
            [1, words @ ..] => {
                self.preset = Preset::read(words)?;
                Ok(())
            }
            _ => Err(PreviewFault::Unsupported("JPEG-LS with mapping tables".into())),
        }
    }

    /// Decodes a scan; gives what follows it (T.87 C.2.3).
    fn scan<'a>(&mut self, content: &[u8], data: &'a [u8]) -> Result<&'a [u8], PreviewFault> {
        let header = self.header.ok_or(PreviewFault::Damaged)?;
        let (&count, rest) = content.split_first().ok_or(PreviewFault::Damaged)?;
        let (_selectors, rest) =
            rest.split_at_checked(usize::from(count) * 2).ok_or(PreviewFault::Damaged)?;
        let &[near, interleave, point_transform] = rest else { return Err(PreviewFault::Damaged) };
        if point_transform != 0 {
            return Err(PreviewFault::Unsupported("JPEG-LS with a point transform".into()));
        }
        let parameters = Parameters::new(header.precision, near, &self.preset)?;
        let mut decoder = ScanDecoder::new(parameters, data, header.columns);
        let (first, total) = (self.decoded, header.components);
        let samples = self.samples.as_mut_slice();
        match (interleave, usize::from(count)) {
            (_, 1) if first < total => decoder.plane(samples, first, total)?,
            (1, all) if first == 0 && all == total => decoder.interleaved_lines(samples, total)?,
            (2, 3) if first == 0 && total == 3 => decoder.interleaved_samples(samples)?,
            _ => {
                return Err(PreviewFault::Unsupported(
                    "JPEG-LS with partly interleaved components".into(),
                ));
            }
        }
        self.decoded += usize::from(count);
        Ok(decoder.after())
    }
}
