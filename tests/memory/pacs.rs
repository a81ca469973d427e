//! The same with a study that comes from a PACS, over DIMSE and DICOMweb, with the budget that is usual.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use fixtures::Holding;
use fixtures::dimse::{DimsePacs, DimseSettings};
use fixtures::web::{Behaviour, WebPacs};
use rstest::rstest;

use crate::support::{Workplace, files_below, run, slow_tier};

/// Whatever the study.
const MOST_MIB: u64 = 192;

#[derive(Debug, Clone, Copy)]
enum Protocol {
    Dimse,
    DicomWeb,
}

/// Retrieves and packages a study to nowhere, and checks the peak.
#[track_caller]
fn stays_within(study: &[&str], instances: usize, mib: u64, protocol: Protocol) {
    let place = Workplace::with_study(study);
    let files = files_below(&place.source());
    let bytes: u64 = files.iter().map(|file| file.metadata().expect("a file").len()).sum();
    assert!(files.len() >= instances && bytes >= mib << 20, "{} files, {bytes}", files.len());
    let holding = Arc::new(Holding::read(&place.source()).expect("the files"));
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = DimseSettings { ae_title: "FIXTURE".to_owned(), ..DimseSettings::default() };
    let dimse = DimsePacs::start(loopback, Arc::clone(&holding), settings).expect("a port");
    let web = WebPacs::serve_holding(loopback, holding, Behaviour::default(), None);
    let web = web.expect("a port");
    let section = match protocol {
        Protocol::Dimse => format!(
            "host = \"127.0.0.1\"\nport = {}\ncalled_ae_title = \"FIXTURE\"\n\
             calling_ae_title = \"ESITO\"\nretrieve = \"get\"",
            dimse.address().port()
        ),
        Protocol::DicomWeb => format!("protocol = \"dicomweb\"\nurl = \"{}\"", web.url()),
    };
    let file = place.beside("esito.toml");
    std::fs::write(&file, format!("[[pacs]]\nname = \"fixture\"\n{section}\n")).expect("written");
    let find = ["find", "--json", "--pacs", "fixture", "--study-date", "19000101-", "--config"];
    let found = run::esito(&find).arg(&file).finish().expect_code(&[0]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).expect("JSON");
    let uid = found["studies"][0]["study_instance_uid"].as_str().expect("a study").to_owned();
    let packaged = ["package", "--out", "-", "--progress", "none", "--study", &uid, "--config"];
    let ended = run::esito(&packaged).arg(file).stdout(Stdio::null()).finish().expect_code(&[0]);
    println!(
        "{protocol:?}: {} instances, {} MiB packaged, peak {} MiB",
        files.len(),
        bytes >> 20,
        ended.peak_kib >> 10
    );
    assert!(ended.peak_kib > 0, "the peak was not seen");
    assert!(ended.peak_kib >> 10 <= MOST_MIB, "{} MiB", ended.peak_kib >> 10);
}

/// More than memory may hold.
#[rstest]
fn slices(#[values(Protocol::Dimse, Protocol::DicomWeb)] protocol: Protocol) {
    stays_within(&["--study", "ct", "--slices", "400", "--rows", "512"], 400, 200, protocol);
}

/// One instance is larger than the budget.
#[rstest]
fn a_cine(#[values(Protocol::Dimse, Protocol::DicomWeb)] protocol: Protocol) {
    stays_within(&["--study", "us"], 1, 50, protocol);
}

#[rstest]
fn many_tiny_instances(#[values(Protocol::Dimse, Protocol::DicomWeb)] protocol: Protocol) {
    stays_within(&["--study", "ct", "--slices", "2000", "--rows", "48"], 2000, 1, protocol);
}

#[rstest]
fn very_many_tiny_instances(#[values(Protocol::Dimse, Protocol::DicomWeb)] protocol: Protocol) {
    if slow_tier() {
        let study = ["--study", "ct", "--slices", "20000", "--rows", "48"];
        stays_within(&study, 20_000, 20, protocol);
    }
}

#[rstest]
fn a_tomosynthesis_of_a_gigabyte(
    #[values(Protocol::Dimse, Protocol::DicomWeb)] protocol: Protocol,
) {
    if slow_tier() {
        stays_within(&["--study", "tomo", "--slices", "150"], 1, 950, protocol);
    }
}
