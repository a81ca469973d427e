//! `esito find`: what a PACS says of its studies.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use engine::pacs::{
    Availability, Matches, PacsSettings, StopFlag, StudyKeys, StudyQuery as _, StudySummary,
};
use engine::{Examination, ExaminationStatus, Kind, StudyInstanceUid};
use serde_json::{Value, json};

use crate::config::Config;
use crate::exit;
use crate::messages::Messages;
use crate::table;

/// What `esito find` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct FindArgs {
    /// Configuration file with the PACS
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Name of the PACS in the configuration
    #[arg(long, value_name = "NAME")]
    pacs: String,
    /// Patient ID
    #[arg(long, value_name = "ID")]
    patient_id: Option<String>,
    /// Accession number
    #[arg(long, value_name = "NUMBER")]
    accession: Option<String>,
    /// Study Instance UID
    #[arg(long, value_name = "UID")]
    study: Option<StudyInstanceUid>,
    /// Study date, YYYYMMDD, or a range YYYYMMDD-YYYYMMDD
    #[arg(long, value_name = "DATE")]
    study_date: Option<String>,
    /// JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
}

/// Asks, and writes the answers to standard output.
pub(crate) fn run(arguments: &FindArgs) -> ExitCode {
    let usage = |error: anyhow::Error| {
        Messages::Sentences.error(&format!("{error:#}"));
        ExitCode::from(exit::USAGE)
    };
    let config = match Config::load(Some(&arguments.config)) {
        Ok(config) => config,
        Err(error) => return usage(error),
    };
    let settings = match config.pacs_named(&arguments.pacs) {
        Ok(settings) => settings.clone(),
        Err(error) => return usage(error),
    };
    let keys = StudyKeys {
        study: arguments.study.clone(),
        patient_id: arguments.patient_id.clone(),
        accession_number: arguments.accession.clone(),
        study_date: arguments.study_date.clone(),
    };
    let asked = settings.open(&StopFlag::default()).and_then(|pacs| pacs.find_studies(&keys));
    let matches = match asked {
        Ok(matches) => matches,
        Err(error) => {
            Messages::Sentences.error(&format!("PACS {}: {error}", arguments.pacs));
            return ExitCode::from(exit::PACS);
        }
    };
    if matches.is_cut {
        Messages::Sentences.notice(&format!(
            "there are more than {} studies: ask for less, or raise limits.matches",
            matches.found.len()
        ));
    }
    let written = if arguments.json {
        write_json(&matches, &settings)
    } else {
        write_table(&matches.found, &settings)
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Messages::Sentences.error(&format!("cannot write to standard output: {error}"));
            ExitCode::from(exit::STORAGE)
        }
    }
}

fn write_json(matches: &Matches<StudySummary>, pacs: &PacsSettings) -> io::Result<()> {
    let studies: Vec<_> = matches.found.iter().map(|study| as_json(study, pacs)).collect();
    let value = json!({"studies": studies, "cut": matches.is_cut});
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, &value)?;
    stdout.write_all(b"\n")
}

fn as_json(study: &StudySummary, pacs: &PacsSettings) -> Value {
    let shown = Examination::of(study, pacs);
    json!({
        "study_instance_uid": study.study.as_str(),
        "patient_id": study.patient_id,
        "issuer_of_patient_id": study.issuer_of_patient_id,
        "patient_name": study.patient_name,
        "patient_birth_date": study.patient_birth_date,
        "patient_sex": study.patient_sex,
        "study_date": study.study_date,
        "study_time": study.study_time,
        "timezone_offset_from_utc": study.timezone_offset,
        "accession_number": study.accession_number,
        "placer_order_number": study.placer_order_number,
        "filler_order_number": study.filler_order_number,
        "study_id": study.study_id,
        "study_description": study.description,
        "modalities_in_study": study.modalities,
        "institution_name": study.institution,
        "referring_physician_name": study.referring_physician,
        "series": study.series,
        "instances": study.instances,
        "instance_availability": study.availability.map(Availability::as_term),
        "shown": {
            "order_number": shown.order_number,
            "accession_number": shown.accession_number,
            "description": shown.description,
            "kind": shown.kind.map(Kind::as_term),
            "referring_physician": shown.referring_physician,
            "site": shown.site,
            "status": shown.status.map(ExaminationStatus::as_term),
            "performed": shown.performed.map(|moment| moment.iso_8601()),
        },
    })
}

fn write_table(studies: &[StudySummary], pacs: &PacsSettings) -> io::Result<()> {
    let heading = [
        "date",
        "modalities",
        "instances",
        "availability",
        "order",
        "accession",
        "patient",
        "name",
        "description",
        "site",
        "study",
    ];
    let rows = studies.iter().map(|study| {
        let shown = Examination::of(study, pacs);
        [
            shown.performed.map_or_else(String::new, |moment| moment.iso_8601()),
            study.modalities.join(" "),
            study.instances.map_or_else(String::new, |instances| instances.to_string()),
            study.availability.map_or("", Availability::as_term).to_owned(),
            shown.order_number.unwrap_or_default(),
            shown.accession_number.unwrap_or_default(),
            study.patient_id.clone(),
            study.patient_name.clone(),
            shown.description.unwrap_or_default(),
            shown.site.unwrap_or_default(),
            study.study.to_string(),
        ]
    });
    table::write(heading, rows)
}
