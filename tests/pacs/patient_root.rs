//! A PACS with Patient Root that wants the Patient ID in every query, and one that has no other root.

use std::path::Path;
use std::sync::Arc;

use dicom_core::Tag;
use fixtures::Holding;
use fixtures::dimse::Script;
use part10::{Instance, Limits};

use crate::peer::Peer;
use crate::scripted::{LONG, Scripted, start};
use crate::support::{Workplace, files_below, run};

const PATIENT: &str = "retrieve = \"get\"\nroot = \"patient\"";

fn package(workplace: &Workplace, file: &Path, study: &str, more: &[&str]) -> run::Finished {
    run::esito(&["package", "--progress", "none", "--study", study, "--config"])
        .arg(file)
        .arg("--out")
        .arg(workplace.zip())
        .args(more)
        .finish()
}

/// The Patient ID of the only patient.
fn patient_of(workplace: &Workplace) -> String {
    let bytes = std::fs::read(&files_below(&workplace.source())[0]).expect("a file");
    let instance = Instance::from_bytes(bytes, &Limits::default()).expect("an instance");
    instance.dataset().text(Tag(0x0010, 0x0020)).expect("a Patient ID")
}

#[test]
fn a_strict_pacs_is_asked_for_a_study_of_its_patient() {
    let scripted = Scripted::new();
    let holding = Holding::read(&scripted.workplace.source()).expect("the files");
    let patient = patient_of(&scripted.workplace);
    let more = format!("{PATIENT}\n{LONG}");
    let workplace = &scripted.workplace;
    let (_pacs, file) = start(workplace, Arc::new(holding), Script::default(), &more);
    let study = scripted.study_uid();

    let nobody = package(workplace, &file, study, &[]).expect_code(&[5]);
    assert!(nobody.stderr.contains("give it by `--patient-id`"), "{}", nobody.stderr);
    let another = package(workplace, &file, study, &["--patient-id", "TEST-NOBODY"]);
    let another = another.expect_code(&[4]);
    assert!(another.stderr.contains("knows no such study"), "{}", another.stderr);
    assert!(workplace.left_behind().is_empty());
    package(workplace, &file, study, &["--patient-id", &patient]).expect_code(&[0]);

    run::esito(&["check", "--config"]).arg(&file).finish().expect_code(&[0]);
    let recall = ["recall", "--pacs", "peer", "--study", study, "--config"];
    run::esito(&recall).arg(&file).args(["--patient-id", &patient]).finish().expect_code(&[0]);
    let nobody = run::esito(&recall).arg(&file).finish().expect_code(&[5]);
    assert!(nobody.stderr.contains("give it by `--patient-id`"), "{}", nobody.stderr);
}

#[test]
fn a_pacs_without_study_root_is_asked_by_patient_root() {
    let scripted = Scripted::new();
    let workplace = &scripted.workplace;
    let peer = Peer::dcmqrscp(workplace, &["--no-study-root"]);
    peer.fill(&workplace.source());
    let patient = patient_of(workplace);

    let file = peer.configuration(workplace, "");
    let refused = package(workplace, &file, scripted.study_uid(), &[]).expect_code(&[5]);
    assert!(refused.stderr.contains("refuses C-FIND (Study Root)"), "{}", refused.stderr);
    let file = peer.configuration(workplace, "root = \"patient\"");
    let whole = package(workplace, &file, scripted.study_uid(), &["--patient-id", &patient]);
    whole.expect_code(&[0]);
    run::esito(&["check", "--config"]).arg(&file).finish().expect_code(&[0]);
}
