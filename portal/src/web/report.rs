//! A report that the site handed in, as the PDF that it is.

use std::io;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::results::OpenedReport;
use crate::web::App;
use crate::web::client::Client;
use crate::web::error::Refusal;
use crate::web::person::PatientSession;
use crate::web::pieces::Pieces;
use crate::web::shell::Shell;

/// A PDF may hold script and links: it gets an origin of its own, in which nothing of ours can be reached.
/// Chromium's own viewer shows it all the same.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

pub(crate) async fn show(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    session: PatientSession,
    Path((_person, order, report)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let order = order.parse().map_err(|_odd| Refusal::NotFound)?;
    let report = report.parse().map_err(|_odd| Refusal::NotFound)?;
    let opened = app.services.results.report(&session.who.account, order, report, from).await?;
    // A report of somebody else whom the account represents has another address.
    let opened = opened.filter(|opened| opened.report().person == session.person.id);
    answer(opened.ok_or(Refusal::NotFound)?, &shell)
}

/// The PDF.
pub(crate) fn answer(opened: OpenedReport, shell: &Shell) -> Result<Response, Refusal> {
    // The name says nothing of anybody: it lands among the downloads.
    let disposition = format!("inline; filename=\"{}\"", shell.text.order_report_file());
    let disposition =
        HeaderValue::from_str(&disposition).map_err(|_odd| Refusal::Fault("texts"))?;
    let bytes = HeaderValue::from(opened.report().bytes);
    let mut response = body(opened).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CONTENT_LENGTH, bytes);
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The parts one by one, as fast as the browser takes them; a part that cannot be read breaks the answer off.
fn body(opened: OpenedReport) -> Body {
    let (mut pieces, body) = Pieces::new();
    drop(tokio::spawn(async move {
        for number in 0.. {
            match opened.part(number).await {
                Ok(Some(part)) => pieces = pieces.send(part.into()).await?,
                Ok(None) => break,
                Err(error) => {
                    let cause = &error as &dyn std::error::Error;
                    tracing::error!(error = cause, "a report cannot be read");
                    pieces.break_off(io::Error::other(error));
                    return None;
                }
            }
        }
        Some(())
    }));
    body
}
