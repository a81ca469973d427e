//! `esito serve`: the portal.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portal::outbox::Ways;
use portal::{Clock, Cost, Portal, Settings, Site, Stop};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{Config, StoreSettings};
use crate::exit;
use crate::logs::{Lines, Log};
use crate::messages::Messages;
use crate::open_files;
use crate::reload::{Reload, Running};

/// For the last lines on standard output.
const GRACE: Duration = Duration::from_secs(1);

/// What `esito serve` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(arguments: &ServeArgs) -> ExitCode {
    let prepared = Config::load(Some(&arguments.config)).and_then(|config| {
        let reload = Reload::new(arguments.config.clone(), &config)?;
        let settings = settings(&config, reload.ways())?;
        Ok((config, settings, reload))
    });
    let (config, settings, reload) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    let log = match Log::start(config.log) {
        Ok(log) => log,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            return ExitCode::from(exit::STORAGE);
        }
    };
    config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let owned = config.store.as_ref().map_or(Ok(()), StoreSettings::check_owner);
    match owned.and_then(|()| serve(settings, reload, &log)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            // Files that the configuration names are part of it.
            let is_tls = matches!(error.downcast_ref(), Some(portal::PortalError::Tls(_)));
            ExitCode::from(if is_tls { exit::USAGE } else { exit::STORAGE })
        }
    }
}

/// What a configuration says of a portal.
///
/// # Errors
/// A section that is missing, a secret that cannot be read.
pub(crate) fn settings(config: &Config, ways: Ways) -> anyhow::Result<Settings> {
    let store = config.store.clone().context("[store] is missing: folder and secret_file")?;
    let portal = config.portal.clone().context("[portal] is missing: listen and address")?;
    let downloads = config.downloads.clone().context("[store] is missing: folder")?;
    let institution =
        config.branding.name.as_ref().map_or(portal.name.as_str(), |name| name.italian.as_str());
    let site = Site {
        institution: institution.to_owned(),
        portal: portal.name.clone(),
        address: portal.web.origin().to_owned(),
    };
    Ok(Settings {
        secret: store.secret()?,
        store: store.folder,
        site,
        limits: portal.limits,
        cost: Cost::default(),
        web: portal.web.with_branding(config.branding.clone()),
        results: config.results.clone(),
        downloads,
        shares: config.shares,
        ways,
        admin: config.admin.clone(),
        monitor: config.monitor,
        oidc: config.oidc.clone(),
    })
}

fn serve(mut settings: Settings, reload: Reload, log: &Log) -> anyhow::Result<()> {
    if let Some(limit) = open_files::raise() {
        settings.web = settings.web.within(limit);
    }
    let portal = Portal::open(settings, Clock::System)?;
    log.count_in(&portal.services().metrics.log);
    let running = Running { provider: portal.services().provider.clone(), log: log.level() };
    run_portal(&runtime()?, portal, Some((reload, running)))
}

/// Threads to run on.
///
/// # Errors
/// When the system gives none.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("cannot start threads")
}

/// Serves until Ctrl-C or SIGTERM. With `reload`, SIGHUP has the configuration read again; without, it ends
/// the program.
///
/// # Errors
/// A port that cannot be had.
pub(crate) fn run_portal(
    runtime: &Runtime,
    portal: Portal,
    reload: Option<(Reload, Running)>,
) -> anyhow::Result<()> {
    let (handle, stop) = Stop::new();
    // Nobody has to read what is told here, and nothing waits for who does.
    let told = Lines::to(io::stdout()).context("cannot start threads")?;
    let tell = |line: &str| told.tell(format!("{line}\n").into_bytes());
    let origin = portal.origin().to_owned();
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        if let Some(reload) = reload {
            let hang_ups = signal(SignalKind::hangup()).context("cannot listen for signals")?;
            drop(tokio::spawn(hear_hang_ups(hang_ups, reload)));
        }
        let bound = portal.bind().await?;
        tell(&format!("listening on {}, for {origin}", bound.address()));
        if let Some(address) = bound.admin_address() {
            tell(&format!("listening on {address}, for administrators"));
        }
        if let Some(monitor) = bound.monitor_address() {
            tell(&format!("a monitor asks at http://{monitor}/live, /ready and /metrics"));
        }
        let mut running = pin!(bound.run(stop));
        // The first signal asks to stop, the second one does not wait for what is under way.
        for _ in 0..2 {
            tokio::select! {
                () = &mut running => {
                    tell("ended");
                    told.flush(GRACE);
                    return Ok(());
                }
                _ = terminate.recv() => handle.stop(),
                _ = interrupt.recv() => handle.stop(),
            }
        }
        Ok(())
    })
}

/// Reads the configuration again at each SIGHUP.
async fn hear_hang_ups(mut hang_ups: Signal, reload: (Reload, Running)) {
    let reload = Arc::new(reload);
    while hang_ups.recv().await.is_some() {
        let reload = Arc::clone(&reload);
        // It reads files.
        drop(tokio::task::spawn_blocking(move || reload.0.now(&reload.1)).await);
    }
}
