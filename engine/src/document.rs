//! What can be read of a DICOM object without a DICOM viewer: documents inside it, or a page made of
//! a structured report.

use dicom_core::Tag;
use media::contents::{ReportKind, ReportLink, ReportStatus};
use media::layout::ReportFormat;
use media::web;
use model::{EntryPath, FileId};
use part10::Dataset;

use crate::sections::title_of;

/// Key Object Selection Document Storage.
const KEY_OBJECT_SELECTION: &str = "1.2.840.10008.5.1.4.1.1.88.59";
const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const CONTENT_DATE: Tag = Tag(0x0008, 0x0023);
const CONTENT_TIME: Tag = Tag(0x0008, 0x0033);
const COMPLETION_FLAG: Tag = Tag(0x0040, 0xA491);
const VERIFICATION_FLAG: Tag = Tag(0x0040, 0xA493);
const CONTENT_MIME_TYPE: Tag = Tag(0x0042, 0x0012);
const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);
const ENCAPSULATED_DOCUMENT_LENGTH: Tag = Tag(0x0042, 0x0015);

/// What kind of report an instance gives, if any. A Key Object Selection points at images and is no
/// report.
pub(crate) fn kind_of(dataset: &Dataset<'_>) -> Option<ReportKind> {
    if pdf_of(dataset).is_some() {
        Some(ReportKind::Pdf)
    } else {
        let is_key_object = dataset.text(SOP_CLASS_UID).as_deref() == Some(KEY_OBJECT_SELECTION);
        (!is_key_object && web::is_structured_report(dataset)).then_some(ReportKind::Page)
    }
}

/// The extension that the entry of a document has.
pub(crate) fn format_of(kind: ReportKind) -> ReportFormat {
    match kind {
        ReportKind::Pdf => ReportFormat::Pdf,
        ReportKind::Page => ReportFormat::Page,
    }
}

/// The document of an Encapsulated PDF object, byte for byte (PS3.3 C.24.2).
///
/// The padding to even length is cut where the object tells the true length, or where it is a NUL.
pub(crate) fn pdf_of<'a>(dataset: &Dataset<'a>) -> Option<&'a [u8]> {
    let value = dataset.element(ENCAPSULATED_DOCUMENT)?.value;
    let is_pdf = dataset.text(CONTENT_MIME_TYPE).map_or_else(
        || value.starts_with(b"%PDF-"),
        |mime| mime.eq_ignore_ascii_case("application/pdf"),
    );
    if !is_pdf {
        return None;
    }
    let told =
        dataset.u32(ENCAPSULATED_DOCUMENT_LENGTH).and_then(|told| usize::try_from(told).ok());
    match told {
        Some(told) if value.len().checked_sub(told).is_some_and(|padding| padding <= 1) => {
            value.get(..told)
        }
        _ => Some(value.strip_suffix(b"\0").unwrap_or(value)),
    }
}

/// How the index lists a document.
pub(crate) fn report_link(
    dataset: &Dataset<'_>,
    path: EntryPath,
    kind: ReportKind,
    file_id: FileId,
) -> ReportLink {
    let status = match (dataset.text(COMPLETION_FLAG).as_deref(), dataset.text(VERIFICATION_FLAG)) {
        (Some("PARTIAL"), _) => Some(ReportStatus::Preliminary),
        (_, Some(flag)) if flag == "VERIFIED" => Some(ReportStatus::Final),
        _ => None,
    };
    ReportLink {
        title: title_of(dataset),
        date: dataset.text(CONTENT_DATE),
        time: dataset.text(CONTENT_TIME),
        status,
        path,
        kind,
        file_id: Some(file_id),
    }
}
