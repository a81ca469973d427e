//! Reports that a site hands in, and packages of reports only.

use std::fs;
use std::path::{Path, PathBuf};

use dicom_core::Tag;
use engine::{
    Contents, Date, GivenReport, GivenReportFault, Options, PackError, PackageReport,
    PackageRequest, Patient, ReportAbout, ReportStatus, Source, Unwatched,
};
use fixtures::write_study;
use part10::{Instance, Limits};
use rstest::rstest;

use crate::support::{Workplace, files_below, judges, report, run};

/// A PDF of one empty page, with a text that no reader shows.
fn pdf(text: &str) -> Vec<u8> {
    let head = format!("%PDF-1.4\n%{text}\n");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ];
    let mut file = head;
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(objects) {
        table = format!("{table}{:010} 00000 n \n", file.len());
        file = format!("{file}{number} 0 obj{object}endobj\n");
    }
    let at = file.len();
    let end = format!("xref\n0 4\n{table}trailer<</Size 4/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n");
    (file + &end).into_bytes()
}

/// Three reports: on a study by its accession number, on another by its UID, on all.
fn three_reports(first: &Path, second: &str) -> Vec<GivenReport> {
    let accession = ReportAbout::AccessionNumber(accession_of(first));
    let of_second = ReportAbout::Study(second.parse().expect("a UID"));
    let given = |text: &str, title: &str, status, date: &str, about| GivenReport {
        title: Some(title.to_owned()),
        status: Some(status),
        date: Date::from_da(date),
        about,
        ..GivenReport::new(pdf(text))
    };
    vec![
        given("one", "Referto TC <di prova>", ReportStatus::Final, "20260502", accession),
        given("two", "Referto RM di prova", ReportStatus::Preliminary, "20260501", of_second),
        GivenReport::new(pdf("three")),
    ]
}

/// Accession Number of the study in a folder.
fn accession_of(folder: &Path) -> String {
    let first = files_below(folder).into_iter().next().expect("a file");
    let instance = Instance::open(&first, &Limits::default()).expect("an instance");
    instance.dataset().text(Tag(0x0008, 0x0050)).expect("an accession number")
}

fn pack(place: &Workplace, options: Options) -> Result<PackageReport, PackError> {
    let source = Source::Folder { folder: place.source(), studies: Vec::new() };
    let zip = fs::File::create(place.zip()).expect("a file");
    engine::pack(&PackageRequest { source, options }, zip, &mut Unwatched)
}

fn unpacked(place: &Workplace) -> PathBuf {
    let folder = place.beside("unpacked");
    run::program("unzip")
        .arg("-q")
        .arg(place.zip())
        .arg("-d")
        .arg(&folder)
        .finish()
        .expect_code(&[0]);
    let inner = fs::read_dir(&folder).expect("the folder").next().expect("an entry");
    inner.expect("an entry").path()
}

fn page(folder: &Path, name: &str) -> String {
    let page = fs::read_to_string(folder.join(name)).expect("the page");
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn study(place: &Workplace, name: &str) -> String {
    let options = fixtures::Options { slices: Some(2), rows: Some(48), ..Default::default() };
    let options = if name == "sr-measurements" { fixtures::Options::default() } else { options };
    let written = write_study(name, &options, &place.source().join(name)).expect("a study");
    written.study_uids()[0].to_owned()
}

#[test]
fn reports_that_were_handed_in_are_byte_for_byte_in_the_package_and_listed_at_their_study() {
    let place = Workplace::empty();
    study(&place, "ct");
    let mr = study(&place, "mr");
    let reports = three_reports(&place.source().join("ct"), &mr);
    let options = Options { reports, ..Options::default() };
    pack(&place, options.clone()).expect("a package");
    judges::judge(&place.zip(), &place.source(), &[]);
    let first = fs::read(place.zip()).expect("the package");
    let package = unpacked(&place);
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        let written = fs::read(package.join(format!("IHE_PDI/RP{number:06}.PDF"))).expect("a PDF");
        assert!(written == pdf(text), "report {number} has other bytes");
    }
    for (name, final_status, preliminary, date, only) in [
        ("index.htm", "Finale", "Provvisorio", "2 mag 2026", "Solo come documento"),
        ("IHE_PDI/EN/INDEX.HTM", "Final", "Preliminary", "2 May 2026", "As a document only"),
    ] {
        let index = page(&package, name);
        let list = index.split("<ul class=\"reports\">").nth(1).expect("the reports");
        let items: Vec<_> =
            list.split("</ul>").next().expect("a list").split("<li>").skip(1).collect();
        assert_eq!(items.len(), 3, "{name}");
        // The newest first; one without a date stands last.
        assert!(items[0].contains("Referto TC &#60;di prova&#62;"), "{}", items[0]);
        assert!(items[0].contains(final_status) && items[0].contains(date), "{}", items[0]);
        assert!(items[1].contains(preliminary), "{}", items[1]);
        assert!(items[0].contains("<a href=\"#study"), "{}", items[0]);
        let is_second = items[1].contains("RP000002.PDF") && items[1].contains("<a href=\"#study");
        assert!(is_second, "{}", items[1]);
        assert!(items[2].contains("RP000003.PDF") && !items[2].contains("#study"), "{}", items[2]);
        assert!(items.iter().all(|item| item.contains(only)), "{name}");
    }
    // The same reports make the same bytes, another one another package.
    pack(&place, options.clone()).expect("a package");
    assert!(fs::read(place.zip()).expect("the package") == first, "other bytes");
    let mut other = options;
    other.reports[2].status = Some(ReportStatus::Final);
    let renamed = pack(&place, other).expect("a package").package;
    assert!(!package.ends_with(&renamed), "another content has the same name");
}

#[test]
fn a_report_that_changed_since_it_was_handed_in_makes_no_package() {
    let place = Workplace::empty();
    study(&place, "ct");
    let report = GivenReport { sha256: [7; 32], ..GivenReport::new(pdf("one")) };
    let options =
        Options { reports: vec![GivenReport::new(pdf("two")), report], ..Options::default() };
    let error = pack(&place, options).expect_err("a package");
    let PackError::GivenReport { number: 2, fault: GivenReportFault::Changed } = &error else {
        panic!("{error}");
    };
    assert!(error.to_string().contains("hand it in again"), "{error}");
}

#[test]
fn a_document_that_is_no_pdf_is_told_in_the_package() {
    let place = Workplace::empty();
    study(&place, "ct");
    let reports = vec![GivenReport::new(b"<html>".to_vec())];
    let report = pack(&place, Options { reports, ..Options::default() }).expect("a package");
    let told: Vec<_> = report.notices.iter().map(engine::describe).collect();
    assert!(told.iter().any(|notice| notice.contains("said to be a PDF and is none")), "{told:?}");
}

#[rstest]
#[case::reference("reference")]
#[case::strict("pdi")]
fn a_package_of_reports_only_holds_their_dicom_objects_and_says_so(#[case] layout: &str) {
    let place = Workplace::empty();
    for name in ["ct", "sr-measurements"] {
        study(&place, name);
    }
    let packaged = place.package(&["--contents", "reports", "--layout", layout]).expect_code(&[0]);
    assert!(
        packaged.stderr.contains("instances that are no reports are left out"),
        "{}",
        packaged.stderr
    );
    // All of the one source is in, and nothing of the other.
    let said = report::read(&place.report());
    let left_out = &said["notices"].as_array().expect("a list")[0];
    assert_eq!(left_out["kind"], "reports_only", "{said}");
    assert_eq!(said["counts"]["expected"], said["counts"]["received"], "{said}");
    assert_eq!(said["counts"]["rendered"], 0, "{said}");
    let judged = judges::script("judge.py").arg(place.zip()).args(["--layout", layout]).finish();
    assert_eq!(judged.code, Some(0), "{}", String::from_utf8_lossy(&judged.stdout));
    if layout == "reference" {
        let index = page(&unpacked(&place), "index.htm");
        assert!(index.contains("Il pacchetto contiene solo i referti, come richiesto"), "{index}");
    }
}

#[test]
fn without_any_report_there_is_nothing_to_package_until_one_is_handed_in() {
    let place = Workplace::empty();
    study(&place, "ct");
    let nothing = place.package(&["--contents", "reports"]).expect_code(&[4]);
    assert!(
        nothing.stderr.contains("there is no report among the 2 instances"),
        "{}",
        nothing.stderr
    );
    assert!(place.left_behind().is_empty());

    let reports = vec![GivenReport::new(pdf("one"))];
    let patient = Patient {
        name: Some("VERDI^LUCA TEST".to_owned()),
        birth_date: Some("19860124".to_owned()),
        ..Patient::default()
    };
    let contents = Contents::ReportsOnly;
    let options = Options { contents, reports, patient: Some(patient), ..Options::default() };
    let of_nobody = Options { patient: None, ..options.clone() };
    let unnamed = pack(&place, of_nobody).expect("a package").package;
    let named = pack(&place, options).expect("a package").package;
    assert_ne!(named, unnamed, "another package has another name");
    let judged = judges::script("judge.py").arg(place.zip()).finish();
    assert_eq!(judged.code, Some(0), "{}", String::from_utf8_lossy(&judged.stdout));
    let package = unpacked(&place);
    assert!(!package.join("DICOMDIR").exists() && !package.join("STUDIES").exists());
    let index = page(&package, "index.htm");
    assert!(index.contains("RP000001.PDF") && index.contains("contiene solo documenti"), "{index}");
    // No instance says whose it is: whoever makes the package does.
    assert!(index.contains("VERDI") && index.contains("LUCA TEST"), "{index}");
    let readme = page(&package, "readme.txt");
    assert!(!readme.contains("DICOMDIR ") && readme.contains("solo documenti"), "{readme}");
}
