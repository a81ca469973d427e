//! Why there is no package.

use std::io;

use model::Refusal;

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
    /// A PACS does not deliver.
    #[error("PACS {name}: {source}")]
    Pacs {
        /// What the site calls it.
        name: String,
        /// What went wrong.
        source: Box<pacs::PacsError>,
    },
    /// A PACS does not answer what it has.
    #[error("PACS {name}: {source}")]
    Unanswered {
        /// What the site calls it.
        name: String,
        /// What went wrong.
        source: Box<pacs::PacsError>,
    },
    /// A PACS lists instances and delivers none.
    #[error(
        "PACS {name} lists {instances} instances and sends none of them: see its log, and whether \
         its storage is complete"
    )]
    NothingDelivered {
        /// What the site calls it.
        name: String,
        /// How many it lists.
        instances: usize,
    },
    /// A PACS does not know the study.
    #[error("PACS {name} knows no such study: check UID and Patient ID, or name another PACS")]
    NotAtPacs {
        /// What the site calls it.
        name: String,
    },
    /// A PACS knows the study and lists no instance of it.
    #[error(
        "PACS {name} knows the study and lists no instance of it; its Instance Availability is \
         {availability}. If it is stored elsewhere, `esito recall` asks for it"
    )]
    EmptyAtPacs {
        /// What the site calls it.
        name: String,
        /// The term of the standard, or that there is none.
        availability: &'static str,
    },
    /// A PACS has the study where it cannot deliver it from now.
    #[error(
        "PACS {name} has the study {availability} and delivers none of it: {why}. `esito recall` asks \
         for it, and waits until it is back"
    )]
    NotOnline {
        /// What the site calls it.
        name: String,
        /// The term of the standard.
        availability: &'static str,
        /// What the retrieval ended with.
        why: String,
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
        /// How many different Patient IDs there are.
        patients: usize,
    },
    /// Nothing that was found may be in a File-set.
    #[error("none of the {instances} instances is of a kind that a DICOMDIR can list")]
    NothingListable {
        /// How many were left out.
        instances: usize,
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
            | Self::NotAtPacs { .. }
            | Self::EmptyAtPacs { .. }
            | Self::NothingListable { .. }
            | Self::TooLarge(_) => Fault::Data,
            Self::Pacs { source, .. } if source.is_local() => Fault::Storage,
            Self::Pacs { .. }
            | Self::Unanswered { .. }
            | Self::NothingDelivered { .. }
            | Self::NotOnline { .. } => Fault::Pacs,
            Self::Sink(_) | Self::Temporary { .. } => Fault::Storage,
            Self::Cancelled => Fault::Cancelled,
            Self::Bug(_) => Fault::Bug,
        }
    }
}

fn names_no_folder(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
