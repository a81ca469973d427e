//! `esito config`: what the configuration says, once the environment has had its word.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use toml::{Table, Value};

use crate::config::{self, Config, SECRETS};
use crate::exit;
use crate::messages::Messages;

/// What `esito config` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Prints what is in force, the environment over the file, secrets masked
    Print(File),
    /// Says whether the configuration can be used; connects to nothing
    Check(File),
    /// Prints a sample in which every key is explained
    Sample,
    /// Prints the JSON Schema of the configuration, for editors and programs
    Schema,
}

#[derive(Debug, clap::Args)]
struct File {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Every key with its meaning.
pub(crate) const SAMPLE: &str = include_str!("../../portal/packaging/esito.toml");
/// Tables of which any value may be one.
const SECRET_TABLES: [&str; 4] = ["headers", "query", "json", "form"];
const MASK: &str = "********";

/// Does it.
pub(crate) fn run(arguments: &ConfigArgs) -> ExitCode {
    let text = match &arguments.command {
        Command::Sample => Ok(SAMPLE.to_owned()),
        Command::Schema => Ok(format!("{:#}\n", config::schema())),
        Command::Check(file) => Config::load(Some(&file.config)).and_then(|config| {
            let shown = file.config.display();
            if let Some(store) = &config.store {
                let secret = store.secret();
                secret.with_context(|| format!("the configuration {shown} cannot be used"))?;
            }
            config.warnings.iter().for_each(|warning| Messages::Sentences.notice(warning));
            Ok(format!("{shown} can be used\n"))
        }),
        Command::Print(file) => Config::load(Some(&file.config)).and_then(|config| {
            let mut table = config.effective.0;
            mask(&mut table, false);
            Ok(toml::to_string(&table)?)
        }),
    };
    match text {
        Ok(text) => match io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(exit::STORAGE),
        },
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Puts stars in the place of secrets; of all texts of a table where each may be one.
fn mask(table: &mut Table, all: bool) {
    for (key, value) in table.iter_mut() {
        let is_secret = all || SECRETS.contains(&key.as_str());
        let holds_secrets = value.is_table() && SECRET_TABLES.contains(&key.as_str());
        mask_value(value, is_secret || holds_secrets);
    }
}

fn mask_value(value: &mut Value, all: bool) {
    match value {
        Value::Table(inner) => mask(inner, all),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_value(item, all)),
        Value::String(text) if all => MASK.clone_into(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let mut table: Table = "[smtp]\npassword = 's3cret'\nuser = 'me'\n[[pacs]]\n\
            authentication = { bearer = 's3cret', client_id = 'id' }\n\
            [sms]\nheaders = { Authorization = 'Bearer s3cret' }\nquery = { key = 's3cret' }\n\
            form = { key = 's3cret' }\njson = { list = [['s3cret'], [{ key = 's3cret' }]] }\n"
            .parse()
            .unwrap();
        mask(&mut table, false);
        let text = toml::to_string(&table).unwrap();
        assert!(!text.contains("s3cret") && text.contains("me") && text.contains("id"), "{text}");
        assert_eq!(text.matches(MASK).count(), 7);
    }
}
