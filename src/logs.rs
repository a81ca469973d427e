//! The log on standard error: lines for people, or one JSON object a line.
//!
//! **Invariant:** other people's crates are heard from `warn` on only: what they tell below may be a person's.

mod lines;

use std::io::stderr;
use std::time::Duration;

use anyhow::Context as _;
use portal::LogMetrics;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use lines::Lines;

use crate::messages::{is_worker, panic_sentence};

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogSettings {
    /// One JSON object a line.
    pub(crate) is_json: bool,
    /// From which level on.
    pub(crate) level: LevelFilter,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { is_json: false, level: LevelFilter::INFO }
    }
}

/// Crates of ours that write to the log.
const OURS: [&str; 4] = ["esito", "portal", "store", "engine"];
/// For the last lines when the program ends.
const GRACE: Duration = Duration::from_secs(1);

/// The log of this program. Dropping it waits a moment for its last lines.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Lines,
    level: LogLevel,
}

/// From which level on the log is written. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct LogLevel(reload::Handle<Targets, Registry>);

impl LogLevel {
    /// Writes from another level on.
    pub(crate) fn change(&self, level: LevelFilter) {
        if let Err(error) = self.0.reload(targets(level)) {
            tracing::error!(%error, "the log stays as it was");
        }
    }
}

impl Log {
    /// Begins the log, to which panics go as well: nothing else writes to standard error, which may be a pipe that
    /// nobody reads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(settings: LogSettings) -> anyhow::Result<Self> {
        let LogSettings { is_json, level } = settings;
        let lines = Lines::to(stderr()).context("cannot start threads")?;
        let (filter, handle) = reload::Layer::new(targets(level));
        let written = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_ansi(false);
        let written =
            if is_json { written.json().flatten_event(true).boxed() } else { written.boxed() };
        // That one is there already is no fault.
        drop(tracing_subscriber::registry().with(filter).with(written).try_init());
        std::panic::set_hook(Box::new(|panic| {
            if is_worker() {
                return;
            }
            tracing::error!("{}", panic_sentence(panic.location()));
        }));
        Ok(Self { lines, level: LogLevel(handle) })
    }

    /// For who changes it.
    pub(crate) fn level(&self) -> LogLevel {
        self.level.clone()
    }

    /// Counts lost lines here.
    pub(crate) fn count_in(&self, metrics: &LogMetrics) {
        self.lines.count_in(metrics);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.flush(GRACE);
    }
}

fn targets(level: LevelFilter) -> Targets {
    let ours = OURS.map(|target| (target, level));
    Targets::new().with_default(LevelFilter::WARN.min(level)).with_targets(ours)
}
