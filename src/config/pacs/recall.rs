//! `recall` of a PACS: how a study that is not online is asked for.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use engine::pacs::dicomweb::WebSettings;
use engine::pacs::{Hook, HookAddress, HookMethod, RecallAsk, RecallSettings, TimeOuts};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Table;

use super::{authentication, tls};
use crate::config::known_keys;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    first_wait: Option<f64>,
    longest_wait: Option<f64>,
    total: Option<f64>,
    hook: Option<HookSection>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct HookSection {
    method: Method,
    url: Option<String>,
    status: Vec<u16>,
    authentication: Option<authentication::Section>,
    tls: Option<tls::HttpSection>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
enum Method {
    #[serde(rename = "GET")]
    Get,
    #[default]
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PUT")]
    Put,
}

impl Section {
    /// Fails with the first key that nobody knows.
    pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("pacs.recall", table)?;
        let Some(hook) = table.get("hook").and_then(toml::Value::as_table) else { return Ok(()) };
        known_keys::check::<HookSection>("pacs.recall.hook", hook)?;
        if let Some(table) = hook.get("authentication").and_then(toml::Value::as_table) {
            known_keys::check::<authentication::Section>("pacs.recall.hook.authentication", table)?;
        }
        tls::check_keys("pacs.recall.hook", hook)
    }

    pub(super) fn check(
        self,
        time_outs: TimeOuts,
        folder: &Path,
    ) -> anyhow::Result<RecallSettings> {
        let usual = RecallSettings::default();
        let first_wait = time("first_wait", self.first_wait, usual.first_wait)?;
        let longest_wait = time("longest_wait", self.longest_wait, usual.longest_wait)?;
        ensure!(first_wait <= longest_wait, "longest_wait is shorter than first_wait");
        let ask = match self.hook {
            Some(hook) => RecallAsk::Hook(Box::new(hook.check(time_outs, folder).context("hook")?)),
            None => RecallAsk::Retrieve,
        };
        let total = time("total", self.total, usual.total)?;
        Ok(RecallSettings { ask, first_wait, longest_wait, total })
    }
}

impl HookSection {
    fn check(self, time_outs: TimeOuts, folder: &Path) -> anyhow::Result<Hook> {
        let address: HookAddress = self.url.context("url is missing")?.parse().context("url")?;
        if let Some(odd) = self.status.iter().find(|status| !(200..600).contains(*status)) {
            bail!("{odd} is no status of an answer: 200 to 599 are");
        }
        let mut server = WebSettings::new(address.server().clone());
        server.time_outs = time_outs;
        if let Some(section) = self.authentication {
            server.credentials = section.check(folder).context("authentication")?;
        }
        if let Some(tls) = self.tls {
            ensure!(server.speaks_tls(), "tls is configured, and url begins with http://");
            server.tls = tls.checked(folder).context("tls")?;
        }
        let method = match self.method {
            Method::Get => HookMethod::Get,
            Method::Post => HookMethod::Post,
            Method::Put => HookMethod::Put,
        };
        Ok(Hook { method, address, statuses: self.status, server })
    }
}

fn time(key: &str, seconds: Option<f64>, usual: Duration) -> anyhow::Result<Duration> {
    match seconds {
        Some(seconds) if (0.1..=1e7).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        Some(_) => bail!("{key} is a number of seconds from 0.1 to 10000000"),
        None => Ok(usual),
    }
}
