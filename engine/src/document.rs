//! What can be read of a DICOM object without a DICOM viewer: a document inside it, or a report made
//! of its content.

use dicom_core::Tag;
use media::contents::{ReportLink, ReportStatus};
use media::numbering::Ordinal;
use media::report::is_structured_report;
use model::{EntryPath, FileId};
use part10::Dataset;

use crate::sections::title_of;

/// Encapsulated CDA Storage.
const ENCAPSULATED_CDA: &str = "1.2.840.10008.5.1.4.1.1.104.2";
const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const CONTENT_DATE: Tag = Tag(0x0008, 0x0023);
const CONTENT_TIME: Tag = Tag(0x0008, 0x0033);
const COMPLETION_FLAG: Tag = Tag(0x0040, 0xA491);
const VERIFICATION_FLAG: Tag = Tag(0x0040, 0xA493);
const CONTENT_MIME_TYPE: Tag = Tag(0x0042, 0x0012);
const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);
const ENCAPSULATED_DOCUMENT_LENGTH: Tag = Tag(0x0042, 0x0015);

/// What a person can read of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Readable<'a> {
    /// A PDF document, byte for byte.
    Pdf(&'a [u8]),
    /// Content that becomes a report.
    Structured,
    /// A clinical document, byte for byte, that becomes a report.
    Clinical(&'a [u8]),
    /// A file for a program of its own, byte for byte.
    Other(&'a [u8]),
}

impl<'a> Readable<'a> {
    /// What an object holds, if anything.
    pub(crate) fn of(dataset: &Dataset<'a>) -> Option<Self> {
        let Some(document) = encapsulated(dataset) else {
            return is_structured_report(dataset).then_some(Self::Structured);
        };
        let is_pdf = mime_type(dataset).map_or_else(
            || document.starts_with(b"%PDF-"),
            |mime| mime.eq_ignore_ascii_case("application/pdf"),
        );
        Some(if is_pdf {
            Self::Pdf(document)
        } else if dataset.text(SOP_CLASS_UID).as_deref() == Some(ENCAPSULATED_CDA) {
            Self::Clinical(document)
        } else {
            Self::Other(document)
        })
    }
}

/// MIME Type of Encapsulated Document (0042,0012).
pub(crate) fn mime_type(dataset: &Dataset<'_>) -> Option<String> {
    dataset.text(CONTENT_MIME_TYPE)
}

/// The document inside an object (PS3.3 C.24.2).
///
/// The padding to even length is cut where the object tells the true length, or where it is a NUL.
fn encapsulated<'a>(dataset: &Dataset<'a>) -> Option<&'a [u8]> {
    let value = dataset.element(ENCAPSULATED_DOCUMENT)?.value;
    let told =
        dataset.u32(ENCAPSULATED_DOCUMENT_LENGTH).and_then(|told| usize::try_from(told).ok());
    match told {
        Some(told) if value.len().checked_sub(told).is_some_and(|padding| padding <= 1) => {
            value.get(..told)
        }
        _ => Some(value.strip_suffix(b"\0").unwrap_or(value)),
    }
}

/// What the index says of a document.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    title: Option<String>,
    date: Option<String>,
    time: Option<String>,
    status: Option<ReportStatus>,
    file_id: FileId,
}

impl Listing {
    /// What it says of the document of the object at `file_id`.
    pub(crate) fn of(dataset: &Dataset<'_>, file_id: FileId) -> Self {
        let flags = (dataset.text(COMPLETION_FLAG), dataset.text(VERIFICATION_FLAG));
        let status = match (flags.0.as_deref(), flags.1.as_deref()) {
            (Some("PARTIAL"), _) => Some(ReportStatus::Preliminary),
            (_, Some("VERIFIED")) => Some(ReportStatus::Final),
            _ => None,
        };
        Self {
            title: title_of(dataset),
            date: dataset.text(CONTENT_DATE),
            time: dataset.text(CONTENT_TIME),
            status,
            file_id,
        }
    }

    /// The line of the index, once it is known where the document lies.
    pub(crate) fn link(self, path: EntryPath, page: Option<Ordinal>) -> ReportLink {
        let Self { title, date, time, status, file_id } = self;
        ReportLink { title, date, time, status, path, page, file_id: Some(file_id) }
    }
}
