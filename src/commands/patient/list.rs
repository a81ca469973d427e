//! `esito patient list`.

use serde_json::{Value, json};

use crate::commands::patient::{Place, csv};
use crate::console::{self, Administration, Failure, text};
use crate::table;

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    place: Place,
    /// JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
    /// CSV on standard output, of all that is known of each and of their own accounts, as `patient import` reads it
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Lists all persons.
pub(crate) fn run(arguments: &ListArgs) -> Result<(), Failure> {
    let administration = Administration::open(&arguments.place.config)?;
    let persons = all(&administration, "persons")?;
    if arguments.csv {
        return csv::write(&persons, &all(&administration, "accounts")?);
    }
    write(&persons, arguments.json)
}

/// Every page of a list.
pub(crate) fn all(administration: &Administration, of: &str) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let after = if next.is_empty() { String::new() } else { format!("&after={next}") };
        let page = administration.ask("GET", &format!("/v1/{of}?limit=500{after}"))?.body;
        all.extend(page.get(of).and_then(Value::as_array).into_iter().flatten().cloned());
        next = text(&page, "/next");
        if next.is_empty() {
            return Ok(all);
        }
    }
}

/// Writes persons for a program or for people.
pub(crate) fn write(persons: &[Value], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return console::write_json(&json!({ "persons": persons }));
    }
    let heading = ["person", "name", "born", "sex", "patient ids", "results on line"];
    let rows = persons.iter().map(|person| {
        let said = |field: &str| text(person, &format!("/data/{field}"));
        let ids = person.pointer("/data/patient_ids").and_then(Value::as_array);
        let ids: Vec<_> = ids.into_iter().flatten().map(issued).collect();
        let online = person.pointer("/data/consent/online_results") == Some(&Value::Bool(true));
        [
            text(person, "/id"),
            format!("{}, {}", said("family_name"), said("given_name")),
            said("birth_date"),
            said("sex"),
            ids.join(" "),
            if online { "yes" } else { "no consent" }.to_owned(),
        ]
    });
    table::write(heading, rows)?;
    Ok(())
}

/// A Patient ID and its issuer, as HL7 writes them.
pub(crate) fn issued(id: &Value) -> String {
    let issuer = text(id, "/issuer");
    let id = text(id, "/id");
    if issuer.is_empty() { id } else { format!("{id}^^^{issuer}") }
}
