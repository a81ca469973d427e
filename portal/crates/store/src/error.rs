//! What can go wrong with the store itself. What a verb refuses is part of its answer instead.

use std::io;
use std::path::PathBuf;

/// Why a verb gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the store open.
    #[error(
        "the store in {} is in use by another process: stop it, or use its admin interface",
        folder.display()
    )]
    InUse {
        /// Folder of the store.
        folder: PathBuf,
    },
    /// What is on disk cannot be read.
    #[error(
        "the store in {} is damaged ({what}): move the folder away and bring back the last backup \
         with `esito restore`",
        folder.display()
    )]
    Damaged {
        /// Folder of the store.
        folder: PathBuf,
        /// What was found, without any value of a record.
        what: String,
    },
    /// A newer program wrote it.
    #[error(
        "the store in {} has format {found}, and this program knows formats up to {known}: use the \
         newer program, or restore a backup made before the upgrade",
        folder.display()
    )]
    NewerFormat {
        /// Folder of the store.
        folder: PathBuf,
        /// Format on disk.
        found: u32,
        /// The highest known.
        known: u32,
    },
    /// The folder or a backup could not be read or written.
    #[error("{what}")]
    Storage {
        /// What was tried, and on what.
        what: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A write failed before: what is on disk is not known any more, so nothing more is written.
    #[error(
        "the store takes no more writes since one failed: see to the disk, then start the program \
         again"
    )]
    Halted,
    /// A record is larger than any that the store takes.
    #[error(
        "a record for {table} would take {bytes} bytes, and the store takes {most} at most: make its texts or \
         lists shorter"
    )]
    TooLarge {
        /// What it is a record of.
        table: &'static str,
        /// Bytes that it would take.
        bytes: usize,
        /// The most that are taken.
        most: usize,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A fault of the program.
    #[error("a fault in the store: {what}; please report it")]
    Bug {
        /// Where.
        what: &'static str,
    },
}

/// Whether a store goes on.
pub trait Halting {
    /// Whether it takes no more writes, while it may still be read: until it is opened again each verb that
    /// writes is refused, with [`StoreError::Halted`] where a write failed.
    fn is_halted(&self) -> bool;
}
