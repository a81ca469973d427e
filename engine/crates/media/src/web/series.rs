//! The page of a series: every preview in order, and what has none.

use askama::Template;
use model::{EntryPath, FileId};

use super::index::{InstitutionView, PatientView};
use super::modality::modality;
use super::object_kind::object_kind;
use super::shown::Shown;
use super::{CONTENT_SECURITY_POLICY, WebError, link::link};
use crate::contents::{FrameEntry, ImageLine, PackageContents, SeriesSection, StudySection};
use crate::dates::display_da_tm;
use crate::notice_summary::placeholder_reason;
use texts::{Language, Texts};

/// The page of a series as XHTML in UTF-8.
///
/// # Errors
/// [`WebError`] when the template fails, which no content can cause.
///
/// # Limits
/// Some 500 bytes for each frame.
pub fn series_page(
    contents: &PackageContents,
    study: &StudySection,
    series: &SeriesSection,
) -> Result<String, WebError> {
    Ok(SeriesPage::new(contents, study, series).render()?)
}

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPage {
    language: &'static str,
    text: Texts,
    policy: &'static str,
    stylesheet: String,
    title: Shown,
    institution: InstitutionView,
    patient: PatientView,
    index: String,
    study: Shown,
    study_date: Option<Shown>,
    facts: String,
    previous: Option<String>,
    next: Option<String>,
    images: Vec<ImageView>,
    objects: Vec<ObjectView>,
}

struct ImageView {
    frames: Vec<FrameView>,
    capped: Option<String>,
}

struct FrameView {
    caption: Shown,
    alt: Shown,
    picture: Picture,
}

enum Picture {
    Preview { src: String, width: u32, height: u32 },
    Placeholder { reason: &'static str },
}

struct ObjectView {
    kind: &'static str,
    title: Option<Shown>,
    href: String,
    file_id: String,
}

impl SeriesPage {
    fn new(contents: &PackageContents, study: &StudySection, series: &SeriesSection) -> Self {
        let PackageContents { language, layout, .. } = *contents;
        let text = language.texts();
        let here = layout.series_page(study.ordinal, series.ordinal);
        let date =
            study.date.as_deref().map(|date| display_da_tm(date, study.time.as_deref(), language));
        let title = title(series, language);
        let (previous, next) = neighbours(contents, &here);
        let images = series
            .images
            .iter()
            .enumerate()
            .map(|(index, image)| ImageView::new(image, index, series, &title, &here, language))
            .collect();
        Self {
            language: language.tag(),
            text,
            policy: CONTENT_SECURITY_POLICY,
            stylesheet: link(&here, &layout.stylesheet()),
            institution: InstitutionView::new(&contents.institution(language), text),
            patient: PatientView::new(&contents.patient, language),
            index: link(&here, &layout.index()),
            study: Shown::some(study.description.as_deref())
                .unwrap_or_else(|| Shown::new(text.page_study_without_description())),
            study_date: Shown::some(date.as_deref()),
            facts: facts(series, language).join(" · "),
            previous,
            next,
            images,
            objects: series
                .objects
                .iter()
                .map(|object| ObjectView {
                    kind: object_kind(&object.sop_class, text),
                    title: Shown::some(object.title.as_deref()),
                    href: file_link(&here, &object.file_id),
                    file_id: object.file_id.to_string(),
                })
                .collect(),
            title,
        }
    }
}

/// The pages before and after this one, over all studies.
fn neighbours(contents: &PackageContents, here: &EntryPath) -> (Option<String>, Option<String>) {
    let mut pages = contents.studies.iter().flat_map(|study| {
        let page =
            |series: &SeriesSection| contents.layout.series_page(study.ordinal, series.ordinal);
        study.series.iter().map(page)
    });
    let mut previous = None;
    while let Some(page) = pages.next() {
        if page == *here {
            return (previous, pages.next().map(|next| link(here, &next)));
        }
        previous = Some(link(here, &page));
    }
    (None, None)
}

/// A File ID leads to the file of the same path.
fn file_link(here: &EntryPath, file_id: &FileId) -> String {
    file_id.as_path().parse().map(|path| link(here, &path)).unwrap_or_default()
}

/// `Serie 3: Torace 1.25`, with as much of it as is known.
pub(super) fn title(series: &SeriesSection, language: Language) -> Shown {
    let text = language.texts();
    let number = Shown::some(series.number.as_deref());
    let description = Shown::some(series.description.as_deref());
    let title = match (number, description) {
        (Some(number), Some(description)) => {
            format!("{} {number}: {description}", text.page_series())
        }
        (Some(number), None) => format!("{} {number}", text.page_series()),
        (None, Some(description)) => description.to_string(),
        (None, None) => text.page_untitled_series().to_owned(),
    };
    Shown::new(&title)
}

/// Modality, body part and counts in words.
pub(super) fn facts(series: &SeriesSection, language: Language) -> Vec<String> {
    let text = language.texts();
    let mut facts = Vec::new();
    if let Some(code) = Shown::some(series.modality.as_deref()) {
        let code = code.to_string();
        facts.push(modality(&code, text).map_or(code, str::to_owned));
    }
    if let Some(body_part) = Shown::some(series.body_part.as_deref()) {
        facts.push(format!("{}: {body_part}", text.page_body_part()));
    }
    let images = count(series.images.len());
    if images > 0 {
        facts.push(text.page_images(images));
    }
    if series.frame_count() > images {
        facts.push(text.page_frames(series.frame_count()));
    }
    if !series.objects.is_empty() {
        facts.push(text.page_objects(count(series.objects.len())));
    }
    facts
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl ImageView {
    fn new(
        image: &ImageLine,
        index: usize,
        series: &SeriesSection,
        series_title: &Shown,
        here: &EntryPath,
        language: Language,
    ) -> Self {
        let text = language.texts();
        let position = count(index).saturating_add(1);
        let images = count(series.images.len());
        let alt = text.page_preview_alt(position, images, series_title.to_string());
        let number = Shown::some(image.number.as_deref());
        let number = number.map_or_else(|| position.to_string(), |number| number.to_string());
        let mut caption = format!("{} {number}", text.page_image());
        if let Some(mm) = image.slice_location.as_deref().and_then(|mm| decimal(mm, language)) {
            caption.push_str(" · ");
            caption.push_str(&text.page_position(mm));
        }
        // One placeholder stands for all frames of an instance that cannot be shown at all.
        let stands_for_all = matches!(image.frames.as_slice(), [FrameEntry::Placeholder(_)]);
        let frames = image.frames.iter().zip(1_u32..).map(|(frame, frame_number)| {
            let (mut alt, mut caption) = (alt.clone(), caption.clone());
            if image.frame_count > 1 && stands_for_all {
                let frames = text.page_frames(u64::from(image.frame_count));
                alt = format!("{alt}, {frames}");
                caption = format!("{caption} · {frames}");
            } else if image.frame_count > 1 {
                let suffix = text.page_frame(frame_number, image.frame_count);
                alt = format!("{alt}, {suffix}");
                caption = format!("{caption} · {suffix}");
            }
            FrameView {
                caption: Shown::new(&caption),
                alt: Shown::new(&alt),
                picture: Picture::of(frame, here, language),
            }
        });
        let shown = count(image.frames.len());
        Self {
            frames: frames.collect(),
            capped: (shown < u64::from(image.frame_count) && !stands_for_all)
                .then(|| text.page_capped(image.frame_count, shown)),
        }
    }
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
