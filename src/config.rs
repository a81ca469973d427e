//! The configuration: one TOML file, and the environment over it.
//!
//! A key that nobody knows is an error that names the nearest known one: a misspelt setting must not
//! pass for the default. Nothing else of the program reads the environment.
//!
//! A new section is a field of [`File`], and a line in `check_keys`.

mod admin;
mod branding;
mod downloads;
mod environment;
mod known_keys;
mod listener;
mod log;
mod monitor;
mod oidc;
mod pacs;
mod portal;
mod results;
mod schema;
mod secret;
mod shares;
mod sms;
mod smtp;
mod store;

use std::net::SocketAddr;
use std::path::Path;

use ::portal::admin::AdminSettings;
use ::portal::downloads::DownloadsSettings;
use ::portal::oidc::OidcSettings;
use ::portal::outbox::{SmsSettings, SmtpSettings};
use ::portal::results::ResultsSettings;
use ::portal::shares::SharesSettings;
use anyhow::{Context as _, bail};
use engine::Branding;
use engine::pacs::PacsSettings;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

pub(crate) use schema::schema;
pub(crate) use secret::SECRETS;
pub(crate) use store::StoreSettings;

use crate::logs::LogSettings;

/// What stands before the names of environment variables that belong here.
const PREFIX: &str = "ESITO__";

/// The configuration, checked.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// How the institution presents itself.
    pub(crate) branding: Branding,
    /// The PACS, in the order of their priority.
    pub(crate) pacs: Vec<PacsSettings>,
    /// What the portal remembers.
    pub(crate) store: Option<StoreSettings>,
    /// The pages of the patients.
    pub(crate) portal: Option<portal::PortalSettings>,
    /// What patients see, from these PACS.
    pub(crate) results: ResultsSettings,
    /// How packages are made, and where they lie; none without a store.
    pub(crate) downloads: Option<DownloadsSettings>,
    /// What patients let others see.
    pub(crate) shares: SharesSettings,
    /// The mail server.
    pub(crate) smtp: Option<SmtpSettings>,
    /// The gateway for SMS.
    pub(crate) sms: Option<SmsSettings>,
    /// Who else says who somebody is.
    pub(crate) oidc: Option<OidcSettings>,
    /// The log.
    pub(crate) log: LogSettings,
    /// Where a monitor asks, if one does.
    pub(crate) monitor: Option<SocketAddr>,
    /// All that was written, the environment over the file.
    pub(crate) effective: Effective,
    /// What works and should be otherwise, each in a sentence.
    pub(crate) warnings: Vec<String>,
    /// Who administers, and how long things are kept.
    pub(crate) admin: AdminSettings,
}

/// All keys with their values, secrets too: it prints as nothing.
#[derive(Clone, Default)]
pub(crate) struct Effective(pub(crate) Table);

impl std::fmt::Debug for Effective {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Effective([redacted])")
    }
}

/// The configuration as it is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct File {
    branding: branding::Section,
    pacs: Vec<pacs::Section>,
    store_scp: Option<pacs::StoreScpSection>,
    store: Option<store::Section>,
    portal: Option<portal::Section>,
    results: results::Section,
    downloads: downloads::Section,
    spool: downloads::SpoolSection,
    shares: shares::Section,
    smtp: Option<smtp::Section>,
    sms: Option<sms::Section>,
    oidc: Option<oidc::Section>,
    admin: admin::Section,
    retention: admin::RetentionSection,
    log: log::Section,
    monitor: monitor::Section,
}

impl Config {
    /// Reads a file, if one is given, and the environment.
    ///
    /// # Errors
    /// A file that cannot be read or is no TOML, an unknown key, a value that cannot be used; each
    /// says what to do.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?.strip_prefix(PREFIX)?.to_owned(), value.into_string()))
        });
        let mut overrides = Vec::new();
        for (name, value) in environment {
            let value = value.ok().with_context(|| format!("{PREFIX}{name} is not UTF-8"))?;
            overrides.push((name, value));
        }
        overrides.sort();
        let text = match file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("the configuration {} cannot be read", file.display()))?,
            None => String::new(),
        };
        let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let loaded = Self::read(&text, &overrides, folder);
        let mut config = loaded.with_context(|| match file {
            Some(file) => format!("the configuration {} cannot be used", file.display()),
            None => "the configuration of the environment cannot be used".to_owned(),
        })?;
        config.warnings.extend(file.and_then(|file| secret::written_for_all(&text, file)));
        Ok(config)
    }

    /// Checks a text; paths in it start at the folder.
    fn read(text: &str, overrides: &[(String, String)], folder: &Path) -> anyhow::Result<Self> {
        let mut table = text.parse::<Table>().map_err(|error| without_the_line(text, &error))?;
        for (name, value) in overrides {
            environment::set(&mut table, name, value).with_context(|| format!("{PREFIX}{name}"))?;
        }
        check_keys(&table)?;
        secret::are_texts(&table)?;
        let mut warnings = secret::readable_by_others(&table, folder);
        let file = File::deserialize(table.clone())?;
        let File { branding, pacs, store_scp, store, portal, results, smtp, sms, .. } = file;
        let File { oidc, admin, retention, log, monitor, downloads, spool, shares, .. } = file;
        let pacs = pacs::check(pacs, store_scp, folder)?;
        warnings.extend(pacs::without_issuer(&pacs));
        let branding = branding.check(folder)?;
        let store = store.map(|store| store.check(folder)).transpose()?;
        let downloads = store
            .as_ref()
            .map(|store| downloads.check(spool, &store.folder, folder, &pacs, &branding));
        Ok(Self {
            branding,
            results: ResultsSettings { pacs: pacs.clone(), ..results.check()? },
            pacs,
            store,
            downloads: downloads.transpose()?,
            shares: shares.check()?,
            portal: portal.map(|portal| portal.check(folder)).transpose()?,
            smtp: smtp.map(|smtp| smtp.check(folder)).transpose().context("smtp")?,
            sms: sms.map(|sms| sms.check(folder)).transpose().context("sms")?,
            oidc: oidc.map(|oidc| oidc.check(folder)).transpose().context("oidc")?,
            log: log.check(),
            monitor: monitor.check(),
            effective: Effective(table),
            warnings,
            admin: admin.check(retention, folder)?,
        })
    }

    /// The PACS with this name.
    ///
    /// # Errors
    /// When there is none; the error names those that there are.
    pub(crate) fn pacs_named(&self, name: &str) -> anyhow::Result<&PacsSettings> {
        self.pacs.iter().find(|pacs| pacs.name == name).with_context(|| {
            let names: Vec<_> = self.pacs.iter().map(|pacs| pacs.name.as_str()).collect();
            if names.is_empty() {
                "the configuration has no [[pacs]]".to_owned()
            } else {
                format!("no PACS is called {name}: there are {}", names.join(", "))
            }
        })
    }
}

/// What a parser says, and where. Its own sentence quotes the line, which may hold a secret and comes into the log.
fn without_the_line(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| before.matches('\n').count() + 1);
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    anyhow::anyhow!("{place}{}", error.message())
}

/// Fails with the first key that nobody knows.
fn check_keys(table: &Table) -> anyhow::Result<()> {
    known_keys::check::<File>("", table)?;
    for (section, value) in table {
        match (section.as_str(), value) {
            ("branding", Value::Table(table)) => {
                known_keys::check::<branding::Section>(section, table)?;
            }
            ("store", Value::Table(table)) => {
                known_keys::check::<store::Section>(section, table)?;
            }
            ("downloads", Value::Table(table)) => {
                known_keys::check::<downloads::Section>(section, table)?;
            }
            ("spool", Value::Table(table)) => {
                known_keys::check::<downloads::SpoolSection>(section, table)?;
            }
            ("shares", Value::Table(table)) => {
                known_keys::check::<shares::Section>(section, table)?;
            }
            ("results", Value::Table(table)) => results::Section::check_keys(table)?,
            ("portal", Value::Table(table)) => portal::Section::check_keys(table)?,
            ("log", Value::Table(table)) => known_keys::check::<log::Section>(section, table)?,
            ("monitor", Value::Table(table)) => {
                known_keys::check::<monitor::Section>(section, table)?;
            }
            ("smtp", Value::Table(table)) => {
                known_keys::check::<smtp::Section>(section, table)?;
            }
            ("sms", Value::Table(table)) => sms::Section::check_keys(table)?,
            ("oidc", Value::Table(table)) => oidc::Section::check_keys(table)?,
            ("admin", Value::Table(table)) => admin::Section::check_keys(table)?,
            ("retention", Value::Table(table)) => {
                known_keys::check::<admin::RetentionSection>(section, table)?;
            }
            ("store_scp", Value::Table(table)) => pacs::StoreScpSection::check_keys(table)?,
            ("pacs", Value::Array(all)) => {
                for one in all {
                    let table =
                        one.as_table().context("pacs: write its keys below a line [[pacs]]")?;
                    pacs::check_keys(table)?;
                }
            }
            ("pacs", _) => bail!("pacs: write its keys below a line [[pacs]]"),
            _ => bail!("{section} is a section: write its keys below a line [{section}]"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Language;
    use rstest::rstest;

    fn read(text: &str, overrides: &[(&str, &str)]) -> Result<Config, String> {
        let overrides: Vec<_> =
            overrides.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::read(text, &overrides, Path::new("")).map_err(|error| format!("{error:#}"))
    }

    fn name(config: &Config, language: Language) -> Option<&str> {
        config.branding.name.as_ref().map(|name| name.of(language))
    }

    #[test]
    fn nothing_is_a_configuration() {
        assert_eq!(read("", &[]).unwrap().branding, Branding::default());
    }

    #[test]
    fn the_environment_stands_over_the_file() {
        let file = "[branding]\nname_it = \"Ospedale di Prova\"\nname_en = \"Test Hospital\"";
        let config = read(file, &[("BRANDING__NAME_IT", "Altro")]).unwrap();
        assert_eq!(name(&config, Language::Italian), Some("Altro"));
        assert_eq!(name(&config, Language::English), Some("Test Hospital"));
        let config = read("", &[("BRANDING__NAME_IT", "123")]).unwrap();
        assert_eq!(name(&config, Language::Italian), Some("123"));
    }

    #[rstest]
    #[case::key("[branding]\nnme_it = 'x'", "branding.nme_it is not known: did you mean name_it?")]
    #[case::section("[brandin]\n", "brandin is not known: did you mean branding?")]
    #[case::far_off("[branding]\nzzz = 1", "branding.zzz is not known: known are address,")]
    #[case::no_section("branding = 'x'", "write its keys below a line [branding]")]
    #[case::no_toml("[branding", "unclosed table")]
    #[case::wrong_type("[branding]\nname_it = 1", "invalid type: integer `1`, expected a string")]
    fn faults_say_what_to_do(#[case] file: &str, #[case] expected: &str) {
        let error = read(file, &[]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    /// The log of the program tells them, and others than the program may read it.
    #[rstest]
    #[case::no_quotation_marks("[smtp]\nhost = 'x'\npassword = 5309174x\n", "line 3: ")]
    #[case::not_closed("[smtp]\npassword = '5309174\n", "line ")]
    #[case::number("[smtp]\npassword = 5309174\n", "password must be a text")]
    #[case::number_in_a_list(
        "[[pacs]]\nauthentication = { bearer = 5309174 }",
        "bearer must be a text"
    )]
    #[case::number_for_a_gateway(
        "[sms]\nheaders = { X-Api-Key = 5309174 }",
        "headers must hold texts"
    )]
    fn faults_do_not_quote_a_secret(#[case] file: &str, #[case] expected: &str) {
        let error = read(file, &[]).unwrap_err();
        assert!(error.contains(expected) && !error.contains("5309174"), "{error}");
    }

    #[rstest]
    #[case::key("BRANDING__NAMEIT", "branding.nameit is not known: did you mean name_it?")]
    #[case::no_section("NAME_IT", "write ESITO__SECTION__KEY")]
    #[case::too_deep("BRANDING__NAME__IT", "branding.name is not known: did you mean name_it?")]
    fn misspelt_variables_are_faults_too(#[case] variable: &str, #[case] expected: &str) {
        let error = read("", &[(variable, "x")]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
