//! SIGHUP: the configuration is read again, and what can change while the portal runs does.
//!
//! `[smtp]` and `[sms]` with the files that they name change at once, and so do certificates and keys of
//! listeners, whose files are read again. The rest takes effect with the next start, and the log says so. A
//! configuration that cannot be used changes nothing, and a certificate that cannot be used leaves the old one.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use portal::outbox::{Changeable, Sms, Smtp, Transport, Ways};
use portal::{TlsFiles, Transport as ListenerTransport};

use crate::config::{Config, Effective};

/// Sections that change at once.
const AT_ONCE: [&str; 2] = ["smtp", "sms"];

/// What a configuration says about the ways of messages, and how it is said anew.
#[derive(Debug)]
pub(crate) struct Reload {
    file: PathBuf,
    /// As it was when the program started.
    started_with: Effective,
    mail: Changeable,
    sms: Changeable,
    /// What the listeners offer, with the section of each.
    certificates: Vec<(&'static str, TlsFiles)>,
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
        let certificates = certificates.collect();
        Ok(Self { file, started_with: config.effective.clone(), mail, sms, certificates })
    }

    /// By which ways messages leave.
    pub(crate) fn ways(&self) -> Ways {
        let way = |place: &Changeable| Some(Arc::new(place.clone()) as Arc<dyn Transport>);
        Ways::Sent { mail: way(&self.mail), sms: way(&self.sms) }
    }

    /// Reads the configuration again. Blocks for as long as its files take.
    pub(crate) fn now(&self) {
        let read = Config::load(Some(&self.file)).and_then(|config| {
            let transports = transports(&config)?;
            Ok((config, transports))
        });
        let (config, (mail, sms)) = match read {
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
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let (before, now) = (&self.started_with.0, &config.effective.0);
        let names = before.keys().chain(now.keys());
        let mut later: Vec<_> = names
            .filter(|name| !AT_ONCE.contains(&name.as_str()))
            .filter(|name| before.get(*name) != now.get(*name))
            .map(String::as_str)
            .collect();
        later.sort_unstable();
        later.dedup();
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

fn transports(config: &Config) -> anyhow::Result<(Way, Way)> {
    let mail = config.smtp.clone().map(Smtp::new).transpose().context("smtp")?;
    let sms = config.sms.clone().map(Sms::new).transpose().context("sms")?;
    Ok((
        mail.map(|mail| Arc::new(mail) as Arc<dyn Transport>),
        sms.map(|sms| Arc::new(sms) as Arc<dyn Transport>),
    ))
}
