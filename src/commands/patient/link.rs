//! `esito patient link` and `unlink`: whose results an account sees.

use clap::ValueEnum;
use serde_json::json;

use crate::commands::patient::Place;
use crate::commands::patient::account::{account, identifier};
use crate::console::{Administration, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the account, or of a person who has one account
    #[arg(value_name = "ACCOUNT|PERSON")]
    who: String,
    /// Identifier of the person whose results are seen
    #[arg(value_name = "PERSON")]
    whose: String,
    /// What the account is to the person
    #[arg(long)]
    role: Role,
    /// Until when, as 2030-01-24T00:00:00+01:00
    #[arg(long, value_name = "MOMENT")]
    until: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    Oneself,
    Parent,
    Guardian,
    Delegate,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnlinkArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the account, or of a person who has one account
    #[arg(value_name = "ACCOUNT|PERSON")]
    who: String,
    /// Identifier of the person whose results are seen no more
    #[arg(value_name = "PERSON")]
    whose: String,
}

/// Links.
pub(crate) fn run(arguments: &LinkArgs) -> Result<(), Failure> {
    let role = match arguments.role {
        Role::Oneself => "oneself",
        Role::Parent => "parent",
        Role::Guardian => "guardian",
        Role::Delegate => "delegate",
    };
    let link = json!({ "role": role, "until": arguments.until });
    let administration = Administration::open(&arguments.place.config)?;
    let path = path(&administration, &arguments.who, &arguments.whose)?;
    administration.ask_with("PUT", &path, &link).map(drop)
}

/// Unlinks.
pub(crate) fn undo(arguments: &UnlinkArgs) -> Result<(), Failure> {
    let administration = Administration::open(&arguments.place.config)?;
    let path = path(&administration, &arguments.who, &arguments.whose)?;
    administration.ask("DELETE", &path).map(drop)
}

fn path(administration: &Administration, who: &str, whose: &str) -> Result<String, Failure> {
    identifier(whose)?;
    Ok(format!("/v1/accounts/{}/persons/{whose}", account(administration, who)?))
}
