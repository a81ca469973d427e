//! `esito outbox`: what became of the messages to patients.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value;

use crate::commands::patient::{Listing, Place, identifier};
use crate::console::{self, Administration, Failure, text};
use crate::table;

/// What `esito outbox` is asked for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the newest messages, without what they say and to whom
    List(Listing),
    /// Has a message that waits for its next try tried at once
    Retry(RetryArgs),
}

#[derive(Debug, clap::Args)]
struct RetryArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the message
    #[arg(value_name = "MESSAGE")]
    message: String,
}

/// Does it.
pub(crate) fn run(arguments: &OutboxArgs) -> ExitCode {
    console::end(match &arguments.command {
        Command::List(arguments) => list(arguments),
        Command::Retry(arguments) => retry(arguments),
    })
}

fn list(arguments: &Listing) -> Result<(), Failure> {
    let administration = Administration::open(&arguments.place.config)?;
    let listed = administration.ask("GET", "/v1/messages?limit=500")?.body;
    if arguments.json {
        return console::write_json(&listed);
    }
    let messages = listed.get("messages").and_then(Value::as_array).into_iter().flatten();
    let heading =
        ["message", "created", "topic", "by", "account", "tries", "state", "at", "reason"];
    let rows = messages.map(|message| {
        let fields = ["id", "created", "topic", "by", "account", "tries", "state", "at", "reason"];
        fields.map(|field| text(message, &format!("/{field}")))
    });
    table::write(heading, rows)?;
    Ok(())
}

fn retry(arguments: &RetryArgs) -> Result<(), Failure> {
    identifier(&arguments.message)?;
    let administration = Administration::open(&arguments.place.config)?;
    administration.ask("POST", &format!("/v1/messages/{}/retry", arguments.message)).map(drop)
}
