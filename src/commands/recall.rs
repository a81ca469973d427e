//! `esito recall`: asks for a study that is not online, and waits until it is.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use engine::StudyInstanceUid;
use engine::pacs::{
    Availability, PacsError, PacsSettings, PatientId, RecallError, RecallStep, StopFlag,
    StudyReference, recall,
};
use serde_json::json;

use crate::config::Config;
use crate::exit;
use crate::interrupt::Interrupt;
use crate::messages::Messages;

/// What `esito recall` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct RecallArgs {
    /// Configuration file with the PACS
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Name of the PACS in the configuration
    #[arg(long, value_name = "NAME")]
    pacs: String,
    /// Study Instance UID
    #[arg(long, value_name = "UID")]
    study: StudyInstanceUid,
    /// Patient ID, for a PACS with Patient Root that wants it
    #[arg(long, value_name = "ID")]
    patient_id: Option<String>,
    /// Give up after so many seconds [default: recall.total of the configuration]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    /// JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Asks and waits.
pub(crate) fn run(arguments: &RecallArgs) -> ExitCode {
    let messages = Messages::Sentences;
    let settings = Config::load(Some(&arguments.config))
        .and_then(|config| config.pacs_named(&arguments.pacs).cloned());
    let mut settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            messages.error(&format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    if let Some(seconds) = arguments.wait {
        settings.recall.total = Duration::from_secs(seconds.into());
    }
    let stop = StopFlag::default();
    let (_interrupt, listening) = Interrupt::listen_for({
        let stop = stop.clone();
        move || stop.stop()
    });
    if let Err(error) = listening {
        messages.notice(&format!("Ctrl-C will end the program at once: {error}"));
    }
    let mut asked = false;
    let patient_ids = arguments.patient_id.iter().map(PatientId::new).collect();
    let study = StudyReference { study: arguments.study.clone(), patient_ids };
    let ended = recall(&settings, &study, &stop, &mut |step| {
        asked = true;
        if let Some(sentence) = sentence(&step) {
            messages.notice(&sentence);
        }
    });
    finish(arguments, &settings, &ended, asked)
}

/// What a person wants to know of a step.
fn sentence(step: &RecallStep) -> Option<String> {
    Some(match step {
        RecallStep::Asked { refusal: None } => "the study was asked for".to_owned(),
        RecallStep::Asked { refusal: Some(refusal) } => {
            format!("the study was asked for, and the PACS answers: {refusal}")
        }
        RecallStep::Waiting { availability, next } => {
            let known = availability.map_or("not known", Availability::as_term);
            format!("availability: {known}; looked at again in {} s", next.as_secs_f32().round())
        }
        _ => return None,
    })
}

fn finish(
    arguments: &RecallArgs,
    settings: &PacsSettings,
    ended: &Result<(), RecallError>,
    asked: bool,
) -> ExitCode {
    let (availability, code) = match ended {
        Ok(()) => (Some(Availability::Online), 0),
        Err(RecallError::Late { availability, .. }) => (Some(*availability), exit::PACS),
        Err(RecallError::Unavailable) => (Some(Availability::Unavailable), exit::REFUSED),
        Err(RecallError::NoSuchStudy) => (None, exit::REFUSED),
        Err(RecallError::Pacs(PacsError::Stopped) | RecallError::Hook(PacsError::Stopped)) => {
            (None, exit::CANCELLED)
        }
        Err(RecallError::Pacs(error) | RecallError::Hook(error)) if error.is_local() => {
            (None, exit::STORAGE)
        }
        Err(_) => (None, exit::PACS),
    };
    if let Err(error) = ended {
        Messages::Sentences.error(&format!("PACS {}: {error}", settings.name));
    }
    let term = availability.map(Availability::as_term);
    let written = if arguments.json {
        let message = ended.as_ref().err().map(ToString::to_string);
        let value = json!({
            "study_instance_uid": arguments.study.as_str(),
            "instance_availability": term,
            "online": ended.is_ok(),
            "asked": asked,
            "message": message,
        });
        write(&format!("{value:#}"))
    } else if ended.is_ok() {
        write("ONLINE")
    } else {
        Ok(())
    };
    match written {
        Ok(()) => ExitCode::from(code),
        Err(error) => {
            Messages::Sentences.error(&format!("cannot write to standard output: {error}"));
            ExitCode::from(exit::STORAGE)
        }
    }
}

fn write(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}
