//! `esito restore`: a store from a backup.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use portal::store;
use serde_json::json;

use crate::commands::patient::Place;
use crate::console::{self, Failure};

/// What `esito restore` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    place: Place,
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

/// Makes the store of the configuration from a backup; there must be none yet.
pub(crate) fn run(arguments: &RestoreArgs) -> ExitCode {
    console::end(restore(arguments))
}

fn restore(arguments: &RestoreArgs) -> Result<(), Failure> {
    let config = console::load(&arguments.place.config)?;
    let store = config.store.ok_or_else(|| Failure::usage("[store] is missing: folder"))?;
    store.check_owner().map_err(|error| Failure::storage(&error))?;
    let folder = store.folder;
    let from = &arguments.from;
    let file = File::open(from)
        .with_context(|| format!("the backup {} cannot be read", from.display()))
        .map_err(|error| Failure::usage(format!("{error:#}")))?;
    let report = store::restore(&mut BufReader::new(file), &folder)
        .map_err(|error| Failure::storage(&error.into()))?;
    console::write_json(
        &json!({ "folder": folder.display().to_string(), "records": report.records }),
    )
}
