//! A patient in a store, enrolled without a portal.

use jiff::Timestamp;
use portal::store::{
    Account, AccountId, AccountState, Along, Consent, IssuedId, Language, Name, Person, PersonId,
    Representation, Role, Store,
};

/// Adds somebody with a Patient ID, who agreed to results on line, and the account of this person.
pub async fn enrolled(
    store: &dyn Store,
    patient_id: &str,
    user_name: &str,
    now: Timestamp,
) -> Account {
    let person = Person {
        consent: Consent { online_results: true, messages: false },
        ..Person::new(
            PersonId::fresh().expect("random"),
            vec![IssuedId { id: patient_id.into(), issuer: String::new() }],
            Name { family: "ROSSI".to_owned(), given: "MARIA TEST".to_owned() },
        )
    };
    let account = Account {
        id: AccountId::fresh().expect("random"),
        user_name: user_name.parse().expect("a user name"),
        email: None,
        phone: None,
        language: Language::It,
        password: None,
        must_change_password: false,
        state: AccountState::Active,
        subject: None,
        persons: vec![Representation { person: person.id, role: Role::Oneself, until: None }],
        created: now,
        password_set: None,
    };
    store.add_person(person, None, Along::nothing()).await.expect("stored");
    store.create_account(account.clone(), Along::nothing()).await.expect("stored");
    account
}
