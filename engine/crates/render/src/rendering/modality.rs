//! Stored values to values of the modality: Hounsfield units, SUV, optical density and the like.

use dicom_dictionary_std::{tags, uids};
use model::PreviewFault;
use part10::Dataset;

use super::lookup_table::LookupTable;

/// X-ray images of which a Modality LUT leads from what is shown back to the intensity of the beam.
///
/// Standard: DICOM PS3.3 C.8.7.1.1.2.
#[expect(deprecated, reason = "archives hold objects of the retired SOP Class")]
const BACK_TO_INTENSITY: [&str; 3] = [
    uids::X_RAY_ANGIOGRAPHIC_IMAGE_STORAGE,
    uids::X_RAY_RADIOFLUOROSCOPIC_IMAGE_STORAGE,
    uids::X_RAY_ANGIOGRAPHIC_BI_PLANE_IMAGE_STORAGE,
];

/// The Modality LUT.
///
/// Standard: DICOM PS3.3 C.11.1; C.7.6.16.2.9 for functional groups.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Modality {
    /// Rescale Slope × stored value + Rescale Intercept.
    Linear {
        /// Never zero, finite.
        slope: f64,
        /// Finite.
        intercept: f64,
    },
    /// Modality LUT Sequence.
    Table(LookupTable),
}

impl Modality {
    pub(super) const IDENTITY: Self = Self::Linear { slope: 1.0, intercept: 0.0 };

    /// Reads the transformation of one data set or functional group; `None` when it has none.
    ///
    /// A slope of zero would make every value the same; writers mean "no slope". A table that is not for
    /// showing counts as none.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] when a Modality LUT contradicts itself.
    pub(super) fn read(dataset: &Dataset<'_>, signed: bool) -> Result<Option<Self>, PreviewFault> {
        let sop_class = dataset.bytes(tags::SOP_CLASS_UID);
        let is_shown = !BACK_TO_INTENSITY.iter().any(|uid| sop_class == Some(uid.as_bytes()));
        if is_shown
            && let Some(table) = LookupTable::read(dataset, tags::MODALITY_LUT_SEQUENCE, signed)?
        {
            return Ok(Some(Self::Table(table)));
        }
        let slope = dataset.f64(tags::RESCALE_SLOPE).filter(|slope| slope.is_finite());
        let intercept = dataset.f64(tags::RESCALE_INTERCEPT).filter(|value| value.is_finite());
        if slope.is_none() && intercept.is_none() {
            return Ok(None);
        }
        let slope = slope.filter(|slope| *slope != 0.0).unwrap_or(1.0);
        Ok(Some(Self::Linear { slope, intercept: intercept.unwrap_or(0.0) }))
    }

    pub(super) fn apply(&self, stored: i64) -> f64 {
        match self {
            Self::Linear { slope, intercept } => {
                #[expect(clippy::cast_precision_loss, reason = "stored values have 32 bits")]
                let stored = stored as f64;
                stored * slope + intercept
            }
            Self::Table(table) => f64::from(table.at(stored)),
        }
    }

    /// The lowest and highest output for stored values from `low` to `high`.
    pub(super) fn range(&self, low: i64, high: i64) -> (f64, f64) {
        match self {
            Self::Linear { .. } => {
                let (start, end) = (self.apply(low), self.apply(high));
                (start.min(end), start.max(end))
            }
            Self::Table(table) => {
                let (lowest, highest) = table.range(low, high);
                (f64::from(lowest), f64::from(highest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text, words};
    use rstest::rstest;

    #[rstest]
    #[case::rescale(Some("2"), Some("-1024"), Some(-1014.0))]
    #[case::slope_alone(Some("0.5"), None, Some(2.5))]
    #[case::intercept_alone(None, Some("10"), Some(15.0))]
    #[case::zero_slope_is_none(Some("0"), Some("1"), Some(6.0))]
    #[case::absent(None, None, None)]
    fn rescale_of_five(
        #[case] slope: Option<&str>,
        #[case] intercept: Option<&str>,
        #[case] expected: Option<f64>,
    ) {
        let intercept = intercept.map(|value| text(tags::RESCALE_INTERCEPT, *b"DS", value));
        let slope = slope.map(|value| text(tags::RESCALE_SLOPE, *b"DS", value));
        let bytes = [intercept.unwrap_or_default(), slope.unwrap_or_default()].concat();
        let modality = Modality::read(&parse(&bytes), false).unwrap();
        assert_eq!(modality.map(|modality| modality.apply(5)), expected);
    }

    #[test]
    fn a_modality_lut_comes_before_rescale() {
        let lut = item(&[words(tags::LUT_DESCRIPTOR, &[2, 5, 16]), words(tags::LUT_DATA, &[7, 9])]);
        let bytes =
            [text(tags::RESCALE_SLOPE, *b"DS", "3"), sequence(tags::MODALITY_LUT_SEQUENCE, &[lut])];
        let modality = Modality::read(&parse(&bytes.concat()), false).unwrap().unwrap();
        assert_eq!((modality.apply(5), modality.range(0, 9)), (7.0, (7.0, 9.0)));
    }

    #[rstest]
    #[case::angiography("1.2.840.10008.5.1.4.1.1.12.1", 5.0)]
    #[case::fluoroscopy("1.2.840.10008.5.1.4.1.1.12.2", 5.0)]
    #[case::two_planes("1.2.840.10008.5.1.4.1.1.12.3", 5.0)]
    #[case::digital_x_ray("1.2.840.10008.5.1.4.1.1.1.1", 7.0)]
    fn c_8_7_1_1_2_a_table_back_to_the_intensity_is_not_shown(
        #[case] sop_class: &str,
        #[case] expected: f64,
    ) {
        let lut = item(&[words(tags::LUT_DESCRIPTOR, &[2, 5, 16]), words(tags::LUT_DATA, &[7, 9])]);
        let bytes = [
            text(tags::SOP_CLASS_UID, *b"UI", sop_class),
            text(tags::RESCALE_SLOPE, *b"DS", "1"),
            sequence(tags::MODALITY_LUT_SEQUENCE, &[lut]),
        ];
        let modality = Modality::read(&parse(&bytes.concat()), false).unwrap().unwrap();
        assert!((modality.apply(5) - expected).abs() < f64::EPSILON);
    }

    #[test]
    fn a_negative_slope_turns_the_range_round() {
        let modality = Modality::Linear { slope: -1.0, intercept: 255.0 };
        assert_eq!(modality.range(0, 255), (0.0, 255.0));
    }
}
