//! The one binary `esito`: argument parsing and one short file per subcommand; no logic of its own.

mod certificate_check;
mod commands;
mod config;
mod console;
mod exit;
mod interrupt;
mod logs;
mod machine;
mod messages;
mod oidc_check;
mod open_files;
mod outbox_check;
mod reload;
mod table;
mod target;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Packages DICOM studies as ZIP files that open anywhere.
#[derive(Debug, Parser)]
#[command(name = "esito", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Packages studies of a patient, from a folder or a PACS, into a ZIP
    Package(commands::package::PackageArgs),
    /// Asks a PACS for its studies
    Find(commands::find::FindArgs),
    /// Asks for a study that is not online, and waits until it is
    Recall(commands::recall::RecallArgs),
    /// Tries every outside part, and says what to change where one fails
    Check(commands::check::CheckArgs),
    /// Prints or checks the configuration, or prints a sample of it
    Config(commands::config::ConfigArgs),
    /// Serves a portal to try on this machine, with a PACS, a patient and a readable outbox
    Demo(commands::demo::DemoArgs),
    /// Serves the patient portal
    Serve(commands::serve::ServeArgs),
    /// Adds, finds, changes and erases the patients of the portal, and their accounts
    Patient(commands::patient::PatientArgs),
    /// Lists, holds and releases what patients see
    Order(commands::order::OrderArgs),
    /// Imports and withdraws reports that the PACS does not hold
    Report(commands::report::ReportArgs),
    /// Lists, cancels and tries again what is prepared for patients to download
    Jobs(commands::jobs::JobsArgs),
    /// What patients let others see: list, revoke
    Share(commands::share::ShareArgs),
    /// Tells who did what to whose results, and when
    Audit(commands::audit::AuditArgs),
    /// Backs up what the portal remembers
    Backup(commands::backup::BackupArgs),
    /// Makes what the portal remembers from a backup
    Restore(commands::restore::RestoreArgs),
    /// Writes what the portal remembers anew, without what was erased
    Compact(commands::compact::CompactArgs),
    /// Lists the messages to patients, and has one tried again
    Outbox(commands::outbox::OutboxArgs),
    /// Writes the description of the administration API
    Openapi,
    /// Writes a fictitious study to develop, test and measure with
    Fixtures(commands::fixtures::FixturesArgs),
    /// Serves a folder as a PACS, to develop, test and measure with
    FixturePacs(commands::fixture_pacs::FixturePacsArgs),
}

fn main() -> ExitCode {
    messages::tell_panics_by_their_place();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::of_arguments(&error),
    };
    exit::of_work(|| run(&arguments.command))
}

fn run(command: &Command) -> ExitCode {
    match command {
        Command::Package(arguments) => commands::package::run(arguments),
        Command::Find(arguments) => commands::find::run(arguments),
        Command::Recall(arguments) => commands::recall::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Config(arguments) => commands::config::run(arguments),
        Command::Demo(arguments) => commands::demo::run(arguments),
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Patient(arguments) => commands::patient::run(arguments),
        Command::Order(arguments) => commands::order::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Jobs(arguments) => commands::jobs::run(arguments),
        Command::Share(arguments) => commands::share::run(arguments),
        Command::Audit(arguments) => commands::audit::run(arguments),
        Command::Backup(arguments) => commands::backup::run(arguments),
        Command::Restore(arguments) => commands::restore::run(arguments),
        Command::Compact(arguments) => commands::compact::run(arguments),
        Command::Outbox(arguments) => commands::outbox::run(arguments),
        Command::Openapi => commands::openapi::run(),
        Command::Fixtures(arguments) => exit::of_fixtures(commands::fixtures::run(arguments)),
        Command::FixturePacs(arguments) => {
            exit::of_fixtures(commands::fixture_pacs::run(arguments))
        }
    }
}
