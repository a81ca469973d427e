//! A store as of a hospital, to measure a portal over it: 10,000 accounts of fictitious people with ten orders
//! each, just brought up to date. `furnish_store FOLDER PERSONS SESSIONS` prints a session a line: the token of
//! its cookie, and the person whose results it may see. With a fourth argument, the folder of a spool, each order has
//! been asked for: of ten packages seven are there, one failed, one is to be tried again in an hour, one was being made
//! when the portal ended.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a program of a measurement: what it cannot do ends it"
)]

#[path = "../benches/support/furnishing.rs"]
mod furnishing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use furnishing::{ask, claim, enrol, log_in, package};
use jiff::{SignedDuration, Timestamp};
use portal::store::{
    Account, Along, Downloads as _, EndOfTry, FailureReason, Orders as _, PackageKey, SledStore,
};

const ORDERS: u32 = 10;
/// Persons that are written at once.
const TASKS: u32 = 64;
/// Bytes of a package.
const BYTES: usize = 100;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder");
    let mut number =
        || arguments.next().and_then(|text| text.parse::<u32>().ok()).expect("a number");
    let (persons, sessions) = (number(), number());
    let spool = arguments.next().map(PathBuf::from);
    if let Some(spool) = &spool {
        std::fs::create_dir_all(spool).expect("a folder");
    }
    let store = Arc::new(SledStore::open(Path::new(&folder)).expect("opened"));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, spool) = (Arc::clone(&store), spool.clone());
            tokio::spawn(async move {
                for number in (task..persons).step_by(TASKS as usize) {
                    let account = enrol(&store, number, ORDERS).await;
                    if let Some(spool) = &spool {
                        ask_for_all(&store, &account, number, spool).await;
                    }
                    if number < sessions {
                        let token = log_in(&store, &account).await;
                        let person = account.persons.first().expect("one").person;
                        println!("{} {person}", token.as_str());
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("written");
    }
}

/// Asks for each order of somebody.
async fn ask_for_all(store: &SledStore, account: &Account, number: u32, spool: &Path) {
    let person = account.persons.first().expect("one").person;
    let results = store.results_of_person(person).await.expect("read").expect("results");
    for (place, order) in results.orders.iter().enumerate() {
        let mut key = [0; 16];
        for (byte, of) in key.iter_mut().zip([number.to_be_bytes(), [0; 4]].concat()) {
            *byte = of;
        }
        key[15] = u8::try_from(place).expect("ten orders");
        ask(store, account, order, PackageKey::from(key)).await;
        // Another task may have asked for it.
        let (by, claimed) = claim(store).await;
        let (key, now) = (claimed.key, Timestamp::now());
        let ended = match key.as_bytes()[15] {
            0..=6 => {
                let file = spool.join(format!("{key}.zip"));
                std::fs::write(file, [0; BYTES]).expect("written");
                EndOfTry::Ready(package(BYTES as u64))
            }
            7 => EndOfTry::Failed { at: now, reason: FailureReason::Pacs },
            8 => EndOfTry::Later { due: now + SignedDuration::from_hours(1) },
            _ => continue,
        };
        assert!(store.end_try(key, by, ended, Along::nothing()).await.expect("stored"));
    }
}
