//! The outbox, without what its messages say and to whom.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Message, MessageState, Recipient};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::App;
use crate::admin::body::{By, In};
use crate::admin::guard::Caller;
use crate::admin::openapi::{Guarded, InTheWay, Malformed, Missing};
use crate::admin::paging::Limit;
use crate::admin::problem::Problem;
use crate::admin::values::{AccountRef, Id, MessageRef, Moment};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry))
}

/// How much is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Newest {
    /// How many entries at most.
    #[serde(default)]
    #[param(value_type = Option<Limit>, inline)]
    limit: Limit,
}

/// The newest messages.
#[derive(Debug, Serialize, ToSchema)]
struct Messages {
    /// The newest first.
    messages: Vec<MessageView>,
}

/// A message, without content and recipient.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Names it; its Message-ID too.
    id: MessageRef,
    /// What it is about: `credentials`, `recovery`.
    topic: String,
    /// Which way it goes.
    by: Way,
    /// Whose account it belongs to.
    account: Option<AccountRef>,
    /// When it was made.
    created: Moment,
    /// How many times it was tried.
    tries: u32,
    /// What became of it.
    state: SendingState,
    /// Since when it is so, or when it is tried next.
    at: Moment,
    /// Why it was given up.
    reason: Option<String>,
}

/// Which way a message goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Way {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

/// What became of a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum SendingState {
    /// It waits.
    Due,
    /// It is being sent.
    Claimed,
    /// It was handed over.
    Sent,
    /// It was given up.
    Failed,
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        let (state, at, reason) = match &message.state {
            MessageState::Due(at) => (SendingState::Due, *at, None),
            MessageState::Claimed(at) => (SendingState::Claimed, *at, None),
            MessageState::Sent(at) => (SendingState::Sent, *at, None),
            MessageState::Failed { at, reason } => {
                (SendingState::Failed, *at, Some(reason.clone()))
            }
        };
        Self {
            id: Id(message.id),
            topic: message.topic.clone(),
            by: match message.to {
                Recipient::Email(_) => Way::Email,
                Recipient::Sms(_) => Way::Sms,
            },
            account: message.account.map(Id),
            created: Moment(message.created),
            tries: message.tries,
            state,
            at: Moment(at),
            reason,
        }
    }
}

/// Lists the newest messages: what became of them, not what they say.
#[utoipa::path(
    get,
    path = "/v1/messages",
    operation_id = "message.list",
    tag = "messages",
    params(Newest),
    security(("token" = ["messages:read"])),
    responses((status = 200, description = "The newest.", body = Messages), Malformed, Guarded)
)]
async fn list(State(app): State<App>, By(newest): By<Newest>) -> Result<Answer<Messages>, Problem> {
    let mut found = app.services.store.list_messages(newest.limit.and_one()).await?;
    newest.limit.cut(&mut found);
    Ok(Answer(Messages { messages: found.iter().map(MessageView::from).collect() }))
}

/// Has a message that waits for its next try tried at once.
#[utoipa::path(
    post,
    path = "/v1/messages/{message}/retry",
    operation_id = "message.retry",
    tag = "messages",
    params(("message" = MessageRef, Path, description = "Which.")),
    security(("token" = ["messages:write"])),
    responses((status = 204, description = "It is due."), Malformed, Missing, InTheWay, Guarded)
)]
async fn retry(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<MessageRef>,
) -> Result<StatusCode, Problem> {
    let mut event = app.event(&caller, "message.retry", None, None);
    event.object = Some(id.to_string());
    let now = app.services.clock.now();
    if app.services.store.retry_message(id, now, event.into()).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::missing(
        "message that waits: one that was sent or given up has no content any more; reset the password \
         to send another",
    ))
}
