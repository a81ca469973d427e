//! `esito patient`: persons and their accounts.
//!
//! Who a person is goes through standard input or a file: arguments can be seen by every user of the
//! machine. Persons and accounts are named by the identifiers that `list` and `find` tell.

mod account;
mod add;
mod csv;
mod erase;
mod export;
mod find;
mod import;
mod link;
mod list;

use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use account::identifier;
use clap::Subcommand;
pub(crate) use list::all;

use crate::console;

/// What `esito patient` is asked for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct PatientArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds a person, and opens an account if one is wanted; JSON on standard input says who
    Add(add::AddArgs),
    /// Adds and changes persons from a CSV file, and names the rows that cannot be used
    Import(import::ImportArgs),
    /// Lists the persons by name
    List(list::ListArgs),
    /// Finds the person with the Patient ID on standard input: ID, or ID^^^ISSUER
    Find(find::FindArgs),
    /// Sends a new first password, and ends what the account has open
    Reset(account::AccountArgs),
    /// Keeps an account from logging in, and ends what it has open
    Disable(account::AccountArgs),
    /// Lets an account log in again
    Enable(account::AccountArgs),
    /// Ends all sessions of an account
    LogOut(account::AccountArgs),
    /// Lets an account see the results of one more person, as a parent those of a child
    Link(link::LinkArgs),
    /// Lets an account see the results of a person no more
    Unlink(link::UnlinkArgs),
    /// Writes all that is held about a person as JSON
    Export(export::ExportArgs),
    /// Erases a person with all that is kept of it
    Erase(erase::EraseArgs),
}

/// Where the portal is configured.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// Configuration file of the portal
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// A list of what the portal has, for people or programs.
#[derive(Debug, clap::Args)]
pub(crate) struct Listing {
    #[command(flatten)]
    pub(crate) place: Place,
    /// JSON on standard output instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Does it.
pub(crate) fn run(arguments: &PatientArgs) -> ExitCode {
    console::end(match &arguments.command {
        Command::Add(arguments) => add::run(arguments),
        Command::Import(arguments) => return import::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Find(arguments) => find::run(arguments),
        Command::Reset(arguments) => account::run(arguments, "reset"),
        Command::Disable(arguments) => account::run(arguments, "disable"),
        Command::Enable(arguments) => account::run(arguments, "enable"),
        Command::LogOut(arguments) => account::run(arguments, "log-out"),
        Command::Link(arguments) => link::run(arguments),
        Command::Unlink(arguments) => link::undo(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Erase(arguments) => erase::run(arguments),
    })
}
