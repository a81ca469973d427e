//! `esito patient export`.

use crate::commands::patient::Place;
use crate::commands::patient::account::identifier;
use crate::console::{self, Administration, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the person
    #[arg(value_name = "PERSON")]
    person: String,
}

/// Writes all that is held about a person to standard output.
pub(crate) fn run(arguments: &ExportArgs) -> Result<(), Failure> {
    let person = &arguments.person;
    identifier(person)?;
    let administration = Administration::open(&arguments.place.config)?;
    console::write_json(&administration.ask("GET", &format!("/v1/persons/{person}/export"))?.body)
}
