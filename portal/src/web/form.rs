//! Forms: read within limits, and only from the browser that was given them.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::NoRandom;

use crate::secret::{SiteSecret, Token};
use crate::web::App;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;

/// The longest form, in bytes.
pub(crate) const LONGEST_FORM: usize = 16 * 1024;

/// Ties a form to the browser that it was made for: a hash of what only its cookie holds. A new login has
/// a new one.
///
/// No two pages hold the same text: what a page weighs when it is compressed tells nothing of it (BREACH).
#[derive(Debug, Clone)]
pub(crate) struct FormToken(String);

impl FormToken {
    /// For a browser with this token, of a session or, before login, of its own.
    pub(crate) fn fresh(secret: &SiteSecret, browser: &Token) -> Result<Self, NoRandom> {
        Ok(Self::drawn(secret, browser, Token::fresh()?.as_str()))
    }

    fn drawn(secret: &SiteSecret, browser: &Token, drawn: &str) -> Self {
        let hash = secret.hash("form", &[browser.as_str().as_bytes(), drawn.as_bytes()]);
        Self(format!("{drawn}.{}", String::from(hash)))
    }

    /// Whether a form brings what this browser was given.
    fn is_of(secret: &SiteSecret, browser: &Token, sent: &str) -> bool {
        let drawn = sent.split('.').next().unwrap_or_default();
        secret.same(&Self::drawn(secret, browser, drawn).0, sent)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a browser is known by.
pub(crate) fn browser(headers: &HeaderMap) -> Option<Token> {
    Cookie::Session.token(headers).or_else(|| Cookie::Form.token(headers))
}

/// A form that this browser was given by us.
#[derive(Debug)]
pub(crate) struct Submitted<T>(pub(crate) T);

/// A form that says all by being sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
struct TokenField {
    form_token: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Submitted<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let headers = request.headers();
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::BadForm);
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let length = length.and_then(|length| length.parse::<usize>().ok());
        if length.is_some_and(|length| length > LONGEST_FORM) {
            return Err(Refusal::TooLarge);
        }
        let secret = &app.services.secret;
        let from = browser(headers);
        let body = Bytes::from_request(request, app).await.map_err(|refused| of_body(&refused))?;
        let sent: Result<TokenField, _> = serde_urlencoded::from_bytes(&body);
        let (Some(from), Ok(TokenField { form_token })) = (from, sent) else {
            return Err(Refusal::Forgery);
        };
        if !FormToken::is_of(secret, &from, &form_token) {
            return Err(Refusal::Forgery);
        }
        serde_urlencoded::from_bytes(&body).map(Self).map_err(|_odd| Refusal::BadForm)
    }
}

fn of_body(refused: &BytesRejection) -> Refusal {
    if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Refusal::TooLarge
    } else {
        Refusal::BadForm
    }
}
