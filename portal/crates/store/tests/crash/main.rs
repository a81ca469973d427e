//! What is left of a store whose process was killed, or whose machine lost power.
//!
//! A child of this program writes, in several tasks at once, accounts that come with a person, a message
//! and an event each, and says of each when the store has answered. Whatever happens to the child: what
//! was answered is there, whole, and what was not is there whole or not at all.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test program: a failed expectation ends the test"
)]

mod child;
mod power;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use child::Pattern;
use store::SledStore;

/// Starts the child over `folder`; it writes until it has done `rounds`, or is killed.
fn start(folder: &Path, rounds: usize, environment: &[(&str, &Path)]) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "child::write", "--ignored", "--nocapture", "--test-threads=1"])
        .env("STORE_FOLDER", folder.join("store"))
        .env("STORE_ACKS", folder.join("acks"))
        .env("STORE_ROUNDS", rounds.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, value) in environment {
        command.env(name, value);
    }
    command.spawn().expect("a child")
}

/// The numbers of the accounts that were answered.
fn answered(acks: &[u8]) -> BTreeSet<u64> {
    let whole = acks.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    String::from_utf8_lossy(&acks[..whole])
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect()
}

/// Opens the store and sees to it that `answered` are there, and nothing by halves.
fn check(folder: &Path, answered: &BTreeSet<u64>) -> u64 {
    let store = SledStore::open(folder).expect("the store opens again");
    store.verify().expect("records and indexes agree");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let found = runtime.block_on(child::found(&store));
    let lost: Vec<_> = answered.difference(&found).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    for number in answered {
        let counted = runtime.block_on(child::guesses(&store, *number));
        assert_eq!(counted, 1, "a guess that was admitted is counted");
    }
    drop(store);
    found.len() as u64
}

#[test]
fn nothing_that_was_answered_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut total = 0;
    for round in 0..8_u64 {
        let mut child = start(folder.path(), usize::MAX, &[]);
        let acks = folder.path().join("acks");
        let before = fs::metadata(&acks).map_or(0, |metadata| metadata.len());
        let begun = Instant::now();
        // Some are killed while they open the store, most while they write.
        while round % 4 != 3 && fs::metadata(&acks).map_or(0, |metadata| metadata.len()) <= before {
            assert!(begun.elapsed() < Duration::from_mins(1), "the child writes nothing");
            sleep(Duration::from_millis(5));
        }
        sleep(Duration::from_millis(37 * round));
        child.kill().expect("killed");
        child.wait().expect("ended");
        let answered = answered(&fs::read(&acks).unwrap_or_default());
        total = check(&folder.path().join("store"), &answered).max(total);
    }
    assert!(total > 100, "the children wrote only {total} accounts");
}

#[test]
fn nothing_that_was_answered_is_lost_with_the_power() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let root = folder.path().join("disk");
    fs::create_dir(&root).expect("a folder");
    let library = power::build(folder.path());
    let environment =
        [("LD_PRELOAD", library.as_path()), ("POWER_LOG", &log), ("POWER_ROOT", &root)];
    // The second one finds what the first one left.
    for rounds in [90, 60] {
        let ended = start(&root, rounds, &environment).wait().expect("ended");
        assert!(ended.success(), "the child: {ended}");
    }
    let log = power::Log::read(&fs::read(&log).expect("a log"), &root);
    log.is_what_is_there(&root);
    let mut random = Pattern::new(0x5EED);
    let places = log.places();
    assert!(places > 300, "only {places} operations");
    let mut most = 0;
    for cut in 0..120 {
        // A store that is being made has the most ways to be left by halves.
        let place = match cut {
            0 => places,
            1..40 => cut,
            _ => random.below(places as u64) as usize,
        };
        let disk = tempfile::tempdir().expect("a folder");
        let acks = log.lose_power(place, disk.path(), &mut random);
        let store = disk.path().join("store");
        most = check(&store, &answered(&acks)).max(most);
    }
    assert!(most > 100, "{most} accounts at most");
}

/// Clients can take all descriptors: who writes then waits, and nobody has to start the program again.
#[test]
fn a_verb_waits_out_a_want_of_descriptors() {
    let folder = tempfile::tempdir().expect("a folder");
    let child = ["--exact", "child::write_without_descriptors", "--ignored", "--nocapture"];
    let ended = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this program"))
        .args(child)
        .env("STORE_FOLDER", folder.path().join("store"))
        .status()
        .expect("a child");
    assert!(ended.success(), "the child: {ended}");
}
