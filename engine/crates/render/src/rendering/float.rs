//! Float Pixel Data and Double Float Pixel Data, as parametric maps have them.
//!
//! Standard: DICOM PS3.3 C.7.6.24, C.7.6.25.

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, PixelDescription};

use super::instance_levels::{FrameLevels, Inputs, InstanceLevels, is_inverse};
use super::modality::Modality;
use super::value_range::{ValueRange, ValueSample};
use super::voi::Voi;
use super::window::Window;

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
        let inputs = Inputs { signed: true, range: (i64::MIN, 0) };
        let levels = InstanceLevels::read(dataset, description.frames, inputs)?;
        Ok(Self { is_double, inverse: is_inverse(dataset, description), padding, levels })
    }

    /// Whether the pixels decide which values are black and white, in one frame at least.
    pub(super) fn lacks_range(&self) -> bool {
        self.levels.lacks_voi()
    }

    /// What the file says of the VOI LUTs and windows in use.
    pub(super) fn windows(&self) -> impl Iterator<Item = &Window> {
        self.levels.windows()
    }

    /// Gathers the values of a frame that has no window.
    pub(super) fn sample(&self, index: u32, native: &[u8], columns: u16, sample: &mut ValueSample) {
        let FrameLevels { modality, voi, .. } = self.levels.of_frame(index);
        let (&Modality::Linear { slope, intercept }, None) = (modality, voi) else { return };
        let value = |stored: f64| {
            let is_padding = self.padding.is_some_and(|(low, high)| (low..=high).contains(&stored));
            (!is_padding).then_some(stored * slope + intercept)
        };
        if self.is_double {
            sample.add(doubles(native).map(value), columns.into());
        } else {
            sample.add(floats(native).map(value), columns.into());
        }
    }

    /// Grey levels of one native frame. Padding, and what is no number, is black. `range` is shown
    /// where the file names no window; without it, the range of the frame.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] for a Modality LUT: tables have whole numbers for input.
    pub(super) fn frame(
        &self,
        index: u32,
        native: &[u8],
        columns: u16,
        range: Option<ValueRange>,
    ) -> Result<Vec<u8>, PreviewFault> {
        let FrameLevels { modality, voi, .. } = self.levels.of_frame(index);
        let &Modality::Linear { slope, intercept } = modality else {
            return Err(PreviewFault::Unsupported("a Modality LUT for floating point".into()));
        };
        let voi = voi.clone().unwrap_or_else(|| {
            let measured = || {
                let mut sample = ValueSample::default();
                self.sample(index, native, columns, &mut sample);
                sample.range()
            };
            let range = range.or_else(measured).unwrap_or(ValueRange { low: 0.0, high: 1.0 });
            Voi::Ramp { low: range.low, high: range.high }
        });
        let level = |stored: f64| {
            let is_padding = self.padding.is_some_and(|(low, high)| (low..=high).contains(&stored));
            if stored.is_nan() || is_padding {
                return 0;
            }
            let level = voi.apply(stored * slope + intercept);
            if self.inverse { u8::MAX - level } else { level }
        };
        Ok(if self.is_double {
            doubles(native).map(level).collect()
        } else {
            floats(native).map(level).collect()
        })
    }
}

fn doubles(native: &[u8]) -> impl ExactSizeIterator<Item = f64> {
    native.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes))
}

fn floats(native: &[u8]) -> impl ExactSizeIterator<Item = f64> {
    native.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
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
        float.frame(0, &native, 1, None).unwrap()
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
