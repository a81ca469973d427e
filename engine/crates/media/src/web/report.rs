//! A structured report as a page: every concept with its value, nested as in the document.
//!
//! Standard: DICOM PS3.3 §A.35 (SR document IODs), §C.17.

mod content;

use askama::Template;
use dicom_dictionary_std::tags;
use model::EntryPath;
use part10::Dataset;

use self::content::{Content, Step, display_dt, meaning};
use super::WebError;
use super::head::{PageHead, PatientView};
use super::shown::Shown;
use crate::contents::{Institution, Patient};
use crate::dates::{Date, display_da_tm};
use crate::layout::Layout;
use crate::person_name::display_pn;
use texts::{Language, Texts};

/// What the page of a report takes from the package around it.
#[derive(Debug, Clone)]
pub struct ReportFrame<'a> {
    /// The language of labels and dates; the report itself stays as it was written.
    pub language: Language,
    /// Where everything lies.
    pub layout: Layout,
    /// Who made the package.
    pub institution: Institution,
    /// Whose it is.
    pub patient: &'a Patient,
    /// Where the page will lie: [`Layout::report`].
    pub path: &'a EntryPath,
}

/// Whether a data set is a structured report that [`report_page`] can show.
pub fn is_structured_report(dataset: &Dataset<'_>) -> bool {
    let is_container = dataset.text(tags::VALUE_TYPE).is_some_and(|value| value == "CONTAINER");
    is_container && !dataset.items(tags::CONTENT_SEQUENCE).is_empty()
}

/// The page of a structured report as XHTML in UTF-8.
///
/// # Errors
/// [`WebError`] when the template fails, which no content can cause.
///
/// # Limits
/// 20 000 content items, 24 levels; the page says when there is more.
pub fn report_page(frame: ReportFrame<'_>, dataset: &Dataset<'_>) -> Result<String, WebError> {
    Ok(ReportPage::new(frame, dataset).render()?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    head: PageHead,
    text: Texts,
    title: Shown,
    /// Label and value.
    facts: Vec<(&'static str, Shown)>,
    verifications: Vec<Shown>,
    content: Content,
}

impl ReportPage {
    fn new(frame: ReportFrame<'_>, dataset: &Dataset<'_>) -> Self {
        let ReportFrame { language, layout, institution, patient, path } = frame;
        let text = language.texts();
        let study_date = dataset.text(tags::STUDY_DATE);
        let study_date = study_date.as_deref().and_then(Date::from_da);
        let patient = PatientView::new(patient, study_date, language);
        let title = meaning(dataset, tags::CONCEPT_NAME_CODE_SEQUENCE);
        let date = dataset.text(tags::CONTENT_DATE).map(|date| {
            display_da_tm(&date, dataset.text(tags::CONTENT_TIME).as_deref(), language)
        });
        let completion = dataset.text(tags::COMPLETION_FLAG).map(|flag| match flag.as_str() {
            "COMPLETE" => text.report_complete().to_owned(),
            "PARTIAL" => text.report_partial().to_owned(),
            _ => flag,
        });
        let verification = dataset.text(tags::VERIFICATION_FLAG).map(|flag| match flag.as_str() {
            "VERIFIED" => text.report_verified().to_owned(),
            "UNVERIFIED" => text.report_unverified().to_owned(),
            _ => flag,
        });
        let facts = [
            (text.page_date(), date),
            (text.page_accession_number(), dataset.text(tags::ACCESSION_NUMBER)),
            (text.report_completion(), completion),
            (text.report_verification(), verification),
        ];
        Self {
            head: PageHead::of_report(language, layout, &institution, patient, path),
            text,
            title: Shown::some(title.as_deref()).unwrap_or_else(|| Shown::new(text.page_report())),
            facts: facts
                .iter()
                .filter_map(|(label, value)| Some((*label, Shown::some(value.as_deref())?)))
                .collect(),
            verifications: verifications(dataset, language),
            content: Content::of(dataset, language),
        }
    }
}

/// Who verified the document, and when (PS3.3 Table C.17-2).
fn verifications(dataset: &Dataset<'_>, language: Language) -> Vec<Shown> {
    let text = language.texts();
    let verification = |observer: &Dataset<'_>| {
        let name = observer.text(tags::VERIFYING_OBSERVER_NAME);
        let name = name.as_deref().and_then(display_pn)?;
        let sentence = match observer.text(tags::VERIFICATION_DATE_TIME) {
            Some(date) => text.report_verified_by_on(display_dt(&date, language), name),
            None => text.report_verified_by(name),
        };
        Some(Shown::new(&sentence))
    };
    dataset.items(tags::VERIFYING_OBSERVER_SEQUENCE).iter().filter_map(verification).collect()
}
