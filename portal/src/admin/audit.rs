//! The audit trail, and the backup of the store.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Actor, EventQuery, Outcome, Recorded, SledStore, StoreError};
use tempfile::NamedTempFile;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::App;
use crate::admin::body::{By, Json};
use crate::admin::guard::Caller;
use crate::admin::openapi::{Guarded, InTheWay, Malformed, Unreadable};
use crate::admin::paging::Limit;
use crate::admin::problem::Problem;
use crate::admin::values::{
    AccountRef, Action, FileName, Id, Moment, PersonRef, RecipientRef, ShareRef, TrailPlace,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read)).routes(routes!(back_up))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only of this person.
    #[param(value_type = Option<PersonRef>, inline)]
    person: Option<PersonRef>,
    /// Only of this account, as actor or as object.
    #[param(value_type = Option<AccountRef>, inline)]
    account: Option<AccountRef>,
    /// Only what begins so: `login`, `order.`.
    #[param(value_type = Option<Action>, inline)]
    action: Option<Action>,
    /// Not before.
    #[param(value_type = Option<Moment>, inline)]
    since: Option<Moment>,
    /// Before.
    #[param(value_type = Option<Moment>, inline)]
    until: Option<Moment>,
    /// `next` of the page before.
    #[param(value_type = Option<TrailPlace>, inline)]
    after: Option<TrailPlace>,
    /// How many entries at most.
    #[serde(default)]
    #[param(value_type = Option<Limit>, inline)]
    limit: Limit,
}

/// A page of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
struct EventPage {
    /// The oldest first.
    events: Vec<EventView>,
    /// Where the next page begins; without it there is none.
    next: Option<TrailPlace>,
    /// The oldest event of the whole trail: what was before is not known any more.
    covers_since: Option<Moment>,
    /// For how many days events are kept; without it for good.
    kept_days: Option<u32>,
}

/// Something that was done, or refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// When.
    at: Moment,
    /// By whom.
    actor: ActorView,
    /// What.
    action: String,
    /// Of whom.
    person: Option<PersonRef>,
    /// To which account.
    account: Option<AccountRef>,
    /// What else it touched.
    object: Option<String>,
    /// Whether it was done.
    outcome: OutcomeView,
    /// From where.
    address: Option<String>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ActorView {
    /// Somebody logged in.
    Account(AccountRef),
    /// A recipient of a share.
    Recipient {
        /// Of which.
        share: ShareRef,
        /// Which of its recipients.
        recipient: RecipientRef,
    },
    /// An administrator: the name of a token, or `console`.
    Admin(String),
    /// The program by itself.
    System,
    /// Nobody who is known.
    Anonymous,
}

/// Whether something was done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum OutcomeView {
    /// It was.
    Done,
    /// It was refused.
    Refused,
    /// It failed.
    Failed,
}

impl From<Recorded> for EventView {
    fn from(Recorded { event, .. }: Recorded) -> Self {
        Self {
            at: Moment(event.at),
            actor: match event.actor {
                Actor::Account(account) => ActorView::Account(Id(account)),
                Actor::Recipient { share, recipient } => {
                    ActorView::Recipient { share: Id(share), recipient: Id(recipient) }
                }
                Actor::Admin(name) => ActorView::Admin(name),
                Actor::System => ActorView::System,
                Actor::Anonymous => ActorView::Anonymous,
            },
            action: event.action,
            person: event.person.map(Id),
            account: event.account.map(Id),
            object: event.object,
            outcome: match event.outcome {
                Outcome::Done => OutcomeView::Done,
                Outcome::Refused => OutcomeView::Refused,
                Outcome::Failed => OutcomeView::Failed,
            },
            address: event.address.map(|address| address.to_string()),
        }
    }
}

/// Reads the audit trail.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "audit.read",
    tag = "audit",
    params(Wanted),
    security(("token" = ["audit:read"])),
    responses((status = 200, description = "A page.", body = EventPage), Malformed, Guarded)
)]
async fn read(
    State(app): State<App>,
    By(wanted): By<Wanted>,
) -> Result<Answer<EventPage>, Problem> {
    let query = EventQuery {
        from: wanted.since.map(|moment| moment.0),
        until: wanted.until.map(|moment| moment.0),
        person: wanted.person.map(|id| id.0),
        account: wanted.account.map(|id| id.0),
        action: wanted.action.map(Action::into_string),
        after: wanted.after.map(|place| place.0),
    };
    let store = &app.services.store;
    let mut found = store.events(query, wanted.limit.and_one()).await?;
    let more = wanted.limit.cut(&mut found);
    let next = found.last().filter(|_| more).map(|last| TrailPlace(last.place));
    let oldest = store.events(EventQuery::default(), 1).await?;
    Ok(Answer(EventPage {
        events: found.into_iter().map(EventView::from).collect(),
        next,
        covers_since: oldest.first().map(|oldest| Moment(oldest.event.at)),
        kept_days: app.settings.retention.audit_days,
    }))
}

/// Where a backup goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBackup {
    /// Name of a new file in the folder for backups.
    file: FileName,
}

/// A backup was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeBackup {
    /// The file.
    path: String,
    /// Records in it, those changed meanwhile counted again.
    records: u64,
}

/// Backs up the store to a file of the server, while it goes on. Only its own user can read the file.
#[utoipa::path(
    post,
    path = "/v1/backups",
    operation_id = "store.backup",
    tag = "store",
    request_body = NewBackup,
    security(("token" = ["backup:write"])),
    responses(
        (status = 201, description = "It is on the disk.", body = MadeBackup),
        Unreadable, InTheWay, Guarded
    )
)]
async fn back_up(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewBackup>,
) -> Result<(StatusCode, Answer<MadeBackup>), Problem> {
    let folder = app.settings.backups.clone().ok_or_else(|| {
        Problem::conflict("no-folder", "set admin.backup_folder: backups are written there only")
    })?;
    let name = new.file.into_string();
    let path = folder.join(&name);
    let store = Arc::clone(&app.embedded);
    let now = app.services.clock.now();
    let target = path.clone();
    let written = tokio::task::spawn_blocking(move || write_backup(&store, &target, now)).await;
    let records = match written.map_err(|panic| Problem::failed(&panic))? {
        Ok(records) => records,
        Err(BackupError::Exists) => {
            let detail = "there is a file of this name in the folder: choose another name";
            return Err(Problem::conflict("exists", detail));
        }
        Err(BackupError::Store(error)) => return Err(Problem::of_store(&error)),
        Err(BackupError::Io(source)) => {
            let what = format!("cannot write the backup {}", path.display());
            return Err(Problem::of_store(&StoreError::Storage { what, source }));
        }
    };
    let mut event = app.event(&caller, "store.backup", None, None);
    event.object = Some(name);
    app.services.store.record_event(event).await?;
    let path = path.display().to_string();
    Ok((StatusCode::CREATED, Answer(MadeBackup { path, records })))
}

enum BackupError {
    Exists,
    Store(StoreError),
    Io(io::Error),
}

/// Writes a file that appears when all of it is on the disk, and takes no other's place.
fn write_backup(
    store: &SledStore,
    target: &Path,
    made: jiff::Timestamp,
) -> Result<u64, BackupError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    // Only its owner can read it.
    let file = NamedTempFile::new_in(folder).map_err(BackupError::Io)?;
    let mut sink = BufWriter::new(file);
    let report = store.backup(&mut sink, made).map_err(BackupError::Store)?;
    let file = sink.into_inner().map_err(|error| BackupError::Io(error.into_error()))?;
    file.as_file().sync_all().map_err(BackupError::Io)?;
    file.persist_noclobber(target).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists,
        _ => BackupError::Io(error.error),
    })?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::Io)?;
    Ok(report.records)
}
