//! What of a person's results may be seen, and why the rest may not.
//!
//! Invariant: a value goes in, a value comes out: neither store nor clock is asked here.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use store::{
    Decision, EndOfReport, Examination, ExaminationStatus, ListedReport, Order, OrderKey,
    PersonResults, Report, ReportAbout, ReportStatus, Ruling, Scope,
};

/// When an examination is shown without anybody deciding on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReleaseRule {
    /// As soon as there is a report: a final one that was handed in, or one that the PACS lists.
    #[default]
    ReportPresent,
    /// At once.
    Always,
    /// Never: the site releases each.
    Explicit,
}

/// How a site releases results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseRules {
    /// When an examination is shown.
    pub rule: ReleaseRule,
    /// For how many days from the report or the performance, whichever is later; `None`: without end.
    pub availability_days: Option<u16>,
}

impl Default for ReleaseRules {
    fn default() -> Self {
        Self { rule: ReleaseRule::default(), availability_days: Some(45) }
    }
}

/// Why an examination is not shown: for the site, never for a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Withheld {
    /// The PACS told it of a Patient ID that the person does not have.
    OtherPatientId,
    /// The PACS says that it is cancelled.
    Cancelled,
    /// The site holds it.
    Held,
    /// Its report was withdrawn or cancelled, and no other is in use.
    ReportWithdrawn,
    /// The rule asks for a report, and there is none.
    NoReport,
    /// The rule asks for a release, and there is none.
    NotReleased,
    /// Its days are over.
    Expired,
}

impl Withheld {
    /// A word for programs.
    pub fn as_term(self) -> &'static str {
        match self {
            Self::OtherPatientId => "other-patient-id",
            Self::Cancelled => "cancelled",
            Self::Held => "held",
            Self::ReportWithdrawn => "report-withdrawn",
            Self::NoReport => "no-report",
            Self::NotReleased => "not-released",
            Self::Expired => "expired",
        }
    }
}

impl ReleaseRules {
    /// Whether an examination may be seen at `now`.
    ///
    /// # Errors
    /// Why it may not.
    pub fn judge(
        self,
        results: &PersonResults,
        order: &Order,
        examination: &Examination,
        now: Timestamp,
    ) -> Result<(), Withheld> {
        if !results.person.patient_ids.contains(&examination.patient_id) {
            return Err(Withheld::OtherPatientId);
        }
        if examination.status == Some(ExaminationStatus::Cancelled) {
            return Err(Withheld::Cancelled);
        }
        let decision = decision_on(results, order, examination);
        if decision.is_some_and(|decision| decision.ruling == Ruling::Hold) {
            return Err(Withheld::Held);
        }
        let released = decision.map(|decision| decision.at);
        let reports = reports_on(results, order, examination);
        if let Some(withdrawn) = withdrawn_at(&reports)
            && released.is_none_or(|released| released <= withdrawn)
        {
            return Err(Withheld::ReportWithdrawn);
        }
        if released.is_none() {
            match self.rule {
                ReleaseRule::ReportPresent if !is_reported(&reports, examination) => {
                    return Err(Withheld::NoReport);
                }
                ReleaseRule::Explicit => return Err(Withheld::NotReleased),
                ReleaseRule::ReportPresent | ReleaseRule::Always => {}
            }
        }
        let last = self.last_day(&reports, examination, released);
        if last.is_some_and(|last| day(now) > last) { Err(Withheld::Expired) } else { Ok(()) }
    }

    /// From when on nothing of an order is shown any more by time alone; `None`: without end.
    pub(crate) fn shown_until(
        self,
        results: &PersonResults,
        order: &Order,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut last = None;
        for examination in &order.examinations {
            if self.judge(results, order, examination, now).is_ok() {
                let released = decision_on(results, order, examination).map(|one| one.at);
                let reports = reports_on(results, order, examination);
                last = last.max(Some(self.last_day(&reports, examination, released)?));
            }
        }
        let behind = last?.tomorrow().ok()?;
        TimeZone::system().to_timestamp(behind.at(0, 0, 0, 0)).ok()
    }

    /// The last day on which it is shown; `None`: without end, or nothing tells a day.
    fn last_day(
        self,
        reports: &[&Report],
        examination: &Examination,
        released: Option<Timestamp>,
    ) -> Option<Date> {
        let days = Span::new().days(self.availability_days?);
        let in_use = reports.iter().filter(|report| report.ended.is_none());
        let dated = in_use.map(|report| report.dated.unwrap_or_else(|| day(report.imported)));
        let listed = match examination.listed_report {
            ListedReport::Since(at) => Some(day(at)),
            ListedReport::Present | ListedReport::Absent => None,
        };
        let performed = examination.performed.map(|moment| moment.date);
        let first = dated.chain(listed).chain(performed).chain(released.map(day)).max()?;
        Some(first.saturating_add(days))
    }
}

/// The day of a moment in the time zone of this machine, as the pages say it.
fn day(at: Timestamp) -> Date {
    TimeZone::system().to_datetime(at).date()
}

/// What was decided on an examination; on its order only what is to hold for those that came later.
pub(crate) fn decision_on<'a>(
    results: &'a PersonResults,
    order: &Order,
    examination: &Examination,
) -> Option<&'a Decision> {
    let on = |scope: &Scope| results.decisions.iter().find(|decision| decision.scope == *scope);
    on(&Scope::Study(examination.study.clone())).or_else(|| on(&Scope::Order(order.id)))
}

/// Every version of the reports on an examination.
fn reports_on<'a>(
    results: &'a PersonResults,
    order: &Order,
    examination: &Examination,
) -> Vec<&'a Report> {
    let is_meant = |report: &&Report| match &report.about {
        ReportAbout::AccessionNumber(number) => {
            examination.accession_number.as_ref() == Some(number)
        }
        ReportAbout::OrderNumber(_) => is_about_order(report, order),
    };
    results.reports.iter().filter(is_meant).collect()
}

/// Whether a report is on an order as a whole.
pub(crate) fn is_about_order(report: &Report, order: &Order) -> bool {
    match (&report.about, &order.key) {
        (ReportAbout::OrderNumber(number), OrderKey::OrderNumber(of_order)) => number == of_order,
        _ => false,
    }
}

/// Whether there is a report as the rule asks for.
fn is_reported(reports: &[&Report], examination: &Examination) -> bool {
    examination.listed_report != ListedReport::Absent
        || reports.iter().any(|report| is_final(report))
}

fn is_final(report: &Report) -> bool {
    report.ended.is_none() && report.status == ReportStatus::Final
}

/// When the last report in use was withdrawn.
fn withdrawn_at(reports: &[&Report]) -> Option<Timestamp> {
    if reports.iter().any(|report| is_final(report)) {
        return None;
    }
    let ends = reports.iter().filter_map(|report| report.ended.as_ref());
    ends.filter(|end| end.how != EndOfReport::Replaced).map(|end| end.at).max()
}

/// The status that is shown. A report makes an examination final where the PACS does not say otherwise.
pub(crate) fn shown_status(
    results: &PersonResults,
    order: &Order,
    examination: &Examination,
) -> Option<ExaminationStatus> {
    match examination.status {
        None | Some(ExaminationStatus::Performed)
            if is_reported(&reports_on(results, order, examination), examination) =>
        {
            Some(ExaminationStatus::Final)
        }
        told => told,
    }
}
