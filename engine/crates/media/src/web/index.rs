//! The page that opens the package: patient, reports, studies, notices, and what RAD-47 demands.

use askama::Template;
use std::cmp::Reverse;

use super::head::PageHead;
use super::series_list::{self, OnIndex};
use super::shown::Shown;
use super::{Page, Site, WebError, link::link, viewer_link};
use crate::claims;
use crate::contents::{PackageContents, ReportLink, ReportStatus, StudySection};
use crate::dates::{Date, display_da_tm};
use crate::layout::ReportFormat;
use crate::manifest::{APPLICATION, APPLICATION_VERSION};
use crate::notice_summary::{NoticeGroup, summarise};
use crate::numbering::Ordinal;
use crate::person_name::display_pn;
use texts::Texts;

use model::{EntryPath, Notice};

/// The opening page of a language.
pub(super) fn page(site: Site<'_>) -> Result<Page, WebError> {
    let here = site.contents.layout.first_page(site.edition());
    let page = IndexPage::new(site, &here).render()?;
    Ok((here, page))
}

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage {
    head: PageHead,
    text: Texts,
    status: Option<Status>,
    notices: Vec<NoticeView>,
    reports: Vec<ReportView>,
    studies: Vec<StudyView>,
    counts: String,
    total: Option<Totals>,
    unpack: String,
    windows: String,
    macos: String,
    phone: String,
    own_viewer: &'static str,
    viewer: Option<Viewer>,
    readme: Link,
    manifest: Link,
    documents: Vec<DocumentView>,
    claim: &'static str,
    transfer_syntaxes: String,
    made_by: String,
    disclaimer: Option<Shown>,
}

/// Whether everything is in.
struct Status {
    is_warning: bool,
    sentence: String,
}

struct NoticeView {
    is_loss: bool,
    what: String,
    advice: &'static str,
    named: Vec<Shown>,
    more: Option<String>,
}

struct ReportView {
    href: String,
    title: Shown,
    date: Option<Shown>,
    /// The same as a page.
    page: Option<String>,
    status: Option<(&'static str, &'static str)>,
    is_importable: bool,
    /// Its study, where there are several: place and title.
    study: Option<(String, Shown)>,
}

struct StudyView {
    title: Shown,
    overview: String,
    /// Label and value.
    facts: Vec<(&'static str, Shown)>,
    date: Option<Shown>,
    on_index: OnIndex,
    series_count: usize,
    instance_count: usize,
}

struct Totals {
    series: usize,
    instances: usize,
}

struct Viewer {
    href: String,
    /// What is said of the program for Windows, when there is one.
    program: Option<String>,
}

struct Link {
    href: String,
    name: String,
}

/// A file that was inside a DICOM object.
struct DocumentView {
    file: Link,
    title: Shown,
    mime_type: Option<Shown>,
}

impl IndexPage {
    fn new(site: Site<'_>, here: &EntryPath) -> Self {
        let Site { contents, language } = site;
        let layout = contents.layout;
        let text = language.texts();
        let elsewhere = layout.first_page(contents.edition(language.other()));
        let index = layout.index();
        let to = |path: &EntryPath| Link { href: link(here, path), name: path.to_string() };
        let mut reports: Vec<&ReportLink> = contents.reports.iter().collect();
        // Newest first; a report without a date stands last.
        reports.sort_by_key(|report| {
            Reverse((report.date.as_deref().and_then(Date::from_da), report.time.as_deref()))
        });
        Self {
            head: PageHead::new(site, here, &elsewhere),
            text,
            status: Status::of(contents, text),
            notices: summarise(&contents.notices, language)
                .into_iter()
                .map(|group| NoticeView::new(group, text))
                .collect(),
            reports: reports
                .into_iter()
                .map(|report| ReportView::new(report, here, site))
                .collect(),
            studies: contents
                .studies
                .iter()
                .map(|study| StudyView::new(study, site, here))
                .collect(),
            counts: text.page_counts(
                contents.counts.expected,
                contents.counts.received,
                contents.counts.rendered,
            ),
            total: contents.has_file_set().then(|| Totals {
                series: contents.series_count(),
                instances: contents.instance_count(),
            }),
            unpack: text.page_unpack(index.as_str()),
            windows: text.open_windows(index.as_str()),
            macos: text.open_macos(index.as_str()),
            phone: text.open_phone(index.as_str()),
            own_viewer: match contents.viewer {
                Some(_) => text.page_own_or_bundled_viewer(),
                None => text.page_own_viewer(),
            },
            viewer: viewer_link::to_viewer(site, here).map(|href| Viewer {
                href,
                program: contents
                    .viewer_program
                    .as_ref()
                    .map(|program| text.page_viewer_program(program.as_str())),
            }),
            readme: to(&layout.readme()),
            manifest: to(&layout.manifest()),
            documents: contents
                .documents
                .iter()
                .map(|document| DocumentView {
                    file: to(&document.path),
                    title: Shown::some(document.title.as_deref())
                        .unwrap_or_else(|| Shown::new(text.object_document())),
                    mime_type: Shown::some(document.mime_type.as_deref()),
                })
                .collect(),
            claim: claims::claim(contents, language),
            transfer_syntaxes: claims::describe(&contents.transfer_syntaxes).join(", "),
            made_by: text.page_made_by(APPLICATION, APPLICATION_VERSION),
            disclaimer: Shown::some(
                contents.branding.disclaimer.as_ref().map(|disclaimer| disclaimer.of(language)),
            ),
        }
    }
}

/// The facts that are known.
fn facts<const N: usize>(facts: [(&'static str, Option<&str>); N]) -> Vec<(&'static str, Shown)> {
    let known = |(label, value)| Shown::some(value).map(|shown| (label, shown));
    facts.into_iter().filter_map(known).collect()
}

impl Status {
    fn of(contents: &PackageContents, text: Texts) -> Option<Self> {
        let counts = contents.counts;
        if counts.received < counts.expected {
            let sentence = text.page_incomplete(counts.expected, counts.received);
            Some(Self { is_warning: true, sentence })
        } else if contents.notices.iter().any(Notice::is_loss) {
            Some(Self { is_warning: true, sentence: text.page_check_notices().to_owned() })
        } else {
            (counts.expected > 0)
                .then(|| Self { is_warning: false, sentence: text.page_complete(counts.received) })
        }
    }
}

impl NoticeView {
    fn new(group: NoticeGroup, text: Texts) -> Self {
        Self {
            is_loss: group.is_loss,
            what: group.what,
            advice: group.advice,
            named: group.named.iter().map(|name| Shown::new(name)).collect(),
            more: (group.unnamed > 0).then(|| text.page_more_in_manifest(group.unnamed)),
        }
    }
}

impl ReportView {
    fn new(report: &ReportLink, here: &EntryPath, site: Site<'_>) -> Self {
        let (layout, language) = (site.contents.layout, site.language);
        let page = ReportFormat::Page(site.edition());
        let text = language.texts();
        let date = report
            .date
            .as_deref()
            .map(|date| display_da_tm(date, report.time.as_deref(), language));
        Self {
            href: link(here, &report.path),
            title: Shown::some(report.title.as_deref())
                .unwrap_or_else(|| Shown::new(text.page_report())),
            date: Shown::some(date.as_deref()),
            page: report.page.map(|number| link(here, &layout.report(number, page))),
            status: report.status.map(|status| match status {
                ReportStatus::Preliminary => ("attention", text.page_preliminary()),
                ReportStatus::Final => ("good", text.page_final_status()),
                ReportStatus::Withdrawn => ("attention", text.page_withdrawn()),
                ReportStatus::Cancelled => ("attention", text.page_cancelled()),
            }),
            is_importable: report.file_id.is_some(),
            study: report.study.and_then(|study| study_of(study, site.contents, text)),
        }
    }
}

/// Where the index tells of a study, and what it calls it; with one study nobody asks.
fn study_of(ordinal: Ordinal, contents: &PackageContents, text: Texts) -> Option<(String, Shown)> {
    let at = contents.studies.iter().position(|study| study.ordinal == ordinal)?;
    let study = contents.studies.get(at).filter(|_| contents.studies.len() > 1)?;
    Some((format!("#study{}", at.saturating_add(1)), super::series::study_title(study, text)))
}

impl StudyView {
    fn new(study: &StudySection, site: Site<'_>, here: &EntryPath) -> Self {
        let Site { contents, language } = site;
        let text = language.texts();
        let date =
            study.date.as_deref().map(|date| display_da_tm(date, study.time.as_deref(), language));
        let physician = study.referring_physician.as_deref().and_then(display_pn);
        Self {
            title: super::series::study_title(study, text),
            overview: link(here, &contents.layout.overview(site.edition(), study.ordinal)),
            date: Shown::some(date.as_deref()),
            facts: facts([
                (text.page_date(), date.as_deref()),
                (text.page_accession_number(), study.accession_number.as_deref()),
                (text.page_referring_physician(), physician.as_deref()),
                (text.page_study_institution(), study.institution.as_deref()),
            ]),
            on_index: series_list::on_index(site, study, here),
            series_count: study.series.len(),
            instance_count: study.instance_count(),
        }
    }
}
