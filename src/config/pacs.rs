//! The sections `[[pacs]]` and `[store_scp]`.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use engine::pacs::{
    DimseSettings, PacsLimits, PacsSettings, QueryRoot, RetrieveMethod, Service, StoreScp, TimeOuts,
};
use serde::Deserialize;
use toml::Table;

use super::known_keys;

/// One PACS as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    name: String,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    protocol: Protocol,
    host: String,
    port: u16,
    called_ae_title: String,
    calling_ae_title: String,
    #[serde(default)]
    retrieve: Retrieve,
    #[serde(default)]
    root: Root,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    time_outs: Seconds,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    #[default]
    Dimse,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Retrieve {
    #[default]
    Auto,
    Get,
    Move,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Root {
    #[default]
    Study,
    Patient,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    matches: Option<u32>,
    bytes_per_second: Option<NonZeroU64>,
    instance_mib: Option<u32>,
    instances: Option<u32>,
}

/// Times in seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seconds {
    connect: Option<f64>,
    association: Option<f64>,
    no_progress: Option<f64>,
    total: Option<f64>,
}

/// The Store SCP as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreScpSection {
    listen: SocketAddr,
    #[serde(default = "four")]
    associations: u8,
}

fn four() -> u8 {
    4
}

/// Fails with the first key that nobody knows.
pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
    known_keys::check::<Section>("pacs", table)?;
    for (section, value) in table {
        match (section.as_str(), value.as_table()) {
            ("limits", Some(table)) => known_keys::check::<Limits>("pacs.limits", table)?,
            ("time_outs", Some(table)) => known_keys::check::<Seconds>("pacs.time_outs", table)?,
            _ => {}
        }
    }
    Ok(())
}

/// As [`check_keys`], of the Store SCP.
pub(super) fn check_store_scp_keys(table: &Table) -> anyhow::Result<()> {
    known_keys::check::<StoreScpSection>("store_scp", table)
}

impl StoreScpSection {
    fn check(&self) -> anyhow::Result<StoreScp> {
        ensure!(self.associations > 0, "store_scp.associations is 0: nothing could be received");
        Ok(StoreScp { listen: self.listen, tls: None, associations: self.associations.into() })
    }
}

/// Checks all, and puts them in the order of their priority; the smallest comes first.
pub(super) fn check(
    mut sections: Vec<Section>,
    store_scp: Option<&StoreScpSection>,
) -> anyhow::Result<Vec<PacsSettings>> {
    let store_scp = store_scp.map(StoreScpSection::check).transpose()?;
    sections.sort_by_key(|section| section.priority);
    let mut all: Vec<PacsSettings> = Vec::new();
    for section in sections {
        let name = section.name.clone();
        if all.iter().any(|other| other.name == name) {
            bail!("two PACS are called {name}: give each its own name");
        }
        let settings = section.check(store_scp.clone());
        all.push(settings.with_context(|| format!("the PACS {name}"))?);
    }
    Ok(all)
}

impl Section {
    fn check(self, store_scp: Option<StoreScp>) -> anyhow::Result<PacsSettings> {
        let printable = |text: &str| !text.chars().any(char::is_control);
        ensure!(!self.name.trim().is_empty() && printable(&self.name), "name is empty or odd");
        ensure!(!self.host.trim().is_empty() && printable(&self.host), "host is empty or odd");
        ensure!(self.port > 0, "port is 0");
        let Protocol::Dimse = self.protocol;
        let defaults = PacsLimits::default();
        let wide = |limit: Option<u32>, default: usize| -> anyhow::Result<usize> {
            limit.map_or(Ok(default), |limit| usize::try_from(limit).map_err(Into::into))
        };
        let limits = PacsLimits {
            matches: wide(self.limits.matches, defaults.matches)?,
            bytes_per_second: self.limits.bytes_per_second,
            instance_bytes: self
                .limits
                .instance_mib
                .map_or(defaults.instance_bytes, |mib| u64::from(mib) << 20),
            instances: wide(self.limits.instances, defaults.instances)?,
            ..defaults
        };
        let retrieve = match self.retrieve {
            Retrieve::Auto => RetrieveMethod::Auto,
            Retrieve::Get => RetrieveMethod::Get,
            Retrieve::Move => RetrieveMethod::Move,
        };
        if retrieve == RetrieveMethod::Move && store_scp.is_none() {
            bail!("retrieve = \"move\" needs [store_scp] listen, where the PACS sends to");
        }
        let service = DimseSettings {
            host: self.host,
            port: self.port,
            tls: None,
            called_ae_title: self.called_ae_title.parse().context("called_ae_title")?,
            calling_ae_title: self.calling_ae_title.parse().context("calling_ae_title")?,
            retrieve,
            root: match self.root {
                Root::Study => QueryRoot::Study,
                Root::Patient => QueryRoot::Patient,
            },
            limits,
            time_outs: self.time_outs.check()?,
            store_scp,
            spool_folder: std::env::temp_dir(),
        };
        Ok(PacsSettings { name: self.name, site: None, service: Service::Dimse(Box::new(service)) })
    }
}

impl Seconds {
    fn check(&self) -> anyhow::Result<TimeOuts> {
        let time = |key: &str, seconds: Option<f64>, default: Duration| match seconds {
            Some(seconds) if (0.01..=1e6).contains(&seconds) => {
                Ok(Duration::from_secs_f64(seconds))
            }
            Some(_) => bail!("time_outs.{key} is a number of seconds from 0.01 on"),
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
