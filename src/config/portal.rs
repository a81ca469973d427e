//! The section `[portal]`: the pages of the patients.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, ensure};
use portal::{ConnectionLimits, WebSettings};
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::known_keys;
use crate::config::listener::{Tls, networks};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name: Option<String>,
    listen: Option<SocketAddr>,
    address: Option<String>,
    tls: Option<Tls>,
    trusted_proxies: Vec<String>,
    connections: Option<usize>,
}

/// The pages, checked.
#[derive(Debug, Clone)]
pub(crate) struct PortalSettings {
    /// What the portal is called (S-030).
    pub(crate) name: String,
    /// The listener.
    pub(crate) web: WebSettings,
}

/// The longest name, in characters.
const NAME: usize = 60;

impl Section {
    /// Fails with the first key that nobody knows.
    pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("portal", table)?;
        match table.get("tls").and_then(Value::as_table) {
            Some(tls) => known_keys::check::<Tls>("portal.tls", tls),
            None => Ok(()),
        }
    }

    pub(super) fn check(self, folder: &Path) -> anyhow::Result<PortalSettings> {
        let name = self.name.unwrap_or_else(|| "La mia salute".to_owned());
        let name = name.trim().to_owned();
        ensure!(!name.is_empty(), "portal.name is empty: leave the key out instead");
        ensure!(name.chars().count() <= NAME, "portal.name is too long: {NAME} characters at most");
        let listen = self.listen.context("portal.listen is missing: an address and a port")?;
        let address = self.address.context(
            "portal.address is missing: what patients open, as https://portal.example.org",
        )?;
        let tls = self.tls.map(|tls| tls.check(folder)).transpose().context("portal.tls")?;
        let proxies = networks(&self.trusted_proxies).context("portal.trusted_proxies")?;
        let mut limits = ConnectionLimits::default();
        if let Some(connections) = self.connections {
            ensure!(connections > 0, "portal.connections is 0: nobody could connect");
            limits.connections = connections;
        }
        let web = WebSettings::new(listen, &address, tls, proxies, limits).context("portal")?;
        Ok(PortalSettings { name, web })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn check(section: &str) -> Result<PortalSettings, String> {
        let section: Section = toml::from_str(section).unwrap();
        section.check(Path::new("/etc/esito")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_portal_behind_a_proxy_is_read() {
        let section = "listen = '127.0.0.1:8080'\naddress = 'https://portal.example.org'\n\
            trusted_proxies = ['127.0.0.1', '2001:db8::/32']";
        let settings = check(section).unwrap();
        assert_eq!(settings.web.origin(), "https://portal.example.org");
        assert_eq!(settings.name, "La mia salute");
    }

    #[rstest]
    #[case::no_address("listen = '127.0.0.1:80'", "portal.address is missing")]
    #[case::no_listen("address = 'http://localhost'", "portal.listen is missing")]
    #[case::in_clear(
        "listen = '0.0.0.0:80'\naddress = 'http://localhost'",
        "must not pass in clear"
    )]
    #[case::half_tls(
        "listen = '0.0.0.0:443'\naddress = 'https://x'\ntls = { key_file = 'k' }",
        "portal.tls: certificate_file and key_file are both needed"
    )]
    #[case::no_network(
        "listen = '0.0.0.0:443'\naddress = 'https://x'\ntrusted_proxies = ['nginx']",
        "portal.trusted_proxies: \"nginx\" is neither an address nor a network"
    )]
    fn faults_name_the_key(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
