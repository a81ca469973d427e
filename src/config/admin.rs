//! The sections `[admin]` and `[retention]`: who administers and from where, and how long things are kept.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use portal::Transport;
use portal::admin::{AdminSettings, AdminToken, AdminTokens, Retention, Scope};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::known_keys;
use crate::config::listener::{Tls, networks};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    listen: Option<SocketAddr>,
    tls: Option<Tls>,
    trusted_proxies: Vec<String>,
    tokens: Vec<Token>,
    backup_folder: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "these are the keys of the file")]
struct Token {
    name: Option<String>,
    token_file: Option<PathBuf>,
    sha256: Option<String>,
    scopes: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetentionSection {
    audit_days: Option<u32>,
    messages_days: Option<u32>,
}

/// The fewest characters of a token: so many cannot be guessed.
const FEWEST: usize = 32;
/// More than a century.
const MOST_DAYS: u32 = 40_000;

impl Section {
    /// Fails with the first key that nobody knows.
    pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("admin", table)?;
        if let Some(tls) = table.get("tls").and_then(Value::as_table) {
            known_keys::check::<Tls>("admin.tls", tls)?;
        }
        for token in table.get("tokens").and_then(Value::as_array).into_iter().flatten() {
            let token =
                token.as_table().context("admin.tokens: write its keys below [[admin.tokens]]")?;
            known_keys::check::<Token>("admin.tokens", token)?;
        }
        Ok(())
    }

    pub(super) fn check(
        self,
        retention: RetentionSection,
        folder: &Path,
    ) -> anyhow::Result<AdminSettings> {
        let tls = self.tls.map(|tls| tls.check(folder)).transpose().context("admin.tls")?;
        let proxies = networks(&self.trusted_proxies).context("admin.trusted_proxies")?;
        let listen = match self.listen {
            None => {
                ensure!(
                    tls.is_none() && proxies.is_empty(),
                    "admin.listen is missing: an address and a port"
                );
                None
            }
            Some(address) => {
                Some((address, Transport::new(address, tls, proxies).context("admin")?))
            }
        };
        let mut tokens: Vec<AdminToken> = Vec::new();
        for (number, token) in self.tokens.into_iter().enumerate() {
            let token =
                token.check(folder).with_context(|| format!("admin.tokens {}", number + 1))?;
            ensure!(
                tokens.iter().all(|other| other.name != token.name),
                "admin.tokens: two are called {}",
                token.name
            );
            tokens.push(token);
        }
        Ok(AdminSettings {
            tokens: AdminTokens::new(tokens),
            listen,
            backups: self.backup_folder.map(|backups| folder.join(backups)),
            retention: retention.check()?,
        })
    }
}

impl Token {
    fn check(self, folder: &Path) -> anyhow::Result<AdminToken> {
        let name = self.name.context("name is missing: it stands in the audit trail")?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        ensure!(
            !name.is_empty() && name.len() <= 64 && name.chars().all(plain),
            "the name {name:?} has other characters than letters, digits, '-', '_' and '.'"
        );
        ensure!(name != "console", "the name console is the one of this machine's own users");
        let scopes: anyhow::Result<Vec<Scope>> = self
            .scopes
            .iter()
            .map(|scope| scope.parse().with_context(|| format!("scopes: {scope:?}")))
            .collect();
        let scopes = scopes?;
        ensure!(!scopes.is_empty(), "scopes is missing: the token could do nothing");
        match (self.token_file, self.sha256) {
            (Some(file), None) => {
                let file = folder.join(file);
                let text = std::fs::read_to_string(&file)
                    .with_context(|| format!("token_file {} cannot be read", file.display()))?;
                let text = text.trim();
                ensure!(
                    text.len() >= FEWEST && text.chars().all(|letter| letter.is_ascii_graphic()),
                    "token_file {} needs at least {FEWEST} letters, digits or signs without blanks: \
                     make one with: (umask 077; openssl rand -hex 32 > {})",
                    file.display(),
                    file.display()
                );
                Ok(AdminToken::new(name, text, scopes))
            }
            (None, Some(hex)) => {
                let sha256 = digest(&hex).context(
                    "sha256 has 64 hexadecimal digits: printf %s TOKEN | sha256sum tells them",
                )?;
                Ok(AdminToken { name, sha256, scopes })
            }
            _ => bail!("set token_file or sha256, one of the two"),
        }
    }
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(digest)
}

impl RetentionSection {
    fn check(self) -> anyhow::Result<Retention> {
        let usual = Retention::default();
        let days = |key: &str, days: Option<u32>| match days {
            Some(days) if days > MOST_DAYS => {
                bail!("retention.{key} is more than {MOST_DAYS} days")
            }
            days => Ok(days),
        };
        Ok(Retention {
            audit_days: match days("audit_days", self.audit_days)? {
                Some(0) => None,
                Some(days) => Some(days),
                None => usual.audit_days,
            },
            messages_days: days("messages_days", self.messages_days)?
                .unwrap_or(usual.messages_days),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn check(section: &str) -> Result<AdminSettings, String> {
        let section: Section = toml::from_str(section).unwrap();
        let checked = section.check(RetentionSection::default(), Path::new("/nowhere"));
        checked.map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_token_is_known_by_its_hash() {
        let sha256 = "ab".repeat(32);
        let settings = check(&format!(
            "listen = '127.0.0.1:0'\n[[tokens]]\nname = 'his'\nsha256 = '{sha256}'\n\
             scopes = ['persons:read', 'persons:write']"
        ))
        .unwrap();
        let tokens = settings.tokens.all();
        assert_eq!(tokens[0].sha256, [0xab; 32]);
        assert_eq!(tokens[0].scopes, [Scope::PersonsRead, Scope::PersonsWrite]);
    }

    #[rstest]
    #[case::in_clear("listen = '0.0.0.0:81'", "must not pass in clear")]
    #[case::no_listen("trusted_proxies = ['127.0.0.1']", "admin.listen is missing")]
    #[case::no_scope("[[tokens]]\nname = 'x'\nsha256 = ''", "scopes is missing")]
    #[case::odd_scope(
        "[[tokens]]\nname = 'x'\nscopes = ['persons']",
        "scopes: \"persons\": it is none of persons:read,"
    )]
    #[case::no_token("[[tokens]]\nname = 'x'\nscopes = ['audit:read']", "token_file or sha256")]
    #[case::short_hash(
        "[[tokens]]\nname = 'x'\nsha256 = 'abc'\nscopes = ['audit:read']",
        "64 hexadecimal digits"
    )]
    #[case::console("[[tokens]]\nname = 'console'", "this machine's own users")]
    #[case::no_name("[[tokens]]\nscopes = ['audit:read']", "name is missing")]
    fn faults_name_the_key(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case("", Some(730), 30)]
    #[case("audit_days = 0", None, 30)]
    #[case("audit_days = 10\nmessages_days = 1", Some(10), 1)]
    fn days_are_counted(#[case] section: &str, #[case] audit: Option<u32>, #[case] messages: u32) {
        let section: RetentionSection = toml::from_str(section).unwrap();
        let kept = section.check().unwrap();
        assert_eq!((kept.audit_days, kept.messages_days), (audit, messages));
    }
}
