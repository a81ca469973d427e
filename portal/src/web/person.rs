//! Whose results: the person of a page, whom the account must represent.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use jiff::Timestamp;
use store::{Account, Name, OrderId, Person, PersonId, Role, Sex};
use texts::Texts;

use crate::accounts::Authenticated;
use crate::app::Services;
use crate::web::App;
use crate::web::client::Client;
use crate::web::dates::{display_age, display_date};
use crate::web::error::Refusal;
use crate::web::session::AccountSession;

/// Somebody who may see the results of the person that the path names.
#[derive(Debug)]
pub(crate) struct PatientSession {
    /// Who is logged in.
    pub(crate) who: Authenticated,
    /// Whose page it is.
    pub(crate) person: Person,
    /// Everybody whose pages the account sees.
    pub(crate) persons: Vec<Person>,
}

impl PatientSession {
    /// Refuses an order of somebody else whom the account represents: it has another address. What is not seen at
    /// all is left to who asks for it.
    pub(crate) async fn owns(&self, app: &App, order: OrderId) -> Result<(), Refusal> {
        let opened = app.services.results.visible(&self.who.account, order).await?;
        if opened.is_some_and(|opened| opened.person.id != self.person.id) {
            return Err(Refusal::NotFound);
        }
        Ok(())
    }
}

impl FromRequestParts<App> for PatientSession {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let AccountSession(who) = AccountSession::from_request_parts(parts, app).await?;
        let path = RawPathParams::from_request_parts(parts, app).await;
        let path = path.map_err(|_odd| Refusal::NotFound)?;
        let named = path.iter().find(|(name, _)| *name == "person").map(|(_, value)| value);
        let id: PersonId = named.and_then(|named| named.parse().ok()).ok_or(Refusal::NotFound)?;
        let persons = represented(&app.services, &who.account).await?;
        let Some(person) = persons.iter().find(|person| person.id == id).cloned() else {
            let Client(from) = Client::from_request_parts(parts, app).await?;
            app.services.accounts.view_refused(&who, id, from).await?;
            return Err(Refusal::NotFound);
        };
        Ok(Self { who, person, persons })
    }
}

/// The persons whose results an account sees now, oneself first.
pub(crate) async fn represented(
    services: &Services,
    account: &Account,
) -> Result<Vec<Person>, Refusal> {
    let now = services.clock.now();
    let mut current: Vec<_> = account
        .persons
        .iter()
        .filter(|representation| representation.until.is_none_or(|until| now < until))
        .collect();
    current.sort_by_key(|representation| representation.role != Role::Oneself);
    let mut persons = Vec::new();
    for representation in current {
        persons.extend(services.store.person(representation.person).await?);
    }
    Ok(persons)
}

/// A person as pages show one (S-034, S-052): no value is missing, what is not known says so.
#[derive(Debug)]
pub(crate) struct PersonView {
    /// `COGNOME, nome`.
    pub(crate) name: String,
    pub(crate) initials: String,
    pub(crate) sex: &'static str,
    /// `Nato` or `Nata`.
    pub(crate) born: &'static str,
    pub(crate) birth_date: String,
    /// `35a`.
    pub(crate) age: Option<String>,
    pub(crate) patient_ids: Vec<String>,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) address: String,
    pub(crate) marital_status: String,
    pub(crate) practitioner: String,
    pub(crate) contact: String,
}

impl PersonView {
    pub(crate) fn new(person: &Person, now: Timestamp, text: Texts) -> Self {
        let missing = || text.profile_not_available().to_owned();
        let shown = |value: &Option<store::Private<String>>| {
            value.as_ref().map_or_else(missing, |value| value.0.clone())
        };
        let birth = person.birth_date.as_ref().map(|date| date.0);
        Self {
            name: display_name(&person.name),
            initials: initials(&person.name),
            sex: match person.sex.as_ref().map(|sex| sex.0) {
                Some(Sex::Male) => text.profile_male(),
                Some(Sex::Female) => text.profile_female(),
                Some(Sex::Other) => text.profile_other_sex(),
                None => text.profile_not_available(),
            },
            born: match person.sex.as_ref().map(|sex| sex.0) {
                Some(Sex::Male) => text.profile_born_male(),
                Some(Sex::Female) => text.profile_born_female(),
                Some(Sex::Other) | None => text.profile_born(),
            },
            birth_date: birth.map_or_else(missing, |date| display_date(date, text)),
            age: birth.and_then(|date| display_age(date, now, text)),
            patient_ids: person.patient_ids.iter().map(|issued| issued.id.0.clone()).collect(),
            phone: shown(&person.phone),
            email: shown(&person.email),
            address: match &person.address {
                Some(address) => address.0.clone(),
                None => text.profile_no_address().to_owned(),
            },
            marital_status: shown(&person.marital_status),
            practitioner: shown(&person.practitioner),
            contact: shown(&person.contact),
        }
    }
}

/// `CITTASISS, cento` (S-034), as the site wrote it.
pub(crate) fn display_name(name: &Name) -> String {
    match (name.family.as_str(), name.given.as_str()) {
        (family, "") => family.to_owned(),
        ("", given) => given.to_owned(),
        (family, given) => format!("{family}, {given}"),
    }
}

/// Given name and family name, a letter each.
pub(crate) fn initials(name: &Name) -> String {
    let first = |part: &str| part.chars().find(|letter| letter.is_alphanumeric());
    let letters = [first(&name.given), first(&name.family)];
    letters.into_iter().flatten().flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("CITTASISS", "cento", "CITTASISS, cento", "CC")]
    #[case("", "Maria", "Maria", "M")]
    #[case("ROSSI", "", "ROSSI", "R")]
    #[case("", "", "", "")]
    fn names(
        #[case] family: &str,
        #[case] given: &str,
        #[case] shown: &str,
        #[case] letters: &str,
    ) {
        let name = Name { family: family.to_owned(), given: given.to_owned() };
        assert_eq!((display_name(&name).as_str(), initials(&name).as_str()), (shown, letters));
    }
}
