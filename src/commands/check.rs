//! `esito check`: tries every outside part, and says for each failure what to change.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use engine::pacs::{
    DimsePacs, DimseSettings, PacsError, Received, Receiver, RetrieveMethod, Service, StopFlag,
    StudyKeys, StudyQuery as _, Taken, Wanted,
};
use engine::{SopInstanceUid, StudyInstanceUid};
use serde_json::json;

use crate::config::Config;
use crate::exit;
use crate::messages::Messages;

/// What `esito check` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// JSON on standard output
    #[arg(long)]
    json: bool,
}

/// One thing that was tried.
struct Line {
    of: String,
    step: &'static str,
    result: Result<String, String>,
}

/// Tries all, and writes what works and what does not.
pub(crate) fn run(arguments: &CheckArgs) -> ExitCode {
    let config = match Config::load(Some(&arguments.config)) {
        Ok(config) => config,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    let mut lines = vec![spool()];
    let storage_fails = lines.iter().any(|line| line.result.is_err());
    if config.pacs.is_empty() {
        let (of, result) = ("configuration".into(), Err("there is no [[pacs]] in it".into()));
        lines.push(Line { of, step: "PACS", result });
    }
    for settings in &config.pacs {
        if let Service::Dimse(dimse) = &settings.service {
            check_pacs(&settings.name, dimse, &mut lines);
        }
    }
    let fails = lines.iter().any(|line| line.result.is_err());
    if let Err(error) = write(arguments.json, &lines) {
        Messages::Sentences.error(&format!("cannot write to standard output: {error}"));
        return ExitCode::from(exit::STORAGE);
    }
    match (fails, storage_fails) {
        (false, _) => ExitCode::SUCCESS,
        (true, true) => ExitCode::from(exit::STORAGE),
        (true, false) => ExitCode::from(exit::PACS),
    }
}

fn write(as_json: bool, lines: &[Line]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if as_json {
        let checks: Vec<_> = lines
            .iter()
            .map(|line| {
                let (Ok(text) | Err(text)) = &line.result;
                json!({"of": line.of, "step": line.step, "ok": line.result.is_ok(), "message": text})
            })
            .collect();
        let ok = lines.iter().all(|line| line.result.is_ok());
        serde_json::to_writer_pretty(&mut stdout, &json!({"ok": ok, "checks": checks}))?;
        return stdout.write_all(b"\n");
    }
    for line in lines {
        let (Ok(text) | Err(text)) = &line.result;
        let word = if line.result.is_ok() { "ok  " } else { "FAIL" };
        writeln!(stdout, "{word}  {}  {}  {text}", line.of, line.step)?;
    }
    Ok(())
}

/// Whether large instances find a place.
fn spool() -> Line {
    let folder = std::env::temp_dir();
    let tried = tempfile::tempfile_in(&folder).and_then(|mut file| file.write_all(&[0; 4096]));
    let place = folder.display();
    Line {
        of: "this machine".into(),
        step: "spool",
        result: match tried {
            Ok(()) => Ok(format!("{place} can be written")),
            Err(error) => {
                Err(format!("{place} cannot be written: {error}. Free space there, or set TMPDIR"))
            }
        },
    }
}

/// Tries one PACS, step by step; what follows a failure is not tried.
fn check_pacs(name: &str, settings: &DimseSettings, lines: &mut Vec<Line>) {
    let pacs = DimsePacs::new(settings.clone(), StopFlag::default());
    let mut tell = |step, result: Result<String, PacsError>| {
        let is_ok = result.is_ok();
        let result = result.map_err(|error| error.to_string());
        lines.push(Line { of: name.to_owned(), step, result });
        is_ok
    };
    if !tell("connection", pacs.connect().map(|()| settings.address())) {
        return;
    }
    let (called, calling) = (&settings.called_ae_title, &settings.calling_ae_title);
    if !tell("C-ECHO", pacs.echo().map(|()| format!("{called} answers {calling}"))) {
        return;
    }
    let (study, wanted) = match sample(&pacs) {
        Ok(Some(sample)) => {
            tell("C-FIND", Ok("studies, series and instances are answered".into()));
            sample
        }
        Ok(None) => {
            tell("C-FIND", Ok("answered, and there is no study to retrieve".into()));
            return;
        }
        Err(error) => {
            tell("C-FIND", Err(error));
            return;
        }
    };
    let ways: &[bool] = match (settings.retrieve, &settings.store_scp) {
        (RetrieveMethod::Get, _) | (RetrieveMethod::Auto, None) => &[false],
        (RetrieveMethod::Move, _) => &[true],
        (RetrieveMethod::Auto, Some(_)) => &[false, true],
    };
    for by_move in ways {
        let mut one = One { sop_instance: wanted.sop_instance.clone(), bytes: None };
        let tried = pacs.retrieve_once(*by_move, &study, std::slice::from_ref(&wanted), &mut one);
        let result = tried.and_then(|()| {
            one.bytes.map(|bytes| format!("an instance of {bytes} bytes came")).ok_or_else(|| {
                PacsError::Protocol(
                    "the retrieval succeeds and no instance comes: see the log of the PACS".into(),
                )
            })
        });
        tell(if *by_move { "C-MOVE" } else { "C-GET" }, result);
    }
}

/// An instance of the study with the fewest, as far as the PACS says.
fn sample(pacs: &DimsePacs) -> Result<Option<(StudyInstanceUid, Wanted)>, PacsError> {
    let keys = StudyKeys { study_date: Some("19000101-".into()), ..StudyKeys::default() };
    let mut studies = pacs.find_studies(&keys)?.found;
    studies.sort_by_key(|study| study.instances.unwrap_or(u64::MAX));
    let Some(study) = studies.first() else { return Ok(None) };
    let listed = pacs.list_study(study)?;
    let first = listed.into_iter().find_map(|(series, instances)| {
        let instance = instances.into_iter().next()?;
        Some(Wanted {
            sop_class: instance.sop_class,
            sop_instance: instance.sop_instance,
            series: series.series,
            transfer_syntaxes: instance.transfer_syntaxes,
        })
    });
    Ok(first.map(|wanted| (study.study.clone(), wanted)))
}

/// Takes one instance and forgets it.
struct One {
    sop_instance: SopInstanceUid,
    bytes: Option<u64>,
}

impl Receiver for One {
    fn receive(&mut self, received: Received) -> Taken {
        if received.sop_instance == self.sop_instance {
            self.bytes = Some(received.bytes);
        }
        Taken::Accepted
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        *sop_instance == self.sop_instance && self.bytes.is_none()
    }
}
