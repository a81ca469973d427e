//! The portal as a whole: what it stands on, how it starts and ends.

mod tasks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use store::{SledStore, Store, StoreError};
use tokio::net::TcpListener;

use crate::accounts::{Accounts, Limits};
use crate::admin::{self, AdminSettings, Console, ConsoleError};
use crate::app::tasks::start_tasks;
use crate::certificates::{Certificates, watch};
use crate::clock::Clock;
use crate::downloads::{Downloads, DownloadsSettings, SpoolError};
use crate::health;
use crate::listen::{ConnectionLimits, Listener, Transport, UnusableTls, serve};
use crate::messages::Site;
use crate::metrics::Metrics;
use crate::observe::observed;
use crate::oidc::{CurrentProvider, InvalidOidc, OidcSettings};
use crate::outbox::Ways;
use crate::password::hashing::{Cost, Hasher, UnusableCost};
use crate::recovery::Recovery;
use crate::results::{Results, ResultsSettings};
use crate::secret::SiteSecret;
use crate::shares::{Ground, Shares, SharesSettings};
use crate::task::{Stop, Tasks};
use crate::web::{self, WebSettings};

/// Connections of programs of administrators at a time, and of commands on this machine.
const PROGRAMS: usize = 64;
/// Connections of monitors at a time.
const MONITORS: usize = 16;
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
    /// What patients download, and where it lies.
    pub downloads: DownloadsSettings,
    /// What patients let others see.
    pub shares: SharesSettings,
    /// How messages leave.
    pub ways: Ways,
    /// The administrators'.
    pub admin: AdminSettings,
    /// Where a monitor asks, if one does.
    pub monitor: Option<SocketAddr>,
    /// Who else says who somebody is.
    pub oidc: Option<OidcSettings>,
}

/// Why a portal does not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortalError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
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
    /// The identity provider.
    #[error(transparent)]
    Oidc(#[from] InvalidOidc),
    /// The socket of the console.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}{}", listen_advice(.source))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// What to do about an address that cannot be listened on; nothing where the cause says it.
fn listen_advice(cause: &std::io::Error) -> &'static str {
    match cause.kind() {
        std::io::ErrorKind::PermissionDenied => {
            ": ports below 1024 are root's: choose another one, with a proxy such as nginx before it"
        }
        std::io::ErrorKind::AddrInUse => ": end the program that has it, or choose another port",
        std::io::ErrorKind::AddrNotAvailable => ": this machine has no such address",
        _ => "",
    }
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
    /// What they download.
    pub downloads: Downloads,
    /// What they let others see.
    pub shares: Shares,
    /// The time.
    pub clock: Clock,
    /// Checks passwords and PINs.
    pub hasher: Arc<Hasher>,
    /// What is counted.
    pub metrics: Metrics,
    /// What tokens are hashed with.
    pub(crate) secret: SiteSecret,
    /// Takes requests for what was forgotten.
    pub(crate) recovery: Recovery,
    /// Who else says who somebody is.
    pub provider: CurrentProvider,
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
    folder: PathBuf,
    web: WebSettings,
    ways: Ways,
    admin: AdminSettings,
    monitor: Option<SocketAddr>,
    /// Those whose end is told of beforehand, but those of mail, SMS and identity provider, which can change.
    certificates: Vec<Certificates>,
}

impl Portal {
    /// Opens the store. Blocks.
    ///
    /// # Errors
    /// [`PortalError`].
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, PortalError> {
        let Settings { store: folder, secret, site, limits, cost, web, results, ways, .. } =
            settings;
        let (admin, monitor) = (settings.admin, settings.monitor);
        let provider = CurrentProvider::new(settings.oidc, web.origin(), clock.clone())?;
        if matches!(ways, Ways::Shown) && !matches!(web.transport(), Transport::Loopback) {
            return Err(PortalError::ShownToOthers);
        }
        // A core each: more at a time would only share them.
        let slots = std::thread::available_parallelism().map_or(1, usize::from);
        let hasher = Arc::new(Hasher::new(cost, slots)?);
        let embedded = Arc::new(SledStore::open(&folder)?);
        let store: Arc<dyn Store> = Arc::<SledStore>::clone(&embedded);
        let certificates = certificates_of(&web, &admin, &results);
        let results = Results::new(Arc::clone(&store), &results, clock.clone());
        let metrics = Metrics::default();
        let downloads = Downloads::open(
            Arc::clone(&store),
            results.clone(),
            settings.downloads,
            secret.clone(),
            site.clone(),
            clock.clone(),
            metrics.downloads.clone(),
        )?;
        let ground = Ground {
            results: results.clone(),
            downloads: downloads.clone(),
            hasher: Arc::clone(&hasher),
            secret: secret.clone(),
            site: site.clone(),
            limits: limits.clone(),
            clock: clock.clone(),
            metrics: metrics.shares.clone(),
        };
        let shares = Shares::new(Arc::clone(&store), ground, settings.shares);
        let accounts = Accounts::new(
            Arc::clone(&store),
            Arc::clone(&hasher),
            secret.clone(),
            site,
            limits,
            clock.clone(),
        );
        let recovery = Recovery::new();
        let services = Services {
            store,
            accounts,
            results,
            downloads,
            shares,
            clock,
            hasher,
            metrics,
            secret,
            recovery,
            provider,
        };
        Ok(Self { store: embedded, services, folder, web, ways, admin, monitor, certificates })
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

    /// The console in this process, for as long as no other one has the store.
    pub fn console(&self) -> Console {
        Console::here(self.admin_router())
    }

    fn admin_router(&self) -> Router {
        admin::router(self.services.clone(), Arc::clone(&self.store), self.admin.clone())
    }

    /// Takes the ports, and makes the socket of the console.
    ///
    /// # Errors
    /// [`PortalError::Tls`], [`PortalError::Listen`], [`PortalError::Console`].
    pub async fn bind(self) -> Result<BoundPortal, PortalError> {
        let (patients, address) = listener(self.web.listen(), self.web.transport()).await?;
        let (admin, admin_address) = match &self.admin.listen {
            None => (None, None),
            Some((address, transport)) => {
                let (listener, address) = listener(*address, transport).await?;
                (Some(listener), Some(address))
            }
        };
        let monitor = match self.monitor {
            Some(address) => Some(listener(address, &Transport::Loopback).await?),
            None => None,
        };
        let console = Listener::Unix(admin::console_listener(&self.folder)?);
        Ok(BoundPortal { portal: self, address, admin_address, patients, admin, monitor, console })
    }
}

/// Those of the listeners, and of what is shown to and trusted of the PACS.
fn certificates_of(
    web: &WebSettings,
    admin: &AdminSettings,
    results: &ResultsSettings,
) -> Vec<Certificates> {
    let portal = Certificates::of_listener("[portal]", web.transport());
    let admin = admin.listen.as_ref();
    let admin = admin.and_then(|(_, transport)| Certificates::of_listener("[admin]", transport));
    let pacs = results.pacs.iter().filter_map(Certificates::of_pacs);
    portal.into_iter().chain(admin).chain(pacs).collect()
}

async fn listener(
    address: SocketAddr,
    transport: &Transport,
) -> Result<(Listener, SocketAddr), PortalError> {
    let tls = match transport {
        Transport::Tls(files) => Some(files.acceptor()?),
        Transport::Loopback | Transport::Proxies(_) => None,
    };
    let refused = |source| PortalError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((Listener::Tcp(listener, transport.clone(), tls), address))
}

/// A portal that has its ports.
#[expect(missing_debug_implementations, reason = "the listener has none")]
pub struct BoundPortal {
    portal: Portal,
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    patients: Listener,
    admin: Option<Listener>,
    monitor: Option<(Listener, SocketAddr)>,
    console: Listener,
}

impl BoundPortal {
    /// Where a monitor comes in, if one does.
    pub fn monitor_address(&self) -> Option<SocketAddr> {
        self.monitor.as_ref().map(|(_, address)| *address)
    }

    /// Where patients come in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where programs of administrators come in, if they do.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Serves until it is time to stop: requests under way end, then the tasks behind, then the store.
    pub async fn run(self, stop: Stop) {
        let Self { portal, patients, admin, monitor, console, .. } = self;
        let admin_router = portal.admin_router();
        let Portal { store, services, web, ways, certificates, .. } = portal;
        let AdminSettings { retention, .. } = portal.admin;
        let mut tasks = Tasks::new(stop.clone());
        let (provider, clock) = (services.provider.clone(), services.clock.clone());
        let metrics = services.metrics.certificates.clone();
        let shown = matches!(ways, Ways::Shown);
        let transports = ways.clone().transports();
        tasks.start("certificates", move |stop| {
            let (fixed, transports) = (certificates.clone(), transports.clone());
            watch(fixed, transports, provider.clone(), metrics.clone(), clock.clone(), stop)
        });
        start_tasks(&mut tasks, &services, ways, retention);
        let limits = web.limits().clone();
        let router = web::router(services.clone(), web, shown, stop.clone());
        let router = observed(router, "patients", services.metrics.requests.clone());
        let requests = &services.metrics.requests;
        let console_router = admin::trusted(admin_router.clone());
        let console_router = observed(console_router, "console", requests.clone());
        let admin_router = observed(admin_router, "administrators", requests.clone());
        let connections = limits.connections.min(PROGRAMS);
        let few = ConnectionLimits { connections, ..limits.clone() };
        let programs = async {
            if let Some(listener) = admin {
                serve(listener, admin_router, few.clone(), stop.clone()).await;
            }
        };
        let monitor_router = health::router(services.clone(), stop.clone());
        let monitored = async {
            if let Some((listener, _)) = monitor {
                let limits =
                    ConnectionLimits { connections: MONITORS, ..ConnectionLimits::default() };
                serve(listener, monitor_router, limits, stop.clone()).await;
            }
        };
        tokio::join!(
            monitored,
            serve(patients, router, limits.with_room_for_heads(), stop.clone()),
            programs,
            serve(console, console_router, few.clone(), stop.clone()),
        );
        if !tasks.end(GRACE).await {
            tracing::warn!("background tasks were broken off");
        }
        drop(services);
        // The last of them waits for the disk.
        drop(tokio::task::spawn_blocking(move || drop(store)).await);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;
    use crate::listen::ConnectionLimits;

    /// A portal that is not served, with no PACS behind it.
    pub(crate) fn portal(folder: &Path, clock: Clock) -> Portal {
        let listen = "127.0.0.1:0".parse().unwrap();
        let address = "http://127.0.0.1:8080";
        let limits = ConnectionLimits::default();
        let settings = Settings {
            store: folder.join("store"),
            secret: SiteSecret::new(vec![7; 32]).unwrap(),
            site: Site {
                institution: "Ospedale di Prova".to_owned(),
                portal: "La mia salute".to_owned(),
                address: address.to_owned(),
            },
            limits: Limits::default(),
            cost: Cost { memory_kib: 8, passes: 1 },
            web: WebSettings::new(listen, address, None, Vec::new(), limits).unwrap(),
            admin: AdminSettings::default(),
            results: ResultsSettings::default(),
            downloads: DownloadsSettings::in_folder(folder.join("spool")),
            shares: SharesSettings::default(),
            ways: Ways::Sent { mail: None, sms: None },
            monitor: None,
            oidc: None,
        };
        Portal::open(settings, clock).unwrap()
    }

    #[tokio::test]
    async fn a_port_that_cannot_be_had_says_what_to_do() {
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let Err(taken) = listener(address, &Transport::Loopback).await else {
            panic!("two have {address}")
        };
        assert!(taken.to_string().contains("end the program that has it"), "{taken}");
        let source = std::io::ErrorKind::PermissionDenied.into();
        let refused = PortalError::Listen { address, source };
        assert!(refused.to_string().contains("with a proxy such as nginx"), "{refused}");
    }
}
