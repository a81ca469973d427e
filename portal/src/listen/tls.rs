//! TLS of a listener, from files.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate with its chain, and its key, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, then those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// TLS cannot be offered with these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableTls {
    /// A file cannot be read as PEM.
    #[error("{} cannot be read as PEM", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Cause.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// They do not belong together, or are of a kind that is not supported.
    #[error("certificate and key cannot be used together")]
    Pair(#[source] rustls::Error),
}

impl TlsFiles {
    /// Reads them: TLS 1.2 and 1.3, HTTP/1.1 inside.
    ///
    /// # Errors
    /// [`UnusableTls`].
    pub fn acceptor(&self) -> Result<TlsAcceptor, UnusableTls> {
        let unreadable = |file: &PathBuf, source| UnusableTls::File { file: file.clone(), source };
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|source| unreadable(&self.certificate, source))?;
        if chain.is_empty() {
            return Err(UnusableTls::NoCertificate(self.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|source| unreadable(&self.key, source))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(UnusableTls::Pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
