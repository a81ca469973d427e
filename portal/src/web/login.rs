//! Log in and out (S-010 to S-015).

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use crate::accounts::{Login, NewPassword};
use crate::password::Password;
use crate::web::App;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::language::speak_as_chosen;
use crate::web::person::represented;
use crate::web::provider::{Button, after_logout};
use crate::web::routes;
use crate::web::session::{AccountSession, Visitor};
use crate::web::shell::Shell;
use crate::web::toast::Toast;

/// The page with the form.
#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    shell: &'a Shell,
    fault: Option<String>,
    user_name: &'a str,
    provider: Option<Button>,
}

/// The first page of who represents nobody.
#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    shell: &'a Shell,
}

/// What is typed in.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    user_name: String,
    password: String,
}

/// Somebody who is logged in has been here already.
pub(crate) async fn show(State(app): State<App>, shell: Shell, Visitor(who): Visitor) -> Response {
    if who.is_some() {
        return Redirect::to(routes::HOME).into_response();
    }
    page(&app, &shell, StatusCode::OK, None, "")
}

pub(crate) async fn log_in(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    headers: HeaderMap,
    Submitted(form): Submitted<LoginForm>,
) -> Result<Response, Refusal> {
    let replaces = Cookie::Session.token(&headers);
    let device = Cookie::Device.read(&headers);
    let password = Password::new(form.password);
    let accounts = &app.services.accounts;
    match accounts.log_in(&form.user_name, password, from, replaces.as_ref(), device).await? {
        Login::Done { token, authenticated } => {
            // The PACS are asked while the pages before the list are read.
            app.services.results.look(&authenticated.account).await?;
            speak_as_chosen(&app, &authenticated.account, &headers, from).await?;
            let next =
                if authenticated.must_change_password() { routes::PASSWORD } else { routes::HOME };
            let mut response = Redirect::to(next).into_response();
            let device = accounts.device(&authenticated.account)?;
            let cookies = [
                Cookie::Session.set(token.as_str()),
                Cookie::Device.set(&device),
                Cookie::Form.remove(),
            ];
            append(&mut response, cookies);
            Ok(response)
        }
        Login::Wrong => {
            let fault = shell.text.login_wrong().to_owned();
            Ok(page(&app, &shell, StatusCode::UNAUTHORIZED, Some(fault), &form.user_name))
        }
        Login::Wait { until } => {
            let fault = shell.text.login_wait(app.services.seconds_until(until));
            let response = page(&app, &shell, StatusCode::OK, Some(fault), &form.user_name);
            Ok(retry_after(response, until, &app))
        }
    }
}

/// Logs out, also who comes back to a page after the session is over.
pub(crate) async fn log_out(
    State(app): State<App>,
    Client(from): Client,
    headers: HeaderMap,
    form: Result<Submitted<Nothing>, Refusal>,
) -> Result<Response, Refusal> {
    // Who logged out in another tab is out already; there is nothing that a form could be forged for.
    let token = Cookie::Session.token(&headers).ok_or(Refusal::LogIn)?;
    form?;
    let ended = app.services.accounts.log_out(&token, from).await?;
    let mut response = Redirect::to(after_logout(&app, ended.as_ref())).into_response();
    append(&mut response, [Cookie::Session.remove(), Toast::LoggedOut.leave()]);
    Ok(response)
}

pub(crate) async fn log_out_elsewhere(
    State(app): State<App>,
    Client(from): Client,
    AccountSession(who): AccountSession,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    app.services.accounts.log_out_elsewhere(&who, from).await?;
    Ok(Redirect::to(routes::LOGOUT_ELSEWHERE).into_response())
}

/// Where somebody begins: with the pages of a person, or with a sentence when there is nobody.
pub(crate) async fn home(
    State(app): State<App>,
    shell: Shell,
    AccountSession(who): AccountSession,
) -> Result<Response, Refusal> {
    let persons = represented(&app.services, &who.account).await?;
    Ok(match persons.first() {
        Some(person) => Redirect::to(&routes::results(person.id)).into_response(),
        None => shell.page(StatusCode::OK, &HomePage { shell: &shell }),
    })
}

fn page(
    app: &App,
    shell: &Shell,
    status: StatusCode,
    fault: Option<String>,
    user_name: &str,
) -> Response {
    let provider = Button::of(app, shell);
    shell.page(status, &LoginPage { shell, fault, user_name, provider })
}

/// The status and the header of an answer to who has to wait.
pub(crate) fn retry_after(mut response: Response, until: Timestamp, app: &App) -> Response {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let seconds = HeaderValue::from(app.services.seconds_until(until));
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// The same for who has to wait for a new password; any other answer as it is.
pub(crate) fn wait(response: Response, outcome: &NewPassword, app: &App) -> Response {
    match outcome {
        NewPassword::Wait { until } => retry_after(response, *until, app),
        _ => response,
    }
}

pub(crate) fn append<const N: usize>(response: &mut Response, cookies: [Option<HeaderValue>; N]) {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
