//! What the embedded store takes: acknowledged writes a second, each on the disk; the time to open it again
//! after its process was killed, and the memory it needs, with 100,000 orders.
//!
//! A child writes and is killed with SIGKILL; another one opens what it left. Beside it stands the floor: the
//! same bytes appended to a file and synced, one after the other.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench: what it cannot do ends it"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use store::{
    Along, Consent, Examination, ExaminationStatus, IssuedId, Kind, ListedReport, Moment, Name,
    Order, OrderKey, Orders, Person, PersonId, Persons, Private, Refresh, SledStore,
};

const PERSONS: u64 = 10_000;
const ORDERS_EACH: usize = 10;
/// Durable writes that are timed.
const WRITES: u64 = 2000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("fill"), Some(folder)) => runtime.block_on(fill(Path::new(&folder))),
        (Some("open"), Some(folder)) => runtime.block_on(open(Path::new(&folder))),
        _ => measure(&runtime),
    }
}

fn measure(runtime: &tokio::runtime::Runtime) {
    let folder = tempfile::tempdir_in(".").expect("a folder on the disk, not in memory");
    floor(folder.path());
    for tasks in [1, 16, 64] {
        let store = folder.path().join(format!("writes{tasks}"));
        runtime.block_on(writes(&store, tasks));
    }
    let store = folder.path().join("store");
    let this = std::env::current_exe().expect("this program");
    let mut child = Command::new(&this)
        .arg("fill")
        .arg(&store)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    // It says when all is acknowledged, and writes on until it is killed.
    let mut line = [0; 5];
    let mut output = child.stdout.take().expect("its output");
    std::io::Read::read_exact(&mut output, &mut line).expect("filled");
    child.kill().expect("killed");
    child.wait().expect("ended");
    let disk = bytes_below(&store) >> 20;
    println!("{} orders on the disk: {disk} MiB", PERSONS * ORDERS_EACH as u64);
    let opened = Command::new(&this).arg("open").arg(&store).status().expect("a child");
    assert!(opened.success());
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| match entry.metadata().expect("its size") {
            folder if folder.is_dir() => bytes_below(&entry.path()),
            file => file.len(),
        })
        .sum()
}

/// The same bytes in a file, synced one after the other.
fn floor(folder: &Path) {
    let mut file = File::create(folder.join("floor")).expect("a file");
    let record = vec![7; 400];
    let begun = Instant::now();
    for _ in 0..WRITES {
        file.write_all(&record).expect("written");
        file.sync_data().expect("synced");
    }
    tell("floor, append and fdatasync", begun.elapsed());
}

fn tell(what: &str, took: Duration) {
    println!("{what}: {:.0} a second", WRITES as f64 / took.as_secs_f64());
}

async fn writes(folder: &Path, tasks: u64) {
    let store = Arc::new(SledStore::open(folder).expect("opened"));
    let begun = Instant::now();
    let writers: Vec<_> = (0..tasks)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in (task..WRITES).step_by(tasks.try_into().expect("few")) {
                    store.add_person(person(number), None, Along::nothing()).await.expect("stored");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("written");
    }
    tell(&format!("acknowledged persons, {tasks} callers at a time"), begun.elapsed());
}

/// Fills a store and writes on until somebody ends it.
async fn fill(folder: &Path) {
    let store = Arc::new(SledStore::open(folder).expect("opened"));
    let writers: Vec<_> = (0..32)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in (task..PERSONS).step_by(32) {
                    put(&store, number).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("written");
    }
    println!("full");
    for number in (0..PERSONS).cycle() {
        let (old, new) = (person(number), person(number));
        store.replace_person(old, new, Along::nothing()).await.expect("stored");
    }
}

async fn put(store: &SledStore, number: u64) {
    let person = person(number);
    let orders = (0..ORDERS_EACH).map(|order| order_of(&person, order)).collect();
    let refresh = Refresh {
        person: person.id,
        asked: Some(now()),
        wanted: now(),
        claimed: None,
        due: Some(now()),
        answers: Vec::new(),
    };
    store.add_person(person, None, Along::nothing()).await.expect("stored");
    assert!(store.replace_orders(orders, refresh).await.expect("stored"));
}

/// Opens a store that was killed, reads of it what a day reads, and tells time and memory.
async fn open(folder: &Path) {
    let begun = Instant::now();
    let store = SledStore::open(folder).expect("opened");
    println!("reopened after kill -9: {} ms", begun.elapsed().as_millis());
    println!("resident memory, opened: {} MiB", resident_mib());
    let mut times = Vec::new();
    for number in 0..PERSONS {
        // Each person once, in no order.
        let id = person(number * 7919 % PERSONS).id;
        let begun = Instant::now();
        let results = store.results_of_person(id).await.expect("read").expect("a person");
        times.push(begun.elapsed());
        assert_eq!(results.orders.len(), ORDERS_EACH);
    }
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).map_or(0, Duration::as_micros);
    println!("results of a person: median {} µs, p99 {} µs", at(50), at(99));
    println!("resident memory, every person read: {} MiB", resident_mib());
    println!("resident memory, the most ever: {} MiB", status("VmHWM:") >> 10);
}

fn resident_mib() -> u64 {
    status("VmRSS:") >> 10
}

/// KiB from what Linux says of this process.
fn status(key: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_500_000).expect("a moment")
}

fn person(number: u64) -> Person {
    Person {
        phone: Some("+390000000000".into()),
        email: Some("maria@example.org".into()),
        consent: Consent { online_results: true, messages: false },
        ..Person::new(
            PersonId::from(u128::from(number).to_be_bytes()),
            vec![IssuedId { id: Private(format!("TEST{number}")), issuer: "ESITO".to_owned() }],
            Name { family: "ROSSI".to_owned(), given: format!("MARIA TEST {number}") },
        )
    }
}

fn order_of(person: &Person, order: usize) -> Order {
    let number = format!("MTF{}{order}", *person.patient_ids.first().expect("one").id);
    let examination = Examination {
        study: Private(format!("1.2.826.0.1.3680043.{number}")),
        patient_id: person.patient_ids.first().expect("one").clone(),
        pacs: "main".to_owned(),
        accession_number: Some(Private(format!("A{number}"))),
        description: Some("RX TORACE (2 PR.)".into()),
        kind: Some(Kind::Radiology),
        status: Some(ExaminationStatus::Performed),
        performed: Some(Moment {
            date: jiff::civil::date(2026, 11, 20),
            time: Some(jiff::civil::time(14, 3, 0, 0)),
            utc_offset_minutes: None,
        }),
        physician: Some("BIANCHI ANNA TEST".into()),
        site: Some("Mantova".to_owned()),
        listed_report: ListedReport::Present,
        modalities: vec!["CR".to_owned()],
        instances: Some(2),
    };
    Order::new(person.id, OrderKey::OrderNumber(Private(number)), vec![examination])
}
