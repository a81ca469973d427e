//! A PACS that plays a fault, and what the user is told then, in time: exit code, standard error, report
//! and package.
//!
//! The study has eight series of two instances; what goes wrong, goes wrong in the third series.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::dimse::{DimsePacs, DimseSettings, Fault, Misdeed, Script};
use fixtures::web::{self, WebPacs};
use fixtures::{Holding, Options, Summary, write_study};
use serde_json::Value;

use crate::peer::{CALLED, CALLING, configuration, free_port};
use crate::support::{Workplace, report, run};

/// For faults that are noticed when the time is over.
pub const SHORT: &str =
    "time_outs = { connect = 2, association = 2, no_progress = 0.7, total = 30 }";
/// For faults that are noticed when they come.
pub const LONG: &str =
    "time_outs = { connect = 20, association = 20, no_progress = 20, total = 60 }";
/// Longer than any of them may take: the tests of all areas share the machine.
const AT_MOST: Duration = Duration::from_secs(30);
/// Instances of the study.
pub const INSTANCES: u64 = 16;

/// A PACS that plays a fault, with the study that is asked for and another one.
pub struct Scripted {
    pub workplace: Workplace,
    pub study: Summary,
    pub other: Summary,
}

/// How a retrieval ended.
pub struct Ended {
    pub code: i32,
    pub stderr: String,
    /// The report, if there is a package.
    pub report: Option<Value>,
    workplace: Workplace,
}

impl Scripted {
    /// A folder with both studies.
    pub fn new() -> Self {
        let workplace = Workplace::empty();
        let options = Options { slices: Some(2), rows: Some(48), syntax: None, seed: 1 };
        let study = write_study("mr", &options, &workplace.source().join("mr"));
        let options = Options { slices: Some(1), seed: 2, ..options };
        let other = write_study("mr", &options, &workplace.source().join("other"));
        let (study, other) = (study.expect("a study"), other.expect("another one"));
        assert_eq!((study.instances.len(), study.series_uids().len()), (16, 8));
        Self { workplace, study, other }
    }

    /// Study Instance UID of the study that is asked for.
    pub fn study_uid(&self) -> &str {
        self.study.study_uids()[0]
    }

    /// Study Instance UID of the other study.
    pub fn other_uid(&self) -> &str {
        self.other.study_uids()[0]
    }

    /// SOP Instance UIDs of the third series.
    pub fn third(&self) -> Vec<String> {
        let third = self.study.series_uids()[2];
        let members = self.study.instances.iter().filter(|one| one.series_uid == third);
        members.map(|one| one.sop_instance_uid.clone()).collect()
    }

    /// `check` and `package` both say so, with exit code 5.
    #[track_caller]
    pub fn tells_by_check_and_package(self, fault: Fault, more: &str, sentence: &str) {
        let holding = Arc::new(Holding::read(&self.workplace.source()).expect("the files"));
        let (_pacs, file) = start(&self.workplace, holding, Script::always(fault), more);
        is_told_by_check_and_package(&self.workplace, &file, sentence);
    }

    /// Packages the study from a DICOMweb server that plays a fault, over TLS if that is given with the
    /// file of its authority. `more` stands in its section.
    pub fn package_over_web(
        self,
        fault: web::Fault,
        tls: Option<(web::Wrap, PathBuf)>,
        more: &str,
    ) -> Ended {
        let uid = self.study_uid().to_owned();
        let behaviour = web::Behaviour { fault, ..web::Behaviour::default() };
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let (wrap, authority) = tls.unzip();
        let scheme = if wrap.is_some() { "https" } else { "http" };
        let trust = authority.map(|file| format!("tls = {{ ca_file = '{}' }}", file.display()));
        let source = self.workplace.source();
        let server = WebPacs::start_on(loopback, &source, behaviour, wrap).expect("a port");
        let file = self.workplace.beside("web.toml");
        let text = format!(
            "[[pacs]]\nname = 'peer'\nprotocol = 'dicomweb'\n\
             url = '{scheme}://{}/dicom-web'\n{more}\n{}\n",
            server.address(),
            trust.unwrap_or_default(),
        );
        std::fs::write(&file, text).expect("the configuration");
        package_by(self.workplace, &file, &uid)
    }

    /// Packages the study from a PACS with this script. `more` stands in its section.
    pub fn package(self, script: Script, more: &str) -> Ended {
        let uid = self.study_uid().to_owned();
        let holding = Holding::read(&self.workplace.source()).expect("the files");
        package_from(self.workplace, Arc::new(holding), script, &uid, more)
    }
}

/// Starts a PACS, and writes a configuration for it.
pub fn start(
    workplace: &Workplace,
    holding: Arc<Holding>,
    script: Script,
    more: &str,
) -> (DimsePacs, PathBuf) {
    let store_port = free_port();
    let settings = DimseSettings {
        ae_title: CALLED.to_owned(),
        destinations: BTreeMap::from([(CALLING.to_owned(), format!("127.0.0.1:{store_port}"))]),
        script,
        ..DimseSettings::default()
    };
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let pacs = DimsePacs::start(loopback, holding, settings).expect("a port");
    let file = configuration(workplace, pacs.address().port(), store_port, more);
    (pacs, file)
}

/// `check` and `package` both say so, with exit code 5, and leave no file.
#[track_caller]
pub fn is_told_by_check_and_package(workplace: &Workplace, file: &Path, sentence: &str) {
    let begun = Instant::now();
    let checked = run::esito(&["check", "--config"]).arg(file).finish().expect_code(&[5]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains(sentence), "{said}");
    let packaged = run::esito(&["package", "--study", "1.2.3", "--progress", "none", "--config"])
        .arg(file)
        .arg("--out")
        .arg(workplace.zip())
        .finish()
        .expect_code(&[5]);
    assert!(packaged.stderr.contains(sentence), "{}", packaged.stderr);
    assert!(workplace.left_behind().is_empty());
    assert!(begun.elapsed() < AT_MOST, "{:?}", begun.elapsed());
}

/// Packages a study from a PACS that plays a script.
pub fn package_from(
    workplace: Workplace,
    holding: Arc<Holding>,
    script: Script,
    study: &str,
    more: &str,
) -> Ended {
    let (_pacs, file) = start(&workplace, holding, script, more);
    package_by(workplace, &file, study)
}

/// Packages a study as a configuration says.
fn package_by(workplace: Workplace, file: &Path, study: &str) -> Ended {
    let begun = Instant::now();
    let finished = run::esito(&["package", "--progress", "none", "--study", study, "--config"])
        .arg(file)
        .arg("--out")
        .arg(workplace.zip())
        .arg("--report")
        .arg(workplace.report())
        .finish()
        .expect_code(&[0, 3, 4, 5]);
    assert!(begun.elapsed() < AT_MOST, "{:?}: {}", begun.elapsed(), finished.stderr);
    let code = finished.code.expect("a code");
    let has_package = [0, 3].contains(&code);
    assert_eq!(workplace.left_behind().len(), usize::from(has_package), "{}", finished.stderr);
    let report = has_package.then(|| report::read(&workplace.report()));
    Ended { code, stderr: finished.stderr, report, workplace }
}

impl Ended {
    /// All is in, and nobody needs to know of anything.
    #[track_caller]
    pub fn is_whole(&self) {
        assert_eq!(self.code, 0, "{}", self.stderr);
        let report = self.report.as_ref().expect("a report");
        assert_eq!(report["counts"]["received"], INSTANCES, "{report}");
        assert_eq!(report["notices"], serde_json::json!([]), "{report}");
        assert!(report["failures"] == serde_json::json!([]), "{report}");
    }

    /// All others are in; these are named, for this reason, on stderr, in the report and in the package.
    #[track_caller]
    pub fn lacks(&self, uids: &[String], kind: &str, reason: &str) {
        assert_eq!(self.code, 3, "{}", self.stderr);
        let report = self.report.as_ref().expect("a report");
        let received = INSTANCES - u64::try_from(uids.len()).expect("a count");
        assert_eq!(report["counts"]["received"], received, "{report}");
        let incomplete = format!("{} of {INSTANCES} instances are not in it", uids.len());
        assert!(self.stderr.contains(&incomplete), "{}", self.stderr);
        self.names(uids, kind, reason);
        let in_one_line = |name| self.entry(name).split_whitespace().collect::<Vec<_>>().join(" ");
        let (index, readme) = (in_one_line("index.htm"), in_one_line("readme.txt"));
        let sentence = format!("contiene {received} dei {INSTANCES} oggetti DICOM previsti");
        assert!(index.contains(&sentence), "the index says nothing: {index}");
        assert!(readme.contains(&sentence), "the readme says nothing: {readme}");
    }

    /// So many are missing of which nobody said the names, of so many.
    #[track_caller]
    pub fn misses_unnamed(&self, missing: u64, expected: u64) {
        assert_eq!(self.code, 3, "{}", self.stderr);
        let report = self.report.as_ref().expect("a report");
        assert_eq!(report["counts"]["received"], expected - missing, "{report}");
        assert_eq!(report["counts"]["expected"], expected, "{report}");
        self.says(&format!("{missing} of {expected} instances are not in it"));
        let manifest = self.entry("other_content/manifest.json");
        let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
        assert_eq!(manifest["complete"], false, "{manifest}");
        let notices = manifest["notices"].as_array().expect("notices");
        let is_unnamed =
            |one: &&Value| one["kind"] == "missing" && one["sop_instance_uid"].is_null();
        let unnamed = notices.iter().filter(is_unnamed).count();
        assert_eq!(u64::try_from(unnamed).expect("a count"), missing, "{manifest}");
    }

    /// These are named, for this reason, on stderr, in the report and in the manifest.
    #[track_caller]
    pub fn names(&self, uids: &[String], kind: &str, reason: &str) {
        let manifest = self.entry("other_content/manifest.json");
        let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
        assert_eq!(manifest["complete"], false, "{manifest}");
        for list in [&self.report.as_ref().expect("a report")["notices"], &manifest["notices"]] {
            let mut named: Vec<_> = list
                .as_array()
                .expect("notices")
                .iter()
                .filter(|notice| notice["kind"] == kind)
                .filter_map(|notice| notice["sop_instance_uid"].as_str())
                .collect();
            named.sort_unstable();
            let mut expected: Vec<_> = uids.iter().map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!(named, expected, "{list}");
        }
        for uid in uids {
            let line = self.stderr.lines().find(|line| line.contains(uid.as_str()));
            let line = line.unwrap_or_else(|| panic!("{uid} is not named: {}", self.stderr));
            assert!(line.contains(reason), "{line}");
        }
    }

    /// There is no package, with this exit code and sentence.
    #[track_caller]
    pub fn fails(&self, code: i32, sentence: &str) {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(self.stderr.contains(sentence), "{}", self.stderr);
    }

    /// A sentence stands on stderr.
    #[track_caller]
    pub fn says(&self, sentence: &str) {
        assert!(self.stderr.contains(sentence), "{}", self.stderr);
    }

    /// A text in the package, by its path below the top folder.
    pub fn entry(&self, path: &str) -> String {
        let file = std::fs::File::open(self.workplace.zip()).expect("the package");
        let mut zip = zip::ZipArchive::new(file).expect("a ZIP");
        let place = (0..zip.len()).find(|place| {
            let entry = zip.by_index_raw(*place).expect("an entry");
            entry.name().expect("a name").split_once('/').is_some_and(|(_, below)| below == path)
        });
        let mut text = String::new();
        let mut entry = zip.by_index(place.expect("the entry")).expect("the entry");
        entry.read_to_string(&mut text).expect("UTF-8");
        text
    }
}

/// By C-GET only.
pub const GET: &str = "retrieve = \"get\"";
/// By C-MOVE only.
pub const MOVE: &str = "retrieve = \"move\"";

/// What stands in the section of the PACS.
pub fn settings(way: &str, time_outs: &str) -> String {
    format!("{way}\n{time_outs}")
}

/// What is no DICOM.
pub const GARBAGE: &[u8] = b"\xDE\xAD\xBE\xEF and no PDU at all, for a good while";
/// A value longer than its PDU.
pub const LYING_PDU: &[u8] = &[4, 0, 0, 0, 0, 8, 0, 0, 0xFF, 0xFF, 3, 0, 1, 2];

/// Says this instead of what should come.
pub fn says(bytes: &[u8]) -> Misdeed {
    Misdeed::Says(bytes.to_vec())
}
