//! Persons: add, find, list, read, replace, erase, and the export of all that is held about one.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::{IssuedId, Person, PersonId, Replaced};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{Enrolment, EnrolmentRefused};
use crate::admin::account::AccountData;
use crate::admin::body::{By, In, Json};
use crate::admin::etag::{ETag, EntityTags, IfMatch};
use crate::admin::export::{self, Export};
use crate::admin::guard::Caller;
use crate::admin::openapi::{
    Conditional, Guarded, Hashing, InTheWay, Malformed, Missing, Refused, Unreadable,
};
use crate::admin::paging::Limit;
use crate::admin::person::{IssuedPatientId, PersonData, PersonView};
use crate::admin::problem::Problem;
use crate::admin::scope::Scope;
use crate::admin::values::{AccountRef, Id, PersonRef};
use crate::admin::{Admin, App};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(find))
        .routes(routes!(read, replace, erase))
        .routes(routes!(export))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// `next` of the page before.
    #[param(value_type = Option<PersonRef>, inline)]
    after: Option<PersonRef>,
    /// How many entries at most.
    #[serde(default)]
    #[param(value_type = Option<Limit>, inline)]
    limit: Limit,
}

/// A page of the persons.
#[derive(Debug, Serialize, ToSchema)]
struct PersonPage {
    /// By family and given name.
    persons: Vec<PersonView>,
    /// Where the next page begins; without it there is none.
    next: Option<PersonRef>,
}

/// Lists the persons by name.
#[utoipa::path(
    get,
    path = "/v1/persons",
    operation_id = "person.list",
    tag = "persons",
    params(Page),
    security(("token" = ["persons:read"])),
    responses((status = 200, description = "A page.", body = PersonPage), Malformed, InTheWay, Guarded)
)]
async fn list(State(app): State<App>, By(page): By<Page>) -> Result<Answer<PersonPage>, Problem> {
    let store = &app.services.store;
    let after = match page.after {
        None => None,
        Some(Id(id)) => Some(store.person(id).await?.ok_or_else(page_is_gone)?),
    };
    let mut found = store.list_persons(after.as_ref(), page.limit.and_one()).await?;
    let more = page.limit.cut(&mut found);
    let next = found.last().filter(|_| more).map(|last| Id(last.id));
    Ok(Answer(PersonPage { persons: found.iter().map(PersonView::from).collect(), next }))
}

/// Whatever a page was to begin behind is erased.
pub(crate) fn page_is_gone() -> Problem {
    Problem::conflict("page-gone", "where this page begins is gone: begin with the first page")
}

/// A person to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    /// What the site says of the person.
    person: PersonData,
    /// Who may see the results; credentials are sent. It takes the scope `accounts:write` as well.
    #[serde(default)]
    account: Option<AccountData>,
}

/// A person was added.
#[derive(Debug, Serialize, ToSchema)]
struct AddedPerson {
    /// Names the person; never changes.
    id: PersonRef,
    /// What the site says.
    data: PersonData,
    /// The account that was opened.
    account: Option<AccountRef>,
}

/// Adds a person, with an account if one is wanted: both, or neither.
#[utoipa::path(
    post,
    path = "/v1/persons",
    operation_id = "person.add",
    tag = "persons",
    request_body = NewPerson,
    security(("token" = ["persons:write"])),
    responses(
        (status = 201, description = "It is there.", body = AddedPerson,
            headers(("Location" = String), ("ETag" = String))),
        Unreadable, InTheWay, Refused, Hashing, Guarded
    )
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewPerson>,
) -> Result<Response, Problem> {
    check(&new.person, "/person")?;
    if new.account.is_some() {
        caller.needs(Scope::AccountsWrite)?;
    }
    let person = new.person.into_person(PersonId::fresh()?);
    let account = new.account.map(AccountData::into_new).transpose()?;
    let enrolment = Enrolment { person: person.clone(), account, by: caller.name().to_owned() };
    let enrolled = app.services.accounts.enrol(enrolment).await?.map_err(|why| refused(&why))?;
    let view = PersonView::from(&person);
    let etag = ETag::of(&view)?;
    let added = AddedPerson { id: view.id, data: view.data, account: enrolled.account.map(Id) };
    let location = location(&format!("/v1/persons/{}", person.id));
    Ok((StatusCode::CREATED, location, etag.header(), Answer(added)).into_response())
}

/// What the parser does not see of a list: how long it is, and what stands in it twice.
pub(crate) fn check(person: &PersonData, at: &str) -> Result<(), Problem> {
    let ids = &person.patient_ids;
    if ids.is_empty() || ids.len() > PersonData::MOST_IDS {
        let detail = format!("a person has 1 to {} Patient IDs", PersonData::MOST_IDS);
        return Err(Problem::at(format!("{at}/patient_ids"), detail));
    }
    let is_second =
        |(place, id): &(usize, &IssuedPatientId)| ids.iter().take(*place).any(|one| one == *id);
    match ids.iter().enumerate().find(is_second) {
        Some((place, _)) => Err(Problem::refused_at(
            "patient-id-twice",
            format!("{at}/patient_ids/{place}"),
            "this Patient ID is there twice: leave one of the two out",
        )),
        None => Ok(()),
    }
}

/// Where what was made is.
pub(crate) fn location(path: &str) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(path);
    [(header::LOCATION, value.unwrap_or(HeaderValue::from_static("/")))]
}

/// Why somebody is not enrolled.
pub(crate) fn refused(why: &EnrolmentRefused) -> Problem {
    let code = match why {
        EnrolmentRefused::NoPatientId => return Problem::malformed(why.to_string()),
        EnrolmentRefused::NoPerson => return Problem::missing("person"),
        EnrolmentRefused::NoAccount => return Problem::missing("account"),
        EnrolmentRefused::PatientIdTaken(_) => "patient-id-taken",
        EnrolmentRefused::UserNameTaken => "user-name-taken",
        EnrolmentRefused::SubjectTaken => "subject-taken",
        EnrolmentRefused::Unreachable => "unreachable",
        EnrolmentRefused::Exists => "exists",
    };
    Problem::conflict(code, why.to_string())
}

/// Finds the person with a Patient ID.
#[utoipa::path(
    post,
    path = "/v1/persons/find",
    operation_id = "person.find",
    tag = "persons",
    request_body = IssuedPatientId,
    security(("token" = ["persons:read"])),
    responses(
        (status = 200, description = "The person, or nobody.", body = PersonPage),
        Unreadable, Guarded
    )
)]
async fn find(
    State(app): State<App>,
    caller: Caller,
    Json(wanted): Json<IssuedPatientId>,
) -> Result<Answer<PersonPage>, Problem> {
    let found = app.services.store.person_by_patient_id(&IssuedId::from(wanted)).await?;
    let event = app.event(&caller, "person.find", found.as_ref().map(|found| found.id), None);
    app.services.store.record_event(event).await?;
    Ok(Answer(PersonPage { persons: found.iter().map(PersonView::from).collect(), next: None }))
}

/// Reads a person.
#[utoipa::path(
    get,
    path = "/v1/persons/{person}",
    operation_id = "person.read",
    tag = "persons",
    params(("person" = PersonRef, Path, description = "Whom.")),
    security(("token" = ["persons:read"])),
    responses(
        (status = 200, description = "The person.", body = PersonView, headers(("ETag" = String))),
        Malformed, Missing, Guarded
    )
)]
async fn read(State(app): State<App>, In(Id(id)): In<PersonRef>) -> Result<Response, Problem> {
    let view = PersonView::from(&app.person(id).await?);
    Ok((ETag::of(&view)?.header(), Answer(view)).into_response())
}

/// Replaces what the site says of a person, if nobody changed it since it was read.
#[utoipa::path(
    put,
    path = "/v1/persons/{person}",
    operation_id = "person.replace",
    tag = "persons",
    params(
        ("person" = PersonRef, Path, description = "Whom."),
        ("If-Match" = inline(EntityTags), Header, description = "ETag of the answer that was read.")
    ),
    request_body = PersonData,
    security(("token" = ["persons:write"])),
    responses(
        (status = 200, description = "The person.", body = PersonView, headers(("ETag" = String))),
        Unreadable, Missing, InTheWay, Refused, Conditional, Guarded
    )
)]
async fn replace(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<PersonRef>,
    condition: IfMatch,
    Json(data): Json<PersonData>,
) -> Result<Response, Problem> {
    check(&data, "")?;
    let old = app.person(id).await?;
    condition.check(&ETag::of(&PersonView::from(&old))?)?;
    let new = data.into_person(id);
    let view = PersonView::from(&new);
    app.replace_person(&caller, old, new).await?;
    Ok((ETag::of(&view)?.header(), Answer(view)).into_response())
}

/// What went with a person.
#[derive(Debug, Serialize, ToSchema)]
struct ErasedPerson {
    /// Accounts that saw nobody else's results, and are gone with the messages to them.
    accounts: usize,
    /// Accounts that see the results of others still.
    unlinked: usize,
}

/// Erases a person with all that is kept of it. The audit trail stays: it names nobody.
///
/// What the file system and earlier backups still hold is not undone by it; `esito compact` writes the
/// store anew.
#[utoipa::path(
    delete,
    path = "/v1/persons/{person}",
    operation_id = "person.erase",
    tag = "persons",
    params(("person" = PersonRef, Path, description = "Whom.")),
    security(("token" = ["persons:erase"])),
    responses(
        (status = 200, description = "It is gone.", body = ErasedPerson),
        Malformed, Missing, Guarded
    )
)]
async fn erase(
    State(app): State<App>,
    caller: Caller,
    In(Id(id)): In<PersonRef>,
) -> Result<Answer<ErasedPerson>, Problem> {
    let prepared = app.services.store.preparations_of_person(id).await?;
    let event = app.event(&caller, "person.erase", Some(id), None);
    let erased = app.services.store.erase_person(id, event.into()).await?;
    let erased = erased.ok_or_else(|| Problem::missing("person"))?;
    let packages: Vec<_> = prepared.iter().map(|one| one.key).collect();
    if let Err(error) = app.services.downloads.forget(&packages).await {
        // The person is gone all the same; the sweep deletes what the store does not know.
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, "packages of a person who was erased wait for the sweep");
    }
    Ok(Answer(ErasedPerson { accounts: erased.accounts, unlinked: erased.unlinked }))
}

/// Exports all that is held about a person (GDPR, Article 15).
#[utoipa::path(
    get,
    path = "/v1/persons/{person}/export",
    operation_id = "person.export",
    tag = "persons",
    params(("person" = PersonRef, Path, description = "Whom.")),
    security(("token" = ["persons:export"])),
    responses(
        (status = 200, description = "All of it.", body = Export),
        Malformed, Missing, Guarded
    )
)]
async fn export(
    State(app): State<App>,
    In(Id(id)): In<PersonRef>,
) -> Result<Answer<Export>, Problem> {
    export::export(&app, id).await.map(Answer)
}

impl Admin {
    /// A person that is there.
    pub(crate) async fn person(&self, id: PersonId) -> Result<Person, Problem> {
        self.services.store.person(id).await?.ok_or_else(|| Problem::missing("person"))
    }

    /// Puts one state of a person in the place of another.
    pub(crate) async fn replace_person(
        &self,
        caller: &Caller,
        old: Person,
        new: Person,
    ) -> Result<(), Problem> {
        let event = self.event(caller, "person.replace", Some(new.id), None);
        match self.services.store.replace_person(old, new, event.into()).await? {
            Replaced::Done => Ok(()),
            Replaced::Gone => Err(Problem::missing("person")),
            Replaced::Stale => Err(Problem::stale()),
            Replaced::PatientIdTaken(other) => {
                Err(refused(&EnrolmentRefused::PatientIdTaken(other)))
            }
            Replaced::NoPatientId => Err(refused(&EnrolmentRefused::NoPatientId)),
        }
    }
}
