//! The series of a study, each a link to its page: on the index while they are few, else on pages of
//! their own, which list them all.
//!
//! So the index stays small whatever the number of series, and no series is without a link.

use askama::Template;
use model::EntryPath;
use texts::Texts;

use super::head::PageHead;
use super::series::{Sheet, facts, study_title, title};
use super::shown::Shown;
use super::{Page, Site, WebError, link::link};
use crate::contents::{PackageContents, SeriesSection, StudySection};
use crate::dates::display_da_tm;
use crate::layout::Edition;
use crate::numbering::Ordinal;

/// How many series the index shows, over all studies; a page of the list shows as many.
const MOST: usize = 60;

/// Series of a study, as links.
pub(super) struct SeriesLinks {
    /// Those with images.
    pub(super) cards: Vec<SeriesCard>,
    /// Those of documents and other objects.
    pub(super) lines: Vec<SeriesCard>,
}

pub(super) struct SeriesCard {
    pub(super) href: String,
    pub(super) title: Shown,
    pub(super) facts: String,
    pub(super) thumbnail: Option<Thumbnail>,
}

pub(super) struct Thumbnail {
    pub(super) src: String,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// What the index shows of the series of a study.
pub(super) struct OnIndex {
    pub(super) series: SeriesLinks,
    /// That there are more, and where.
    pub(super) more: Option<More>,
}

pub(super) struct More {
    pub(super) sentence: String,
    pub(super) pages: Vec<Sheet>,
}

#[derive(Template)]
#[template(path = "series_list.html")]
struct SeriesListPage {
    head: PageHead,
    text: Texts,
    study: Shown,
    date: Option<Shown>,
    range: String,
    series: SeriesLinks,
    pages: Vec<Sheet>,
}

/// How many series of a study the index shows: as many for each as keep the index small.
///
/// All of them up to [`MOST`] in the package; none when there are more studies than that.
fn shown_of_each(contents: &PackageContents) -> usize {
    let total = |most: usize| {
        let shown = contents.studies.iter().map(|study| study.series.len().min(most));
        shown.fold(0_usize, usize::saturating_add)
    };
    (0..=MOST).rev().find(|most| total(*most) <= MOST).unwrap_or(0)
}

/// The series of a study that the index shows.
pub(super) fn on_index(site: Site<'_>, study: &StudySection, here: &EntryPath) -> OnIndex {
    let text = site.language.texts();
    let total = study.series.len();
    let shown = shown_of_each(site.contents).min(total);
    let series = study.series.iter().take(shown);
    OnIndex {
        series: SeriesLinks::new(site, study, series, here),
        more: (shown < total).then(|| More {
            sentence: match shown {
                0 => text.list_all_series(count(total)),
                _ => text.list_some_series(count(shown), count(total)),
            },
            pages: links(site, study, here),
        }),
    }
}

/// The pages that list the series of a study; none when the index shows them all.
pub(super) fn pages<'a>(
    site: Site<'a>,
    study: &'a StudySection,
) -> impl Iterator<Item = Result<Page, WebError>> + use<'a> {
    (0..page_count(site, study)).map(move |page| list_page(site, study, page))
}

/// The page that lists a series, with its anchor; nothing when the index lists it.
pub(super) fn page_of(
    site: Site<'_>,
    study: &StudySection,
    series: &SeriesSection,
    here: &EntryPath,
) -> Option<String> {
    let index = study.series.iter().position(|other| other.ordinal == series.ordinal)?;
    let path = path(site, site.edition(), study, index / MOST);
    (page_count(site, study) > 0).then(|| link(here, &path))
}

fn page_count(site: Site<'_>, study: &StudySection) -> usize {
    let total = study.series.len();
    if total > shown_of_each(site.contents) { total.div_ceil(MOST) } else { 0 }
}

fn path(site: Site<'_>, edition: Edition, study: &StudySection, page: usize) -> EntryPath {
    let number = u32::try_from(page).ok().and_then(|page| Ordinal::new(page.checked_add(1)?));
    site.contents.layout.series_list(edition, study.ordinal, number.unwrap_or(Ordinal::FIRST))
}

fn links(site: Site<'_>, study: &StudySection, here: &EntryPath) -> Vec<Sheet> {
    let total = study.series.len();
    let link_to = |page: usize| {
        let (first, last) = range(page, total);
        let path = path(site, site.edition(), study, page);
        Sheet {
            href: link(here, &path), range: format!("{first}–{last}"), is_here: path == *here
        }
    };
    (0..page_count(site, study)).map(link_to).collect()
}

/// The first and the last series of a page, from 1.
fn range(page: usize, total: usize) -> (usize, usize) {
    let start = page.saturating_mul(MOST);
    (start.saturating_add(1), start.saturating_add(MOST).min(total))
}

fn list_page(site: Site<'_>, study: &StudySection, page: usize) -> Result<Page, WebError> {
    let Site { contents, language } = site;
    let text = language.texts();
    let here = path(site, site.edition(), study, page);
    let elsewhere = path(site, contents.edition(language.other()), study, page);
    let total = study.series.len();
    let (first, last) = range(page, total);
    let series = study.series.iter().skip(first.saturating_sub(1)).take(MOST);
    let date = study.date.as_deref();
    let date = date.map(|date| display_da_tm(date, study.time.as_deref(), language));
    let page = SeriesListPage {
        head: PageHead::new(site, &here, &elsewhere),
        text,
        study: study_title(study, text),
        date: Shown::some(date.as_deref()),
        range: text.list_range(count(first), count(last), count(total)),
        series: SeriesLinks::new(site, study, series, &here),
        pages: links(site, study, &here),
    };
    Ok((here, page.render()?))
}

impl SeriesLinks {
    fn new<'a>(
        site: Site<'_>,
        study: &StudySection,
        series: impl Iterator<Item = &'a SeriesSection>,
        here: &EntryPath,
    ) -> Self {
        let (with_images, without): (Vec<_>, Vec<_>) =
            series.partition(|series| !series.images.is_empty());
        let cards = |series: Vec<&SeriesSection>| {
            series.into_iter().map(|series| SeriesCard::new(site, study, series, here)).collect()
        };
        Self { cards: cards(with_images), lines: cards(without) }
    }
}

impl SeriesCard {
    fn new(site: Site<'_>, study: &StudySection, series: &SeriesSection, here: &EntryPath) -> Self {
        let page = site.contents.layout.series_page(site.edition(), study.ordinal, series.ordinal);
        Self {
            href: link(here, &page),
            title: title(series, site.language),
            facts: facts(series, site.language).join(" · "),
            thumbnail: series.thumbnail.as_ref().map(|thumbnail| Thumbnail {
                src: link(here, &thumbnail.path),
                width: thumbnail.width,
                height: thumbnail.height,
            }),
        }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
