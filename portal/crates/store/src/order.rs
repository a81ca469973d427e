//! Orders of a person as the PACS last told them, and what the site decides on them.
//!
//! A store keeps what was told and decided; what an account may see of it is for the caller to work out.

use async_trait::async_trait;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{OrderId, PersonId};
use crate::person::{IssuedId, Person};
use crate::private::Private;
use crate::report::Report;

/// Examinations that were ordered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Follows from person and key, so that it is the same whenever the order is told again.
    pub id: OrderId,
    /// What its examinations have in common.
    pub key: OrderKey,
    /// Never empty.
    pub examinations: Vec<Examination>,
}

/// What makes an order of examinations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderKey {
    /// Numero ordine.
    OrderNumber(Private<String>),
    /// Numero di adesione, where there is no order number.
    AccessionNumber(Private<String>),
    /// Study Instance UID, where there is neither.
    Study(Private<String>),
}

impl OrderKey {
    /// Kind and text; kinds are on disk, within identifiers.
    fn parts(&self) -> (u8, &str) {
        match self {
            Self::OrderNumber(text) => (1, text),
            Self::AccessionNumber(text) => (2, text),
            Self::Study(text) => (3, text),
        }
    }
}

impl Order {
    /// An order of a person.
    pub fn new(person: PersonId, key: OrderKey, examinations: Vec<Examination>) -> Self {
        Self { id: OrderId::of(person, &key), key, examinations }
    }
}

impl OrderId {
    /// The identifier of a person's order. Without the person's, which is random, nobody can make it.
    pub fn of(person: PersonId, key: &OrderKey) -> Self {
        let (kind, text) = key.parts();
        let mut hash = Sha256::new();
        hash.update(person.as_bytes());
        hash.update([kind]);
        hash.update(text.as_bytes());
        let mut id = [0; 16];
        for (byte, hashed) in id.iter_mut().zip(hash.finalize()) {
            *byte = hashed;
        }
        Self::from(id)
    }
}

/// A study as a PACS told it. What the PACS does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// Study Instance UID (0020,000D); one examination of a person has it.
    pub study: Private<String>,
    /// As whose study the PACS told it.
    pub patient_id: IssuedId,
    /// Name of the PACS.
    pub pacs: String,
    /// Numero di adesione.
    pub accession_number: Option<Private<String>>,
    /// Descrizione.
    pub description: Option<Private<String>>,
    /// Tipo.
    pub kind: Option<Kind>,
    /// Stato.
    pub status: Option<ExaminationStatus>,
    /// Data.
    pub performed: Option<Moment>,
    /// Medico prescrivente.
    pub physician: Option<Private<String>>,
    /// Sede di esecuzione.
    pub site: Option<String>,
    /// Whether the PACS lists a report in it.
    pub listed_report: ListedReport,
    /// Modalities in Study (0008,0061).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<String>,
    /// Number of Study Related Instances (0020,1208), as far as the PACS tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
}

/// Tipo, by the modalities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Radiologia.
    Radiology,
    /// Medicina nucleare.
    NuclearMedicine,
    /// Radioterapia.
    Radiotherapy,
    /// Cardiologia.
    Cardiology,
    /// Endoscopia.
    Endoscopy,
    /// Anatomia patologica.
    Pathology,
    /// Oculistica.
    Ophthalmology,
    /// Dermatologia.
    Dermatology,
}

/// How far an examination is, in the order of its course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExaminationStatus {
    /// Planned.
    Scheduled,
    /// Begun.
    InProgress,
    /// Performed, and not reported as far as is known.
    Performed,
    /// Finale.
    Final,
    /// Annullato.
    Cancelled,
}

/// A date, with a time and its offset from UTC as far as they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// The time of that day.
    pub time: Option<Time>,
    /// Minutes east of UTC; `None`: the local time of the place.
    pub utc_offset_minutes: Option<i16>,
}

/// Whether a PACS lists a report in a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListedReport {
    /// It lists none.
    Absent,
    /// It listed one when the study was first told.
    Present,
    /// It lists one since then, and did not before.
    Since(Timestamp),
}

/// When the PACS were asked for the orders of a person, and what they answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// Whose orders.
    pub person: PersonId,
    /// When they were last asked, whatever they answered.
    pub asked: Option<Timestamp>,
    /// When somebody last looked for the orders.
    pub wanted: Timestamp,
    /// Somebody is asking; from this moment on it counts as given up.
    pub claimed: Option<Timestamp>,
    /// When they are to be asked again without anybody looking.
    pub due: Option<Timestamp>,
    /// One for each PACS that was asked.
    pub answers: Vec<PacsAnswer>,
}

impl Refresh {
    /// Whether the PACS were asked from `since` on. What is later than `now` was written by a clock that has been
    /// set back: it tells nothing.
    pub fn is_fresh(&self, now: Timestamp, since: Timestamp) -> bool {
        self.asked.is_some_and(|asked| since <= asked && asked <= now)
    }
}

/// What a PACS last answered on the orders of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacsAnswer {
    /// Name of the PACS.
    pub pacs: String,
    /// When it last answered; its orders are of that moment.
    pub answered: Option<Timestamp>,
    /// Since when it does not answer.
    pub failing_since: Option<Timestamp>,
    /// Why not, without patient data.
    pub fault: Option<String>,
    /// Answers that were of other patients, and refused.
    pub refused: u32,
    /// It had more than it is asked for.
    pub is_cut: bool,
}

/// What the site decided on an examination, or on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whose.
    pub person: PersonId,
    /// On what.
    pub scope: Scope,
    /// What.
    pub ruling: Ruling,
    /// By whom: the name of a token, or `console`.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<Private<String>>,
}

/// What a decision is on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// What will come to this order.
    Order(OrderId),
    /// The examination with this Study Instance UID, in whichever order it is.
    Study(Private<String>),
}

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// It is withheld, whatever the rule of the site.
    Hold,
    /// It is shown, whatever the rule of the site.
    Release,
}

/// What [`Orders::decide`] is to decide.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// On which order.
    pub order: OrderId,
    /// On one of its examinations only, by Study Instance UID.
    pub study: Option<String>,
    /// What; `None`: the rule of the site counts again.
    pub ruling: Option<Ruling>,
    /// By whom: the name of a token, or `console`.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<Private<String>>,
}

/// Outcome of [`Orders::decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It is decided.
    Done,
    /// The person has no such order.
    NoSuchOrder,
    /// The order has no such examination.
    NoSuchExamination,
}

/// Outcome of [`Orders::claim_refresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's, who asks the PACS now.
    Claimed,
    /// The PACS were asked not long ago.
    Fresh,
    /// Somebody else is asking.
    Taken,
    /// There is no such person.
    NoSuchPerson,
}

/// What is kept of a person's results, all of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonResults {
    /// The person.
    pub person: Person,
    /// Its orders, in no order that means anything.
    pub orders: Vec<Order>,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// Every version of every report.
    pub reports: Vec<Report>,
    /// When the PACS were asked; `None`: never.
    pub refresh: Option<Refresh>,
}

/// The orders.
#[async_trait]
pub trait Orders {
    /// What is kept of a person's results; `None` when there is no such person.
    async fn results_of_person(&self, id: PersonId) -> Result<Option<PersonResults>, StoreError>;

    /// Whose order it is.
    async fn person_of_order(&self, id: OrderId) -> Result<Option<PersonId>, StoreError>;

    /// At most `limit` orders with this order number or accession number.
    async fn find_orders(
        &self,
        number: &str,
        limit: usize,
    ) -> Result<Vec<(PersonId, OrderId)>, StoreError>;

    /// Puts the orders of a person in the place of all that were there, and ends the claim.
    ///
    /// What was decided and imported stays; a hold on an order goes on in those that come in its place,
    /// and one on an examination that another person had goes on here. Shares, downloads and what was seen of an
    /// order that is told no more go on in the new one that has the same examinations. Orders with the same
    /// examinations as before cost no write.
    /// False when there is no such person any more.
    async fn replace_orders(
        &self,
        orders: Vec<Order>,
        refresh: Refresh,
    ) -> Result<bool, StoreError>;

    /// Takes it on to ask the PACS for a person's orders, if they were not asked after `asked_before` and
    /// nobody else is asking. After `lease` the claim is void. What lies ahead of `now`, after a clock was set back,
    /// keeps nobody from asking.
    async fn claim_refresh(
        &self,
        person: PersonId,
        now: Timestamp,
        asked_before: Timestamp,
        lease: SignedDuration,
    ) -> Result<Claim, StoreError>;

    /// Takes it on for at most `limit` persons whose orders are due, the longest due first.
    async fn claim_due_refreshes(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<PersonId>, StoreError>;

    /// Holds or releases an order or an examination of it, or leaves it to the rule again.
    ///
    /// On an order it is decided for each examination that it has. A hold counts for those that come to it
    /// later too; a release does not.
    async fn decide(
        &self,
        person: PersonId,
        decision: NewDecision,
        along: Along,
    ) -> Result<Decided, StoreError>;
}
