//! Fictitious patients with orders, as many as are wanted: for measuring.

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use portal::secret::Token;
use portal::store::{
    Account, AccountId, AccountState, Accounts as _, Added, Along, Consent, Created, Examination,
    ExaminationStatus, IssuedId, Kind, Language, ListedReport, Moment, Name, Order, OrderKey,
    Orders as _, Person, PersonId, Persons as _, Private, Refresh, Representation, Role, Session,
    Sessions as _, SledStore, Through,
};

/// A patient with so many orders, and the account.
pub async fn enrol(store: &SledStore, number: u32, orders: u32) -> Account {
    let now = Timestamp::now();
    let person = Person {
        birth_date: Some(Private(jiff::civil::date(1986, 1, 24))),
        consent: Consent { online_results: true, messages: false },
        ..Person::new(
            PersonId::fresh().expect("random bytes"),
            vec![IssuedId { id: Private(format!("TEST{number}")), issuer: String::new() }],
            Name { family: "ROSSI".to_owned(), given: format!("MARIA TEST {number}") },
        )
    };
    let orders = (0..orders).map(|order| order_of(&person, number, order)).collect();
    let refresh = Refresh {
        person: person.id,
        asked: Some(now),
        wanted: now,
        claimed: None,
        due: None,
        answers: Vec::new(),
    };
    let account = Account {
        id: AccountId::fresh().expect("random bytes"),
        user_name: format!("maria.test{number}").parse().expect("a user name"),
        email: None,
        phone: None,
        language: Language::It,
        password: None,
        must_change_password: false,
        state: AccountState::Active,
        subject: None,
        persons: vec![Representation { person: person.id, role: Role::Oneself, until: None }],
        created: now,
        password_set: Some(now),
    };
    let stored = store.add_person(person, None, Along::nothing()).await.expect("stored");
    assert_eq!(stored, Added::Done);
    assert!(store.replace_orders(orders, refresh).await.expect("stored"));
    let created = store.create_account(account.clone(), Along::nothing()).await.expect("stored");
    assert_eq!(created, Created::Done);
    account
}

/// Logs somebody in for eight hours.
pub async fn log_in(store: &SledStore, account: &Account) -> Token {
    let token = Token::fresh().expect("random bytes");
    let now = Timestamp::now();
    let session = Session {
        token: token.hash(),
        account: account.id,
        begun: now,
        seen: now,
        through: Through::Password,
        idle: SignedDuration::from_hours(8),
        ends: now + SignedDuration::from_hours(8),
    };
    store.begin_session(session, None, Along::nothing()).await.expect("stored");
    token
}

/// An order of the last weeks, with a report.
fn order_of(person: &Person, number: u32, order: u32) -> Order {
    let today = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let placed = today.saturating_sub(i64::from(order * 3 + 1).days());
    let examination = Examination {
        study: Private(format!("1.2.826.0.1.3680043.{number}.{order}")),
        patient_id: person.patient_ids.first().expect("one").clone(),
        pacs: "main".to_owned(),
        accession_number: Some(Private(format!("A{number}-{order}"))),
        description: Some("RX TORACE (2 PR.)".into()),
        kind: Some(Kind::Radiology),
        status: Some(ExaminationStatus::Performed),
        performed: Some(Moment {
            date: placed,
            time: Some(jiff::civil::time(14, 3, 0, 0)),
            utc_offset_minutes: None,
        }),
        physician: Some("BIANCHI ANNA TEST".into()),
        site: Some("Mantova".to_owned()),
        listed_report: ListedReport::Present,
        modalities: vec!["CR".to_owned()],
        instances: Some(2),
    };
    let key = OrderKey::OrderNumber(Private(format!("MTF{number}-{order}")));
    Order::new(person.id, key, vec![examination])
}
