//! Grey frames: which transform each frame has, and its application.

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, PixelDescription};

use super::gray_lut::{GrayLut, GrayTransform, LutCache};
use super::gray_range::{self, Padding};
use super::instance_levels::{FrameLevels, Inputs, InstanceLevels, is_inverse};
use super::modality::Modality;
use super::stored_format::StoredFormat;
use super::voi::Voi;

/// How to show the frames of a MONOCHROME1 or MONOCHROME2 instance.
#[derive(Debug)]
pub(super) struct Gray {
    format: StoredFormat,
    inverse: bool,
    padding: Option<Padding>,
    levels: InstanceLevels,
    cache: LutCache,
}

impl Gray {
    pub(super) fn prepare(
        dataset: &Dataset<'_>,
        description: &PixelDescription,
        cache: &LutCache,
    ) -> Result<Self, PreviewFault> {
        let format = StoredFormat::new(description)?;
        let inputs = Inputs { signed: format.signed, range: format.range() };
        let levels = InstanceLevels::read(dataset, inputs)?;
        let inverse = is_inverse(dataset, description);
        let padding = padding(dataset, format);
        Ok(Self { format, inverse, padding, levels, cache: cache.clone() })
    }

    /// Grey levels of one native frame of `pixels` pixels.
    pub(super) fn frame(&self, index: u32, native: &[u8], pixels: usize) -> Vec<u8> {
        let FrameLevels { modality, voi } = self.levels.of_frame(index);
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
    use part10::Photometric;
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
