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

use crate::branding::Branding;
use crate::contents::{Institution, Patient};
use crate::layout::{Edition, Layout, ReportFormat};
use crate::numbering::Ordinal;

pub use cda::{Cda, clinical_document};
pub use document::{Document, ImageKey};
pub use pdf::{PdfError, ReportPdf, report_pdf};
pub use references::{Illustration, ImageReference, Picture, References};
pub use structured::{is_structured_report, structured_report};

pub(crate) use document::{Block, Cell, Table, Value};

/// What a report takes from the package around it.
#[derive(Debug, Clone, Copy)]
pub struct ReportFrame<'a> {
    /// The language of labels and dates; the report itself stays as it was written.
    pub language: Language,
    /// The language that the package opens in, which is that of the PDF.
    pub main_language: Language,
    /// Where everything lies.
    pub layout: Layout,
    /// Who made the package, as it presents itself.
    pub branding: &'a Branding,
    /// The same, as the study names it.
    pub institution: &'a Institution,
    /// Whose it is.
    pub patient: &'a Patient,
    /// The number of the report in the package.
    pub number: Ordinal,
}

impl ReportFrame<'_> {
    /// Where the report lies as a PDF.
    pub fn pdf(&self) -> EntryPath {
        self.layout.report(self.number, ReportFormat::Pdf)
    }

    /// Where it lies as a page in a language.
    pub fn page(&self, language: Language) -> EntryPath {
        self.layout.report(self.number, ReportFormat::Page(self.edition(language)))
    }

    pub(crate) fn edition(&self, language: Language) -> Edition {
        if language == self.main_language { Edition::Main } else { Edition::Other(language) }
    }
}
