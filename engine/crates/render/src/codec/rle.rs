//! RLE Lossless: byte planes, each packed by runs.
//!
//! Standard: DICOM PS3.5 Annex G, A.4.2.

use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::NativeFrame;

/// The header: the number of segments and 15 offsets, 32 bits each.
const HEADER_BYTES: usize = 64;

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
    native_bytes: usize,
) -> Result<NativeFrame, PreviewFault> {
    if matches!(
        description.photometric,
        Photometric::YbrFull422 | Photometric::YbrPartial422 | Photometric::YbrPartial420
    ) {
        return Err(PreviewFault::Unsupported("RLE with halved chrominances".into()));
    }
    let sample_bytes = usize::from(description.bits_allocated.div_ceil(8));
    let samples = usize::from(description.samples_per_pixel);
    let planes = samples * sample_bytes;
    let plane_bytes = native_bytes / planes;
    if plane_bytes * planes != native_bytes {
        return Err(PreviewFault::Unsupported("RLE of colour in single bits".into()));
    }
    let segments = segments(frame, planes)?;
    let mut bytes = vec![0; native_bytes];
    let mut plane = Vec::with_capacity(plane_bytes);
    for (index, segment) in segments.into_iter().enumerate() {
        unpack(segment, plane_bytes, &mut plane)?;
        // Segments come sample by sample, in each the most significant byte first.
        let (sample, byte) = (index / sample_bytes, sample_bytes - 1 - index % sample_bytes);
        let (start, step) = if description.planar {
            (sample * plane_bytes * sample_bytes + byte, sample_bytes)
        } else {
            (sample * sample_bytes + byte, planes)
        };
        let places = bytes.get_mut(start..).unwrap_or_default().iter_mut().step_by(step);
        for (place, value) in places.zip(&plane) {
            *place = *value;
        }
    }
    let photometric = description.photometric.clone();
    Ok(NativeFrame { bytes, photometric, planar: description.planar })
}

/// The segments that the header names.
fn segments(frame: &[u8], planes: usize) -> Result<Vec<&[u8]>, PreviewFault> {
    let (header, _) = frame.split_first_chunk::<HEADER_BYTES>().ok_or(PreviewFault::Damaged)?;
    let (words, _) = header.as_chunks();
    let mut words =
        words.iter().map(|word| usize::try_from(u32::from_le_bytes(*word)).unwrap_or(usize::MAX));
    if words.next() != Some(planes) {
        return Err(PreviewFault::Damaged);
    }
    let offsets: Vec<usize> = words.take(planes).collect();
    let ends = offsets.iter().skip(1).copied().chain([frame.len()]);
    let ranges = offsets.iter().copied().zip(ends);
    let segments: Vec<&[u8]> =
        ranges.filter_map(|(start, end)| frame.get(start.max(HEADER_BYTES)..end)).collect();
    if segments.len() == planes { Ok(segments) } else { Err(PreviewFault::Damaged) }
}

/// Unpacks a segment to exactly `plane_bytes` bytes; a run past the end of the plane is padding.
///
/// Standard: DICOM PS3.5 G.3.1.
fn unpack(segment: &[u8], plane_bytes: usize, plane: &mut Vec<u8>) -> Result<(), PreviewFault> {
    plane.clear();
    let mut rest = segment;
    while plane.len() < plane_bytes {
        let (&control, after) = rest.split_first().ok_or(PreviewFault::Damaged)?;
        let missing = plane_bytes - plane.len();
        let control = usize::from(control);
        rest = match control {
            0..=127 => {
                let (literal, after) =
                    after.split_at_checked(control + 1).ok_or(PreviewFault::Damaged)?;
                plane.extend(literal.iter().take(missing));
                after
            }
            128 => after,
            _ => {
                let (&value, after) = after.split_first().ok_or(PreviewFault::Damaged)?;
                plane.resize(plane.len() + missing.min(257 - control), value);
                after
            }
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::samples::tests::description;
    use proptest::prelude::*;
    use rstest::rstest;

    fn frame(segments: &[&[u8]]) -> Vec<u8> {
        let mut header = vec![u32::try_from(segments.len()).unwrap()];
        let mut at = HEADER_BYTES;
        for segment in segments {
            header.push(u32::try_from(at).unwrap());
            at += segment.len();
        }
        header.resize(16, 0);
        let header: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
        [header, segments.concat()].concat()
    }

    fn decode(description: &PixelDescription, frame: &[u8]) -> Result<Vec<u8>, PreviewFault> {
        let native_bytes = usize::try_from(description.frame_bytes()).unwrap();
        super::decode(description, frame, native_bytes).map(|native| native.bytes)
    }

    #[rstest]
    #[case::literal(&[3, 1, 2, 3, 4], Ok(vec![1, 2, 3, 4]))]
    #[case::run(&[253, 9], Ok(vec![9, 9, 9, 9]))]
    #[case::no_operation(&[128, 253, 9], Ok(vec![9, 9, 9, 9]))]
    #[case::run_past_the_end(&[250, 9], Ok(vec![9, 9, 9, 9]))]
    #[case::literal_cut(&[3, 1, 2], Err(PreviewFault::Damaged))]
    #[case::run_cut(&[253], Err(PreviewFault::Damaged))]
    #[case::too_short(&[254, 9], Err(PreviewFault::Damaged))]
    fn runs(#[case] segment: &[u8], #[case] expected: Result<Vec<u8>, PreviewFault>) {
        let description = description(4, 1, 8, Photometric::Monochrome2);
        assert_eq!(decode(&description, &frame(&[segment])), expected);
    }

    #[test]
    fn the_most_significant_byte_comes_first() {
        let description = description(2, 1, 16, Photometric::Monochrome2);
        let bytes = decode(&description, &frame(&[&[1, 0x12, 0x56], &[1, 0x34, 0x78]])).unwrap();
        assert_eq!(bytes, [0x34, 0x12, 0x78, 0x56]);
    }

    #[rstest]
    #[case::by_pixel(false, &[1, 3, 5, 2, 4, 6])]
    #[case::by_plane(true, &[1, 2, 3, 4, 5, 6])]
    fn colour_keeps_its_planar_configuration(#[case] planar: bool, #[case] expected: &[u8]) {
        let description = PixelDescription { planar, ..description(2, 3, 8, Photometric::YbrFull) };
        let frame = frame(&[&[1, 1, 2], &[1, 3, 4], &[1, 5, 6]]);
        let native = super::decode(&description, &frame, 6).unwrap();
        assert_eq!((native.bytes.as_slice(), native.planar), (expected, planar));
        assert_eq!(native.photometric, Photometric::YbrFull);
    }

    /// Nobody can tell whether the planes are whole: what is more would be taken for padding.
    #[rstest]
    #[case::full_422(Photometric::YbrFull422)]
    #[case::partial_422(Photometric::YbrPartial422)]
    #[case::partial_420(Photometric::YbrPartial420)]
    fn halved_chrominances_are_refused(#[case] photometric: Photometric) {
        let description = PixelDescription { rows: 2, ..description(4, 3, 8, photometric) };
        let plane: &[u8] = &[7, 1, 2, 3, 4, 5, 6, 7, 8];
        let decoded = decode(&description, &frame(&[plane; 3]));
        assert!(matches!(decoded, Err(PreviewFault::Unsupported(_))), "{decoded:?}");
    }

    #[test]
    fn colour_of_16_bits() {
        let description = description(1, 3, 16, Photometric::Rgb);
        let segments: [&[u8]; 6] = [&[0, 1], &[0, 2], &[0, 3], &[0, 4], &[0, 5], &[0, 6]];
        assert_eq!(decode(&description, &frame(&segments)).unwrap(), [2, 1, 4, 3, 6, 5]);
    }

    #[rstest]
    #[case::no_header(vec![1, 0, 0])]
    #[case::too_few_segments(frame(&[]))]
    #[case::too_many_segments(frame(&[&[253, 9], &[253, 9]]))]
    #[case::offset_outside([&[1, 0, 0, 0, 255, 255, 255, 255], [0; 60].as_slice()].concat())]
    fn damaged_headers(#[case] frame: Vec<u8>) {
        let description = description(4, 1, 8, Photometric::Monochrome2);
        assert_eq!(decode(&description, &frame), Err(PreviewFault::Damaged));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_frame_or_a_fault(frame in prop::collection::vec(any::<u8>(), 0..300)) {
            let description = description(8, 1, 16, Photometric::Monochrome2);
            if let Ok(bytes) = decode(&description, &frame) {
                prop_assert_eq!(bytes.len(), 16);
            }
        }
    }
}
