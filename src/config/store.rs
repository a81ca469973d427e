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

/// The number of the user root.
const ROOT: u32 = 0;

impl StoreSettings {
    /// Fails when the store is somebody else's, and when root would make it in a folder of somebody else: what
    /// root writes there its own user could not open any more.
    pub(crate) fn check_owner(&self) -> anyhow::Result<()> {
        self.check_owner_as(rustix::process::geteuid().as_raw())
    }

    fn check_owner_as(&self, user: u32) -> anyhow::Result<()> {
        let folder = self.folder.display();
        let places = self.folder.ancestors();
        let places =
            places.map(|place| if place.as_os_str().is_empty() { Path::new(".") } else { place });
        let is_missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        let found = places
            .map(|place| (place, std::fs::metadata(place)))
            .find(|(_, found)| !found.as_ref().is_err_and(is_missing));
        let Some((place, found)) = found else { return Ok(()) };
        let found = found.with_context(|| {
            format!("store.folder {folder} cannot be looked at: run this as the portal's own user")
        })?;
        let owner = found.uid();
        if place != self.folder {
            let in_place = place.display();
            ensure!(
                owner == user || user != ROOT,
                "store.folder {folder} would be made in {in_place}, which belongs to another user: run this \
                 as the user with number {owner}, by sudo -u '#{owner}' for instance"
            );
            return Ok(());
        }
        ensure!(
            owner == user || owner != ROOT,
            "store.folder {folder} belongs to root: give it to the portal's own user, by chown -R {user} \
             {folder} if this is the one"
        );
        ensure!(
            owner == user,
            "store.folder {folder} belongs to another user: run this as the user with number {owner}, by \
             sudo -u '#{owner}' for instance"
        );
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_makes_no_store_in_a_folder_of_another_user() {
        let folder = tempfile::tempdir().unwrap();
        // Root gives it away, for others it is another user's than root's already.
        drop(std::os::unix::fs::chown(folder.path(), Some(1), None));
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        let store = |name: &str| StoreSettings {
            folder: folder.path().join(name),
            secret_file: PathBuf::new(),
        };
        let refused = store("new/store").check_owner_as(ROOT).unwrap_err().to_string();
        assert!(refused.contains(&format!("as the user with number {owner}")), "{refused}");
        store("new/store").check_owner_as(owner).unwrap();
        // Who else can make one there can open it.
        store("new/store").check_owner_as(owner + 1).unwrap();
    }

    #[test]
    fn the_store_of_another_user_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        let store = StoreSettings { folder: folder.path().to_owned(), secret_file: PathBuf::new() };
        store.check_owner_as(owner).unwrap();
        let refused = store.check_owner_as(owner + 1).unwrap_err().to_string();
        let advice =
            if owner == ROOT { "chown -R 1 " } else { "run this as the user with number " };
        assert!(refused.contains(advice), "{refused}");
    }
}
