//! Float Pixel Data and Double Float Pixel Data, as parametric maps have them.
//!
//! Standard: DICOM PS3.3 C.7.6.24, C.7.6.25.

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, PixelDescription};

use super::instance_levels::{FrameLevels, Inputs, InstanceLevels, is_inverse};
use super::modality::Modality;
use super::voi::Voi;

/// Share of the pixels that may lie below the range shown, and as many above.
const ONE_OF: usize = 1000;

/// How to show frames of floating-point numbers.
#[derive(Debug)]
pub(super) struct Float {
    is_double: bool,
    inverse: bool,
    /// Lowest and highest value that means "no pixel here" (0028,0122) to (0028,0125).
    padding: Option<(f64, f64)>,
    levels: InstanceLevels,
}

impl Float {
    /// Whether the pixels are numbers of floating point.
    ///
    /// Their modules have no Bits Stored, which every other image must have; the pixel data
    /// themselves lie behind the data set that is at hand.
    pub(super) fn is_meant(dataset: &Dataset<'_>, description: &PixelDescription) -> bool {
        matches!(description.bits_allocated, 32 | 64) && dataset.u16(tags::BITS_STORED).is_none()
    }

    pub(super) fn prepare(
        dataset: &Dataset<'_>,
        description: &PixelDescription,
    ) -> Result<Self, PreviewFault> {
        let is_double = description.bits_allocated == 64;
        let (value, limit) = if is_double {
            let limit = tags::DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT;
            (tags::DOUBLE_FLOAT_PIXEL_PADDING_VALUE, limit)
        } else {
            (tags::FLOAT_PIXEL_PADDING_VALUE, tags::FLOAT_PIXEL_PADDING_RANGE_LIMIT)
        };
        let padding = dataset.f64(value).map(|value| {
            let limit = dataset.f64(limit).unwrap_or(value);
            (value.min(limit), value.max(limit))
        });
        let levels = InstanceLevels::read(dataset, Inputs { signed: true, range: (i64::MIN, 0) })?;
        Ok(Self { is_double, inverse: is_inverse(dataset, description), padding, levels })
    }

    /// Grey levels of one native frame. What is no number is black.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] for a Modality LUT: tables have whole numbers for input.
    pub(super) fn frame(&self, index: u32, native: &[u8]) -> Result<Vec<u8>, PreviewFault> {
        let FrameLevels { modality, voi } = self.levels.of_frame(index);
        let &Modality::Linear { slope, intercept } = modality else {
            return Err(PreviewFault::Unsupported("a Modality LUT for floating point".into()));
        };
        let stored: Vec<f64> = if self.is_double {
            native.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
        } else {
            let numbers = native.as_chunks().0.iter();
            numbers.map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
        };
        let measured;
        let voi = if let Some(voi) = voi {
            voi
        } else {
            let (low, high) = self.range(&stored);
            let (low, high) = (low * slope + intercept, high * slope + intercept);
            measured = Voi::Ramp { low: low.min(high), high: low.max(high) };
            &measured
        };
        let level = |stored: f64| {
            if stored.is_nan() {
                return 0;
            }
            let level = voi.apply(stored * slope + intercept);
            if self.inverse { u8::MAX - level } else { level }
        };
        Ok(stored.into_iter().map(level).collect())
    }

    /// From the 0.1st to the 99.9th percentile of the numbers that are no padding.
    fn range(&self, stored: &[f64]) -> (f64, f64) {
        let is_pixel = |value: &f64| {
            let is_padding = self.padding.is_some_and(|(low, high)| (low..=high).contains(value));
            value.is_finite() && !is_padding
        };
        let mut values: Vec<f64> = stored.iter().copied().filter(is_pixel).collect();
        values.sort_unstable_by(f64::total_cmp);
        let tail = values.len() / ONE_OF;
        let low = values.get(tail).copied();
        let high = values.iter().rev().nth(tail).copied();
        low.zip(high).unwrap_or((0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{parse, text};
    use crate::rendering::stored_format::tests::description;

    fn levels(elements: &[Vec<u8>], is_double: bool, values: &[f32]) -> Vec<u8> {
        let bytes = elements.concat();
        let bits = if is_double { 64 } else { 32 };
        let description = description(bits, bits, bits - 1, false);
        let float = Float::prepare(&parse(&bytes), &description).unwrap();
        let native: Vec<u8> = if is_double {
            values.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect()
        } else {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
        float.frame(0, &native).unwrap()
    }

    #[test]
    fn a_window_counts_in_units_of_the_numbers() {
        let window = [
            text(tags::WINDOW_CENTER, *b"DS", "0.5"),
            text(tags::WINDOW_WIDTH, *b"DS", "1"),
            text(tags::VOILUT_FUNCTION, *b"CS", "LINEAR_EXACT"),
        ];
        for is_double in [false, true] {
            assert_eq!(levels(&window, is_double, &[-1.0, 0.25, 2.0]), [0, 64, 255]);
        }
    }

    #[test]
    fn without_a_window_the_range_of_finite_numbers_is_shown() {
        let values = [f32::NAN, f32::INFINITY, -1.0, 0.0, 1.0];
        assert_eq!(levels(&[], false, &values), [0, 255, 0, 128, 255]);
    }
}
