//! `esito patient export`.

use serde_json::Value;

use crate::commands::patient::Place;
use crate::commands::patient::account::identifier;
use crate::console::{self, Administration, Failure};
use crate::messages::Messages;

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the person
    #[arg(value_name = "PERSON")]
    person: String,
}

/// Writes all that is held about a person to standard output, and says so where something is left out.
pub(crate) fn run(arguments: &ExportArgs) -> Result<(), Failure> {
    let person = &arguments.person;
    identifier(person)?;
    let administration = Administration::open(&arguments.place.config)?;
    let export = administration.ask("GET", &format!("/v1/persons/{person}/export"))?.body;
    console::write_json(&export)?;
    if export.get("is_cut").and_then(Value::as_bool) == Some(true) {
        Messages::Sentences.notice(
            "there are more events or messages than an export holds: `esito audit` lists all events",
        );
    }
    Ok(())
}
