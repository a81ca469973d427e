//! The log on standard error: lines for people, or one JSON object a line.
//!
//! **Invariant:** other people's crates are heard from `warn` on only: what they tell below may be a person's.

use std::io::stderr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

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

/// Begins the log; a second call changes nothing.
pub(crate) fn start(settings: LogSettings) {
    let LogSettings { is_json, level } = settings;
    let ours = OURS.map(|target| (target, level));
    let filter = Targets::new().with_default(LevelFilter::WARN.min(level)).with_targets(ours);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(false);
    let lines = if is_json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    let log = tracing_subscriber::registry().with(lines.with_filter(filter));
    // That one is there already is no fault.
    drop(log.try_init());
}
