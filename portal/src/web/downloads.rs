//! The downloads of an account: asked for, listed, withdrawn (S-080 to S-086). It all works without script.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Language, OrderId, PackageContent, RequestId};
use texts::Texts;

use crate::downloads::{AskedFor, DownloadState, ShownDownload};
use crate::web::App;
use crate::web::client::Client;
use crate::web::dates::display_timestamp;
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::login::append;
use crate::web::orders::shown;
use crate::web::person::PatientSession;
use crate::web::routes;
use crate::web::session::AccountSession;
use crate::web::shell::Shell;
use crate::web::toast::Toast;

#[derive(Template)]
#[template(path = "downloads.html")]
struct DownloadsPage<'a> {
    shell: &'a Shell,
    downloads: Vec<DownloadLine>,
}

struct DownloadLine {
    id: RequestId,
    /// The page of the order, as long as that may be seen.
    order: Option<String>,
    description: String,
    content: &'static str,
    created: String,
    state: &'static str,
    detail: Option<String>,
    can_be_fetched: bool,
    can_be_asked_again: bool,
}

/// What of an order is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct AskForm {
    content: PackageContent,
}

/// While something is under way a browser without script looks again after so many seconds.
const REFRESH: (HeaderName, HeaderValue) =
    (HeaderName::from_static("refresh"), HeaderValue::from_static("10"));

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
    let language = match shell.text.language() {
        texts::Language::Italian => Language::It,
        texts::Language::English => Language::En,
    };
    let downloads = &app.services.downloads;
    let account = &session.who.account;
    // An order of somebody else whom the account represents has another address.
    let opened = app.services.results.visible(account, order).await?;
    if opened.is_some_and(|opened| opened.person.id != session.person.id) {
        return Err(Refusal::NotFound);
    }
    let asked = downloads.ask(account, order, form.content, language, from).await?;
    answer(asked, &routes::order(session.person.id, order))
}

/// Back to where it was asked for, with what came of it.
fn answer(asked: AskedFor, back: &str) -> Result<Response, Refusal> {
    let toast = match asked {
        AskedFor::Done(_) => Toast::DownloadAsked,
        AskedFor::TooMany => Toast::TooManyDownloads,
        AskedFor::NoSuchOrder => return Err(Refusal::NotFound),
    };
    let mut response = Redirect::to(back).into_response();
    append(&mut response, [toast.leave()]);
    Ok(response)
}

/// All downloads of the account.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    AccountSession(who): AccountSession,
) -> Result<Response, Refusal> {
    let found = app.services.downloads.of_account(&who.account).await?;
    if found.iter().any(|one| one.is_news) {
        app.services.downloads.see(&who.account).await?;
    }
    let is_under_way = found.iter().any(|one| one.state.is_under_way());
    let downloads = found.iter().map(|one| line(one, shell.text)).collect();
    let mut response = shell.page(StatusCode::OK, &DownloadsPage { shell: &shell, downloads });
    if is_under_way {
        let (name, value) = REFRESH;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

fn line(one: &ShownDownload, text: Texts) -> DownloadLine {
    let (state, detail) = sentences(&one.state, text);
    let is_shown = !matches!(one.state, DownloadState::Unavailable);
    DownloadLine {
        id: one.id,
        order: is_shown.then(|| routes::order(one.person, one.order)),
        description: shown(one.description.as_ref(), text),
        content: match one.content {
            PackageContent::Everything => text.download_everything(),
            PackageContent::Reports => text.download_reports(),
            PackageContent::NoViewer => text.download_no_viewer(),
        },
        created: display_timestamp(one.created, text),
        state,
        detail,
        can_be_fetched: matches!(one.state, DownloadState::Ready { .. }),
        can_be_asked_again: one.state.can_be_asked_again(),
    }
}

/// How far it is, and what more there is to say.
fn sentences(state: &DownloadState, text: Texts) -> (&'static str, Option<String>) {
    match state {
        DownloadState::Waiting => (text.download_waiting(), None),
        DownloadState::Preparing(so_far) => {
            let images = (so_far.of_instances > 0)
                .then(|| text.download_images(so_far.instances, so_far.of_instances));
            (text.download_collecting(), images)
        }
        DownloadState::Recalling { .. } => (text.download_recalling(), None),
        DownloadState::Ready { missing: 0, .. } => {
            (text.download_available(), Some(text.download_ready().to_owned()))
        }
        DownloadState::Ready { missing, .. } => {
            (text.download_available(), Some(text.download_missing(*missing)))
        }
        DownloadState::Failed(_) => {
            (text.download_unavailable(), Some(text.download_failed().to_owned()))
        }
        DownloadState::Gone => (text.download_unavailable(), Some(text.download_gone().to_owned())),
        DownloadState::Unavailable => (text.download_unavailable(), None),
    }
}

/// Withdraws a request.
pub(crate) async fn withdraw(
    State(app): State<App>,
    Client(from): Client,
    AccountSession(who): AccountSession,
    Path(request): Path<String>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let request = request.parse().map_err(|_odd| Refusal::NotFound)?;
    if app.services.downloads.withdraw(&who.account, request, from).await? {
        Ok(Redirect::to(routes::DOWNLOADS).into_response())
    } else {
        Err(Refusal::NotFound)
    }
}

/// Asks again for what failed or is gone.
pub(crate) async fn again(
    State(app): State<App>,
    Client(from): Client,
    AccountSession(who): AccountSession,
    Path(request): Path<String>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let request = request.parse().map_err(|_odd| Refusal::NotFound)?;
    let asked = app.services.downloads.again(&who.account, request, from).await?;
    answer(asked.ok_or(Refusal::NotFound)?, routes::DOWNLOADS)
}
