//! The messages of a demonstration, to be read instead of received.
//!
//! **Invariant:** the route is there only when [`Ways::Shown`](crate::outbox::Ways) is, and that only where no
//! other machine reaches the listener. A page of another site that makes its name lead here is refused by the
//! name.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use store::{Message, MessageId, MessageState, Recipient};

use crate::web::App;
use crate::web::error::Refusal;
use crate::web::shell::Shell;

/// Messages on the page.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage<'a> {
    shell: &'a Shell,
    messages: Vec<Shown>,
}

/// What the HTML part of a mail may do: what a mail client lets it, and less.
const OF_MAILS: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// A message as it is read.
struct Shown {
    id: MessageId,
    has_html: bool,
    heading: String,
    at: String,
    state: Option<&'static str>,
    subject: String,
    text: String,
}

impl Shown {
    fn new(message: Message, shell: &Shell) -> Self {
        let text = shell.text;
        let heading = match &message.to {
            Recipient::Email(to) => text.outbox_email(to.as_str()),
            Recipient::Sms(to) => text.outbox_sms(to.as_str()),
        };
        let state = match message.state {
            MessageState::Due(_) | MessageState::Claimed(_) => Some(text.outbox_waiting()),
            MessageState::Sent(_) => None,
            MessageState::Failed { .. } => Some(text.outbox_failed()),
        };
        let content = message.content.map(|content| content.0).unwrap_or_default();
        let at = message.created.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let (id, has_html) = (message.id, content.html.is_some());
        Self { id, has_html, heading, at, state, subject: content.subject, text: content.text }
    }
}

/// The newest messages.
pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    shell: Shell,
) -> Result<Response, Refusal> {
    by_our_name(&app, &headers)?;
    let messages = app.services.store.list_messages(MOST).await?;
    let messages = messages.into_iter().map(|message| Shown::new(message, &shell)).collect();
    Ok(shell.page(StatusCode::OK, &OutboxPage { shell: &shell, messages }))
}

/// A mail as a mail client shows it.
pub(crate) async fn html(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    by_our_name(&app, &headers)?;
    let id: MessageId = id.parse().map_err(|_odd| Refusal::NotFound)?;
    let messages = app.services.store.list_messages(MOST).await?;
    let message = messages.into_iter().find(|message| message.id == id);
    let html = message.and_then(|message| message.content?.0.html).ok_or(Refusal::NotFound)?;
    let policy = HeaderValue::from_static(OF_MAILS);
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response())
}

fn by_our_name(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours = app.settings.origin().split("://").nth(1).unwrap_or_default();
    if asked.eq_ignore_ascii_case(ours) { Ok(()) } else { Err(Refusal::NotFound) }
}
