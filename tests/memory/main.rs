//! Bounded memory: the peak of a child process that packages much more than its budget.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, clippy::panic, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod pacs;

use std::io::Read as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rstest::rstest;
use support::run::{self, Finished, TIME_LIMIT, high_water_kib};
use support::{Workplace, files_below, slow_tier};

/// The budget given to the program, in MiB.
const BUDGET_MIB: u64 = 32;
/// What the program needs beside its budget: code, tables, one frame on each thread, the ZIP's
/// central directory, the allocator's slack.
const BESIDE_MIB: u64 = 48;

/// Packages a study to nowhere with a small budget and checks the peak.
#[track_caller]
fn stays_within(study: &[&str], times_the_budget: u64) {
    let place = Workplace::with_study(study);
    let bytes: u64 = files_below(&place.source())
        .iter()
        .map(|file| file.metadata().expect("a file").len())
        .sum();
    assert!(bytes >= (times_the_budget * BUDGET_MIB) << 20, "the study has only {bytes} bytes");
    let run =
        run::esito(&["package", "--out", "-", "--memory", &BUDGET_MIB.to_string(), "--folder"])
            .arg(place.source())
            .stdout(Stdio::null())
            .finish()
            .expect_code(&[0]);
    println!("{} MiB packaged", bytes >> 20);
    peaks_below(BUDGET_MIB + BESIDE_MIB, &run);
}

#[track_caller]
fn peaks_below(most_mib: u64, run: &Finished) {
    let peak_mib = run.peak_kib >> 10;
    println!("peak {peak_mib} MiB, at most {most_mib}");
    assert!(run.peak_kib > 0, "the peak was not seen");
    assert!(peak_mib <= most_mib, "{peak_mib} MiB where {most_mib} are enough");
}

/// Packages a changed study to nowhere, with the usual budget.
#[track_caller]
fn package(place: &Workplace) -> Finished {
    run::esito(&["package", "--out", "-", "--progress", "none", "--folder"])
        .arg(place.source())
        .stdout(Stdio::null())
        .finish()
        .expect_code(&[0])
}

#[test]
fn a_study_ten_times_the_budget_stays_within_it() {
    stays_within(&["--study", "ct", "--slices", "650", "--rows", "512"], 10);
}

/// One multi-frame instance is larger than the whole budget.
#[test]
fn an_instance_larger_than_the_budget_stays_within_it() {
    stays_within(&["--study", "us"], 1);
}

/// Where something stands in a file.
fn place_of(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).expect("an element")
}

/// An element in Explicit VR Little Endian, of a VR with a length of four bytes.
fn element(tag: [u8; 4], vr: [u8; 2], value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("a length").to_le_bytes();
    [&tag[..], &vr, &[0, 0], &length, value].concat()
}

/// An image of one frame with items that take many times their bytes once they are indexed.
#[rstest]
#[case::groups_of_frames([0, 0x52, 0x30, 0x92])]
#[case::references_of_the_record([8, 0, 0x40, 0x11])]
fn a_million_items_are_read_one_by_one(#[case] sequence: [u8; 4]) {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "1", "--rows", "48"]);
    let file = files_below(&place.source()).pop().expect("a file");
    let mut bytes = std::fs::read(&file).expect("its bytes");
    let at = place_of(&bytes, b"\xE0\x7F\x10\0OW");
    // Each has an empty Image Comments (0020,4000).
    let item = [0xFE, 0xFF, 0, 0xE0, 8, 0, 0, 0, 0x20, 0, 0, 0x40, b'L', b'T', 0, 0];
    let items = item.repeat(1 << 20);
    bytes.splice(at..at, element(sequence, *b"SQ", &items));
    std::fs::write(&file, bytes).expect("written");
    // 16 MiB of items stand in memory as read and as written; indexed all at once they take many times as much.
    peaks_below(192, &package(&place));
}

/// The description of a series stands beside each of its images, on the page of the series twice.
#[test]
fn a_description_of_megabytes_is_not_repeated_for_each_frame() {
    let study = ["--study", "enhanced-mr", "--slices", "200", "--rows", "48"];
    let place = Workplace::with_study(&study);
    let file = files_below(&place.source()).pop().expect("a file");
    let mut bytes = std::fs::read(&file).expect("its bytes");
    let at = place_of(&bytes, b"\x08\0\x3E\x10LO");
    let behind = at + 8 + usize::from(bytes[at + 6]);
    let text = vec![b'x'; 4 << 20];
    bytes.splice(at..behind, element([8, 0, 0x3E, 0x10], *b"UT", &text));
    std::fs::write(&file, bytes).expect("written");
    // For each of 200 frames it would be 800 MiB.
    peaks_below(192, &package(&place));
}

/// A volume that an ultrasound device keeps for itself, in a private group behind the pixels.
#[test]
fn a_volume_behind_the_pixels_is_packaged_and_in_memory_once() {
    const VOLUME_MIB: u32 = 64;
    let place = Workplace::with_study(&["--study", "ct", "--slices", "1", "--rows", "48"]);
    let file = files_below(&place.source()).pop().expect("a file");
    let mut bytes = std::fs::read(&file).expect("its bytes");
    let volume: Vec<u8> = (0..VOLUME_MIB << 18).flat_map(u32::to_le_bytes).collect();
    let mut behind = b"\xE1\x7F\x11\x00LO\x08\x00KRETZ_US".to_vec();
    behind.extend(element([0xE1, 0x7F, 1, 0x11], *b"OB", &volume));
    bytes.extend(&behind);
    std::fs::write(&file, bytes).expect("written");
    let run = place.package(&["--memory", &BUDGET_MIB.to_string()]).expect_code(&[0]);
    peaks_below(BUDGET_MIB + BESIDE_MIB + u64::from(VOLUME_MIB), &run);
    let unzip = run::program("unzip").arg("-p").arg(place.zip()).arg("*/IM000001").finish();
    assert!(unzip.stdout.ends_with(&behind), "the volume is not in the package");
}

#[test]
fn a_tomosynthesis_of_a_gigabyte_stays_within_the_budget() {
    if slow_tier() {
        stays_within(&["--study", "tomo", "--slices", "150"], 10);
    }
}

/// Nobody reads the output: the program waits, and does not gather the study in memory.
#[test]
fn a_reader_that_stops_holds_the_program_back() {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "400", "--rows", "512"]);
    let mut child =
        run::esito(&["package", "--out", "-", "--memory", &BUDGET_MIB.to_string(), "--folder"])
            .arg(place.source())
            .start();
    let mut pipe = child.stdout.take().expect("a pipe");
    let mut first = [0; 4096];
    pipe.read_exact(&mut first).expect("the first bytes");
    thread::sleep(Duration::from_secs(3));
    let peak_mib = high_water_kib(child.id()) >> 10;
    assert_eq!(child.try_wait().expect("its state"), None, "it ended although nobody reads");
    println!("peak {peak_mib} MiB behind a reader that stopped");
    assert!(peak_mib > 0 && peak_mib <= BUDGET_MIB + BESIDE_MIB, "{peak_mib} MiB");
    drop(pipe);
    run::finish(child, TIME_LIMIT).expect_code(&[6]);
}
