//! Why an entry is not written; each reason leaves the ZIP as it was unless it says otherwise.

use std::io;

/// The writer's own refusals. They travel inside an [`io::Error`], so that a caller sees one error
/// type; errors of the sink pass through unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not a relative path of printable ASCII components that every system can unpack.
    #[error("not a portable entry path: {0:?}")]
    Path(String),
    /// The path is taken, in this spelling or in one that differs only in case.
    #[error("two entries would unpack to one file: {0:?}")]
    Duplicate(String),
    /// A file of this name stands where the path needs a folder, or the reverse, or the folder
    /// was spelled with other cases before.
    #[error("an entry collides with a folder: {0:?}")]
    FolderCollision(String),
    /// A body is not what was announced. Its header is already out: the ZIP cannot be finished.
    #[error("the body of {path:?} is not the announced one ({what})")]
    Body {
        /// The entry concerned.
        path: String,
        /// What differs.
        what: &'static str,
    },
    /// An earlier write failed part-way; going on would make a ZIP that looks whole and is not.
    #[error("an earlier entry was cut off; the ZIP cannot be continued")]
    CutOff,
    /// The ZIP would pass 2⁶⁴ − 1 bytes.
    #[error("the ZIP would pass 2^64 - 1 bytes")]
    TooLarge,
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Body { .. } => io::ErrorKind::InvalidData,
            Refused::CutOff => io::ErrorKind::Other,
            Refused::TooLarge => io::ErrorKind::FileTooLarge,
            Refused::Path(_) | Refused::Duplicate(_) | Refused::FolderCollision(_) => {
                io::ErrorKind::InvalidInput
            }
        };
        Self::new(kind, refused)
    }
}

impl Refused {
    /// The refusal inside an error of this crate; `None` when the sink failed.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}
