//! The way in for who was sent a link: a page that asks for the PIN and shows nothing else (S-120).
//!
//! **Invariant:** opening the page looks nothing up: programs that open the links of mails learn and change nothing.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use texts::Texts;

use crate::shares::{Entered, Pin};
use crate::web::App;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::dates::display_timestamp;
use crate::web::error::Refusal;
use crate::web::form::Submitted;
use crate::web::login::append;
use crate::web::routes;
use crate::web::shell::Shell;

/// The page with the field.
#[derive(Template)]
#[template(path = "shared_pin.html")]
struct PinPage<'a> {
    shell: &'a Shell,
    fault: Option<String>,
}

/// Why no PIN is asked for.
#[derive(Template)]
#[template(path = "shared_closed.html")]
struct ClosedPage<'a> {
    shell: &'a Shell,
    heading: &'static str,
    says: String,
    advice: &'static str,
    /// Where it can be tried again, if ever.
    again: Option<&'a str>,
}

/// What is typed in.
#[derive(Deserialize)]
pub(crate) struct EnterForm {
    pin: String,
}

/// Asks for the PIN, wherever the link leads.
pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    let shell = Shell::of_stranger(&app, &headers, &routes::link(&token));
    shell.page(StatusCode::OK, &PinPage { shell: &shell, fault: None })
}

/// Opens what is shared, with the right PIN; the address that one is led to has nothing of the link.
pub(crate) async fn enter(
    State(app): State<App>,
    Client(from): Client,
    headers: HeaderMap,
    Path(link): Path<String>,
    Submitted(form): Submitted<EnterForm>,
) -> Result<Response, Refusal> {
    let shell = Shell::of_stranger(&app, &headers, &routes::link(&link));
    let text = shell.text;
    let ask = |fault: String| {
        let page = PinPage { shell: &shell, fault: Some(fault) };
        shell.page(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    // It is no guess that could be right.
    let Some(pin) = Pin::parse(&form.pin) else {
        return Ok(ask(text.share_fault_pin().to_owned()));
    };
    let entered = app.services.shares.unlock(&link, &pin, from).await?;
    Ok(match entered {
        Entered::Done { token, share } => {
            let shared = routes::shared(share);
            let mut response = Redirect::to(&shared).into_response();
            append(&mut response, [Cookie::Share.set_at(&shared, token.as_str())]);
            response
        }
        Entered::Wrong { left, until: None } => ask(text.enter_wrong(left)),
        Entered::Wrong { until: Some(until), .. } | Entered::Wait { until } => {
            pause(&app, &shell, until, text)
        }
        Entered::Frozen => {
            let page = ClosedPage {
                shell: &shell,
                heading: text.enter_frozen(),
                says: text.enter_frozen_says().to_owned(),
                advice: text.enter_frozen_advice(),
                again: None,
            };
            shell.page(StatusCode::FORBIDDEN, &page)
        }
        Entered::Nothing => {
            let page = ClosedPage {
                shell: &shell,
                heading: text.enter_nothing(),
                says: text.enter_nothing_says().to_owned(),
                advice: text.enter_nothing_advice(),
                again: None,
            };
            shell.page(StatusCode::NOT_FOUND, &page)
        }
    })
}

/// No PIN is taken for a while.
fn pause(app: &App, shell: &Shell, until: Timestamp, text: Texts) -> Response {
    let page = ClosedPage {
        shell,
        heading: text.enter_pause(),
        says: text.enter_pause_says(display_timestamp(until, text)),
        advice: text.enter_pause_advice(),
        again: Some(&shell.path),
    };
    let mut response = shell.page(StatusCode::TOO_MANY_REQUESTS, &page);
    let seconds = app.services.seconds_until(until);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}
