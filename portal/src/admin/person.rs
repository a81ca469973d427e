//! A person as administrators read and write it.

use serde::{Deserialize, Serialize};
use store::{Consent, IssuedId, Name, Person, PersonId, Private};
use utoipa::ToSchema;

use crate::admin::values::{Day, Email, Id, Line, LongLine, PatientId, PersonRef};

/// All that the site says of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonData {
    /// How the PACS knows the person. No two persons share one.
    #[schema(min_items = 1, max_items = 16)]
    pub(crate) patient_ids: Vec<IssuedPatientId>,
    /// Family name.
    pub(crate) family_name: Line,
    /// Given names.
    pub(crate) given_name: Line,
    /// Patient's Sex (0010,0040).
    #[serde(default)]
    pub(crate) sex: Option<Sex>,
    /// Date of birth.
    #[serde(default)]
    pub(crate) birth_date: Option<Day>,
    /// Codice fiscale.
    #[serde(default)]
    pub(crate) tax_code: Option<Line>,
    /// Telephone, as the profile shows it.
    #[serde(default)]
    pub(crate) phone: Option<Line>,
    /// E-mail address, as the profile shows it.
    #[serde(default)]
    pub(crate) email: Option<Email>,
    /// Postal address.
    #[serde(default)]
    pub(crate) address: Option<LongLine>,
    /// Marital status, as the site writes it.
    #[serde(default)]
    pub(crate) marital_status: Option<Line>,
    /// General practitioner.
    #[serde(default)]
    pub(crate) practitioner: Option<Line>,
    /// Whom to turn to.
    #[serde(default)]
    pub(crate) contact: Option<Line>,
    /// What the person agreed to; without it, to nothing.
    #[serde(default)]
    pub(crate) consent: Consents,
}

/// A Patient ID and who issued it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuedPatientId {
    /// Patient ID (0010,0020).
    pub(crate) id: PatientId,
    /// Issuer of Patient ID (0010,0021); without it, of the site's one issuer.
    #[serde(default)]
    pub(crate) issuer: Option<PatientId>,
}

/// Patient's Sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Sex {
    /// Male.
    M,
    /// Female.
    F,
    /// Other.
    O,
}

/// What a person agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consents {
    /// Results on line.
    #[serde(default)]
    pub(crate) online_results: bool,
    /// Messages about them.
    #[serde(default)]
    pub(crate) messages: bool,
}

/// A person with its name here.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// Names the person; never changes.
    pub(crate) id: PersonRef,
    /// What the site says.
    pub(crate) data: PersonData,
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self { id: Id(person.id), data: person.into() }
    }
}

impl From<&IssuedId> for IssuedPatientId {
    fn from(issued: &IssuedId) -> Self {
        let issuer = (!issued.issuer.is_empty()).then(|| PatientId::known(&issued.issuer));
        Self { id: PatientId::known(&issued.id), issuer }
    }
}

impl From<IssuedPatientId> for IssuedId {
    fn from(issued: IssuedPatientId) -> Self {
        Self {
            id: Private(issued.id.into_string()),
            issuer: issued.issuer.map(PatientId::into_string).unwrap_or_default(),
        }
    }
}

impl From<&Person> for PersonData {
    fn from(person: &Person) -> Self {
        let line = |text: &Option<Private<String>>| text.as_ref().map(|text| Line::known(text));
        Self {
            patient_ids: person.patient_ids.iter().map(IssuedPatientId::from).collect(),
            family_name: Line::known(&person.name.family),
            given_name: Line::known(&person.name.given),
            sex: person.sex.as_ref().map(|sex| match **sex {
                store::Sex::Male => Sex::M,
                store::Sex::Female => Sex::F,
                store::Sex::Other => Sex::O,
            }),
            birth_date: person.birth_date.as_ref().map(|date| Day(**date)),
            tax_code: line(&person.tax_code),
            phone: line(&person.phone),
            email: person.email.as_ref().map(|text| Email::known(text)),
            address: person.address.as_ref().map(|text| LongLine::known(text)),
            marital_status: line(&person.marital_status),
            practitioner: line(&person.practitioner),
            contact: line(&person.contact),
            consent: Consents {
                online_results: person.consent.online_results,
                messages: person.consent.messages,
            },
        }
    }
}

impl PersonData {
    /// The most Patient IDs of a person.
    pub(crate) const MOST_IDS: usize = 16;

    /// Somebody of whom nothing but the name is known.
    pub(crate) fn named(family_name: Line, given_name: Line) -> Self {
        Self {
            patient_ids: Vec::new(),
            family_name,
            given_name,
            sex: None,
            birth_date: None,
            tax_code: None,
            phone: None,
            email: None,
            address: None,
            marital_status: None,
            practitioner: None,
            contact: None,
            consent: Consents::default(),
        }
    }

    /// As the store keeps it.
    pub(crate) fn into_person(self, id: PersonId) -> Person {
        let line = |text: Option<Line>| text.map(|text| Private(text.into_string()));
        let name =
            Name { family: self.family_name.into_string(), given: self.given_name.into_string() };
        Person {
            id,
            patient_ids: self.patient_ids.into_iter().map(IssuedId::from).collect(),
            name: Private(name),
            sex: self.sex.map(|sex| {
                Private(match sex {
                    Sex::M => store::Sex::Male,
                    Sex::F => store::Sex::Female,
                    Sex::O => store::Sex::Other,
                })
            }),
            birth_date: self.birth_date.map(|day| Private(day.0)),
            tax_code: line(self.tax_code),
            phone: line(self.phone),
            email: self.email.map(|text| Private(text.into_string())),
            address: self.address.map(|text| Private(text.into_string())),
            marital_status: line(self.marital_status),
            practitioner: line(self.practitioner),
            contact: line(self.contact),
            consent: Consent {
                online_results: self.consent.online_results,
                messages: self.consent.messages,
            },
        }
    }
}
