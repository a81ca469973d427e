//! What the site does with results: sees why they are withheld, holds, releases, hands in reports.

use jiff::civil::Date;
use store::{
    Actor, Decided, Decision, EndOfReport, Ended, Event, Examination, Imported, IssuedId,
    NewDecision, NewReport, Order, OrderId, OrderKey, Outcome, Person, PersonId, PersonResults,
    Private, Refresh, Report, ReportAbout, ReportEnd, ReportId, ReportStatus, Ruling,
};

use crate::results::release::{Withheld, decision_on, is_about_order};
use crate::results::{Results, ResultsError};

/// All that is kept of a person's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteResults {
    /// The person. Without consent nothing is shown on line, whatever is said of an examination.
    pub person: Person,
    /// The orders, the newest first.
    pub orders: Vec<SiteOrder>,
    /// Reports on nothing that the PACS has told so far, every version.
    pub waiting_reports: Vec<Report>,
    /// When the PACS were asked, and what each answered.
    pub refresh: Option<Refresh>,
}

/// An order as the site sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteOrder {
    /// For holds and releases.
    pub id: OrderId,
    /// What its examinations have in common.
    pub key: OrderKey,
    /// Its examinations.
    pub examinations: Vec<SiteExamination>,
    /// Reports on the order or one of its examinations, every version.
    pub reports: Vec<Report>,
}

/// An examination as the site sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteExamination {
    /// What the PACS told.
    pub examination: Examination,
    /// Why it is not shown; `None`: it is.
    pub withheld: Option<Withheld>,
    /// What the site decided on it.
    pub decision: Option<Decision>,
}

/// Whose report it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Of a person, by our identifier.
    Person(PersonId),
    /// Of the person with this Patient ID.
    PatientId(IssuedId),
}

/// A report to hand in.
#[derive(Debug, Clone)]
pub struct ReportImport {
    /// Whose.
    pub whose: Whose,
    /// On what.
    pub about: ReportAbout,
    /// Tells reports on one order apart; empty where there is one only.
    pub document: String,
    /// The version that the sender gives it; without one it is the next.
    pub version: Option<u32>,
    /// Title.
    pub title: Option<Private<String>>,
    /// Stato.
    pub status: ReportStatus,
    /// The day it was signed.
    pub dated: Option<Date>,
    /// By whom: the name of a token, or `console`.
    pub by: String,
    /// The document itself.
    pub pdf: Vec<u8>,
}

/// Why a report is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportRefused {
    /// Nobody is known by that.
    #[error(
        "no person has this identifier: enrol the patient first, or correct the Patient ID and its issuer"
    )]
    NoSuchPerson,
    /// It is too large.
    #[error(
        "the report has {bytes} bytes, and at most {most} are taken: results.report_mib sets the limit"
    )]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The largest that is taken.
        most: u64,
    },
    /// It is none.
    #[error("the file is no PDF: hand in the PDF itself, not a page or a signature around it")]
    NoPdf,
    /// It is cut short or spoiled.
    #[error("the PDF is damaged or cut short: export it again")]
    Damaged,
    /// Nobody could open it.
    #[error("the PDF is encrypted, and the patient has no password for it: export it without")]
    Locked,
    /// There is a newer one.
    #[error("version {version} of this report is there already: give a higher one, or none")]
    NotNewer {
        /// The highest.
        version: u32,
    },
    /// A text is empty, too long, or holds control characters.
    #[error("{what} is empty, longer than {most} characters or holds control characters")]
    OddText {
        /// Which.
        what: &'static str,
        /// Its longest.
        most: usize,
    },
}

/// The longest accession number, order number, name of a document (PS3.5 §6.2: LO has 64 characters), and title.
const LONGEST_NUMBER: usize = 64;
const LONGEST_TITLE: usize = 200;

impl Results {
    /// All that is kept of a person's results, with why what is withheld is.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn of_person(&self, person: PersonId) -> Result<Option<SiteResults>, ResultsError> {
        let results = self.store.results_of_person(person).await?;
        Ok(results.map(|results| self.as_site_sees(results)))
    }

    /// The largest PDF that is taken.
    pub(crate) fn most_report_bytes(&self) -> u64 {
        self.most_report_bytes
    }

    /// At most `limit` orders with this order number or accession number.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn find(
        &self,
        number: &str,
        limit: usize,
    ) -> Result<Vec<(PersonId, OrderId)>, ResultsError> {
        Ok(self.store.find_orders(number, limit).await?)
    }

    /// Holds or releases an order, or one of its examinations by Study Instance UID; without a ruling the
    /// rule of the site counts again.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn decide(
        &self,
        order: OrderId,
        study: Option<String>,
        ruling: Option<Ruling>,
        by: &str,
        reason: Option<Private<String>>,
    ) -> Result<Decided, ResultsError> {
        let Some(person) = self.store.person_of_order(order).await? else {
            return Ok(Decided::NoSuchOrder);
        };
        let action = match ruling {
            Some(Ruling::Hold) => "order.hold",
            Some(Ruling::Release) => "order.release",
            None => "order.follow-rule",
        };
        let at = self.clock.now();
        let event = self.site_event(action, by, person, order.to_string());
        let decision = NewDecision { order, study, ruling, by: by.to_owned(), at, reason };
        let decided = self.store.decide(person, decision, event.into()).await?;
        self.tell_decided(person);
        Ok(decided)
    }

    /// Takes a report that the PACS does not hold.
    ///
    /// The same report again is no fault: the answer is the one that is there.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn import_report(
        &self,
        import: ReportImport,
    ) -> Result<Result<Report, ReportRefused>, ResultsError> {
        if let Err(refused) = self.check(&import) {
            return Ok(Err(refused));
        }
        let person = match &import.whose {
            Whose::Person(id) => self.store.person(*id).await?,
            Whose::PatientId(id) => self.store.person_by_patient_id(id).await?,
        };
        let Some(person) = person else { return Ok(Err(ReportRefused::NoSuchPerson)) };
        let ReportImport { about, document, version, title, status, dated, by, pdf, .. } = import;
        let id = ReportId::fresh()?;
        let event = self.site_event("report.import", &by, person.id, id.to_string());
        let at = self.clock.now();
        let person = person.id;
        let report =
            NewReport { id, person, about, document, version, title, status, dated, at, by, pdf };
        let imported = self.store.import_report(report, event.into()).await?;
        self.tell_decided(person);
        Ok(match imported {
            Imported::Done(report) | Imported::Unchanged(report) => Ok(*report),
            Imported::NotNewer { version } => Err(ReportRefused::NotNewer { version }),
            Imported::NoSuchPerson => Err(ReportRefused::NoSuchPerson),
        })
    }

    /// Takes a report out of use. With the last one that is in use its examinations are withheld.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn withdraw_report(
        &self,
        id: ReportId,
        is_cancelled: bool,
        by: &str,
        reason: Option<Private<String>>,
    ) -> Result<Ended, ResultsError> {
        let Some(report) = self.store.report(id).await? else { return Ok(Ended::NoSuchReport) };
        let how = if is_cancelled { EndOfReport::Cancelled } else { EndOfReport::Withdrawn };
        let end = ReportEnd { how, at: self.clock.now(), by: by.to_owned(), reason };
        let event = self.site_event("report.withdraw", by, report.person, id.to_string());
        let ended = self.store.end_report(id, end, event.into()).await?;
        self.tell_decided(report.person);
        Ok(ended)
    }

    /// Asks the PACS for a person's orders now, and waits for their answers. False when somebody else asks.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn refresh(&self, person: PersonId) -> Result<bool, ResultsError> {
        Ok(self.refresher.now(person).await?)
    }

    fn check(&self, import: &ReportImport) -> Result<(), ReportRefused> {
        let text = |what, text: &str, most| {
            let is_odd = text.trim().is_empty()
                || text.chars().count() > most
                || text.chars().any(char::is_control);
            if is_odd { Err(ReportRefused::OddText { what, most }) } else { Ok(()) }
        };
        match &import.about {
            ReportAbout::AccessionNumber(number) => {
                text("the accession number", number, LONGEST_NUMBER)?;
            }
            ReportAbout::OrderNumber(number) => text("the order number", number, LONGEST_NUMBER)?,
        }
        if !import.document.is_empty() {
            text("the name of the document", &import.document, LONGEST_NUMBER)?;
        }
        if let Some(title) = &import.title {
            text("the title", title, LONGEST_TITLE)?;
        }
        let bytes = import.pdf.len() as u64;
        if bytes > self.most_report_bytes {
            return Err(ReportRefused::TooLarge { bytes, most: self.most_report_bytes });
        }
        match engine::pdf_fault(&import.pdf) {
            None => Ok(()),
            Some(engine::ReportFault::Damaged) => Err(ReportRefused::Damaged),
            Some(engine::ReportFault::Locked) => Err(ReportRefused::Locked),
            Some(_) => Err(ReportRefused::NoPdf),
        }
    }

    fn as_site_sees(&self, results: PersonResults) -> SiteResults {
        let now = self.clock.now();
        let mut waiting_reports = results.reports.clone();
        let mut orders = Vec::new();
        let mut newest_first: Vec<&Order> = results.orders.iter().collect();
        newest_first.sort_by_key(|order| {
            let first = order.examinations.iter().filter_map(|one| one.performed).min();
            std::cmp::Reverse((first, order.id))
        });
        for order in newest_first {
            let is_about = |report: &Report| match &report.about {
                ReportAbout::OrderNumber(_) => is_about_order(report, order),
                ReportAbout::AccessionNumber(number) => {
                    let mut examinations = order.examinations.iter();
                    examinations.any(|one| one.accession_number.as_ref() == Some(number))
                }
            };
            waiting_reports.retain(|report| !is_about(report));
            let examinations = order.examinations.iter().map(|examination| SiteExamination {
                examination: examination.clone(),
                withheld: self.release.judge(&results, order, examination, now).err(),
                decision: decision_on(&results, order, examination).cloned(),
            });
            orders.push(SiteOrder {
                id: order.id,
                key: order.key.clone(),
                examinations: examinations.collect(),
                reports: results.reports.iter().filter(|one| is_about(one)).cloned().collect(),
            });
        }
        let PersonResults { person, refresh, .. } = results;
        SiteResults { person, orders, waiting_reports, refresh }
    }

    fn site_event(&self, action: &str, by: &str, person: PersonId, object: String) -> Event {
        Event {
            at: self.clock.now(),
            actor: Actor::Admin(by.to_owned()),
            action: action.to_owned(),
            person: Some(person),
            account: None,
            object: Some(object),
            outcome: Outcome::Done,
            address: None,
        }
    }
}
