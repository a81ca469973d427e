//! Where a frame lies in the patient.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::Dataset;

/// Positions differ by less where they are the same: files round to some digits.
const SAME_PLACE_MM: f64 = 0.1;
/// So do direction cosines.
const SAME_DIRECTION: f64 = 0.005;
/// And spacings, by a share of their size.
const SAME_SPACING: f64 = 0.005;

/// The plane of a frame, in millimetres of the patient's coordinates; `None` where nothing is said.
///
/// Standard: DICOM PS3.3 C.7.6.2.1.1, C.7.6.16.2.3, C.7.6.16.2.4, C.7.6.16.2.1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Plane {
    position: Option<[f64; 3]>,
    orientation: Option<[f64; 6]>,
    spacing: Option<[f64; 2]>,
}

impl Plane {
    /// The plane of a frame of an image, with functional groups or without.
    pub(super) fn of_frame(dataset: &Dataset<'_>, frame: u32) -> Self {
        let mut frames = dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
        let own = usize::try_from(frame).ok().and_then(|frame| frames.nth(frame));
        let shared = dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
        let of_group =
            |group: Option<Dataset<'_>>| group.as_ref().map(Self::of_group).unwrap_or_default();
        let plain = Self {
            position: numbers(dataset, tags::IMAGE_POSITION_PATIENT),
            orientation: numbers(dataset, tags::IMAGE_ORIENTATION_PATIENT),
            spacing: numbers(dataset, tags::PIXEL_SPACING),
        };
        of_group(own).or(of_group(shared)).or(plain)
    }

    /// What one item of functional groups says.
    pub(super) fn of_group(group: &Dataset<'_>) -> Self {
        let (position, orientation, spacing) = (
            group.item(tags::PLANE_POSITION_SEQUENCE),
            group.item(tags::PLANE_ORIENTATION_SEQUENCE),
            group.item(tags::PIXEL_MEASURES_SEQUENCE),
        );
        Self {
            position: position.and_then(|item| numbers(&item, tags::IMAGE_POSITION_PATIENT)),
            orientation: orientation
                .and_then(|item| numbers(&item, tags::IMAGE_ORIENTATION_PATIENT)),
            spacing: spacing.and_then(|item| numbers(&item, tags::PIXEL_SPACING)),
        }
    }

    /// What it says, else what `outer` says.
    pub(super) fn or(self, outer: Self) -> Self {
        Self {
            position: self.position.or(outer.position),
            orientation: self.orientation.or(outer.orientation),
            spacing: self.spacing.or(outer.spacing),
        }
    }

    /// Whether the position is known.
    pub(super) fn is_placed(&self) -> bool {
        self.position.is_some()
    }

    /// Whether both are the same plane, as far as both say.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        near(self.position, other.position, |_| SAME_PLACE_MM)
            && near(self.orientation, other.orientation, |_| SAME_DIRECTION)
            && near(self.spacing, other.spacing, |spacing| spacing.abs() * SAME_SPACING)
    }
}

/// The numbers of an element; `None` when it has not so many.
fn numbers<const N: usize>(dataset: &Dataset<'_>, tag: Tag) -> Option<[f64; N]> {
    dataset.f64s(tag).try_into().ok()
}

fn near<const N: usize>(
    one: Option<[f64; N]>,
    other: Option<[f64; N]>,
    tolerance: impl Fn(f64) -> f64,
) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    // Written so that NaN is not near anything.
    one.iter().zip(other).all(|(one, other)| (one - other).abs() <= tolerance(*one))
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
        assert_eq!(positions, [[1.0; 3], [2.0; 3], [1.0; 3]].map(Some));
    }
}
