//! The section `[smtp]`: the mail server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use portal::outbox::{Security, Smtp, SmtpLogin, SmtpSettings};
use schemars::JsonSchema;
use serde::Deserialize;

use super::secret;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    host: Option<String>,
    port: Option<u16>,
    security: SecurityWord,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    from_name: Option<String>,
    reply_to: Option<String>,
    hello_name: Option<String>,
    time_out: Option<f64>,
}

impl std::fmt::Debug for Section {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Section").finish_non_exhaustive()
    }
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SecurityWord {
    #[default]
    Tls,
    StartTls,
    None,
}

impl Section {
    /// Checks all, and reads the files.
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<SmtpSettings> {
        let security = match self.security {
            SecurityWord::Tls => Security::Tls,
            SecurityWord::StartTls => Security::StartTls,
            SecurityWord::None => Security::Plain,
        };
        // RFC 8314 §7.3, RFC 6409 §3.1, RFC 5321 §4.5.4.2.
        let usual = match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::Plain => 25,
        };
        let login = match self.user {
            Some(user) => {
                ensure!(!user.is_empty(), "user is empty: leave the key out instead");
                let password = secret::read("password", self.password, self.password_file, folder)?;
                Some(SmtpLogin { user, password: password.into() })
            }
            None if self.password.is_some() || self.password_file.is_some() => {
                bail!("a password stands without user: give both")
            }
            None => None,
        };
        let hello_name = self.hello_name;
        ensure!(
            hello_name.as_deref().is_none_or(is_host_name),
            "hello_name is no name of a machine"
        );
        let settings = SmtpSettings {
            host: self.host.context("host is missing: the mail server")?,
            port: self.port.unwrap_or(usual),
            security,
            ca_file: self.ca_file.map(|path| folder.join(path)),
            login,
            from: self.from.context("from is missing: the address of the sender")?,
            from_name: self.from_name,
            reply_to: self.reply_to,
            hello_name,
            time_out: seconds(self.time_out)?,
        };
        Smtp::new(settings.clone())?;
        Ok(settings)
    }
}

fn is_host_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Of one step towards a server.
pub(super) fn seconds(time_out: Option<f64>) -> anyhow::Result<Duration> {
    match time_out {
        None => Ok(Duration::from_secs(15)),
        Some(seconds) if (0.1..=55.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        Some(_) => bail!("time_out is a number of seconds from 0.1 to 55"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LEAST: &str = "security = 'none'\nhost = 'localhost'\nfrom = 'noreply@example.org'\n";

    fn check(section: &str) -> Result<SmtpSettings, String> {
        let section: Section = toml::from_str(section).map_err(|error| error.to_string())?;
        section.check(Path::new("/nowhere")).map_err(|error| format!("{error:#}"))
    }

    #[rstest]
    #[case::plain("", 25)]
    #[case::said("port = 2525", 2525)]
    fn the_least_that_is_needed(#[case] more: &str, #[case] port: u16) {
        let settings = check(&format!("{LEAST}{more}")).unwrap();
        assert_eq!((settings.port, settings.login.is_none()), (port, true));
    }

    #[rstest]
    #[case::no_host("from = 'a@example.org'", "host is missing")]
    #[case::no_sender("host = 'mail.test'", "from is missing")]
    #[case::in_clear(
        "security = 'none'\nhost = 'mail.test'\nfrom = 'a@example.org'",
        "for mail.test write \"tls\" or \"starttls\""
    )]
    #[case::no_address(
        "security = 'none'\nhost = 'localhost'\nfrom = 'a'",
        "from is no e-mail address"
    )]
    #[case::user_alone(&format!("{LEAST}user = 'me'"), "password is missing")]
    #[case::password_alone(&format!("{LEAST}password = 'x'"), "stands without user")]
    #[case::time_out(&format!("{LEAST}time_out = 0"), "time_out is a number of seconds")]
    #[case::hello(&format!("{LEAST}hello_name = 'a b'"), "hello_name is no name")]
    #[case::security(&format!("{LEAST}security = 'ssl'"), "duplicate key")]
    #[case::ca("host = 'mail.test'\nfrom = 'a@example.org'\nca_file = 'ca.pem'", "/nowhere/ca.pem")]
    fn faults_say_what_to_do(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_password_does_not_show_itself() {
        let settings = check(&format!("{LEAST}user = 'me'\npassword = 's3cret'")).unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
