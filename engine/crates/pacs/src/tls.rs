//! TLS for every connection to a PACS: whom we trust, who we are, and what went wrong in words.
//!
//! Invariant: certificates are always checked; there is no switch that turns it off.
//! Invariant: TLS 1.2 and 1.3 only, with forward secrecy and authenticated encryption (BCP 195,
//! RFC 9325): these are the suites of rustls with ring.
//! Invariant: a certificate that is renewed in its file is used for the next association.

mod fault;
mod renewed;
mod server;
mod validity;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, WantsVerifier};

pub use crate::dicomweb::connection::HttpsConnector;
pub use fault::TlsFault;
use renewed::Renewed;
pub use server::{ClientCertificates, ClientFault, TlsServer};
pub(crate) use validity::not_after;
pub use validity::{last_day, last_day_of_server};

/// Whom we trust and who we are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whose certificates are trusted.
    pub authorities: Authorities,
    /// The certificate that we show when the peer asks for one (mutual authentication).
    pub identity: Option<Identity>,
}

/// Certification authorities that are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Authorities {
    /// Those of this machine (`ca-certificates`, or `SSL_CERT_FILE`).
    #[default]
    System,
    /// Those of a PEM file, and no others: a hospital's own.
    File(PathBuf),
}

/// A certificate of ours with its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// PEM file: our certificate first, then those between it and its authority.
    pub certificates: PathBuf,
    /// PEM file with the private key: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// TLS cannot be set up from what is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsSetupError {
    /// A file cannot be read as PEM.
    #[error("{path} cannot be used: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// This machine trusts nobody.
    #[error(
        "this machine has no trusted certificates: install ca-certificates, or name the file of your \
         authority"
    )]
    NoSystemAuthorities,
    /// The private key is that of another certificate, or of a kind that cannot be used.
    #[error("the certificate {certificates} and the key {key} cannot be used together: {source}")]
    Identity {
        /// The certificate file.
        certificates: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
    /// A certificate cannot be for this name.
    #[error("\"{0}\" is no name of a server: a DNS name or an IP address is")]
    Name(String),
    /// The cryptography cannot provide the protocol versions.
    #[error("TLS cannot be set up: {0}")]
    Protocol(#[source] rustls::Error),
}

impl TlsSettings {
    /// The files that are read.
    pub fn files(&self) -> Vec<PathBuf> {
        self.authorities.files().chain(self.identity.iter().flat_map(Identity::files)).collect()
    }
}

impl Authorities {
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        match self {
            Self::System => None,
            Self::File(path) => Some(path.clone()),
        }
        .into_iter()
    }
}

impl Identity {
    fn files(&self) -> [PathBuf; 2] {
        [self.certificates.clone(), self.key.clone()]
    }
}

/// The client side of TLS, for DICOMweb and DIMSE alike.
///
/// # Errors
/// [`TlsSetupError`]: a file is missing, holds nothing of use, or key and certificate differ.
pub fn client_config(settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsSetupError> {
    read_client_config(settings).map(Arc::new)
}

fn read_client_config(settings: &TlsSettings) -> Result<ClientConfig, TlsSetupError> {
    let builder = client_builder()?.with_root_certificates(roots(&settings.authorities)?);
    let config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, private) = read_identity(identity)?;
            builder
                .with_client_auth_cert(chain, private)
                .map_err(|source| cannot_be_used(identity, source))?
        }
    };
    Ok(config)
}

fn client_builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsSetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Protocol)
}

/// The client side of TLS for DIMSE, ready to connect. Files that changed are read again.
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<Renewed<ClientConfig>>,
    server_name: Option<ServerName<'static>>,
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TlsClient").finish_non_exhaustive()
    }
}

impl TlsClient {
    /// Reads the files. The certificate of the server must be for `server_name`, or else for the host
    /// that is connected to.
    ///
    /// # Errors
    /// As [`client_config`], and for a name that is none.
    pub fn new(settings: &TlsSettings, server_name: Option<&str>) -> Result<Self, TlsSetupError> {
        let server_name = server_name.map(name_of).transpose()?;
        let files = settings.files();
        let settings = settings.clone();
        let config = Renewed::new(files, move || read_client_config(&settings))?;
        Ok(Self { config: Arc::new(config), server_name })
    }

    /// Ends each handshake at the certificate of the server: it tells only that there is one.
    pub(crate) fn trusting_nobody() -> Result<Self, TlsSetupError> {
        let config = Renewed::new(Vec::new(), || {
            let builder = client_builder()?.with_root_certificates(RootCertStore::empty());
            Ok(builder.with_no_client_auth())
        })?;
        Ok(Self { config: Arc::new(config), server_name: None })
    }

    /// The files that are read.
    pub fn files(&self) -> &[PathBuf] {
        self.config.files()
    }

    /// A connection that has not begun.
    pub(crate) fn connection(&self, host: &str) -> Result<ClientConnection, TlsFault> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => name_of(host).map_err(|error| TlsFault::Other(error.to_string()))?,
        };
        ClientConnection::new(self.config.get(), name).map_err(|error| TlsFault::of(&error))
    }
}

fn name_of(text: &str) -> Result<ServerName<'static>, TlsSetupError> {
    let bare = text.trim_matches(['[', ']']).to_owned();
    ServerName::try_from(bare).map_err(|_odd| TlsSetupError::Name(text.to_owned()))
}

fn roots(authorities: &Authorities) -> Result<RootCertStore, TlsSetupError> {
    let mut store = RootCertStore::empty();
    match authorities {
        // Single files of the system that cannot be read do not matter while others can.
        Authorities::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err(TlsSetupError::NoSystemAuthorities);
            }
        }
        Authorities::File(path) => {
            for certificate in read_certificates(path)? {
                store.add(certificate).map_err(|error| TlsSetupError::File {
                    path: path.clone(),
                    reason: format!("a certificate in it is damaged: {error}"),
                })?;
            }
        }
    }
    Ok(store)
}

/// Our certificates and the key of the first one.
fn read_identity(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsSetupError> {
    let chain = read_certificates(&identity.certificates)?;
    let private = PrivateKeyDer::from_pem_file(&identity.key).map_err(|error| {
        let reason = match error {
            pem::Error::NoItemsFound => {
                "it holds no private key that is readable without a password".to_owned()
            }
            other => reason_of(&other),
        };
        TlsSetupError::File { path: identity.key.clone(), reason }
    })?;
    Ok((chain, private))
}

fn cannot_be_used(identity: &Identity, source: rustls::Error) -> TlsSetupError {
    let Identity { certificates, key } = identity.clone();
    TlsSetupError::Identity { certificates, key, source }
}

/// The certificates of a PEM file: at least one.
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let failed = |reason| TlsSetupError::File { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(reason_of(&error)))?;
    if certificates.is_empty() {
        return Err(failed("it holds no certificate in PEM form (BEGIN CERTIFICATE)".to_owned()));
    }
    Ok(certificates)
}

fn reason_of(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        _ => "it is damaged, or no PEM file".to_owned(),
    }
}
