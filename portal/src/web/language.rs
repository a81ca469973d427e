//! The language chooser (S-031, S-032). Who is logged in is written to in the language chosen, too.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::Account;
use texts::Language;

use crate::accounts::Origin;
use crate::web::App;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::form::Submitted;
use crate::web::routes;
use crate::web::session::Visitor;
use crate::web::shell::{language_chosen, language_of_tag};

/// A choice, and the page that it was made on.
#[derive(Deserialize)]
pub(crate) struct LanguageForm {
    language: String,
    back: String,
}

pub(crate) async fn choose(
    State(app): State<App>,
    Client(from): Client,
    Visitor(who): Visitor,
    Submitted(form): Submitted<LanguageForm>,
) -> Result<Response, Refusal> {
    let language = language_of_tag(&form.language).ok_or(Refusal::BadForm)?;
    if let Some(who) = who {
        speak(&app, &who.account, language, from).await?;
    }
    let back = if is_ours(&form.back) { form.back.as_str() } else { routes::HOME };
    let mut response = Redirect::to(back).into_response();
    if let Some(cookie) = Cookie::Language.set(language.tag()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Has somebody who just logged in written to in the language that was chosen in this browser, if one was.
pub(crate) async fn speak_as_chosen(
    app: &App,
    account: &Account,
    headers: &HeaderMap,
    from: Origin,
) -> Result<(), Refusal> {
    match language_chosen(headers) {
        Some(language) => speak(app, account, language, from).await,
        None => Ok(()),
    }
}

async fn speak(
    app: &App,
    account: &Account,
    language: Language,
    from: Origin,
) -> Result<(), Refusal> {
    let language = match language {
        Language::Italian => store::Language::It,
        Language::English => store::Language::En,
    };
    if account.language != language {
        app.services.accounts.speak(account.id, language, from).await?;
    }
    Ok(())
}

/// Whether a text is the path of a page here: a browser reads `//host`, `/\host` and what holds control
/// characters as something else.
pub(crate) fn is_ours(path: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    path.starts_with('/') && !path.starts_with("//") && path.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/", true)]
    #[case("/login", true)]
    #[case("/persons/0123456789abcdef/results", true)]
    #[case("", false)]
    #[case("//evil.example", false)]
    #[case("/\\evil.example", false)]
    #[case("/\t/evil.example", false)]
    #[case("https://evil.example", false)]
    #[case("javascript:alert(1)", false)]
    #[case("/login?next=//evil.example", false)]
    #[case("/\r\nset-cookie:a=b", false)]
    #[case("/%2f/evil.example", false)]
    fn one_comes_back_to_pages_of_ours_only(#[case] path: &str, #[case] ours: bool) {
        assert_eq!(is_ours(path), ours);
    }
}
