//! `esito patient import`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use crate::commands::patient::Place;
use crate::console::{self, Administration, Failure, text};
use crate::messages::Messages;
use crate::{exit, table};

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    place: Place,
    /// CSV in UTF-8, `-` for standard input; the first row names the columns
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only tell what would happen
    #[arg(long)]
    dry_run: bool,
    /// JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Imports, and tells what became of the rows. Exit code 3 when some were refused, 4 when all were.
pub(crate) fn run(arguments: &ImportArgs) -> ExitCode {
    match import(arguments) {
        Err(failure) => console::end(Err(failure)),
        Ok(report) => {
            let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or(0);
            match (count("refused"), count("rows")) {
                (0, _) => ExitCode::SUCCESS,
                (refused, rows) if refused == rows => ExitCode::from(exit::REFUSED),
                _ => ExitCode::from(exit::INCOMPLETE),
            }
        }
    }
}

fn import(arguments: &ImportArgs) -> Result<Value, Failure> {
    let file = console::read(Some(&arguments.file))?;
    let administration = Administration::open(&arguments.place.config)?;
    let dry_run = if arguments.dry_run { "?dry_run=true" } else { "" };
    let path = format!("/v1/persons/import{dry_run}");
    let report = administration.send("POST", &path, "text/csv", file)?.body;
    if arguments.json {
        console::write_json(&report)?;
    } else {
        let columns =
            ["rows", "added", "changed", "unchanged", "accounts", "accounts_changed", "refused"];
        let cells = columns.map(|column| text(&report, &format!("/{column}")));
        table::write(columns, [cells])?;
    }
    for refusal in report.get("refusals").and_then(Value::as_array).into_iter().flatten() {
        let column = text(refusal, "/column");
        let column = if column.is_empty() { String::new() } else { format!(", {column}") };
        let line = text(refusal, "/line");
        Messages::Sentences.notice(&format!("line {line}{column}: {}", text(refusal, "/detail")));
    }
    Ok(report)
}
