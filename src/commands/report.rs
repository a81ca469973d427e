//! `esito report`: reports that the PACS does not hold.

use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::commands::patient::{Place, identifier};
use crate::console::{self, Administration, Failure};

/// What `esito report` is asked for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Imports a PDF; JSON on standard input says whose it is, on what, and its status
    Import(ImportArgs),
    /// Takes a version of a report out of use
    Withdraw(WithdrawArgs),
}

#[derive(Debug, clap::Args)]
struct ImportArgs {
    #[command(flatten)]
    place: Place,
    /// The PDF
    #[arg(value_name = "PDF")]
    pdf: PathBuf,
    /// JSON with `patient`, `about` and `status`, as the administration API takes it; without it, standard
    /// input
    #[arg(long, value_name = "FILE")]
    about: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct WithdrawArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the report
    #[arg(value_name = "REPORT")]
    report: String,
    /// It was never to be, instead of not being valid any more
    #[arg(long)]
    cancelled: bool,
    /// Why, without anything of the patient
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Does it.
pub(crate) fn run(arguments: &ReportArgs) -> ExitCode {
    console::end(match &arguments.command {
        Command::Import(arguments) => import(arguments),
        Command::Withdraw(arguments) => withdraw(arguments),
    })
}

fn import(arguments: &ImportArgs) -> Result<(), Failure> {
    let mut report = console::read_json(arguments.about.as_deref())?;
    let Value::Object(fields) = &mut report else {
        return Err(Failure::usage("write a JSON object with patient, about and status"));
    };
    let pdf = console::read(Some(&arguments.pdf))?;
    fields.insert("pdf".to_owned(), Value::String(STANDARD.encode(pdf)));
    let administration = Administration::open(&arguments.place.config)?;
    console::write_json(&administration.ask_with("POST", "/v1/reports", &report)?.body)
}

fn withdraw(arguments: &WithdrawArgs) -> Result<(), Failure> {
    identifier(&arguments.report)?;
    let withdrawal = json!({ "cancelled": arguments.cancelled, "reason": arguments.reason });
    let administration = Administration::open(&arguments.place.config)?;
    let path = format!("/v1/reports/{}/withdraw", arguments.report);
    administration.ask_with("POST", &path, &withdrawal).map(drop)
}
