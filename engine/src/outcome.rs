//! What the workers hand to the thread that writes the ZIP.

use model::{Notice, Refusal, SopClassUid};
use part10::Instance;
use render::Window;
use zipstream::{DeflatedChunk, PreparedEntry};

use crate::error::PackError;
use crate::picture::{FrameOutcome, Jpeg};
use crate::plan::Planned;

/// One piece of finished work, in the order of the plan.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An instance that was worked on as a whole.
    Whole(Box<WholeInstance>),
    /// A large instance begins; its pieces follow.
    Begin {
        /// Which one.
        planned: Planned,
        /// How many frames it has.
        frame_count: u32,
        /// Whether its pieces come compressed.
        deflated: bool,
    },
    /// The next piece of its entry, or a preview of it, or both.
    Piece(Piece),
    /// It ends.
    End(Box<StreamedInstance>),
    /// There is no package.
    Failed(PackError),
    /// An instance that is not in the package.
    Lost(Planned, Loss),
    /// An instance beside the plan that is not in the package.
    Beside(Notice),
}

/// Why an instance is not in the package.
#[derive(Debug)]
pub(crate) enum Loss {
    /// It never came.
    Missing,
    /// It could not be used.
    Refused(Refusal),
    /// It has no place in a DICOMDIR.
    LeftOut(SopClassUid),
}

/// An instance that was worked on as a whole.
#[derive(Debug)]
pub(crate) struct WholeInstance {
    pub(crate) facts: InstanceFacts,
    pub(crate) entry: PreparedEntry,
    pub(crate) sha256: [u8; 32],
    pub(crate) frames: Vec<FrameOutcome>,
    pub(crate) thumbnail: Option<Jpeg>,
}

/// What the pages and the directory need of an instance.
#[derive(Debug)]
pub(crate) struct InstanceFacts {
    pub(crate) planned: Planned,
    /// Only its elements are looked at any more.
    pub(crate) instance: Instance,
    /// The transfer syntax as written.
    pub(crate) transfer_syntax: String,
    /// How many frames there are; `None` without pixels.
    pub(crate) frame_count: Option<u32>,
    /// What the file says of the windows that its frames are shown by.
    pub(crate) windows: Vec<Window>,
    /// Whether the pixels stay compressed although the package is to be uncompressed.
    pub(crate) kept_compressed: bool,
}

/// A piece of a large instance.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// The next bytes of the entry, before compression.
    pub(crate) bytes: Vec<u8>,
    /// The same bytes compressed, unless the entry is stored.
    pub(crate) chunks: Vec<DeflatedChunk>,
    /// The preview of the next frame.
    pub(crate) preview: Option<FrameOutcome>,
    /// The small picture of the series.
    pub(crate) thumbnail: Option<Jpeg>,
    /// The frame could not be decoded, so the entry must hold the pixels as they were.
    pub(crate) undecodable: bool,
}

/// The end of a large instance.
#[derive(Debug)]
pub(crate) struct StreamedInstance {
    pub(crate) facts: InstanceFacts,
    /// How to write it as it is stored, in case a frame could not be decoded.
    pub(crate) as_stored: Option<AsStored>,
}

/// An entry that holds the fragments of the source.
#[derive(Debug)]
pub(crate) struct AsStored {
    pub(crate) head: Vec<u8>,
    pub(crate) items: std::ops::Range<u64>,
    pub(crate) tail: Vec<u8>,
    pub(crate) transfer_syntax: String,
}
