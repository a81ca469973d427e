//! The pages of a series: the stack with its first sheet of images, and the further sheets.

use askama::Template;
use model::{EntryPath, FileId};
use texts::{Language, Texts, modality_name};

use super::body_part;
use super::frames::{FrameView, Frames, Picture};
use super::head::PageHead;
use super::object_kind::object_kind;
use super::series_list;
use super::shown::Shown;
use super::window::Windows;
use super::{Page, Site, WebError, link::link, viewer_link};
use crate::contents::{SegmentLabel, SeriesSection, StudySection};
use crate::dates::display_da_tm;
use crate::layout::Edition;
use crate::numbering::Ordinal;

/// How many images a sheet shows: without script a browser loads them all.
const SHEET: usize = 96;
/// How many segments the page names; atlases of the brain have some hundred.
const MOST_SEGMENTS: usize = 500;
/// How many images a stack holds; the sheets show all.
const MOST_IN_STACK: usize = 10_000;

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPage {
    head: PageHead,
    text: Texts,
    title: Shown,
    /// The page that lists the series of the study, when the index does not.
    list: Option<String>,
    overview: String,
    study: Shown,
    study_date: Option<Shown>,
    facts: String,
    windows: Windows,
    /// The viewer at this series, when the package holds one.
    viewer: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    frame_rate: String,
    /// `immagine %1 di %2`.
    place: String,
    /// Of this sheet.
    frames: Vec<FrameView>,
    /// Of the whole stack, when there are more sheets.
    all: Vec<FrameView>,
    /// That the stack does not hold all.
    is_cut: Option<String>,
    sheets: Vec<Sheet>,
    segments: Vec<SegmentView>,
    objects: Vec<ObjectView>,
}

/// What a colour of a segmentation stands for.
struct SegmentView {
    label: Shown,
    /// `#rrggbb`.
    colour: String,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage {
    head: PageHead,
    text: Texts,
    title: Shown,
    range: String,
    facts: String,
    stack: String,
    frames: Vec<FrameView>,
    sheets: Vec<Sheet>,
}

/// A link to one of several pages: a sheet of images, a list of series.
pub(super) struct Sheet {
    pub(super) href: String,
    /// `97–192`.
    pub(super) range: String,
    pub(super) is_here: bool,
}

struct ObjectView {
    kind: &'static str,
    title: Option<Shown>,
    href: String,
    file_id: String,
}

/// The stack page of a series, then its further sheets.
pub(super) fn pages<'a>(
    site: Site<'a>,
    study: &'a StudySection,
    series: &'a SeriesSection,
) -> impl Iterator<Item = Result<Page, WebError>> + use<'a> {
    let frames = Frames::new(site, series, title(series, site.language));
    let sheets = frames.count().div_ceil(SHEET).max(1);
    (0..sheets).map(move |sheet| {
        let sheets = Sheets { site, study, series, count: sheets };
        if sheet == 0 { sheets.stack(&frames) } else { sheets.sheet(&frames, sheet) }
    })
}

/// The segments of a series, each colour and name once.
fn segments(series: &SeriesSection) -> Vec<SegmentView> {
    let mut segments: Vec<_> = Vec::new();
    for segment in series.images.iter().flat_map(|image| &image.segments) {
        if !segments.contains(&segment) && segments.len() < MOST_SEGMENTS {
            segments.push(segment);
        }
    }
    let view = |segment: &SegmentLabel| {
        let [red, green, blue] = segment.colour;
        let colour = format!("#{red:02x}{green:02x}{blue:02x}");
        SegmentView { label: Shown::new(&segment.label), colour }
    };
    segments.into_iter().map(view).collect()
}

/// The sheets of a series.
struct Sheets<'a> {
    site: Site<'a>,
    study: &'a StudySection,
    series: &'a SeriesSection,
    count: usize,
}

impl Sheets<'_> {
    fn path(&self, edition: Edition, sheet: usize) -> EntryPath {
        let layout = self.site.contents.layout;
        let (study, series) = (self.study.ordinal, self.series.ordinal);
        let number = u32::try_from(sheet).ok().and_then(|sheet| Ordinal::new(sheet + 1));
        match number {
            Some(number) if sheet > 0 => layout.sheet(edition, study, series, number),
            _ => layout.series_page(edition, study, series),
        }
    }

    fn head(&self, sheet: usize, here: &EntryPath) -> PageHead {
        let Site { contents, language } = self.site;
        let elsewhere = self.path(contents.edition(language.other()), sheet);
        PageHead::new(self.site, here, &elsewhere)
    }

    fn links(&self, frames: &Frames<'_>, here: &EntryPath) -> Vec<Sheet> {
        if self.count < 2 {
            return Vec::new();
        }
        let link_to = |sheet: usize| {
            let path = self.path(self.site.edition(), sheet);
            let range = range_of(sheet, frames.count());
            Sheet {
                href: link(here, &path),
                range: format!("{}–{}", range.start.saturating_add(1), range.end),
                is_here: path == *here,
            }
        };
        (0..self.count).map(link_to).collect()
    }

    fn stack(&self, frames: &Frames<'_>) -> Result<Page, WebError> {
        let Self { site, study, series, .. } = self;
        let Site { contents, language } = *site;
        let text = language.texts();
        let here = self.path(site.edition(), 0);
        let date = study.date.as_deref();
        let date = date.map(|date| display_da_tm(date, study.time.as_deref(), language));
        let (previous, next) = neighbours(*site, (study.ordinal, series.ordinal), &here);
        let in_stack = frames.count().min(MOST_IN_STACK);
        let all = if self.count > 1 { frames.views(0..in_stack, &here) } else { Vec::new() };
        let page = SeriesPage {
            head: self.head(0, &here),
            text,
            title: title(series, language),
            list: series_list::page_of(*site, study, series, &here),
            overview: link(&here, &contents.layout.overview(site.edition(), study.ordinal)),
            study: study_title(study, text),
            study_date: Shown::some(date.as_deref()),
            facts: facts(series, language).join(" · "),
            windows: Windows::of(series, language),
            viewer: viewer_link::to_series(*site, &here, study.ordinal, series.ordinal),
            previous,
            next,
            frame_rate: frame_rate(series),
            place: text.stack_place("%1", "%2"),
            frames: frames.views(range_of(0, frames.count()), &here),
            all,
            is_cut: (in_stack < frames.count())
                .then(|| text.stack_is_cut(count(in_stack), count(frames.count()))),
            sheets: self.links(frames, &here),
            segments: segments(series),
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
        };
        Ok((here, page.render()?))
    }

    fn sheet(&self, frames: &Frames<'_>, sheet: usize) -> Result<Page, WebError> {
        let Self { site, series, .. } = self;
        let text = site.language.texts();
        let here = self.path(site.edition(), sheet);
        let range = range_of(sheet, frames.count());
        let (first, last) = (range.start.saturating_add(1), range.end);
        let anchor = frames.anchor(range.start).unwrap_or_default();
        let page = SheetPage {
            head: self.head(sheet, &here),
            text,
            title: title(series, site.language),
            range: text.stack_range(count(first), count(last), count(frames.count())),
            facts: facts(series, site.language).join(" · "),
            stack: format!("{}#{anchor}", link(&here, &self.path(site.edition(), 0))),
            frames: frames.views(range, &here),
            sheets: self.links(frames, &here),
        };
        Ok((here, page.render()?))
    }
}

/// The frames of a sheet, from 0.
fn range_of(sheet: usize, frames: usize) -> std::ops::Range<usize> {
    let start = sheet.saturating_mul(SHEET).min(frames);
    start..start.saturating_add(SHEET).min(frames)
}

/// Frames a second of the first image that says it; nothing when none does.
fn frame_rate(series: &SeriesSection) -> String {
    let mut rates = series.images.iter().filter_map(|image| image.frame_rate);
    rates.find(|rate| (0.1..=120.0).contains(rate)).map_or_else(String::new, |rate| {
        let rate = format!("{rate:.2}");
        rate.trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}

/// The pages before and after that of a series, over all studies.
fn neighbours(
    site: Site<'_>,
    this: (Ordinal, Ordinal),
    here: &EntryPath,
) -> (Option<String>, Option<String>) {
    let Site { contents, .. } = site;
    let all = contents
        .studies
        .iter()
        .flat_map(|study| study.series.iter().map(move |series| (study.ordinal, series.ordinal)));
    let to =
        |(study, series)| link(here, &contents.layout.series_page(site.edition(), study, series));
    let mut previous = None;
    let mut all = all.skip_while(|series| {
        let is_before = *series != this;
        if is_before {
            previous = Some(*series);
        }
        is_before
    });
    let _this = all.next();
    let next = all.next();
    (previous.map(to), next.map(to))
}

/// A File ID leads to the file of the same path.
fn file_link(here: &EntryPath, file_id: &FileId) -> String {
    file_id.as_path().parse().map(|path| link(here, &path)).unwrap_or_default()
}

/// The description of a study, or that there is none.
pub(super) fn study_title(study: &StudySection, text: Texts) -> Shown {
    Shown::some(study.description.as_deref())
        .unwrap_or_else(|| Shown::new(text.page_study_without_description()))
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
        facts.push(modality_name(&code, text).map_or(code, str::to_owned));
    }
    if let Some(body_part) = Shown::some(series.body_part.as_deref()) {
        let term = body_part.to_string();
        let name = body_part::body_part(&term, text).map_or(term, str::to_owned);
        facts.push(format!("{}: {name}", text.page_body_part()));
    }
    let images = count(series.images.len());
    if images > 0 {
        facts.push(unbroken(&text.page_images(images)));
    }
    if series.frame_count() > images {
        facts.push(unbroken(&text.page_frames(series.frame_count())));
    }
    if !series.objects.is_empty() {
        facts.push(text.page_objects(count(series.objects.len())));
    }
    facts
}

/// A count that stays with its word where lines break.
fn unbroken(count: &str) -> String {
    count.replace(' ', "\u{a0}")
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
