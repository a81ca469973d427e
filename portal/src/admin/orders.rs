//! Orders: list those of a person with why they are withheld, hold, release.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Decided, Private, Ruling};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::body::{In, Json};
use crate::admin::guard::Caller;
use crate::admin::openapi::{Guarded, Malformed, Missing, Unreadable};
use crate::admin::order::{OrderView, ReportView};
use crate::admin::problem::Problem;
use crate::admin::values::{Id, LongLine, Moment, OrderRef, PatientId, PersonRef, Uid};
use crate::admin::{Admin, App};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_person))
        .routes(routes!(refresh))
        .routes(routes!(find))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(follow_rule))
}

/// The results of a person as the site sees them.
#[derive(Debug, Serialize, ToSchema)]
struct OrderList {
    /// Whether the person agreed to results on line: without, nothing is shown.
    online_results: bool,
    /// The newest first.
    orders: Vec<OrderView>,
    /// Reports on nothing that the PACS has told so far.
    waiting_reports: Vec<ReportView>,
    /// What each PACS last answered.
    pacs: Vec<PacsView>,
}

/// What a PACS last answered on the orders of a person.
#[derive(Debug, Serialize, ToSchema)]
struct PacsView {
    /// Its name.
    pacs: String,
    /// When it last answered.
    answered: Option<Moment>,
    /// Since when it does not.
    failing_since: Option<Moment>,
    /// Why not.
    fault: Option<String>,
    /// Studies that it told of another patient, or of an issuer other than the one of the Patient ID: they are not
    /// taken.
    refused: u32,
    /// Whether it had more than it is asked for.
    is_cut: bool,
}

/// Lists the orders of a person, and says of each examination why it is withheld.
#[utoipa::path(
    get,
    path = "/v1/persons/{person}/orders",
    operation_id = "order.list",
    tag = "orders",
    params(("person" = PersonRef, Path, description = "Whose.")),
    security(("token" = ["orders:read"])),
    responses(
        (status = 200, description = "All of them.", body = OrderList),
        Malformed, Missing, Guarded
    )
)]
async fn of_person(
    State(app): State<App>,
    In(Id(person)): In<PersonRef>,
) -> Result<Answer<OrderList>, Problem> {
    let results = app.services.results.of_person(person).await?;
    let results = results.ok_or_else(|| Problem::missing("person"))?;
    let answers = results.refresh.iter().flat_map(|refresh| &refresh.answers);
    Ok(Answer(OrderList {
        online_results: results.person.consent.online_results,
        orders: results.orders.iter().map(OrderView::from).collect(),
        waiting_reports: results.waiting_reports.iter().map(ReportView::from).collect(),
        pacs: answers
            .map(|answer| PacsView {
                pacs: answer.pacs.clone(),
                answered: answer.answered.map(Moment),
                failing_since: answer.failing_since.map(Moment),
                fault: answer.fault.clone(),
                refused: answer.refused,
                is_cut: answer.is_cut,
            })
            .collect(),
    }))
}

/// Whether the PACS were asked.
#[derive(Debug, Serialize, ToSchema)]
struct Refreshed {
    /// False when somebody else is asking them for the same person at this moment.
    asked: bool,
}

/// Asks the PACS for the orders of a person now, and waits for their answers; the list tells what each said.
#[utoipa::path(
    post,
    path = "/v1/persons/{person}/orders/refresh",
    operation_id = "order.refresh",
    tag = "orders",
    params(("person" = PersonRef, Path, description = "Whose.")),
    security(("token" = ["orders:write"])),
    responses(
        (status = 200, description = "They were asked.", body = Refreshed),
        Malformed, Missing, Guarded
    )
)]
async fn refresh(
    State(app): State<App>,
    caller: Caller,
    In(Id(person)): In<PersonRef>,
) -> Result<Answer<Refreshed>, Problem> {
    app.person(person).await?;
    let event = app.event(&caller, "order.refresh", Some(person), None);
    app.services.store.record_event(event).await?;
    Ok(Answer(Refreshed { asked: app.services.results.refresh(person).await? }))
}

/// Which orders.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Order number or accession number.
    number: PatientId,
}

/// Orders that were found.
#[derive(Debug, Serialize, ToSchema)]
struct FoundOrders {
    /// At most 100.
    orders: Vec<FoundOrder>,
}

/// An order and whose it is.
#[derive(Debug, Serialize, ToSchema)]
struct FoundOrder {
    /// Whose.
    person: PersonRef,
    /// Which.
    order: OrderRef,
}

/// The most that are found.
const MOST_FOUND: usize = 100;

/// Finds the orders with an order number or accession number.
#[utoipa::path(
    post,
    path = "/v1/orders/find",
    operation_id = "order.find",
    tag = "orders",
    request_body = Wanted,
    security(("token" = ["orders:read"])),
    responses(
        (status = 200, description = "What was found.", body = FoundOrders),
        Unreadable, Guarded
    )
)]
async fn find(
    State(app): State<App>,
    caller: Caller,
    Json(wanted): Json<Wanted>,
) -> Result<Answer<FoundOrders>, Problem> {
    let found = app.services.results.find(&wanted.number.into_string(), MOST_FOUND).await?;
    let event = app.event(&caller, "order.find", found.first().map(|(person, _)| *person), None);
    app.services.store.record_event(event).await?;
    let orders = found
        .into_iter()
        .map(|(person, order)| FoundOrder { person: Id(person), order: Id(order) });
    Ok(Answer(FoundOrders { orders: orders.collect() }))
}

/// On what it is decided, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRuling {
    /// One examination of the order, by Study Instance UID; without it, all.
    #[serde(default)]
    study: Option<Uid>,
    /// Why.
    #[serde(default)]
    reason: Option<LongLine>,
}

/// Withholds an order or an examination of it, whatever the rule of the site.
#[utoipa::path(
    post,
    path = "/v1/orders/{order}/hold",
    operation_id = "order.hold",
    tag = "orders",
    params(("order" = OrderRef, Path, description = "Which.")),
    request_body = NewRuling,
    security(("token" = ["orders:write"])),
    responses((status = 204, description = "It is withheld."), Unreadable, Missing, Guarded)
)]
async fn hold(
    State(app): State<App>,
    caller: Caller,
    In(order): In<OrderRef>,
    Json(ruling): Json<NewRuling>,
) -> Result<StatusCode, Problem> {
    app.decide(&caller, order, Some(Ruling::Hold), ruling).await
}

/// Shows an order or an examination of it, whatever the rule of the site.
#[utoipa::path(
    post,
    path = "/v1/orders/{order}/release",
    operation_id = "order.release",
    tag = "orders",
    params(("order" = OrderRef, Path, description = "Which.")),
    request_body = NewRuling,
    security(("token" = ["orders:write"])),
    responses((status = 204, description = "It is shown."), Unreadable, Missing, Guarded)
)]
async fn release(
    State(app): State<App>,
    caller: Caller,
    In(order): In<OrderRef>,
    Json(ruling): Json<NewRuling>,
) -> Result<StatusCode, Problem> {
    app.decide(&caller, order, Some(Ruling::Release), ruling).await
}

/// Takes back what was decided: the rule of the site counts again.
#[utoipa::path(
    post,
    path = "/v1/orders/{order}/follow-rule",
    operation_id = "order.follow-rule",
    tag = "orders",
    params(("order" = OrderRef, Path, description = "Which.")),
    request_body = NewRuling,
    security(("token" = ["orders:write"])),
    responses((status = 204, description = "The rule counts."), Unreadable, Missing, Guarded)
)]
async fn follow_rule(
    State(app): State<App>,
    caller: Caller,
    In(order): In<OrderRef>,
    Json(ruling): Json<NewRuling>,
) -> Result<StatusCode, Problem> {
    app.decide(&caller, order, None, ruling).await
}

impl Admin {
    async fn decide(
        &self,
        caller: &Caller,
        Id(order): OrderRef,
        ruling: Option<Ruling>,
        NewRuling { study, reason }: NewRuling,
    ) -> Result<StatusCode, Problem> {
        let study = study.map(Uid::into_string);
        let reason = reason.map(|reason| Private(reason.into_string()));
        let results = &self.services.results;
        match results.decide(order, study, ruling, caller.name(), reason).await? {
            Decided::Done => Ok(StatusCode::NO_CONTENT),
            Decided::NoSuchOrder => Err(Problem::missing("order")),
            Decided::NoSuchExamination => Err(Problem::missing("examination in the order")),
        }
    }
}
