//! One way back for who forgot the password or the user name (S-014, S-020 to S-022).
//!
//! **Invariant:** each answer is the same whether there is such an account or not; what is sent is sent behind it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::password::Password;
use crate::recovery::Asked;
use crate::web::App;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::form::Submitted;
use crate::web::login::wait;
use crate::web::password::{Fault, written_rules};
use crate::web::routes;
use crate::web::shell::Shell;

/// What was forgotten.
#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage<'a> {
    shell: &'a Shell,
}

/// The code that came by SMS, and a new password.
#[derive(Template)]
#[template(path = "recovery_code.html")]
struct CodePage<'a> {
    shell: &'a Shell,
    user_name: &'a str,
    fault: Option<Fault>,
    rules: Vec<(&'static str, &'static str)>,
}

/// Whose password.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    user_name: String,
}

/// Whose user name.
#[derive(Deserialize)]
pub(crate) struct UserNameForm {
    email: String,
}

/// The code and what it is for.
#[derive(Deserialize)]
pub(crate) struct CodeForm {
    user_name: String,
    code: String,
    new: String,
    confirm: String,
}

pub(crate) async fn show(shell: Shell) -> Response {
    shell.page(StatusCode::OK, &RecoveryPage { shell: &shell })
}

/// Has a code sent, and asks for it.
pub(crate) async fn password(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    headers: HeaderMap,
    Submitted(form): Submitted<PasswordForm>,
) -> Result<Response, Refusal> {
    let user_name = form.user_name.clone();
    let device = Cookie::Device.read(&headers).map(str::to_owned);
    let asked = Asked::Password { user_name, from, device };
    app.services.recovery.ask(asked).map_err(|_full| Refusal::Busy)?;
    Ok(code_page(&shell, StatusCode::OK, &form.user_name, None))
}

/// Has the user name sent.
pub(crate) async fn user_name(
    State(app): State<App>,
    Client(from): Client,
    Submitted(form): Submitted<UserNameForm>,
) -> Result<Response, Refusal> {
    let asked = Asked::UserName { email: form.email, from };
    app.services.recovery.ask(asked).map_err(|_full| Refusal::Busy)?;
    Ok(Redirect::to(routes::RECOVERY_SENT).into_response())
}

/// Sets a new password for who has the code.
pub(crate) async fn code(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    headers: HeaderMap,
    Submitted(form): Submitted<CodeForm>,
) -> Result<Response, Refusal> {
    let refused =
        |fault| code_page(&shell, StatusCode::UNPROCESSABLE_ENTITY, &form.user_name, Some(fault));
    if form.new != form.confirm {
        return Ok(refused(Fault::of_confirmation(shell.text)));
    }
    let accounts = &app.services.accounts;
    let new = Password::new(form.new.as_str());
    let device = Cookie::Device.read(&headers);
    let outcome = accounts.recover_password(&form.user_name, &form.code, new, from, device).await?;
    match Fault::of(&outcome, shell.text.recovery_wrong_code(), &app, shell.text) {
        Some(fault) => Ok(wait(refused(fault), &outcome, &app)),
        None => Ok(Redirect::to(routes::RECOVERY_CHANGED).into_response()),
    }
}

fn code_page(shell: &Shell, status: StatusCode, user_name: &str, fault: Option<Fault>) -> Response {
    let rules = written_rules(shell.text);
    shell.page(status, &CodePage { shell, user_name, fault, rules })
}
