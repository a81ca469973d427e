//! The server side of TLS: the Store SCP that a PACS sends to.

use std::fmt;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, ServerConnection};

use super::{Authorities, Identity, TlsFault, TlsSetupError, cannot_be_used, read_identity, roots};

/// Whether whoever connects must show a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// None is asked for.
    #[default]
    NotAsked,
    /// One that these authorities signed (mutual authentication).
    Required(Authorities),
}

/// The server side of TLS, ready to accept.
#[derive(Clone)]
pub struct TlsServer(Arc<ServerConfig>);

impl fmt::Debug for TlsServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TlsServer")
    }
}

impl TlsServer {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsSetupError`]: a file is missing, holds nothing of use, or key and certificate differ.
    pub fn new(identity: &Identity, clients: &ClientCertificates) -> Result<Self, TlsSetupError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsSetupError::Protocol)?;
        let builder = match clients {
            ClientCertificates::NotAsked => builder.with_no_client_auth(),
            ClientCertificates::Required(authorities) => {
                let roots = Arc::new(roots(authorities)?);
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(roots, provider).build().map_err(
                        |error| TlsSetupError::Protocol(rustls::Error::General(error.to_string())),
                    )?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let (chain, key) = read_identity(identity)?;
        let config = builder
            .with_single_cert(chain, key)
            .map_err(|source| cannot_be_used(identity, source))?;
        Ok(Self(Arc::new(config)))
    }

    /// A connection that has not begun.
    pub(crate) fn connection(&self) -> Result<ServerConnection, TlsFault> {
        ServerConnection::new(Arc::clone(&self.0)).map_err(|error| TlsFault::of(&error))
    }
}
