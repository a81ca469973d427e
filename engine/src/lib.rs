//! Packages a study into an IHE PDI ZIP: the façade over the engine's crates.
//!
//! ```text
//! source ─► plan ─► read ─► Instance ─► window ─┬► DICOM entry
//!                  (one thread)       (workers) ├► previews
//!                                               └► directory record ─► ZIP stream ─► Write
//! ```
//!
//! [`pack`] is the entry point: a [`PackageRequest`] in, a ZIP into any [`std::io::Write`], a
//! [`PackageReport`] out. [`identify`] says beforehand what would be in it.
//!
//! Invariant: the sink is only ever written to, front to back. Nothing here prints.

mod admission;
mod assembly;
mod body;
mod closing;
mod contents;
mod counted;
mod document;
mod duplicate;
mod early;
mod error;
mod examination;
mod feeder;
mod folder_source;
mod given_report;
mod identify;
mod intake;
mod key_image;
mod outcome;
mod picture;
mod pipeline;
mod plan;
mod progress;
mod references;
mod report;
mod reports;
mod request;
mod retrieval;
mod sections;
mod series_range;
mod shelf;
mod sources;
mod spool;
mod stock;
mod streamed;
mod study_failure;
mod usage;
mod viewer;
mod whole;
mod window;

pub use contents::Contents;
pub use document::pdf_fault;
pub use error::{Fault, PackError};
pub use examination::{Examination, ExaminationStatus, Kind, Moment};
pub use given_report::{GivenReport, GivenReportFault, MOST_REPORT_BYTES, ReportAbout, ReportFile};
pub use identify::{Identity, ListedStudy, identify};
pub use media::branding::{self, Branding};
pub use media::contents::{Counts, Institution, Patient, ReportStatus};
pub use media::layout::Layout;
pub use media::{Date, Language};
pub use model::{
    EntryPath, InvalidUid, Notice, Refusal, ReportFault, SopInstanceUid, StudyInstanceUid,
};
pub use pacs;
pub use pipeline::pack;
pub use plan::FileCounts;
pub use progress::{Progress, Step, Unwatched, WrittenEntry};
pub use report::{PackageReport, Phases, describe};
pub use request::{Options, PackageRequest, PacsStudy, Source, TransferSyntaxPolicy};
pub use scratch::{Room, ScratchFolder};
pub use study_failure::{StudyFailure, StudyFault};
pub use usage::Usage;
pub use viewer::{ViewerFile, has_viewer, viewer_files};
pub use zipstream::{DirectoryEntry, EntryFacts, Method, Placement, body_offset, read_directory};
