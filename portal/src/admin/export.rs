//! All that is held about a person, for a request of access (GDPR, Article 15).
//!
//! Left out are secrets, and what belongs to others: the content of messages, which holds credentials, and
//! the addresses of accounts whose holders represent the person.

use std::collections::BTreeSet;

use serde::Serialize;
use store::{
    Account, Asker, EventQuery, PersonId, Preparation, PreparationState, Recipient, Report,
    Request, Session,
};
use utoipa::ToSchema;

use crate::admin::Admin;
use crate::admin::account::{AccountView, Role};
use crate::admin::audit::EventView;
use crate::admin::messages::MessageView;
use crate::admin::order::{OrderView, ReportView};
use crate::admin::person::PersonView;
use crate::admin::problem::Problem;
use crate::admin::shares::ShareView;
use crate::admin::values::{AccountRef, Id, Moment, OrderRef};
use crate::results::SiteResults;

/// Events of one person or account in an export: years of daily use.
const MOST_EVENTS: usize = 20_000;
/// Messages of one account in an export.
const MOST_MESSAGES: usize = 5_000;

/// All that is held about a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Export {
    /// When it was made.
    made: Moment,
    /// What the site says of the person.
    person: PersonView,
    /// The person's own accounts.
    accounts: Vec<OwnAccount>,
    /// Accounts of others that see the person's results.
    represented_by: Vec<OtherAccount>,
    /// Orders as the PACS told them, and what was decided on them.
    orders: Vec<OrderView>,
    /// Reports that were handed in.
    reports: Vec<ReportView>,
    /// Orders that are or were shared, without with whom.
    shares: Vec<ShareView>,
    /// What the audit trail holds, the oldest first.
    events: Vec<EventView>,
    /// Whether there are more events or messages than these.
    is_cut: bool,
}

/// An account of the person.
#[derive(Debug, Serialize, ToSchema)]
struct OwnAccount {
    /// The account.
    account: AccountView,
    /// Where it is logged in.
    sessions: Vec<SessionView>,
    /// Messages to it, without content.
    messages: Vec<AddressedMessage>,
    /// What it asked to download.
    downloads: Vec<DownloadView>,
}

/// Something that was asked for.
#[derive(Debug, Serialize, ToSchema)]
struct DownloadView {
    /// Of which order.
    order: OrderRef,
    /// When.
    asked: Moment,
    /// Until when the package is kept, if it is there.
    kept_until: Option<Moment>,
}

impl From<&(Request, Preparation)> for DownloadView {
    fn from((request, preparation): &(Request, Preparation)) -> Self {
        let kept_until = match &preparation.state {
            PreparationState::Ready(package) => Some(Moment(package.until)),
            _ => None,
        };
        Self { order: Id(request.order), asked: Moment(request.created), kept_until }
    }
}

/// A message with the address that it goes to.
#[derive(Debug, Serialize, ToSchema)]
struct AddressedMessage {
    /// The message.
    message: MessageView,
    /// E-mail address or telephone number.
    to: String,
}

/// Somebody is logged in.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// Since when.
    begun: Moment,
    /// When it was last used.
    seen: Moment,
    /// When it ends in any case.
    ends: Moment,
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            begun: Moment(session.begun),
            seen: Moment(session.seen),
            ends: Moment(session.ends),
        }
    }
}

/// An account of somebody else.
#[derive(Debug, Serialize, ToSchema)]
struct OtherAccount {
    /// Which.
    account: AccountRef,
    /// What it is to the person.
    role: Role,
    /// Until when.
    until: Option<Moment>,
}

/// Gathers it.
pub(crate) async fn export(app: &Admin, id: PersonId) -> Result<Export, Problem> {
    let store = &app.services.store;
    let results = app.services.results.of_person(id).await?;
    let results = results.ok_or_else(|| Problem::missing("person"))?;
    let mut export = Export {
        made: Moment(app.services.clock.now()),
        person: PersonView::from(&results.person),
        accounts: Vec::new(),
        represented_by: Vec::new(),
        orders: results.orders.iter().map(OrderView::from).collect(),
        reports: all_reports(&results).map(ReportView::from).collect(),
        shares: Vec::new(),
        events: Vec::new(),
        is_cut: false,
    };
    let (shares, now) = (store.shares_of_person(id).await?, app.services.clock.now());
    export.shares = shares.iter().map(|share| ShareView::of(share, now)).collect();
    let mut found = app.events(EventQuery { person: Some(id), ..EventQuery::default() }).await?;
    export.is_cut |= found.len() == MOST_EVENTS;
    for account in store.accounts_of_person(id).await? {
        let Some(link) = account.persons.iter().find(|link| link.person == id) else { continue };
        if link.role == store::Role::Oneself {
            let query = EventQuery { account: Some(account.id), ..EventQuery::default() };
            let more = app.events(query).await?;
            export.is_cut |= more.len() == MOST_EVENTS;
            found.extend(more);
            let own = app.own_account(&account).await?;
            export.is_cut |= own.messages.len() == MOST_MESSAGES;
            export.accounts.push(own);
        } else {
            export.represented_by.push(OtherAccount {
                account: Id(account.id),
                role: link.role.into(),
                until: link.until.map(Moment),
            });
        }
    }
    found.sort_by_key(|recorded| recorded.place);
    found.dedup_by_key(|recorded| recorded.place);
    export.events = found.into_iter().map(EventView::from).collect();
    Ok(export)
}

/// Every report once, though it can be on several orders.
fn all_reports(results: &SiteResults) -> impl Iterator<Item = &Report> {
    let mut seen = BTreeSet::new();
    let on_orders = results.orders.iter().flat_map(|order| &order.reports);
    on_orders.chain(&results.waiting_reports).filter(move |report| seen.insert(report.id))
}

impl Admin {
    async fn events(&self, query: EventQuery) -> Result<Vec<store::Recorded>, Problem> {
        Ok(self.services.store.events(query, MOST_EVENTS).await?)
    }

    async fn own_account(&self, account: &Account) -> Result<OwnAccount, Problem> {
        let store = &self.services.store;
        let messages = store.messages_of_account(account.id, MOST_MESSAGES).await?;
        let to = |to: &Recipient| match to {
            Recipient::Email(to) | Recipient::Sms(to) => to.0.clone(),
        };
        Ok(OwnAccount {
            account: AccountView::from(account),
            sessions: store
                .sessions_of_account(account.id)
                .await?
                .iter()
                .map(SessionView::from)
                .collect(),
            messages: messages
                .iter()
                .map(|message| AddressedMessage {
                    message: MessageView::from(message),
                    to: to(&message.to),
                })
                .collect(),
            downloads: store
                .requests_of(Asker::Account(account.id))
                .await?
                .iter()
                .map(DownloadView::from)
                .collect(),
        })
    }
}
