//! What an account is shown of the results that it may see.
//!
//! Invariant: all of it is made of what may be seen: no number, text or order of it depends on what is
//! withheld.

use jiff::Timestamp;
use store::{
    Examination, ExaminationStatus, Kind, ListedReport, Moment, Order, OrderId, OrderKey, PersonId,
    PersonResults, Report, ReportAbout, ReportId, ReportStatus,
};

use crate::results::release::{ReleaseRules, Withheld, is_about_order, shown_status};

/// An order as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownOrder {
    /// For a link.
    pub id: OrderId,
    /// Whose.
    pub person: PersonId,
    /// Numero ordine.
    pub number: Option<String>,
    /// Descrizione: those of the examinations.
    pub description: Option<String>,
    /// Tipo.
    pub kind: Option<Kind>,
    /// Stato ordine: that of the examination that is least far; unknown when one of them is.
    pub status: Option<ExaminationStatus>,
    /// Data ordine: of the first examination.
    pub placed: Option<Moment>,
    /// Sede di esecuzione.
    pub site: Option<String>,
    /// Medico prescrivente.
    pub physician: Option<String>,
    /// Never empty, the earliest first.
    pub examinations: Vec<ShownExamination>,
    /// Reports on the order as a whole.
    pub reports: Vec<ShownReport>,
}

/// An examination as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownExamination {
    /// Study Instance UID, to retrieve it; not for the page.
    pub study: String,
    /// The PACS that has it.
    pub pacs: String,
    /// As whose study that PACS has it; not for the page.
    pub patient_id: String,
    /// Descrizione.
    pub description: Option<String>,
    /// Numero di adesione.
    pub accession_number: Option<String>,
    /// Stato.
    pub status: Option<ExaminationStatus>,
    /// Data.
    pub performed: Option<Moment>,
    /// Whether the study itself holds a report, which comes with the download.
    pub has_listed_report: bool,
    /// Reports that were handed in, the newest first.
    pub reports: Vec<ShownReport>,
    /// Modalities (0008,0061).
    pub modalities: Vec<String>,
    /// Images and documents, as far as the PACS counts them.
    pub instances: Option<u32>,
}

/// A report as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownReport {
    /// For a link.
    pub id: ReportId,
    /// Title.
    pub title: Option<String>,
    /// Stato.
    pub status: ReportStatus,
    /// The day it was signed.
    pub dated: Option<jiff::civil::Date>,
    /// Length of the PDF.
    pub bytes: u64,
    /// For the account of a package.
    pub version: u32,
}

impl ShownOrder {
    /// Whether there is a report to be had (S-066).
    pub fn has_report(&self) -> bool {
        !self.reports.is_empty()
            || self.examinations.iter().any(|one| one.has_listed_report || !one.reports.is_empty())
    }

    /// Images and documents of all examinations; `None` when one is not counted.
    pub fn instances(&self) -> Option<u32> {
        let counts: Option<Vec<u32>> = self.examinations.iter().map(|one| one.instances).collect();
        counts.map(|counts| counts.into_iter().fold(0, u32::saturating_add))
    }

    /// Every report that is shown of it.
    pub fn all_reports(&self) -> impl Iterator<Item = &ShownReport> {
        self.examinations.iter().flat_map(|one| &one.reports).chain(&self.reports)
    }
}

/// The orders of a person that may be seen at `now`.
pub(crate) fn shown_orders(
    rules: ReleaseRules,
    results: &PersonResults,
    now: Timestamp,
) -> Vec<ShownOrder> {
    results.orders.iter().filter_map(|order| shown_order(rules, results, order, now)).collect()
}

fn shown_order(
    rules: ReleaseRules,
    results: &PersonResults,
    order: &Order,
    now: Timestamp,
) -> Option<ShownOrder> {
    let mut examinations = Vec::new();
    let mut is_order_whole = true;
    for examination in &order.examinations {
        match rules.judge(results, order, examination, now) {
            Ok(()) => examinations.push(examination),
            // A report on the order says something of these too.
            Err(
                Withheld::Held
                | Withheld::NotReleased
                | Withheld::NoReport
                | Withheld::ReportWithdrawn,
            ) => is_order_whole = false,
            Err(_) => {}
        }
    }
    if examinations.is_empty() {
        return None;
    }
    examinations.sort_by(|one, other| {
        let by_date = (one.performed.is_none(), one.performed);
        by_date.cmp(&(other.performed.is_none(), other.performed)).then(one.study.cmp(&other.study))
    });
    let statuses: Option<Vec<_>> =
        examinations.iter().map(|examination| shown_status(results, order, examination)).collect();
    let text = |of: &dyn Fn(&Examination) -> Option<String>| {
        joined(examinations.iter().filter_map(|examination| of(examination)))
    };
    Some(ShownOrder {
        id: order.id,
        person: results.person.id,
        number: match &order.key {
            OrderKey::OrderNumber(number) => Some(number.0.clone()),
            OrderKey::AccessionNumber(_) | OrderKey::Study(_) => None,
        },
        description: text(&|one| one.description.as_ref().map(|text| text.0.clone())),
        kind: examinations.iter().find_map(|examination| examination.kind),
        status: statuses.and_then(|statuses| statuses.into_iter().min()),
        placed: examinations.iter().find_map(|examination| examination.performed),
        site: text(&|one| one.site.clone()),
        physician: text(&|one| one.physician.as_ref().map(|text| text.0.clone())),
        examinations: examinations
            .iter()
            .map(|examination| shown_examination(results, order, examination))
            .collect(),
        reports: shown_reports(results, |report| is_order_whole && is_about_order(report, order)),
    })
}

fn shown_examination(
    results: &PersonResults,
    order: &Order,
    examination: &Examination,
) -> ShownExamination {
    let text = |text: &Option<store::Private<String>>| text.as_ref().map(|text| text.0.clone());
    ShownExamination {
        study: examination.study.0.clone(),
        pacs: examination.pacs.clone(),
        patient_id: examination.patient_id.id.0.clone(),
        description: text(&examination.description),
        accession_number: text(&examination.accession_number),
        status: shown_status(results, order, examination),
        performed: examination.performed,
        has_listed_report: examination.listed_report != ListedReport::Absent,
        reports: shown_reports(results, |report| {
            matches!(&report.about, ReportAbout::AccessionNumber(number)
                if examination.accession_number.as_ref() == Some(number))
        }),
        modalities: examination.modalities.clone(),
        instances: examination.instances,
    }
}

/// Those in use, the newest first.
fn shown_reports(results: &PersonResults, is_meant: impl Fn(&Report) -> bool) -> Vec<ShownReport> {
    let in_use = results.reports.iter().filter(|report| report.ended.is_none());
    let mut reports: Vec<_> = in_use.filter(|report| is_meant(report)).collect();
    reports.sort_by_key(|report| std::cmp::Reverse((report.dated, report.imported, report.id)));
    let shown = |report: &Report| ShownReport {
        id: report.id,
        title: report.title.as_ref().map(|title| title.0.clone()),
        status: report.status,
        dated: report.dated,
        bytes: report.bytes,
        version: report.version,
    };
    reports.into_iter().map(shown).collect()
}

/// Each text once, in the order in which they come.
fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    (!all.is_empty()).then(|| all.join(", "))
}
