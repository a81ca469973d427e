//! `tls` of a PACS: whom we trust, who we are.

use std::path::{Path, PathBuf};

use anyhow::bail;
use engine::pacs::tls::{Authorities, Identity, TlsClient, TlsSettings, client_config};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Section {
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    server_name: Option<String>,
}

impl Section {
    fn settings(&self, folder: &Path) -> anyhow::Result<TlsSettings> {
        let authorities = match &self.ca_file {
            Some(path) => Authorities::File(folder.join(path)),
            None => Authorities::System,
        };
        let identity =
            identity(self.certificate_file.as_deref(), self.key_file.as_deref(), folder)?;
        Ok(TlsSettings { authorities, identity })
    }

    /// For associations; the files are read.
    pub(super) fn dimse(&self, folder: &Path) -> anyhow::Result<TlsClient> {
        Ok(TlsClient::new(&self.settings(folder)?, self.server_name.as_deref())?)
    }

    /// For HTTP; the files are read once to see whether they can be used.
    pub(in crate::config) fn dicomweb(&self, folder: &Path) -> anyhow::Result<TlsSettings> {
        if self.server_name.is_some() {
            bail!("server_name is for DIMSE: over DICOMweb the name in url counts");
        }
        let settings = self.settings(folder)?;
        client_config(&settings)?;
        Ok(settings)
    }
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
