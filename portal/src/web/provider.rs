//! Login through the identity provider: there, back, and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Private, Session, Subject, Through};

use crate::accounts::{Origin, Vouched};
use crate::oidc::pending::Pending;
use crate::oidc::{Matching, Provider};
use crate::secret::Token;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::language::speak_as_chosen;
use crate::web::login::append;
use crate::web::session::Visitor;
use crate::web::shell::Shell;
use crate::web::{App, routes};

/// What a provider may say instead of a code (RFC 6749 §4.1.2.1, Core §3.1.2.6).
const KNOWN_ERRORS: [&str; 14] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_request_object",
    "invalid_scope",
    "login_required",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// Why nobody is logged in, and the way back.
#[derive(Template)]
#[template(path = "provider.html")]
struct ProviderPage<'a> {
    shell: &'a Shell,
    heading: &'static str,
    advice: &'static str,
    /// Where one logs out at the provider.
    there: Option<String>,
}

/// The button on the login page.
#[derive(Debug)]
pub(crate) struct Button {
    /// What it says.
    pub(crate) name: String,
    pub(crate) is_reachable: bool,
}

impl Button {
    /// None where no provider is configured.
    pub(crate) fn of(app: &App, shell: &Shell) -> Option<Self> {
        let provider = app.services.provider.now()?;
        let name = provider.settings().name.of(shell.text.language()).to_owned();
        Some(Self { name, is_reachable: provider.is_reachable() })
    }
}

/// What the provider gives a browser to bring back (RFC 6749 §4.1.2).
#[derive(Deserialize)]
pub(crate) struct Returned {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Leads to the provider.
pub(crate) async fn start(
    State(app): State<App>,
    shell: Shell,
    Visitor(who): Visitor,
) -> Result<Response, Refusal> {
    let provider = configured(&app)?;
    if who.is_some() {
        return Ok(Redirect::to(routes::HOME).into_response());
    }
    let services = &app.services;
    let pending = Pending::begin(services.clock.now())?;
    let language = shell.language();
    match provider.authorization_address(&pending, &services.secret, language).await {
        Ok(address) => {
            let mut response = Redirect::to(&address).into_response();
            append(&mut response, [Cookie::Provider.set(&pending.cookie())]);
            Ok(response)
        }
        Err(_told) => Ok(Ended::NoAnswer.page(&shell)),
    }
}

/// Takes somebody who comes back from the provider.
pub(crate) async fn come_back(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Refusal> {
    let mut response = match log_in(&app, from, &headers, returned).await? {
        Ok(token) => {
            let mut response = Redirect::to(routes::HOME).into_response();
            let cookies = [Cookie::Session.set(token.as_str()), Cookie::Form.remove()];
            append(&mut response, cookies);
            response
        }
        Err(ended) => ended.page(&shell),
    };
    append(&mut response, [Cookie::Provider.remove()]);
    Ok(response)
}

async fn log_in(
    app: &App,
    from: Origin,
    headers: &HeaderMap,
    returned: Returned,
) -> Result<Result<Token, Ended>, Refusal> {
    let provider = configured(app)?;
    let services = &app.services;
    let accounts = &services.accounts;
    let cookie = Cookie::Provider.read(headers);
    let pending = cookie.and_then(|cookie| Pending::of_cookie(cookie, services.clock.now()));
    let state = returned.state.as_deref().unwrap_or_default();
    let pending = pending.filter(|pending| pending.is_state(&services.secret, state));
    let Some(pending) = pending.filter(|_| provider.is_from_here(returned.iss.as_deref())) else {
        return Ok(Err(Ended::Unknown));
    };
    if !accounts.admit_return(&pending, from).await? {
        return Ok(Err(Ended::Unknown));
    }
    let claim = match (returned.code, returned.error) {
        (Some(code), None) => provider.identify(&code, &pending, &services.secret).await,
        (None, Some(error)) => {
            // Of a stranger's making: only what the standard has is told.
            let error = KNOWN_ERRORS.iter().find(|known| **known == error);
            let error = error.copied().unwrap_or("another error");
            tracing::info!(error, "the identity provider did not log somebody in");
            accounts.return_refused(from).await?;
            return Ok(Err(Ended::Cancelled));
        }
        _ => return Ok(Err(Ended::Unknown)),
    };
    let claim = match claim {
        Ok(claim) => Private(claim),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a login through the identity provider failed"
            );
            accounts.return_refused(from).await?;
            return Ok(Err(Ended::NoAnswer));
        }
    };
    let settings = provider.settings();
    let who = match settings.matching {
        Matching::TaxCode => Vouched::TaxCode(claim),
        Matching::Subject => Vouched::Subject(Subject { issuer: settings.issuer.clone(), claim }),
    };
    let replaces = Cookie::Session.token(headers);
    let Some((token, account)) = accounts.log_in_vouched(&who, from, replaces.as_ref()).await?
    else {
        return Ok(Err(Ended::Nobody));
    };
    services.results.look(&account).await?;
    speak_as_chosen(app, &account, headers, from).await?;
    Ok(Ok(token))
}

/// How a login through the provider ends without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// What came back is not what this browser left with, or it has been here before.
    Unknown,
    /// The provider says that nobody logged in there.
    Cancelled,
    /// The provider cannot be had, or what it says cannot be believed.
    NoAnswer,
    /// There is no account for who logged in there, or none that can be used: nobody learns which.
    Nobody,
}

impl Ended {
    fn page(self, shell: &Shell) -> Response {
        let text = shell.text;
        let (status, heading, advice) = match self {
            Self::Unknown => {
                (StatusCode::BAD_REQUEST, text.provider_again_title(), text.provider_again())
            }
            Self::Cancelled => {
                (StatusCode::FORBIDDEN, text.provider_cancelled_title(), text.provider_cancelled())
            }
            Self::NoAnswer => {
                (StatusCode::BAD_GATEWAY, text.provider_down_title(), text.provider_down())
            }
            Self::Nobody => {
                (StatusCode::FORBIDDEN, text.provider_nobody_title(), text.provider_nobody())
            }
        };
        shell.page(status, &ProviderPage { shell, heading, advice, there: None })
    }
}

/// Tells who came through the provider, and is logged out here, how to log out there too.
pub(crate) async fn logged_out(State(app): State<App>, shell: Shell) -> Result<Response, Refusal> {
    let provider = configured(&app)?;
    let text = shell.text;
    let page = ProviderPage {
        shell: &shell,
        heading: text.provider_logged_out_title(),
        advice: text.provider_logged_out(),
        there: provider.logout_address(&back(&app)),
    };
    Ok(shell.page(StatusCode::OK, &page))
}

/// Where somebody goes who has logged out.
pub(crate) fn after_logout(app: &App, ended: Option<&Session>) -> &'static str {
    let provider = app.services.provider.now();
    let ends_there = provider.is_some_and(|provider| provider.logout_address(&back(app)).is_some());
    if ended.is_some_and(|ended| ended.through == Through::Provider) && ends_there {
        routes::LOGGED_OUT
    } else {
        routes::LOGIN
    }
}

fn back(app: &App) -> String {
    format!("{}{}", app.settings.origin(), routes::LOGIN)
}

fn configured(app: &App) -> Result<Provider, Refusal> {
    app.services.provider.now().ok_or(Refusal::NotFound)
}
