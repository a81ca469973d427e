//! The windows that the images of a series are shown by: which values are black and white.

use texts::Language;

use super::shown::Shown;
use crate::contents::{FrameEntry, MOST_WINDOWS, SeriesSection, WindowLabel};

/// Characters of an explanation: as many as its VR allows (LO).
const EXPLANATION: usize = 64;

/// What a page says of the windows of its series.
pub(super) enum Windows {
    /// Nothing: no image has one.
    Absent,
    /// Each of them.
    Told(Vec<WindowView>),
    /// That there are many.
    Many,
}

/// One window.
pub(super) struct WindowView {
    pub(super) explanation: Option<Shown>,
    /// `C 40 L 400`.
    pub(super) numbers: Option<String>,
}

impl Windows {
    /// Those of the images of which a picture is shown, each once, in their order.
    pub(super) fn of(series: &SeriesSection, language: Language) -> Self {
        let is_preview = |frame: &FrameEntry| matches!(frame, FrameEntry::Preview(_));
        let images = series.images.iter().filter(|image| image.frames.iter().any(is_preview));
        let mut windows: Vec<&WindowLabel> = Vec::new();
        for window in images.flat_map(|image| &image.windows) {
            if !windows.contains(&window) {
                if windows.len() == MOST_WINDOWS {
                    return Self::Many;
                }
                windows.push(window);
            }
        }
        let views: Vec<_> =
            windows.into_iter().filter_map(|window| WindowView::of(window, language)).collect();
        if views.is_empty() { Self::Absent } else { Self::Told(views) }
    }
}

impl WindowView {
    /// `None` for a VOI LUT that nothing is said of.
    fn of(window: &WindowLabel, language: Language) -> Option<Self> {
        let short: Option<String> =
            window.explanation.as_deref().map(|text| text.chars().take(EXPLANATION).collect());
        let explanation = Shown::some(short.as_deref());
        let numbers = window.center_and_width.map(|(center, width)| {
            language.texts().page_window_numbers(number(center, language), number(width, language))
        });
        (explanation.is_some() || numbers.is_some()).then_some(Self { explanation, numbers })
    }
}

/// Three decimals at most, with the separator of the language; by powers of ten where that would be
/// nothing or a long row of digits.
fn number(value: f64, language: Language) -> String {
    let is_plain = value == 0.0 || (0.001..1e7).contains(&value.abs());
    let shown = if is_plain {
        let shown = format!("{value:.3}");
        shown.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.3e}")
    };
    match language {
        Language::Italian => shown.replace('.', ","),
        Language::English => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::whole(40.0, "40")]
    #[case::negative(-600.0, "-600")]
    #[case::decimals(0.25, "0,25")]
    #[case::of_many_digits(12.345_678, "12,346")]
    #[case::zero(0.0, "0")]
    #[case::tiny(0.000_25, "2,500e-4")]
    #[case::huge(1e300, "1,000e300")]
    fn numbers_are_short(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(number(value, Language::Italian), expected);
    }
}
