//! The overview of a study: some images of each series on few sheets of paper.

use askama::Template;
use texts::Texts;

use super::frames::{FrameView, Frames, Picture};
use super::head::PageHead;
use super::series::{facts, study_title, title};
use super::shown::Shown;
use super::{Page, Site, WebError};
use crate::contents::StudySection;
use crate::dates::display_da_tm;

/// How many images of a series are shown, at most.
const OF_A_SERIES: usize = 12;
/// How many images are shown, at most: a browser has them all in memory to print them.
const OF_A_STUDY: usize = 600;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    head: PageHead,
    text: Texts,
    title: Shown,
    date: Option<Shown>,
    series: Vec<SeriesView>,
    /// Series that have no images, or none here.
    others: Vec<Line>,
}

struct Line {
    title: Shown,
    facts: String,
}

struct SeriesView {
    title: Shown,
    facts: String,
    /// How many of how many are shown.
    shown: Option<String>,
    frames: Vec<FrameView>,
}

/// The overview of a study.
pub(super) fn page(site: Site<'_>, study: &StudySection) -> Result<Page, WebError> {
    let Site { contents, language } = site;
    let text = language.texts();
    let path = |edition| contents.layout.overview(edition, study.ordinal);
    let here = path(site.edition());
    let date = study.date.as_deref();
    let date = date.map(|date| display_da_tm(date, study.time.as_deref(), language));
    let (with_images, without): (Vec<_>, Vec<_>) =
        study.series.iter().partition(|series| !series.images.is_empty());
    let of_each = (OF_A_STUDY / with_images.len().max(1)).clamp(1, OF_A_SERIES);
    let beyond = with_images.iter().skip(OF_A_STUDY).copied();
    let others = without.into_iter().chain(beyond).map(|series| Line {
        title: title(series, language),
        facts: facts(series, language).join(" · "),
    });
    let series = with_images.iter().take(OF_A_STUDY).map(|series| {
        let title = title(series, language);
        let frames = Frames::new(site, series, title.clone());
        let all = frames.count();
        let frames = frames.spread(of_each, &here);
        let shown = frames.len();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        SeriesView {
            title,
            facts: facts(series, language).join(" · "),
            shown: (shown < all).then(|| text.overview_some(count(shown), count(all))),
            frames,
        }
    });
    let page = OverviewPage {
        head: PageHead::new(site, &here, &path(contents.edition(language.other()))),
        text,
        title: study_title(study, text),
        date: Shown::some(date.as_deref()),
        series: series.collect(),
        others: others.collect(),
    };
    Ok((here, page.render()?))
}
