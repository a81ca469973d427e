//! Reports that a person can read: structured reports, selections of key images and clinical
//! documents, each read once into a [`Document`], of which a page and a PDF are made.
//!
//! Standard: DICOM PS3.3 §A.35 (SR document IODs), §C.17, §A.45 (encapsulated documents).

mod cda;
mod document;
mod pdf;
mod references;
mod structured;

use model::EntryPath;
use texts::Language;

use crate::contents::{Institution, Patient};
use crate::layout::Layout;

pub use cda::{Cda, clinical_document};
pub use document::{Document, ImageKey};
pub use pdf::{PdfError, report_pdf};
pub use references::{ImageReference, Picture, References};
pub use structured::{is_structured_report, structured_report};

pub(crate) use document::{Block, Table, Value};

/// What a report takes from the package around it.
#[derive(Debug, Clone, Copy)]
pub struct ReportFrame<'a> {
    /// The language of labels and dates; the report itself stays as it was written.
    pub language: Language,
    /// Where everything lies.
    pub layout: Layout,
    /// Who made the package.
    pub institution: &'a Institution,
    /// Whose it is.
    pub patient: &'a Patient,
    /// Where the report will lie as a PDF.
    pub pdf: &'a EntryPath,
    /// Where it will lie as a page.
    pub page: &'a EntryPath,
}
