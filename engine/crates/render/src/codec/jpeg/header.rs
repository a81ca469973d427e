//! The markers of a JPEG stream up to its first scan.
//!
//! Standard: ITU-T T.81 Annex B; JFIF 1.02; the Adobe APP14 segment.

use model::PreviewFault;
use part10::Photometric;

use crate::codec::marker_segments::{Segment, Segments};

/// How samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// Baseline or extended sequential DCT, Huffman coded.
    Sequential,
    /// Progressive DCT, Huffman coded.
    Progressive,
    /// Lossless, Huffman coded, not hierarchical.
    Lossless,
}

/// A component of the frame header (T.81 B.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) identifier: u8,
    /// Horizontal and vertical sampling factor, 1 to 4.
    pub(super) sampling: (u8, u8),
    /// Destination of its quantisation table.
    pub(super) quantisation: u8,
}

/// What must be known before decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) process: Process,
    pub(super) precision: u16,
    pub(super) rows: u16,
    pub(super) columns: u16,
    pub(super) components: Vec<Component>,
    /// The colour transform of an Adobe segment: 0 none, 1 YCbCr, 2 YCCK.
    adobe_transform: Option<u8>,
}

impl Header {
    /// Reads the markers up to the frame header.
    pub(super) fn read(stream: &[u8]) -> Result<Self, PreviewFault> {
        let mut adobe_transform = None;
        for segment in Segments::of(stream)? {
            let Segment { marker, content, .. } = segment?;
            match marker {
                0xEE => adobe_transform = adobe(content).or(adobe_transform),
                0xC0 | 0xC1 => return Self::frame(Process::Sequential, content, adobe_transform),
                0xC2 => return Self::frame(Process::Progressive, content, adobe_transform),
                0xC3 => return Self::frame(Process::Lossless, content, adobe_transform),
                // DHT, JPG and DAC share the range of the frame headers.
                0xC4 | 0xC8 | 0xCC => {}
                0xC5..=0xCF => {
                    return Err(PreviewFault::Unsupported(format!(
                        "JPEG process SOF{}",
                        marker - 0xC0
                    )));
                }
                0xDA => break,
                _ => {}
            }
        }
        Err(PreviewFault::Damaged)
    }

    fn frame(
        process: Process,
        content: &[u8],
        adobe_transform: Option<u8>,
    ) -> Result<Self, PreviewFault> {
        let &[precision, r1, r0, c1, c0, count, ref components @ ..] = content else {
            return Err(PreviewFault::Damaged);
        };
        let (triples, rest) = components.as_chunks::<3>();
        let components: Vec<Component> = triples
            .iter()
            .map(|&[identifier, sampling, quantisation]| Component {
                identifier,
                sampling: (sampling >> 4, sampling & 15),
                quantisation,
            })
            .collect();
        let in_range = |factor: u8| (1..=4).contains(&factor);
        let sane =
            components.iter().all(|part| in_range(part.sampling.0) && in_range(part.sampling.1));
        if !rest.is_empty() || usize::from(count) != components.len() || !sane {
            return Err(PreviewFault::Damaged);
        }
        let (rows, columns) = (u16::from_be_bytes([r1, r0]), u16::from_be_bytes([c1, c0]));
        let precision = u16::from(precision);
        Ok(Self { process, precision, rows, columns, components, adobe_transform })
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.columns.into(), self.rows.into())
    }

    /// Whether the three components are luminance and chrominances.
    ///
    /// Signs in the stream come first, since writers set Photometric Interpretation wrongly more
    /// often than these: component identifiers `R`, `G`, `B`, the Adobe transform, halved
    /// chrominances. A JFIF segment is no sign: it stands in RGB streams too. Otherwise the
    /// Photometric Interpretation governs.
    pub(super) fn is_ybr(&self, photometric: &Photometric) -> bool {
        let identifiers = self.components.iter().map(|component| component.identifier);
        if identifiers.eq(*b"RGB") {
            return false;
        }
        match self.adobe_transform {
            Some(0) => return false,
            Some(1) => return true,
            _ => {}
        }
        let mut samplings = self.components.iter().map(|component| component.sampling);
        let first = samplings.next();
        if samplings.any(|sampling| Some(sampling) != first) {
            return true;
        }
        *photometric != Photometric::Rgb
    }
}

/// The transform of an Adobe APP14 segment.
fn adobe(content: &[u8]) -> Option<u8> {
    content.strip_prefix(b"Adobe")?.get(6).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn stream(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut stream = vec![0xFF, 0xD8];
        for (marker, content) in segments {
            stream.extend([0xFF, *marker]);
            stream.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
            stream.extend(*content);
        }
        stream
    }

    const COLOUR: &[u8] = &[8, 0, 16, 0, 32, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1];
    const HALVED: &[u8] = &[8, 0, 16, 0, 32, 3, 1, 0x21, 0, 2, 0x11, 1, 3, 0x11, 1];
    const NAMED: &[u8] = &[8, 0, 16, 0, 32, 3, b'R', 0x11, 0, b'G', 0x11, 0, b'B', 0x11, 0];
    const JFIF: &[u8] = b"JFIF\0";
    const ADOBE_NONE: &[u8] = b"Adobe\0\x64\0\0\0\0\0";
    const ADOBE_YBR: &[u8] = b"Adobe\0\x64\0\0\0\0\x01";

    #[test]
    fn the_frame_header_tells_size_and_process() {
        let header = Header::read(&stream(&[(0xE0, JFIF), (0xC3, COLOUR)])).unwrap();
        assert_eq!((header.size(), header.precision), ((32, 16), 8));
        assert_eq!((header.process, header.components.len()), (Process::Lossless, 3));
    }

    #[rstest]
    #[case::by_attribute(&[(0xC0, COLOUR)], Photometric::Rgb, false)]
    #[case::by_attribute_ybr(&[(0xC0, COLOUR)], Photometric::YbrFull422, true)]
    #[case::halved_is_ybr(&[(0xC0, HALVED)], Photometric::Rgb, true)]
    #[case::named_rgb(&[(0xC0, NAMED)], Photometric::YbrFull, false)]
    #[case::adobe_none(&[(0xEE, ADOBE_NONE), (0xC0, COLOUR)], Photometric::YbrFull, false)]
    #[case::adobe_ybr(&[(0xEE, ADOBE_YBR), (0xC0, COLOUR)], Photometric::Rgb, true)]
    #[case::jfif_is_no_sign(&[(0xE0, JFIF), (0xC0, COLOUR)], Photometric::Rgb, false)]
    fn what_three_components_mean(
        #[case] segments: &[(u8, &[u8])],
        #[case] photometric: Photometric,
        #[case] expected: bool,
    ) {
        let header = Header::read(&stream(segments)).unwrap();
        assert_eq!(header.is_ybr(&photometric), expected);
    }

    #[rstest]
    #[case::empty(vec![])]
    #[case::no_jpeg(vec![0, 1, 2, 3])]
    #[case::no_frame_header(stream(&[(0xDA, &[])]))]
    #[case::length_outside(vec![0xFF, 0xD8, 0xFF, 0xC0, 0xFF, 0xFF, 8])]
    #[case::length_below_two(vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 1, 8])]
    #[case::count_of_components(stream(&[(0xC0, &[8, 0, 16, 0, 32, 3, 1, 0x11, 0])]))]
    #[case::sampling_of_zero(stream(&[(0xC0, &[8, 0, 16, 0, 32, 1, 1, 0x01, 0])]))]
    fn damaged(#[case] stream: Vec<u8>) {
        assert_eq!(Header::read(&stream), Err(PreviewFault::Damaged));
    }

    #[test]
    fn arithmetic_coding_is_refused() {
        let header = Header::read(&stream(&[(0xC9, COLOUR)]));
        assert!(matches!(header, Err(PreviewFault::Unsupported(_))));
    }
}
