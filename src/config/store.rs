//! The section `[store]`: what the portal remembers, and the secret that protects it.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use portal::secret::SiteSecret;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    folder: Option<PathBuf>,
    secret_file: Option<PathBuf>,
}

/// Where the store is.
#[derive(Debug, Clone)]
pub(crate) struct StoreSettings {
    /// Its folder; made when it is not there.
    pub(crate) folder: PathBuf,
    secret_file: PathBuf,
}

impl Section {
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<StoreSettings> {
        let path = |key: &str, path: Option<PathBuf>| {
            path.map(|path| folder.join(path)).with_context(|| format!("store.{key} is missing"))
        };
        Ok(StoreSettings {
            folder: path("folder", self.folder)?,
            secret_file: path("secret_file", self.secret_file)?,
        })
    }
}

impl StoreSettings {
    /// Fails when the store is somebody else's: what root writes there its own user could not open any more.
    pub(crate) fn check_owner(&self) -> anyhow::Result<()> {
        let folder = self.folder.display();
        match std::fs::metadata(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error).with_context(|| format!("store.folder {folder}")),
            Ok(found) => {
                let owner = found.uid();
                ensure!(
                    owner == rustix::process::geteuid().as_raw(),
                    "store.folder {folder} belongs to another user: run this as the user with number \
                     {owner}, by sudo -u '#{owner}' for instance"
                );
                Ok(())
            }
        }
    }
}

/// The fewest bytes of a secret.
const FEWEST: usize = 32;

impl StoreSettings {
    /// Reads the secret, which only the program's own user may.
    pub(crate) fn secret(&self) -> anyhow::Result<SiteSecret> {
        let file = self.secret_file.display();
        let make = format!("make one with: (umask 077; head -c 48 /dev/urandom | base64 > {file})");
        let mode = std::fs::metadata(&self.secret_file)
            .with_context(|| format!("store.secret_file {file} cannot be read: {make}"))?
            .permissions()
            .mode();
        // The last three bits are what everybody may.
        ensure!(
            mode.trailing_zeros() >= 3,
            "store.secret_file {file} can be read by everybody on this machine: chmod o= {file}"
        );
        let text = std::fs::read(&self.secret_file)
            .with_context(|| format!("store.secret_file {file} cannot be read"))?;
        let secret = text.trim_ascii().to_vec();
        ensure!(
            secret.len() >= FEWEST,
            "store.secret_file {file} holds {} bytes, {FEWEST} at least: {make}",
            secret.len()
        );
        SiteSecret::new(secret).with_context(|| format!("store.secret_file {file} is too short"))
    }
}
