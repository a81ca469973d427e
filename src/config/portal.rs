//! The section `[portal]`: the pages of the patients.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::SignedDuration;
use portal::{ConnectionLimits, Limits, WebSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::known_keys;
use crate::config::listener::{Tls, networks};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name: Option<String>,
    listen: Option<SocketAddr>,
    address: Option<String>,
    tls: Option<Tls>,
    trusted_proxies: Vec<String>,
    connections: Option<usize>,
    session_idle_minutes: Option<u32>,
    session_hours: Option<u32>,
}

/// The pages, checked.
#[derive(Debug, Clone)]
pub(crate) struct PortalSettings {
    /// What the portal is called (S-030).
    pub(crate) name: String,
    /// The listener.
    pub(crate) web: WebSettings,
    /// How long sessions last.
    pub(crate) limits: Limits,
}

/// The longest name, in characters.
const NAME: usize = 60;
/// Minutes that a session may last without use: somebody reads a report, and nobody finds a browser left open.
const IDLE_MINUTES: RangeInclusive<u32> = 2..=240;
/// Hours that a session may last at all.
const SESSION_HOURS: RangeInclusive<u32> = 1..=24;

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
        let limits = session_limits(self.session_idle_minutes, self.session_hours)?;
        Ok(PortalSettings { name, web, limits })
    }
}

/// The usual ones, with the sessions of the site.
fn session_limits(idle_minutes: Option<u32>, hours: Option<u32>) -> anyhow::Result<Limits> {
    let mut limits = Limits::default();
    let within = |key: &str, value: u32, range: RangeInclusive<u32>| {
        let (least, most) = (range.start(), range.end());
        ensure!(range.contains(&value), "portal.{key} is {value}: {least} to {most}");
        Ok(i64::from(value))
    };
    if let Some(minutes) = idle_minutes {
        let minutes = within("session_idle_minutes", minutes, IDLE_MINUTES)?;
        limits.idle = SignedDuration::from_mins(minutes);
    }
    if let Some(hours) = hours {
        let hours = within("session_hours", hours, SESSION_HOURS)?;
        limits.session = SignedDuration::from_hours(hours);
    }
    ensure!(
        limits.idle <= limits.session,
        "portal.session_idle_minutes is more than portal.session_hours: a session would end before it idles"
    );
    Ok(limits)
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
        assert_eq!(settings.limits.idle, SignedDuration::from_mins(20));
        assert_eq!(settings.limits.session, SignedDuration::from_hours(8));
    }

    #[rstest]
    #[case("session_idle_minutes = 2\nsession_hours = 1", Ok((2, 1)))]
    #[case("session_idle_minutes = 240\nsession_hours = 24", Ok((240, 24)))]
    #[case("session_idle_minutes = 1", Err("session_idle_minutes is 1: 2 to 240"))]
    #[case("session_idle_minutes = 241", Err("session_idle_minutes is 241: 2 to 240"))]
    #[case("session_hours = 0", Err("session_hours is 0: 1 to 24"))]
    #[case("session_hours = 25", Err("session_hours is 25: 1 to 24"))]
    #[case("session_idle_minutes = 61\nsession_hours = 1", Err("would end before it idles"))]
    fn sessions_last_as_long_as_is_sound(
        #[case] keys: &str,
        #[case] expected: Result<(i64, i64), &str>,
    ) {
        let read = check(&format!("listen = '127.0.0.1:80'\naddress = 'http://localhost'\n{keys}"));
        match (read, expected) {
            (Ok(read), Ok((minutes, hours))) => {
                assert_eq!(read.limits.idle, SignedDuration::from_mins(minutes));
                assert_eq!(read.limits.session, SignedDuration::from_hours(hours));
            }
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (read, expected) => panic!("{read:?}, not {expected:?}"),
        }
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
