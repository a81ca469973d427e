//! Refusals as programs read them: problem details (RFC 9457), which say what to do.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::{NoRandom, StoreError};
use utoipa::ToSchema;

use crate::accounts::AccountsError;
use crate::password::hashing::Busy;
use crate::results::ResultsError;

/// Why a request was refused or failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The status of the response.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What a program tells problems apart by.
    code: &'static str,
    /// The status in words.
    title: &'static str,
    /// What to do.
    detail: String,
    /// Where in the body, as a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// What goes into a header of its own.
    #[serde(skip)]
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            code,
            title: status.canonical_reason().unwrap_or("Problem"),
            detail: detail.into(),
            pointer: None,
            header: None,
        }
    }

    /// What was sent cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// A value of the body cannot be used.
    pub(crate) fn at(pointer: String, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer), ..Self::malformed(detail) }
    }

    /// No token, or none that is known.
    pub(crate) fn unauthorized() -> Self {
        let mut problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "no-token",
            "send a token of [[admin.tokens]] as Authorization: Bearer TOKEN",
        );
        problem.header =
            Some(Box::new((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))));
        problem
    }

    /// Too many wrong tokens came from there.
    pub(crate) fn slowed(seconds: u64) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "slowed",
            "too many wrong tokens came from this network: wait, then send the right one",
        );
        problem.header = Some(Box::new((header::RETRY_AFTER, seconds.into())));
        problem
    }

    /// The token is known, and not for this.
    pub(crate) fn forbidden(scope: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "no-scope",
            format!("the token lacks the scope {scope}: add it to its [[admin.tokens]]"),
        )
    }

    /// There is no such thing.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "missing", format!("there is no such {what}"))
    }

    /// There is no such thing, and what to do about it.
    pub(crate) fn missing_so(code: &'static str, detail: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// What was sent can be read, and not be taken.
    pub(crate) fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// A value of the body can be read, and not be taken.
    pub(crate) fn refused_at(code: &'static str, pointer: String, detail: &str) -> Self {
        Self { pointer: Some(pointer), ..Self::refused(code, detail) }
    }

    /// The resource does not do that, and what it does.
    pub(crate) fn method(allow: &str) -> Self {
        let detail = format!("the resource has {allow} only");
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail);
        let value = HeaderValue::from_str(allow).ok();
        problem.header = value.map(|allow| Box::new((header::ALLOW, allow)));
        problem
    }

    /// What is there is in the way.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// Somebody else changed it first.
    pub(crate) fn stale() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "somebody changed it since it was read: read it again, and send the ETag of that answer \
             in If-Match",
        )
    }

    /// Nobody replaces what they have not read.
    pub(crate) fn unconditional() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "no-if-match",
            "read it first, and send the ETag of that answer in If-Match",
        )
    }

    /// The body is larger than anything that is taken here.
    pub(crate) fn too_large(most_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("the body has more than {most_bytes} bytes: send less at a time"),
        )
    }

    /// The same, with other words where the body is too large.
    pub(crate) fn if_too_large(self, detail: impl FnOnce() -> String) -> Self {
        if self.status == StatusCode::PAYLOAD_TOO_LARGE.as_u16() {
            Self { detail: detail(), ..self }
        } else {
            self
        }
    }

    /// The body is of another kind.
    pub(crate) fn media_type(wanted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            format!("send the body as Content-Type: {wanted}"),
        )
    }

    /// Something of the server's own. The cause stays in the log.
    pub(crate) fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "an administrative request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            "it failed: see the log of the server",
        )
    }

    /// Not now.
    pub(crate) fn busy() -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many passwords are being hashed: try again in a moment",
        );
        problem.header = Some(Box::new((header::RETRY_AFTER, 1.into())));
        problem
    }

    /// What a person who types commands may know of a fault of the store, which says what to do.
    pub(crate) fn of_store(error: &StoreError) -> Self {
        if let StoreError::TooLarge { .. } = error {
            return Self::refused("too-large", error.to_string());
        }
        let mut problem = Self::failed(error);
        problem.detail = error.to_string();
        problem.code = "store";
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::of_store(&error)
    }
}

impl From<NoRandom> for Problem {
    fn from(error: NoRandom) -> Self {
        Self::failed(&error)
    }
}

impl From<ResultsError> for Problem {
    fn from(error: ResultsError) -> Self {
        match error {
            ResultsError::Store(error) => error.into(),
            ResultsError::NoRandom(error) => error.into(),
        }
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Store(error) => error.into(),
            AccountsError::Busy(Busy) => Self::busy(),
            AccountsError::NoRandom(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let header = self.header.clone();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = header.map(|header| *header) {
            headers.insert(name, value);
        }
        response
    }
}
