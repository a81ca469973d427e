//! Persons: whose results are shown.

use async_trait::async_trait;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::along::Along;
use crate::error::StoreError;
use crate::id::PersonId;
use crate::private::Private;

/// A person with results in the PACS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Never changes.
    pub id: PersonId,
    /// How the PACS knows the person: never empty. No two persons share one.
    pub patient_ids: Vec<IssuedId>,
    /// Name.
    pub name: Private<Name>,
    /// Patient's Sex.
    pub sex: Option<Private<Sex>>,
    /// Date of birth.
    pub birth_date: Option<Private<Date>>,
    /// Codice fiscale.
    pub tax_code: Option<Private<String>>,
    /// Mobile telephone.
    pub phone: Option<Private<String>>,
    /// E-mail address.
    pub email: Option<Private<String>>,
    /// Postal address.
    pub address: Option<Private<String>>,
    /// Marital status, as the site writes it.
    pub marital_status: Option<Private<String>>,
    /// General practitioner.
    pub practitioner: Option<Private<String>>,
    /// Whom to turn to.
    pub contact: Option<Private<String>>,
    /// What the person agreed to.
    pub consent: Consent,
}

impl Person {
    /// Somebody of whom no more is known than the name and how the PACS knows them, and who agreed to nothing.
    pub fn new(id: PersonId, patient_ids: Vec<IssuedId>, name: Name) -> Self {
        Self {
            id,
            patient_ids,
            name: Private(name),
            sex: None,
            birth_date: None,
            tax_code: None,
            phone: None,
            email: None,
            address: None,
            marital_status: None,
            practitioner: None,
            contact: None,
            consent: Consent::default(),
        }
    }
}

/// Family and given name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Name {
    /// Family name.
    pub family: String,
    /// Given names.
    pub given: String,
}

/// Patient's Sex (PS3.3 C.7.1.1, (0010,0040)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    /// M.
    #[serde(rename = "M")]
    Male,
    /// F.
    #[serde(rename = "F")]
    Female,
    /// O.
    #[serde(rename = "O")]
    Other,
}

/// A Patient ID and who issued it (PS3.3 C.7.1.1, (0010,0020) and (0010,0021)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssuedId {
    /// Patient ID.
    pub id: Private<String>,
    /// Issuer of Patient ID; empty when the site has one issuer only.
    pub issuer: String,
}

/// What a person agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Consent {
    /// Results on line.
    pub online_results: bool,
    /// Messages about them.
    pub messages: bool,
}

/// Outcome of [`Persons::add_person`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there, and its account too.
    Done,
    /// There is a person with its [`PersonId`] already.
    Exists,
    /// A Patient ID of it belongs to another person.
    PatientIdTaken(PersonId),
    /// It has no Patient ID.
    NoPatientId,
    /// Another account has this user name.
    UserNameTaken,
    /// Another account has this subject.
    SubjectTaken,
    /// The account represents somebody who is not there.
    NoSuchPerson,
}

/// Outcome of [`Persons::replace_person`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is replaced.
    Done,
    /// There is no such person.
    Gone,
    /// Somebody else changed it first.
    Stale,
    /// A Patient ID of the new one belongs to another person.
    PatientIdTaken(PersonId),
    /// The new one has no Patient ID.
    NoPatientId,
}

/// What went with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Accounts that represented nobody else, and are gone.
    pub accounts: usize,
    /// Accounts that represent others still.
    pub unlinked: usize,
}

/// The persons.
#[async_trait]
pub trait Persons {
    /// Adds a person, with an account that represents it if one is given: both, or neither.
    async fn add_person(
        &self,
        person: Person,
        account: Option<Account>,
        along: Along,
    ) -> Result<Added, StoreError>;

    /// Puts `new` in the place of `old`: stale when the person is not `old` any more.
    async fn replace_person(
        &self,
        old: Person,
        new: Person,
        along: Along,
    ) -> Result<Replaced, StoreError>;

    /// One person.
    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError>;

    /// The person with this Patient ID.
    async fn person_by_patient_id(&self, id: &IssuedId) -> Result<Option<Person>, StoreError>;

    /// The persons with this tax code, compared without case and blanks; at most 32.
    async fn persons_by_tax_code(&self, tax_code: &str) -> Result<Vec<Person>, StoreError>;

    /// At most `limit` persons by name, behind `after`.
    async fn list_persons(
        &self,
        after: Option<&Person>,
        limit: usize,
    ) -> Result<Vec<Person>, StoreError>;

    /// Removes a person with all that is kept of it; `None` when there is no such person.
    ///
    /// Accounts that represented nobody else go too, with the messages to them. The audit trail stays.
    async fn erase_person(&self, id: PersonId, along: Along) -> Result<Option<Erased>, StoreError>;
}
