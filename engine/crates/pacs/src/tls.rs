//! TLS for every connection to a PACS: whom we trust, who we are, and what went wrong in words.
//!
//! Invariant: certificates are always checked; there is no switch that turns it off.
//! Invariant: TLS 1.2 and 1.3 only, with forward secrecy and authenticated encryption (BCP 195,
//! RFC 9325): these are the suites of rustls with ring.

mod fault;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

pub use fault::TlsFault;

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
    /// The cryptography cannot provide the protocol versions.
    #[error("TLS cannot be set up: {0}")]
    Protocol(#[source] rustls::Error),
}

/// The client side of TLS, for DICOMweb and DIMSE alike.
///
/// # Errors
/// [`TlsSetupError`]: a file is missing, holds nothing of use, or key and certificate differ.
pub fn client_config(settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsSetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Protocol)?
        .with_root_certificates(roots(&settings.authorities)?);
    let config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(Identity { certificates, key }) => {
            let chain = read_certificates(certificates)?;
            let private = PrivateKeyDer::from_pem_file(key).map_err(|error| {
                let reason = match error {
                    pem::Error::NoItemsFound => {
                        "it holds no private key that is readable without a password".to_owned()
                    }
                    other => reason_of(&other),
                };
                TlsSetupError::File { path: key.clone(), reason }
            })?;
            builder.with_client_auth_cert(chain, private).map_err(|source| {
                TlsSetupError::Identity {
                    certificates: certificates.clone(),
                    key: key.clone(),
                    source,
                }
            })?
        }
    };
    Ok(Arc::new(config))
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
