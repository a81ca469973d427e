//! Counts and entries out, cancel in.

use model::{EntryPath, SopInstanceUid};
use zipstream::Placement;

/// How far a package is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// Instances written, left out or refused so far.
    pub instances: u64,
    /// Instances in all.
    pub of_instances: u64,
    /// Instances that came from a PACS so far; those of a folder are there.
    pub received_instances: u64,
    /// Bytes that came from a PACS so far.
    pub received_bytes: u64,
    /// Bytes of the source worked through so far.
    pub source_bytes: u64,
    /// Bytes of the source in all: what the PACS lists, and where it does not say how large an instance
    /// is, the mean of those that came.
    pub of_source_bytes: u64,
    /// Bytes of ZIP written so far.
    pub written_bytes: u64,
}

/// An entry that is whole in the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenEntry<'a> {
    /// Its path below the wrapping folder, if there is one.
    pub path: &'a EntryPath,
    /// Its path in the ZIP.
    pub in_zip: &'a EntryPath,
    /// Where its body begins, in bytes from the start of the ZIP, and its method, lengths and CRC-32.
    pub placement: Placement,
    /// SHA-256 of its uncompressed bytes.
    pub sha256: [u8; 32],
    /// SOP Instance UID, where it is a DICOM file.
    pub sop_instance: Option<&'a SopInstanceUid>,
}

/// Whoever watches a package grow.
pub trait Progress {
    /// Told of each entry when its last byte was handed to the sink, in the order of the ZIP.
    fn entry(&mut self, _entry: WrittenEntry<'_>) {}

    /// Told after each piece of work, and while there is none, four times a second; answering `false` cancels the package.
    fn step(&mut self, step: Step) -> bool;
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn step(&mut self, _step: Step) -> bool {
        true
    }
}
