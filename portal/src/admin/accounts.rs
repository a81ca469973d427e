//! Accounts: open, read, change, reset, disable, erase, and whose results they see.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::{Account, AccountId, AccountState, Changed, Event, Representation};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::EnrolmentRefused;
use crate::admin::account::{AccountData, AccountView, Contact, Role};
use crate::admin::body::{By, In, Json};
use crate::admin::etag::{ETag, EntityTags, IfMatch};
use crate::admin::guard::Caller;
use crate::admin::openapi::{
    Conditional, Guarded, Hashing, InTheWay, Malformed, Missing, Unreadable,
};
use crate::admin::paging::Limit;
use crate::admin::persons::{location, page_is_gone, refused};
use crate::admin::problem::Problem;
use crate::admin::values::{AccountRef, Id, Moment, PersonRef};
use crate::admin::{Admin, App};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(of_person, open))
        .routes(routes!(read, replace, erase))
        .routes(routes!(link, unlink))
        .routes(routes!(reset))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(log_out))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// `next` of the page before.
    #[param(value_type = Option<AccountRef>, inline)]
    after: Option<AccountRef>,
    /// How many entries at most.
    #[serde(default)]
    #[param(value_type = Option<Limit>, inline)]
    limit: Limit,
}

/// A page of the accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountPage {
    /// By user name.
    accounts: Vec<AccountView>,
    /// Where the next page begins; without it there is none.
    next: Option<AccountRef>,
}

/// Lists the accounts by user name.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    operation_id = "account.list",
    tag = "accounts",
    params(Page),
    security(("token" = ["accounts:read"])),
    responses((status = 200, description = "A page.", body = AccountPage), Malformed, InTheWay, Guarded)
)]
async fn list(State(app): State<App>, By(page): By<Page>) -> Result<Answer<AccountPage>, Problem> {
    let store = &app.services.store;
    let after = match page.after {
        None => None,
        Some(Id(id)) => Some(store.account(id).await?.ok_or_else(page_is_gone)?.user_name),
    };
    let mut found = store.list_accounts(after.as_ref(), page.limit.and_one()).await?;
    let more = page.limit.cut(&mut found);
    let next = found.last().filter(|_| more).map(|last| Id(last.id));
    Ok(Answer(AccountPage { accounts: found.iter().map(AccountView::from).collect(), next }))
}

/// Lists the accounts that see a person's results.
#[utoipa::path(
    get,
    path = "/v1/persons/{person}/accounts",
    operation_id = "account.list-of-person",
    tag = "accounts",
    params(("person" = PersonRef, Path, description = "Whose.")),
    security(("token" = ["accounts:read"])),
    responses(
        (status = 200, description = "All of them.", body = AccountPage),
        Malformed, Missing, Guarded
    )
)]
async fn of_person(
    State(app): State<App>,
    In(Id(person)): In<PersonRef>,
) -> Result<Answer<AccountPage>, Problem> {
    app.person(person).await?;
    let found = app.services.store.accounts_of_person(person).await?;
    Ok(Answer(AccountPage { accounts: found.iter().map(AccountView::from).collect(), next: None }))
}

/// Opens an account that sees a person's results, and sends its credentials.
#[utoipa::path(
    post,
    path = "/v1/persons/{person}/accounts",
    operation_id = "account.add",
    tag = "accounts",
    params(("person" = PersonRef, Path, description = "Whose results.")),
    request_body = AccountData,
    security(("token" = ["accounts:write"])),
    responses(
        (status = 201, description = "It is open.", body = AccountView,
            headers(("Location" = String), ("ETag" = String))),
        Unreadable, Missing, InTheWay, Hashing, Guarded
    )
)]
async fn open(
    State(app): State<App>,
    caller: Caller,
    In(Id(person)): In<PersonRef>,
    Json(data): Json<AccountData>,
) -> Result<Response, Problem> {
    let new = data.into_new()?;
    let opened = app.services.accounts.open_account(person, new, caller.name()).await?;
    let view = AccountView::from(&app.account(opened.map_err(|why| refused(&why))?).await?);
    let location = location(&format!("/v1/accounts/{}", view.id.0));
    Ok((StatusCode::CREATED, location, ETag::of(&view)?.header(), Answer(view)).into_response())
}

/// Reads an account.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}",
    operation_id = "account.read",
    tag = "accounts",
    params(("account" = AccountRef, Path, description = "Which.")),
    security(("token" = ["accounts:read"])),
    responses(
        (status = 200, description = "The account.", body = AccountView, headers(("ETag" = String))),
        Malformed, Missing, Guarded
    )
)]
async fn read(State(app): State<App>, In(Id(id)): In<AccountRef>) -> Result<Response, Problem> {
    answer(&app.account(id).await?)
}

/// Replaces how the holder of an account is reached and known, if nobody changed it since it was read.
#[utoipa::path(
    put,
    path = "/v1/accounts/{account}",
    operation_id = "account.replace",
    tag = "accounts",
    params(
        ("account" = AccountRef, Path, description = "Which."),
        ("If-Match" = inline(EntityTags), Header, description = "ETag of the answer that was read.")
    ),
    request_body = Contact,
    security(("token" = ["accounts:write"])),
    responses(
        (status = 200, description = "The account.", body = AccountView, headers(("ETag" = String))),
        Unreadable, Missing, InTheWay, Conditional, Guarded
    )
)]
async fn replace(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<AccountRef>,
    condition: IfMatch,
    Json(contact): Json<Contact>,
) -> Result<Response, Problem> {
    let old = app.account(id).await?;
    condition.check(&ETag::of(&AccountView::from(&old))?)?;
    let mut new = old.clone();
    contact.apply(&mut new);
    if new.subject.is_none() && (new.email.is_none() || new.phone.is_none()) {
        return Err(refused(&EnrolmentRefused::Unreachable));
    }
    let event = app.event(&caller, "account.replace", None, Some(id));
    if app.replace_account(old, new.clone(), event).await? {
        answer(&new)
    } else {
        Err(Problem::stale())
    }
}

/// Erases an account, what it has open and the messages to it. The persons stay.
#[utoipa::path(
    delete,
    path = "/v1/accounts/{account}",
    operation_id = "account.erase",
    tag = "accounts",
    params(("account" = AccountRef, Path, description = "Which.")),
    security(("token" = ["accounts:write"])),
    responses((status = 204, description = "It is gone."), Malformed, Missing, Guarded)
)]
async fn erase(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<AccountRef>,
) -> Result<StatusCode, Problem> {
    let event = app.event(&caller, "account.erase", None, Some(id));
    if app.services.store.erase_account(id, event.into()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing("account"))
    }
}

/// Why an account sees a person's results.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkData {
    /// What the account is to the person.
    role: Role,
    /// Until when, if that is known: a child comes of age.
    #[serde(default)]
    until: Option<Moment>,
}

/// Lets an account see a person's results, or says anew why and until when.
#[utoipa::path(
    put,
    path = "/v1/accounts/{account}/persons/{person}",
    operation_id = "account.link",
    tag = "accounts",
    params(
        ("account" = AccountRef, Path, description = "Who sees."),
        ("person" = PersonRef, Path, description = "Whose results.")
    ),
    request_body = LinkData,
    security(("token" = ["accounts:write"])),
    responses(
        (status = 200, description = "The account.", body = AccountView, headers(("ETag" = String))),
        Unreadable, Missing, InTheWay, Guarded
    )
)]
async fn link(
    State(app): State<App>,
    caller: Caller,
    In((Id(id), Id(person))): In<(AccountRef, PersonRef)>,
    Json(link): Json<LinkData>,
) -> Result<Response, Problem> {
    app.person(person).await?;
    let until = link.until.map(|until| until.0);
    let event = app.event(&caller, "account.link", Some(person), Some(id));
    let changed = app.change_account(id, event, |account| {
        let represented = Representation { person, role: link.role.into(), until };
        account.persons.retain(|other| other.person != person);
        account.persons.push(represented);
    });
    answer(&changed.await?)
}

/// Lets an account see a person's results no more.
#[utoipa::path(
    delete,
    path = "/v1/accounts/{account}/persons/{person}",
    operation_id = "account.unlink",
    tag = "accounts",
    params(
        ("account" = AccountRef, Path, description = "Who sees no more."),
        ("person" = PersonRef, Path, description = "Whose results.")
    ),
    security(("token" = ["accounts:write"])),
    responses(
        (status = 200, description = "The account.", body = AccountView, headers(("ETag" = String))),
        Malformed, Missing, InTheWay, Guarded
    )
)]
async fn unlink(
    State(app): State<App>,
    caller: Caller,
    In((Id(id), Id(person))): In<(AccountRef, PersonRef)>,
) -> Result<Response, Problem> {
    let sees = |other: &Representation| other.person == person;
    if !app.account(id).await?.persons.iter().any(sees) {
        return Err(Problem::missing("person that the account sees"));
    }
    let event = app.event(&caller, "account.unlink", Some(person), Some(id));
    let changed =
        app.change_account(id, event, |account| account.persons.retain(|other| !sees(other)));
    answer(&changed.await?)
}

/// Sends a new first password, and ends what the account has open.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/reset",
    operation_id = "password.reset",
    tag = "accounts",
    params(("account" = AccountRef, Path, description = "Which.")),
    security(("token" = ["accounts:write"])),
    responses(
        (status = 204, description = "It is in the outbox."),
        Malformed, Missing, InTheWay, Hashing, Guarded
    )
)]
async fn reset(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<AccountRef>,
) -> Result<StatusCode, Problem> {
    app.services.accounts.reset(id, caller.name()).await?.map_err(|why| refused(&why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps an account from logging in, and ends what it has open.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/disable",
    operation_id = "account.disable",
    tag = "accounts",
    params(("account" = AccountRef, Path, description = "Which.")),
    security(("token" = ["accounts:write"])),
    responses((status = 204, description = "It cannot log in."), Malformed, Missing, InTheWay, Guarded)
)]
async fn disable(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<AccountRef>,
) -> Result<StatusCode, Problem> {
    app.set_state(&caller, id, "account.disable", AccountState::Disabled).await
}

/// Lets an account log in again.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/enable",
    operation_id = "account.enable",
    tag = "accounts",
    params(("account" = AccountRef, Path, description = "Which.")),
    security(("token" = ["accounts:write"])),
    responses((status = 204, description = "It can log in."), Malformed, Missing, InTheWay, Guarded)
)]
async fn enable(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<AccountRef>,
) -> Result<StatusCode, Problem> {
    app.set_state(&caller, id, "account.enable", AccountState::Active).await
}

/// Sessions that were ended.
#[derive(Debug, Serialize, ToSchema)]
struct EndedSessions {
    /// How many, those that were over included.
    ended: usize,
}

/// Ends all sessions of an account.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/log-out",
    operation_id = "account.log-out",
    tag = "accounts",
    params(("account" = AccountRef, Path, description = "Which.")),
    security(("token" = ["accounts:write"])),
    responses(
        (status = 200, description = "Nobody is logged in with it.", body = EndedSessions),
        Malformed, Missing, Guarded
    )
)]
async fn log_out(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<AccountRef>,
) -> Result<Answer<EndedSessions>, Problem> {
    app.account(id).await?;
    let event = app.event(&caller, "account.log-out", None, Some(id));
    let ended = app.services.store.end_sessions(id, None, event.into()).await?;
    Ok(Answer(EndedSessions { ended }))
}

fn answer(account: &Account) -> Result<Response, Problem> {
    let view = AccountView::from(account);
    Ok((ETag::of(&view)?.header(), Answer(view)).into_response())
}

/// How often a change is tried when others change the same account meanwhile.
const TRIES: usize = 5;

impl Admin {
    /// An account that is there.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Account, Problem> {
        self.services.store.account(id).await?.ok_or_else(|| Problem::missing("account"))
    }

    /// Puts `new` in the place of `old`; false when somebody else changed it first.
    pub(crate) async fn replace_account(
        &self,
        old: Account,
        new: Account,
        event: Event,
    ) -> Result<bool, Problem> {
        let is_other_subject = new.subject != old.subject;
        match self.services.store.replace_account(old, new, event.into()).await? {
            Changed::Done => Ok(true),
            Changed::Stale => Ok(false),
            Changed::Gone => Err(Problem::missing("account")),
            Changed::Taken if is_other_subject => Err(refused(&EnrolmentRefused::SubjectTaken)),
            Changed::Taken => Err(Problem::missing("person")),
        }
    }

    /// Changes one thing of an account, whatever others change of it meanwhile.
    async fn change_account(
        &self,
        id: AccountId,
        event: Event,
        change: impl Fn(&mut Account),
    ) -> Result<Account, Problem> {
        for _ in 0..TRIES {
            let old = self.account(id).await?;
            let mut new = old.clone();
            change(&mut new);
            if self.replace_account(old, new.clone(), event.clone()).await? {
                return Ok(new);
            }
        }
        Err(Problem::conflict("busy", "others change this account all the time: try again"))
    }

    async fn set_state(
        &self,
        caller: &Caller,
        id: AccountId,
        action: &str,
        state: AccountState,
    ) -> Result<StatusCode, Problem> {
        let event = self.event(caller, action, None, Some(id));
        self.change_account(id, event, |account| account.state = state).await?;
        Ok(StatusCode::NO_CONTENT)
    }
}
