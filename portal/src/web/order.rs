//! One order (S-070 to S-073).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use store::{Holder, ReportId, ReportStatus};
use texts::Texts;

use crate::results::{ShownExamination, ShownOrder, ShownReport, modality_label};
use crate::shares::Offer;
use crate::web::App;
use crate::web::client::Client;
use crate::web::dates::{display_date, display_moment, display_timestamp};
use crate::web::error::Refusal;
use crate::web::holding::UnlockedShare;
use crate::web::orders::{freshness, shown, status};
use crate::web::patient::Frame;
use crate::web::person::{PatientSession, PersonView, display_name};
use crate::web::routes;
use crate::web::shares::form::{Faults, FormView, Typed};
use crate::web::shell::Shell;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    shell: &'a Shell,
    frame: Frame,
    /// The list; none for whom it was shared with.
    back: Option<String>,
    /// Where its package is asked for.
    ask: String,
    /// Where a report is asked for that lies in the study.
    read: String,
    /// There is something to be had alone.
    has_report: bool,
    /// There is something to be left out.
    has_viewer: bool,
    notice: Option<String>,
    /// The form to share it, where that can be done.
    share: Option<FormView>,
    /// With how many it is shared.
    shared: Option<String>,
    /// Who shares it with whom reads this, and until when.
    shared_by: Option<String>,
    description: String,
    placed: String,
    number: String,
    physician: String,
    status: &'static str,
    site: String,
    /// Images and documents, where there are several examinations.
    images: Option<u32>,
    examinations: Vec<ExaminationView>,
    reports: Vec<ReportView>,
}

struct ExaminationView {
    description: String,
    accession: String,
    status: &'static str,
    performed: String,
    modalities: Option<String>,
    images: Option<u32>,
    has_listed_report: bool,
    reports: Vec<ReportView>,
}

struct ReportView {
    id: ReportId,
    link: String,
    title: String,
    status: &'static str,
    date: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    Client(from): Client,
    mut shell: Shell,
    session: PatientSession,
    Path((_person, order)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let id = order.parse().map_err(|_odd| Refusal::NotFound)?;
    let opened = app.services.results.order(&session.who.account, id, from).await?;
    // An order of somebody else whom the account represents has another address.
    let opened = opened.filter(|opened| opened.person.id == session.person.id);
    let opened = opened.ok_or(Refusal::NotFound)?;
    let seen = app.services.results.see(&session.who.account, Some(id)).await?;
    shell.news = shell.news.map(|news| news.saturating_sub(seen));
    let frame = Frame::new(&session, None, app.services.clock.now(), shell.text);
    let shares = &app.services.shares;
    let offer = shares.offer_of(&opened).await?;
    let (now, text) = (app.services.clock.now(), shell.text);
    let form =
        |offer: &Offer| FormView::new(offer, &Typed::default(), Faults::default(), now, text);
    let recipients = shares.recipients_of(&session.who.account, id).await?;
    let page = OrderPage {
        back: Some(routes::results(session.person.id)),
        notice: freshness(opened.freshness, text),
        share: offer.as_ref().map(form),
        shared: (recipients > 0).then(|| text.share_of_order(recipients)),
        ..page(&shell, frame, &opened.order)
    };
    Ok(shell.page(StatusCode::OK, &page))
}

/// The order as a recipient sees it: alone, without what leads elsewhere (S-121, S-122).
pub(crate) async fn show_shared(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    UnlockedShare { open, .. }: UnlockedShare,
) -> Result<Response, Refusal> {
    let shares = &app.services.shares;
    let opened = shares.order(&open, from).await?.ok_or(Refusal::Locked)?;
    let (now, text) = (app.services.clock.now(), shell.text);
    let frame = Frame {
        person: PersonView::new(&opened.person, now, text),
        has_contact: shares.settings().show_contacts,
        tabs: Vec::new(),
        persons: Vec::new(),
    };
    let holder = Holder::from(open.clone());
    let name = display_name(&opened.person.name);
    let order = &opened.order;
    let mut page = OrderPage {
        ask: routes::downloads(&holder),
        read: routes::read_of(&holder, order.person, order.id),
        shared_by: Some(text.enter_shared_by(display_timestamp(open.share.until, text), name)),
        ..page(&shell, frame, order)
    };
    for report in page.all_reports() {
        report.link = routes::shared_report(open.share.id, report.id);
    }
    Ok(shell.page(StatusCode::OK, &page))
}

impl OrderPage<'_> {
    fn all_reports(&mut self) -> impl Iterator<Item = &mut ReportView> {
        self.examinations.iter_mut().flat_map(|one| &mut one.reports).chain(&mut self.reports)
    }
}

fn page<'a>(shell: &'a Shell, frame: Frame, order: &ShownOrder) -> OrderPage<'a> {
    let text = shell.text;
    let moment = order.placed.as_ref();
    OrderPage {
        shell,
        frame,
        back: None,
        ask: routes::ask(order.person, order.id),
        read: routes::read(order.person, order.id),
        has_report: order.has_report(),
        has_viewer: engine::has_viewer(),
        notice: None,
        share: None,
        shared: None,
        shared_by: None,
        description: shown(order.description.as_ref(), text),
        placed: moment.map_or_else(|| shown(None, text), |moment| display_moment(moment, text)),
        number: shown(order.number.as_ref(), text),
        physician: shown(order.physician.as_ref(), text),
        status: status(order.status, text),
        site: shown(order.site.as_ref(), text),
        images: order.instances().filter(|_| order.examinations.len() > 1),
        examinations: order.examinations.iter().map(|one| examination(order, one, text)).collect(),
        reports: order.reports.iter().map(|one| report(order, one, text)).collect(),
    }
}

fn examination(order: &ShownOrder, one: &ShownExamination, text: Texts) -> ExaminationView {
    let moment = one.performed.as_ref();
    ExaminationView {
        description: shown(one.description.as_ref(), text),
        accession: shown(one.accession_number.as_ref(), text),
        status: status(one.status, text),
        performed: moment.map_or_else(|| shown(None, text), |moment| display_moment(moment, text)),
        modalities: modalities(one, text),
        images: one.instances,
        has_listed_report: one.has_listed_report,
        reports: one.reports.iter().map(|one| report(order, one, text)).collect(),
    }
}

/// What was done, as people call it.
fn modalities(one: &ShownExamination, text: Texts) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in one.modalities.iter().filter_map(|modality| modality_label(modality, text)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

fn report(order: &ShownOrder, one: &ShownReport, text: Texts) -> ReportView {
    ReportView {
        id: one.id,
        link: routes::report(order.person, order.id, one.id),
        title: one.title.clone().unwrap_or_else(|| text.order_report().to_owned()),
        status: match one.status {
            ReportStatus::Preliminary => text.order_report_provisional(),
            ReportStatus::Final => text.order_report_final(),
        },
        date: one.dated.map_or_else(|| shown(None, text), |date| display_date(date, text)),
    }
}
