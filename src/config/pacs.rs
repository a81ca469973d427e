//! The sections `[[pacs]]` and `[store_scp]`.
//!
//! Every key may be absent as far as the parser goes; what a protocol needs is looked for here, so that
//! a sentence can say it.

mod authentication;
mod limits;
mod recall;
mod show;
mod store_scp;
pub(super) mod tls;

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use engine::pacs::dicomweb::{Credentials, ServiceUrl, WebSettings};
use engine::pacs::{
    AeTitle, DimseSettings, PacsSettings, QueryRoot, RetrieveMethod, ScratchFolder, Service,
    StoreScp,
};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Table;

use super::known_keys;
pub(super) use store_scp::Section as StoreScpSection;

/// One PACS as it is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name: Option<String>,
    site: Option<String>,
    issuer: Option<String>,
    priority: i64,
    protocol: Protocol,
    // DIMSE.
    host: Option<String>,
    port: Option<u16>,
    called_ae_title: Option<String>,
    calling_ae_title: Option<String>,
    retrieve: Option<Retrieve>,
    root: Option<Root>,
    store_from: Option<store_scp::From>,
    // DICOMweb.
    url: Option<String>,
    retrieve_url: Option<String>,
    authentication: Option<authentication::Section>,
    // Both.
    tls: Option<tls::Section>,
    limits: limits::Limits,
    time_outs: limits::Seconds,
    recall: recall::Section,
    show: show::Section,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    #[default]
    Dimse,
    DicomWeb,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Retrieve {
    Auto,
    Get,
    Move,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Root {
    Study,
    Patient,
}

/// Fails with the first key that nobody knows.
pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
    known_keys::check::<Section>("pacs", table)?;
    for (section, value) in table {
        match (section.as_str(), value.as_table()) {
            ("authentication", Some(table)) => {
                known_keys::check::<authentication::Section>("pacs.authentication", table)?;
            }
            ("tls", Some(table)) => known_keys::check::<tls::Section>("pacs.tls", table)?,
            ("limits", Some(table)) => known_keys::check::<limits::Limits>("pacs.limits", table)?,
            ("recall", Some(table)) => recall::Section::check_keys(table)?,
            ("show", Some(table)) => known_keys::check::<show::Section>("pacs.show", table)?,
            ("store_from", Some(table)) => {
                known_keys::check::<store_scp::From>("pacs.store_from", table)?;
            }
            ("time_outs", Some(table)) => {
                known_keys::check::<limits::Seconds>("pacs.time_outs", table)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks all, and puts them in the order of their priority; the smallest comes first. Paths start at
/// the folder of the file.
pub(super) fn check(
    mut sections: Vec<Section>,
    store_scp: Option<StoreScpSection>,
    folder: &Path,
) -> anyhow::Result<Vec<PacsSettings>> {
    let store_scp = store_scp.map(|section| section.check(folder)).transpose()?;
    sections.sort_by_key(|section| section.priority);
    let mut all: Vec<PacsSettings> = Vec::new();
    for section in sections {
        let name = section.name.clone().context("a [[pacs]] has no name: give it one")?;
        ensure!(is_plain(&name), "the name of a [[pacs]] is empty or holds control characters");
        if all.iter().any(|other| other.name == name) {
            bail!("two PACS are called {name}: give each its own name");
        }
        let settings = section.check(&name, store_scp.as_ref(), folder);
        all.push(settings.with_context(|| format!("the PACS {name}"))?);
    }
    Ok(all)
}

/// What is said of several PACS of which one does not say whose its Patient IDs are.
pub(super) fn without_issuer(all: &[PacsSettings]) -> Option<String> {
    let without: Vec<_> =
        all.iter().filter(|pacs| pacs.issuer.is_none()).map(|pacs| pacs.name.as_str()).collect();
    if all.len() < 2 || without.is_empty() {
        return None;
    }
    Some(format!(
        "there are several PACS, and no issuer is written for {}: where one does not tell whose its Patient IDs are, \
         a patient of another PACS with the same one sees its studies; give each [[pacs]] an issuer",
        without.join(", ")
    ))
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

impl Section {
    fn check(
        mut self,
        name: &str,
        store_scp: Option<&StoreScp>,
        folder: &Path,
    ) -> anyhow::Result<PacsSettings> {
        let site = self.site.clone();
        ensure!(site.as_deref().is_none_or(is_plain), "site is empty: leave the key out instead");
        let issuer = self.issuer.clone();
        ensure!(
            issuer.as_deref().is_none_or(is_plain),
            "issuer is empty: leave the key out instead"
        );
        let mapping = self.show.check().context("show")?;
        let recall = std::mem::take(&mut self.recall);
        let recall = recall.check(self.time_outs.check()?, folder).context("recall")?;
        let more_keys = mapping.more_keys();
        let service = match self.protocol {
            Protocol::Dimse => Service::Dimse(Box::new(DimseSettings {
                more_keys,
                ..self.dimse(store_scp, folder)?
            })),
            Protocol::DicomWeb => {
                Service::DicomWeb(Box::new(WebSettings { more_keys, ..self.dicomweb(folder)? }))
            }
        };
        Ok(PacsSettings { name: name.to_owned(), site, issuer, service, mapping, recall })
    }

    fn dimse(self, store_scp: Option<&StoreScp>, folder: &Path) -> anyhow::Result<DimseSettings> {
        let of_dicomweb = [
            ("url", self.url.is_some()),
            ("retrieve_url", self.retrieve_url.is_some()),
            ("authentication", self.authentication.is_some()),
        ];
        if let Some((key, _)) = of_dicomweb.iter().find(|(_, is_there)| *is_there) {
            bail!("{key} belongs to DICOMweb: write protocol = \"dicomweb\", or leave it out");
        }
        let host = needed(self.host, "host")?;
        ensure!(is_plain(&host), "host is empty or holds control characters");
        let port = needed(self.port, "port")?;
        ensure!(port > 0, "port is 0");
        let retrieve = match self.retrieve {
            None | Some(Retrieve::Auto) => RetrieveMethod::Auto,
            Some(Retrieve::Get) => RetrieveMethod::Get,
            Some(Retrieve::Move) => RetrieveMethod::Move,
        };
        if retrieve == RetrieveMethod::Move && store_scp.is_none() {
            bail!("retrieve = \"move\" needs [store_scp] listen, where the PACS sends to");
        }
        if self.store_from.is_some() && store_scp.is_none() {
            bail!("store_from needs [store_scp] listen, where the PACS sends to");
        }
        let from = self.store_from.map(store_scp::From::check).transpose().context("store_from")?;
        let from = from.unwrap_or_default();
        let store_scp = store_scp.map(|scp| StoreScp { from, ..scp.clone() });
        Ok(DimseSettings {
            host,
            port,
            tls: self.tls.map(|tls| tls.dimse(folder)).transpose().context("tls")?,
            called_ae_title: ae_title(self.called_ae_title, "called_ae_title")?,
            calling_ae_title: ae_title(self.calling_ae_title, "calling_ae_title")?,
            retrieve,
            root: match self.root {
                None | Some(Root::Study) => QueryRoot::Study,
                Some(Root::Patient) => QueryRoot::Patient,
            },
            more_keys: Vec::new(),
            limits: self.limits.check()?,
            time_outs: self.time_outs.check()?,
            store_scp,
            spool_folder: ScratchFolder::of_system(),
        })
    }

    fn dicomweb(self, folder: &Path) -> anyhow::Result<WebSettings> {
        let of_dimse = [
            ("host", self.host.is_some()),
            ("port", self.port.is_some()),
            ("called_ae_title", self.called_ae_title.is_some()),
            ("calling_ae_title", self.calling_ae_title.is_some()),
            ("retrieve", self.retrieve.is_some()),
            ("root", self.root.is_some()),
            ("store_from", self.store_from.is_some()),
        ];
        if let Some((key, _)) = of_dimse.iter().find(|(_, is_there)| *is_there) {
            bail!("{key} belongs to DIMSE: write protocol = \"dimse\", or leave it out");
        }
        let url = self.url.context("url is missing: protocol = \"dicomweb\" needs it")?;
        let url: ServiceUrl = url.parse().context("url")?;
        let retrieve_url: Option<ServiceUrl> =
            self.retrieve_url.map(|url| url.parse()).transpose().context("retrieve_url")?;
        let credentials = match self.authentication {
            Some(section) => section.check(folder).context("authentication")?,
            None => Credentials::None,
        };
        let mut settings = WebSettings::new(url);
        settings.retrieve_url = retrieve_url;
        settings.credentials = credentials;
        if self.tls.is_some() && !settings.speaks_tls() {
            bail!("tls is configured, and url begins with http://: write https://");
        }
        if let Some(tls) = self.tls {
            settings.tls = tls.dicomweb(folder).context("tls")?;
        }
        settings.limits = self.limits.check()?;
        settings.time_outs = self.time_outs.check()?;
        Ok(settings)
    }
}

fn needed<T>(value: Option<T>, key: &str) -> anyhow::Result<T> {
    value.with_context(|| format!("{key} is missing: protocol = \"dimse\" needs it"))
}

fn ae_title(text: Option<String>, key: &'static str) -> anyhow::Result<AeTitle> {
    needed(text, key)?.parse().context(key)
}

#[cfg(test)]
mod tests;
