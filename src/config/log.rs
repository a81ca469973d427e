//! The section `[log]`.

use schemars::JsonSchema;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;

use crate::logs::LogSettings;

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    format: Format,
    level: Level,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

impl Section {
    pub(super) fn check(self) -> LogSettings {
        let level = match self.level {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
        };
        LogSettings { is_json: matches!(self.format, Format::Json), level }
    }
}
