//! The ZIP of a download: whole, in part, or as it is being made.
//!
//! Whoever begins to fetch it in a session gets a cookie for its path alone, which lets a long download go on when
//! the session has ended.

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use store::{Accessed, Holder, RequestId, SecretHash};

use crate::downloads::Delivery;
use crate::web::App;
use crate::web::byte_range::{Wanted, wanted};
use crate::web::client::Client;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::holding::Holding;
use crate::web::looks;
use crate::web::routes;
use crate::web::session::Visitor;

/// Who may fetch the package that the path names: somebody who is logged in, or was when it was begun.
#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) holder: Holder,
    pub(crate) request: RequestId,
    /// The session that a grant is to be given in; none where one was given.
    session: Option<SecretHash>,
}

impl FromRequestParts<App> for Fetcher {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let names = RawPathParams::from_request_parts(parts, app).await;
        let names = names.map_err(|_odd| Refusal::NotFound)?;
        let named = names.iter().find(|(name, _)| *name == "request").map(|(_, value)| value);
        let request = named.and_then(|named| named.parse::<RequestId>().ok());
        let path = parts.uri.path().to_owned();
        if let (Some(request), Some(token)) = (request, Cookie::Download.token(&parts.headers)) {
            let granted = app.services.downloads.granted(&token, request).await?;
            if let Some(holder) = granted.filter(|holder| is_below(&path, holder))
                && !is_somebody_else(parts, app, &holder).await?
            {
                return Ok(Self { holder, request, session: None });
            }
        }
        let Holding { holder, session } = Holding::from_request_parts(parts, app).await?;
        let request = request.ok_or(Refusal::NotFound)?;
        Ok(Self { holder, request, session: Some(session) })
    }
}

/// Whether the downloads of who asks lie where a path leads.
fn is_below(path: &str, holder: &Holder) -> bool {
    path.starts_with(&routes::downloads(holder))
}

/// Whether another account is logged in by now: then it is that one who asks.
async fn is_somebody_else(parts: &mut Parts, app: &App, holder: &Holder) -> Result<bool, Refusal> {
    let Holder::Account(account) = holder else { return Ok(false) };
    let Visitor(who) = Visitor::from_request_parts(parts, app).await?;
    Ok(who.is_some_and(|who| who.account.id != account.id))
}

/// The package, or a part of it.
pub(crate) async fn fetch(
    State(app): State<App>,
    Client(from): Client,
    method: Method,
    headers: HeaderMap,
    Fetcher { holder, request: id, session }: Fetcher,
) -> Result<Response, Refusal> {
    let downloads = &app.services.downloads;
    let found = downloads.deliver(&holder, id).await?;
    let (request, delivery) = found.ok_or(Refusal::NotFound)?;
    let is_head = method == Method::HEAD;
    let mut response = match delivery {
        Delivery::Ready(ready) => {
            let (etag, bytes) = (format!("\"{}\"", ready.package.sha256), ready.bytes());
            let name = ready.package.name.clone();
            let wanted = wanted(&headers, &etag, bytes);
            let (status, range) = match wanted {
                Wanted::Whole => (StatusCode::OK, Some(0..bytes)),
                Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
                Wanted::NotModified => (StatusCode::NOT_MODIFIED, None),
                Wanted::NotThere => (StatusCode::RANGE_NOT_SATISFIABLE, None),
            };
            let body = match &range {
                Some(range) if !is_head => {
                    looks::note_part(&app, &holder, session, id, range.start, from).await?;
                    let range = range.clone();
                    Body::new(downloads.part(&holder, &request, *ready, range, from).await?)
                }
                _ => Body::empty(),
            };
            let mut response = (status, body).into_response();
            let fields = response.headers_mut();
            fields.insert(header::ETAG, value(&etag)?);
            fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            match (status, &range) {
                (StatusCode::RANGE_NOT_SATISFIABLE, _) => {
                    fields.insert(header::CONTENT_RANGE, value(&format!("bytes */{bytes}"))?);
                }
                (_, Some(range)) => {
                    fields.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
                    if status == StatusCode::PARTIAL_CONTENT {
                        let (first, last) = (range.start, range.end - 1);
                        let part = format!("bytes {first}-{last}/{bytes}");
                        fields.insert(header::CONTENT_RANGE, value(&part)?);
                    }
                    zip_fields(fields, &name)?;
                }
                _ => {}
            }
            response
        }
        // Without length and tag: nobody knows them yet.
        Delivery::Growing(writing) => {
            let body = if is_head {
                Body::empty()
            } else {
                app.services.shares.accessed(&holder, Accessed::Package, from).await?;
                match downloads.follow(&holder, &request, writing, from).await? {
                    Some(body) => Body::new(body),
                    None => return Ok(Redirect::to(&routes::downloads(&holder)).into_response()),
                }
            };
            let mut response = body.into_response();
            zip_fields(response.headers_mut(), "ESITO")?;
            response
        }
        Delivery::NotYet | Delivery::Gone => {
            return Ok(Redirect::to(&routes::downloads(&holder)).into_response());
        }
    };
    if let Some(session) = session.filter(|_| !is_head && response.status().is_success()) {
        let token = downloads.grant(&holder, id, session).await?;
        let path = routes::download(&holder, id);
        let cookie = token.and_then(|token| match &holder {
            Holder::Account(_) => Cookie::Download.set_at(&path, token.as_str()),
            // A recipient has nothing to log out of: on a computer that many use, closing the browser does it.
            Holder::Recipient(_) => Cookie::Download.set_while_open_at(&path, token.as_str()),
        });
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// What a ZIP says of itself. Its name says nothing of anybody: it lands among the downloads.
fn zip_fields(fields: &mut HeaderMap, name: &str) -> Result<(), Refusal> {
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let disposition = format!("attachment; filename=\"{name}.zip\"");
    fields.insert(header::CONTENT_DISPOSITION, value(&disposition)?);
    // Nobody between may keep it, nor change it on the way.
    let kept = HeaderValue::from_static("private, no-store, no-transform");
    fields.insert(header::CACHE_CONTROL, kept);
    Ok(())
}

fn value(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(|_odd| Refusal::Fault("the name of a package"))
}
