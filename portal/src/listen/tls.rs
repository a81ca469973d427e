//! TLS of a listener, from files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// A certificate with its chain, and its key, in PEM. Its clones, and what accepts by it, offer what was read
/// last.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, then those that signed it.
    certificate: PathBuf,
    /// Its private key.
    key: PathBuf,
    offered: Arc<Offered>,
}

/// What is shown to clients.
#[derive(Debug, Default)]
struct Offered(RwLock<Option<Arc<CertifiedKey>>>);

impl ResolvesServerCert for Offered {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
    /// These files; they are read by [`TlsFiles::acceptor`].
    pub fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, offered: Arc::default() }
    }

    /// The file of the certificate.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Reads them, and offers them from the next connection on.
    ///
    /// # Errors
    /// [`UnusableTls`]; what was offered before still is.
    pub fn read(&self) -> Result<(), UnusableTls> {
        let unreadable = |file: &PathBuf, source| UnusableTls::File { file: file.clone(), source };
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|source| unreadable(&self.certificate, source))?;
        if chain.is_empty() {
            return Err(UnusableTls::NoCertificate(self.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|source| unreadable(&self.key, source))?;
        let pair = CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider());
        let pair = Arc::new(pair.map_err(UnusableTls::Pair)?);
        *self.offered.0.write().unwrap_or_else(PoisonError::into_inner) = Some(pair);
        Ok(())
    }

    /// Reads them: TLS 1.2 and 1.3, HTTP/1.1 inside.
    ///
    /// # Errors
    /// [`UnusableTls`].
    pub fn acceptor(&self) -> Result<TlsAcceptor, UnusableTls> {
        self.read()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(UnusableTls::Pair)?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::<Offered>::clone(&self.offered));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
