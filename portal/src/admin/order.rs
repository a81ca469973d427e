//! An order and a report as the site sees them.

use serde::Serialize;
use serde_json::Value;
use store::{Decision, Examination, OrderKey, Private, Report, ReportAbout};
use utoipa::ToSchema;

use crate::admin::values::{Day, Id, Moment, OrderRef, ReportRef};
use crate::results::SiteOrder;

/// An order of a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrderView {
    /// Names it.
    id: OrderRef,
    /// Order number, where that makes the order.
    order_number: Option<String>,
    /// Accession number, where there is no order number.
    accession_number: Option<String>,
    /// Its examinations.
    examinations: Vec<ExaminationView>,
    /// Reports on it or one of its examinations that were handed in, every version.
    reports: Vec<ReportView>,
}

/// An examination, as the PACS told it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExaminationView {
    /// Study Instance UID.
    study: String,
    /// Name of the PACS.
    pacs: String,
    /// Numero di adesione.
    accession_number: Option<String>,
    /// Descrizione.
    description: Option<String>,
    /// Tipo.
    kind: Option<String>,
    /// Stato.
    status: Option<String>,
    /// Data, with time and offset as far as they are told.
    performed: Option<String>,
    /// Medico prescrivente.
    physician: Option<String>,
    /// Sede di esecuzione.
    site: Option<String>,
    /// What the site decided on it.
    decision: Option<DecisionView>,
    /// Why it is not shown: `held`, `no-report`, `not-released`, `report-withdrawn`, `expired`,
    /// `cancelled`, `other-patient-id`; without it, it is, if the person agreed to results on line.
    withheld: Option<String>,
}

/// What the site decided.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DecisionView {
    /// `hold` or `release`.
    ruling: String,
    /// The name of a token, or `console`.
    by: String,
    /// When.
    at: Moment,
    /// Why.
    reason: Option<String>,
}

/// A version of a report that was handed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReportView {
    /// Names it.
    id: ReportRef,
    /// Accession number of the examinations that it is on.
    accession_number: Option<String>,
    /// Order number, if it is on a whole order.
    order_number: Option<String>,
    /// Tells reports on one order apart.
    document: String,
    /// Counted from 1 for each document.
    version: u32,
    /// Title.
    title: Option<String>,
    /// `preliminary` or `final`.
    status: String,
    /// The day it was signed.
    dated: Option<Day>,
    /// Length of the PDF.
    bytes: u64,
    /// SHA-256 of the PDF.
    sha256: String,
    /// When it was handed in.
    imported: Moment,
    /// By whom.
    by: String,
    /// What took it out of use: `replaced`, `withdrawn`, `cancelled`.
    ended: Option<String>,
}

/// The name of a variant, as it is written in JSON.
pub(crate) fn term(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(term)) => term,
        _ => String::new(),
    }
}

fn plain(text: Option<&Private<String>>) -> Option<String> {
    text.map(|text| text.0.clone())
}

impl From<&SiteOrder> for OrderView {
    fn from(order: &SiteOrder) -> Self {
        let (order_number, accession_number) = match &order.key {
            OrderKey::OrderNumber(number) => (Some(number.0.clone()), None),
            OrderKey::AccessionNumber(number) => (None, Some(number.0.clone())),
            OrderKey::Study(_) => (None, None),
        };
        let examinations = order.examinations.iter().map(|one| ExaminationView {
            decision: one.decision.as_ref().map(Into::into),
            withheld: one.withheld.map(|withheld| withheld.as_term().to_owned()),
            ..ExaminationView::from(&one.examination)
        });
        Self {
            id: Id(order.id),
            order_number,
            accession_number,
            examinations: examinations.collect(),
            reports: order.reports.iter().map(ReportView::from).collect(),
        }
    }
}

impl From<&Examination> for ExaminationView {
    fn from(told: &Examination) -> Self {
        Self {
            study: told.study.0.clone(),
            pacs: told.pacs.clone(),
            accession_number: plain(told.accession_number.as_ref()),
            description: plain(told.description.as_ref()),
            kind: told.kind.as_ref().map(term),
            status: told.status.as_ref().map(term),
            performed: told.performed.map(written),
            physician: plain(told.physician.as_ref()),
            site: told.site.clone(),
            decision: None,
            withheld: None,
        }
    }
}

/// Date, time and offset, as ISO 8601 writes what is known of them.
fn written(moment: store::Moment) -> String {
    let time = moment.time.map_or_else(String::new, |time| format!("T{time}"));
    let offset = moment.utc_offset_minutes.map_or_else(String::new, |minutes| {
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60)
    });
    format!("{}{time}{offset}", moment.date)
}

impl From<&Decision> for DecisionView {
    fn from(decision: &Decision) -> Self {
        Self {
            ruling: term(&decision.ruling),
            by: decision.by.clone(),
            at: Moment(decision.at),
            reason: plain(decision.reason.as_ref()),
        }
    }
}

impl From<&Report> for ReportView {
    fn from(report: &Report) -> Self {
        let (accession_number, order_number) = match &report.about {
            ReportAbout::AccessionNumber(number) => (Some(number.0.clone()), None),
            ReportAbout::OrderNumber(number) => (None, Some(number.0.clone())),
        };
        Self {
            id: Id(report.id),
            accession_number,
            order_number,
            document: report.document.clone(),
            version: report.version,
            title: plain(report.title.as_ref()),
            status: term(&report.status),
            dated: report.dated.map(Day),
            bytes: report.bytes,
            sha256: report.sha256.clone(),
            imported: Moment(report.imported),
            by: report.by.clone(),
            ended: report.ended.as_ref().map(|ended| term(&ended.how)),
        }
    }
}
