//! What comes out: the same bytes every time, to a file and to a pipe, and progress beside it.

use std::fs;

use serde_json::Value;

use crate::support::{SMALL_CT, Workplace, run};

#[test]
fn a_pipe_gets_the_bytes_of_the_file() {
    let place = Workplace::with_study(SMALL_CT);
    place.package(&[]).expect_code(&[0]);
    let piped = run::esito(&["package", "--out", "-", "--folder"])
        .arg(place.source())
        .finish()
        .expect_code(&[0]);
    assert!(piped.stdout == fs::read(place.zip()).expect("the package"), "the bytes differ");
}

#[test]
fn threads_and_memory_do_not_change_the_bytes() {
    let place = Workplace::with_study(&["--study", "mixed"]);
    place.package(&["--jobs", "1"]).expect_code(&[0]);
    let first = fs::read(place.zip()).expect("the package");
    for options in [&["--jobs", "4"][..], &["--jobs", "2", "--memory", "16"], &[]] {
        place.package(options).expect_code(&[0]);
        assert!(first == fs::read(place.zip()).expect("the package"), "{options:?}: bytes differ");
    }
}

/// Only what is in the files counts, not when they were written.
#[test]
fn the_dates_of_the_files_do_not_change_the_bytes() {
    let place = Workplace::with_study(SMALL_CT);
    place.package(&[]).expect_code(&[0]);
    let first = fs::read(place.zip()).expect("the package");
    for file in crate::support::files_below(&place.source()) {
        let bytes = fs::read(&file).expect("a fixture");
        fs::remove_file(&file).expect("a fixture");
        fs::write(&file, bytes).expect("the copy");
    }
    place.package(&[]).expect_code(&[0]);
    assert!(first == fs::read(place.zip()).expect("the package"), "the bytes differ");
}

#[test]
fn progress_is_json_lines_on_stderr() {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "40", "--rows", "64"]);
    let run = place.package(&["--progress", "json"]).expect_code(&[0]);
    let lines: Vec<Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(!lines.is_empty());
    let done = |line: &Value| line["instances"].as_u64();
    let counts: Vec<u64> = lines.iter().filter_map(done).collect();
    assert!(counts.is_sorted(), "{counts:?}");
    assert_eq!(counts.last(), Some(&40), "{}", run.stderr);
}

#[test]
fn without_progress_a_whole_package_is_silent() {
    let place = Workplace::with_study(SMALL_CT);
    let run = place.package(&["--progress", "none"]).expect_code(&[0]);
    assert_eq!(run.stderr, "");
    assert!(run.stdout.is_empty());
}

/// Standard output carries the ZIP alone, whatever is said beside it.
#[test]
fn a_piped_package_with_progress_is_still_a_zip() {
    let place = Workplace::with_study(SMALL_CT);
    let run = run::esito(&["package", "--out", "-", "--progress", "json", "--folder"])
        .arg(place.source())
        .finish()
        .expect_code(&[0]);
    let archive = zip::ZipArchive::new(std::io::Cursor::new(run.stdout)).expect("a ZIP");
    assert!(archive.len() > 8, "{} entries", archive.len());
}

/// Nobody's name or ID is in a file name, on stderr or in the report.
#[test]
fn names_of_people_stay_inside_the_files() {
    for study in ["names-latin1", "quirk-two-patients", "quirk-private"] {
        let place = Workplace::with_study(&["--study", study]);
        let run = place.package(&["--progress", "json"]).expect_code(&[0, 4]);
        let report = fs::read_to_string(place.report()).unwrap_or_default();
        for text in [run.stderr, report] {
            assert!(!text.contains('^') && !text.contains("TEST"), "{study}: {text}");
        }
    }
}
