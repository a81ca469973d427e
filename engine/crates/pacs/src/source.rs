//! What every source of instances and of answers has: the traits between a PACS and whoever
//! packages.

use std::fmt;
use std::fs::File;

use model::{SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};

use crate::error::PacsError;
use crate::query::{InstanceSummary, Listing, Matches, SeriesSummary, StudyKeys, StudySummary};

/// Answers what there is.
pub trait StudyQuery {
    /// The studies that match.
    ///
    /// # Errors
    /// [`PacsError`]; more matches than the limit are none, see [`Matches::is_cut`].
    fn find_studies(&self, keys: &StudyKeys) -> Result<Matches<StudySummary>, PacsError>;

    /// The series and instances of one study: what is expected.
    ///
    /// # Errors
    /// [`PacsError`], also when there are more than the limit: what is expected would be unknown.
    fn list_study(&self, study: &StudySummary) -> Result<Listing, PacsError>;
}

/// How much of a study is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it: it may be asked for as a study, and by series.
    Whole,
    /// As [`Extent::Whole`], where more is counted than is listed: what fails is told also when all that is
    /// listed came, since nothing else shows that the rest did not.
    MoreThanListed,
    /// Some instances: they alone are asked for.
    Some,
}

impl Extent {
    /// How a retrieval ended by which nothing is missing that is listed.
    pub(crate) fn ended(self, last: Result<(), PacsError>) -> Result<(), PacsError> {
        match self {
            Self::MoreThanListed => last,
            Self::Whole | Self::Some => Ok(()),
        }
    }
}

/// Delivers instances.
pub trait InstanceSource: Sync {
    /// Delivers the instances wanted, in any order, each as often as the peer sends it.
    ///
    /// What is still missing after a first pass is asked for again, by series and then by instance.
    /// Returns when all were taken or every way was tried.
    ///
    /// # Errors
    /// [`PacsError`] of the last try, when instances are still missing; and with [`Extent::MoreThanListed`].
    fn retrieve(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        extent: Extent,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError>;
}

/// An instance that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// SOP Class UID, if the source says it.
    pub sop_class: Option<SopClassUid>,
    /// SOP Instance UID.
    pub sop_instance: SopInstanceUid,
    /// Series Instance UID.
    pub series: SeriesInstanceUid,
    /// Patient ID (0010,0020), if the source says it: with Patient Root nothing is retrieved without it.
    pub patient_id: Option<String>,
    /// The transfer syntaxes in which the source has it, if it says so.
    pub transfer_syntaxes: Vec<String>,
}

impl Wanted {
    /// Asks for an instance that was listed.
    pub(crate) fn listed(
        study: &StudySummary,
        series: SeriesSummary,
        instance: InstanceSummary,
    ) -> Self {
        Self {
            sop_class: instance.sop_class,
            sop_instance: instance.sop_instance,
            series: series.series,
            patient_id: (!study.patient_id.is_empty()).then(|| study.patient_id.clone()),
            transfer_syntaxes: instance.transfer_syntaxes,
        }
    }
}

/// Takes instances.
pub trait Receiver: Send {
    /// Takes an instance. It may wait: the peer then waits for the answer.
    fn receive(&mut self, received: Received) -> Taken;

    /// Takes note of an instance that the source has and cannot deliver; it stays missing.
    fn fail(&mut self, _sop_instance: SopInstanceUid, _reason: String) -> Taken {
        Taken::Refused
    }

    /// Whether the instance is still missing.
    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool;
}

/// What became of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is in, or known and dropped.
    Accepted,
    /// It is not what was asked for, or cannot be used: the peer is told so.
    Refused,
    /// Nobody wants any more.
    Stop,
}

/// An instance off the wire: a whole DICOM file, of which the data set came as it is.
pub struct Received {
    /// Affected SOP Instance UID (0000,1000), as the peer announced it.
    pub sop_instance: SopInstanceUid,
    /// How long the file is.
    pub bytes: u64,
    /// CRC-32 of the data set without the file meta information.
    pub crc32: u32,
    /// The file.
    pub body: ReceivedBody,
}

/// Where the bytes of an instance are.
#[expect(missing_debug_implementations, reason = "it holds an instance: patient data")]
pub enum ReceivedBody {
    /// In memory.
    Memory(Vec<u8>),
    /// In an unnamed file, at its beginning.
    File(File),
}

impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Received").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
