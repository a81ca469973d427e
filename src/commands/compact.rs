//! `esito compact`: the store written anew, without what was erased.

use std::process::ExitCode;

use portal::store;
use serde_json::json;

use crate::commands::patient::Place;
use crate::console::{self, Failure};

/// What `esito compact` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct CompactArgs {
    #[command(flatten)]
    place: Place,
}

/// Writes the store anew; no server may have it open.
pub(crate) fn run(arguments: &CompactArgs) -> ExitCode {
    console::end(compact(arguments))
}

fn compact(arguments: &CompactArgs) -> Result<(), Failure> {
    let config = console::load(&arguments.place.config)?;
    let store = config.store.ok_or_else(|| Failure::usage("[store] is missing: folder"))?;
    store.check_owner().map_err(|error| Failure::storage(&error))?;
    let folder = store.folder;
    let report = store::compact(&folder).map_err(|error| Failure::storage(&error.into()))?;
    console::write_json(
        &json!({ "folder": folder.display().to_string(), "records": report.records }),
    )
}
