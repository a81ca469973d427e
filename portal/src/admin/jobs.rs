//! Packages that are prepared, without what is in them: list, look at, cancel, try again.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Asker, Event, PackageKey, Preparation, PreparationState, Request};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::App;
use crate::admin::body::{By, In};
use crate::admin::guard::Caller;
use crate::admin::openapi::{Guarded, InTheWay, Malformed, Missing};
use crate::admin::paging::Limit;
use crate::admin::problem::Problem;
use crate::admin::values::{AccountRef, Id, Moment, OrderRef, PersonRef, ShareRef};

/// Names a preparation.
pub(crate) type JobRef = Id<PackageKey>;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(cancel))
        .routes(routes!(retry))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// `next` of the page before.
    #[param(value_type = Option<JobRef>, inline)]
    after: Option<JobRef>,
    /// How many entries at most.
    #[serde(default)]
    #[param(value_type = Option<Limit>, inline)]
    limit: Limit,
}

/// A page of the preparations.
#[derive(Debug, Serialize, ToSchema)]
struct JobPage {
    /// In no order that means anything.
    jobs: Vec<JobView>,
    /// Where the next page begins; without it there is none.
    next: Option<JobRef>,
}

/// A package that is to be made, is being made, or was made.
#[derive(Debug, Serialize, ToSchema)]
struct JobView {
    /// Names it; never changes.
    id: JobRef,
    /// Of whose results.
    person: PersonRef,
    /// Of which order.
    order: OrderRef,
    /// What of it: `everything`, `reports`, `no-viewer`.
    content: String,
    /// When it was first asked for.
    created: Moment,
    /// How often it was begun since it was last asked for.
    tries: u32,
    /// How far it is.
    state: JobState,
    /// Since when it is so, or when it goes on: the next try, the end of a claim, the next look, the end of a package.
    at: Moment,
    /// Why it failed or ended.
    reason: Option<String>,
    /// Length of the package in bytes.
    bytes: Option<u64>,
    /// Expected instances that are not in it.
    missing: Option<u64>,
    /// Since when an examination is being brought back.
    recalled_since: Option<Moment>,
    /// Instances that are in the package, while this server makes it.
    instances: Option<u64>,
    /// Instances in all, as far as that is known.
    of_instances: Option<u64>,
}

/// How far a preparation is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum JobState {
    /// It waits for its turn.
    Waiting,
    /// It is being made.
    Claimed,
    /// An examination is not online.
    Recalling,
    /// The package is there.
    Ready,
    /// It cannot be made.
    Failed,
    /// The package is gone.
    Ended,
}

/// A preparation and who asks for it.
#[derive(Debug, Serialize, ToSchema)]
struct JobDetail {
    /// The preparation.
    job: JobView,
    /// Who asks for it.
    requests: Vec<JobRequest>,
}

/// Somebody asks for a package.
#[derive(Debug, Serialize, ToSchema)]
struct JobRequest {
    /// Which account, if it is one.
    account: Option<AccountRef>,
    /// By which share, if it is a recipient of one.
    share: Option<ShareRef>,
    /// When.
    created: Moment,
}

/// The word of a value that serialises as one.
fn word(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

impl JobView {
    fn of(app: &App, found: &Preparation) -> Self {
        let live = app.services.downloads.preparing(found.key);
        let (state, at, reason) = match &found.state {
            PreparationState::Waiting { due } => (JobState::Waiting, *due, None),
            PreparationState::Claimed { until, .. } => (JobState::Claimed, *until, None),
            PreparationState::Recalling { next } => (JobState::Recalling, *next, None),
            PreparationState::Ready(package) => (JobState::Ready, package.until, None),
            PreparationState::Failed { at, reason } => (JobState::Failed, *at, word(reason)),
            PreparationState::Ended { at, why } => (JobState::Ended, *at, word(why)),
        };
        let package = match &found.state {
            PreparationState::Ready(package) => Some(package),
            _ => None,
        };
        Self {
            id: Id(found.key),
            person: Id(found.person),
            order: Id(found.order),
            content: word(&found.content).unwrap_or_default(),
            created: Moment(found.created),
            tries: found.tries,
            state,
            at: Moment(at),
            reason,
            bytes: package.map(|package| package.bytes),
            missing: package.map(|package| package.missing),
            recalled_since: found.recall.map(|recall| Moment(recall.since)),
            instances: live.map(|live| live.instances),
            of_instances: live.map(|live| live.of_instances),
        }
    }
}

impl From<&Request> for JobRequest {
    fn from(request: &Request) -> Self {
        let (account, share) = match request.asker {
            Asker::Account(account) => (Some(Id(account)), None),
            Asker::Recipient { share, .. } => (None, Some(Id(share))),
        };
        Self { account, share, created: Moment(request.created) }
    }
}

/// Lists the preparations.
#[utoipa::path(
    get,
    path = "/v1/jobs",
    operation_id = "job.list",
    tag = "jobs",
    params(Page),
    security(("token" = ["jobs:read"])),
    responses((status = 200, description = "A page.", body = JobPage), Malformed, Guarded)
)]
async fn list(State(app): State<App>, By(page): By<Page>) -> Result<Answer<JobPage>, Problem> {
    let after = page.after.map(|Id(key)| key);
    let store = &app.services.store;
    let mut found = store.list_preparations(after, page.limit.and_one()).await?;
    let more = page.limit.cut(&mut found);
    let next = found.last().filter(|_| more).map(|last| Id(last.key));
    Ok(Answer(JobPage { jobs: found.iter().map(|one| JobView::of(&app, one)).collect(), next }))
}

/// Reads a preparation, and who asks for it.
#[utoipa::path(
    get,
    path = "/v1/jobs/{job}",
    operation_id = "job.read",
    tag = "jobs",
    params(("job" = JobRef, Path, description = "Which.")),
    security(("token" = ["jobs:read"])),
    responses(
        (status = 200, description = "The preparation.", body = JobDetail),
        Malformed, Missing, Guarded
    )
)]
async fn read(
    State(app): State<App>,
    In(Id(key)): In<JobRef>,
) -> Result<Answer<JobDetail>, Problem> {
    let store = &app.services.store;
    let found = store.preparation(key).await?.ok_or_else(|| Problem::missing("job"))?;
    let requests = store.requests_for(key).await?;
    let requests = requests.iter().map(JobRequest::from).collect();
    Ok(Answer(JobDetail { job: JobView::of(&app, &found), requests }))
}

/// The event of an act on a preparation, which must be there.
async fn event_on(
    app: &App,
    caller: &Caller,
    action: &str,
    key: PackageKey,
) -> Result<Event, Problem> {
    let found = app.services.store.preparation(key).await?;
    let found = found.ok_or_else(|| Problem::missing("job"))?;
    let mut event = app.event(caller, action, Some(found.person), None);
    event.object = Some(key.to_string());
    Ok(event)
}

/// Ends a preparation, breaks off what makes it and deletes the package; whoever asked for it is told.
#[utoipa::path(
    post,
    path = "/v1/jobs/{job}/cancel",
    operation_id = "job.cancel",
    tag = "jobs",
    params(("job" = JobRef, Path, description = "Which.")),
    security(("token" = ["jobs:write"])),
    responses((status = 204, description = "It has ended."), Malformed, Missing, InTheWay, Guarded)
)]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    In(Id(key)): In<JobRef>,
) -> Result<StatusCode, Problem> {
    let event = event_on(&app, &caller, "job.cancel", key).await?;
    if app.services.downloads.cancel(key, event).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::conflict("over", "the job is over: there is nothing to cancel"))
    }
}

/// Has a package prepared at once that waits, failed or ended, as if it were asked for now.
#[utoipa::path(
    post,
    path = "/v1/jobs/{job}/retry",
    operation_id = "job.retry",
    tag = "jobs",
    params(("job" = JobRef, Path, description = "Which.")),
    security(("token" = ["jobs:write"])),
    responses((status = 204, description = "It is due."), Malformed, Missing, InTheWay, Guarded)
)]
async fn retry(
    State(app): State<App>,
    caller: Caller,
    In(Id(key)): In<JobRef>,
) -> Result<StatusCode, Problem> {
    let event = event_on(&app, &caller, "job.retry", key).await?;
    if app.services.downloads.retry(key, event).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::conflict(
            "under-way",
            "the job is being made, or its package is there: there is nothing to try again",
        ))
    }
}
