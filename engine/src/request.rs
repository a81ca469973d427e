//! What is to be packaged, and how.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use media::Language;
use media::branding::Branding;
use media::contents::Patient;
use media::layout::Layout;
use model::StudyInstanceUid;
use pacs::{PacsSettings, StudyReference};
use scratch::ScratchFolder;

use crate::contents::Contents;
use crate::given_report::GivenReport;

/// How the pixel data of the package are encoded: one rule for all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TransferSyntaxPolicy {
    /// Uncompressed, but as stored where that would make the package much larger.
    #[default]
    Auto,
    /// Explicit VR Little Endian: opens everywhere.
    Uncompressed,
    /// Compressed pixel data stay bit by bit as they are.
    AsStored,
}

/// A request for one package.
#[derive(Debug, Clone)]
pub struct PackageRequest {
    /// Where the instances come from.
    pub source: Source,
    /// How the package is to be.
    pub options: Options,
}

/// Where the instances come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A folder.
    Folder {
        /// The folder that holds the instances.
        folder: PathBuf,
        /// Only these studies of the folder; none: all of one patient.
        studies: Vec<StudyInstanceUid>,
    },
    /// One PACS or several.
    Pacs {
        /// The studies of one person, each once; what is not there of one does not keep the others from
        /// being packaged.
        studies: Vec<PacsStudy>,
    },
}

/// A study at a PACS.
#[derive(Debug, Clone)]
pub struct PacsStudy {
    /// Where it may be: the first that has it online delivers it, or else the first that has it. Never empty.
    pub pacs: Vec<PacsSettings>,
    /// The study.
    pub study: StudyReference,
}

/// How a package is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names and places of the files in it.
    pub layout: Layout,
    /// What of the studies is in it.
    pub contents: Contents,
    /// Reports that are in it beside them, in this order.
    pub reports: Vec<GivenReport>,
    /// Whose the package is, where no instance says it: it may hold given reports alone.
    pub patient: Option<Patient>,
    /// Whether the viewer is in it, if this build has one; with reports alone it is not.
    pub viewer: bool,
    /// Encoding of the pixel data.
    pub transfer_syntax: TransferSyntaxPolicy,
    /// Language of the pages.
    pub language: Language,
    /// Who makes the package; what is absent is taken from the study.
    pub branding: Branding,
    /// How many frames of an instance get a preview.
    pub previews_per_instance: u32,
    /// Threads that render and compress.
    pub jobs: NonZeroUsize,
    /// Bytes of pixel data in work at a time; 32 MiB at least.
    pub budget_bytes: u64,
    /// `Auto` keeps the compression when the native study is more than so many times as large…
    pub auto_growth: u64,
    /// … and passes so many bytes.
    pub auto_bytes: u64,
    /// Where entries larger than the budget wait until their size is known, and instances from a PACS
    /// for their turn, or to be inflated.
    pub temporary_folder: ScratchFolder,
    /// Bytes of instances from a PACS that lie there: half of them wait for their turn, half are kept
    /// to be looked at once more.
    pub spool_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            layout: Layout::Reference,
            contents: Contents::Everything,
            reports: Vec::new(),
            patient: None,
            viewer: true,
            transfer_syntax: TransferSyntaxPolicy::Auto,
            language: Language::default(),
            branding: Branding::default(),
            previews_per_instance: 200,
            jobs: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            budget_bytes: 48 << 20,
            auto_growth: 3,
            auto_bytes: 1 << 30,
            temporary_folder: ScratchFolder::of_system(),
            spool_bytes: 16 << 30,
        }
    }
}

/// Instances up to this size are worked on whole, larger ones frame by frame. It is fixed, since the
/// order of the entries follows from it and the budget must not change the bytes of a package.
pub(crate) const WHOLE_INSTANCE_BYTES: u64 = 8 << 20;

/// The least budget: three quarters for one frame, and a whole instance beside it.
const LEAST_BUDGET_BYTES: u64 = 4 * WHOLE_INSTANCE_BYTES;

impl Options {
    /// Whether a package without any DICOM instance is one: of reports that were handed in.
    pub(crate) fn may_be_without_instances(&self) -> bool {
        self.contents == Contents::ReportsOnly && !self.reports.is_empty()
    }

    /// The budget, never less than one large frame and its instance need.
    pub(crate) fn effective_budget_bytes(&self) -> u64 {
        self.budget_bytes.max(LEAST_BUDGET_BYTES)
    }
}
