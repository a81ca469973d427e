//! Sharing, as a patient does it: the form, and "Condivisioni" with all that was shared (S-100 to S-110).

mod card;
pub(crate) mod form;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Language, OrderId, Private, ShareId};

use crate::shares::{Changed, Fault, PinWay, ShareForm, SharedOrder};
use crate::web::App;
use crate::web::client::Client;
use crate::web::dates::display_timestamp;
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::login::{append, retry_after};
use crate::web::person::{PatientSession, display_name, represented};
use crate::web::routes;
use crate::web::session::AccountSession;
use crate::web::shares::card::Card;
use crate::web::shares::form::{Faults, FormView, Typed, pin_fault, spans, ways};
use crate::web::shell::Shell;
use crate::web::toast::Toast;

/// What stands between addresses.
const BETWEEN: [char; 6] = [',', ';', ' ', '\n', '\r', '\t'];

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage<'a> {
    shell: &'a Shell,
    share: &'a FormView,
}

#[derive(Template)]
#[template(path = "shares.html")]
struct SharesPage<'a> {
    shell: &'a Shell,
    shares: Vec<Card>,
}

#[derive(Template)]
#[template(path = "share_done.html")]
struct DonePage<'a> {
    shell: &'a Shell,
    share: Card,
}

/// For how long from now.
#[derive(Debug, Deserialize)]
pub(crate) struct ExtendForm {
    days: u16,
}

/// Another PIN, and how it is told.
#[derive(Debug, Deserialize)]
pub(crate) struct PinForm {
    pin: String,
    #[serde(default)]
    way: String,
    #[serde(default)]
    phone: String,
}

/// The form, on a page of its own.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    session: PatientSession,
    Path((_person, order)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let blank = Typed::default();
    let share = form_of(&app, &shell, &session, &order, &blank, Faults::default()).await?;
    Ok(shell.page(StatusCode::OK, &SharePage { shell: &shell, share: &share }))
}

/// Shares the order, or says at which field what is wrong.
pub(crate) async fn share(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    session: PatientSession,
    Path((_person, order)): Path<(String, String)>,
    Submitted(typed): Submitted<Typed>,
) -> Result<Response, Refusal> {
    let id: OrderId = order.parse().map_err(|_odd| Refusal::NotFound)?;
    let account = &session.who.account;
    session.owns(&app, id).await?;
    let addresses: Vec<&str> =
        typed.emails.split(BETWEEN).filter(|address| !address.is_empty()).collect();
    let shared = app.services.shares.share(account, id, read(&typed, &addresses), from).await?;
    let faults = match shared {
        SharedOrder::Done(share) => {
            return Ok(Redirect::to(&routes::share_done(share)).into_response());
        }
        SharedOrder::NoSuchOrder => return Err(Refusal::NotFound),
        SharedOrder::Refused(faults) => Faults::of(&faults, &addresses, shell.text),
        SharedOrder::TooManyShares => whole(shell.text.share_fault_shares()),
        SharedOrder::TooManyRecipients => whole(shell.text.share_fault_recipients()),
    };
    let share = form_of(&app, &shell, &session, &order, &typed, faults).await?;
    let page = SharePage { shell: &shell, share: &share };
    Ok(shell.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

fn whole(sentence: &str) -> Faults {
    Faults { whole: Some(sentence.to_owned()), ..Faults::default() }
}

/// What was typed, as the shares want it.
fn read(typed: &Typed, addresses: &[&str]) -> ShareForm {
    ShareForm {
        emails: addresses.iter().map(|one| Private((*one).to_owned())).collect(),
        pin: Private(typed.pin.clone()),
        days: typed.days.parse().unwrap_or_default(),
        message: Private(typed.message.clone()),
        language: if typed.language == "en" { Language::En } else { Language::It },
        way: way(&typed.way, &typed.phone),
    }
}

fn way(way: &str, phone: &str) -> PinWay {
    match way {
        "sms" => PinWay::Sms(Private(phone.to_owned())),
        "oneself" => PinWay::Oneself,
        _ => PinWay::Email,
    }
}

async fn form_of(
    app: &App,
    shell: &Shell,
    session: &PatientSession,
    order: &str,
    typed: &Typed,
    faults: Faults,
) -> Result<FormView, Refusal> {
    let order: OrderId = order.parse().map_err(|_odd| Refusal::NotFound)?;
    let offer = app.services.shares.offer(&session.who.account, order).await?;
    let offer = offer.filter(|offer| offer.person.id == session.person.id);
    let offer = offer.ok_or(Refusal::NotFound)?;
    Ok(FormView::new(&offer, typed, faults, app.services.clock.now(), shell.text))
}

/// All that was shared, the newest first.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    AccountSession(who): AccountSession,
) -> Result<Response, Refusal> {
    let shares = cards(&app, &shell, &who.account).await?;
    Ok(shell.page(StatusCode::OK, &SharesPage { shell: &shell, shares }))
}

/// That it is shared, and with whom.
pub(crate) async fn done(
    State(app): State<App>,
    shell: Shell,
    AccountSession(who): AccountSession,
    Path(share): Path<String>,
) -> Result<Response, Refusal> {
    let id = named(&share)?;
    let cards = cards(&app, &shell, &who.account).await?;
    let share = cards.into_iter().find(|card| card.id == id).ok_or(Refusal::NotFound)?;
    Ok(shell.page(StatusCode::OK, &DonePage { shell: &shell, share }))
}

async fn cards(app: &App, shell: &Shell, account: &store::Account) -> Result<Vec<Card>, Refusal> {
    let services = &app.services;
    let (now, text) = (services.clock.now(), shell.text);
    let shown = services.shares.of_account(account).await?;
    let persons = represented(services, account).await?;
    let mut cards = Vec::with_capacity(shown.len());
    for one in &shown {
        let share = &one.share;
        let mut card = Card::new(one, now, text);
        if persons.len() > 1 {
            let whose = persons.iter().find(|person| person.id == share.person);
            card.whose = whose.map(|person| display_name(&person.name));
        }
        if one.description.is_some() {
            card.order = Some(routes::order(share.person, share.order));
        }
        if card.can_be_changed {
            let offer = services.shares.offer(account, share.order).await?;
            card.spans = offer.map(|offer| spans(&offer.terms, "", text)).unwrap_or_default();
        }
        cards.push(card);
    }
    Ok(cards)
}

fn named(share: &str) -> Result<ShareId, Refusal> {
    share.parse().map_err(|_odd| Refusal::NotFound)
}

/// Ends a share at once.
pub(crate) async fn revoke(
    State(app): State<App>,
    Client(from): Client,
    AccountSession(who): AccountSession,
    Path(share): Path<String>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    changed(app.services.shares.revoke(&who.account, named(&share)?, from).await?)
}

/// Lets a frozen share be opened again; one that is open stays so.
pub(crate) async fn rearm(
    State(app): State<App>,
    Client(from): Client,
    AccountSession(who): AccountSession,
    Path(share): Path<String>,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    changed(app.services.shares.rearm(&who.account, named(&share)?, from).await?)
}

/// Makes a share last longer.
pub(crate) async fn extend(
    State(app): State<App>,
    Client(from): Client,
    AccountSession(who): AccountSession,
    Path(share): Path<String>,
    Submitted(form): Submitted<ExtendForm>,
) -> Result<Response, Refusal> {
    let id = named(&share)?;
    match app.services.shares.extend(&who.account, id, form.days, from).await? {
        Changed::Done => changed(true),
        Changed::NoSuchShare => changed(false),
        Changed::Refused(_) | Changed::Wait { .. } => Err(Refusal::BadForm),
    }
}

/// Gives a share another PIN, or says why it cannot be that one.
pub(crate) async fn renew_pin(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    AccountSession(who): AccountSession,
    Path(share): Path<String>,
    Submitted(form): Submitted<PinForm>,
) -> Result<Response, Refusal> {
    let id = named(&share)?;
    let (way, text) = (way(&form.way, &form.phone), shell.text);
    let shares = &app.services.shares;
    let (mut faults, mut wait) = (Faults::default(), None);
    match shares.renew_pin(&who.account, id, &form.pin, &way, from).await? {
        Changed::Done => return changed(true),
        Changed::NoSuchShare => return changed(false),
        Changed::Refused(Fault::Pin(fault)) => faults.pin = Some(pin_fault(fault, text).to_owned()),
        Changed::Refused(_) => faults.phone = Some(text.share_fault_phone().to_owned()),
        Changed::Wait { until } => {
            faults.whole = Some(text.share_fault_sent(display_timestamp(until, text)));
            wait = Some(until);
        }
    }
    let mut shares = cards(&app, &shell, &who.account).await?;
    if let Some(card) = shares.iter_mut().find(|card| card.id == id) {
        card.fault = faults.whole;
        card.pin_fault = faults.pin;
        card.phone_fault = faults.phone;
        card.ways = ways(&form.way, shell.text);
        card.phone = form.phone;
    }
    let page = SharesPage { shell: &shell, shares };
    let response = shell.page(StatusCode::UNPROCESSABLE_ENTITY, &page);
    Ok(match wait {
        Some(until) => retry_after(response, until, &app),
        None => response,
    })
}

fn changed(is_changed: bool) -> Result<Response, Refusal> {
    if !is_changed {
        return Err(Refusal::NotFound);
    }
    let mut response = Redirect::to(routes::SHARES).into_response();
    append(&mut response, [Toast::ShareChanged.leave()]);
    Ok(response)
}
