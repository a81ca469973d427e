//! Values of interest: which part of the modality's range becomes black to white.

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::Dataset;

use super::lookup_table::LookupTable;
use super::window::Window;
use crate::limits::MOST_OF_TERM;

/// The VOI LUT, scaled to outputs from 0 to 255.
///
/// Standard: DICOM PS3.3 C.11.2; C.7.6.16.2.10 for functional groups.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Voi {
    /// A straight line from 0 at `low` to 255 at `high`; a step above `low` when they are equal.
    Ramp {
        /// The highest input that is black.
        low: f64,
        /// The lowest input that is white.
        high: f64,
    },
    /// The SIGMOID function.
    Sigmoid {
        /// Window Center.
        center: f64,
        /// Window Width, above zero.
        width: f64,
    },
    /// VOI LUT Sequence.
    Table(LookupTable),
}

impl Voi {
    /// Reads the first VOI LUT of one data set or functional group, else its first window, and what
    /// the file says of it; `None` when it has neither, or a window without width.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] when there is a VOI LUT that contradicts itself and no window,
    /// or a VOI LUT Function that the standard does not have.
    pub(super) fn read(
        dataset: &Dataset<'_>,
        negative_inputs: bool,
    ) -> Result<Option<(Self, Window)>, PreviewFault> {
        let table = LookupTable::read(dataset, tags::VOILUT_SEQUENCE, negative_inputs);
        if let Ok(Some(table)) = table {
            return Ok(Some((Self::Table(table), Window::of_table(dataset))));
        }
        let center = dataset.f64(tags::WINDOW_CENTER).filter(|center| center.is_finite());
        let width = dataset.f64(tags::WINDOW_WIDTH).filter(|width| width.is_finite());
        match (center, width) {
            (Some(center), Some(width)) if width > 0.0 => {
                let function = dataset.brief(tags::VOILUT_FUNCTION, MOST_OF_TERM);
                let voi = Self::window(function.as_deref().unwrap_or("LINEAR"), center, width)?;
                Ok(Some((voi, Window::first(dataset, center, width))))
            }
            _ => table.map(|_absent| None),
        }
    }

    /// The window functions of PS3.3 C.11.2.1.2.1 and C.11.2.1.3.
    fn window(function: &str, center: f64, width: f64) -> Result<Self, PreviewFault> {
        match function {
            // Below a width of 1 LINEAR is not defined; such windows are meant to be exact.
            "LINEAR" if width >= 1.0 => {
                let (middle, half) = (center - 0.5, (width - 1.0) / 2.0);
                Ok(Self::Ramp { low: middle - half, high: middle + half })
            }
            "LINEAR" | "LINEAR_EXACT" => {
                Ok(Self::Ramp { low: center - width / 2.0, high: center + width / 2.0 })
            }
            "SIGMOID" => Ok(Self::Sigmoid { center, width }),
            other => Err(PreviewFault::Unsupported(format!("the VOI LUT Function {other:?}"))),
        }
    }

    /// The grey level of a modality value.
    pub(super) fn apply(&self, value: f64) -> u8 {
        match self {
            Self::Ramp { low, high } => ramp(value, *low, 255.0 / (high - low)),
            Self::Sigmoid { center, width } => {
                to_level(255.0 / (1.0 + (-4.0 * (value - center) / width).exp()))
            }
            Self::Table(table) => {
                #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
                let entry = table.at(value.round() as i64);
                to_level(f64::from(entry) * 255.0 / f64::from(table.highest))
            }
        }
    }
}

/// The grey level of a value on a straight line through (`low`, 0) with this slope.
///
/// An infinite slope is a step: `low` itself is black.
pub(super) fn ramp(value: f64, low: f64, slope: f64) -> u8 {
    if value <= low { 0 } else { to_level((value - low) * slope) }
}

/// Rounds to the nearest grey level.
fn to_level(level: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at 0 and 255"
    )]
    let level = (level + 0.5) as u8;
    level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text, words};
    use rstest::rstest;

    fn window(center: &str, width: &str, function: Option<&str>) -> Result<Voi, PreviewFault> {
        let bytes = [
            text(tags::WINDOW_CENTER, *b"DS", center),
            text(tags::WINDOW_WIDTH, *b"DS", width),
            function.map(|term| text(tags::VOILUT_FUNCTION, *b"CS", term)).unwrap_or_default(),
        ];
        Voi::read(&parse(&bytes.concat()), false).map(|voi| voi.unwrap().0)
    }

    // Expected levels are worked out by hand from the pseudo-code of PS3.3 C.11.2.1.2.1:
    // ((x - (c - 0.5)) / (w - 1) + 0.5) × 255, 0 at and below c - 0.5 - (w - 1) / 2.
    #[rstest]
    #[case::linear_black("2048", "4096", None, 0.0, 0)]
    #[case::linear_white("2048", "4096", None, 4095.0, 255)]
    #[case::linear_middle("2048", "4096", None, 2048.0, 128)]
    #[case::linear_below("40", "400", None, -160.0, 0)]
    #[case::linear_inside("40", "400", None, -60.0, 64)]
    #[case::linear_above("40", "400", None, 239.0, 255)]
    #[case::linear_of_width_one_black("100", "1", None, 99.5, 0)]
    #[case::linear_of_width_one_white("100", "1", None, 99.6, 255)]
    #[case::linear_of_width_two("0", "2", None, -0.5, 128)]
    #[case::first_of_several("40\\80", "400\\2000", None, -60.0, 64)]
    #[case::empty_function("40", "400", Some(""), -60.0, 64)]
    // ((x - c) / w + 0.5) × 255
    #[case::exact_black("40", "400", Some("LINEAR_EXACT"), -160.0, 0)]
    #[case::exact_inside("40", "400", Some("LINEAR_EXACT"), -60.0, 64)]
    #[case::exact_middle("0.5", "1", Some("LINEAR_EXACT"), 0.5, 128)]
    #[case::exact_white("40", "400", Some("LINEAR_EXACT"), 241.0, 255)]
    #[case::width_below_one_is_exact("0.25", "0.5", None, 0.125, 64)]
    // 255 / (1 + exp(-4 (x - c) / w))
    #[case::sigmoid_middle("40", "400", Some("SIGMOID"), 40.0, 128)]
    #[case::sigmoid_one_width_up("40", "400", Some("SIGMOID"), 440.0, 250)]
    #[case::sigmoid_one_width_down("40", "400", Some("SIGMOID"), -360.0, 5)]
    fn windows(
        #[case] center: &str,
        #[case] width: &str,
        #[case] function: Option<&str>,
        #[case] value: f64,
        #[case] expected: u8,
    ) {
        assert_eq!(window(center, width, function).unwrap().apply(value), expected);
    }

    #[test]
    fn a_function_that_the_standard_does_not_have_is_refused() {
        let voi = window("1", "2", Some("CUBIC"));
        assert!(matches!(voi, Err(PreviewFault::Unsupported(_))));
        // The fault is kept for each frame.
        let voi = window("1", "2", Some(&"CUBIC ".repeat(1000)));
        assert!(matches!(voi, Err(PreviewFault::Unsupported(reason)) if reason.len() < 200));
    }

    #[rstest]
    #[case::absent(&[])]
    #[case::width_of_zero(&[text(tags::WINDOW_CENTER, *b"DS", "1"), text(tags::WINDOW_WIDTH, *b"DS", "0")])]
    #[case::no_width(&[text(tags::WINDOW_CENTER, *b"DS", "1")])]
    fn no_window(#[case] elements: &[Vec<u8>]) {
        assert_eq!(Voi::read(&parse(&elements.concat()), false), Ok(None));
    }

    fn lut(entries: &[u16], count: u16) -> Vec<u8> {
        let descriptor = words(tags::LUT_DESCRIPTOR, &[count, 0, 12]);
        sequence(tags::VOILUT_SEQUENCE, &[item(&[descriptor, words(tags::LUT_DATA, entries)])])
    }

    #[test]
    fn a_voi_lut_comes_before_the_window() {
        let bytes = [
            text(tags::WINDOW_CENTER, *b"DS", "1"),
            text(tags::WINDOW_WIDTH, *b"DS", "2"),
            lut(&[4095, 0], 2),
        ];
        let (voi, _) = Voi::read(&parse(&bytes.concat()), false).unwrap().unwrap();
        assert_eq!((voi.apply(0.0), voi.apply(0.6)), (255, 0));
    }

    #[test]
    fn a_damaged_voi_lut_gives_way_to_a_window_only() {
        let broken = lut(&[1], 5);
        let alone = Voi::read(&parse(&broken), false);
        assert!(matches!(alone, Err(PreviewFault::Unsupported(_))));
        let window = [
            text(tags::WINDOW_CENTER, *b"DS", "128"),
            text(tags::WINDOW_WIDTH, *b"DS", "256"),
            broken,
        ];
        let (voi, _) = Voi::read(&parse(&window.concat()), false).unwrap().unwrap();
        assert_eq!(voi, Voi::Ramp { low: 0.0, high: 255.0 });
    }
}
