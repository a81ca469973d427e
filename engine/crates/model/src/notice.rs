//! Notices: tolerated faults that the reader of the package must see.

use crate::{FileId, SopClassUid, SopInstanceUid, StudyInstanceUid, TransferSyntaxUid};

/// What a notice is about, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Where the instance came from, for the operator: a path below the input folder. It may hold
    /// patient data, so it is shown to whoever runs the program and never written to the package.
    pub origin: Option<String>,
    /// SOP Instance UID (0008,0018).
    pub sop_instance: Option<SopInstanceUid>,
    /// Where the instance lies in the File-set, when it is in.
    pub file_id: Option<FileId>,
}

/// A fault that did not stop the package, shown in `index.htm`, `readme.txt` and the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// An expected instance never arrived: the package is incomplete (exit code 3).
    Missing(Subject),
    /// A whole study that was asked for is not in the package (exit code 3): how many instances it has
    /// is not known.
    StudyMissing(Subject, StudyInstanceUid),
    /// An expected instance is not in the package (exit code 3).
    Refused(Subject, Refusal),
    /// Only reports were asked for: so many other instances are left out.
    ReportsOnly {
        /// Nothing.
        subject: Subject,
        /// How many there are.
        left_out: u64,
    },
    /// An object without directory record is left out by policy.
    LeftOut(Subject, SopClassUid),
    /// The same SOP Instance UID came more than once; the first one is in the package.
    Duplicate {
        /// The one that was left out.
        subject: Subject,
        /// Whether its data set equals the first one, byte for byte.
        identical: bool,
    },
    /// Frames of an instance that is in the package have no preview.
    NoPreview {
        /// The instance.
        subject: Subject,
        /// How many of its frames are concerned.
        frames: u32,
        /// Why.
        fault: PreviewFault,
    },
    /// Previews of an instance do not show all that the file has.
    PreviewIncomplete {
        /// The instance.
        subject: Subject,
        /// How many of its previews are concerned.
        frames: u32,
        /// What they do not show.
        gap: PreviewGap,
    },
    /// Only the first frames of a long cine have a preview.
    PreviewsCapped {
        /// The instance.
        subject: Subject,
        /// How many have one.
        shown: u32,
        /// How many there are.
        frames: u32,
    },
    /// The pixel data stay compressed although the package is meant to be uncompressed.
    KeptCompressed(Subject, TransferSyntaxUid),
    /// A document of the package cannot be shown as a report; the DICOM file holds it.
    NoReport(Subject),
    /// A report is not as its reader expects it.
    ReportImpaired(Subject, ReportFault),
}

impl Notice {
    /// A study that was asked for is not there.
    pub fn study_missing(study: StudyInstanceUid) -> Self {
        Self::StudyMissing(Subject::default(), study)
    }

    /// Whether it is of one expected instance that is not in the package, so that it counts as expected and not
    /// as received. A copy with other content is none: a SOP Instance UID is expected once.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Refused(..))
    }

    /// Whether what should be in the package is not (exit code 3).
    pub fn is_loss(&self) -> bool {
        match self {
            Self::Missing(_) | Self::StudyMissing(..) | Self::Refused(..) => true,
            Self::Duplicate { identical, .. } => !identical,
            _ => false,
        }
    }

    /// What the notice is about.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Missing(subject)
            | Self::StudyMissing(subject, _)
            | Self::Refused(subject, _)
            | Self::LeftOut(subject, _)
            | Self::NoReport(subject)
            | Self::ReportImpaired(subject, _)
            | Self::Duplicate { subject, .. }
            | Self::ReportsOnly { subject, .. }
            | Self::NoPreview { subject, .. }
            | Self::PreviewIncomplete { subject, .. }
            | Self::PreviewsCapped { subject, .. }
            | Self::KeptCompressed(subject, _) => subject,
        }
    }
}

/// What is wrong with a report. `Display` is a sentence for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum ReportFault {
    /// The object holds an empty document.
    #[error("the document inside it is empty")]
    Empty,
    /// What is said to be a PDF is none; the package has it as a file.
    #[error("its document is said to be a PDF and is none: it is handed out as a file")]
    NoPdf,
    /// The PDF ends before its directory of objects.
    #[error("its PDF is damaged or cut short")]
    Damaged,
    /// The PDF is encrypted: it may ask for a password.
    #[error("its PDF is encrypted and may ask for a password")]
    Locked,
    /// The PDF that was made holds the beginning only; the page goes on.
    #[error("the PDF made of it holds the beginning only; its page goes on")]
    CutPdf,
    /// Neither PDF nor page hold all of it.
    #[error("the report made of it is cut; the DICOM file holds the whole")]
    Cut,
}

/// What a preview does not show although the file has it or refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PreviewGap {
    /// An overlay whose attributes contradict each other.
    Overlay,
    /// The image that a segmentation was drawn on: its colours stand alone.
    SegmentedImage,
}

/// Why an instance cannot be in the package. `Display` is a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// The file ends early.
    #[error("the file ends before its data do: {missing_bytes} bytes are missing")]
    Truncated {
        /// How many bytes the lengths in the file promise beyond its end.
        missing_bytes: u64,
    },
    /// The data set cannot be parsed.
    #[error("the data set is damaged: {0}")]
    Malformed(String),
    /// A UID that a File-set cannot do without is absent, empty, or no UID.
    #[error("{0} is missing or unusable")]
    NoUid(&'static str),
    /// The instance belongs to another study.
    #[error("it belongs to another study")]
    ForeignStudy,
    /// The instance belongs to another patient.
    #[error("it belongs to another patient")]
    ForeignPatient,
    /// The transfer syntax is unknown, so its elements cannot be read.
    #[error("its transfer syntax {0} is unknown")]
    UnknownTransferSyntax(String),
    /// One of our limits, before anything was allocated for it.
    #[error("it is over the limit: {0}")]
    OverLimit(String),
}

/// Why a frame has no preview. `Display` is a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreviewFault {
    /// No decoder for the transfer syntax.
    #[error("no decoder for transfer syntax {0}")]
    NoDecoder(TransferSyntaxUid),
    /// The pixel attributes are absent, contradictory or of a kind that is not rendered.
    #[error("{0}")]
    Unsupported(String),
    /// The decoder refused the compressed data.
    #[error("the compressed frame is damaged")]
    Damaged,
    /// There are fewer bytes of pixels than the attributes say.
    #[error("pixel data are missing")]
    MissingPixels,
    /// Bigger than our limits.
    #[error("the frame is over the size limit")]
    OverLimit,
}
