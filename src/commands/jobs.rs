//! `esito jobs`: the packages that are prepared for patients.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::commands::patient::{Listing, Place, all, identifier};
use crate::console::{self, Administration, Failure, text};
use crate::table;

/// What `esito jobs` is asked for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct JobsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, those first that were asked for last
    List(Listing),
    /// Shows one with who asks for it, as JSON
    Show(JobArgs),
    /// Ends one, and deletes its package; whoever asked for it is told
    Cancel(JobArgs),
    /// Has one that waits, failed or ended prepared at once
    Retry(JobArgs),
}

#[derive(Debug, clap::Args)]
struct JobArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the job
    #[arg(value_name = "JOB")]
    job: String,
}

/// Does it.
pub(crate) fn run(arguments: &JobsArgs) -> ExitCode {
    console::end(match &arguments.command {
        Command::List(arguments) => list(arguments),
        Command::Show(arguments) => show(arguments),
        Command::Cancel(arguments) => act(arguments, "cancel"),
        Command::Retry(arguments) => act(arguments, "retry"),
    })
}

fn list(arguments: &Listing) -> Result<(), Failure> {
    let administration = Administration::open(&arguments.place.config)?;
    let mut jobs = all(&administration, "jobs")?;
    jobs.sort_by_key(|job| std::cmp::Reverse(text(job, "/created")));
    if arguments.json {
        return console::write_json(&json!({ "jobs": jobs }));
    }
    let fields = ["id", "created", "order", "content", "state", "at", "reason", "tries", "bytes"];
    let mut heading = fields;
    if let Some(first) = heading.first_mut() {
        *first = "job";
    }
    table::write(
        heading,
        jobs.iter().map(|job| fields.map(|field| text(job, &format!("/{field}")))),
    )?;
    Ok(())
}

fn show(arguments: &JobArgs) -> Result<(), Failure> {
    console::write_json(&ask(arguments, "GET", "")?)
}

fn act(arguments: &JobArgs, act: &str) -> Result<(), Failure> {
    ask(arguments, "POST", &format!("/{act}")).map(drop)
}

fn ask(arguments: &JobArgs, method: &str, act: &str) -> Result<Value, Failure> {
    identifier(&arguments.job)?;
    let administration = Administration::open(&arguments.place.config)?;
    Ok(administration.ask(method, &format!("/v1/jobs/{}{act}", arguments.job))?.body)
}
