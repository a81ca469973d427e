//! The section `[oidc]`: login through an `OpenID` Connect provider.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use engine::branding::Localised;
use portal::oidc::{Client, Matching, OidcSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Table;

use super::pacs::tls;
use super::{known_keys, secret};

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    scopes: Option<Vec<String>>,
    claim: Option<String>,
    #[serde(rename = "match")]
    matching: Option<MatchingWord>,
    acr_values: Vec<String>,
    name_it: Option<String>,
    name_en: Option<String>,
    tls: Option<tls::HttpSection>,
    time_out: Option<f64>,
}

impl std::fmt::Debug for Section {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Section").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum MatchingWord {
    TaxCode,
    Subject,
}

/// The longest name of the button, in characters.
const NAME: usize = 60;

impl Section {
    /// Fails with the first key that nobody knows.
    pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("oidc", table)?;
        tls::check_keys("oidc", table)
    }

    /// Checks all, and reads the files.
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<OidcSettings> {
        let (written, file) = (self.client_secret, self.client_secret_file);
        let client_secret = secret::read_if_any("client_secret", written, file, folder)?;
        let matching = match self.matching {
            Some(MatchingWord::TaxCode) => Matching::TaxCode,
            Some(MatchingWord::Subject) => Matching::Subject,
            None => bail!("match is missing: tax-code, or subject; what claim is compared with"),
        };
        let tls = tls::of_http(self.tls.as_ref(), folder)?;
        let italian = self.name_it.context("name_it is missing: what the button says")?;
        let english = self.name_en.context("name_en is missing: what the button says")?;
        for name in [&italian, &english] {
            let length = name.trim().chars().count();
            ensure!(
                (1..=NAME).contains(&length),
                "a name of the button has 1 to {NAME} characters"
            );
        }
        let settings = OidcSettings {
            issuer: self.issuer.context("issuer is missing: what the provider calls itself")?,
            client_id: self.client_id.context("client_id is missing: what it calls the portal")?,
            client_secret: client_secret.map(Into::into),
            scopes: self.scopes.unwrap_or_else(|| vec!["openid".to_owned(), "profile".to_owned()]),
            claim: self.claim.context("claim is missing: the one that tells who somebody is")?,
            matching,
            acr_values: self.acr_values,
            name: Localised { italian, english },
            tls,
            time_out: seconds(self.time_out)?,
        };
        Client::new(settings.clone())?;
        Ok(settings)
    }
}

/// Of a request to the provider. A login takes up to four of them, and a page has half a minute.
fn seconds(time_out: Option<f64>) -> anyhow::Result<Duration> {
    match time_out {
        None => Ok(Duration::from_secs(5)),
        Some(seconds) if (0.1..=7.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        Some(_) => bail!("time_out is a number of seconds from 0.1 to 7"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LEAST: &str = "issuer = 'https://id.example.org/realm'\nclient_id = 'esito'\n\
        claim = 'fiscalNumber'\nmatch = 'tax-code'\nname_it = 'Entra con SPID'\nname_en = 'SPID'\n";

    fn check(section: &str) -> Result<OidcSettings, String> {
        let table: Table = section.parse().map_err(|error| format!("{error}"))?;
        Section::check_keys(&table).map_err(|error| error.to_string())?;
        let section = Section::deserialize(table).map_err(|error| error.to_string())?;
        section.check(Path::new("/nowhere")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_least_that_is_needed() {
        let settings = check(LEAST).unwrap();
        assert_eq!(settings.matching, Matching::TaxCode);
        assert_eq!(settings.scopes, ["openid", "profile"]);
        assert!(settings.client_secret.is_none());
    }

    #[rstest]
    #[case::no_issuer("issuer", "issuer is missing")]
    #[case::no_client("client_id", "client_id is missing")]
    #[case::no_claim("claim", "claim is missing")]
    #[case::no_match("match", "match is missing: tax-code, or subject")]
    #[case::no_name("name_en", "name_en is missing")]
    fn what_is_missing_is_named(#[case] key: &str, #[case] expected: &str) {
        let kept: Vec<_> =
            LEAST.lines().filter(|line| !line.starts_with(&format!("{key} "))).collect();
        let error = check(&kept.join("\n")).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case::key("scope = ['openid']", "oidc.scope is not known: did you mean scopes?")]
    #[case::tls_key("tls = { ca_fil = 'x' }", "did you mean ca_file?")]
    #[case::two_secrets("client_secret = 'a'\nclient_secret_file = 'b'", "give one of them")]
    #[case::no_file("client_secret_file = 'absent'", "client_secret_file /nowhere/absent")]
    #[case::scope("scopes = ['a b']", "\"a b\" cannot be a scope")]
    #[case::slow("time_out = 60", "from 0.1 to 7")]
    fn faults_say_what_to_do(#[case] more: &str, #[case] expected: &str) {
        let error = check(&format!("{LEAST}{more}")).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_provider_in_clear_is_on_this_machine() {
        let error = check(&LEAST.replace("https:", "http:")).unwrap_err();
        assert!(error.contains("http:// only on this machine"), "{error}");
        let here = LEAST.replace("https://id.example.org", "http://127.0.0.1:3000");
        assert!(check(&here).is_ok());
    }
}
