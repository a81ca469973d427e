//! `esito serve`: the portal.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use portal::outbox::{Sms, Smtp, Transport, Ways};
use portal::{Clock, Cost, Limits, Portal, Settings, Site, Stop};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::exit;
use crate::messages::Messages;

/// What `esito serve` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(arguments: &ServeArgs) -> ExitCode {
    let settings = Config::load(Some(&arguments.config)).and_then(|config| {
        config.warnings.iter().for_each(|warning| Messages::Sentences.notice(warning));
        settings(&config, ways(&config)?)
    });
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    match serve(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            ExitCode::from(exit::STORAGE)
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
        limits: Limits::default(),
        cost: Cost::default(),
        web: portal.web,
        results: config.results.clone(),
        ways,
        admin: config.admin.clone(),
    })
}

fn ways(config: &Config) -> anyhow::Result<Ways> {
    let mail = config.smtp.clone().map(Smtp::new).transpose().context("smtp")?;
    let sms = config.sms.clone().map(Sms::new).transpose().context("sms")?;
    Ok(Ways::Sent {
        mail: mail.map(|mail| Arc::new(mail) as Arc<dyn Transport>),
        sms: sms.map(|sms| Arc::new(sms) as Arc<dyn Transport>),
    })
}

fn serve(settings: Settings) -> anyhow::Result<()> {
    let portal = Portal::open(settings, Clock::System)?;
    run_portal(&runtime()?, portal)
}

/// Threads to run on.
///
/// # Errors
/// When the system gives none.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("cannot start threads")
}

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// A port that cannot be had.
pub(crate) fn run_portal(runtime: &Runtime, portal: Portal) -> anyhow::Result<()> {
    let (handle, stop) = Stop::new();
    let origin = portal.origin().to_owned();
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        let bound = portal.bind().await?;
        tell(&format!("listening on {}, for {origin}", bound.address()));
        if let Some(address) = bound.admin_address() {
            tell(&format!("listening on {address}, for administrators"));
        }
        let mut running = pin!(bound.run(stop));
        // The first signal asks to stop, the second one does not wait for what is under way.
        for _ in 0..2 {
            tokio::select! {
                () = &mut running => {
                    tell("ended");
                    return Ok(());
                }
                _ = terminate.recv() => handle.stop(),
                _ = interrupt.recv() => handle.stop(),
            }
        }
        Ok(())
    })
}

/// A line for whoever started the program; that nobody reads it is no fault.
fn tell(line: &str) {
    let mut stdout = io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}
