//! What is answered instead of what was asked for: a sentence for people, the cause for the log.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use store::{NoRandom, StoreError};
use texts::Texts;

use crate::accounts::AccountsError;
use crate::downloads::DownloadsError;
use crate::results::ResultsError;
use crate::shares::SharesError;
use crate::web::App;
use crate::web::routes;
use crate::web::shell::{ErrorPage, Shell};

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody is logged in.
    LogIn,
    /// A new password comes first (S-012).
    ChangePassword,
    /// There is no such page, or not for this person: nobody learns which.
    NotFound,
    /// What is shared is not open in this browser: it is over, or another one came in. Nobody learns which.
    Locked,
    /// The method does not go with the page.
    Method,
    /// It came from another site, or from a form that is not of this browser.
    Forgery,
    /// The form is not one of ours.
    BadForm,
    /// More bytes than a form has.
    TooLarge,
    /// Its address is longer than any of ours.
    AddressTooLong,
    /// Its head is larger than a browser has reason to send: cookies, as a rule.
    HeadTooLarge,
    /// It took too long.
    TooSlow,
    /// Too much at once.
    Busy,
    /// The store, or a fault of ours; what is here is in the log already.
    Fault(&'static str),
}

const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// When to try again, in seconds, after [`Refusal::Busy`].
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::LogIn | Self::ChangePassword => StatusCode::SEE_OTHER,
            Self::NotFound | Self::Locked => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Forgery => StatusCode::FORBIDDEN,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AddressTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Heading and what to do.
    fn sentences(&self, text: Texts) -> (&'static str, &'static str) {
        match self {
            Self::NotFound | Self::LogIn | Self::ChangePassword => {
                (text.error_not_found(), text.error_not_found_advice())
            }
            Self::Locked => (text.error_locked(), text.error_locked_advice()),
            Self::Forgery => (text.error_forgery(), text.error_forgery_advice()),
            Self::Method | Self::BadForm | Self::TooLarge | Self::AddressTooLong => {
                (text.error_bad_form(), text.error_bad_form_advice())
            }
            Self::HeadTooLarge => (text.error_head(), text.error_head_advice()),
            Self::TooSlow => (text.error_slow(), text.error_slow_advice()),
            Self::Busy => (text.error_busy(), text.error_busy_advice()),
            Self::Fault(_) => (text.error_fault(), text.error_fault_advice()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::LogIn => Redirect::to(routes::LOGIN).into_response(),
            Self::ChangePassword => Redirect::to(routes::PASSWORD).into_response(),
            refusal => {
                let mut response = refusal.status().into_response();
                let headers = response.headers_mut();
                match refusal {
                    Self::Busy => drop(headers.insert(header::RETRY_AFTER, RETRY_AFTER)),
                    // What follows on the connection is not read.
                    Self::AddressTooLong | Self::HeadTooLarge | Self::TooSlow => {
                        headers.insert(header::CONNECTION, CLOSE);
                    }
                    _ => {}
                }
                response.extensions_mut().insert(refusal);
                response
            }
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store refuses");
        Self::Fault("store")
    }
}

impl From<AccountsError> for Refusal {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Busy(_) => Self::Busy,
            AccountsError::Store(error) => error.into(),
            AccountsError::NoRandom(error) => error.into(),
        }
    }
}

impl From<ResultsError> for Refusal {
    fn from(error: ResultsError) -> Self {
        match error {
            ResultsError::Store(error) => error.into(),
            ResultsError::NoRandom(error) => error.into(),
        }
    }
}

impl From<DownloadsError> for Refusal {
    fn from(error: DownloadsError) -> Self {
        match error {
            DownloadsError::Store(error) => error.into(),
            DownloadsError::NoRandom(error) => error.into(),
            DownloadsError::Results(error) => error.into(),
            error @ DownloadsError::Package(_) => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(error = cause, "the spool cannot be read");
                Self::Fault("spool")
            }
        }
    }
}

impl From<SharesError> for Refusal {
    fn from(error: SharesError) -> Self {
        match error {
            SharesError::Store(error) => error.into(),
            SharesError::Results(error) => error.into(),
            SharesError::Busy(_) => Self::Busy,
            SharesError::NoRandom(error) => error.into(),
        }
    }
}

impl From<NoRandom> for Refusal {
    fn from(_error: NoRandom) -> Self {
        tracing::error!("the operating system gives no random numbers");
        Self::Fault("random numbers")
    }
}

/// Where nothing else is.
pub(crate) async fn not_found() -> Refusal {
    Refusal::NotFound
}

/// Where something is, but not for this method.
pub(crate) async fn method_not_allowed() -> Refusal {
    Refusal::Method
}

/// Makes a page of each refusal, in the language of whoever asked.
pub(crate) async fn pages_for_errors(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let shell = Shell::of_stranger(&app, request.headers(), request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_page(&response) {
        return response;
    }
    // What the router refuses by itself has no reason of ours.
    let refusal = response.extensions().get().cloned().unwrap_or(Refusal::BadForm);
    if let Refusal::Fault(what) = refusal {
        tracing::error!(what, "a request could not be answered");
    }
    let (heading, advice) = refusal.sentences(shell.text);
    let mut page = shell.page(status, &ErrorPage { shell: &shell, heading, advice });
    let kept = [
        header::RETRY_AFTER,
        header::ALLOW,
        header::CONNECTION,
        header::CONTENT_RANGE,
        header::ACCEPT_RANGES,
    ];
    for name in kept {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}
