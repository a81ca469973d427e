//! What is known of a DICOMweb server before it is asked.

use std::path::PathBuf;
use std::time::Duration;

use super::authorization::Credentials;
use super::service_url::ServiceUrl;
use crate::tls::TlsSettings;

/// One DICOMweb server.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where its services begin: `/studies` follows.
    pub url: ServiceUrl,
    /// How we say who we are.
    pub credentials: Credentials,
    /// Trust and client certificate, used where the address is `https`.
    pub tls: TlsSettings,
    /// How long is waited.
    pub time_outs: WebTimeOuts,
    /// How much is taken.
    pub limits: WebLimits,
    /// Where instances over [`WebLimits::in_memory_bytes`] wait, in unnamed files.
    pub spool_folder: PathBuf,
}

impl WebSettings {
    /// A server with the usual limits, without credentials.
    pub fn new(url: ServiceUrl) -> Self {
        Self {
            url,
            credentials: Credentials::None,
            tls: TlsSettings::default(),
            time_outs: WebTimeOuts::default(),
            limits: WebLimits::default(),
            spool_folder: std::env::temp_dir(),
        }
    }
}

/// How long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebTimeOuts {
    /// For the name of the host, and again for TCP and TLS.
    pub connect: Duration,
    /// Without progress: nothing at all, or less than 1 KiB of a body, in this time of waiting.
    pub no_progress: Duration,
    /// For one request, from its begin to the last byte of the answer.
    pub total: Duration,
}

impl Default for WebTimeOuts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            no_progress: Duration::from_mins(1),
            total: Duration::from_hours(1),
        }
    }
}

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebLimits {
    /// Answers to one query.
    pub matches: usize,
    /// Instances of a study.
    pub instances: usize,
    /// Answers asked for at a time.
    pub page: usize,
    /// Bytes of one page of answers.
    pub page_bytes: u64,
    /// Bytes of one instance.
    pub instance_bytes: u64,
    /// Instances up to this size stay in memory, larger ones go to a spool file.
    pub in_memory_bytes: usize,
    /// Bytes of one retrieval, all instances together.
    pub retrieval_bytes: u64,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self {
            matches: 500,
            instances: 200_000,
            page: 200,
            page_bytes: 16 << 20,
            instance_bytes: 16 << 30,
            in_memory_bytes: 8 << 20,
            retrieval_bytes: 256 << 30,
        }
    }
}
