//! The section `[store_scp]`: where a PACS sends to on C-MOVE.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use engine::pacs::tls::{Authorities, ClientCertificates, TlsServer};
use engine::pacs::{StoreFrom, StoreScp};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Table;

use super::tls::identity;
use crate::config::known_keys;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Section {
    listen: Option<SocketAddr>,
    associations: Option<u8>,
    tls: Option<Tls>,
}

/// TLS of the Store SCP as it is written.
#[expect(clippy::struct_field_names, reason = "each names a file, as `tls` of a PACS does")]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Tls {
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    client_ca_file: Option<PathBuf>,
}

/// How many associations there are at a time when nothing is said.
const ASSOCIATIONS: u8 = 4;

impl Section {
    /// Fails with the first key that nobody knows.
    pub(in crate::config) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("store_scp", table)?;
        match table.get("tls").and_then(toml::Value::as_table) {
            Some(tls) => known_keys::check::<Tls>("store_scp.tls", tls),
            None => Ok(()),
        }
    }

    pub(super) fn check(self, folder: &Path) -> anyhow::Result<StoreScp> {
        let listen = self.listen.context("store_scp.listen is missing: an address and a port")?;
        let associations = self.associations.unwrap_or(ASSOCIATIONS);
        ensure!(associations > 0, "store_scp.associations is 0: nothing could be received");
        let tls = self.tls.map(|tls| tls.check(folder)).transpose().context("store_scp.tls")?;
        let from = StoreFrom::default();
        Ok(StoreScp { listen, tls, associations: associations.into(), from })
    }
}

/// `store_from` of a PACS: who sends to the Store SCP.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct From {
    ae_titles: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl From {
    pub(super) fn check(self) -> anyhow::Result<StoreFrom> {
        let titles = self.ae_titles.iter().map(|title| title.parse().context("ae_titles"));
        Ok(StoreFrom {
            ae_titles: titles.collect::<anyhow::Result<_>>()?,
            addresses: self.addresses.iter().map(IpAddr::to_canonical).collect(),
        })
    }
}

impl Tls {
    fn check(&self, folder: &Path) -> anyhow::Result<TlsServer> {
        let identity =
            identity(self.certificate_file.as_deref(), self.key_file.as_deref(), folder)?
                .context("certificate_file and key_file are missing: a server shows both")?;
        let clients = match &self.client_ca_file {
            Some(path) => ClientCertificates::Required(Authorities::File(folder.join(path))),
            None => ClientCertificates::NotAsked,
        };
        Ok(TlsServer::new(&identity, &clients)?)
    }
}
