//! ID tokens: whether one was made by the provider, for us, for this login, and now (Core §3.1.3.7).

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::oidc::keys::Keys;

/// By how much the clock of the provider may differ from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// How old a token may be that was made for a login: longer than a login takes.
const OLDEST: SignedDuration = SignedDuration::from_mins(10);
/// The longest subject (Core §2).
const LONGEST_SUBJECT: usize = 255;

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// One of these, if there are any.
    pub(super) acr_values: &'a [String],
}

/// What a token says of somebody.
#[derive(Clone)]
pub(super) struct Claims {
    /// Who it is at the provider.
    pub(super) subject: String,
    pub(super) all: Map<String, Value>,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Claims([redacted])")
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// It is no signed token in the compact form.
    #[error("it is no signed token, or its signature is none that we know")]
    Malformed,
    /// No key of the provider has its identifier and algorithm.
    #[error("the provider has no key with its identifier and algorithm")]
    UnknownKey,
    /// Somebody else made it.
    #[error("its signature is wrong")]
    Signature,
    /// Of another provider.
    #[error("it is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("it is for another client")]
    Audience,
    /// It was made too long ago, or for later.
    #[error("it is not of this time: see to the clocks")]
    Time,
    /// For another login.
    #[error("it is for another login")]
    Nonce,
    /// It says not whom.
    #[error("it has no subject")]
    Subject,
    /// The login was not as sure as it has to be.
    #[error("its acr is none of acr_values")]
    Assurance,
}

/// Checks a token, and reads what it says.
pub(super) fn verify(
    token: &str,
    keys: &Keys,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Claims, TokenFault> {
    let header = decode_header(token).map_err(|_odd| TokenFault::Malformed)?;
    // Nothing of what can be critical is understood here (RFC 7515 §4.1.11).
    if header.crit.is_some() {
        return Err(TokenFault::Malformed);
    }
    let key = keys.find(header.kid.as_deref(), header.alg).ok_or(TokenFault::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    // By our clock, below.
    validation.validate_exp = false;
    let all: Map<String, Value> =
        decode(token, key, &validation).map_err(|error| fault(&error))?.claims;
    check_audience(&all, expected.client_id)?;
    check_times(&all, now)?;
    let text = |name: &str| all.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(TokenFault::Issuer);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(TokenFault::Nonce);
    }
    let subject = text("sub").filter(|subject| (1..=LONGEST_SUBJECT).contains(&subject.len()));
    let subject = subject.ok_or(TokenFault::Subject)?.to_owned();
    let is_sure = |acr: &str| expected.acr_values.iter().any(|value| value == acr);
    if !expected.acr_values.is_empty() && !text("acr").is_some_and(is_sure) {
        return Err(TokenFault::Assurance);
    }
    Ok(Claims { subject, all })
}

fn fault(error: &jsonwebtoken::errors::Error) -> TokenFault {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidIssuer => TokenFault::Issuer,
        ErrorKind::InvalidAudience => TokenFault::Audience,
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "iss" => TokenFault::Issuer,
            "aud" => TokenFault::Audience,
            _ => TokenFault::Time,
        },
        _ => TokenFault::Malformed,
    }
}

/// Of several receivers the one that it was made for is named, and it is us.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), TokenFault> {
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    match claims.get("azp") {
        None if !several => Ok(()),
        Some(Value::String(azp)) if azp == client_id => Ok(()),
        _ => Err(TokenFault::Audience),
    }
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), TokenFault> {
    let earliest = now.checked_sub(SKEW).map_err(|_far| TokenFault::Time)?;
    let latest = now.checked_add(SKEW).map_err(|_far| TokenFault::Time)?;
    let oldest = earliest.checked_sub(OLDEST).map_err(|_far| TokenFault::Time)?;
    let moment = |name: &str| claims.get(name).map(|value| moment(value).ok_or(TokenFault::Time));
    let expires = moment("exp").ok_or(TokenFault::Time)??;
    let issued = moment("iat").ok_or(TokenFault::Time)??;
    let begins = moment("nbf").transpose()?.unwrap_or(issued);
    if expires > earliest && (oldest..=latest).contains(&issued) && begins <= latest {
        Ok(())
    } else {
        Err(TokenFault::Time)
    }
}

/// A `NumericDate` (RFC 7519 §2), parts of a second left out.
fn moment(value: &Value) -> Option<Timestamp> {
    match (value.as_i64(), value.as_f64()) {
        (Some(seconds), _) => Timestamp::from_second(seconds).ok(),
        (None, Some(seconds)) => {
            let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
            Timestamp::from_duration(since).ok()
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests;
