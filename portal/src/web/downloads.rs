//! The downloads of somebody: asked for, listed, withdrawn (S-080 to S-086). It all works without script.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Holder, Language, OrderId, PackageContent};
use texts::Texts;

use crate::downloads::AskedFor;
use crate::web::App;
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::holding::Holding;
use crate::web::language::is_ours;
use crate::web::login::append;
use crate::web::panel::{Panel, PanelShown};
use crate::web::person::PatientSession;
use crate::web::routes;
use crate::web::shell::Shell;
use crate::web::toast::Toast;

#[derive(Template)]
#[template(path = "downloads.html")]
struct DownloadsPage<'a> {
    shell: &'a Shell,
    /// None where there is nothing.
    panel: Option<&'a Panel>,
}

/// What of an order is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct AskForm {
    pub(crate) content: PackageContent,
}

/// The download that a path names.
#[derive(Debug, Deserialize)]
pub(crate) struct OfRequest {
    pub(crate) request: String,
}

/// How the panel is to be shown, and where one comes back to.
#[derive(Debug, Deserialize)]
pub(crate) struct PanelForm {
    shown: String,
    back: String,
}

/// Asks for the package of an order.
pub(crate) async fn ask(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    session: PatientSession,
    Path((_person, order)): Path<(String, String)>,
    Submitted(form): Submitted<AskForm>,
) -> Result<Response, Refusal> {
    let order: OrderId = order.parse().map_err(|_odd| Refusal::NotFound)?;
    let downloads = &app.services.downloads;
    let holder = Holder::from(session.who.account.clone());
    session.owns(&app, order).await?;
    let language = language(shell.text);
    let asked = downloads.ask(&holder, order, form.content, language, from).await?;
    answer(asked, &routes::order(session.person.id, order))
}

/// The language of what is prepared for who reads in one.
pub(crate) fn language(text: Texts) -> Language {
    match text.language() {
        texts::Language::Italian => Language::It,
        texts::Language::English => Language::En,
    }
}

/// Back to where it was asked for, with what came of it.
pub(crate) fn answer(asked: AskedFor, back: &str) -> Result<Response, Refusal> {
    let toast = match asked {
        AskedFor::Done(_) => Toast::DownloadAsked,
        AskedFor::TooMany => Toast::TooManyDownloads,
        AskedFor::NoSuchOrder => return Err(Refusal::NotFound),
    };
    let mut response = Redirect::to(back).into_response();
    // What was closed before is seen again.
    append(&mut response, [toast.leave(), Cookie::Panel.remove()]);
    Ok(response)
}

/// All downloads of who asks. Without script the page does not come again by itself: that would take away what
/// somebody reads (WCAG 2.1, F41).
pub(crate) async fn show(
    State(app): State<App>,
    mut shell: Shell,
    Holding { holder, .. }: Holding,
) -> Result<Response, Refusal> {
    let seen = shell.panel.as_ref().map_or(0, |panel| panel.view.news);
    if seen > 0 {
        app.services.downloads.see(&holder).await?;
        shell.news = shell.news.map(|news| news.saturating_sub(seen));
    }
    let panel = shell.panel.as_ref();
    Ok(shell.page(StatusCode::OK, &DownloadsPage { shell: &shell, panel }))
}

/// Remembers how the panel is shown.
pub(crate) async fn show_panel(
    _who: Holding,
    Submitted(form): Submitted<PanelForm>,
) -> Result<Response, Refusal> {
    let shown = PanelShown::of_term(&form.shown).ok_or(Refusal::BadForm)?;
    let back = if is_ours(&form.back) { form.back.as_str() } else { routes::HOME };
    let mut response = Redirect::to(back).into_response();
    append(&mut response, [Cookie::Panel.set(shown.as_term())]);
    Ok(response)
}

/// Withdraws a request.
pub(crate) async fn withdraw(
    State(app): State<App>,
    Client(from): Client,
    Holding { holder, .. }: Holding,
    Path(OfRequest { request }): Path<OfRequest>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let request = request.parse().map_err(|_odd| Refusal::NotFound)?;
    if app.services.downloads.withdraw(&holder, request, from).await? {
        Ok(Redirect::to(&routes::downloads(&holder)).into_response())
    } else {
        Err(Refusal::NotFound)
    }
}

/// Asks again for what failed or is gone.
pub(crate) async fn again(
    State(app): State<App>,
    Client(from): Client,
    Holding { holder, .. }: Holding,
    Path(OfRequest { request }): Path<OfRequest>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let request = request.parse().map_err(|_odd| Refusal::NotFound)?;
    let asked = app.services.downloads.again(&holder, request, from).await?;
    answer(asked.ok_or(Refusal::NotFound)?, &routes::downloads(&holder))
}
