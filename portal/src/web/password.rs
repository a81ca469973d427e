//! Change of password (S-040 to S-048), which the first login forces (S-012).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use texts::Texts;

use crate::accounts::NewPassword;
use crate::password::{Password, Rule};
use crate::web::App;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::form::Submitted;
use crate::web::login::{append, wait};
use crate::web::routes;
use crate::web::session::AnySession;
use crate::web::shell::Shell;

/// The page with the form.
#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage<'a> {
    shell: &'a Shell,
    /// Nothing else may be done before.
    is_forced: bool,
    fault: Option<Fault>,
    rules: Vec<(&'static str, &'static str)>,
}

/// What is wrong with what was typed.
pub(crate) struct Fault {
    pub(crate) sentence: String,
    /// The rules that the new password breaks.
    pub(crate) broken: Vec<&'static str>,
}

impl Fault {
    fn new(sentence: &str) -> Self {
        Self { sentence: sentence.to_owned(), broken: Vec::new() }
    }

    /// What kept a new password from being set; `wrong` is what is said of the proof of who asks.
    pub(crate) fn of(outcome: &NewPassword, wrong: &str, app: &App, text: Texts) -> Option<Self> {
        match outcome {
            NewPassword::Done => None,
            NewPassword::Wrong => Some(Self::new(wrong)),
            NewPassword::Unchanged => Some(Self::new(text.password_unchanged())),
            NewPassword::Refused(rules) => {
                let broken = rules.iter().map(|rule| sentence(*rule, text)).collect();
                Some(Self { sentence: text.password_refused().to_owned(), broken })
            }
            NewPassword::Wait { until } => {
                Some(Self::new(&text.login_wait(app.services.seconds_until(*until))))
            }
        }
    }

    /// Two different new passwords.
    pub(crate) fn of_confirmation(text: Texts) -> Self {
        Self::new(text.password_confirm_differs())
    }
}

/// A rule as S-042 to S-046 write it.
fn sentence(rule: Rule, text: Texts) -> &'static str {
    match rule {
        Rule::Length => text.password_rule_length(),
        Rule::Upper => text.password_rule_upper(),
        Rule::Lower => text.password_rule_lower(),
        Rule::Digit => text.password_rule_digit(),
        Rule::Symbol => text.password_rule_symbol(),
        Rule::Longest => text.password_rule_longest(),
        Rule::NotAboutYou => text.password_rule_not_about_you(),
        Rule::NotCommon => text.password_rule_not_common(),
    }
}

/// The rules that the script of the page can check, by the names that it knows them by.
pub(crate) fn written_rules(text: Texts) -> Vec<(&'static str, &'static str)> {
    [
        ("length", Rule::Length),
        ("upper", Rule::Upper),
        ("lower", Rule::Lower),
        ("digit", Rule::Digit),
        ("symbol", Rule::Symbol),
    ]
    .map(|(name, rule)| (name, sentence(rule, text)))
    .to_vec()
}

/// What is typed in.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    old: String,
    new: String,
    confirm: String,
}

pub(crate) async fn show(shell: Shell, AnySession(who): AnySession) -> Result<Response, Refusal> {
    // Who comes through an identity provider only has nothing to change here.
    if who.account.password.is_none() {
        return Err(Refusal::NotFound);
    }
    Ok(page(&shell, who.must_change_password(), StatusCode::OK, None))
}

pub(crate) async fn change(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    AnySession(who): AnySession,
    Submitted(form): Submitted<PasswordForm>,
) -> Result<Response, Refusal> {
    if who.account.password.is_none() {
        return Err(Refusal::NotFound);
    }
    let is_forced = who.must_change_password();
    let refused = |fault| page(&shell, is_forced, StatusCode::UNPROCESSABLE_ENTITY, Some(fault));
    if form.new != form.confirm {
        return Ok(refused(Fault::of_confirmation(shell.text)));
    }
    let (old, new) = (Password::new(form.old), Password::new(form.new));
    let accounts = &app.services.accounts;
    let outcome = accounts.change_password(&who, old, new, from).await?;
    if let Some(fault) = Fault::of(&outcome, shell.text.password_wrong(), &app, shell.text) {
        return Ok(wait(refused(fault), &outcome, &app));
    }
    // Whoever got hold of the token before has nothing of it any more.
    let Some(token) = accounts.renew(&who).await? else { return Err(Refusal::LogIn) };
    let mut response = Redirect::to(routes::PASSWORD_CHANGED).into_response();
    append(&mut response, [Cookie::Session.set(token.as_str())]);
    Ok(response)
}

fn page(shell: &Shell, is_forced: bool, status: StatusCode, fault: Option<Fault>) -> Response {
    let rules = written_rules(shell.text);
    shell.page(status, &PasswordPage { shell, is_forced, fault, rules })
}
