//! Why a PACS did not answer, in words that say what to change.

use std::io;
use std::time::Duration;

use crate::dicomweb::DicomWebError;
use crate::dimse::status::Status;
use crate::tls::{ClientFault, TlsFault};

/// A query or a retrieval failed. `Display` is a sentence for whoever runs the program; it holds
/// addresses and AE titles, and nothing of a patient beside the words of the PACS itself: see
/// [`PacsError::without_remark`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PacsError {
    /// The name of the host is unknown.
    #[error(
        "the host {host} cannot be found: {source}. Check `host` and the name service of this machine"
    )]
    Resolve {
        /// The configured host.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// No TCP connection.
    #[error(
        "no connection to {address}: {source}. Check `host` and `port`, that the PACS runs, and \
         that no firewall is between"
    )]
    Connect {
        /// Host and port.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// TLS failed.
    #[error("TLS: {0}")]
    Tls(TlsFault),
    /// The peer expects TLS, and is spoken to without.
    #[error(
        "the PACS speaks TLS on this port: configure `tls` for it, or take its port without TLS"
    )]
    WantsTls,
    /// The peer rejected the association (A-ASSOCIATE-RJ, PS3.8 §9.3.4).
    #[error("the PACS rejects the association: {reason}. {fix}")]
    Rejected {
        /// The reason in words.
        reason: String,
        /// What to change, and where.
        fix: String,
    },
    /// The association is there, and without what is needed.
    #[error(
        "the PACS accepts the association and refuses {what}: allow it for AE title {calling} there"
    )]
    NoContext {
        /// The service, in words.
        what: String,
        /// Our AE title.
        calling: String,
    },
    /// The peer ended the association (A-ABORT, PS3.8 §9.3.8).
    #[error("the PACS aborts the association ({by})")]
    Aborted {
        /// Who aborted, and why if that is said.
        by: String,
    },
    /// The connection was closed or reset in mid association.
    #[error("the connection to the PACS breaks: {0}")]
    HungUp(String),
    /// Nothing came in time.
    #[error(
        "the PACS does not answer: {what} took more than {}; `{setting}` sets the limit",
        seconds(*.limit)
    )]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
        /// The setting that says how long.
        setting: &'static str,
    },
    /// The peer does not keep to the protocol.
    #[error("the PACS does not keep to the protocol: {0}")]
    Protocol(String),
    /// The peer answered with a failure.
    #[error("{operation} fails at the PACS: {status}{}", remark(.comment.as_deref()))]
    Failed {
        /// C-FIND, C-GET, C-MOVE, C-ECHO.
        operation: &'static str,
        /// The status of the answer.
        status: Status,
        /// Error Comment (0000,0902): the words of the PACS, which may name a patient.
        comment: Option<String>,
    },
    /// The Store SCP for C-MOVE cannot listen.
    #[error("cannot listen on {address} for C-MOVE: {source}. Check `[store_scp] listen`")]
    Listen {
        /// The configured address.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// TLS between the PACS and the Store SCP fails.
    #[error("the PACS does not get through TLS to the Store SCP: {0}")]
    StoreTls(ClientFault),
    /// Somebody who is not expected wants to send to the Store SCP.
    #[error(
        "the Store SCP rejects AE title \"{calling}\" from {address}: if that is the PACS, name both in \
         `store_from`"
    )]
    NotExpected {
        /// The calling AE title.
        calling: String,
        /// Where it comes from.
        address: String,
    },
    /// C-MOVE is asked for and there is nothing that it could send to.
    #[error("C-MOVE needs `[store_scp] listen`: an address where the PACS reaches this machine")]
    NoStoreScp,
    /// A PACS with Patient Root does not answer without the Patient ID.
    #[error(
        "{source}. With `root = \"patient\"` it wants the Patient ID: give it by `--patient-id`, or \
         write `root = \"study\"` if the PACS has Study Root"
    )]
    WantsPatientId {
        /// What it answered.
        source: Box<PacsError>,
    },
    /// A DICOMweb server did not deliver.
    #[error("{0}")]
    DicomWeb(#[source] DicomWebError),
    /// The clocks differ.
    #[error(
        "the clock of the PACS is {} s {} that of this machine: set both by a time server (NTP)",
        .seconds.unsigned_abs(), if *.seconds < 0 { "behind" } else { "before" }
    )]
    Clock {
        /// By how much that of the PACS is before ours.
        seconds: i64,
    },
    /// More than we take.
    #[error("{0}")]
    OverLimit(String),
    /// A spool file of ours failed.
    #[error("a spool file failed: {0}. Free space there, or set TMPDIR")]
    Spool(#[source] io::Error),
    /// Whoever takes the instances wants no more.
    #[error("stopped")]
    Stopped,
}

impl From<DicomWebError> for PacsError {
    fn from(error: DicomWebError) -> Self {
        match error {
            DicomWebError::Stopped => Self::Stopped,
            other => Self::DicomWeb(other),
        }
    }
}

impl PacsError {
    /// Whether the fault lies on this machine and not with the PACS or the network.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Spool(_) | Self::Listen { .. } => true,
            Self::DicomWeb(error) => error.is_local(),
            _ => false,
        }
    }

    /// The same without what the PACS says in its own words: for logs, and for whoever may not know of whom
    /// was asked.
    #[must_use]
    pub fn without_remark(self) -> Self {
        match self {
            Self::Failed { operation, status, comment: _ } => {
                Self::Failed { operation, status, comment: None }
            }
            Self::WantsPatientId { source } => {
                Self::WantsPatientId { source: Box::new(source.without_remark()) }
            }
            other => other,
        }
    }

    /// What it says, without what the PACS says in its own words: for logs.
    pub fn in_our_words(&self) -> String {
        match self {
            Self::Failed { operation, status, comment: _ } => {
                Self::Failed { operation, status: *status, comment: None }.to_string()
            }
            Self::WantsPatientId { source } => source.in_our_words(),
            other => other.to_string(),
        }
    }

    /// Whether nothing else is worth a try: nobody wants it, the fault is here, or there is no PACS.
    pub(crate) fn ends_all(&self) -> bool {
        matches!(self, Self::Stopped) || self.is_local() || self.is_unreachable()
    }

    /// Whether the PACS refuses before it is asked for anything.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Rejected { .. }
                | Self::NoContext { .. }
                | Self::NoStoreScp
                | Self::TimedOut { setting: "time_outs.association", .. }
        )
    }

    /// Whether there is no way to the PACS at all, so that no other kind of request will do.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Resolve { .. }
                | Self::Connect { .. }
                | Self::Tls(_)
                | Self::WantsTls
                | Self::TimedOut { setting: "time_outs.connect", .. }
        )
    }

    /// Whether an association did not come about.
    pub(crate) fn is_no_association(&self) -> bool {
        self.is_unreachable() || matches!(self, Self::Rejected { .. })
    }
}

fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f32())
}

fn remark(comment: Option<&str>) -> String {
    comment.map_or_else(String::new, |comment| format!(", it says \"{comment}\""))
}
