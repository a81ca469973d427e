//! What ends a retrieval on this machine: Ctrl-C, a full disk, a folder that takes no spool file. Each
//! has its exit code, and leaves nothing.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::Holding;
use fixtures::dimse::{DimsePacs, Fault, Misdeed, Script, Service};
use fixtures::web::{Behaviour, WebPacs};
use rstest::rstest;

use crate::peers::study_of;
use crate::scripted::{GET, MOVE, Scripted, start};
use crate::support::run::TIME_LIMIT;
use crate::support::{SMALL_CT, Workplace, run};

const WEB: &str = "web";
/// One instance of 52 MiB: it does not stay in memory.
const CINE: &[&str] = &["--study", "us"];

/// A PACS with one study.
struct Site {
    workplace: Workplace,
    configuration: PathBuf,
    study: String,
    _dimse: DimsePacs,
    _web: WebPacs,
}

impl Site {
    /// `way` is what stands in the section, or [`WEB`]. The study takes so many seconds.
    fn start(study: &[&str], way: &str, bytes_per_second: Option<NonZeroU64>) -> Self {
        let workplace = Workplace::with_study(study);
        let mut holding = Holding::read(&workplace.source()).expect("the files");
        if let Some(bytes_per_second) = bytes_per_second {
            holding = holding.at_most(bytes_per_second);
        }
        let holding = Arc::new(holding);
        let of_dimse = if way == WEB { GET } else { way };
        let (dimse, configuration) =
            start(&workplace, Arc::clone(&holding), Script::default(), of_dimse);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let web = WebPacs::serve_holding(loopback, holding, Behaviour::default(), None);
        let web = web.expect("a port");
        if way == WEB {
            let url = web.url();
            let text = format!("[[pacs]]\nname = 'peer'\nprotocol = 'dicomweb'\nurl = '{url}'\n");
            std::fs::write(&configuration, text).expect("the configuration");
        }
        let study = study_of(&configuration)["study_instance_uid"].as_str().map(str::to_owned);
        let study = study.expect("a UID");
        Self { workplace, configuration, study, _dimse: dimse, _web: web }
    }

    /// The arguments that package the study.
    fn arguments(&self) -> Vec<String> {
        let (file, zip) = (self.configuration.display(), self.workplace.zip());
        let text = ["package", "--progress", "none", "--study", &self.study, "--config"];
        let text = text.into_iter().map(str::to_owned);
        text.chain([file.to_string(), "--out".to_owned(), zip.display().to_string()]).collect()
    }
}

/// Sends it a signal as Ctrl-C does, and sees that it ends soon with 130. In the background Ctrl-C itself is ignored.
#[track_caller]
pub fn ends_by_a_signal(child: Child) -> run::Finished {
    run::program("kill").args(["-TERM", &child.id().to_string()]).finish().expect_code(&[0]);
    let begun = Instant::now();
    let ended = run::finish(child, TIME_LIMIT).expect_code(&[130]);
    // After two seconds it would be ended by force.
    assert!(begun.elapsed() < Duration::from_millis(1900), "{:?}", begun.elapsed());
    ended
}

#[rstest]
fn a_signal_ends_a_retrieval(#[values(GET, MOVE, WEB)] way: &str) {
    // It would take half a minute.
    let site = Site::start(SMALL_CT, way, NonZeroU64::new(1000));
    let child = run::esito(&[]).args(site.arguments()).start();
    std::thread::sleep(Duration::from_millis(700));
    ends_by_a_signal(child);
    assert!(site.workplace.left_behind().is_empty());
}

#[test]
fn a_signal_ends_the_wait_for_what_a_pacs_has() {
    let scripted = Scripted::new();
    let holding = Arc::new(Holding::read(&scripted.workplace.source()).expect("the files"));
    // It would be waited for for a minute.
    let silence = Script::always(Fault::At(Service::Find, Misdeed::Silence));
    let (_pacs, file) = start(&scripted.workplace, holding, silence, GET);
    let child = run::esito(&["package", "--progress", "none", "--study", scripted.study_uid()])
        .arg("--config")
        .arg(&file)
        .arg("--out")
        .arg(scripted.workplace.zip())
        .start();
    std::thread::sleep(Duration::from_millis(700));
    ends_by_a_signal(child);
    assert!(scripted.workplace.left_behind().is_empty());
}

#[rstest]
fn a_folder_that_takes_no_spool_file_is_exit_6(#[values(GET, MOVE, WEB)] way: &str) {
    let site = Site::start(CINE, way, None);
    // Nobody can make a file there, not even root.
    let ended = run::esito(&[]).args(site.arguments()).env("TMPDIR", "/proc").finish();
    let ended = ended.expect_code(&[6]);
    assert!(ended.stderr.contains("set TMPDIR"), "{}", ended.stderr);
    assert!(site.workplace.left_behind().is_empty());
}

/// A disk of 8 MiB, where this machine lets its users have one.
#[rstest]
fn a_full_disk_is_exit_6(
    #[values(GET, MOVE, WEB)] way: &str,
    #[values("spool", "target")] full: &str,
) {
    let disk = |folder: &str, rest: &[String]| {
        let mount = format!("mount -t tmpfs -o size=8m tmpfs '{folder}' && exec \"$@\"");
        let own = ["--map-root-user", "--mount", "sh", "-c", &mount, "sh"];
        run::program("unshare").args(own).args(rest)
    };
    let site = Site::start(CINE, way, None);
    let folder =
        if full == "spool" { site.workplace.beside("spool") } else { site.workplace.target() };
    std::fs::create_dir_all(&folder).expect("a folder");
    let folder = folder.display().to_string();
    if disk(&folder, &["true".to_owned()]).finish().code != Some(0) {
        println!("skipped: this machine lets nobody mount a file system of his own");
        return;
    }
    let program = [env!("CARGO_BIN_EXE_esito").to_owned()];
    let command: Vec<_> = program.into_iter().chain(site.arguments()).collect();
    let mut run = disk(&folder, &command);
    if full == "spool" {
        run = run.env("TMPDIR", &folder);
    }
    let ended = run.finish().expect_code(&[6]);
    assert!(ended.stderr.contains("No space left on device"), "{}", ended.stderr);
    assert!(site.workplace.left_behind().is_empty());
}
