//! Hands a package out to who may have it.

use std::fs::File;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use store::{
    Asker, DownloadGrant, EndReason, Event, Holder, Outcome, Package, PackageKey, PreparationState,
    Request, RequestId, SecretHash, StoreError,
};

use crate::accounts::Origin;
use crate::downloads::body::{Bytewise, PackageBody};
use crate::downloads::contents::may_be_had;
use crate::downloads::live::Writing;
use crate::downloads::spool::OpenPackage;
use crate::downloads::{Downloads, DownloadsError};
use crate::metrics::Delivered;
use crate::secret::Token;

/// How often it is looked whether what is being fetched may still be had.
const LOOK: Duration = Duration::from_secs(15);
/// How long a grant lasts.
const GRANTED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What there is of a request.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The package.
    Ready(Box<ReadyPackage>),
    /// It is being made, and can be read meanwhile.
    Growing(Writing),
    /// It waits, or is being brought back.
    NotYet,
    /// It failed, or was there.
    Gone,
}

/// A package that is there.
#[derive(Debug)]
pub(crate) struct ReadyPackage {
    pub(crate) package: Package,
    open: OpenPackage,
}

/// Ends with a body: looks now and then whether it may go on, and tells the audit trail how it ended.
#[derive(Debug)]
pub(crate) struct Ticket {
    downloads: Downloads,
    request: RequestId,
    asker: Asker,
    key: PackageKey,
    looked: Instant,
    /// Of when that is, in ends.
    ends: u64,
    is_whole: Arc<AtomicBool>,
    ended: Option<Event>,
}

impl Ticket {
    /// Looks whether it may go on, when it is time to.
    pub(super) fn check(&mut self) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let ends = self.downloads.0.ends.load(Ordering::Relaxed);
        let is_due = self.ends != ends || self.looked.elapsed() >= LOOK;
        if is_due {
            self.looked = Instant::now();
            self.ends = ends;
        }
        let (downloads, request) = (self.downloads.clone(), self.request);
        let (asker, key) = (self.asker, self.key);
        async move {
            if !is_due {
                return Ok(());
            }
            match downloads.goes_on(asker, request, key).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(io::ErrorKind::PermissionDenied.into()),
                Err(error) => Err(io::Error::other(error)),
            }
        }
    }

    /// So many bytes more are on their way.
    pub(super) fn sends(&self, bytes: u64) {
        self.downloads.0.metrics.delivered(Delivered::Download, bytes);
    }

    /// All of it was taken.
    pub(super) fn is_whole(&self) {
        self.is_whole.store(true, Ordering::Relaxed);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(mut event) = self.ended.take() else { return };
        let is_whole = self.is_whole.load(Ordering::Relaxed);
        event.outcome = if is_whole { Outcome::Done } else { Outcome::Failed };
        event.at = self.downloads.0.clock.now();
        let store = Arc::clone(&self.downloads.0.store);
        // Outside a runtime the program has ended, and the start of it is in the trail.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(async move {
                if let Err(error) = store.record_event(event).await {
                    let cause = &error as &dyn std::error::Error;
                    tracing::error!(
                        error = cause,
                        "the end of a download is not in the audit trail"
                    );
                }
            }));
        }
    }
}

impl ReadyPackage {
    pub(super) fn file(&self) -> &Arc<File> {
        self.open.file()
    }

    /// The file, which stays as long as that is there.
    pub(super) fn into_open(self) -> OpenPackage {
        self.open
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.open.bytes()
    }
}

impl Downloads {
    /// What there is of a request; `None` when they have none such, or may not have it.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub(crate) async fn deliver(
        &self,
        holder: &Holder,
        id: RequestId,
    ) -> Result<Option<(Request, Delivery)>, DownloadsError> {
        let inner = &self.0;
        let Some((request, made)) = inner.store.request(id).await? else { return Ok(None) };
        if request.asker != holder.asker() {
            return Ok(None);
        }
        let Some(opened) = inner.results.visible_to(holder, request.order).await? else {
            return Ok(None);
        };
        if !may_be_had(&made, &opened.order) {
            // There is something of the order to be had, and not this.
            return Ok(Some((request, Delivery::Gone)));
        }
        let key = made.key;
        let delivery = match made.state {
            PreparationState::Ready(package) => match self.open_package(key).await? {
                Some(open) if open.bytes() == package.bytes => {
                    Delivery::Ready(Box::new(ReadyPackage { package, open }))
                }
                _ => {
                    self.end(key, EndReason::Lost).await?;
                    Delivery::Gone
                }
            },
            PreparationState::Claimed { .. } => match inner.live.get(key) {
                Some(live) => match live.now_writing() {
                    Some(writing) => Delivery::Growing(writing),
                    None => Delivery::NotYet,
                },
                None => Delivery::NotYet,
            },
            PreparationState::Waiting { .. } | PreparationState::Recalling { .. } => {
                Delivery::NotYet
            }
            PreparationState::Failed { .. } | PreparationState::Ended { .. } => Delivery::Gone,
        };
        Ok(Some((request, delivery)))
    }

    /// Opens a package; `None` when it is not there. One that cannot be opened now may be later.
    async fn open_package(&self, key: PackageKey) -> Result<Option<OpenPackage>, DownloadsError> {
        let spool = self.0.spool.clone();
        let opened = tokio::task::spawn_blocking(move || spool.read(key)).await;
        let opened = opened.unwrap_or_else(|_panic| Err(io::Error::other("a fault")));
        opened.map_err(DownloadsError::Package)
    }

    /// The bytes of a package, or of a part of it; the audit trail has when it began and when it ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn part(
        &self,
        holder: &Holder,
        request: &Request,
        ready: ReadyPackage,
        range: std::ops::Range<u64>,
        from: Origin,
    ) -> Result<PackageBody, StoreError> {
        let ticket = self.ticket(holder, request, from).await?;
        let source = Bytewise::Whole(ready.open);
        let reads = self.0.reads.clone();
        Ok(PackageBody::new(source, range.start, Some(range.end), reads, ticket))
    }

    /// The bytes of a package as it is written.
    ///
    /// # Errors
    /// [`StoreError`]; `None` when it cannot be read.
    pub(crate) async fn follow(
        &self,
        holder: &Holder,
        request: &Request,
        writing: Writing,
        from: Origin,
    ) -> Result<Option<PackageBody>, StoreError> {
        let written = writing.written.clone();
        let opened = tokio::task::spawn_blocking(move || writing.open()).await;
        // It may have got its name, or be given up, since it was looked for.
        let Ok(Ok(file)) = opened else { return Ok(None) };
        let ticket = self.ticket(holder, request, from).await?;
        let source = Bytewise::Growing(Arc::new(file), written);
        Ok(Some(PackageBody::new(source, 0, None, self.0.reads.clone(), ticket)))
    }

    async fn ticket(
        &self,
        holder: &Holder,
        request: &Request,
        from: Origin,
    ) -> Result<Ticket, StoreError> {
        let object = request.order.to_string();
        let event = |action| self.event(action, holder, Some(request.person), object.clone(), from);
        self.0.store.record_event(event("download.begin")).await?;
        Ok(Ticket {
            downloads: self.clone(),
            request: request.id,
            asker: holder.asker(),
            key: request.key,
            looked: Instant::now(),
            ends: self.0.ends.load(Ordering::Relaxed),
            is_whole: Arc::default(),
            ended: Some(event("download.finish")),
        })
    }

    /// Whether what is being fetched may still be had.
    async fn goes_on(
        &self,
        asker: Asker,
        id: RequestId,
        key: PackageKey,
    ) -> Result<bool, StoreError> {
        let inner = &self.0;
        let Some((request, made)) = inner.store.request(id).await? else { return Ok(false) };
        let holder = inner.store.holder(asker, inner.clock.now()).await?;
        let Some(holder) = holder.filter(|_| request.key == key) else { return Ok(false) };
        let opened = inner.results.visible_to(&holder, request.order).await?;
        Ok(opened.is_some_and(|opened| may_be_had(&made, &opened.order)))
    }

    /// Lets whoever has a new secret fetch the package of a request for a day, when the session has ended too.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub(crate) async fn grant(
        &self,
        holder: &Holder,
        request: RequestId,
        session: SecretHash,
    ) -> Result<Option<Token>, DownloadsError> {
        let token = Token::fresh()?;
        let now = self.0.clock.now();
        let grant = DownloadGrant {
            secret: token.hash(),
            request,
            asker: holder.asker(),
            session,
            until: now.checked_add(GRANTED).unwrap_or(now),
        };
        let is_kept = self.0.store.put_grant(grant, store::Along::nothing()).await?;
        Ok(is_kept.then_some(token))
    }

    /// Whom a secret lets fetch a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn granted(
        &self,
        token: &Token,
        request: RequestId,
    ) -> Result<Option<Holder>, StoreError> {
        let found = self.0.store.grant(token.hash(), self.0.clock.now()).await?;
        Ok(found.filter(|(grant, _)| grant.request == request).map(|(_, holder)| holder))
    }
}
