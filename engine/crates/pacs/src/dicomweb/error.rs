//! Why a DICOMweb server did not deliver, in words that say what to change.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::tls::{TlsFault, TlsSetupError};

/// A request failed. `Display` is a sentence for whoever runs the program; it holds the host and
/// nothing of a patient.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DicomWebError {
    /// TLS cannot be set up from what is configured.
    #[error(transparent)]
    TlsSetup(#[from] TlsSetupError),
    /// The name of the host is unknown.
    #[error(
        "the host of {host} cannot be found: check the address and the name service of this machine"
    )]
    Resolve {
        /// Host and port.
        host: String,
    },
    /// No TCP connection.
    #[error(
        "no connection to {host}: {source}. Check host and port, that the server runs, and that no \
         firewall is between"
    )]
    Connect {
        /// Host and port.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// TLS failed.
    #[error("{host}: {fault}")]
    Tls {
        /// Host and port.
        host: String,
        /// Why.
        fault: TlsFault,
    },
    /// Nothing, or too little, came in time.
    #[error("{host} does not answer in time: {what} took more than {} s; `{setting}` sets the limit", limit.as_secs_f32())]
    TimedOut {
        /// Host and port.
        host: String,
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
        /// The setting that says how long.
        setting: &'static str,
    },
    /// 401: the server wants to know who we are, or does not believe it.
    #[error(
        "{host} does not accept the credentials (401{}{wants}): {fix}",
        if wants.is_empty() { "" } else { " " }
    )]
    Unauthorized {
        /// Host and port.
        host: String,
        /// The schemes of WWW-Authenticate.
        wants: String,
        /// What to change.
        fix: &'static str,
    },
    /// 403: we may not.
    #[error(
        "{host} knows us and forbids it (403): give the account the right to query and retrieve"
    )]
    Forbidden {
        /// Host and port.
        host: String,
    },
    /// 404 or 410.
    #[error(
        "{host} has nothing there ({status}): the study is not on this server, or the address does \
         not point to its DICOMweb services"
    )]
    NotFound {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
    },
    /// 406, also for the plainest request.
    #[error(
        "{host} cannot deliver DICOM files over WADO-RS (406): enable original transfer syntaxes there"
    )]
    NotAcceptable {
        /// Host and port.
        host: String,
    },
    /// 3xx.
    #[error("{host} redirects to {to}: configure that address if you trust it")]
    Redirect {
        /// Host and port.
        host: String,
        /// Scheme and host of the target.
        to: String,
    },
    /// 5xx.
    #[error("{host} fails (status {status}): look into the log of that server")]
    Server {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
    },
    /// Another status. nginx answers 400 to whoever lacks a certificate that it takes.
    #[error(
        "{host} answers with status {status}, which nobody expects here: check the address{}",
        if *status == 400 { ", and whether it wants another certificate of ours (`tls`)" } else { "" }
    )]
    Status {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
    },
    /// The connection ended, or the server does not keep to HTTP.
    #[error("the connection to {host} breaks: {reason}")]
    Broken {
        /// Host and port.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The answer ended before the last boundary.
    #[error("{host} cuts its answer short: {reason}")]
    Truncated {
        /// Host and port.
        host: String,
        /// Where it ended.
        reason: &'static str,
    },
    /// The answer is no multipart message.
    #[error("{host} sends no readable multipart answer: {reason}")]
    Multipart {
        /// Host and port.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// Something else than was asked for.
    #[error(
        "{host} answers with {content_type} instead of {expected}: check that the address points to its DICOMweb services"
    )]
    WrongContent {
        /// Host and port.
        host: String,
        /// Content-Type of the answer, shortened.
        content_type: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The JSON of an answer cannot be read.
    #[error("{host} sends answers that are no DICOM JSON: {reason}")]
    Json {
        /// Host and port.
        host: String,
        /// What is wrong; nothing of the values.
        reason: String,
    },
    /// More than we take.
    #[error("{host} sends more than {limit_bytes} bytes {of}: `{setting}` sets the limit")]
    OverLimit {
        /// Host and port.
        host: String,
        /// The limit.
        limit_bytes: u64,
        /// Of what.
        of: &'static str,
        /// The setting.
        setting: &'static str,
    },
    /// No token.
    #[error("the token service {host} gives no token: {reason}")]
    Token {
        /// Host and port of the token service.
        host: String,
        /// Why.
        reason: String,
    },
    /// The file with the token cannot be read.
    #[error("the token file {path} cannot be used: {reason}")]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A credential has characters that cannot stand in a header.
    #[error("the configured credentials hold characters that HTTP does not allow")]
    CredentialCharacters,
    /// A spool file of ours failed.
    #[error("a spool file failed: {0}. Free space there, or set TMPDIR")]
    Spool(#[source] io::Error),
    /// Nobody wants the answer any more.
    #[error("stopped")]
    Stopped,
}

impl DicomWebError {
    /// Whether a smaller request could bring what a larger one did not. Where nobody is reached or we
    /// may not ask, it could not.
    pub(super) fn helps_to_ask_for_less(&self) -> bool {
        !(self.is_local()
            || matches!(
                self,
                Self::Resolve { .. }
                    | Self::Connect { .. }
                    | Self::TimedOut { setting: "time_outs.connect", .. }
                    | Self::Tls { .. }
                    | Self::Unauthorized { .. }
                    | Self::Forbidden { .. }
                    | Self::Redirect { .. }
                    | Self::Token { .. }
            ))
    }

    /// Whether it could go better the next time: a network or server fault that passes.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::TimedOut { .. }
                | Self::Server { .. }
                | Self::Broken { .. }
                | Self::Truncated { .. }
                | Self::Multipart { .. }
        )
    }

    /// Whether the fault lies on this machine and not with the server or the network.
    pub fn is_local(&self) -> bool {
        matches!(
            self,
            Self::TlsSetup(_)
                | Self::TokenFile { .. }
                | Self::CredentialCharacters
                | Self::Spool(_)
        )
    }
}
