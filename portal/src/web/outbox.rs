//! The messages of a demonstration, to be read instead of received.
//!
//! **Invariant:** the route is there only when [`Ways::Shown`](crate::outbox::Ways) is, and that only where no
//! other machine reaches the listener. A page of another site that makes its name lead here is refused by the
//! name.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use store::{Message, MessageState, Recipient};

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

/// A message as it is read.
struct Shown {
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
        Self { heading, at, state, subject: content.subject, text: content.text }
    }
}

/// The newest messages.
pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    shell: Shell,
) -> Result<Response, Refusal> {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours = app.settings.origin().split("://").nth(1).unwrap_or_default();
    if !asked.eq_ignore_ascii_case(ours) {
        return Err(Refusal::NotFound);
    }
    let messages = app.services.store.list_messages(MOST).await?;
    let messages = messages.into_iter().map(|message| Shown::new(message, &shell)).collect();
    Ok(shell.page(StatusCode::OK, &OutboxPage { shell: &shell, messages }))
}
