//! Grey frames: which transform each frame has, and its application.

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, PixelDescription};

use super::gray_lut::{GrayTransform, LutCache};
use super::instance_levels::{FrameLevels, Inputs, InstanceLevels, is_inverse};
use super::stored_format::StoredFormat;
use super::value_range::{ValueRange, ValueSample};
use super::voi::Voi;
use super::window::Window;

/// Stored values that mean "no pixel here" (0028,0120), (0028,0121).
///
/// Standard: DICOM PS3.3 C.7.5.1.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padding {
    /// Lowest padding value.
    pub(super) low: i64,
    /// Highest padding value, included.
    pub(super) high: i64,
}

impl Padding {
    pub(super) fn contains(self, stored: i64) -> bool {
        (self.low..=self.high).contains(&stored)
    }

    fn read(dataset: &Dataset<'_>, format: StoredFormat) -> Option<Self> {
        // US or SS, UL or SL follow Pixel Representation and are often labelled wrongly: the bits
        // count.
        let stored = |tag| {
            if format.bits_allocated > 16 {
                let long = dataset.u32(tag)?;
                let signed = format.signed;
                return Some(if signed { long.cast_signed().into() } else { i64::from(long) });
            }
            let word = dataset.u16(tag)?;
            Some(if format.signed { word.cast_signed().into() } else { i64::from(word) })
        };
        let value = stored(tags::PIXEL_PADDING_VALUE)?;
        let limit = stored(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value);
        Some(Self { low: value.min(limit), high: value.max(limit) })
    }
}

/// How to show the frames of a MONOCHROME1 or MONOCHROME2 instance.
#[derive(Debug)]
pub(super) struct Gray {
    format: StoredFormat,
    inverse: bool,
    padding: Option<Padding>,
    /// Stored values from here on are shown by something else.
    end: i64,
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
        let levels = InstanceLevels::read(dataset, description.frames, inputs)?;
        let inverse = is_inverse(dataset, description);
        let padding = Padding::read(dataset, format);
        Ok(Self { format, inverse, padding, end: i64::MAX, levels, cache: cache.clone() })
    }

    /// The same for stored values below `end`: those above do not count for the range.
    pub(super) fn below(self, end: i64) -> Self {
        Self { end, ..self }
    }

    /// Whether the pixels decide which values are black and white, in one frame at least. Where 8
    /// bits or fewer are stored, all of them are shown.
    pub(super) fn lacks_range(&self) -> bool {
        self.format.bits_stored > 8 && self.levels.lacks_voi()
    }

    /// What the file says of the VOI LUTs and windows in use.
    pub(super) fn windows(&self) -> impl Iterator<Item = &Window> {
        self.levels.windows()
    }

    /// Gathers the values of a frame that has no window.
    pub(super) fn sample(
        &self,
        index: u32,
        native: &[u8],
        (rows, columns): (u16, u16),
        sample: &mut ValueSample,
    ) {
        let FrameLevels { modality, voi, .. } = self.levels.of_frame(index);
        if voi.is_some() {
            return;
        }
        let native = self.format.containers(native, usize::from(rows) * usize::from(columns));
        let value = |container| {
            let stored = self.format.value(self.format.pattern(container));
            let is_padding = self.padding.is_some_and(|padding| padding.contains(stored));
            (!is_padding && stored < self.end).then(|| modality.apply(stored))
        };
        let columns = usize::from(columns);
        match self.format.container_bytes() {
            1 => sample.add(native.iter().map(|byte| value(u32::from(*byte))), columns),
            2 => sample.add(words(&native).map(value), columns),
            _ => sample.add(longs(&native).map(value), columns),
        }
    }

    /// Grey levels of one native frame. `range` is shown where the file names no window; without
    /// it, the range of the frame.
    pub(super) fn frame(
        &self,
        index: u32,
        native: &[u8],
        (rows, columns): (u16, u16),
        range: Option<ValueRange>,
    ) -> Vec<u8> {
        let FrameLevels { modality, voi, .. } = self.levels.of_frame(index);
        let voi = voi.clone().unwrap_or_else(|| {
            let whole = || {
                let (low, high) = self.format.range();
                let (low, high) = modality.range(low, high);
                ValueRange { low, high }
            };
            let measured = || {
                let mut sample = ValueSample::default();
                self.sample(index, native, (rows, columns), &mut sample);
                sample.range()
            };
            let shown = if self.format.bits_stored > 8 { range.or_else(measured) } else { None };
            let ValueRange { low, high } = shown.unwrap_or_else(whole);
            Voi::Ramp { low, high }
        });
        let transform = GrayTransform {
            format: self.format,
            modality: modality.clone(),
            voi,
            inverse: self.inverse,
            padding: self.padding,
        };
        let native = self.format.containers(native, usize::from(rows) * usize::from(columns));
        match self.cache.get(&transform) {
            Some(lut) => lut.map(&native),
            None => longs(&native)
                .map(|container| transform.level(self.format.pattern(container)))
                .collect(),
        }
    }
}

fn words(native: &[u8]) -> impl ExactSizeIterator<Item = u32> {
    native.as_chunks().0.iter().map(|word| u32::from(u16::from_le_bytes(*word)))
}

fn longs(native: &[u8]) -> impl ExactSizeIterator<Item = u32> {
    native.as_chunks().0.iter().map(|long| u32::from_le_bytes(*long))
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
        gray.frame(0, &native, (1, u16::try_from(native.len() / 2).unwrap()), None)
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
        let description = PixelDescription { frames: 4, ..description(16, 12, 11, false) };
        let gray = Gray::prepare(&parse(&bytes), &description, &LutCache::default()).unwrap();
        let native = 2047_u16.to_le_bytes();
        let levels: Vec<u8> =
            (0..4).map(|frame| gray.frame(frame, &native, (1, 1), None)[0]).collect();
        assert_eq!(levels, [127, 255, 64, 127]);
    }

    #[test]
    fn one_bit_is_black_or_white_lowest_bit_first() {
        let description = PixelDescription { columns: 10, ..description(1, 1, 0, false) };
        let gray = Gray::prepare(&parse(&[]), &description, &LutCache::default()).unwrap();
        let levels = gray.frame(0, &[0b0000_0101, 0b0000_0010], (1, 10), None);
        assert_eq!(levels, [255, 0, 255, 0, 0, 0, 0, 0, 0, 255]);
    }

    #[test]
    fn thirty_two_bits_are_rendered_without_a_table() {
        let description = description(32, 32, 31, false);
        let bytes = window("50000", "100000");
        let gray = Gray::prepare(&parse(&bytes), &description, &LutCache::default()).unwrap();
        let native = [0_u32, 50_000, 200_000].map(u32::to_le_bytes).concat();
        assert_eq!(gray.frame(0, &native, (1, 3), None), [0, 128, 255]);
    }
}
