//! `authentication` towards a DICOMweb server. Each secret is written here, or lies in a file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use engine::pacs::dicomweb::{ClientCredentials, Credentials, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::secret;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    bearer: Option<String>,
    bearer_file: Option<PathBuf>,
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    scope: Option<String>,
}

impl std::fmt::Debug for Section {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Section").finish_non_exhaustive()
    }
}

impl Section {
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<Credentials> {
        let basic = self.user.is_some() || self.password.is_some() || self.password_file.is_some();
        let bearer = self.bearer.is_some() || self.bearer_file.is_some();
        let client = self.token_url.is_some()
            || self.client_id.is_some()
            || self.client_secret.is_some()
            || self.client_secret_file.is_some()
            || self.scope.is_some();
        match (basic, bearer, client) {
            (true, false, false) => self.basic(folder),
            (false, true, false) => self.bearer(folder),
            (false, false, true) => self.client(folder),
            (false, false, false) => bail!("it is empty: leave it out, or give user and password"),
            _ => bail!(
                "one way is enough: user and password, or bearer, or token_url with client_id and \
                 client_secret"
            ),
        }
    }

    fn basic(self, folder: &Path) -> anyhow::Result<Credentials> {
        let user = self.user.context("user is missing")?;
        ensure!(!user.contains(':'), "a user name for HTTP holds no colon");
        let password = secret("password", self.password, self.password_file, folder)?;
        Ok(Credentials::Basic { user, password })
    }

    fn bearer(self, folder: &Path) -> anyhow::Result<Credentials> {
        match (self.bearer, self.bearer_file) {
            (Some(_), Some(_)) => bail!("bearer and bearer_file: give one of them"),
            // Somebody else renews it: it is read for each request.
            (None, Some(file)) => Ok(Credentials::BearerFile(folder.join(file))),
            (token, None) => Ok(Credentials::Bearer(secret("bearer", token, None, folder)?)),
        }
    }

    fn client(self, folder: &Path) -> anyhow::Result<Credentials> {
        let token_url = self.token_url.context("token_url is missing: the OAuth 2 service")?;
        Ok(Credentials::ClientCredentials(ClientCredentials {
            token_url: token_url.parse().context("token_url")?,
            client_id: self.client_id.context("client_id is missing")?,
            client_secret: secret(
                "client_secret",
                self.client_secret,
                self.client_secret_file,
                folder,
            )?,
            scope: self.scope,
        }))
    }
}

fn secret(
    key: &str,
    written: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
) -> anyhow::Result<Secret> {
    Ok(Secret::new(secret::read(key, written, file, folder)?))
}
