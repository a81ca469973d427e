//! What changes in the downloads while a page is looked at: told as server-sent events (WHATWG HTML, "Server-sent
//! events"), or as JSON to who asks again and again.
//!
//! **Invariant:** neither counts as use of the session: a page that somebody leaves open does not keep it alive.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use texts::Texts;
use tokio::time::{Instant, sleep};

use crate::web::App;
use crate::web::error::Refusal;
use crate::web::holding::{Glanced, Holding};
use crate::web::panel::PanelView;
use crate::web::shell::spoken_to;

/// A stream ends after so long, and the browser asks for the next one: nothing is held for who went away unnoticed.
const LIFE: Duration = Duration::from_mins(1);
/// How often something is said where nothing changes, and whether the session goes on is looked at.
const BEAT: Duration = Duration::from_secs(15);
/// The browser asks again after so many milliseconds.
const OPENING: &[u8] = b"retry: 2000\n\n";
/// nginx holds answers back unless it is told not to.
const NO_BUFFER: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The downloads as they are.
pub(crate) async fn state(
    State(app): State<App>,
    headers: HeaderMap,
    Glanced(who): Glanced,
) -> Result<Response, Refusal> {
    let text = spoken_to(&headers, &who.holder);
    let view = PanelView::of(&app, &who.holder, text).await?;
    Ok(Json(view).into_response())
}

/// The downloads whenever they change.
pub(crate) async fn events(
    State(app): State<App>,
    headers: HeaderMap,
    Glanced(who): Glanced,
) -> Response {
    let (sender, body) = Channel::<Bytes, Infallible>::new(1);
    let text = spoken_to(&headers, &who.holder);
    drop(tokio::spawn(tell(app, who, text, sender)));
    let mut response = Body::new(body).into_response();
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    let (name, value) = NO_BUFFER;
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

async fn tell(app: App, who: Holding, text: Texts, mut sender: Sender<Bytes, Infallible>) {
    let mut watch = app.services.downloads.watch(&who.holder);
    let until = Instant::now() + LIFE;
    if sender.send_data(Bytes::from_static(OPENING)).await.is_err() {
        return;
    }
    while Instant::now() < until {
        let mut next = std::pin::pin!(watch.next());
        let found = loop {
            tokio::select! {
                found = &mut next => break found,
                // Whoever looks asks the portal that runs next.
                () = app.stop.asked() => return,
                () = sleep(BEAT) => {
                    let goes_on = who.goes_on(&app).await;
                    let beat = Bytes::from_static(b":\n\n");
                    if !goes_on || Instant::now() >= until || sender.send_data(beat).await.is_err() {
                        return;
                    }
                }
            }
        };
        let view = match found {
            Ok(Some(found)) => PanelView::new(&app, &who.holder, &found, text).await,
            // They may have none any more.
            Ok(None) => return,
            Err(error) => Err(error.into()),
        };
        // What went wrong is in the log; the browser asks again.
        let Ok(view) = view else { return };
        let Ok(json) = serde_json::to_string(&view) else { return };
        if sender.send_data(Bytes::from(format!("data: {json}\n\n"))).await.is_err() {
            return;
        }
    }
}
