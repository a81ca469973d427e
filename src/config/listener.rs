//! What the sections of listeners have in common.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use portal::{IpNet, TlsFiles};
use schemars::JsonSchema;
use serde::Deserialize;

/// Files of TLS, as they are written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

impl Tls {
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<TlsFiles> {
        match (self.certificate_file, self.key_file) {
            (Some(certificate), Some(key)) => {
                Ok(TlsFiles::new(folder.join(certificate), folder.join(key)))
            }
            _ => bail!("certificate_file and key_file are both needed"),
        }
    }
}

/// Addresses, or networks with their length.
pub(super) fn networks(texts: &[String]) -> anyhow::Result<Vec<IpNet>> {
    texts
        .iter()
        .map(|text| {
            text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).with_context(|| {
                format!("{text:?} is neither an address nor a network as 192.0.2.0/24")
            })
        })
        .collect()
}
