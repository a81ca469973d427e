//! Shares, without whom they are with and what was written: list, look at, revoke.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Access, Accessed, EndOfShare, Share, ShareState};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::App;
use crate::admin::body::{By, In};
use crate::admin::guard::Caller;
use crate::admin::openapi::{Guarded, InTheWay, Malformed, Missing};
use crate::admin::paging::Limit;
use crate::admin::problem::Problem;
use crate::admin::values::{AccountRef, Id, Moment, OrderRef, PersonRef, RecipientRef, ShareRef};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read)).routes(routes!(revoke))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// `next` of the page before.
    #[param(value_type = Option<ShareRef>, inline)]
    after: Option<ShareRef>,
    /// How many entries at most.
    #[serde(default)]
    #[param(value_type = Option<Limit>, inline)]
    limit: Limit,
}

/// A page of the shares.
#[derive(Debug, Serialize, ToSchema)]
struct SharePage {
    /// In no order that means anything.
    shares: Vec<ShareView>,
    /// Where the next page begins; without it there is none.
    next: Option<ShareRef>,
}

/// An order that an account lets others see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareView {
    /// Names it; never changes.
    id: ShareRef,
    /// Of whose results.
    person: PersonRef,
    /// Which order.
    order: OrderRef,
    /// Who shares it.
    account: AccountRef,
    /// Since when.
    created: Moment,
    /// From then on nobody sees it any more.
    until: Moment,
    /// Whether it can be opened.
    state: ShareStateView,
    /// When it was frozen or ended.
    at: Option<Moment>,
    /// Wrong PINs since it was made, armed again or got another PIN.
    wrong_pins: usize,
    /// With whom, and what each did.
    recipients: Vec<RecipientView>,
}

/// Whether a share can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ShareStateView {
    /// It can.
    Active,
    /// There were too many wrong PINs.
    Frozen,
    /// Its time is over.
    Expired,
    /// Who shared it ended it.
    Revoked,
    /// The site ended it.
    EndedBySite,
    /// What was shared may not be seen any more.
    Withheld,
}

/// A recipient, without the address.
#[derive(Debug, Serialize, ToSchema)]
struct RecipientView {
    /// Names them in the audit trail.
    id: RecipientRef,
    /// What they did.
    accesses: Vec<AccessView>,
}

/// What a recipient did, and how often.
#[derive(Debug, Serialize, ToSchema)]
struct AccessView {
    /// What.
    what: AccessedView,
    /// How often.
    times: u32,
    /// When first.
    first: Moment,
    /// When last.
    last: Moment,
}

/// What a recipient can do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum AccessedView {
    /// Came in with the PIN.
    Unlocked,
    /// Opened a report.
    Report,
    /// Looked at images.
    Images,
    /// Fetched a package.
    Package,
}

impl ShareView {
    pub(crate) fn of(share: &Share, now: Timestamp) -> Self {
        let (state, at) = match share.state {
            ShareState::Ended { at, why } => (
                match why {
                    EndOfShare::Expired => ShareStateView::Expired,
                    EndOfShare::Revoked => ShareStateView::Revoked,
                    EndOfShare::Site => ShareStateView::EndedBySite,
                    EndOfShare::Withheld => ShareStateView::Withheld,
                },
                Some(at),
            ),
            _ if share.is_over(now) => (ShareStateView::Expired, Some(share.until)),
            ShareState::Frozen { at } => (ShareStateView::Frozen, Some(at)),
            ShareState::Active => (ShareStateView::Active, None),
        };
        let recipients = share.recipients.iter().map(|one| RecipientView {
            id: Id(one.id),
            accesses: one.accesses.iter().map(AccessView::from).collect(),
        });
        Self {
            id: Id(share.id),
            person: Id(share.person),
            order: Id(share.order),
            account: Id(share.account),
            created: Moment(share.created),
            until: Moment(share.until),
            state,
            at: at.map(Moment),
            wrong_pins: share.guesses.counted.len(),
            recipients: recipients.collect(),
        }
    }
}

impl From<&Access> for AccessView {
    fn from(access: &Access) -> Self {
        Self {
            what: match access.what {
                Accessed::Unlocked => AccessedView::Unlocked,
                Accessed::Report => AccessedView::Report,
                Accessed::Images => AccessedView::Images,
                Accessed::Package => AccessedView::Package,
            },
            times: access.times,
            first: Moment(access.first),
            last: Moment(access.last),
        }
    }
}

/// Lists the shares.
#[utoipa::path(
    get,
    path = "/v1/shares",
    operation_id = "share.list",
    tag = "shares",
    params(Page),
    security(("token" = ["shares:read"])),
    responses((status = 200, description = "A page.", body = SharePage), Malformed, Guarded)
)]
async fn list(State(app): State<App>, By(page): By<Page>) -> Result<Answer<SharePage>, Problem> {
    let after = page.after.map(|Id(share)| share);
    let mut found = app.services.store.list_shares(after, page.limit.and_one()).await?;
    let more = page.limit.cut(&mut found);
    let next = found.last().filter(|_| more).map(|last| Id(last.id));
    let now = app.services.clock.now();
    let shares = found.iter().map(|share| ShareView::of(share, now)).collect();
    Ok(Answer(SharePage { shares, next }))
}

/// Reads a share.
#[utoipa::path(
    get,
    path = "/v1/shares/{share}",
    operation_id = "share.read",
    tag = "shares",
    params(("share" = ShareRef, Path, description = "Which.")),
    security(("token" = ["shares:read"])),
    responses(
        (status = 200, description = "The share.", body = ShareView),
        Malformed, Missing, Guarded
    )
)]
async fn read(
    State(app): State<App>,
    In(Id(share)): In<ShareRef>,
) -> Result<Answer<ShareView>, Problem> {
    let found = app.services.store.share(share).await?;
    let found = found.ok_or_else(|| Problem::missing("share"))?;
    Ok(Answer(ShareView::of(&found, app.services.clock.now())))
}

/// Ends a share at once: open sessions and running downloads of its recipients end, and what was not sent yet is not
/// sent.
#[utoipa::path(
    post,
    path = "/v1/shares/{share}/revoke",
    operation_id = "share.revoke",
    tag = "shares",
    params(("share" = ShareRef, Path, description = "Which.")),
    security(("token" = ["shares:write"])),
    responses((status = 204, description = "It has ended."), Malformed, Missing, InTheWay, Guarded)
)]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    In(Id(share)): In<ShareRef>,
) -> Result<StatusCode, Problem> {
    let found = app.services.store.share(share).await?;
    let found = found.ok_or_else(|| Problem::missing("share"))?;
    let mut event = app.event(&caller, "share.revoke", Some(found.person), Some(found.account));
    event.object = Some(share.to_string());
    if app.services.shares.end_by_site(&found, event).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::conflict("over", "the share is over: there is nothing to revoke"))
    }
}
