//! `limits` and `time_outs` of a PACS.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use engine::pacs::{PacsLimits, TimeOuts};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    matches: Option<u32>,
    associations: Option<u8>,
    bytes_per_second: Option<NonZeroU64>,
    instance_mib: Option<u32>,
    instances: Option<u32>,
    study_mib: Option<u32>,
    page: Option<u32>,
    page_mib: Option<u32>,
}

/// Times in seconds.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Seconds {
    connect: Option<f64>,
    association: Option<f64>,
    no_progress: Option<f64>,
    total: Option<f64>,
}

impl Limits {
    pub(super) fn check(&self) -> anyhow::Result<PacsLimits> {
        let defaults = PacsLimits::default();
        let count = |key: &str, limit: Option<u32>, default: usize| {
            let Some(limit) = limit else { return Ok(default) };
            ensure!(limit > 0, "limits.{key} is 0: nothing could come");
            Ok(usize::try_from(limit)?)
        };
        let mib = |key: &str, limit: Option<u32>, default: u64| {
            let Some(limit) = limit else { return Ok(default) };
            ensure!(limit > 0, "limits.{key} is 0: nothing could come");
            Ok(u64::from(limit) << 20)
        };
        let associations = match self.associations.map(usize::from) {
            None => defaults.associations,
            Some(associations) => NonZeroUsize::new(associations)
                .context("limits.associations is 0: nothing could come")?,
        };
        Ok(PacsLimits {
            matches: count("matches", self.matches, defaults.matches)?,
            associations,
            bytes_per_second: self.bytes_per_second,
            instance_bytes: mib("instance_mib", self.instance_mib, defaults.instance_bytes)?,
            instances: count("instances", self.instances, defaults.instances)?,
            study_bytes: mib("study_mib", self.study_mib, defaults.study_bytes)?,
            page: count("page", self.page, defaults.page)?,
            page_bytes: mib("page_mib", self.page_mib, defaults.page_bytes)?,
            ..defaults
        })
    }
}

impl Seconds {
    pub(super) fn check(&self) -> anyhow::Result<TimeOuts> {
        let time = |key: &str, seconds: Option<f64>, default: Duration| match seconds {
            Some(seconds) if (0.01..=1e6).contains(&seconds) => {
                Ok(Duration::from_secs_f64(seconds))
            }
            Some(_) => bail!("time_outs.{key} is a number of seconds from 0.01 to 1000000"),
            None => Ok(default),
        };
        let defaults = TimeOuts::default();
        Ok(TimeOuts {
            connect: time("connect", self.connect, defaults.connect)?,
            association: time("association", self.association, defaults.association)?,
            no_progress: time("no_progress", self.no_progress, defaults.no_progress)?,
            total: time("total", self.total, defaults.total)?,
        })
    }
}
