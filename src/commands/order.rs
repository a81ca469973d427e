//! `esito order`: what patients see of their orders, and why they do not see others.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::commands::patient::{Place, identifier};
use crate::console::{self, Administration, Failure, text};
use crate::messages::Messages;
use crate::table;

/// What `esito order` is asked for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct OrderArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the orders of a person, and says of each examination why it is withheld
    List(ListArgs),
    /// Finds the orders with the order number or accession number on standard input
    Find(FindArgs),
    /// Withholds an order, or an examination of it
    Hold(RulingArgs),
    /// Shows an order, or an examination of it
    Release(RulingArgs),
    /// Takes back what was decided: the rule of the site counts again
    FollowRule(RulingArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the person
    #[arg(value_name = "PERSON")]
    person: String,
    /// Ask the PACS first
    #[arg(long)]
    refresh: bool,
    /// JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct FindArgs {
    #[command(flatten)]
    place: Place,
    /// JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct RulingArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the order
    #[arg(value_name = "ORDER")]
    order: String,
    /// One examination of it only
    #[arg(long, value_name = "UID")]
    study: Option<String>,
    /// Why, without anything of the patient
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Does it.
pub(crate) fn run(arguments: &OrderArgs) -> ExitCode {
    console::end(match &arguments.command {
        Command::List(arguments) => list(arguments),
        Command::Find(arguments) => find(arguments),
        Command::Hold(arguments) => decide(arguments, "hold"),
        Command::Release(arguments) => decide(arguments, "release"),
        Command::FollowRule(arguments) => decide(arguments, "follow-rule"),
    })
}

fn list(arguments: &ListArgs) -> Result<(), Failure> {
    identifier(&arguments.person)?;
    let administration = Administration::open(&arguments.place.config)?;
    let path = format!("/v1/persons/{}/orders", arguments.person);
    if arguments.refresh {
        administration.ask("POST", &format!("{path}/refresh"))?;
    }
    let listed = administration.ask("GET", &path)?.body;
    if arguments.json {
        return console::write_json(&listed);
    }
    let orders = || listed.get("orders").and_then(Value::as_array).into_iter().flatten();
    let rows = orders().flat_map(|order| {
        let examinations = order.get("examinations").and_then(Value::as_array);
        examinations.into_iter().flatten().map(|examination| {
            let said = |field: &str| text(examination, &format!("/{field}"));
            let withheld = said("withheld");
            [
                text(order, "/id"),
                text(order, "/order_number"),
                said("accession_number"),
                said("performed"),
                said("description"),
                said("status"),
                if withheld.is_empty() { "shown".to_owned() } else { withheld },
                text(examination, "/decision/ruling"),
            ]
        })
    });
    let heading =
        ["order", "number", "accession", "performed", "description", "status", "shown", "decided"];
    table::write(heading, rows)?;
    if listed.get("online_results") == Some(&Value::Bool(false)) {
        Messages::Sentences.notice("nothing is shown: the person did not agree to results on line");
    }
    for pacs in listed.get("pacs").and_then(Value::as_array).into_iter().flatten() {
        let refused = pacs.get("refused").and_then(Value::as_u64).unwrap_or(0);
        if refused > 0 {
            let name = text(pacs, "/pacs");
            Messages::Sentences.notice(&format!(
                "{refused} studies that the PACS {name} told were not taken: they are of another patient, or of \
                 another issuer than the person's Patient ID names"
            ));
        }
        let since = text(pacs, "/failing_since");
        if !since.is_empty() {
            let (name, fault) = (text(pacs, "/pacs"), text(pacs, "/fault"));
            Messages::Sentences
                .notice(&format!("the PACS {name} does not answer since {since}: {fault}"));
        }
    }
    Ok(())
}

fn find(arguments: &FindArgs) -> Result<(), Failure> {
    let typed = String::from_utf8(console::read(None)?)
        .map_err(|_odd| Failure::usage("the number on standard input is not UTF-8"))?;
    let administration = Administration::open(&arguments.place.config)?;
    let wanted = json!({ "number": typed.trim() });
    let found = administration.ask_with("POST", "/v1/orders/find", &wanted)?.body;
    if arguments.json {
        return console::write_json(&found);
    }
    let orders = found.get("orders").and_then(Value::as_array).into_iter().flatten();
    table::write(
        ["order", "person"],
        orders.map(|order| [text(order, "/order"), text(order, "/person")]),
    )?;
    Ok(())
}

fn decide(arguments: &RulingArgs, act: &str) -> Result<(), Failure> {
    identifier(&arguments.order)?;
    let ruling = json!({ "study": arguments.study, "reason": arguments.reason });
    let administration = Administration::open(&arguments.place.config)?;
    let path = format!("/v1/orders/{}/{act}", arguments.order);
    administration.ask_with("POST", &path, &ruling).map(drop)
}
