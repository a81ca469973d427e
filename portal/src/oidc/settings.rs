//! Which provider, and how its people are found among the accounts.

use std::fmt;
use std::time::Duration;

use engine::branding::Localised;
use engine::pacs::tls::{TlsSettings, TlsSetupError};
use zeroize::Zeroizing;

use crate::http_client::Way;

/// A provider, and what it is asked for.
#[derive(Clone)]
pub struct OidcSettings {
    /// What it calls itself: `https`, or `http` on this machine.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What only it and we know; none for a public client, which PKCE alone protects.
    pub client_secret: Option<Zeroizing<String>>,
    /// What is asked for; `openid` goes without saying.
    pub scopes: Vec<String>,
    /// The claim that tells who somebody is.
    pub claim: String,
    /// What that claim is compared with.
    pub matching: Matching,
    /// Levels of assurance of which a login must have one (Core §2, `acr`); none: any.
    pub acr_values: Vec<String>,
    /// What the button says.
    pub name: Localised,
    /// Whom we trust, and who we are.
    pub tls: TlsSettings,
    /// Of a request as a whole.
    pub time_out: Duration,
}

/// What a claim is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// The tax code (codice fiscale) of the person to whom an account belongs. `TINIT-`, which SPID writes
    /// before it, is left out.
    TaxCode,
    /// The subject that an account was given, of this issuer.
    Subject,
}

/// Neither secret nor anything long.
impl fmt::Debug for OidcSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OidcSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOidc {
    /// No address of a provider.
    #[error(
        "issuer is what the provider calls itself: https:// and a name, perhaps a path, no query; http:// \
         only on this machine"
    )]
    Issuer,
    /// No name.
    #[error("client_id is empty")]
    ClientId,
    /// No claim.
    #[error("claim is empty, or not the name of one")]
    Claim,
    /// A scope that is none (RFC 6749 §3.3).
    #[error("{0:?} cannot be a scope")]
    Scope(String),
    /// A level that is none.
    #[error("{0:?} cannot be one of acr_values")]
    Acr(String),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
}

impl OidcSettings {
    /// Checks what needs no connection.
    ///
    /// # Errors
    /// [`InvalidOidc`].
    pub(super) fn check(&self) -> Result<(), InvalidOidc> {
        let way = Way::to(&self.issuer).filter(|_| !self.issuer.contains('?'));
        if !matches!(way, Some(Way::Tls | Way::Loopback)) {
            return Err(InvalidOidc::Issuer);
        }
        if self.client_id.is_empty() {
            return Err(InvalidOidc::ClientId);
        }
        if !is_word(&self.claim) {
            return Err(InvalidOidc::Claim);
        }
        if let Some(odd) = self.scopes.iter().find(|scope| !is_word(scope)) {
            return Err(InvalidOidc::Scope(odd.clone()));
        }
        match self.acr_values.iter().find(|value| !is_word(value)) {
            Some(odd) => Err(InvalidOidc::Acr(odd.clone())),
            None => Ok(()),
        }
    }

    /// Whether the provider is spoken to in TLS.
    pub(super) fn is_https(&self) -> bool {
        Way::to(&self.issuer) == Some(Way::Tls)
    }

    /// All scopes, with blanks between them.
    pub(super) fn scope(&self) -> String {
        let others = self.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
        std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" ")
    }
}

/// Printable ASCII without blanks and quotes (RFC 6749 §3.3).
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(fits)
}

#[cfg(test)]
pub(super) fn of_a_test(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.to_owned(),
        client_id: "esito".to_owned(),
        client_secret: None,
        scopes: vec!["profile".to_owned()],
        claim: "fiscalNumber".to_owned(),
        matching: Matching::TaxCode,
        acr_values: Vec::new(),
        name: Localised { italian: "Entra".to_owned(), english: "Enter".to_owned() },
        tls: TlsSettings::default(),
        time_out: Duration::from_secs(2),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::https("https://id.example.org/realms/a", true)]
    #[case::here("http://127.0.0.1:3000", true)]
    #[case::clear("http://id.example.org", false)]
    #[case::private("http://10.0.0.1", false)]
    #[case::query("https://id.example.org/?tenant=1", false)]
    #[case::fragment("https://id.example.org/#a", false)]
    #[case::nothing("", false)]
    fn an_issuer_is_reached_in_tls(#[case] issuer: &str, #[case] usable: bool) {
        assert_eq!(of_a_test(issuer).check().is_ok(), usable);
    }

    #[test]
    fn openid_is_asked_for_once() {
        let mut settings = of_a_test("https://id.example.org");
        assert_eq!(settings.scope(), "openid profile");
        settings.scopes = vec!["email".to_owned(), "openid".to_owned()];
        assert_eq!(settings.scope(), "openid email");
        settings.scopes.push("a b".to_owned());
        assert!(matches!(settings.check(), Err(InvalidOidc::Scope(_))));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let mut settings = of_a_test("https://id.example.org");
        settings.client_secret = Some("s3cret".to_owned().into());
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
