//! The frames of a series in order, each with its caption and its picture or the reason for none.

use model::EntryPath;
use texts::Language;

use super::shown::Shown;
use super::{Site, link::link};
use crate::contents::{FrameEntry, ImageLine, SeriesSection};
use crate::notice_summary::placeholder_reason;

/// All frames of a series that have been tried, by number.
pub(super) struct Frames<'a> {
    site: Site<'a>,
    series: &'a SeriesSection,
    title: Shown,
    /// Image and frame, both from 0.
    places: Vec<(usize, usize)>,
}

/// One frame on a page.
pub(super) struct FrameView {
    /// The fragment that leads to it.
    pub(super) anchor: String,
    pub(super) caption: Shown,
    pub(super) alt: Shown,
    pub(super) picture: Picture,
    /// That more frames of the image follow in the DICOM file only.
    pub(super) capped: Option<String>,
}

pub(super) enum Picture {
    Preview { src: String, width: u32, height: u32 },
    Placeholder { reason: &'static str },
}

impl<'a> Frames<'a> {
    pub(super) fn new(site: Site<'a>, series: &'a SeriesSection, title: Shown) -> Self {
        let images = series.images.iter().enumerate();
        let places = images
            .flat_map(|(image, line)| (0..line.frames.len()).map(move |frame| (image, frame)))
            .collect();
        Self { site, series, title, places }
    }

    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// The frames of a range of numbers from 0, as the page at a path shows them.
    pub(super) fn views(&self, range: std::ops::Range<usize>, here: &EntryPath) -> Vec<FrameView> {
        range.filter_map(|index| self.view(index, here)).collect()
    }

    /// As many frames as are wanted, spread evenly, with the first and the last.
    pub(super) fn spread(&self, wanted: usize, here: &EntryPath) -> Vec<FrameView> {
        let last = self.count().saturating_sub(1);
        let steps = wanted.saturating_sub(1).max(1);
        let indices: Vec<usize> = if self.count() <= wanted {
            (0..self.count()).collect()
        } else {
            (0..wanted).map(|step| step.saturating_mul(last) / steps).collect()
        };
        indices.into_iter().filter_map(|index| self.view(index, here)).collect()
    }

    /// The fragment of a frame, by its number from 0.
    pub(super) fn anchor(&self, index: usize) -> Option<String> {
        let (image, frame) = *self.places.get(index)?;
        Some(self.series.images.get(image)?.anchor(frame))
    }

    fn view(&self, index: usize, here: &EntryPath) -> Option<FrameView> {
        let (image_index, frame_index) = *self.places.get(index)?;
        let image = self.series.images.get(image_index)?;
        let frame = image.frames.get(frame_index)?;
        let language = self.site.language;
        let text = language.texts();
        let position = count(image_index).saturating_add(1);
        let images = count(self.series.images.len());
        let mut alt = text.page_preview_alt(position, images, self.title.to_string());
        let mut caption = caption(image, position, language);
        if image.frame_count > 1 {
            let suffix = if stands_for_all(image) {
                text.page_frames(u64::from(image.frame_count))
            } else {
                text.page_frame(count(frame_index).saturating_add(1), image.frame_count)
            };
            alt = format!("{alt}, {suffix}");
            caption = format!("{caption} · {suffix}");
        }
        let is_last = frame_index.checked_add(1) == Some(image.frames.len());
        let shown = count(image.frames.len());
        let is_capped = shown < u64::from(image.frame_count) && !stands_for_all(image);
        Some(FrameView {
            anchor: image.anchor(frame_index),
            caption: Shown::new(&caption),
            alt: Shown::new(&alt),
            picture: Picture::of(frame, here, language),
            capped: (is_last && is_capped).then(|| text.page_capped(image.frame_count, shown)),
        })
    }
}

/// One placeholder stands for all frames of an instance that cannot be shown at all.
fn stands_for_all(image: &ImageLine) -> bool {
    matches!(image.frames.as_slice(), [FrameEntry::Placeholder(_)])
}

fn caption(image: &ImageLine, position: u64, language: Language) -> String {
    let text = language.texts();
    let number = Shown::some(image.number.as_deref());
    let number = number.map_or_else(|| position.to_string(), |number| number.to_string());
    let mut caption = format!("{} {number}", text.page_image());
    if let Some(mm) = image.slice_location.as_deref().and_then(|mm| decimal(mm, language)) {
        caption.push_str(" · ");
        caption.push_str(&text.page_position(mm));
    }
    caption
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A DS value with one decimal and the separator of the language; nothing when it is no number.
fn decimal(value: &str, language: Language) -> Option<String> {
    let number: f64 = value.trim().parse().ok().filter(|number: &f64| number.is_finite())?;
    // Beyond a hundred metres it is no place in a body but a fault of the file.
    let shown = (number.abs() < 100_000.0).then(|| format!("{number:.1}"))?;
    Some(match language {
        Language::Italian => shown.replace('.', ","),
        Language::English => shown,
    })
}

impl Picture {
    fn of(frame: &FrameEntry, here: &EntryPath, language: Language) -> Self {
        match frame {
            FrameEntry::Preview(preview) => Self::Preview {
                src: link(here, &preview.path),
                width: preview.width,
                height: preview.height,
            },
            FrameEntry::Placeholder(fault) => {
                Self::Placeholder { reason: placeholder_reason(fault, language) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::negative("-34.50 ", Some("-34,5"))]
    #[case::exponent("1.25E+02", Some("125,0"))]
    #[case::not_a_number("nan", None)]
    #[case::huge("1E+300", None)]
    #[case::text("L4", None)]
    fn slice_location(#[case] value: &str, #[case] expected: Option<&str>) {
        assert_eq!(decimal(value, Language::Italian).as_deref(), expected);
    }
}
