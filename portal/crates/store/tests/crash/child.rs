//! What the child writes, and how it is found again.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{
    Account, AccountId, AccountState, Accounts, Actor, Added, Along, Created, Event, EventQuery,
    GuessBegun, GuessPolicy, Guesses, IssuedId, Language, Message, MessageId, MessageState, Name,
    NewLimits, OrderId, Outbox, Outcome, PasswordHash, Person, PersonId, Persons, Private,
    Recipient, RecipientId, Replaced, Representation, Role, SecretHash, Share, ShareId,
    ShareRecipient, ShareState, Shared, Shares, SledStore, Trail,
};

/// Tasks that write at once.
const TASKS: u64 = 4;

/// Numbers that repeat from run to run (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Pattern(u64);

impl Pattern {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn id(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

/// Of many lengths, so that records move about on the disk; some so long that with sled's usual segments their
/// leaf would lie in a file of its own.
fn lines(number: u64) -> usize {
    if number % 16 < 4 { 2700 } else { 1 + (number % 97) as usize }
}

fn person(number: u64) -> Person {
    Person {
        address: Some(Private("VIA DELL'ESEMPIO ".repeat(lines(number)))),
        ..Person::new(
            PersonId::from(id(number)),
            vec![IssuedId { id: Private(format!("TEST{number}")), issuer: "ESITO".to_owned() }],
            Name { family: "ROSSI".to_owned(), given: format!("MARIA TEST {number}") },
        )
    }
}

async fn write_one(store: &SledStore, number: u64) {
    let now = Timestamp::from_second(1_700_000_000 + number.cast_signed()).expect("a moment");
    let stored = store.add_person(person(number), None, Along::nothing()).await.expect("stored");
    assert_eq!(stored, Added::Done);
    let account = Account {
        id: AccountId::from(id(number)),
        user_name: format!("test{number}").parse().expect("a user name"),
        email: Some(Private(format!("maria{number}@example.org"))),
        phone: None,
        language: Language::It,
        password: None,
        must_change_password: true,
        state: AccountState::Active,
        subject: None,
        persons: vec![Representation {
            person: PersonId::from(id(number)),
            role: Role::Oneself,
            until: None,
        }],
        created: now,
        password_set: None,
    };
    let along = Along {
        messages: vec![Message {
            id: MessageId::from(id(number)),
            topic: "credentials".to_owned(),
            account: None,
            to: Recipient::Email(Private(format!("maria{number}@example.org"))),
            content: None,
            created: now,
            expires: None,
            tries: 0,
            state: MessageState::Due(now),
        }],
        events: vec![Event {
            at: now,
            actor: Actor::System,
            action: "account.create".to_owned(),
            person: None,
            account: Some(AccountId::from(id(number))),
            object: None,
            outcome: Outcome::Done,
            address: None,
        }],
    };
    let created = store.create_account(account, along).await.expect("created");
    assert_eq!(created, Created::Done);
    // And again, so that there is something old to be overwritten.
    let again = store.replace_person(person(number), person(number), Along::nothing()).await;
    assert_eq!(again.expect("stored again"), Replaced::Done);
    share_one(store, number, now).await;
}

/// What an account shares, with a session of its recipient.
fn share(number: u64, now: Timestamp) -> Share {
    Share {
        id: ShareId::from(id(number)),
        person: PersonId::from(id(number)),
        order: OrderId::from(id(number)),
        account: AccountId::from(id(number)),
        created: now,
        until: now + SignedDuration::from_hours(24 * 15),
        language: Language::It,
        message: None,
        pin: PasswordHash("$argon2id$pin".to_owned()),
        recipients: vec![ShareRecipient {
            id: RecipientId::from(id(number)),
            email: Private(format!("dr{number}@example.org")),
            token: token(number),
            letter: MessageId::from(id(number)),
            accesses: Vec::new(),
        }],
        messages: vec![MessageId::from(id(number))],
        guesses: Guesses::default(),
        state: ShareState::Active,
    }
}

fn token(number: u64) -> SecretHash {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&id(number));
    SecretHash::from(bytes)
}

/// Shares, and counts a guess: what is asked for next stands on it.
async fn share_one(store: &SledStore, number: u64, now: Timestamp) {
    let limits = NewLimits { since: now, shares: 1, recipients: 1 };
    let shared = store.share_order(share(number, now), limits, Along::nothing()).await;
    assert_eq!(shared.expect("shared"), Shared::Done);
    let begun = store.begin_guess(token(number), now, GuessPolicy::default()).await;
    assert!(matches!(begun.expect("begun"), GuessBegun::Admitted(_)));
}

/// How many guesses are counted of what a number shares.
pub(crate) async fn guesses(store: &SledStore, number: u64) -> usize {
    let share = store.share(ShareId::from(id(number))).await.expect("a share");
    share.map_or(0, |share| share.guesses.counted.len())
}

/// The numbers of the accounts that are there with person, message and event.
pub(crate) async fn found(store: &SledStore) -> BTreeSet<u64> {
    let accounts = store.list_accounts(None, usize::MAX).await.expect("accounts");
    let messages = store.list_messages(usize::MAX).await.expect("messages");
    let events = store.events(EventQuery::default(), usize::MAX).await.expect("events");
    let number = |bytes: &[u8; 16]| u128::from_be_bytes(*bytes) as u64;
    let found: BTreeSet<_> = accounts.iter().map(|account| number(account.id.as_bytes())).collect();
    let told: BTreeSet<_> = messages.iter().map(|message| number(message.id.as_bytes())).collect();
    let recorded: BTreeSet<_> = events
        .iter()
        .filter_map(|recorded| recorded.event.account)
        .map(|account| number(account.as_bytes()))
        .collect();
    assert_eq!(found, told, "an account without its message, or the other way round");
    assert_eq!(found, recorded, "an account without its event, or the other way round");
    for number in &found {
        let there = store.person(PersonId::from(id(*number))).await.expect("a person");
        assert_eq!(there, Some(person(*number)));
    }
    found
}

fn variable(name: &str) -> PathBuf {
    std::env::var_os(name).map(PathBuf::from).expect("set by the parent")
}

#[test]
#[ignore = "the child of another test, which limits its descriptors"]
fn write_without_descriptors() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SledStore::open(&variable("STORE_FOLDER")).unwrap());
        write_one(&store, 1).await;
        let mut taken = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            taken.push(file);
        }
        let waiting = Arc::clone(&store);
        let writing = tokio::spawn(async move { write_one(&waiting, 2).await });
        sleep(Duration::from_millis(300));
        assert!(!writing.is_finished(), "it waits for nothing");
        drop(taken);
        writing.await.unwrap();
        write_one(&store, 3).await;
        assert_eq!(found(&store).await, BTreeSet::from([1, 2, 3]));
    });
}

#[test]
#[ignore = "the child of the other tests, which start it themselves"]
fn write() {
    let rounds: usize = variable("STORE_ROUNDS").to_str().unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SledStore::open(&variable("STORE_FOLDER")).unwrap());
        let acks = Arc::new(
            OpenOptions::new().append(true).create(true).open(variable("STORE_ACKS")).unwrap(),
        );
        let first = found(&store).await.last().map_or(0, |last| last + TASKS);
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (store, acks) = (Arc::clone(&store), Arc::clone(&acks));
                tokio::spawn(async move {
                    for round in 0..rounds {
                        let number = first + task + TASKS * round as u64;
                        write_one(&store, number).await;
                        (&*acks).write_all(format!("{number}\n").as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        drop(store);
    });
}
