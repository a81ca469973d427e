//! Grey frames: which transform each frame has, and its application.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, Photometric, PixelDescription};

use super::gray_lut::{GrayLut, GrayTransform, LutCache};
use super::gray_range::{self, Padding};
use super::modality::Modality;
use super::stored_format::StoredFormat;
use super::voi::Voi;

/// What the file says about the grey levels of a frame.
#[derive(Debug, Clone, PartialEq)]
struct FrameLevels {
    modality: Modality,
    /// `None`: the pixels decide.
    voi: Option<Voi>,
}

/// How to show the frames of a MONOCHROME1 or MONOCHROME2 instance.
#[derive(Debug)]
pub(super) struct Gray {
    format: StoredFormat,
    inverse: bool,
    padding: Option<Padding>,
    /// What holds for frames that have no entry in `frames`.
    shared: FrameLevels,
    /// Frames of the Per-Frame Functional Groups Sequence, in order.
    frames: Vec<FrameLevels>,
    cache: LutCache,
}

impl Gray {
    pub(super) fn prepare(
        dataset: &Dataset<'_>,
        description: &PixelDescription,
        cache: &LutCache,
    ) -> Result<Self, PreviewFault> {
        let format = StoredFormat::new(description)?;
        let plain = FrameLevels { modality: Modality::IDENTITY, voi: None };
        let shared = levels(dataset, dataset, format, &plain)?;
        let shared = match dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE) {
            Some(group) => grouped_levels(&group, format, &shared)?,
            None => shared,
        };
        let groups = dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
        let frames: Vec<_> = groups
            .iter()
            .map(|group| grouped_levels(group, format, &shared))
            .collect::<Result<_, _>>()?;
        let frames =
            if frames.iter().all(|levels| *levels == shared) { Vec::new() } else { frames };
        // The shape says the same as MONOCHROME1 in other words (PS3.3 C.8.11.3.1.1): both together
        // do not turn the picture round twice.
        let inverse = description.photometric == Photometric::Monochrome1
            || dataset.text(tags::PRESENTATION_LUT_SHAPE).as_deref() == Some("INVERSE");
        let padding = padding(dataset, format);
        Ok(Self { format, inverse, padding, shared, frames, cache: cache.clone() })
    }

    /// Grey levels of one native frame of `pixels` pixels.
    pub(super) fn frame(&self, index: u32, native: &[u8], pixels: usize) -> Vec<u8> {
        let levels = usize::try_from(index).ok().and_then(|index| self.frames.get(index));
        let FrameLevels { modality, voi } = levels.unwrap_or(&self.shared);
        let unpacked;
        let native = if self.format.bits_allocated == 1 {
            unpacked = unpack_bits(native, pixels);
            unpacked.as_slice()
        } else {
            native
        };
        let transform = |voi| GrayTransform {
            format: self.format,
            modality: modality.clone(),
            voi,
            inverse: self.inverse,
        };
        let (transform, lut) = if let Some(voi) = voi {
            let transform = transform(voi.clone());
            let lut = self.cache.get(&transform);
            (transform, lut)
        } else {
            let transform = transform(self.window_of(native, modality));
            // The window of one frame is of no use to another.
            let lut = GrayLut::new(&transform).map(Into::into);
            (transform, lut)
        };
        match lut {
            Some(lut) => lut.map(native),
            None => long_containers(native)
                .map(|container| transform.level(self.format.pattern(container)))
                .collect(),
        }
    }

    fn window_of(&self, native: &[u8], modality: &Modality) -> Voi {
        let (format, padding) = (self.format, self.padding);
        match format.bits_allocated {
            16 => gray_range::window(|| word_containers(native), format, padding, modality),
            32 => gray_range::window(|| long_containers(native), format, padding, modality),
            _ => gray_range::window(
                || native.iter().copied().map(u32::from),
                format,
                padding,
                modality,
            ),
        }
    }
}

fn word_containers(native: &[u8]) -> impl Iterator<Item = u32> {
    native.as_chunks().0.iter().map(|word| u32::from(u16::from_le_bytes(*word)))
}

fn long_containers(native: &[u8]) -> impl Iterator<Item = u32> {
    native.as_chunks().0.iter().map(|long| u32::from_le_bytes(*long))
}

/// One byte, 0 or 1, for each of the first `pixels` bits; the lowest bit of a byte comes first.
///
/// Standard: DICOM PS3.5 §8.1.1, D.
pub(super) fn unpack_bits(native: &[u8], pixels: usize) -> Vec<u8> {
    let bits = native.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
    bits.take(pixels).collect()
}

/// What one data set or functional group says, else what `outer` says.
fn levels(
    modality: &Dataset<'_>,
    voi: &Dataset<'_>,
    format: StoredFormat,
    outer: &FrameLevels,
) -> Result<FrameLevels, PreviewFault> {
    let modality =
        Modality::read(modality, format.signed)?.unwrap_or_else(|| outer.modality.clone());
    let (low, high) = format.range();
    let negative_inputs = modality.range(low, high).0 < 0.0;
    let voi = Voi::read(voi, negative_inputs)?.or_else(|| outer.voi.clone());
    Ok(FrameLevels { modality, voi })
}

/// The macros Pixel Value Transformation and Frame VOI LUT of one item of functional groups.
///
/// Standard: DICOM PS3.3 C.7.6.16.2.9, C.7.6.16.2.10.
fn grouped_levels(
    group: &Dataset<'_>,
    format: StoredFormat,
    outer: &FrameLevels,
) -> Result<FrameLevels, PreviewFault> {
    let macro_item = |tag: Tag| group.item(tag);
    let modality = macro_item(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
    let voi = macro_item(tags::FRAME_VOILUT_SEQUENCE);
    if modality.is_none() && voi.is_none() {
        return Ok(outer.clone());
    }
    levels(modality.as_ref().unwrap_or(group), voi.as_ref().unwrap_or(group), format, outer)
}

/// Pixel Padding Value and Range Limit as stored values.
fn padding(dataset: &Dataset<'_>, format: StoredFormat) -> Option<Padding> {
    // Padding of 32-bit pixels would be UL or SL; none was met. US or SS follow Pixel
    // Representation and are often labelled wrongly: the bits count.
    if format.bits_allocated > 16 {
        return None;
    }
    let stored = |tag| {
        let word = dataset.u16(tag)?;
        let signed = format.signed;
        Some(if signed { i64::from(word.cast_signed()) } else { i64::from(word) })
    };
    let value = stored(tags::PIXEL_PADDING_VALUE)?;
    let limit = stored(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value);
    Some(Padding { low: value.min(limit), high: value.max(limit) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text, words};
    use crate::rendering::stored_format::tests::description;
    use rstest::rstest;

    fn window(center: &str, width: &str) -> Vec<u8> {
        let center = text(tags::WINDOW_CENTER, *b"DS", center);
        [center, text(tags::WINDOW_WIDTH, *b"DS", width)].concat()
    }

    fn render(elements: &[Vec<u8>], description: &PixelDescription, native: &[u16]) -> Vec<u8> {
        let bytes = elements.concat();
        let gray = Gray::prepare(&parse(&bytes), description, &LutCache::default()).unwrap();
        let native: Vec<u8> = native.iter().flat_map(|word| word.to_le_bytes()).collect();
        gray.frame(0, &native, native.len() / 2)
    }

    #[rstest]
    #[case::monochrome2(Photometric::Monochrome2, None, [0, 255])]
    #[case::monochrome1(Photometric::Monochrome1, None, [255, 0])]
    #[case::inverse(Photometric::Monochrome2, Some("INVERSE"), [255, 0])]
    #[case::both_mean_the_same(Photometric::Monochrome1, Some("INVERSE"), [255, 0])]
    #[case::identity(Photometric::Monochrome2, Some("IDENTITY"), [0, 255])]
    fn which_end_is_white(
        #[case] photometric: Photometric,
        #[case] shape: Option<&str>,
        #[case] expected: [u8; 2],
    ) {
        let description = PixelDescription { photometric, ..description(16, 12, 11, false) };
        let shape = shape.map(|term| text(tags::PRESENTATION_LUT_SHAPE, *b"CS", term));
        let elements = [window("2048", "4096"), shape.unwrap_or_default()];
        assert_eq!(render(&elements, &description, &[0, 4095]), expected);
    }

    #[test]
    fn rescale_comes_before_the_window() {
        let elements = [
            window("40", "400"),
            text(tags::RESCALE_INTERCEPT, *b"DS", "-1024"),
            text(tags::RESCALE_SLOPE, *b"DS", "1"),
        ];
        let levels = render(&elements, &description(16, 16, 15, true), &[0, 1024 - 60, 1024 + 240]);
        assert_eq!(levels, [0, 64, 255]);
    }

    #[test]
    fn without_a_window_padding_is_not_stretched_over() {
        let elements = [words(tags::PIXEL_PADDING_VALUE, &[(-2000_i16).cast_unsigned()])];
        let native = [(-2000_i16).cast_unsigned(), 100, 140, 200];
        let levels = render(&elements, &description(16, 16, 15, true), &native);
        assert_eq!(levels, [0, 0, 102, 255]);
    }

    #[test]
    fn frames_differ_by_their_functional_groups() {
        let voi = |center, width| {
            item(&[sequence(tags::FRAME_VOILUT_SEQUENCE, &[item(&[window(center, width)])])])
        };
        let bytes = [
            window("1", "2"),
            sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, &[voi("2048", "4096")]),
            sequence(
                tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
                &[item(&[]), voi("1024", "2048"), voi("4096", "8192")],
            ),
        ]
        .concat();
        let description = description(16, 12, 11, false);
        let gray = Gray::prepare(&parse(&bytes), &description, &LutCache::default()).unwrap();
        let native = 2047_u16.to_le_bytes();
        let levels: Vec<u8> = (0..4).map(|frame| gray.frame(frame, &native, 1)[0]).collect();
        assert_eq!(levels, [127, 255, 64, 127]);
    }

    #[test]
    fn one_bit_is_black_or_white_lowest_bit_first() {
        let description = PixelDescription { columns: 10, ..description(1, 1, 0, false) };
        let gray = Gray::prepare(&parse(&[]), &description, &LutCache::default()).unwrap();
        let levels = gray.frame(0, &[0b0000_0101, 0b0000_0010], 10);
        assert_eq!(levels, [255, 0, 255, 0, 0, 0, 0, 0, 0, 255]);
    }

    #[test]
    fn thirty_two_bits_are_rendered_without_a_table() {
        let description = description(32, 32, 31, false);
        let bytes = window("50000", "100000");
        let gray = Gray::prepare(&parse(&bytes), &description, &LutCache::default()).unwrap();
        let native = [0_u32, 50_000, 200_000].map(u32::to_le_bytes).concat();
        assert_eq!(gray.frame(0, &native, 3), [0, 128, 255]);
    }
}
