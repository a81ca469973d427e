//! Downloads: packages of orders, prepared behind the pages and fetched when they are there.
//!
//! Somebody asks ([`Downloads::ask`]); the store has a request of theirs and a preparation that all share who ask
//! for the same. `runner` makes it, into the `spool`. Whether somebody may have it is judged on what may be seen
//! of the order at that moment, whenever it is asked for; `sweep` ends what may not be had any more.
//!
//! **Invariant:** a package is handed out only while all that is in it may be seen.
//! **Invariant:** what is withheld, of somebody else, or not there has one answer.

mod body;
mod contents;
mod delivery;
mod given;
mod live;
mod packing;
mod pages;
mod reading;
mod recall;
mod runner;
mod settings;
mod shown;
mod spool;
mod sweep;
mod watch;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::{
    Actor, Asked, Asker, EndReason, Event, Holder, Language, NewRequest, NoRandom, OrderId,
    Outcome, PackageContent, PackageKey, PersonId, Request, RequestId, Store, StoreError,
};
use tokio::sync::broadcast;

pub(crate) use body::LONGEST;
pub(crate) use delivery::Delivery;
pub use live::Preparing;
pub(crate) use pages::{Found, PackedEntry};
pub(crate) use reading::Reading;
pub use settings::DownloadsSettings;
pub use shown::{DownloadState, ShownDownload};
pub use spool::{SpoolError, SpoolSettings};
pub use watch::Watch;

use crate::accounts::Origin;
use crate::clock::Clock;
use crate::downloads::body::Reads;
use crate::downloads::contents::Contents;
use crate::downloads::live::LiveMap;
use crate::downloads::pages::Indexes;
use crate::downloads::spool::Spool;
use crate::messages::Site;
use crate::metrics::DownloadMetrics;
use crate::results::{Results, ResultsError};
use crate::secret::SiteSecret;

/// Requests that an account may have, and a recipient of one order.
const MOST_REQUESTS: usize = 50;
const MOST_OF_RECIPIENT: usize = 10;
/// Changes that a watcher may be behind before it looks at everything again.
const CHANGES: usize = 256;

/// Why the downloads gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadsError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// The results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A package that is there.
    #[error("a package cannot be opened")]
    Package(#[source] io::Error),
}

/// Outcome of [`Downloads::ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFor {
    /// It is being prepared, or there already.
    Done(RequestId),
    /// Who asks has as many requests as they may: one has to be withdrawn first.
    TooMany,
    /// There is no such order that they may see.
    NoSuchOrder,
}

/// The downloads over a store and a spool. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Downloads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    results: Results,
    spool: Spool,
    secret: SiteSecret,
    site: Site,
    settings: DownloadsSettings,
    /// What packages are made by; part of their keys.
    maker: Vec<u8>,
    clock: Clock,
    live: LiveMap,
    reads: Reads,
    /// How often something ended that may be being fetched: whoever fetches looks again at once.
    ends: AtomicU64,
    indexes: Indexes,
    /// Of whom the downloads changed.
    changed: broadcast::Sender<Asker>,
    metrics: DownloadMetrics,
}

impl Downloads {
    /// Over a store; opens the spool. Blocks.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub(crate) fn open(
        store: Arc<dyn Store>,
        results: Results,
        settings: DownloadsSettings,
        secret: SiteSecret,
        site: Site,
        clock: Clock,
        metrics: DownloadMetrics,
    ) -> Result<Self, SpoolError> {
        let spool = Spool::open(settings.spool.clone())?;
        let maker = settings.maker();
        let live = LiveMap::default();
        let (changed, _) = broadcast::channel(CHANGES);
        Ok(Self(Arc::new(Inner {
            store,
            results,
            spool,
            secret,
            site,
            settings,
            maker,
            clock,
            live,
            reads: Reads::default(),
            ends: AtomicU64::default(),
            indexes: Indexes::default(),
            changed,
            metrics,
        })))
    }

    /// Asks for the package of an order that somebody may see.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub async fn ask(
        &self,
        holder: &Holder,
        order: OrderId,
        content: PackageContent,
        language: Language,
        from: Origin,
    ) -> Result<AskedFor, DownloadsError> {
        let inner = &self.0;
        let Some(opened) = inner.results.visible_to(holder, order).await? else {
            let event = self.event("download.ask", holder, None, order.to_string(), from);
            inner.store.record_event(Event { outcome: Outcome::Refused, ..event }).await?;
            return Ok(AskedFor::NoSuchOrder);
        };
        let person = opened.person.id;
        let contents = Contents::of(&opened.order);
        let key = contents.key(&inner.secret, &inner.maker, &opened.person, content, language);
        let Contents { studies, reports, .. } = contents;
        let new = NewRequest {
            id: RequestId::fresh()?,
            asker: holder.asker(),
            at: inner.clock.now(),
            most: match holder {
                Holder::Account(_) => MOST_REQUESTS,
                Holder::Recipient(_) => MOST_OF_RECIPIENT,
            },
            key,
            person,
            order,
            content,
            language,
            studies,
            reports,
        };
        let event = self.event("download.ask", holder, Some(person), order.to_string(), from);
        Ok(match inner.store.ask(new, event.into()).await? {
            Asked::Done(request) => {
                self.tell(holder.asker());
                AskedFor::Done(request.id)
            }
            Asked::TooMany => AskedFor::TooMany,
            Asked::Nobody => AskedFor::NoSuchOrder,
        })
    }

    /// Asks anew for what somebody asked for before; `None` when there is no such request of theirs.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub async fn again(
        &self,
        holder: &Holder,
        id: RequestId,
        from: Origin,
    ) -> Result<Option<AskedFor>, DownloadsError> {
        let Some(request) = self.request_of(holder, id).await? else { return Ok(None) };
        let Request { order, content, language, .. } = request;
        Ok(Some(self.ask(holder, order, content, language, from).await?))
    }

    /// Withdraws a request; false when they have no such one. What nobody asks for any more is broken off.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub async fn withdraw(
        &self,
        holder: &Holder,
        id: RequestId,
        from: Origin,
    ) -> Result<bool, DownloadsError> {
        let Some(request) = self.request_of(holder, id).await? else { return Ok(false) };
        let object = request.order.to_string();
        let event = self.event("download.withdraw", holder, Some(request.person), object, from);
        let withdrawn = self.0.store.withdraw(holder.asker(), id, event.into()).await?;
        let Some(withdrawn) = withdrawn else {
            return Ok(false);
        };
        if let Some(live) = withdrawn.ended.and_then(|key| self.0.live.get(key)) {
            live.break_off();
        }
        self.tell(holder.asker());
        Ok(true)
    }

    /// Remembers that somebody has looked at their downloads.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub async fn see(&self, holder: &Holder) -> Result<(), DownloadsError> {
        Ok(self.0.store.see_requests(holder.asker()).await?)
    }

    /// Records that an account looks into a package that it asked for.
    ///
    /// # Errors
    /// [`StoreError`]: then it is not shown.
    pub(crate) async fn looked(
        &self,
        holder: &Holder,
        request: &Request,
        action: &str,
        from: Origin,
    ) -> Result<(), StoreError> {
        let object = request.order.to_string();
        let event = self.event(action, holder, Some(request.person), object, from);
        self.0.store.record_event(event).await
    }

    async fn request_of(
        &self,
        holder: &Holder,
        id: RequestId,
    ) -> Result<Option<Request>, StoreError> {
        let found = self.0.store.request(id).await?;
        let represents = |request: &Request| {
            self.0.results.represented(holder.account()).any(|person| person == request.person)
        };
        let is_theirs = |request: &Request| request.asker == holder.asker() && represents(request);
        Ok(found.map(|(request, _)| request).filter(is_theirs))
    }

    /// How far a package is that is made here; none when none is.
    pub(crate) fn preparing(&self, key: PackageKey) -> Option<Preparing> {
        self.0.live.get(key).map(|live| live.preparing())
    }

    /// Counts what waits and what lies in the spool.
    pub(crate) async fn count(&self) {
        let inner = &self.0;
        let next = inner.store.next_preparation().await.ok().flatten();
        let overdue = next.map_or(0, |next| inner.clock.now().duration_since(next).as_secs());
        let (packages, bytes) = inner.spool.holding();
        let running = inner.live.all().len() as u64;
        inner.metrics.now(overdue.max(0), running, packages, bytes);
    }

    /// Breaks off what is being made of these, for which nobody waits any more, and what is being fetched by whoever
    /// may not any more.
    pub(crate) fn break_off(&self, keys: &[PackageKey]) {
        self.0.ends.fetch_add(1, Ordering::Relaxed);
        for live in keys.iter().filter_map(|key| self.0.live.get(*key)) {
            live.break_off();
        }
    }

    /// Deletes packages that the store knows no more, and breaks off what is being made or fetched of them.
    ///
    /// # Errors
    /// [`StoreError`]: the sweep tries it again.
    pub(crate) async fn forget(&self, keys: &[PackageKey]) -> Result<(), StoreError> {
        self.break_off(keys);
        for key in keys {
            self.purge(*key).await?;
        }
        Ok(())
    }

    /// Ends a preparation for an administrator; false when there is nothing to end.
    pub(crate) async fn cancel(&self, key: PackageKey, event: Event) -> Result<bool, StoreError> {
        self.end_with(key, EndReason::Cancelled, event).await
    }

    /// Has a preparation begun at once that waits, failed or ended; false when it is none such.
    pub(crate) async fn retry(&self, key: PackageKey, event: Event) -> Result<bool, StoreError> {
        let inner = &self.0;
        let is_due = inner.store.retry_preparation(key, inner.clock.now(), event.into()).await?;
        self.tell_all(key).await?;
        Ok(is_due)
    }

    /// Ends a preparation, breaks off what makes it, deletes the package; false when there is nothing to end.
    async fn end(&self, key: PackageKey, why: EndReason) -> Result<bool, StoreError> {
        let Some(found) = self.0.store.preparation(key).await? else { return Ok(false) };
        let event = Event {
            person: Some(found.person),
            ..self.own_event("download.end", found.order.to_string())
        };
        self.end_with(key, why, event).await
    }

    async fn end_with(
        &self,
        key: PackageKey,
        why: EndReason,
        event: Event,
    ) -> Result<bool, StoreError> {
        let inner = &self.0;
        let ended = inner.store.end_preparation(key, inner.clock.now(), why, event.into()).await?;
        inner.ends.fetch_add(1, Ordering::Relaxed);
        if let Some(live) = inner.live.get(key) {
            live.break_off();
        }
        self.purge(key).await?;
        self.tell_all(key).await?;
        Ok(ended)
    }

    /// Deletes a package, and proves it in the audit trail.
    async fn purge(&self, key: PackageKey) -> Result<(), StoreError> {
        let spool = self.0.spool.clone();
        match tokio::task::spawn_blocking(move || spool.remove(key)).await {
            Ok(Ok(true)) => {
                let event = self.own_event("download.purge", key.to_string());
                self.0.store.record_event(event).await?;
            }
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "a package cannot be deleted; it is tried again");
            }
            Err(_panic) => tracing::error!("a fault while a package was deleted"),
        }
        Ok(())
    }

    /// Tells whoever watches that the downloads of somebody changed.
    fn tell(&self, asker: Asker) {
        // An error says that nobody watches.
        drop(self.0.changed.send(asker));
    }

    /// Tells it of all who ask for a package.
    async fn tell_all(&self, key: PackageKey) -> Result<(), StoreError> {
        for request in self.0.store.requests_for(key).await? {
            self.tell(request.asker);
        }
        Ok(())
    }

    fn event(
        &self,
        action: &str,
        holder: &Holder,
        person: Option<PersonId>,
        object: String,
        from: Origin,
    ) -> Event {
        Event {
            actor: actor(holder),
            person,
            account: Some(holder.account().id),
            address: Some(from.0),
            ..self.own_event(action, object)
        }
    }

    fn own_event(&self, action: &str, object: String) -> Event {
        Event {
            at: self.0.clock.now(),
            actor: Actor::System,
            action: action.to_owned(),
            person: None,
            account: None,
            object: Some(object),
            outcome: Outcome::Done,
            address: None,
        }
    }
}

/// Who acts, for the audit trail.
pub(crate) fn actor(holder: &Holder) -> Actor {
    match holder {
        Holder::Account(account) => Actor::Account(account.id),
        Holder::Recipient(open) => {
            Actor::Recipient { share: open.share.id, recipient: open.recipient }
        }
    }
}
