//! The server side of TLS: the Store SCP that a PACS sends to.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{Error, ServerConfig, ServerConnection};

use super::renewed::Renewed;
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

/// Why a peer that connects to us in TLS did not get through. `Display` says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientFault {
    /// It shows no certificate.
    #[error("it shows no certificate: give it one there, or leave `client_ca_file` out")]
    NoCertificate,
    /// Its certificate does not hold.
    #[error(
        "its certificate does not hold ({0}): renew it there, or name its authority in `client_ca_file`"
    )]
    Certificate(String),
    /// It does not trust ours.
    #[error("it refuses our certificate ({0}): let its authority be trusted there")]
    RefusesOurs(String),
    /// It sends without TLS.
    #[error(
        "it sends without TLS: switch TLS on for us there, or leave `tls` out of `[store_scp]`"
    )]
    NotTls,
    /// Nothing is common to both.
    #[error("it offers neither TLS 1.2 nor 1.3 with a suite that BCP 195 allows")]
    NothingInCommon,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl ClientFault {
    /// Reads the fault out of the I/O error of a handshake.
    pub(crate) fn in_io(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(fault) => Self::of(fault),
            None => Self::Other("it hangs up during the handshake".to_owned()),
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(fault) => Self::Certificate(fault.to_string()),
            Error::AlertReceived(alert) => Self::RefusesOurs(format!("{alert:?}")),
            Error::InvalidMessage(_) => Self::NotTls,
            Error::PeerIncompatible(_) => Self::NothingInCommon,
            other => Self::Other(other.to_string()),
        }
    }
}

/// The server side of TLS, ready to accept. Files that changed are read again.
#[derive(Clone)]
pub struct TlsServer(Arc<Renewed<ServerConfig>>);

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
        let mut files = Vec::from(identity.files());
        if let ClientCertificates::Required(authorities) = clients {
            files.extend(authorities.files());
        }
        let (identity, clients) = (identity.clone(), clients.clone());
        let config = Renewed::new(files, move || server_config(&identity, &clients))?;
        Ok(Self(Arc::new(config)))
    }

    /// The files that are read.
    pub fn files(&self) -> &[PathBuf] {
        self.0.files()
    }

    /// A connection that has not begun.
    pub(crate) fn connection(&self) -> Result<ServerConnection, TlsFault> {
        ServerConnection::new(self.0.get()).map_err(|error| TlsFault::of(&error))
    }
}

fn server_config(
    identity: &Identity,
    clients: &ClientCertificates,
) -> Result<ServerConfig, TlsSetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Protocol)?;
    let builder = match clients {
        ClientCertificates::NotAsked => builder.with_no_client_auth(),
        ClientCertificates::Required(authorities) => {
            let roots = Arc::new(roots(authorities)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|error| TlsSetupError::Protocol(Error::General(error.to_string())))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (chain, key) = read_identity(identity)?;
    builder.with_single_cert(chain, key).map_err(|source| cannot_be_used(identity, source))
}
