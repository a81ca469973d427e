//! `esito serve`: the portal.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

use anyhow::Context as _;
use portal::{Clock, Cost, Limits, Portal, Settings, Site, Stop};

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
    let settings = Config::load(Some(&arguments.config)).and_then(|config| settings(&config));
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

fn settings(config: &Config) -> anyhow::Result<Settings> {
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
    })
}

fn serve(settings: Settings) -> anyhow::Result<()> {
    let (handle, stop) = Stop::new();
    let origin = settings.web.origin().to_owned();
    let portal = Portal::open(settings, Clock::System)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        let bound = portal.bind().await?;
        tell(&format!("listening on {}, for {origin}", bound.address()));
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
