//! `esito backup`: all that the portal remembers, into a file.

use std::process::ExitCode;

use serde_json::json;

use crate::commands::patient::Place;
use crate::console::{self, Administration};

/// What `esito backup` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    place: Place,
    /// Name of a new file in the folder that the configuration sets for backups
    #[arg(value_name = "NAME")]
    name: String,
}

/// Backs up, while a server goes on if one runs.
pub(crate) fn run(arguments: &BackupArgs) -> ExitCode {
    console::end(Administration::open(&arguments.place.config).and_then(|administration| {
        let backup = json!({ "file": arguments.name });
        console::write_json(&administration.ask_with("POST", "/v1/backups", &backup)?.body)
    }))
}
