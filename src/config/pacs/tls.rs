//! `tls` of a PACS: whom we trust, who we are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use engine::pacs::tls::{Authorities, Identity, TlsClient, TlsSettings, client_config};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::known_keys;

/// `tls` of a PACS, over DIMSE or DICOMweb.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    server_name: Option<String>,
}

impl Section {
    /// For associations; the files are read.
    pub(super) fn dimse(self, folder: &Path) -> anyhow::Result<TlsClient> {
        let name = self.server_name.clone();
        Ok(TlsClient::new(&self.of_http().settings(folder)?, name.as_deref())?)
    }

    /// For DICOMweb, as [`HttpSection::checked`].
    pub(super) fn dicomweb(self, folder: &Path) -> anyhow::Result<TlsSettings> {
        if self.server_name.is_some() {
            bail!("server_name is for DIMSE: over DICOMweb the name in url counts");
        }
        self.of_http().checked(folder)
    }

    fn of_http(self) -> HttpSection {
        let Self { ca_file, certificate_file, key_file, server_name: _ } = self;
        HttpSection { ca_file, certificate_file, key_file }
    }
}

/// `tls` of what is asked over HTTP, where the name in the address counts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the keys are called so")]
pub(in crate::config) struct HttpSection {
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

impl HttpSection {
    fn settings(&self, folder: &Path) -> anyhow::Result<TlsSettings> {
        let authorities = match &self.ca_file {
            Some(path) => Authorities::File(folder.join(path)),
            None => Authorities::System,
        };
        let identity =
            identity(self.certificate_file.as_deref(), self.key_file.as_deref(), folder)?;
        Ok(TlsSettings { authorities, identity })
    }

    /// The files are read once to see whether they can be used.
    pub(super) fn checked(&self, folder: &Path) -> anyhow::Result<TlsSettings> {
        let settings = self.settings(folder)?;
        client_config(&settings)?;
        Ok(settings)
    }
}

/// Fails with the first key that nobody knows in `tls` of a section.
pub(in crate::config) fn check_keys(section: &str, table: &Table) -> anyhow::Result<()> {
    match table.get("tls").and_then(Value::as_table) {
        Some(tls) => known_keys::check::<HttpSection>(&format!("{section}.tls"), tls),
        None => Ok(()),
    }
}

/// For HTTP, where `tls` may be left out: then with what the system trusts.
pub(in crate::config) fn of_http(
    section: Option<&HttpSection>,
    folder: &Path,
) -> anyhow::Result<TlsSettings> {
    section.map_or(Ok(TlsSettings::default()), |section| section.checked(folder)).context("tls")
}

/// Certificate and key, which need each other.
pub(super) fn identity(
    certificates: Option<&Path>,
    key: Option<&Path>,
    folder: &Path,
) -> anyhow::Result<Option<Identity>> {
    match (certificates, key) {
        (Some(certificates), Some(key)) => {
            Ok(Some(Identity { certificates: folder.join(certificates), key: folder.join(key) }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => bail!("certificate_file stands without key_file: give both"),
        (None, Some(_)) => bail!("key_file stands without certificate_file: give both"),
    }
}
