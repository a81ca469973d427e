//! `esito patient find`.

use serde_json::{Value, json};

use crate::commands::patient::{Place, list};
use crate::console::{self, Administration, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct FindArgs {
    #[command(flatten)]
    place: Place,
    /// JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
}

/// Finds the person with the Patient ID on standard input.
pub(crate) fn run(arguments: &FindArgs) -> Result<(), Failure> {
    let typed = String::from_utf8(console::read(None)?)
        .map_err(|_odd| Failure::usage("the Patient ID on standard input is not UTF-8"))?;
    let typed = typed.trim();
    let (id, issuer) = typed.split_once("^^^").unwrap_or((typed, ""));
    let issuer = if issuer.is_empty() { Value::Null } else { json!(issuer) };
    let administration = Administration::open(&arguments.place.config)?;
    let wanted = json!({ "id": id, "issuer": issuer });
    let found = administration.ask_with("POST", "/v1/persons/find", &wanted)?.body;
    let persons = found.get("persons").and_then(Value::as_array).cloned().unwrap_or_default();
    if persons.is_empty() {
        return Err(Failure::usage("no person has this Patient ID of this issuer"));
    }
    list::write(&persons, arguments.json)
}
