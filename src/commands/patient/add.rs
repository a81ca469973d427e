//! `esito patient add`.

use std::path::PathBuf;

use crate::commands::patient::Place;
use crate::console::{self, Administration, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    place: Place,
    /// JSON with `person` and perhaps `account`, as the administration API takes it; without it, standard
    /// input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Adds, and writes what was added as JSON.
pub(crate) fn run(arguments: &AddArgs) -> Result<(), Failure> {
    let person = console::read_json(arguments.file.as_deref())?;
    let administration = Administration::open(&arguments.place.config)?;
    let added = administration.ask_with("POST", "/v1/persons", &person)?;
    console::write_json(&added.body)
}
