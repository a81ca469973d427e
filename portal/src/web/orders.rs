//! The list of results: searched, sorted, page by page (S-060 to S-068).
//!
//! What is searched for is sent in the body of a form: it can be a value of the patient, and addresses stand in
//! logs and histories.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use store::ExaminationStatus;
use texts::Texts;

use crate::accounts::Page;
use crate::results::{
    Freshness, ListQuery, News, OrderList, ShownOrder, Sort, kind_label, status_label,
};
use crate::web::App;
use crate::web::client::Client;
use crate::web::dates::{display_moment, display_timestamp};
use crate::web::error::Refusal;
use crate::web::form::Submitted;
use crate::web::narrowing::{Choice, ListForm, SORTS};
use crate::web::news::label;
use crate::web::patient::{Frame, Tab};
use crate::web::person::PatientSession;
use crate::web::routes;
use crate::web::shell::Shell;

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage<'a> {
    shell: &'a Shell,
    frame: Frame,
    /// Where the forms go.
    here: String,
    list: &'a ListForm,
    choices: Vec<Choice>,
    notices: Vec<String>,
    /// The PACS are being asked.
    refreshing: Option<String>,
    counted: String,
    columns: Vec<Column>,
    orders: Vec<Line>,
    /// What is said where there are none.
    empty: Empty,
    /// Pages from 1; none when one is all.
    paged: String,
    previous: Option<usize>,
    next: Option<usize>,
}

/// Why the list is empty, and what to do.
struct Empty {
    heading: &'static str,
    advice: &'static str,
    /// It comes by itself.
    is_loading: bool,
}

struct Column {
    name: &'static str,
    /// What its button asks for; none for what cannot be sorted.
    sort: Option<String>,
    /// `ascending` or `descending` (WAI-ARIA 1.2, aria-sort), if the list is sorted by it.
    sorted: Option<&'static str>,
}

struct Line {
    href: String,
    description: String,
    kind: &'static str,
    status: &'static str,
    has_status: bool,
    is_final: bool,
    /// Why it is news.
    what: Option<&'static str>,
    tests: String,
    examinations: Vec<(String, &'static str)>,
    placed: String,
    site: String,
    has_report: bool,
}

pub(crate) async fn show(
    State(app): State<App>,
    client: Client,
    shell: Shell,
    session: PatientSession,
    Query(form): Query<ListForm>,
) -> Result<Response, Refusal> {
    // What is searched for does not stand in an address.
    list(&app, client, &shell, &session, &form.of_all()).await
}

pub(crate) async fn search(
    State(app): State<App>,
    client: Client,
    shell: Shell,
    session: PatientSession,
    Submitted(form): Submitted<ListForm>,
) -> Result<Response, Refusal> {
    list(&app, client, &shell, &session, &form).await
}

async fn list(
    app: &App,
    Client(from): Client,
    shell: &Shell,
    session: &PatientSession,
    form: &ListForm,
) -> Result<Response, Refusal> {
    let (text, person) = (shell.text, session.person.id);
    app.services.accounts.views(&session.who, person, Page::Results, from).await?;
    let query = form.query(person, text);
    let list = app.services.results.list(&session.who.account, &query).await?;
    let empty = empty(list.freshness, form.is_narrowed(), text);
    // Where nothing is listed yet, the page says so in the place of the list.
    let is_told = list.freshness == Freshness::Refreshing
        && !(list.page.orders.is_empty() && empty.is_loading);
    let page = OrdersPage {
        shell,
        frame: Frame::new(session, Some(Tab::Results), app.services.clock.now(), text),
        here: routes::results(person),
        list: form,
        choices: form.choices(&list.choices, text),
        notices: notices(&list, session.person.consent.online_results, text),
        refreshing: is_told.then(|| freshness(list.freshness, text)).flatten(),
        counted: text.order_counted(list.page.total),
        columns: columns(&query, text),
        orders: list
            .page
            .orders
            .iter()
            .map(|order| line(order, list.news.get(&order.id).copied(), text))
            .collect(),
        empty,
        paged: text.order_page(list.page.page + 1, list.page.pages),
        previous: (list.page.page > 0).then_some(list.page.page),
        next: (list.page.page + 1 < list.page.pages).then_some(list.page.page + 2),
    };
    Ok(shell.page(StatusCode::OK, &page))
}

fn empty(freshness: Freshness, is_narrowed: bool, text: Texts) -> Empty {
    let is_loading = freshness == Freshness::Refreshing && !is_narrowed;
    let (heading, advice) = match freshness {
        _ if is_narrowed => (text.order_none_found(), text.order_none_found_advice()),
        Freshness::Refreshing => (text.order_loading(), text.order_loading_advice()),
        Freshness::Behind(None) => (text.order_unknown(), text.order_unknown_advice()),
        Freshness::Behind(Some(_)) | Freshness::Current => {
            (text.order_none(), text.order_none_advice())
        }
    };
    Empty { heading, advice, is_loading }
}

/// What a reader should know of the list.
fn notices(list: &OrderList, has_consent: bool, text: Texts) -> Vec<String> {
    if !has_consent {
        return vec![text.order_no_consent().to_owned()];
    }
    let freshness = match list.freshness {
        Freshness::Refreshing => None,
        other => freshness(other, text),
    };
    let incomplete = list.incomplete_sentence(text).map(str::to_owned);
    freshness.into_iter().chain(incomplete).collect()
}

pub(crate) fn freshness(freshness: Freshness, text: Texts) -> Option<String> {
    freshness.sentence(text, |moment| display_timestamp(moment, text))
}

fn columns(query: &ListQuery, text: Texts) -> Vec<Column> {
    let names = [
        text.order_description(),
        text.order_kind(),
        text.order_status(),
        text.order_placed(),
        text.order_site(),
    ];
    let sortable = SORTS.iter().zip(names).map(|((key, sort), name)| {
        let is_sorted = query.sort == *sort;
        let (sorted, ask) = match (is_sorted, query.is_descending) {
            (true, true) => (Some("descending"), (*key).to_owned()),
            (true, false) => (Some("ascending"), format!("-{key}")),
            // Dates begin with the newest, words with A.
            (false, _) if *sort == Sort::Placed => (None, format!("-{key}")),
            (false, _) => (None, (*key).to_owned()),
        };
        Column { name, sort: Some(ask), sorted }
    });
    let reports = Column { name: text.order_reports(), sort: None, sorted: None };
    sortable.chain([reports]).collect()
}

fn line(order: &ShownOrder, why: Option<News>, text: Texts) -> Line {
    Line {
        href: routes::order(order.person, order.id),
        description: shown(order.description.as_ref(), text),
        kind: order.kind.map_or(text.profile_not_available(), |kind| kind_label(kind, text)),
        status: status(order.status, text),
        has_status: order.status.is_some(),
        is_final: order.status == Some(ExaminationStatus::Final),
        what: why.map(|why| label(why, text)),
        tests: text.order_tests(order.examinations.len()),
        examinations: order
            .examinations
            .iter()
            .map(|one| (shown(one.description.as_ref(), text), status(one.status, text)))
            .collect(),
        placed: order
            .placed
            .as_ref()
            .map_or_else(|| shown(None, text), |moment| display_moment(moment, text)),
        site: shown(order.site.as_ref(), text),
        has_report: order.has_report(),
    }
}

/// A text, or that there is none (S-056).
pub(crate) fn shown(value: Option<&String>, text: Texts) -> String {
    value.map_or(text.profile_not_available(), String::as_str).to_owned()
}

pub(crate) fn status(status: Option<ExaminationStatus>, text: Texts) -> &'static str {
    status.map_or(text.profile_not_available(), |status| status_label(status, text))
}
