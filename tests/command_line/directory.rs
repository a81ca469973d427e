//! What a DICOMDIR in the source folder announces: it is missed when it is not there.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rstest::rstest;

use crate::support::{SMALL_CT, Workplace, files_below, report};

/// A folder with a DICOMDIR: an unpacked package.
fn unpacked() -> Workplace {
    let package = Workplace::with_study(SMALL_CT);
    package.package(&["--layout", "pdi"]).expect_code(&[0]);
    let place = Workplace::empty();
    let zip = fs::File::open(package.zip()).expect("the package");
    let mut archive = zip::ZipArchive::new(zip).expect("a ZIP");
    archive.extract(place.source()).expect("the files of the package");
    place
}

fn images(place: &Workplace) -> Vec<PathBuf> {
    let is_image = |file: &PathBuf| file.extension().is_none() && !file.ends_with("DICOMDIR");
    files_below(&place.source()).into_iter().filter(is_image).collect()
}

fn study(place: &Workplace) -> String {
    let listing = part10::list_folder(&place.source(), &part10::Limits::default());
    let listing = listing.expect("a folder");
    listing.instances.first().expect("an instance").identity.study.to_string()
}

fn unreadable_directories(place: &Workplace) -> u64 {
    let report = report::read(&place.report());
    let count = report.pointer("/files/unreadable_directories");
    count.and_then(serde_json::Value::as_u64).expect("a count")
}

#[rstest]
#[case::all_studies(false)]
#[case::the_study_asked_for(true)]
fn what_is_announced_and_absent_is_missed(#[case] by_study: bool) {
    let place = unpacked();
    let study = study(&place);
    fs::remove_file(images(&place).remove(1)).expect("an image");
    let options: &[&str] = if by_study { &["--study", &study] } else { &[] };
    let run = place.package(options).expect_code(&[3]);
    assert!(run.stderr.contains("announced and not there"), "{}", run.stderr);
    assert_eq!(unreadable_directories(&place), 0);
}

#[test]
fn what_other_studies_announce_is_not_missed() {
    let place = unpacked();
    for image in images(&place) {
        fs::remove_file(image).expect("an image");
    }
    place.add_study(&["--study", "mixed"], "other");
    let study = study(&place);
    place.package(&["--study", &study]).expect_code(&[0]);
}

/// Names that are no UTF-8 are usual on CDs with accents.
#[rstest]
#[case::cut_off(b"CD")]
#[case::in_a_folder_that_is_no_utf_8(b"CD\xE0")]
fn a_directory_that_cannot_be_read_is_told_of(#[case] folder: &[u8]) {
    let place = unpacked();
    let directory = place.source().join("DICOMDIR");
    let bytes = fs::read(&directory).expect("the DICOMDIR");
    fs::remove_file(directory).expect("the DICOMDIR");
    let folder = place.source().join(std::ffi::OsStr::from_bytes(folder));
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("DICOMDIR"), &bytes[..bytes.len() - 10]).expect("a DICOMDIR cut off");
    let run = place.package(&[]).expect_code(&[0]);
    assert!(run.stderr.contains("1 of 1 DICOMDIR"), "{}", run.stderr);
    assert_eq!(unreadable_directories(&place), 1);
}

#[test]
fn a_directory_in_a_folder_that_is_no_utf_8_is_read() {
    let place = unpacked();
    let folder = place.source().join(std::ffi::OsStr::from_bytes(b"CD\xE0"));
    fs::create_dir(&folder).expect("a folder");
    fs::rename(place.source().join("DICOMDIR"), folder.join("DICOMDIR")).expect("the DICOMDIR");
    fs::remove_file(images(&place).remove(1)).expect("an image");
    let run = place.package(&[]).expect_code(&[3]);
    assert!(run.stderr.contains("announced and not there"), "{}", run.stderr);
}

/// Refused is the one that the record names, not one elsewhere that ends alike.
#[test]
fn a_refused_file_stands_for_its_own_record_only() {
    let place = unpacked();
    let absent = images(&place).remove(1);
    fs::remove_file(&absent).expect("an image");
    let name = Path::new(absent.file_name().expect("a name"));
    fs::write(place.source().join(name), [&[0; 128][..], b"DICM, and no more"].concat())
        .expect("a damaged file");
    let run = place.package(&[]).expect_code(&[3]);
    assert!(run.stderr.contains("announced and not there"), "{}", run.stderr);
    assert!(run.stderr.contains("2 of 5 instances"), "{}", run.stderr);
}
