//! What is known of a DICOMweb server before it is asked.

use scratch::ScratchFolder;

use super::authorization::Credentials;
use super::service_url::ServiceUrl;
use crate::mapping::Attribute;
use crate::settings::{PacsLimits, TimeOuts};
use crate::tls::TlsSettings;

/// One DICOMweb server.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where its services begin: `/studies` follows.
    pub url: ServiceUrl,
    /// Where WADO-RS begins, if elsewhere.
    pub retrieve_url: Option<ServiceUrl>,
    /// How we say who we are.
    pub credentials: Credentials,
    /// Trust and client certificate, used where the address is `https`.
    pub tls: TlsSettings,
    /// What is asked for of a study besides.
    pub more_keys: Vec<Attribute>,
    /// How long is waited.
    pub time_outs: TimeOuts,
    /// How much is taken.
    pub limits: PacsLimits,
    /// Where instances over [`PacsLimits::in_memory_bytes`] wait, in unnamed files.
    pub spool_folder: ScratchFolder,
}

impl WebSettings {
    /// A server with the usual limits, without credentials.
    pub fn new(url: ServiceUrl) -> Self {
        Self {
            url,
            retrieve_url: None,
            credentials: Credentials::None,
            tls: TlsSettings::default(),
            more_keys: Vec::new(),
            time_outs: TimeOuts::default(),
            limits: PacsLimits::default(),
            spool_folder: ScratchFolder::of_system(),
        }
    }

    /// Where WADO-RS begins.
    pub fn retrieval(&self) -> &ServiceUrl {
        self.retrieve_url.as_ref().unwrap_or(&self.url)
    }

    /// Whether any address is reached by TLS.
    pub fn speaks_tls(&self) -> bool {
        let token_url = match &self.credentials {
            Credentials::ClientCredentials(client) => Some(&client.token_url),
            _ => None,
        };
        let all = [Some(&self.url), self.retrieve_url.as_ref(), token_url];
        all.into_iter().flatten().any(ServiceUrl::is_https)
    }
}
