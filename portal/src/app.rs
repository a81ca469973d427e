//! The portal as a whole: what it stands on, how it starts and ends.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use store::{SledStore, Store, StoreError};
use tokio::net::TcpListener;

use crate::accounts::{Accounts, Limits};
use crate::clock::Clock;
use crate::listen::{Listener, UnusableTls, serve};
use crate::messages::Site;
use crate::metrics::Metrics;
use crate::observe::observed;
use crate::outbox::{Patience, Sender, Ways};
use crate::password::hashing::{Cost, Hasher, UnusableCost};
use crate::recovery::Recovery;
use crate::results::{Results, ResultsSettings};
use crate::secret::SiteSecret;
use crate::task::{Stop, Tasks};
use crate::web::{self, Transport, WebSettings};

/// For background tasks when the portal ends.
const GRACE: Duration = Duration::from_secs(10);

/// What a portal is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the store; made if it is not there.
    pub store: PathBuf,
    /// What tokens and codes are hashed with.
    pub secret: SiteSecret,
    /// How the site names itself.
    pub site: Site,
    /// Sessions and attempts.
    pub limits: Limits,
    /// Of a password.
    pub cost: Cost,
    /// The patients' listener.
    pub web: WebSettings,
    /// What patients see, and from where.
    pub results: ResultsSettings,
    /// How messages leave.
    pub ways: Ways,
}

/// Why a portal does not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortalError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Argon2.
    #[error(transparent)]
    Cost(#[from] UnusableCost),
    /// Passwords would stand on a page that others can open.
    #[error(
        "messages can only be shown where no other machine reaches the pages: listen on 127.0.0.1"
    )]
    ShownToOthers,
    /// TLS of a listener.
    #[error("TLS cannot be offered")]
    Tls(#[from] UnusableTls),
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// What handlers and tasks stand on. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Who may log in.
    pub accounts: Accounts,
    /// What they see.
    pub results: Results,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
    /// What tokens are hashed with.
    pub(crate) secret: SiteSecret,
    /// Takes requests for what was forgotten.
    pub(crate) recovery: Recovery,
}

impl Services {
    /// Whole seconds from now, 1 at least: for `Retry-After` and for people.
    pub(crate) fn seconds_until(&self, until: Timestamp) -> u64 {
        let left = until.duration_since(self.clock.now()).as_secs_f64().ceil();
        // Delays are hours at most, and never negative here.
        Duration::try_from_secs_f64(left).map_or(1, |left| left.as_secs().max(1))
    }
}

/// A portal that can run.
#[derive(Debug)]
pub struct Portal {
    /// The embedded store itself, for what only it can do, such as a backup.
    store: Arc<SledStore>,
    services: Services,
    web: WebSettings,
    ways: Ways,
}

impl Portal {
    /// Opens the store. Blocks.
    ///
    /// # Errors
    /// [`PortalError`].
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, PortalError> {
        let Settings { store, secret, site, limits, cost, web, results, ways } = settings;
        if matches!(ways, Ways::Shown) && !matches!(web.transport(), Transport::Loopback) {
            return Err(PortalError::ShownToOthers);
        }
        // A core each: more at a time would only share them.
        let slots = std::thread::available_parallelism().map_or(1, usize::from);
        let hasher = Arc::new(Hasher::new(cost, slots)?);
        let embedded = Arc::new(SledStore::open(&store)?);
        let store: Arc<dyn Store> = Arc::<SledStore>::clone(&embedded);
        let accounts =
            Accounts::new(Arc::clone(&store), hasher, secret.clone(), site, limits, clock.clone());
        let results = Results::new(Arc::clone(&store), &results, clock.clone());
        let recovery = Recovery::new();
        let metrics = Metrics::default();
        let services = Services { store, accounts, results, clock, metrics, secret, recovery };
        Ok(Self { store: embedded, services, web, ways })
    }

    /// What handlers and tasks stand on.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// What browsers call it.
    pub fn origin(&self) -> &str {
        self.web.origin()
    }

    /// The embedded store.
    pub fn embedded_store(&self) -> &Arc<SledStore> {
        &self.store
    }

    /// Takes the patients' port.
    ///
    /// # Errors
    /// [`PortalError::Tls`], [`PortalError::Listen`].
    pub async fn bind(self) -> Result<BoundPortal, PortalError> {
        let tls = match self.web.transport() {
            Transport::Tls(files) => Some(files.acceptor()?),
            Transport::Loopback | Transport::Proxies(_) => None,
        };
        let address = self.web.listen();
        let refused = |source| PortalError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(BoundPortal { portal: self, address, patients: Listener::Tcp(listener, tls) })
    }
}

/// A portal that has its ports.
#[expect(missing_debug_implementations, reason = "the listener has none")]
pub struct BoundPortal {
    portal: Portal,
    address: SocketAddr,
    patients: Listener,
}

impl BoundPortal {
    /// Where patients come in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is time to stop: requests under way end, then the tasks behind, then the store.
    pub async fn run(self, stop: Stop) {
        let Self { portal: Portal { store, services, web, ways }, patients, .. } = self;
        let mut tasks = Tasks::new(stop.clone());
        let shown = matches!(ways, Ways::Shown);
        start_tasks(&mut tasks, &services, ways);
        let limits = web.limits().clone();
        let router = web::router(services.clone(), web, shown);
        let router = observed(router, "patients", services.metrics.requests.clone());
        serve(patients, router, limits, stop).await;
        if !tasks.end(GRACE).await {
            tracing::warn!("background tasks were broken off");
        }
        drop(services);
        // The last of them waits for the disk.
        drop(tokio::task::spawn_blocking(move || drop(store)).await);
    }
}

/// How often what is over is swept out of the store, and how much at a time.
const SWEEP_PAUSE: Duration = Duration::from_mins(1);
const SWEEP_MOST: usize = 1000;

/// Every task that works behind the pages.
fn start_tasks(tasks: &mut Tasks, services: &Services, ways: Ways) {
    let [mail, sms] = ways.transports();
    let sender = Sender {
        store: Arc::clone(&services.store),
        clock: services.clock.clone(),
        mail,
        sms,
        patience: Patience::default(),
        metrics: services.metrics.outbox.clone(),
    };
    tasks.start("outbox", move |stop| {
        let sender = sender.clone();
        async move { sender.run(stop.asked()).await }
    });
    let swept = services.clone();
    let (recovery, accounts) = (services.recovery.clone(), services.accounts.clone());
    tasks.start("recovery", move |stop| recovery.clone().work(accounts.clone(), stop));
    tasks.start("sweep", move |stop| sweep(swept.clone(), stop));
    let results = services.results.clone();
    tasks.start("refresh", move |stop| {
        let results = results.clone();
        async move {
            tokio::select! {
                () = results.keep_fresh() => {}
                () = stop.asked() => {}
            }
        }
    });
}

/// Removes sessions, codes and attempts that are over.
async fn sweep(services: Services, stop: Stop) {
    loop {
        if let Err(error) = services.store.remove_expired(services.clock.now(), SWEEP_MOST).await {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot sweep the store");
        }
        if !stop.sleep(SWEEP_PAUSE).await {
            return;
        }
    }
}
