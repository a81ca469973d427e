//! The shape of a pixel.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::Dataset;

/// Height over width of a pixel; 1 where nothing usable is said.
///
/// Spacing is given as "distance of rows \ distance of columns", which is height \ width.
///
/// Standard: DICOM PS3.3 C.7.6.3.1.7, 10.7.1.3, C.7.6.16.2.1 (Pixel Measures).
pub(super) fn pixel_height_over_width(dataset: &Dataset<'_>) -> f64 {
    let measures = || {
        let shared = dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE)?;
        ratio(&shared.item(tags::PIXEL_MEASURES_SEQUENCE)?, tags::PIXEL_SPACING)
    };
    ratio(dataset, tags::PIXEL_SPACING)
        .or_else(|| ratio(dataset, tags::IMAGER_PIXEL_SPACING))
        .or_else(|| ratio(dataset, tags::NOMINAL_SCANNED_PIXEL_SPACING))
        .or_else(|| ratio(dataset, tags::PIXEL_ASPECT_RATIO))
        .or_else(measures)
        .unwrap_or(1.0)
}

fn ratio(dataset: &Dataset<'_>, tag: Tag) -> Option<f64> {
    let &[height, width] = dataset.f64s(tag).as_slice() else { return None };
    let ratio = height / width;
    // A hundredfold stretch is a writing fault, not a detector.
    (height > 0.0 && width > 0.0 && (0.01..=100.0).contains(&ratio)).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text};
    use rstest::rstest;

    #[rstest]
    #[case::nothing(&[], 1.0)]
    #[case::square(&[text(tags::PIXEL_SPACING, *b"DS", "0.5\\0.5")], 1.0)]
    #[case::spacing(&[text(tags::PIXEL_SPACING, *b"DS", "1\\0.5")], 2.0)]
    #[case::ratio(&[text(tags::PIXEL_ASPECT_RATIO, *b"IS", "8\\9")], 8.0 / 9.0)]
    #[case::spacing_first(&[
        text(tags::PIXEL_SPACING, *b"DS", "1\\1"),
        text(tags::PIXEL_ASPECT_RATIO, *b"IS", "8\\9"),
    ], 1.0)]
    #[case::zero(&[text(tags::PIXEL_SPACING, *b"DS", "0\\0")], 1.0)]
    #[case::absurd(&[text(tags::PIXEL_SPACING, *b"DS", "1000\\1")], 1.0)]
    #[case::one_value(&[text(tags::PIXEL_SPACING, *b"DS", "2")], 1.0)]
    #[case::functional_group(&[sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, &[item(&[
        sequence(tags::PIXEL_MEASURES_SEQUENCE, &[item(&[
            text(tags::PIXEL_SPACING, *b"DS", "3\\1"),
        ])]),
    ])])], 3.0)]
    fn shapes(#[case] elements: &[Vec<u8>], #[case] expected: f64) {
        let ratio = pixel_height_over_width(&parse(&elements.concat()));
        assert!((ratio - expected).abs() < 1e-12, "{ratio}");
    }
}
