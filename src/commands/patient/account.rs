//! `esito patient reset`, `disable`, `enable` and `log-out`: what is done with one account.

use serde_json::Value;

use crate::commands::patient::Place;
use crate::console::{Administration, Failure, text};

#[derive(Debug, clap::Args)]
pub(crate) struct AccountArgs {
    #[command(flatten)]
    place: Place,
    /// Identifier of the account, or of a person who has one account
    #[arg(value_name = "ACCOUNT|PERSON")]
    whose: String,
}

/// Does it.
pub(crate) fn run(arguments: &AccountArgs, act: &str) -> Result<(), Failure> {
    let administration = Administration::open(&arguments.place.config)?;
    let account = account(&administration, &arguments.whose)?;
    administration.ask("POST", &format!("/v1/accounts/{account}/{act}"))?;
    Ok(())
}

/// The account that is meant.
pub(crate) fn account(administration: &Administration, whose: &str) -> Result<String, Failure> {
    identifier(whose)?;
    let Ok(found) = administration.ask("GET", &format!("/v1/persons/{whose}/accounts")) else {
        // It is no person's: the answer to what is done with it tells whether it is an account's.
        return Ok(whose.to_owned());
    };
    let accounts: Vec<&Value> =
        found.body.get("accounts").and_then(Value::as_array).into_iter().flatten().collect();
    let own = |account: &&&Value| {
        let links = account.get("persons").and_then(Value::as_array).into_iter().flatten();
        let mut links = links.filter(|link| text(link, "/person") == whose);
        links.any(|link| text(link, "/role") == "oneself")
    };
    match accounts.iter().filter(own).collect::<Vec<_>>().as_slice() {
        [one] => Ok(text(one, "/id")),
        [] => Err(Failure::usage("the person has no account of its own: name the account")),
        several => {
            let names: Vec<_> = several.iter().map(|account| text(account, "/id")).collect();
            let names = names.join(", ");
            Err(Failure::usage(format!("the person has several accounts: name one of {names}")))
        }
    }
}

/// What goes into a path must be an identifier of ours.
pub(crate) fn identifier(text: &str) -> Result<(), Failure> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 32 && text.bytes().all(digit) {
        Ok(())
    } else {
        Err(Failure::usage(
            "name persons and accounts by their identifiers of 32 hexadecimal digits: \
             esito patient list and find tell them",
        ))
    }
}
