//! What `esito check` tries of the `OpenID` Connect provider. Nobody logs in.

use jiff::Timestamp;
use portal::oidc::{Client, Discovered, OidcError, OidcSettings, RETURN_PATH};

use crate::commands::check::Line;
use crate::config::Config;

const OIDC: &str = "OIDC";
/// Seconds by which two clocks may differ: ID tokens are taken with as much.
const MOST_SECONDS: i64 = 60;

/// Asks the provider what it is and which keys it has; tells what has to be registered there.
pub(crate) fn check(config: &Config, settings: &OidcSettings, tell: &mut impl FnMut(Line)) {
    let mut line = |step, result| tell(Line { of: OIDC.to_owned(), step, result });
    line("redirect URI", redirect_uri(config));
    let client = match Client::new(settings.clone()) {
        Ok(client) => client,
        Err(error) => return line("settings", Err(format!("[oidc]: {error}"))),
    };
    let discovered = match client.discover() {
        Ok(discovered) => discovered,
        Err(error) => return line("discovery", Err(advised(&error))),
    };
    line("discovery", Ok(format!("{} says what it is", settings.issuer)));
    line("claim", claim(settings, &discovered));
    line("clock", clock(discovered.date));
    line(
        "keys",
        match client.keys(&discovered.metadata) {
            Ok(keys) => Ok(format!("{} keys that verify ID tokens", keys.len())),
            Err(error) => Err(advised(&error)),
        },
    );
}

/// `WebSettings` refuses what is neither https nor on this machine.
fn redirect_uri(config: &Config) -> Result<String, String> {
    match &config.portal {
        Some(portal) => {
            let origin = portal.web.origin();
            Ok(format!(
                "register {origin}{RETURN_PATH} at the provider, and {origin}/login for after the logout"
            ))
        }
        None => Err("[portal] is missing: its address is where the provider leads back to".into()),
    }
}

/// What the provider says of the claim and the scopes, where it says anything.
fn claim(settings: &OidcSettings, discovered: &Discovered) -> Result<String, String> {
    let metadata = &discovered.metadata;
    let unknown = settings.scopes.iter().find(|scope| metadata.has_scope(scope) == Some(false));
    if let Some(scope) = unknown {
        return Err(format!(
            "the provider does not list the scope {scope}: see to scopes in [oidc], or add it there"
        ));
    }
    let claim = &settings.claim;
    match metadata.has_claim(claim) {
        Some(true) => Ok(format!("the provider lists the claim {claim}")),
        Some(false) => Err(format!(
            "the provider does not list the claim {claim}: see to claim and scopes in [oidc], or have \
             the provider hand it out"
        )),
        None => Ok(format!("the provider does not tell its claims: {claim} shows at a login")),
    }
}

fn clock(date: Option<Timestamp>) -> Result<String, String> {
    let Some(date) = date else { return Ok("the provider does not tell the time".to_owned()) };
    let seconds = date.duration_since(portal::Clock::System.now()).as_secs();
    if seconds.abs() <= MOST_SECONDS {
        Ok(format!("the clock of the provider is {seconds} s before ours"))
    } else {
        Err(format!(
            "the clock of the provider is {seconds} s before ours, and ID tokens stand {MOST_SECONDS} s: \
             set the clock that is wrong (NTP)"
        ))
    }
}

fn advised(error: &OidcError) -> String {
    let advice = match error {
        OidcError::NoAnswer { .. } => "see to issuer and tls in [oidc], and to the network",
        OidcError::Redirect { .. } | OidcError::OtherIssuer { .. } => {
            "write issuer in [oidc] as the provider calls itself, to the letter"
        }
        OidcError::Status { .. } | OidcError::Unreadable { .. } => {
            "see to issuer in [oidc]: a browser finds a JSON document at issuer + \
             /.well-known/openid-configuration"
        }
        _ => "see to the settings of the portal at the provider",
    };
    format!("{error}. Advice: {advice}")
}
