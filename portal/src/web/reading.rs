//! "Leggi il referto": a report that lies in the study, read in the browser as one that the site handed in (S-073).
//!
//! It is asked for by a form, since something is prepared for it, and opens by itself when it is there.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use store::{Holder, OrderId, Request, RequestId};

use crate::downloads::{AskedFor, Reading};
use crate::web::App;
use crate::web::client::Client;
use crate::web::downloads::{OfRequest, answer, language};
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::holding::Holding;
use crate::web::person::PatientSession;
use crate::web::routes;
use crate::web::session::{by_itself, is_by_itself};
use crate::web::shell::Shell;

const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// Seconds after which the page looks again by itself: while it is prepared, and while it is brought back.
const SOON: HeaderValue = HeaderValue::from_static("2");
const LATER: HeaderValue = HeaderValue::from_static("30");

#[derive(Template)]
#[template(path = "reading.html")]
struct ReadingPage {
    shell: Shell,
    /// The order.
    back: String,
    /// Where it is asked for again.
    read: String,
    reading: Reading,
}

/// Asks for the reports of an order, and leads to them.
pub(crate) async fn ask(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    session: PatientSession,
    Path((_person, order)): Path<(String, String)>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    let order: OrderId = order.parse().map_err(|_odd| Refusal::NotFound)?;
    session.owns(&app, order).await?;
    let holder = Holder::from(session.who.account);
    match app.services.downloads.read(&holder, order, language(shell.text), from).await? {
        AskedFor::Done(request) => {
            Ok(Redirect::to(&routes::reading(&holder, request)).into_response())
        }
        refused => answer(refused, &routes::order(session.person.id, order)),
    }
}

/// The report when it is there; until then, how far it is. Nothing on the page is lost when it comes again.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Holding { holder, .. }: Holding,
    address: Uri,
    Path(OfRequest { request }): Path<OfRequest>,
) -> Result<Response, Refusal> {
    let request: RequestId = request.parse().map_err(|_odd| Refusal::NotFound)?;
    let found = app.services.downloads.reading(&holder, request).await?;
    let (Request { id, person, order, .. }, reading) = found.ok_or(Refusal::NotFound)?;
    let refresh = match &reading {
        Reading::Ready(path) => {
            let page = format!("{}/{path}", routes::pages(&holder, id));
            return Ok(Redirect::to(&page).into_response());
        }
        Reading::Preparing => Some(SOON),
        Reading::Recalling => Some(LATER),
        Reading::Gone => None,
    };
    if refresh.is_some() && !is_by_itself(&address) {
        return Ok(Redirect::to(&by_itself(&routes::reading(&holder, id))).into_response());
    }
    let back = routes::order_of(&holder, person, order);
    let read = routes::read_of(&holder, person, order);
    let page = ReadingPage { shell, back, read, reading };
    let mut response = page.shell.page(StatusCode::OK, &page);
    if let Some(refresh) = refresh {
        response.headers_mut().insert(REFRESH, refresh);
    }
    Ok(response)
}
