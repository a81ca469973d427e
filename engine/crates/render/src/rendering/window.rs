//! What a file says of the VOI LUT or window that its frames are shown by.

use std::fmt;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::Dataset;

/// Characters of all explanations together: one has 64 (LO).
const MOST_OF_EXPLANATIONS: usize = 1024;

/// A VOI LUT or window in the words of its file.
#[derive(Clone, PartialEq)]
pub struct Window {
    /// Window Center & Width Explanation (0028,1055), or LUT Explanation (0028,3003); the beginning of one over
    /// 1,024 characters.
    pub explanation: Option<String>,
    /// Window Center (0028,1050) and Window Width (0028,1051), finite; `None` for a VOI LUT.
    pub center_and_width: Option<(f64, f64)>,
}

/// The explanation is text of the file.
impl fmt::Debug for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Window({:?})", self.center_and_width)
    }
}

impl Window {
    /// The first window: of several explanations the first belongs to it.
    ///
    /// Standard: DICOM PS3.3 C.11.2.1.2.
    pub(super) fn first(dataset: &Dataset<'_>, center: f64, width: f64) -> Self {
        let explanation = explanation(dataset, tags::WINDOW_CENTER_WIDTH_EXPLANATION);
        Self { explanation, center_and_width: Some((center, width)) }
    }

    /// The first item of the VOI LUT Sequence.
    ///
    /// Standard: DICOM PS3.3 C.11.2.1.1.
    pub(super) fn of_table(dataset: &Dataset<'_>) -> Self {
        let item = dataset.item(tags::VOILUT_SEQUENCE);
        let explanation = item.and_then(|item| explanation(&item, tags::LUT_EXPLANATION));
        Self { explanation, center_and_width: None }
    }
}

/// The first of the values; an empty one explains nothing.
fn explanation(dataset: &Dataset<'_>, tag: Tag) -> Option<String> {
    let values = dataset.brief(tag, MOST_OF_EXPLANATIONS)?;
    let first = values.split('\\').next()?.trim();
    (!first.is_empty()).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text, words};
    use crate::rendering::stored_format::tests::description;
    use crate::rendering::{LutCache, Rendering};
    use part10::PixelDescription;
    use rstest::rstest;

    fn window(center: &str, width: &str, explanation: &str) -> Vec<u8> {
        [
            text(tags::WINDOW_CENTER, *b"DS", center),
            text(tags::WINDOW_WIDTH, *b"DS", width),
            text(tags::WINDOW_CENTER_WIDTH_EXPLANATION, *b"LO", explanation),
        ]
        .concat()
    }

    type Told = (Option<String>, Option<(f64, f64)>);

    fn windows(elements: &[Vec<u8>]) -> Vec<Told> {
        let bytes = elements.concat();
        let rendering = Rendering::prepare(
            &parse(&bytes),
            &PixelDescription { frames: 5, ..description(16, 12, 11, false) },
            &LutCache::default(),
            &Limits::default(),
        );
        let windows = rendering.unwrap().windows(3).into_iter();
        windows.map(|window| (window.explanation, window.center_and_width)).collect()
    }

    #[rstest]
    #[case::one("40", "400", "ADDOME", Some("ADDOME"), (40.0, 400.0))]
    #[case::the_first_of_several("40\\-600", "400\\1500", "ADDOME\\POLMONE", Some("ADDOME"), (40.0, 400.0))]
    #[case::the_first_is_empty("40\\-600", "400\\1500", "\\POLMONE", None, (40.0, 400.0))]
    #[case::none("40", "400", "", None, (40.0, 400.0))]
    fn c_11_2_1_2_of_several_windows_the_first_is_told(
        #[case] center: &str,
        #[case] width: &str,
        #[case] explanation: &str,
        #[case] expected: Option<&str>,
        #[case] numbers: (f64, f64),
    ) {
        let found = windows(&[window(center, width, explanation)]);
        assert_eq!(found, [(expected.map(str::to_owned), Some(numbers))]);
    }

    #[test]
    fn a_voi_lut_is_told_by_its_explanation() {
        let lut = item(&[
            words(tags::LUT_DESCRIPTOR, &[2, 0, 12]),
            text(tags::LUT_EXPLANATION, *b"LO", "NORMALE"),
            words(tags::LUT_DATA, &[0, 4095]),
        ]);
        let found =
            windows(&[window("40", "400", "ADDOME"), sequence(tags::VOILUT_SEQUENCE, &[lut])]);
        assert_eq!(found, [(Some("NORMALE".to_owned()), None)]);
    }

    #[test]
    fn without_a_window_nothing_is_told() {
        assert_eq!(windows(&[]), []);
        assert_eq!(windows(&[window("40", "0", "ADDOME")]), []);
    }

    #[test]
    fn each_window_of_the_frames_is_told_once() {
        let voi = |center, explanation| {
            let voi = item(&[window(center, "400", explanation)]);
            item(&[sequence(tags::FRAME_VOILUT_SEQUENCE, &[voi])])
        };
        let groups = [voi("40", "A"), voi("50", "A"), voi("40", "A"), item(&[]), voi("60", "B")];
        let bytes =
            [window("1", "2", "C"), sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, &groups)];
        let centers: Vec<f64> =
            windows(&bytes).iter().map(|(_, numbers)| numbers.unwrap().0).collect();
        assert_eq!(centers, [40.0, 50.0, 1.0], "no more than were asked for");
    }
}
