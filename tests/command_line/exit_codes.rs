//! Exit codes, and a clear sentence with each.

use std::fs;
use std::path::Path;

use rstest::rstest;

use crate::support::{SMALL_CT, Workplace, files_below, judges, report, run};

#[rstest]
#[case::no_command(&[])]
#[case::unknown_command(&["pakcage"])]
#[case::unknown_option(&["package", "--folder", "x", "--out", "y", "--colour"])]
#[case::no_source(&["package", "--out", "/nonexistent/x.zip"])]
#[case::no_target(&["package", "--folder", "."])]
#[case::unknown_layout(&["package", "--folder", ".", "--out", "x.zip", "--layout", "tree"])]
#[case::unknown_language(&["package", "--folder", ".", "--out", "x.zip", "--lang", "tlh"])]
#[case::unknown_policy(&["package", "--folder", ".", "--out", "x.zip", "--transfer-syntax", "j2k"])]
#[case::memory_not_a_number(&["package", "--folder", ".", "--out", "x.zip", "--memory", "much"])]
#[case::no_jobs(&["package", "--folder", ".", "--out", "x.zip", "--jobs", "0"])]
#[case::more_jobs_than_threads(&["package", "--folder", ".", "--out", "x.zip", "--jobs", "257"])]
#[case::unknown_fixture(&["fixtures", "--study", "nonesuch", "--out", "/nonexistent/x"])]
fn a_wrong_call_is_exit_2(#[case] arguments: &[&str]) {
    let run = run::esito(arguments).finish().expect_code(&[2]);
    assert!(!run.stderr.trim().is_empty());
    assert!(run.stdout.is_empty(), "help for an error belongs on stderr");
}

#[rstest]
#[case::help(&["--help"])]
#[case::help_of_a_command(&["package", "--help"])]
#[case::version(&["--version"])]
fn help_is_exit_0_on_stdout(#[case] arguments: &[&str]) {
    let run = run::esito(arguments).finish().expect_code(&[0]);
    assert!(!run.stdout.is_empty());
    assert_eq!(run.stderr, "");
}

#[test]
fn a_whole_study_is_exit_0() {
    let place = Workplace::with_study(SMALL_CT);
    place.package(&[]).expect_code(&[0]);
    assert_eq!(place.left_behind(), ["package.zip"]);
}

/// One instance of four is cut off: the others are packaged, the loss is named everywhere.
#[test]
fn a_truncated_instance_is_exit_3_and_named() {
    let place = Workplace::with_study(SMALL_CT);
    let victim = files_below(&place.source()).remove(1);
    let bytes = fs::read(&victim).expect("a fixture");
    fs::write(&victim, &bytes[..bytes.len() - 1000]).expect("the truncated file");
    let run = place.package(&[]).expect_code(&[3]);
    let name = victim.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(run.stderr.contains(&name), "{}", run.stderr);
    let report = report::read(&place.report());
    let files = report::files(&report);
    assert_eq!((files.packaged, files.refused), (3, 1), "{report}");
    assert!(report.to_string().contains(&name), "{report}");
    judges::judge(&place.zip(), &place.source(), &["--instances", "3"]);
}

#[test]
fn an_empty_folder_is_exit_4() {
    refused(&Workplace::empty(), "DICOM");
}

#[test]
fn a_folder_without_dicom_is_exit_4() {
    let place = Workplace::empty();
    fs::write(place.source().join("letter.txt"), "no DICOM").expect("a file");
    fs::write(place.source().join("empty"), "").expect("a file");
    fs::write(place.source().join("zeros"), vec![0; 4096]).expect("a file");
    refused(&place, "DICOM");
}

#[test]
fn two_patients_are_exit_4() {
    refused(&Workplace::with_study(&["--study", "quirk-two-patients"]), "patient");
}

/// Two people with one number, each of the hospital that is named; a hospital that does not name itself may be the
/// other one.
#[rstest]
#[case::of_two_hospitals(Some("PROVA EST"), 4)]
#[case::of_one_hospital(Some("PROVA OVEST"), 0)]
#[case::of_who_knows_which(None, 0)]
fn one_patient_id_at_two_hospitals_is_two_patients(
    #[case] issuer_of_second: Option<&str>,
    #[case] code: i32,
) {
    let place = Workplace::empty();
    for (study, issuer) in [("ct", Some("PROVA OVEST")), ("cr", issuer_of_second)] {
        place.add_study(&["--study", study, "--slices", "1", "--rows", "64"], study);
        for file in files_below(&place.source().join(study)) {
            name_issuer(&file, issuer);
        }
    }
    let run = place.package(&[]).expect_code(&[code]);
    assert_eq!(run.stderr.contains("2 patients"), code == 4, "{}", run.stderr);
    assert!(!run.stderr.contains("PROVA"), "{}", run.stderr);
}

/// A hospital may write its name in several ways.
#[test]
fn two_issuers_in_one_study_are_of_one_patient() {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "2", "--rows", "64"]);
    let files = files_below(&place.source());
    for (file, issuer) in files.iter().zip(["PROVA OVEST", "PROVA-OVEST"]) {
        name_issuer(file, Some(issuer));
    }
    place.package(&[]).expect_code(&[0]);
}

/// Puts an Issuer of Patient ID (0010,0021) behind the Patient ID.
fn name_issuer(file: &Path, issuer: Option<&str>) {
    let mut bytes = fs::read(file).expect("a fixture");
    let start = find(&bytes, b"\x10\0\x20\0LO");
    let length = bytes.get(start + 6).expect("a length");
    let behind = start + 8 + usize::from(*length);
    let named = issuer.map(|issuer| format!("\x10\0\x21\0LO\x0C\0{issuer:<12}"));
    bytes.splice(behind..behind, named.unwrap_or_default().into_bytes());
    fs::write(file, bytes).expect("the changed file");
}

#[test]
fn a_study_that_is_not_there_is_exit_4() {
    let place = Workplace::with_study(SMALL_CT);
    place.package(&["--study", "1.2.3.4.5.6.7"]).expect_code(&[4]);
    assert_eq!(place.left_behind(), [""; 0]);
}

#[test]
fn a_study_whose_every_file_is_cut_off_is_exit_4() {
    let place = Workplace::with_study(SMALL_CT);
    for file in files_below(&place.source()) {
        let bytes = fs::read(&file).expect("a fixture");
        fs::write(&file, &bytes[..bytes.len() / 2]).expect("the truncated file");
    }
    refused(&place, "");
}

/// Where an element begins.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).expect("an element")
}

/// The sentence on stderr says what is wrong without the name or ID of a person.
#[track_caller]
fn refused(place: &Workplace, says: &str) {
    let run = place.package(&[]).expect_code(&[4]);
    assert!(run.stderr.contains(says), "{}", run.stderr);
    assert!(!run.stderr.contains('^'), "a patient's name is on stderr: {}", run.stderr);
    assert_eq!(place.left_behind(), [""; 0]);
}

#[test]
fn a_folder_that_is_not_there_is_exit_2_and_named() {
    let place = Workplace::empty();
    fs::remove_dir(place.source()).expect("an empty folder");
    let run = place.package(&[]).expect_code(&[2]);
    assert!(run.stderr.contains("source"), "{}", run.stderr);
    assert_eq!(place.left_behind(), [""; 0]);
}

#[test]
fn a_file_instead_of_a_folder_is_exit_2_and_named() {
    let place = Workplace::empty();
    fs::remove_dir(place.source()).expect("an empty folder");
    fs::write(place.source(), "no folder").expect("a file");
    let run = place.package(&[]).expect_code(&[2]);
    assert!(run.stderr.contains("source"), "{}", run.stderr);
    assert_eq!(place.left_behind(), [""; 0]);
}

/// One would overwrite the other, however the path is spelled.
#[rstest]
#[case::same("package.zip")]
#[case::other_spelling("../target/./package.zip")]
fn a_report_in_the_place_of_the_package_is_exit_2(#[case] report: &str) {
    let place = Workplace::with_study(SMALL_CT);
    let run = run::esito(&["package", "--folder"])
        .arg(place.source())
        .arg("--out")
        .arg(place.zip())
        .arg("--report")
        .arg(place.target().join(report))
        .finish()
        .expect_code(&[2]);
    assert!(run.stderr.contains("--report"), "{}", run.stderr);
    assert_eq!(place.left_behind(), [""; 0]);
}

/// The copy that ends early comes first in the order of names, and is not the one to keep.
#[test]
fn a_truncated_copy_does_not_win_over_a_good_one() {
    let place = Workplace::with_study(SMALL_CT);
    let bytes = fs::read(files_below(&place.source()).remove(1)).expect("a fixture");
    fs::write(place.source().join("00"), &bytes[..bytes.len() - 1000]).expect("the copy");
    place.package(&[]).expect_code(&[3]);
    let report = report::read(&place.report());
    let files = report::files(&report);
    assert_eq!((files.packaged, files.refused, files.duplicate), (4, 0, 1), "{report}");
    assert_eq!(report["notices"][0]["file"], "00", "{report}");
}

/// The listing ends before the pixels, so it does not see an element that stands out of order there.
#[test]
fn a_patient_id_out_of_order_brings_no_other_patient_in() {
    let place = Workplace::with_study(SMALL_CT);
    let victim = files_below(&place.source()).remove(1);
    let mut bytes = fs::read(&victim).expect("a fixture");
    let start = find(&bytes, b"\x10\0\x20\0LO");
    let end = start + 8 + usize::from(bytes[start + 6]);
    let mut patient_id: Vec<u8> = bytes.drain(start..end).collect();
    patient_id[8] ^= 1;
    let pixels = find(&bytes, b"\xE0\x7F\x10\0O");
    bytes.splice(pixels..pixels, patient_id);
    fs::write(&victim, bytes).expect("the changed file");
    let run = place.package(&[]).expect_code(&[3]);
    assert!(run.stderr.contains("another patient"), "{}", run.stderr);
    assert_eq!(report::files(&report::read(&place.report())).packaged, 3);
}
