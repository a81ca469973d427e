//! Where a frame lies in the patient, and the functional groups that say so.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::Dataset;

/// Positions differ by less where they are the same: files round to some digits.
const SAME_PLACE_MM: f64 = 0.1;
/// So do direction cosines.
const SAME_DIRECTION: f64 = 0.005;
/// And spacings, by a share of their size.
const SAME_SPACING: f64 = 0.005;

/// The functional groups of a multi-frame instance.
///
/// Standard: DICOM PS3.3 C.7.6.16.
#[derive(Debug)]
pub(super) struct FunctionalGroups<'a> {
    shared: Option<Dataset<'a>>,
    frames: Vec<Dataset<'a>>,
}

impl<'a> FunctionalGroups<'a> {
    pub(super) fn read(dataset: &Dataset<'a>) -> Self {
        Self {
            shared: dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE),
            frames: dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE),
        }
    }

    /// How many frames have groups of their own.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The items of a macro for a frame: its own, else the shared ones.
    pub(super) fn macros_of(&self, index: usize, tag: Tag) -> Vec<Dataset<'a>> {
        let own = self.frames.get(index).map(|group| group.items(tag)).unwrap_or_default();
        if own.is_empty() {
            return self.shared.as_ref().map(|group| group.items(tag)).unwrap_or_default();
        }
        own
    }

    /// The first item of a macro for a frame.
    pub(super) fn macro_of(&self, index: usize, tag: Tag) -> Option<Dataset<'a>> {
        self.macros_of(index, tag).into_iter().next()
    }

    /// Where a frame lies.
    pub(super) fn plane(&self, index: usize) -> Plane {
        let numbers = |sequence, tag| {
            self.macro_of(index, sequence).map(|item| item.f64s(tag)).unwrap_or_default()
        };
        Plane {
            position: numbers(tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT),
            orientation: numbers(tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT),
            spacing: numbers(tags::PIXEL_MEASURES_SEQUENCE, tags::PIXEL_SPACING),
        }
    }
}

/// The plane of a frame, in millimetres of the patient's coordinates; empty where nothing is said.
///
/// Standard: DICOM PS3.3 C.7.6.2.1.1, C.7.6.16.2.3, C.7.6.16.2.4, C.7.6.16.2.1.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Plane {
    position: Vec<f64>,
    orientation: Vec<f64>,
    spacing: Vec<f64>,
}

impl Plane {
    /// The plane of a frame of an image, with functional groups or without.
    pub(super) fn of_frame(dataset: &Dataset<'_>, frame: u32) -> Self {
        let groups = FunctionalGroups::read(dataset);
        let plane = groups.plane(usize::try_from(frame).unwrap_or(usize::MAX));
        let or = |found: Vec<f64>, tag| if found.is_empty() { dataset.f64s(tag) } else { found };
        Self {
            position: or(plane.position, tags::IMAGE_POSITION_PATIENT),
            orientation: or(plane.orientation, tags::IMAGE_ORIENTATION_PATIENT),
            spacing: or(plane.spacing, tags::PIXEL_SPACING),
        }
    }

    /// Whether the position is known.
    pub(super) fn is_placed(&self) -> bool {
        self.position.len() == 3
    }

    /// Whether both are the same plane, as far as both say.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let near = |one: &[f64], other: &[f64], length: usize, tolerance: &dyn Fn(f64) -> f64| {
            // Written so that NaN is not near anything.
            one.len() != length
                || other.len() != length
                || one.iter().zip(other).all(|(one, other)| (one - other).abs() <= tolerance(*one))
        };
        near(&self.position, &other.position, 3, &|_| SAME_PLACE_MM)
            && near(&self.orientation, &other.orientation, 6, &|_| SAME_DIRECTION)
            && near(&self.spacing, &other.spacing, 2, &|spacing| spacing.abs() * SAME_SPACING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text};
    use rstest::rstest;

    fn placed(position: &str, orientation: &str, spacing: &str) -> Vec<u8> {
        let part = |tag, value: &str| {
            if value.is_empty() { Vec::new() } else { text(tag, *b"DS", value) }
        };
        [
            part(tags::IMAGE_POSITION_PATIENT, position),
            part(tags::IMAGE_ORIENTATION_PATIENT, orientation),
            part(tags::PIXEL_SPACING, spacing),
        ]
        .concat()
    }

    #[rstest]
    #[case::same("0\\0\\5", "1\\0\\0\\0\\1\\0", "0.5\\0.5", true)]
    #[case::rounded("0.01\\0\\5.001", "1\\0\\0\\0\\1\\0", "0.5001\\0.5", true)]
    #[case::next_slice("0\\0\\6", "1\\0\\0\\0\\1\\0", "0.5\\0.5", false)]
    #[case::turned("0\\0\\5", "1\\0\\0\\0\\-1\\0", "0.5\\0.5", false)]
    #[case::resampled("0\\0\\5", "1\\0\\0\\0\\1\\0", "1\\1", false)]
    #[case::nothing_known("", "", "", true)]
    #[case::no_number("nan\\0\\5", "1\\0\\0\\0\\1\\0", "0.5\\0.5", false)]
    fn planes_agree_as_far_as_both_say(
        #[case] position: &str,
        #[case] orientation: &str,
        #[case] spacing: &str,
        #[case] expected: bool,
    ) {
        let one = placed("0\\0\\5", "1\\0\\0\\0\\1\\0", "0.5\\0.5");
        let other = placed(position, orientation, spacing);
        let plane = |bytes: &[u8]| Plane::of_frame(&parse(bytes), 0);
        assert_eq!(plane(&one).agrees(&plane(&other)), expected);
        assert_eq!(plane(&other).agrees(&plane(&one)), expected);
    }

    #[test]
    fn c_7_6_16_a_group_of_the_frame_comes_before_the_shared_one() {
        let position = |value: &str| {
            let place = text(tags::IMAGE_POSITION_PATIENT, *b"DS", value);
            item(&[sequence(tags::PLANE_POSITION_SEQUENCE, &[item(&[place])])])
        };
        let bytes = [
            sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, &[position("1\\1\\1")]),
            sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, &[item(&[]), position("2\\2\\2")]),
        ]
        .concat();
        let positions = [0, 1, 2].map(|frame| Plane::of_frame(&parse(&bytes), frame).position);
        assert_eq!(positions, [[1.0; 3], [2.0; 3], [1.0; 3]]);
    }
}
