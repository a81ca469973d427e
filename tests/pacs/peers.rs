//! Each way of retrieval from each peer gives the package that the folder gives: the judges compare
//! it with the folder, instance for instance and pixel for pixel.

use rstest::rstest;
use serde_json::Value;

use crate::peer::{CALLING, Peer};
use crate::support::{Workplace, judges, report, run};

const MIXED: &[&str] = &["--study", "mixed"];
const LOSSLESS: &[&str] =
    &["--study", "ct", "--slices", "5", "--rows", "64", "--syntax", "1.2.840.10008.1.2.4.70"];

/// The only study that the peer has, by `esito find`.
pub fn study_of(configuration: &std::path::Path) -> Value {
    let found = run::esito(&["find", "--json", "--pacs", "peer", "--config"]).arg(configuration);
    let found = found.finish().expect_code(&[0]);
    let answer: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    let studies = answer["studies"].as_array().expect("studies");
    assert_eq!(studies.len(), 1, "{answer}");
    studies[0].clone()
}

pub fn package(
    workplace: &Workplace,
    configuration: &std::path::Path,
    study: &str,
) -> run::Finished {
    run::esito(&["package", "--pacs", "peer", "--transfer-syntax", "as-stored", "--study", study])
        .arg("--config")
        .arg(configuration)
        .arg("--out")
        .arg(workplace.zip())
        .arg("--report")
        .arg(workplace.report())
        .finish()
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Orthanc,
    Dcmqrscp,
    /// It takes and sends JPEG lossless.
    DcmqrscpLossless,
}

impl Which {
    fn start(self, workplace: &Workplace) -> Peer {
        let peer = match self {
            Self::Orthanc => Peer::orthanc(workplace),
            Self::Dcmqrscp => Peer::dcmqrscp(workplace, &[]),
            Self::DcmqrscpLossless => Peer::dcmqrscp(workplace, &["+xs", "-xs"]),
        };
        peer.fill(&workplace.source());
        peer
    }
}

#[rstest]
#[case::orthanc(Which::Orthanc, MIXED)]
#[case::orthanc_lossless(Which::Orthanc, LOSSLESS)]
#[case::dcmqrscp(Which::Dcmqrscp, MIXED)]
#[case::dcmqrscp_lossless(Which::DcmqrscpLossless, LOSSLESS)]
fn a_retrieved_package_is_that_of_the_folder(
    #[case] which: Which,
    #[case] fixture: &[&str],
    #[values("get", "move")] way: &str,
) {
    let workplace = Workplace::with_study(fixture);
    let peer = which.start(&workplace);
    let configuration = peer.configuration(&workplace, &format!("retrieve = \"{way}\""));
    let study = study_of(&configuration);
    let uid = study["study_instance_uid"].as_str().expect("a UID");
    package(&workplace, &configuration, uid).expect_code(&[0]);
    judges::judge(&workplace.zip(), &workplace.source(), &[]);
    let by_pacs = report::read(&workplace.report());
    workplace.package(&["--transfer-syntax", "as-stored"]).expect_code(&[0]);
    let by_folder = report::read(&workplace.report());
    assert_eq!(by_pacs["counts"], by_folder["counts"]);
}

/// With Patient Root a request without Patient ID names nothing.
#[rstest]
fn a_study_comes_by_patient_root(#[values("get", "move")] way: &str) {
    let workplace = Workplace::with_study(MIXED);
    let peer = Which::Dcmqrscp.start(&workplace);
    let more = format!("retrieve = \"{way}\"\nroot = \"patient\"");
    let configuration = peer.configuration(&workplace, &more);
    let study = study_of(&configuration);
    let uid = study["study_instance_uid"].as_str().expect("a UID");
    package(&workplace, &configuration, uid).expect_code(&[0]);
}

#[rstest]
#[case::orthanc(Which::Orthanc)]
#[case::dcmqrscp(Which::Dcmqrscp)]
fn check_is_all_green(#[case] which: Which) {
    let workplace = Workplace::with_study(crate::support::SMALL_CT);
    let peer = which.start(&workplace);
    let configuration = peer.configuration(&workplace, "");
    let checked = run::esito(&["check", "--json", "--config"]).arg(configuration).finish();
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    println!("{text}");
    let checked = checked.expect_code(&[0]);
    let answer: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    let steps: Vec<_> =
        answer["checks"].as_array().expect("checks").iter().map(|check| &check["step"]).collect();
    assert_eq!(
        steps,
        [
            "clock",
            "spool",
            "target",
            "store SCP",
            "DNS",
            "TCP",
            "TLS",
            "association",
            "C-ECHO",
            "C-FIND",
            "C-GET",
            "C-MOVE",
        ]
    );
}

#[test]
fn a_query_answers_what_a_portal_shows() {
    let workplace = Workplace::with_study(crate::support::SMALL_CT);
    let peer = Which::Orthanc.start(&workplace);
    let study = study_of(&peer.configuration(&workplace, ""));
    assert_eq!(study["modalities_in_study"], serde_json::json!(["CT"]));
    assert_eq!(study["instances"], 4);
    for key in ["patient_id", "patient_name", "study_date", "accession_number"] {
        assert!(study[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {study}");
    }
}

#[test]
fn a_wrong_ae_title_is_named_with_what_to_change() {
    let workplace = Workplace::empty();
    let peer = Peer::dcmqrscp(&workplace, &[]);
    let text = std::fs::read_to_string(peer.configuration(&workplace, "")).expect("the text");
    let file = workplace.beside("wrong.toml");
    std::fs::write(&file, text.replace("\"PEER\"", "\"WRONG\"")).expect("written");
    let checked = run::esito(&["check", "--config"]).arg(&file).finish().expect_code(&[5]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("called AE title not recognized, it is not WRONG"), "{said}");
    assert!(said.contains("Set `called_ae_title`"), "{said}");
    assert!(
        !said.contains(CALLING) || !said.contains("C-FIND"),
        "nothing is tried after it: {said}"
    );
}

#[test]
fn a_study_that_the_pacs_does_not_have_makes_no_package() {
    let workplace = Workplace::empty();
    let peer = Peer::dcmqrscp(&workplace, &[]);
    let configuration = peer.configuration(&workplace, "");
    let ended = package(&workplace, &configuration, "1.2.3.4").expect_code(&[4]);
    assert!(ended.stderr.contains("knows no such study"), "{}", ended.stderr);
    assert!(workplace.left_behind().is_empty());
}
