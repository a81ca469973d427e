//! DICOM files (PS3.10): header, body, frames, re-encoding.
//!
//! A file is opened into an [`Instance`]: the elements before the pixel data indexed in memory, the
//! body in memory or left in its file. [`Instance::dataset`] reads values out of it;
//! [`Frames`] finds the frames; [`Instance::head`] and [`Instance::tail`] write it down as the package
//! holds it.
//!
//! Invariant: nothing is allocated by a length that a file claims; everything grows with the bytes
//! that are really there. File names never come from a file.

mod charset;
mod dataset;
mod directory;
mod element;
mod encoding;
mod fill;
mod folder;
mod frames;
mod front;
mod heading;
mod instance;
mod pixel_description;
mod rewrite;
mod start;
mod vr;

pub use dataset::{Dataset, Element, Items};
pub use directory::{Directory, Reference, parse_directory, read_directory};
pub use element::has_long_length;
pub use encoding::{
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN,
    Encoding, IMPLICIT_VR_LITTLE_ENDIAN, TransferSyntax,
};
pub use folder::{
    FolderError, FolderListing, ListedInstance, OtherFile, list_folder, native_bytes,
};
pub use frames::{Fragments, FrameError, Frames};
pub use heading::{Heading, Identity};
pub use instance::{Instance, PixelElement};
pub use pixel_description::{Photometric, PixelDescription, PixelDescriptionError};
pub use rewrite::{END_OF_FRAGMENTS, PixelValue, Replacement, file_meta_information};

use model::Refusal;
use scratch::ScratchFolder;

/// Implementation Class UID (0002,0012) of all files that we write.
pub const IMPLEMENTATION_CLASS_UID: &str = "2.25.250379841926305447118259463811287043117";
/// Implementation Version Name (0002,0013), at most 16 characters.
pub const IMPLEMENTATION_VERSION_NAME: &str = concat!("ESITO_", env!("CARGO_PKG_VERSION"));

/// How much of a file may be held or made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Files up to this size are read into memory whole; of larger ones only the header is.
    pub in_memory_bytes: u64,
    /// Bytes of elements before the pixel data.
    pub header_bytes: usize,
    /// Bytes that a deflated data set may inflate to.
    pub inflated_bytes: u64,
    /// Where it lies when it is too large for memory; `None`: in the folder of the system.
    pub scratch: Option<ScratchFolder>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_memory_bytes: 16 << 20,
            header_bytes: 256 << 20,
            inflated_bytes: 8 << 30,
            scratch: None,
        }
    }
}

impl Limits {
    /// Where a data set lies that is inflated and too large for memory.
    pub fn scratch_folder(&self) -> ScratchFolder {
        self.scratch.clone().unwrap_or_else(ScratchFolder::of_system)
    }
}

impl OpenError {
    /// A temporary file in a folder failed.
    pub fn temporary(folder: &ScratchFolder, error: &std::io::Error) -> Self {
        let folder = folder.path().display().to_string();
        Self::Temporary { folder, message: error.to_string() }
    }
}

/// Why a file does not become an [`Instance`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing in it looks like DICOM.
    #[error("not a DICOM file")]
    NotDicom,
    /// It is a DICOMDIR.
    #[error("a DICOMDIR, not an instance")]
    Directory,
    /// A temporary file of ours failed: nothing is known against the instance.
    #[error("a temporary file failed in {folder}: {message}")]
    Temporary {
        /// Where it was to be.
        folder: String,
        /// What the system says.
        message: String,
    },
    /// It is DICOM and cannot be used.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Bytes are not a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl From<element::WalkError> for Malformed {
    fn from(error: element::WalkError) -> Self {
        Self(error.to_string())
    }
}
