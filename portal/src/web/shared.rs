//! What a recipient does with what is shared with them (S-121 to S-124): the order alone, and nothing onward.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Accessed, Holder};

use crate::downloads::AskedFor;
use crate::web::App;
use crate::web::client::Client;
use crate::web::downloads::{AskForm, OfRequest, answer, language};
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::holding::UnlockedShare;
use crate::web::routes;
use crate::web::shell::Shell;

/// The report that a path names.
#[derive(Debug, Deserialize)]
pub(crate) struct OfReport {
    report: String,
}

/// Asks for the package of the order.
pub(crate) async fn ask(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    UnlockedShare { open, .. }: UnlockedShare,
    Submitted(form): Submitted<AskForm>,
) -> Result<Response, Refusal> {
    let (order, back) = (open.share.order, routes::shared(open.share.id));
    let holder = Holder::from(open);
    let language = language(shell.text);
    let asked = app.services.downloads.ask(&holder, order, form.content, language, from).await?;
    answer(asked, &back)
}

/// Asks for the reports of the order, and leads to them.
pub(crate) async fn read(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    UnlockedShare { open, .. }: UnlockedShare,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let (order, back) = (open.share.order, routes::shared(open.share.id));
    let holder = Holder::from(open);
    match app.services.downloads.read(&holder, order, language(shell.text), from).await? {
        AskedFor::Done(request) => {
            Ok(Redirect::to(&routes::reading(&holder, request)).into_response())
        }
        refused => answer(refused, &back),
    }
}

/// A report that the site handed in.
pub(crate) async fn report(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    UnlockedShare { open, .. }: UnlockedShare,
    Path(OfReport { report }): Path<OfReport>,
) -> Result<Response, Refusal> {
    let report = report.parse().map_err(|_odd| Refusal::NotFound)?;
    let holder = Holder::from(open);
    let opened = app.services.results.report_to(&holder, report).await?;
    let opened = opened.ok_or(Refusal::NotFound)?;
    app.services.shares.accessed(&holder, Accessed::Report, from).await?;
    crate::web::report::answer(opened, &shell)
}

/// Has the recipient told by e-mail when what they asked for is back.
pub(crate) async fn tell(
    State(app): State<App>,
    Client(from): Client,
    UnlockedShare { open, .. }: UnlockedShare,
    Path(OfRequest { request }): Path<OfRequest>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let request = request.parse().map_err(|_odd| Refusal::NotFound)?;
    let holder = Holder::from(open);
    if app.services.shares.tell_when_back(&holder, request, from).await? {
        Ok(Redirect::to(&routes::downloads(&holder)).into_response())
    } else {
        Err(Refusal::NotFound)
    }
}
