//! Why there is no package.

use std::io;

use model::Refusal;

use crate::given_report::GivenReportFault;
use crate::study_failure::{Failures, StudyFailure};

/// Whose fault a failure is: retry, exit code and log level follow from it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The request names something that is not there.
    Request,
    /// What came in cannot be packaged.
    Data,
    /// A PACS, or the network before it.
    Pacs,
    /// Our disk, or whoever reads what we write.
    Storage,
    /// Somebody asked to stop.
    Cancelled,
    /// Us.
    Bug,
}

/// The package cannot be made. Faults of single instances are notices instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The folder to package cannot be read.
    #[error("{0}. Check the path and its permissions")]
    Folder(#[from] part10::FolderError),
    /// There is no DICOM in the folder.
    #[error(
        "there is nothing to package: none of the {files} files in the folder is a DICOM instance"
    )]
    NothingDicom {
        /// How many files were looked at.
        files: usize,
    },
    /// The study asked for is not in the folder.
    #[error("the study is not in the folder, which holds {studies} other studies")]
    NoSuchStudy {
        /// How many studies are there.
        studies: usize,
    },
    /// A PACS, or each of several, has nothing of what was asked for.
    #[error("{}", Failures(.0))]
    Studies(Vec<StudyFailure>),
    /// The studies asked for are of several patients.
    #[error(
        "the studies are of {patients} patients, as the PACS tells it, and a package has one: ask for those of one patient; if these are one person, give each Patient ID by `--patient-id`"
    )]
    StudiesOfSeveral {
        /// How many there are.
        patients: usize,
    },
    /// All instances were refused.
    #[error("none of the {instances} instances can be packaged; the first one: {first}")]
    AllRefused {
        /// How many there were.
        instances: usize,
        /// Why the first one was refused.
        first: Refusal,
    },
    /// The folder mixes patients.
    #[error(
        "the folder holds instances of {patients} patients and a package has one: put each into a \
         folder of its own, or name one study"
    )]
    SeveralPatients {
        /// At least so many there are, by Patient ID or its issuer.
        patients: usize,
    },
    /// Nothing that was found may be in a File-set.
    #[error("none of the {instances} instances is of a kind that a DICOMDIR can list")]
    NothingListable {
        /// How many were left out.
        instances: usize,
    },
    /// Only reports are asked for, and there is none.
    #[error(
        "there is no report among the {instances} instances, and none was handed in: ask for everything, \
         or hand the report in"
    )]
    NoReport {
        /// How many instances there are.
        instances: u64,
    },
    /// A report that was handed in cannot be packaged.
    #[error("report {number} of those handed in: {fault}")]
    GivenReport {
        /// Its number, from 1.
        number: usize,
        /// What is wrong.
        fault: GivenReportFault,
    },
    /// A number or size passes what the formats hold.
    #[error("the study is too large for a package: {0}")]
    TooLarge(String),
    /// The sink refused bytes.
    #[error("the package cannot be written: {0}")]
    Sink(#[source] io::Error),
    /// A temporary file failed.
    #[error("a temporary file failed in {folder}: {source}. Free space there, or set TMPDIR")]
    Temporary {
        /// Where it was to be.
        folder: String,
        /// What the system says.
        source: io::Error,
    },
    /// The reporter asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// Something that cannot happen did.
    #[error("internal error: {0}. Please report it")]
    Bug(String),
}

impl PackError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Folder(error) if names_no_folder(error.source.kind()) => Fault::Request,
            Self::Folder(_)
            | Self::NothingDicom { .. }
            | Self::NoSuchStudy { .. }
            | Self::AllRefused { .. }
            | Self::SeveralPatients { .. }
            | Self::StudiesOfSeveral { .. }
            | Self::NothingListable { .. }
            | Self::NoReport { .. }
            | Self::TooLarge(_) => Fault::Data,
            Self::Studies(failures) => fault_of(failures),
            Self::Sink(_) | Self::Temporary { .. } | Self::GivenReport { .. } => Fault::Storage,
            Self::Cancelled => Fault::Cancelled,
            Self::Bug(_) => Fault::Bug,
        }
    }
}

/// Of several faults the one that another try may mend.
fn fault_of(failures: &[StudyFailure]) -> Fault {
    let has = |fault| failures.iter().any(|failure| failure.fault.fault() == fault);
    [Fault::Storage, Fault::Pacs].into_iter().find(|fault| has(*fault)).unwrap_or(Fault::Data)
}

fn names_no_folder(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
