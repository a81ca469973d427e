//! Fictitious patients with orders, as many as are wanted: for measuring.

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use portal::secret::Token;
use portal::store::{
    Account, AccountId, AccountState, Accounts as _, Added, Along, Asked, Asker, ClaimId, Consent,
    Created, Downloads as _, Examination, ExaminationStatus, IssuedId, Kind, Language,
    ListedReport, Moment, Name, NewRequest, Order, OrderKey, Orders as _, Package, PackageContent,
    PackageKey, Person, PersonId, Persons as _, Preparation, PreparedStudy, Private, Proof,
    Refresh, Representation, RequestId, Role, Session, Sessions as _, SledStore, Through,
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
    store.begin_session(session, Proof::Provider, None, Along::nothing()).await.expect("stored");
    token
}

/// Asks for the package of an order, all of it.
pub async fn ask(
    store: &SledStore,
    account: &Account,
    order: &Order,
    key: PackageKey,
) -> RequestId {
    let study = |one: &Examination| PreparedStudy {
        pacs: one.pacs.clone(),
        study: one.study.clone(),
        patient_id: one.patient_id.id.clone(),
    };
    let request = NewRequest {
        id: RequestId::fresh().expect("random bytes"),
        asker: Asker::Account(account.id),
        at: Timestamp::now(),
        most: usize::MAX,
        key,
        person: account.persons.first().expect("a person").person,
        order: order.id,
        content: PackageContent::Everything,
        language: Language::It,
        studies: order.examinations.iter().map(study).collect(),
        reports: Vec::new(),
    };
    let id = request.id;
    let asked = store.ask(request, Along::nothing()).await.expect("stored");
    assert!(matches!(asked, Asked::Done(_)));
    id
}

/// Takes on what is asked for next, for an hour.
pub async fn claim(store: &SledStore) -> (ClaimId, Preparation) {
    let (by, now) = (ClaimId::fresh().expect("random bytes"), Timestamp::now());
    let until = now + SignedDuration::from_hours(1);
    let claimed = store.claim_preparation(by, now, until, Vec::new()).await.expect("stored");
    (by, claimed.expect("something that is asked for"))
}

/// A package of so many bytes.
pub fn package(bytes: u64) -> Package {
    let now = Timestamp::now();
    Package {
        name: "ESITO".to_owned(),
        bytes,
        sha256: "00".repeat(32),
        missing: 0,
        made: now,
        until: now + SignedDuration::from_hours(24),
    }
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
