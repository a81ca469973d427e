//! `esito share`: what patients let others see.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::commands::patient::{Listing, Place, all, identifier};
use crate::console::{self, Administration, Failure, text};
use crate::table;

/// What `esito share` is asked for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct ShareArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, the newest first, without whom they are with
    List(Listing),
    /// Ends one at once: its recipients see nothing any more
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the share
    #[arg(value_name = "SHARE")]
    share: String,
}

/// Does it.
pub(crate) fn run(arguments: &ShareArgs) -> ExitCode {
    console::end(match &arguments.command {
        Command::List(arguments) => list(arguments),
        Command::Revoke(arguments) => revoke(arguments),
    })
}

fn list(arguments: &Listing) -> Result<(), Failure> {
    let administration = Administration::open(&arguments.place.config)?;
    let mut shares = all(&administration, "shares")?;
    shares.sort_by_key(|share| std::cmp::Reverse(text(share, "/created")));
    if arguments.json {
        return console::write_json(&json!({ "shares": shares }));
    }
    let heading =
        ["share", "created", "until", "state", "recipients", "opened", "wrong PINs", "order"];
    table::write(heading, shares.iter().map(row))?;
    Ok(())
}

fn row(share: &Value) -> [String; 8] {
    let field = |name: &str| text(share, &format!("/{name}"));
    let recipients = share.get("recipients").and_then(Value::as_array);
    let recipients = recipients.map(Vec::as_slice).unwrap_or_default();
    let has_come = |one: &&Value| {
        one.get("accesses").and_then(Value::as_array).is_some_and(|all| !all.is_empty())
    };
    [
        field("id"),
        field("created"),
        field("until"),
        field("state"),
        recipients.len().to_string(),
        recipients.iter().filter(has_come).count().to_string(),
        field("wrong_pins"),
        field("order"),
    ]
}

fn revoke(arguments: &RevokeArgs) -> Result<(), Failure> {
    identifier(&arguments.share)?;
    let administration = Administration::open(&arguments.place.config)?;
    administration.ask("POST", &format!("/v1/shares/{}/revoke", arguments.share)).map(drop)
}
