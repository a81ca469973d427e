//! Fictitious persons and what belongs to them.

use jiff::{SignedDuration, Timestamp};
use store::{
    Account, AccountId, AccountState, Actor, Added, Along, Asker, Begun, Consent, Created, Event,
    Examination, ExaminationStatus, Guesses, IssuedId, Kind, Language, ListedReport, Message,
    MessageId, MessageState, Moment, Name, NewReport, NewRequest, Order, OrderKey, Outcome,
    Package, PackageContent, PackageKey, PacsAnswer, PasswordHash, Person, PersonId, PreparedStudy,
    Private, Proof, Recipient, RecipientId, Refresh, ReportAbout, ReportId, ReportStatus,
    Representation, RequestId, Role, SecretHash, Session, Sex, Share, ShareId, ShareRecipient,
    ShareSession, ShareState, Store, Through,
};

/// So many seconds after a moment in 2026.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn issued(id: &str) -> IssuedId {
    IssuedId { id: id.into(), issuer: "ESITO".to_owned() }
}

pub(crate) fn person(given: &str) -> Person {
    Person {
        sex: Some(Private(Sex::Female)),
        birth_date: Some(Private(jiff::civil::date(1986, 1, 24))),
        tax_code: Some("TSTMRA86A64Z999X".into()),
        phone: Some("+390000000000".into()),
        email: Some("maria@example.org".into()),
        consent: Consent { online_results: true, messages: false },
        ..Person::new(
            PersonId::fresh().unwrap(),
            vec![issued(&format!("TEST-{given}"))],
            Name { family: "ROSSI".to_owned(), given: format!("{given} TEST") },
        )
    }
}

pub(crate) fn account(name: &str, persons: &[PersonId]) -> Account {
    Account {
        id: AccountId::fresh().unwrap(),
        user_name: name.parse().unwrap(),
        email: Some(Private(format!("{name}@Example.org"))),
        phone: Some("+390000000000".into()),
        language: Language::It,
        password: Some(PasswordHash("$argon2id$test".to_owned())),
        must_change_password: true,
        state: AccountState::Active,
        subject: None,
        persons: persons
            .iter()
            .map(|person| Representation { person: *person, role: Role::Oneself, until: None })
            .collect(),
        created: at(0),
        password_set: None,
    }
}

/// An account that is there, with a person of its own.
pub(crate) async fn enrolled(store: &dyn Store, name: &str) -> (Person, Account) {
    let person = person(name);
    assert_eq!(
        store.add_person(person.clone(), None, Along::nothing()).await.unwrap(),
        Added::Done
    );
    let account = account(name, &[person.id]);
    let created = store.create_account(account.clone(), Along::nothing()).await.unwrap();
    assert_eq!(created, Created::Done);
    (person, account)
}

pub(crate) fn secret(number: u8) -> SecretHash {
    SecretHash::from([number; 32])
}

pub(crate) fn session(account: AccountId, token: u8) -> Session {
    Session {
        token: secret(token),
        account,
        begun: at(0),
        seen: at(0),
        idle: SignedDuration::from_mins(20),
        ends: at(8 * 3600),
        through: Through::Password,
    }
}

/// Begins a session of an account that can log in, whatever its password.
pub(crate) async fn begin(store: &dyn Store, session: Session) -> Begun {
    store.begin_session(session, Proof::Provider, None, Along::nothing()).await.unwrap()
}

pub(crate) fn message(due: i64) -> Message {
    Message {
        id: MessageId::fresh().unwrap(),
        topic: "credentials".to_owned(),
        account: None,
        to: Recipient::Sms("+390000000000".into()),
        content: Some(Private(store::Content { text: "prova".to_owned(), ..Default::default() })),
        created: at(due),
        expires: None,
        tries: 0,
        state: MessageState::Due(at(due)),
    }
}

pub(crate) fn event(seconds: i64, action: &str) -> Event {
    Event {
        at: at(seconds),
        actor: Actor::System,
        action: action.to_owned(),
        person: None,
        account: None,
        object: None,
        outcome: Outcome::Done,
        address: Some([192, 0, 2, 1].into()),
    }
}

/// The examination of an order that has this number among its own.
pub(crate) fn examination(order: &str, number: usize) -> Examination {
    Examination {
        study: Private(format!("1.2.{order}.{number}")),
        patient_id: issued("TEST-maria"),
        pacs: "main".to_owned(),
        accession_number: Some(Private(format!("A-{order}-{number}"))),
        description: Some("TORACE".into()),
        kind: Some(Kind::Radiology),
        status: Some(ExaminationStatus::Final),
        performed: Some(Moment {
            date: jiff::civil::date(2021, 4, 23),
            time: Some(jiff::civil::time(14, 3, 0, 0)),
            utc_offset_minutes: Some(120),
        }),
        physician: None,
        site: Some("Mantova".to_owned()),
        listed_report: ListedReport::Absent,
        modalities: Vec::new(),
        instances: None,
    }
}

pub(crate) fn order(person: PersonId, number: &str, examinations: usize) -> Order {
    let key = OrderKey::OrderNumber(number.into());
    let examinations = (0..examinations).map(|at| examination(number, at)).collect();
    Order::new(person, key, examinations)
}

/// The PACS was asked at this second, and answered.
pub(crate) fn refresh(person: PersonId, seconds: i64) -> Refresh {
    Refresh {
        person,
        asked: Some(at(seconds)),
        wanted: at(seconds),
        claimed: None,
        due: Some(at(seconds + 3600)),
        answers: vec![PacsAnswer {
            pacs: "main".to_owned(),
            answered: Some(at(seconds)),
            failing_since: None,
            fault: None,
            refused: 0,
            is_cut: false,
        }],
    }
}

pub(crate) fn report(person: PersonId, accession_number: &str) -> NewReport {
    NewReport {
        id: ReportId::fresh().unwrap(),
        person,
        about: ReportAbout::AccessionNumber(accession_number.into()),
        document: String::new(),
        version: None,
        title: Some("Referto".into()),
        status: ReportStatus::Final,
        dated: Some(jiff::civil::date(2021, 4, 23)),
        at: at(7),
        by: "console".to_owned(),
        pdf: b"%PDF-1.4 prova".to_vec(),
    }
}

/// The package of an order of a person, by a number that stands for what goes in.
pub(crate) fn package_key(number: u8) -> PackageKey {
    PackageKey::from([number; 16])
}

/// An account asks for an order of a person.
pub(crate) fn asking(account: &Account, person: PersonId, number: u8, seconds: i64) -> NewRequest {
    NewRequest {
        id: RequestId::fresh().unwrap(),
        asker: Asker::Account(account.id),
        at: at(seconds),
        most: 20,
        key: package_key(number),
        person,
        order: order(person, &format!("MTF{number}"), 1).id,
        content: PackageContent::Everything,
        language: Language::It,
        studies: vec![PreparedStudy {
            pacs: "main".to_owned(),
            study: Private(format!("1.2.MTF{number}.0")),
            patient_id: "TEST-maria".into(),
        }],
        reports: Vec::new(),
    }
}

/// A package that was made at this second, and is kept for an hour.
pub(crate) fn package(seconds: i64) -> Package {
    Package {
        name: "ESITO_20210423_00000000000000000000000000000000".to_owned(),
        bytes: 1000,
        sha256: "00".repeat(32),
        missing: 0,
        made: at(seconds),
        until: at(seconds + 3600),
    }
}

/// The link of a recipient leads by this secret.
pub(crate) fn recipient(email: &str, token: u8) -> ShareRecipient {
    ShareRecipient {
        id: RecipientId::fresh().unwrap(),
        email: email.into(),
        token: secret(token),
        letter: MessageId::fresh().unwrap(),
        accesses: Vec::new(),
    }
}

/// An account shares an order of a person for fifteen days with one recipient, whose link leads by `secret(100)`.
pub(crate) fn share(account: AccountId, person: PersonId, number: u8) -> Share {
    let recipient = recipient("dr.verdi@example.org", 100);
    Share {
        id: ShareId::fresh().unwrap(),
        person,
        order: order(person, &format!("MTF{number}"), 1).id,
        account,
        created: at(0),
        until: at(15 * 86_400),
        language: Language::It,
        message: Some("Buongiorno".into()),
        pin: PasswordHash("$argon2id$pin".to_owned()),
        messages: vec![recipient.letter],
        recipients: vec![recipient],
        guesses: Guesses::default(),
        state: ShareState::Active,
    }
}

/// What a recipient has when the PIN was right.
pub(crate) fn share_session(
    share: &Share,
    recipient: RecipientId,
    token: SecretHash,
) -> ShareSession {
    ShareSession {
        token,
        share: share.id,
        recipient,
        begun: at(1),
        seen: at(1),
        idle: SignedDuration::from_mins(20),
        ends: at(8 * 3600),
    }
}
