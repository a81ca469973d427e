//! Requests to a provider. Each blocks, for as long as its limit allows.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::pacs::tls::client_config;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use ureq::http::{HeaderMap, HeaderValue, Request, header};
use ureq::{Agent, AsSendBody, RequestExt as _};
use zeroize::Zeroizing;

use crate::http_client::{agent, why};
use crate::oidc::discovery::{Metadata, Proof};
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::keys::Keys;
use crate::oidc::settings::{InvalidOidc, OidcSettings};

/// The longest answer, in bytes: documents of providers have a few KiB.
const LONGEST_ANSWER: u64 = 256 << 10;
const JSON: &str = "application/json";

/// Asks one provider.
#[derive(Clone)]
pub struct Client {
    settings: Arc<OidcSettings>,
    agent: Agent,
    /// When nobody waits for an answer any more.
    until: Option<Instant>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What a provider says of itself, and when it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// What.
    pub metadata: Metadata,
    /// The Date of the answer, if it has one (RFC 9110 §6.6.1).
    pub date: Option<Timestamp>,
}

impl Client {
    /// Checks the settings, and reads the files of TLS; connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidOidc`].
    pub fn new(settings: OidcSettings) -> Result<Self, InvalidOidc> {
        settings.check()?;
        super::signature::install();
        let tls = settings.is_https().then(|| client_config(&settings.tls)).transpose()?;
        let agent = agent(tls, settings.time_out);
        Ok(Self { settings: Arc::new(settings), agent, until: None })
    }

    /// The same for requests that together take no longer.
    pub(super) fn until(&self, deadline: Instant) -> Self {
        Self { until: Some(deadline), ..self.clone() }
    }

    /// What is configured.
    pub fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Asks the provider what it is (Discovery §4).
    ///
    /// # Errors
    /// [`OidcError`].
    pub fn discover(&self) -> Result<Discovered, OidcError> {
        let issuer = &self.settings.issuer;
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let address = format!("{base}/.well-known/openid-configuration");
        let (headers, body) = self.get(Endpoint::Discovery, &address, None)?;
        let has_secret = self.settings.client_secret.is_some();
        Ok(Discovered {
            metadata: Metadata::read(&body, issuer, has_secret)?,
            date: date(&headers),
        })
    }

    /// Asks for its keys.
    ///
    /// # Errors
    /// [`OidcError`].
    pub fn keys(&self, metadata: &Metadata) -> Result<Keys, OidcError> {
        let (_, body) = self.get(Endpoint::Keys, &metadata.keys, None)?;
        let keys = Keys::read(&body)?;
        if keys.is_empty() { Err(OidcError::Lacks { what: "key that we know" }) } else { Ok(keys) }
    }

    /// Has a code exchanged for tokens (Core §3.1.3).
    pub(super) fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, OidcError> {
        let endpoint = Endpoint::Token;
        let OidcSettings { client_id, client_secret, .. } = &*self.settings;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let mut request = Request::post(&metadata.token)
            .header(header::ACCEPT, JSON)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match (metadata.proof, client_secret) {
            (Proof::Basic, Some(secret)) => {
                request = request.header(header::AUTHORIZATION, basic(client_id, secret)?);
            }
            (Proof::Post, Some(secret)) => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", secret)]);
            }
            _ => form.push(("client_id", client_id)),
        }
        let odd = OidcError::Unreadable { endpoint };
        let form = Zeroizing::new(serde_urlencoded::to_string(form).map_err(|_odd| odd.clone())?);
        let request = request.body(form.as_bytes()).map_err(|_odd| odd.clone())?;
        let (status, _, body) = self.run(endpoint, request)?;
        if (400..500).contains(&status)
            && let Ok(Refusal { error }) = serde_json::from_slice(&body)
        {
            // A word, as the standard has it: what it describes may be of a person.
            let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            let word = error.len() <= 40 && error.bytes().all(is_word);
            let error = if word { error } else { "another error".to_owned() };
            return Err(OidcError::Refused { error });
        }
        expect_ok(endpoint, status)?;
        let tokens: Tokens = serde_json::from_slice(&body).map_err(|_odd| odd.clone())?;
        if tokens.token_type.eq_ignore_ascii_case("bearer") { Ok(tokens) } else { Err(odd) }
    }

    /// Asks for claims that are not in the ID token, of the subject that is in it (Core §5.3).
    pub(super) fn user_info(
        &self,
        address: &str,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<Map<String, Value>, OidcError> {
        let endpoint = Endpoint::UserInfo;
        let (_, body) = self.get(endpoint, address, Some(&tokens.access_token))?;
        let unreadable = OidcError::Unreadable { endpoint };
        let claims: Map<_, _> = serde_json::from_slice(&body).map_err(|_odd| unreadable)?;
        if claims.get("sub").and_then(Value::as_str) == Some(subject) {
            Ok(claims)
        } else {
            Err(OidcError::OtherSubject)
        }
    }

    fn get(
        &self,
        endpoint: Endpoint,
        address: &str,
        bearer: Option<&str>,
    ) -> Result<(HeaderMap, Vec<u8>), OidcError> {
        let mut request = Request::get(address).header(header::ACCEPT, JSON);
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, secret_header("Bearer", bearer)?);
        }
        let request = request.body(()).map_err(|_odd| OidcError::Unreadable { endpoint })?;
        let (status, headers, body) = self.run(endpoint, request)?;
        expect_ok(endpoint, status)?;
        Ok((headers, body))
    }

    /// Sends a request, and reads the answer as far as it may go.
    fn run(
        &self,
        endpoint: Endpoint,
        request: Request<impl AsSendBody>,
    ) -> Result<(u16, HeaderMap, Vec<u8>), OidcError> {
        let no_answer = |error| OidcError::NoAnswer { endpoint, why: why("the provider", &error) };
        let mut within = self.settings.time_out;
        if let Some(until) = self.until {
            within = within.min(until.saturating_duration_since(Instant::now()));
        }
        if within.is_zero() {
            return Err(no_answer(ureq::Error::Timeout(ureq::Timeout::Global)));
        }
        let request = request.with_agent(&self.agent).configure().timeout_global(Some(within));
        let mut answer = request.run().map_err(no_answer)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        Ok((status, answer.headers().clone(), body.map_err(no_answer)?))
    }
}

/// What a code was exchanged for.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    access_token: String,
    token_type: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

fn expect_ok(endpoint: Endpoint, status: u16) -> Result<(), OidcError> {
    match status {
        200 => Ok(()),
        300..400 => Err(OidcError::Redirect { endpoint, status }),
        _ => Err(OidcError::Status { endpoint, status }),
    }
}

/// Name and secret as a password (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &str) -> Result<HeaderValue, OidcError> {
    // As a form is written, which a list of one name without a value is.
    let encode = |text| {
        let form = serde_urlencoded::to_string([(text, "")]).map(Zeroizing::new);
        form.map_err(|_odd| OidcError::Unreadable { endpoint: Endpoint::Token })
    };
    let (name, secret) = (encode(client_id)?, encode(secret)?);
    let unpaired = |form: &str| Zeroizing::new(form.trim_end_matches('=').to_owned());
    let pair = Zeroizing::new(format!("{}:{}", *unpaired(&name), *unpaired(&secret)));
    secret_header("Basic", &STANDARD.encode(pair.as_bytes()))
}

/// A header that is not printed.
fn secret_header(scheme: &str, secret: &str) -> Result<HeaderValue, OidcError> {
    let unreadable = OidcError::Unreadable { endpoint: Endpoint::Token };
    let text = Zeroizing::new(format!("{scheme} {secret}"));
    let mut value = HeaderValue::from_str(&text).map_err(|_odd| unreadable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// When an answer was given.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;
    use crate::oidc::settings::of_a_test;

    /// Requests that belong together have one end, however long each of them may take.
    #[test]
    fn a_deadline_ends_the_requests_of_a_login_together() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", silent.local_addr().unwrap());
        let mut settings = of_a_test(&issuer);
        settings.time_out = Duration::from_mins(1);
        let client = Client::new(settings).unwrap();
        let begun = Instant::now();
        let hurried = client.until(begun + Duration::from_millis(300));
        for _ in 0..6 {
            let error = hurried.discover().unwrap_err();
            assert!(error.to_string().contains("does not answer in time"), "{error}");
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(begun.elapsed() >= Duration::from_millis(300));
    }
}
