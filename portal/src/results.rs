//! Results: the orders of the persons that an account represents, as far as they may be seen.
//!
//! Invariant: what is withheld is invisible: an order that may not be seen, one of somebody else and one
//! that is not there have the same answer, and cost the same.
//! Invariant: what is shown is what the store has; the PACS are asked behind it.

mod gate;
mod grouping;
mod holder;
mod news;
mod pacs;
mod query;
mod refresh;
mod release;
mod shown;
mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::pacs::PacsSettings;
use jiff::Timestamp;
use store::{
    Account, Actor, Event, ExaminationStatus, NoRandom, OrderId, Outcome, Person, PersonId,
    PersonResults, Refresh, Report, ReportId, Store, StoreError,
};
use texts::Texts;
use tokio::sync::broadcast;

pub use grouping::Told;
pub use news::News;
pub use pacs::PacsOrders;
pub use query::{ListQuery, OrderPage, Sort, kind_label, modality_label, status_label};
use refresh::Refresher;
pub use refresh::{Answer, OrderSource, RefreshRules};
pub use release::{ReleaseRule, ReleaseRules, Withheld};
pub use shown::{ShownExamination, ShownOrder, ShownReport};
pub use site::{ReportImport, ReportRefused, SiteExamination, SiteOrder, SiteResults, Whose};

use crate::accounts::Origin;
use crate::clock::Clock;

/// Why the results gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// The results over a store.
#[derive(Debug, Clone)]
pub struct Results {
    store: Arc<dyn Store>,
    refresher: Refresher,
    release: ReleaseRules,
    most_report_bytes: u64,
    clock: Clock,
    /// On whose results the site decided something.
    decided: broadcast::Sender<PersonId>,
}

/// Decisions that a listener may be behind before it looks at everything again.
const DECISIONS: usize = 64;

/// What patients see, and from where.
#[derive(Debug, Clone)]
pub struct ResultsSettings {
    /// Whom to ask, those that are believed first in front.
    pub pacs: Vec<PacsSettings>,
    /// How often.
    pub refresh: RefreshRules,
    /// What is shown of the answers.
    pub release: ReleaseRules,
    /// The largest report that is taken.
    pub most_report_bytes: u64,
}

impl Default for ResultsSettings {
    fn default() -> Self {
        Self {
            pacs: Vec::new(),
            refresh: RefreshRules::default(),
            release: ReleaseRules::default(),
            most_report_bytes: 32 << 20,
        }
    }
}

/// A page of the orders that an account may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderList {
    /// Whose results the account sees.
    pub persons: Vec<Person>,
    /// The orders.
    pub page: OrderPage,
    /// Of when they are.
    pub freshness: Freshness,
    /// A PACS has more than is asked of it.
    pub is_incomplete: bool,
    /// Which of all orders, on any page, are news to the account.
    pub news: BTreeMap<OrderId, News>,
    /// By what the orders of the person can be narrowed down.
    pub choices: Choices,
}

/// What all orders of a list have, whatever it is narrowed down to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Modalities (0008,0061).
    pub modalities: BTreeSet<String>,
    /// Places.
    pub sites: BTreeSet<String>,
    /// States.
    pub statuses: BTreeSet<ExaminationStatus>,
}

/// One order that an account may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedOrder {
    /// Whose it is.
    pub person: Person,
    /// The order.
    pub order: ShownOrder,
    /// Of when it is.
    pub freshness: Freshness,
}

/// A report that an account may see. Only [`Results::report`] makes one.
#[derive(Debug, Clone)]
pub struct OpenedReport {
    report: Report,
    store: Arc<dyn Store>,
}

/// Of when the orders are, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// A PACS does not answer; its orders are of this moment, or it never told any.
    Behind(Option<Timestamp>),
    /// The PACS are being asked.
    Refreshing,
    /// Every PACS answered of late.
    Current,
}

impl Freshness {
    /// What a reader of the list should know; `written` writes a moment for people.
    pub fn sentence(
        self,
        texts: Texts,
        written: impl FnOnce(Timestamp) -> String,
    ) -> Option<String> {
        match self {
            Self::Behind(Some(since)) => Some(texts.result_behind_since(written(since))),
            Self::Behind(None) => Some(texts.result_behind().to_owned()),
            Self::Refreshing => Some(texts.result_refreshing().to_owned()),
            Self::Current => None,
        }
    }

    fn of(refresh: Option<&Refresh>, now: Timestamp) -> Self {
        let Some(refresh) = refresh else { return Self::Refreshing };
        let failing = refresh.answers.iter().filter(|answer| answer.failing_since.is_some());
        // A PACS that never answered is the worst.
        if let Some(since) = failing.map(|answer| answer.answered).min() {
            Self::Behind(since)
        } else if refresh.claimed.is_some_and(|until| now < until) {
            Self::Refreshing
        } else if refresh.asked.is_none() {
            // Whoever asked first never came back.
            Self::Behind(None)
        } else {
            Self::Current
        }
    }
}

impl OrderList {
    /// What a reader should know of a list that does not hold all.
    pub fn incomplete_sentence(&self, texts: Texts) -> Option<&'static str> {
        self.is_incomplete.then(|| texts.result_incomplete())
    }
}

impl OpenedReport {
    /// What it is.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// A part of its PDF, counted from 0; `None` behind the last.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn part(&self, number: u32) -> Result<Option<Vec<u8>>, ResultsError> {
        Ok(self.store.report_part(self.report.id, number).await?)
    }
}

impl Results {
    /// Over a store, from the PACS of the settings.
    pub fn new(store: Arc<dyn Store>, settings: &ResultsSettings, clock: Clock) -> Self {
        let source = Arc::new(PacsOrders(settings.pacs.clone()));
        Self::from_source(store, source, settings, clock)
    }

    /// Over a store, from whatever answers; the PACS of the settings are not asked.
    pub fn from_source(
        store: Arc<dyn Store>,
        source: Arc<dyn OrderSource>,
        settings: &ResultsSettings,
        clock: Clock,
    ) -> Self {
        let refresher = Refresher::new(Arc::clone(&store), source, settings.refresh, clock.clone());
        let ResultsSettings { release, most_report_bytes, .. } = *settings;
        let (decided, _) = broadcast::channel(DECISIONS);
        Self { store, refresher, release, most_report_bytes, clock, decided }
    }

    /// Tells on whose results the site decides something, as it does: holds, releases, reports.
    pub(crate) fn decided(&self) -> broadcast::Receiver<PersonId> {
        self.decided.subscribe()
    }

    fn tell_decided(&self, person: PersonId) {
        // An error says that nobody listens.
        drop(self.decided.send(person));
    }

    /// Asks the PACS for whoever is due, until it is dropped: for a task of its own.
    pub async fn keep_fresh(self) {
        self.refresher.run().await;
    }

    /// Asks the PACS for what an account may see, if they were not asked of late; does not wait for them.
    /// For the moment of login.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn look(&self, account: &Account) -> Result<(), ResultsError> {
        for results in self.results_of(account).await? {
            self.refresher.look(&results).await?;
        }
        Ok(())
    }

    /// The orders that an account may see.
    ///
    /// Where the PACS were not asked of late they are, and waited for no longer than the rules say.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn list(
        &self,
        account: &Account,
        query: &ListQuery,
    ) -> Result<OrderList, ResultsError> {
        let mut all = self.results_of(account).await?;
        let mut asking = Vec::new();
        for results in &all {
            asking.extend(self.refresher.look(results).await?);
        }
        if !asking.is_empty() {
            let waits = self.refresher.rules().page_waits;
            let answered = async {
                for task in asking {
                    // A panic in there is told as a PACS that does not answer.
                    drop(task.await);
                }
            };
            // Those that are not through by then go on.
            drop(tokio::time::timeout(waits, answered).await);
            all = self.results_of(account).await?;
        }
        let now = self.clock.now();
        let mut list = OrderList {
            persons: Vec::new(),
            page: OrderPage { orders: Vec::new(), total: 0, page: 0, pages: 1 },
            freshness: Freshness::Current,
            is_incomplete: false,
            news: BTreeMap::new(),
            choices: Choices::default(),
        };
        let mut orders = Vec::new();
        for results in all {
            orders.extend(shown::shown_orders(self.release, &results, now));
            list.freshness = list.freshness.min(self.freshness(&results, now));
            let answers = results.refresh.iter().flat_map(|refresh| &refresh.answers);
            list.is_incomplete |= answers.into_iter().any(|answer| answer.is_cut);
            list.persons.push(results.person);
        }
        list.news = news::news_of(&orders, &news::seen(&*self.store, account).await?);
        list.choices = query.choices(&orders);
        list.page = query.page_of(orders);
        Ok(list)
    }

    /// The orders that are news to an account, the newest first.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn news(&self, account: &Account) -> Result<Vec<(ShownOrder, News)>, ResultsError> {
        let orders = self.shown(account).await?;
        let news = news::news_of(&orders, &news::seen(&*self.store, account).await?);
        let mut told: Vec<_> = orders
            .into_iter()
            .filter_map(|order| news.get(&order.id).map(|why| (order, *why)))
            .collect();
        told.sort_by_key(|(order, _)| std::cmp::Reverse((order.placed, order.id)));
        Ok(told)
    }

    /// Remembers that an account has seen an order, or all that it may see; tells how many were news.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn see(
        &self,
        account: &Account,
        only: Option<OrderId>,
    ) -> Result<usize, ResultsError> {
        let orders = self.shown(account).await?;
        let news = news::news_of(&orders, &news::seen(&*self.store, account).await?);
        let is_meant = |order: &&ShownOrder| {
            news.contains_key(&order.id) && only.is_none_or(|only| only == order.id)
        };
        let seen: Vec<_> =
            orders.iter().filter(is_meant).map(|order| (order.id, news::state_of(order))).collect();
        let count = seen.len();
        if count > 0 {
            self.store.see_orders(account.id, seen).await?;
        }
        Ok(count)
    }

    /// Every order that an account may see.
    pub(crate) async fn shown(&self, account: &Account) -> Result<Vec<ShownOrder>, StoreError> {
        let now = self.clock.now();
        let results = self.results_of(account).await?;
        let shown = |results| shown::shown_orders(self.release, results, now);
        Ok(results.iter().flat_map(shown).collect())
    }

    /// One order; `None` when there is none that the account may see.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn order(
        &self,
        account: &Account,
        id: OrderId,
        from: Origin,
    ) -> Result<Option<OpenedOrder>, ResultsError> {
        let opened = self.visible(account, id).await?;
        self.record("order.open", account, opened.as_ref(), id.to_string(), from).await?;
        Ok(opened)
    }

    /// A report on one of its orders; `None` when there is none that the account may see.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub async fn report(
        &self,
        account: &Account,
        order: OrderId,
        id: ReportId,
        from: Origin,
    ) -> Result<Option<OpenedReport>, ResultsError> {
        let opened = self.visible(account, order).await?;
        let opened =
            opened.filter(|opened| opened.order.all_reports().any(|report| report.id == id));
        let report = self.store.report(id).await?.filter(|_| opened.is_some());
        self.record("report.open", account, opened.as_ref(), id.to_string(), from).await?;
        let store = Arc::clone(&self.store);
        Ok(report.map(|report| OpenedReport { report, store }))
    }

    /// All that is kept of every person whose results an account sees now.
    async fn results_of(&self, account: &Account) -> Result<Vec<PersonResults>, StoreError> {
        let mut all = Vec::new();
        for person in self.represented(account) {
            let results = self.store.results_of_person(person).await?;
            all.extend(results.filter(|results| results.person.consent.online_results));
        }
        Ok(all)
    }

    /// Every order of a person that may be seen by whoever represents them.
    pub(crate) async fn shown_of(&self, person: PersonId) -> Result<Vec<ShownOrder>, StoreError> {
        let results = self.store.results_of_person(person).await?;
        let results = results.filter(|results| results.person.consent.online_results);
        let now = self.clock.now();
        let shown = |results| shown::shown_orders(self.release, &results, now);
        Ok(results.map(shown).unwrap_or_default())
    }

    /// The persons whose results an account sees now.
    pub(crate) fn represented(&self, account: &Account) -> impl Iterator<Item = PersonId> {
        let now = self.clock.now();
        let is_now = move |until: Option<Timestamp>| until.is_none_or(|until| now < until);
        let representations = account.persons.iter();
        representations.filter(move |one| is_now(one.until)).map(|one| one.person)
    }

    /// Looks through all that the account sees, wherever the order is, so that it takes the same time.
    pub(crate) async fn visible(
        &self,
        account: &Account,
        id: OrderId,
    ) -> Result<Option<OpenedOrder>, StoreError> {
        let now = self.clock.now();
        let mut found = None;
        for results in self.results_of(account).await? {
            let freshness = self.freshness(&results, now);
            for order in shown::shown_orders(self.release, &results, now) {
                if order.id == id {
                    found = Some(OpenedOrder { person: results.person.clone(), order, freshness });
                }
            }
        }
        Ok(found)
    }

    fn freshness(&self, results: &PersonResults, now: Timestamp) -> Freshness {
        if self.refresher.asks_nobody() {
            return Freshness::Current;
        }
        Freshness::of(results.refresh.as_ref(), now)
    }

    async fn record(
        &self,
        action: &str,
        account: &Account,
        opened: Option<&OpenedOrder>,
        object: String,
        from: Origin,
    ) -> Result<(), StoreError> {
        let event = Event {
            at: self.clock.now(),
            actor: Actor::Account(account.id),
            action: action.to_owned(),
            person: opened.map(|opened| opened.person.id),
            account: Some(account.id),
            object: Some(object),
            outcome: if opened.is_some() { Outcome::Done } else { Outcome::Refused },
            address: Some(from.0),
        };
        self.store.record_event(event).await
    }
}

#[cfg(test)]
mod tests;
