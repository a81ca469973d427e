//! Values of the DICOM domain, parsed once at the edge.
//!
//! Invariant: no I/O, no async, nothing here is serialisable: the wire and disk formats are their
//! own types in the crates that speak them.

mod ae_title;
mod entry_path;
mod file_id;
mod notice;
mod uid;

pub use ae_title::{AeTitle, InvalidAeTitle};
pub use entry_path::{EntryPath, InvalidEntryPath};
pub use file_id::{FileId, InvalidFileId};
pub use notice::{Notice, PreviewFault, PreviewGap, Refusal, ReportFault, Subject};
pub use uid::{
    InvalidUid, MAX_UID_BYTES, SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid,
    TransferSyntaxUid,
};
