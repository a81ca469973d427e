//! Several studies of a person in one package: from one PACS or two, as from a folder; and what fails of one
//! of them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fixtures::dimse::{DimsePacs, Script};
use fixtures::web::{Behaviour, WebPacs};
use fixtures::{D_ANGELO, Holding, Options, ROSSI, Storage, write_study};
use rstest::rstest;
use serde_json::Value;

use crate::scripted::{GET, MOVE, start};
use crate::support::{Workplace, files_below, judges, report, run};

/// What comes over DICOMweb, and what over DIMSE.
const WEB: &str = "web";
const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// A PACS that serves while this lives, and a configuration for it.
struct Served {
    _dimse: Option<DimsePacs>,
    _web: Option<WebPacs>,
    file: PathBuf,
}

fn serve(workplace: &Workplace, holding: Holding, way: &str) -> Served {
    let holding = Arc::new(holding);
    if way != WEB {
        let (pacs, file) = start(workplace, holding, Script::default(), way);
        return Served { _dimse: Some(pacs), _web: None, file };
    }
    let (address, behaviour) = (SocketAddr::from((LOOPBACK, 0)), Behaviour::default());
    let server = WebPacs::serve_holding(address, holding, behaviour, None).expect("a port");
    let file = workplace.beside("web.toml");
    std::fs::write(&file, web_section(&server, "peer")).expect("the configuration");
    Served { _dimse: None, _web: Some(server), file }
}

fn web_section(server: &WebPacs, name: &str) -> String {
    format!("[[pacs]]\nname = '{name}'\nprotocol = 'dicomweb'\nurl = '{}'\n", server.url())
}

/// Three studies of one person, in a folder each; their UIDs.
fn three_studies(workplace: &Workplace) -> [String; 3] {
    [("ct", 4), ("mr", 1), ("sr-measurements", 1)].map(|(name, slices)| {
        let options = match name {
            "sr-measurements" => Options::default(),
            _ => Options { slices: Some(slices), rows: Some(64), ..Options::default() },
        };
        let written = write_study(name, &options, &workplace.source().join(name));
        written.expect("a study").study_uids()[0].to_owned()
    })
}

fn package(workplace: &Workplace, file: &Path, studies: &[&str], more: &[&str]) -> run::Finished {
    let studies = studies.iter().flat_map(|study| ["--study", study]);
    run::esito(&["package", "--progress", "none", "--config"])
        .arg(file)
        .args(studies)
        .arg("--out")
        .arg(workplace.zip())
        .arg("--report")
        .arg(workplace.report())
        .args(more)
        .finish()
}

fn failures(workplace: &Workplace) -> Vec<Value> {
    report::read(&workplace.report())["failures"].as_array().expect("a list").clone()
}

#[rstest]
#[case::get(GET)]
#[case::by_move(MOVE)]
#[case::web(WEB)]
fn the_package_is_that_of_the_folder_however_the_studies_are_named(#[case] way: &str) {
    let workplace = Workplace::empty();
    let [ct, mr, report] = three_studies(&workplace);
    workplace.package(&[]).expect_code(&[0]);
    judges::judge(&workplace.zip(), &workplace.source(), &[]);
    let of_folder = std::fs::read(workplace.zip()).expect("the package");
    workplace.package(&["--study", &mr, "--study", &ct]).expect_code(&[0]);
    let of_two = std::fs::read(workplace.zip()).expect("the package");

    let served = serve(&workplace, Holding::read(&workplace.source()).expect("the files"), way);
    let by_pacs = |studies: &[&str]| {
        package(&workplace, &served.file, studies, &[]).expect_code(&[0]);
        std::fs::read(workplace.zip()).expect("the package")
    };
    assert!(by_pacs(&[&report, &ct, &mr]) == of_folder, "another package than of the folder");
    // Twice the same is once.
    assert!(by_pacs(&[&ct, &mr, &ct]) == of_two, "another package than of two studies");
}

#[test]
fn each_study_comes_from_the_first_pacs_that_knows_it() {
    let workplace = Workplace::empty();
    let [ct, mr, report] = three_studies(&workplace);
    workplace.package(&[]).expect_code(&[0]);
    let of_folder = std::fs::read(workplace.zip()).expect("the package");
    let serve = |names: &[&str]| {
        let folder = workplace.beside(&names.join("-"));
        for name in names {
            let (from, to) = (workplace.source().join(name), folder.join(name));
            std::fs::create_dir_all(&folder).expect("a folder");
            run::program("cp").arg("-r").arg(from).arg(to).finish().expect_code(&[0]);
        }
        WebPacs::start(&folder, Behaviour::default()).expect("a port")
    };
    let (one, other) = (serve(&["ct", "sr-measurements"]), serve(&["mr"]));
    let file = workplace.beside("two.toml");
    let text = web_section(&one, "one") + &web_section(&other, "other");
    std::fs::write(&file, text).expect("the configuration");
    package(&workplace, &file, &[&mr, &report, &ct], &[]).expect_code(&[0]);
    let by_two = std::fs::read(workplace.zip()).expect("the package");
    assert!(by_two == of_folder, "another package than of the folder");
    // One of them alone does not know the other's.
    let lacking = package(&workplace, &file, &[&mr, &ct], &["--pacs", "one"]).expect_code(&[3]);
    assert!(lacking.stderr.contains("PACS one knows no such study"), "{}", lacking.stderr);
}

#[rstest]
#[case::dimse(GET)]
#[case::web(WEB)]
fn what_is_nearline_or_unknown_is_named_and_does_not_lose_the_others(#[case] way: &str) {
    let workplace = Workplace::empty();
    let [ct, mr, report] = three_studies(&workplace);
    let holding = Holding::read(&workplace.source()).expect("the files");
    let served = serve(&workplace, holding.with(&mr, Storage::Nearline), way);
    let unknown = "1.2.826.0.1.9999.404";

    let ended = package(&workplace, &served.file, &[&ct, unknown, &mr, &report], &[]);
    let ended = ended.expect_code(&[3]);
    let said = ended.stderr.lines().map(str::to_owned).collect::<Vec<_>>();
    let says = |study: &str, sentence: &str| {
        let prefix = format!("study {study}: ");
        let found = said.iter().any(|line| line.contains(&prefix) && line.contains(sentence));
        assert!(found, "{study}: {sentence}: {}", ended.stderr);
    };
    says(unknown, "knows no such study");
    says(&mr, "has the study NEARLINE and delivers none of it");
    let failures = failures(&workplace);
    let of = |failure: &Value| (failure["study"].clone(), failure["instance_availability"].clone());
    let failures: Vec<_> = failures.iter().map(of).collect();
    assert_eq!(failures, [(1.into(), Value::Null), (2.into(), "NEARLINE".into())]);

    // The package says so too, and what came is whole.
    let pages = run::program("unzip").args(["-p"]).arg(workplace.zip()).args(["*/index.htm"]);
    let index = String::from_utf8_lossy(&pages.finish().expect_code(&[0]).stdout).into_owned();
    assert!(index.contains("1 esame richiesto non è nel pacchetto"), "{index}");
    let manifest = run::program("unzip").args(["-p"]).arg(workplace.zip()).arg("*/manifest.json");
    let manifest: Value =
        serde_json::from_slice(&manifest.finish().expect_code(&[0]).stdout).expect("JSON");
    assert_eq!(manifest["complete"], false, "{manifest}");
    let notices = manifest["notices"].as_array().expect("a list");
    let missing = notices.iter().find(|notice| notice["kind"] == "study_missing");
    assert_eq!(missing.expect("a notice")["study_instance_uid"], unknown);

    // Where nothing is left, each is told of.
    std::fs::remove_file(workplace.zip()).expect("the package");
    let nothing = package(&workplace, &served.file, &[unknown, &mr], &[]).expect_code(&[5]);
    assert!(nothing.stderr.contains("none of the 2 studies can be packaged"), "{}", nothing.stderr);
    for sentence in ["study 1: PACS peer knows no such study", "study 2: PACS peer has the study"] {
        assert!(nothing.stderr.contains(sentence), "{}", nothing.stderr);
    }
    assert!(workplace.left_behind().is_empty());
}

/// Two patients' studies; and their UIDs.
fn of_two_patients(workplace: &Workplace) -> [String; 2] {
    let written = write_study("quirk-two-patients", &Options::default(), &workplace.source());
    let written = written.expect("the studies");
    [written.study_uids()[0].to_owned(), written.study_uids()[1].to_owned()]
}

#[test]
fn a_package_is_of_one_person_who_may_have_several_patient_ids() {
    let workplace = Workplace::empty();
    let [one, other] = of_two_patients(&workplace);
    let studies = [one.as_str(), other.as_str()];
    let served = serve(&workplace, Holding::read(&workplace.source()).expect("the files"), GET);
    let refused = package(&workplace, &served.file, &studies, &[]).expect_code(&[4]);
    assert!(refused.stderr.contains("are of 2 patients"), "{}", refused.stderr);
    assert!(workplace.left_behind().is_empty());

    // Of somebody else there is nothing.
    let of_one = package(&workplace, &served.file, &studies, &["--patient-id", ROSSI.id]);
    of_one.expect_code(&[3]);
    let failures = failures(&workplace);
    assert_eq!((failures.len(), &failures[0]["study"]), (1, &1.into()), "{failures:?}");

    let named = ["--patient-id", ROSSI.id, "--patient-id", D_ANGELO.id];
    package(&workplace, &served.file, &studies, &named).expect_code(&[0]);
    let report = report::read(&workplace.report());
    assert_eq!(report["counts"]["received"], report["counts"]["expected"], "{report}");
    judges::judge(&workplace.zip(), &workplace.source(), &[]);
}

#[test]
fn an_instance_of_another_patient_inside_a_study_is_refused_and_counted() {
    let workplace = Workplace::empty();
    let options = Options { slices: Some(4), rows: Some(64), ..Options::default() };
    let written = write_study("ct", &options, &workplace.source()).expect("a study");
    let study = written.study_uids()[0].to_owned();
    let files = files_below(&workplace.source());
    let mut bytes = std::fs::read(&files[2]).expect("a file");
    let at = bytes.windows(ROSSI.id.len()).position(|at| at == ROSSI.id.as_bytes());
    let at = at.expect("the Patient ID");
    bytes[at..at + ROSSI.id.len()].copy_from_slice(D_ANGELO.id.as_bytes());
    std::fs::write(&files[2], bytes).expect("written");
    let served = serve(&workplace, Holding::read(&workplace.source()).expect("the files"), GET);

    let foreign = package(&workplace, &served.file, &[&study], &["--patient-id", ROSSI.id]);
    let foreign = foreign.expect_code(&[3]);
    assert!(foreign.stderr.contains("it belongs to another patient"), "{}", foreign.stderr);
    assert_eq!(report::read(&workplace.report())["counts"]["received"], 3);
    let named = ["--patient-id", ROSSI.id, "--patient-id", D_ANGELO.id];
    package(&workplace, &served.file, &[&study], &named).expect_code(&[0]);
}

#[rstest]
#[case::get(GET)]
#[case::by_move(MOVE)]
#[case::web(WEB)]
fn of_a_package_of_reports_only_the_reports_are_retrieved_and_nothing_else(#[case] way: &str) {
    let workplace = Workplace::empty();
    let [ct, _, report] = three_studies(&workplace);
    let only = ["--contents", "reports"];
    let studies = [ct.as_str(), report.as_str()];
    let folder: Vec<_> = studies.iter().flat_map(|study| ["--study", study]).chain(only).collect();
    workplace.package(&folder).expect_code(&[0]);
    let of_folder = std::fs::read(workplace.zip()).expect("the package");
    let holding = Arc::new(Holding::read(&workplace.source()).expect("the files"));
    let (served, asked) = if way == WEB {
        let (address, behaviour) = (SocketAddr::from((LOOPBACK, 0)), Behaviour::default());
        let server = WebPacs::serve_holding(address, holding, behaviour, None).expect("a port");
        let file = workplace.beside("web.toml");
        std::fs::write(&file, web_section(&server, "peer")).expect("the configuration");
        package(&workplace, &file, &studies, &only).expect_code(&[0]);
        let retrievals: Vec<_> = server
            .asked()
            .into_iter()
            .map(|asked| asked.line)
            .filter(|line| !line.contains("includefield"))
            .collect();
        (Served { _dimse: None, _web: Some(server), file }, retrievals)
    } else {
        let (pacs, file) = start(&workplace, holding, Script::default(), way);
        package(&workplace, &file, &studies, &only).expect_code(&[0]);
        (Served { _dimse: Some(pacs), _web: None, file }, Vec::new())
    };
    drop(served);
    assert!(asked.iter().all(|line| line.contains("/instances/")), "{asked:?}");
    assert!(!asked.iter().any(|line| line.contains(&ct)), "{asked:?}");
    assert_eq!(asked.is_empty(), way != WEB);
    let by_pacs = std::fs::read(workplace.zip()).expect("the package");
    assert!(by_pacs == of_folder, "another package than of the folder");
}
