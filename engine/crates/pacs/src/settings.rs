//! What is known of a PACS before it is asked: address, names, limits, time-outs.

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use model::AeTitle;
use scratch::ScratchFolder;

use crate::dicomweb::WebSettings;
use crate::mapping::{Attribute, Mapping};
use crate::recall::RecallSettings;
use crate::tls::{TlsClient, TlsServer};

/// One PACS of a site.
#[derive(Debug, Clone)]
pub struct PacsSettings {
    /// What the site calls it.
    pub name: String,
    /// The place where it stands, as the site calls it.
    pub site: Option<String>,
    /// Issuer of Patient ID (0010,0021) of its Patient IDs where an answer or an instance does not name it.
    pub issuer: Option<String>,
    /// What is spoken with it.
    pub service: Service,
    /// From which attributes comes what is shown.
    pub mapping: Mapping,
    /// How a study that is not online is asked for.
    pub recall: RecallSettings,
}

impl PacsSettings {
    /// The files of TLS that are read for it: certificates, keys, authorities.
    pub fn tls_files(&self) -> Vec<PathBuf> {
        match &self.service {
            Service::DicomWeb(web) => web.tls.files(),
            Service::Dimse(dimse) => {
                let client = dimse.tls.iter().flat_map(TlsClient::files);
                let server = dimse.store_scp.iter().filter_map(|scp| scp.tls.as_ref());
                client.chain(server.flat_map(TlsServer::files)).cloned().collect()
            }
        }
    }
}

/// What is spoken with a PACS.
#[derive(Debug, Clone)]
pub enum Service {
    /// DIMSE (PS3.7, PS3.8).
    Dimse(Box<DimseSettings>),
    /// DICOMweb (PS3.18).
    DicomWeb(Box<WebSettings>),
}

/// A PACS that is spoken to over DIMSE.
#[derive(Debug, Clone)]
pub struct DimseSettings {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS under the associations (PS3.15 §B.12); without it they are plain.
    pub tls: Option<TlsClient>,
    /// The AE title of the PACS.
    pub called_ae_title: AeTitle,
    /// Our AE title.
    pub calling_ae_title: AeTitle,
    /// How instances are fetched.
    pub retrieve: RetrieveMethod,
    /// The information model that is queried.
    pub root: QueryRoot,
    /// What is asked for at STUDY level besides.
    pub more_keys: Vec<Attribute>,
    /// How much is taken.
    pub limits: PacsLimits,
    /// How long is waited.
    pub time_outs: TimeOuts,
    /// Where C-MOVE sends to; without it there is no C-MOVE.
    pub store_scp: Option<StoreScp>,
    /// Where instances over [`PacsLimits::in_memory_bytes`] wait.
    pub spool_folder: ScratchFolder,
}

impl DimseSettings {
    /// Host and port, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The ways of retrieval in the order in which they are tried; true is C-MOVE, false C-GET.
    pub(crate) fn ways(&self) -> &'static [bool] {
        match (self.retrieve, &self.store_scp) {
            (RetrieveMethod::Get, _) | (RetrieveMethod::Auto, None) => &[false],
            (RetrieveMethod::Move, _) => &[true],
            (RetrieveMethod::Auto, Some(_)) => &[false, true],
        }
    }
}

/// How instances are fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RetrieveMethod {
    /// C-GET, and C-MOVE where that does not work and a Store SCP is configured.
    #[default]
    Auto,
    /// C-GET only: no port has to be open here.
    Get,
    /// C-MOVE only.
    Move,
}

/// The query/retrieve information model (PS3.4 §C.6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueryRoot {
    /// Study Root.
    #[default]
    Study,
    /// Patient Root, for a PACS that has no other.
    Patient,
}

/// The Store SCP that C-MOVE sends to.
#[derive(Debug, Clone)]
pub struct StoreScp {
    /// Where it listens.
    pub listen: SocketAddr,
    /// TLS, where the PACS sends through it; without it associations are plain.
    pub tls: Option<TlsServer>,
    /// How many associations it has at a time.
    pub associations: usize,
    /// From whom it takes instances.
    pub from: StoreFrom,
}

/// Who may send to the Store SCP: whoever else asks for an association is rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFrom {
    /// The calling AE titles; empty stands for the AE title of the PACS, and any title from its host or
    /// from the addresses.
    pub ae_titles: Vec<AeTitle>,
    /// The addresses; empty stands for any.
    pub addresses: Vec<IpAddr>,
}

/// See [`PacsLimits::associations`].
const ASSOCIATIONS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// How much is taken from a PACS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacsLimits {
    /// Answers to one query; beyond it the query is cancelled.
    pub matches: usize,
    /// Associations, or connections, over which a study comes at a time, each another series.
    pub associations: NonZeroUsize,
    /// Bytes that come in a second over all of them.
    pub bytes_per_second: Option<NonZeroU64>,
    /// Bytes of one instance.
    pub instance_bytes: u64,
    /// Instances up to this size stay in memory, larger ones go to a spool file.
    pub in_memory_bytes: usize,
    /// Instances of a study.
    pub instances: usize,
    /// Bytes of a study, all instances together.
    pub study_bytes: u64,
    /// DICOMweb: answers asked for at a time.
    pub page: usize,
    /// DICOMweb: bytes of one page of answers.
    pub page_bytes: u64,
}

impl Default for PacsLimits {
    fn default() -> Self {
        Self {
            matches: 500,
            associations: ASSOCIATIONS,
            bytes_per_second: None,
            instance_bytes: 16 << 30,
            in_memory_bytes: 8 << 20,
            instances: 200_000,
            study_bytes: 256 << 30,
            page: 200,
            page_bytes: 16 << 20,
        }
    }
}

/// How long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOuts {
    /// For the TCP connection, and again for TLS.
    pub connect: Duration,
    /// DIMSE: for the answer to the association request, and for its release.
    pub association: Duration,
    /// Without an answer, an instance, or a whole PDU of one; over DICOMweb, without 1 KiB of a body.
    /// Answers that only say "pending" are no progress.
    pub no_progress: Duration,
    /// For one association from its request to its release, or one request over DICOMweb.
    pub total: Duration,
}

impl Default for TimeOuts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            association: Duration::from_secs(30),
            no_progress: Duration::from_mins(1),
            total: Duration::from_hours(1),
        }
    }
}
