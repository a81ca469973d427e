//! Who we say we are: nothing, Basic, a bearer token that is given, lies in a file, or is fetched
//! (OAuth 2 client credentials, RFC 6749 §4.4).

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::DicomWebError;
use super::service_url::ServiceUrl;

/// A token or password is never longer.
const MAX_SECRET_BYTES: u64 = 64 << 10;
/// A token is fetched anew this long before it runs out, or at half of its life if that is shorter.
const EARLY: Duration = Duration::from_secs(30);
/// How long a token lives when its service does not say.
const USUAL_LIFE: Duration = Duration::from_mins(5);

/// A password or token. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// How a request is authorised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all, or by the client certificate alone.
    #[default]
    None,
    /// User name and password (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// A token that does not change (RFC 6750).
    Bearer(Secret),
    /// A token in a file that somebody else renews; read for each request.
    BearerFile(PathBuf),
    /// A token from an OAuth 2 service.
    ClientCredentials(ClientCredentials),
}

/// OAuth 2 client credentials (RFC 6749 §4.4); the client authenticates with HTTP Basic (§2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The token endpoint.
    pub token_url: ServiceUrl,
    /// Client identifier.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Secret,
    /// The scope to ask for, if any.
    pub scope: Option<String>,
}

/// A token of a service, with its end.
#[derive(Debug, Clone)]
pub(super) struct Token {
    secret: Secret,
    renew_at: Instant,
}

/// Gives the value of the `Authorization` header for each request.
#[derive(Debug)]
pub(super) struct Authorizer {
    credentials: Credentials,
    token: Mutex<Option<Token>>,
}

impl Authorizer {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, token: Mutex::new(None) }
    }

    /// The header, fetching a token with `fetch` when there is none or it runs out.
    pub(super) fn header(
        &self,
        fetch: impl FnOnce(&ClientCredentials) -> Result<Token, DicomWebError>,
    ) -> Result<Option<Secret>, DicomWebError> {
        let bearer = |token: &str| Ok(Some(Secret::new(format!("Bearer {token}"))));
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::Basic { user, password } => Ok(Some(basic(user, password.reveal()))),
            Credentials::Bearer(token) => bearer(token.reveal()),
            Credentials::BearerFile(path) => bearer(&read_token(path)?),
            Credentials::ClientCredentials(client) => {
                let mut known = self.token.lock().unwrap_or_else(PoisonError::into_inner);
                let token = match known.take().filter(|token| Instant::now() < token.renew_at) {
                    Some(token) => token,
                    None => fetch(client)?,
                };
                let header = bearer(token.secret.reveal());
                *known = Some(token);
                header
            }
        }
    }

    /// After a 401: whether another try could have another token.
    pub(super) fn forget_token(&self) -> bool {
        let mut known = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        known.take().is_some() || matches!(self.credentials, Credentials::BearerFile(_))
    }

    /// What to change after a 401.
    pub(super) fn fix(&self) -> &'static str {
        match self.credentials {
            Credentials::None => "configure credentials for this server",
            Credentials::Basic { .. } => "check user name and password",
            Credentials::Bearer(_) => "the token is not valid there, or has run out",
            Credentials::BearerFile(_) => {
                "the token in the file is not valid there, or has run out"
            }
            Credentials::ClientCredentials(_) => {
                "the server does not take the tokens of this service: check scope and audience"
            }
        }
    }
}

/// RFC 7617.
pub(super) fn basic(user: &str, password: &str) -> Secret {
    Secret::new(format!("Basic {}", base64(format!("{user}:{password}").as_bytes())))
}

fn read_token(path: &Path) -> Result<String, DicomWebError> {
    let failed = |reason: String| DicomWebError::TokenFile { path: path.to_owned(), reason };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_SECRET_BYTES).read_to_string(&mut text))
        .map_err(|error| failed(error.to_string()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(failed("it is empty".to_owned()));
    }
    Ok(token.to_owned())
}

/// The answer of a token service (RFC 6749 §5.1).
#[derive(serde::Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<serde_json::Number>,
}

/// Reads the answer of a token service; the reason of a failure holds nothing of the token.
pub(super) fn token_of(body: &[u8]) -> Result<Token, String> {
    let answer: TokenAnswer = serde_json::from_slice(body)
        .map_err(|_no_token| "its answer is not the JSON of a token".to_owned())?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err("its token is not of type Bearer".to_owned());
    }
    let life = answer
        .expires_in
        .and_then(|seconds| seconds.as_f64())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).ok())
        .unwrap_or(USUAL_LIFE);
    let renew_at = Instant::now() + life.saturating_sub(EARLY).max(life / 2);
    Ok(Token { secret: Secret::new(answer.access_token), renew_at })
}

/// Base64 (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |six_bits: u32| {
        let digit = usize::try_from(six_bits & 63).ok().and_then(|at| ALPHABET.get(at));
        char::from(digit.copied().unwrap_or(b'='))
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        for (to, from) in three.iter_mut().zip(chunk) {
            *to = *from;
        }
        let [a, b, c] = three;
        let bits = u32::from_be_bytes([0, a, b, c]);
        for (position, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            text.push(if position <= chunk.len() { digit(bits >> shift) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// RFC 4648 §10, and the example of RFC 7617 §2.
    #[rstest]
    #[case("", "")]
    #[case("f", "Zg==")]
    #[case("fo", "Zm8=")]
    #[case("foo", "Zm9v")]
    #[case("foobar", "Zm9vYmFy")]
    #[case("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    fn rfc_4648(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(base64(text.as_bytes()), expected);
    }

    #[test]
    fn no_secret_is_shown() {
        let secret = || Secret::new("swordfish");
        let client = ClientCredentials {
            token_url: "https://id.test/token".parse().unwrap(),
            client_id: "esito".into(),
            client_secret: secret(),
            scope: None,
        };
        for credentials in [
            Credentials::Basic { user: "esito".into(), password: secret() },
            Credentials::Bearer(secret()),
            Credentials::ClientCredentials(client),
        ] {
            let authorizer = Authorizer::new(credentials);
            let token = token_of(br#"{"access_token":"swordfish","token_type":"bearer"}"#);
            let header = authorizer.header(|_| Ok(token.clone().unwrap()));
            assert!(!format!("{authorizer:?}{header:?}{token:?}").contains("swordfish"));
        }
    }

    #[rstest]
    #[case::no_json("<html>", "not the JSON of a token")]
    #[case::another_type(r#"{"access_token":"x","token_type":"mac"}"#, "type Bearer")]
    #[case::no_token(r#"{"token_type":"bearer"}"#, "not the JSON of a token")]
    fn answers_without_a_token(#[case] body: &str, #[case] words: &str) {
        let reason = token_of(body.as_bytes()).unwrap_err();
        assert!(reason.contains(words), "{reason}");
    }

    #[rstest]
    #[case::plain("3600", 3570)]
    #[case::short("10", 5)]
    #[case::absurd("1e300", 86_370)]
    #[case::negative("-5", 0)]
    fn a_token_is_renewed_before_its_end(#[case] seconds: &str, #[case] expected: u64) {
        let body =
            format!(r#"{{"access_token":"x","token_type":"Bearer","expires_in":{seconds}}}"#);
        let before = Instant::now();
        let token = token_of(body.as_bytes()).unwrap();
        let life = token.renew_at - before;
        assert!(life.as_secs().abs_diff(expected) <= 1, "{life:?}");
    }
}
