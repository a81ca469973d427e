//! `esito recall`, and `esito package` of what is not at hand, against an archive that fetches a study
//! when it is asked for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::peer::{CALLED, configuration, free_port};
use crate::peers::{package, study_of};
use crate::storage::ends_by_a_signal;
use crate::support::{SMALL_CT, Workplace, files_below, run};

const STUDY: &str = "1.2.826.0.1.9999.1";

/// What the archive does; the study is online after so many looks at it from when it was asked for.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// What it tells; without, only a retrieval shows whether the study is there.
    tells: Option<&'static str>,
    looks: usize,
    /// The status of the hook.
    hook: u16,
    /// What its clock says, where it says anything.
    date: Option<&'static str>,
}

const NEARLINE: Plan = Plan { tells: Some("NEARLINE"), looks: 2, hook: 202, date: None };
const SILENT: Plan = Plan { tells: None, ..NEARLINE };
const NEVER: usize = usize::MAX;

#[derive(Debug, Default)]
struct State {
    is_asked: bool,
    looks: usize,
    asked: Vec<String>,
}

/// An archive over DICOMweb, with a hook beside it.
struct Archive {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Archive {
    fn start(plan: Plan) -> Self {
        let workplace = Workplace::with_study(SMALL_CT);
        let file = std::fs::read(&files_below(&workplace.source())[0]).expect("an instance");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.expect("a connection"), plan, &file, &shared);
            }
        });
        Self { port, state }
    }

    fn asked(&self) -> Vec<String> {
        self.state.lock().expect("the state").asked.clone()
    }

    fn configuration(&self, workplace: &Workplace, recall: &str) -> PathBuf {
        let file = workplace.beside("esito.toml");
        let text = format!(
            "[[pacs]]\nname = \"archive\"\nprotocol = \"dicomweb\"\n\
             url = \"http://127.0.0.1:{}/web\"\n\
             recall = {{ first_wait = 0.1, longest_wait = 0.4, total = 20{} }}\n",
            self.port,
            recall.replace("PORT", &self.port.to_string())
        );
        std::fs::write(&file, text).expect("the configuration");
        file
    }
}

fn serve(mut stream: TcpStream, plan: Plan, file: &[u8], shared: &Mutex<State>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let line = text.lines().next().expect("a line").to_owned();
    let target = line.split(' ').nth(1).expect("a target").to_owned();
    let path = target.split('?').next().expect("a path");
    let mut state = shared.lock().expect("the state");
    let is_online = |state: &State| state.is_asked && state.looks > plan.looks;
    let (status, kind, body) = if path.starts_with("/recall") {
        let secret = text.lines().find(|line| line.to_lowercase().starts_with("authorization"));
        state.asked.push(format!("{line} {}", secret.unwrap_or_default()));
        state.is_asked = true;
        (plan.hook, "text/plain", b"noted".to_vec())
    } else if path == "/web/studies" {
        state.looks += usize::from(state.is_asked);
        let mut study = json!({
            "0020000D": {"vr": "UI", "Value": [STUDY]},
            "00080050": {"vr": "SH", "Value": ["A/1"]},
        });
        if let Some(term) = plan.tells {
            let term = if is_online(&state) { "ONLINE" } else { term };
            study["00080056"] = json!({"vr": "CS", "Value": [term]});
        }
        (200, "application/dicom+json", json!([study]).to_string().into_bytes())
    } else if path.ends_with("/series") {
        let series = json!([{"0020000E": {"vr": "UI", "Value": ["1.2.3"]}}]);
        (200, "application/dicom+json", series.to_string().into_bytes())
    } else if path.ends_with("/instances") {
        let instance = json!([{"00080018": {"vr": "UI", "Value": ["1.2.3.4"]}}]);
        (200, "application/dicom+json", instance.to_string().into_bytes())
    } else if is_online(&state) {
        (200, "application/dicom", file.to_vec())
    } else {
        state.asked.push(line);
        state.is_asked = true;
        (503, "text/plain", b"on tape".to_vec())
    };
    let date = plan.date.map_or_else(String::new, |date| format!("Date: {date}\r\n"));
    let head = format!(
        "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Type: {kind}\r\n{date}\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    drop(stream.write_all(&[head.as_bytes(), &body].concat()));
}

fn recall(configuration: &PathBuf, more: &[&str]) -> run::Finished {
    run::esito(&["recall", "--json", "--pacs", "archive", "--study", STUDY, "--config"])
        .arg(configuration)
        .args(more)
        .finish()
}

fn answer(finished: &run::Finished) -> Value {
    serde_json::from_slice(&finished.stdout).expect("JSON")
}

#[rstest]
#[case::that_tells(NEARLINE)]
#[case::that_shows_it_only_by_a_retrieval(SILENT)]
fn an_archive_is_asked_by_a_retrieval_and_waited_for(#[case] plan: Plan) {
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let ended = recall(&archive.configuration(&workplace, ""), &[]).expect_code(&[0]);
    let answer = answer(&ended);
    assert_eq!(answer["online"], true);
    assert_eq!(answer["instance_availability"], "ONLINE");
    assert!(!archive.asked().is_empty());
    assert!(ended.stderr.contains("the study was asked for"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("availability: NEARLINE; looked at again in"),
        "{}",
        ended.stderr
    );
    // It is there now: nobody is asked.
    let asked = archive.asked().len();
    let again = recall(&archive.configuration(&workplace, ""), &[]).expect_code(&[0]);
    assert!(!again.stderr.contains("asked for"), "{}", again.stderr);
    assert_eq!(archive.asked().len(), asked);
}

#[test]
fn a_hook_is_called_with_the_study_and_nothing_else() {
    let (workplace, archive) = (Workplace::empty(), Archive::start(NEARLINE));
    let hook = ", hook = { method = \"PUT\", url = \"http://127.0.0.1:PORT/recall/{study}?a={accession}\", \
        status = [202], authentication = { bearer = \"swordfish\" } }";
    recall(&archive.configuration(&workplace, hook), &[]).expect_code(&[0]);
    let line = format!("PUT /recall/{STUDY}?a=A%2F1 HTTP/1.1 authorization: Bearer swordfish");
    assert_eq!(archive.asked(), [line]);
}

#[test]
fn a_hook_that_refuses_is_named() {
    let plan = Plan { hook: 403, ..NEARLINE };
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let hook = ", hook = { url = \"http://127.0.0.1:PORT/recall/{study}\" }";
    let ended = recall(&archive.configuration(&workplace, hook), &[]).expect_code(&[5]);
    assert!(ended.stderr.contains("the recall hook fails: 127.0.0.1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("answers with status 403"), "{}", ended.stderr);
}

#[test]
fn what_stays_away_ends_when_time_is_over() {
    let plan = Plan { tells: Some("OFFLINE"), looks: NEVER, ..NEARLINE };
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let begun = Instant::now();
    let file = archive.configuration(&workplace, "");
    let ended = recall(&file, &["--wait", "1"]).expect_code(&[5]);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(answer(&ended)["instance_availability"], "OFFLINE");
    assert!(ended.stderr.contains("the study is still OFFLINE after 1 s"), "{}", ended.stderr);
}

#[rstest]
#[case::behind("Thu, 01 Jan 2015 00:00:00 GMT", "s behind that of this machine")]
#[case::before("Fri, 01 Jan 2100 00:00:00 GMT", "s before that of this machine")]
fn a_clock_that_is_wrong_is_a_fault_of_check(#[case] date: &'static str, #[case] sentence: &str) {
    let plan = Plan { date: Some(date), ..NEARLINE };
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let file = archive.configuration(&workplace, "");
    let checked = run::esito(&["check", "--config"]).arg(file).finish().expect_code(&[5]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    let clock = said.lines().find(|line| line.contains("archive  clock")).expect("a line");
    assert!(clock.starts_with("FAIL") && clock.contains(sentence), "{said}");
    assert!(clock.contains("set both by a time server (NTP)"), "{said}");
}

#[test]
fn a_signal_ends_the_waiting() {
    let plan = Plan { tells: Some("OFFLINE"), looks: NEVER, ..NEARLINE };
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let child = run::esito(&["recall", "--pacs", "archive", "--study", STUDY, "--config"])
        .arg(archive.configuration(&workplace, ""))
        .start();
    while archive.asked().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = ends_by_a_signal(child);
    assert!(ended.stderr.contains("the study was asked for"), "{}", ended.stderr);
}

#[test]
fn what_is_lost_or_unknown_is_no_matter_of_waiting() {
    let plan = Plan { tells: Some("UNAVAILABLE"), looks: NEVER, ..NEARLINE };
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let file = archive.configuration(&workplace, "");
    let ended = recall(&file, &[]).expect_code(&[4]);
    assert!(ended.stderr.contains("the study is UNAVAILABLE"), "{}", ended.stderr);
    assert!(archive.asked().is_empty());
    let unknown = run::esito(&["recall", "--pacs", "archive", "--study", "9.9", "--config"])
        .arg(&file)
        .finish()
        .expect_code(&[4]);
    assert!(unknown.stderr.contains("the PACS knows no such study"), "{}", unknown.stderr);
    let nobody = run::esito(&["recall", "--pacs", "nobody", "--study", STUDY, "--config"])
        .arg(&file)
        .finish()
        .expect_code(&[2]);
    assert!(nobody.stderr.contains("no PACS is called nobody"), "{}", nobody.stderr);
}

#[rstest]
#[case::that_tells(NEARLINE)]
#[case::that_refuses(SILENT)]
fn a_package_of_what_is_not_at_hand_says_so_and_what_to_do(#[case] plan: Plan) {
    let plan = Plan { looks: NEVER, ..plan };
    let (workplace, archive) = (Workplace::empty(), Archive::start(plan));
    let ended = run::esito(&["package", "--progress", "none", "--study", STUDY, "--config"])
        .arg(archive.configuration(&workplace, ""))
        .arg("--out")
        .arg(workplace.zip())
        .finish()
        .expect_code(&[5]);
    let sentence = "PACS archive has the study NEARLINE and delivers none of it:";
    assert!(ended.stderr.contains(sentence), "{}", ended.stderr);
    assert!(ended.stderr.contains("`esito recall` asks for it"), "{}", ended.stderr);
    assert!(workplace.left_behind().is_empty());
}

/// `esito fixture-pacs` over the source of a workplace, for as long as it lives.
struct FixturePacs(std::process::Child);

impl FixturePacs {
    fn start(workplace: &Workplace, port: u16, more: &[&str]) -> Self {
        let process = run::esito(&["fixture-pacs", "--ae-title", CALLED, "--folder"])
            .arg(workplace.source())
            .args(["--port", &port.to_string()])
            .args(more)
            .start();
        let pacs = Self(process);
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the fixture PACS does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        pacs
    }
}

impl Drop for FixturePacs {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_nearline_study_comes_back_over_dimse_and_can_be_packaged() {
    let workplace = Workplace::with_study(SMALL_CT);
    let port = free_port();
    let more = "recall = { first_wait = 0.3, longest_wait = 0.5, total = 30 }";
    let file = configuration(&workplace, port, free_port(), more);
    let online = FixturePacs::start(&workplace, port, &[]);
    let uid = study_of(&file)["study_instance_uid"].as_str().expect("a UID").to_owned();
    drop(online);
    let _pacs = FixturePacs::start(&workplace, port, &["--nearline", &uid, "--recall", "1"]);
    // There is nothing that a retrieval could be tried with, which is no fault.
    let checked = run::esito(&["check", "--config"]).arg(&file).finish().expect_code(&[0]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("no instance is at hand to try a retrieval with"), "{said}");
    let refused = package(&workplace, &file, &uid).expect_code(&[5]);
    assert!(refused.stderr.contains("has the study NEARLINE"), "{}", refused.stderr);
    let recalled = run::esito(&["recall", "--pacs", "peer", "--study", &uid, "--config"]);
    recalled.arg(&file).finish().expect_code(&[0]);
    package(&workplace, &file, &uid).expect_code(&[0]);
}
