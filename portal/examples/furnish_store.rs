//! A store as of a hospital, to measure a portal over it: 10,000 accounts of fictitious people with ten orders
//! each, just brought up to date. `furnish_store FOLDER PERSONS SESSIONS` prints a session a line: the token of
//! its cookie, and the person whose results it may see.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a program of a measurement: what it cannot do ends it"
)]

#[path = "../benches/support/furnishing.rs"]
mod furnishing;

use std::path::Path;
use std::sync::Arc;

use furnishing::{enrol, log_in};
use portal::store::SledStore;

const ORDERS: u32 = 10;
/// Persons that are written at once.
const TASKS: u32 = 64;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder");
    let mut number =
        || arguments.next().and_then(|text| text.parse::<u32>().ok()).expect("a number");
    let (persons, sessions) = (number(), number());
    let store = Arc::new(SledStore::open(Path::new(&folder)).expect("opened"));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in (task..persons).step_by(TASKS as usize) {
                    let account = enrol(&store, number, ORDERS).await;
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
