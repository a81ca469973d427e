//! SIGHUP: the configuration is read again, and what can change while the portal runs does.
//!
//! `[smtp]`, `[sms]` and `[oidc]` with the files that they name change at once, and so do `log.level`, the tokens of
//! `[[admin.tokens]]`, and certificates and keys of listeners, whose files are read again. The rest takes effect with
//! the next start, and the log says so. A configuration that cannot be used changes nothing, and a certificate that
//! cannot be used leaves the old one.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use portal::admin::AdminTokens;
use portal::oidc::CurrentProvider;
use portal::outbox::{Changeable, Sms, Smtp, Transport, Ways};
use portal::{TlsFiles, Transport as ListenerTransport};
use toml::{Table, Value};

use crate::config::{Config, Effective};
use crate::logs::LogLevel;

/// Sections that change at once, and keys of others.
const AT_ONCE: [(&str, Option<&str>); 5] = [
    ("smtp", None),
    ("sms", None),
    ("oidc", None),
    ("log", Some("level")),
    ("admin", Some("tokens")),
];

/// What a configuration says about the ways of messages, and how it is said anew.
#[derive(Debug)]
pub(crate) struct Reload {
    file: PathBuf,
    /// As it was when the program started.
    started_with: Effective,
    mail: Changeable,
    sms: Changeable,
    tokens: AdminTokens,
    /// What the listeners offer, with the section of each.
    certificates: Vec<(&'static str, TlsFiles)>,
}

/// What changes beside, once the portal is there.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) provider: CurrentProvider,
    pub(crate) log: LogLevel,
}

type Way = Option<Arc<dyn Transport>>;

impl Reload {
    /// For the file that a configuration came from.
    ///
    /// # Errors
    /// Files of TLS that cannot be read.
    pub(crate) fn new(file: PathBuf, config: &Config) -> anyhow::Result<Self> {
        let (mail, sms) = transports(config)?;
        let (mail, sms) = (Changeable::new("[smtp]", mail), Changeable::new("[sms]", sms));
        let portal = config.portal.as_ref().map(|portal| ("[portal]", portal.web.transport()));
        let admin = config.admin.listen.as_ref().map(|(_, transport)| ("[admin]", transport));
        let certificates = portal.into_iter().chain(admin);
        let certificates = certificates.filter_map(|(section, transport)| match transport {
            ListenerTransport::Tls(files) => Some((section, files.clone())),
            ListenerTransport::Loopback | ListenerTransport::Proxies(_) => None,
        });
        Ok(Self {
            file,
            started_with: config.effective.clone(),
            mail,
            sms,
            tokens: config.admin.tokens.clone(),
            certificates: certificates.collect(),
        })
    }

    /// By which ways messages leave.
    pub(crate) fn ways(&self) -> Ways {
        let way = |place: &Changeable| Some(Arc::new(place.clone()) as Arc<dyn Transport>);
        Ways::Sent { mail: way(&self.mail), sms: way(&self.sms) }
    }

    /// Reads the configuration again. Blocks for as long as its files take.
    pub(crate) fn now(&self, running: &Running) {
        let read = Config::load(Some(&self.file)).and_then(|config| {
            let transports = transports(&config)?;
            let provider = running.provider.prepared(config.oidc.clone()).context("[oidc]")?;
            Ok((config, transports, provider))
        });
        let (config, (mail, sms), provider) = match read {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(
                    "the configuration was not read again, the old one stays: {error:#}"
                );
                return;
            }
        };
        for (section, files) in &self.certificates {
            if let Err(error) = files.read() {
                let error = anyhow::Error::from(error);
                tracing::error!(
                    "the certificate of {section} was not read again, the old one stays: {error:#}"
                );
            }
        }
        self.mail.change(mail);
        self.sms.change(sms);
        self.tokens.put(&config.admin.tokens);
        running.provider.put(provider);
        running.log.change(config.log.level);
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let later = later(&self.started_with.0, &config.effective.0);
        if later.is_empty() {
            tracing::info!("the configuration was read again");
        } else {
            tracing::warn!(
                sections = later.join(", "),
                "the configuration was read again; these sections take effect with the next start"
            );
        }
    }
}

/// Sections that differ in more than what changes at once.
fn later(before: &Table, now: &Table) -> Vec<String> {
    let mut names: Vec<_> = before.keys().chain(now.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| rest(before, name) != rest(now, name));
    names
}

/// A section without what changes at once.
fn rest(table: &Table, name: &str) -> Option<Value> {
    let mut section = table.get(name).cloned();
    match AT_ONCE.iter().find(|(section, _)| *section == name) {
        None => {}
        Some((_, None)) => section = None,
        Some((_, Some(key))) => {
            if let Some(keys) = section.as_mut().and_then(Value::as_table_mut) {
                keys.remove(*key);
                if keys.is_empty() {
                    section = None;
                }
            }
        }
    }
    section
}

fn transports(config: &Config) -> anyhow::Result<(Way, Way)> {
    let mail = config.smtp.clone().map(Smtp::new).transpose().context("smtp")?;
    let sms = config.sms.clone().map(Sms::new).transpose().context("sms")?;
    Ok((
        mail.map(|mail| Arc::new(mail) as Arc<dyn Transport>),
        sms.map(|sms| Arc::new(sms) as Arc<dyn Transport>),
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "[smtp]\nhost = 'a'\n[oidc]\nissuer = 'b'\n[log]\nlevel = 'debug'", &[])]
    #[case("[log]\nlevel = 'info'", "[log]\nformat = 'json'", &["log"])]
    #[case("[admin]\nlisten = 'a'", "[admin]\nlisten = 'a'\n[[admin.tokens]]\nname = 'x'", &[])]
    #[case("[admin]\nlisten = 'a'", "[[admin.tokens]]\nname = 'x'", &["admin"])]
    #[case("[portal]\nname = 'a'\n[store]\nfolder = 'x'", "[portal]\nname = 'b'", &["portal", "store"])]
    fn what_waits_for_the_next_start_is_named(
        #[case] before: &str,
        #[case] now: &str,
        #[case] expected: &[&str],
    ) {
        assert_eq!(later(&before.parse().unwrap(), &now.parse().unwrap()), expected);
    }
}
