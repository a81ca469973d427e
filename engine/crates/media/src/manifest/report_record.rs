//! A report as it stands in the manifest: what a program needs to offer it to somebody.

use std::collections::BTreeMap;

use serde::Serialize;
use texts::Language;

use crate::contents::{PackageContents, ReportLink, ReportStatus};
use crate::layout::ReportFormat;

/// The disk format of a report; absent fields are not known.
#[derive(Debug, Serialize)]
pub(super) struct ReportRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// DA.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    /// TM.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// The PDF.
    path: String,
    /// The same as a page, by the tag of its language.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pages: BTreeMap<&'static str, String>,
    /// The folder of its study; absent for a report of the whole package.
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<String>,
}

impl ReportRecord {
    pub(super) fn new(report: &ReportLink, contents: &PackageContents) -> Self {
        let page = |number, language: Language| {
            let format = ReportFormat::Page(contents.edition(language));
            (language.tag(), contents.layout.report(number, format).to_string())
        };
        let pages = report.page.into_iter();
        Self {
            title: report.title.clone(),
            date: report.date.clone(),
            time: report.time.clone(),
            status: report.status.map(|status| match status {
                ReportStatus::Preliminary => "preliminary",
                ReportStatus::Final => "final",
                ReportStatus::Withdrawn => "withdrawn",
                ReportStatus::Cancelled => "cancelled",
            }),
            path: report.path.to_string(),
            pages: pages.flat_map(|n| Language::ALL.map(|one| page(n, one))).collect(),
            study: report.study.map(|study| contents.layout.study_folder(study)),
        }
    }
}
