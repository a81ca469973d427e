//! `esito patient erase`.

use crate::commands::patient::Place;
use crate::commands::patient::account::identifier;
use crate::console::{self, Administration, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the person
    #[arg(value_name = "PERSON")]
    person: String,
    /// Really: nothing but a backup brings it back
    #[arg(long)]
    yes: bool,
}

/// Erases, and writes what went with the person.
pub(crate) fn run(arguments: &EraseArgs) -> Result<(), Failure> {
    let person = &arguments.person;
    identifier(person)?;
    if !arguments.yes {
        return Err(Failure::usage("nothing was erased: say --yes to erase the person for good"));
    }
    let administration = Administration::open(&arguments.place.config)?;
    console::write_json(&administration.ask("DELETE", &format!("/v1/persons/{person}"))?.body)
}
