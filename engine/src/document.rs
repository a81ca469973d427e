//! What can be read of a DICOM object without a DICOM viewer: a document inside it, or a report made
//! of its content.

use dicom_core::Tag;
use media::contents::{ReportLink, ReportStatus};
use media::numbering::Ordinal;
use media::report::is_structured_report;
use model::{EntryPath, FileId, ReportFault};
use part10::Dataset;

use crate::sections::{brief, title_of};

/// Encapsulated PDF Storage.
const ENCAPSULATED_PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";
/// What a PDF begins with.
const PDF: &[u8] = b"%PDF-";
/// How far from its end a PDF says where its table is.
const END_OF_PDF: usize = 4096;
/// Bytes of a table of objects, and of its trailer, that are looked at.
const MOST_OF_TABLE: usize = 16 << 20;
const MOST_OF_TRAILER: usize = 16 << 10;
/// Encapsulated CDA Storage.
const ENCAPSULATED_CDA: &str = "1.2.840.10008.5.1.4.1.1.104.2";
const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const CONTENT_DATE: Tag = Tag(0x0008, 0x0023);
const CONTENT_TIME: Tag = Tag(0x0008, 0x0033);
const COMPLETION_FLAG: Tag = Tag(0x0040, 0xA491);
const VERIFICATION_FLAG: Tag = Tag(0x0040, 0xA493);
const PRELIMINARY_FLAG: Tag = Tag(0x0040, 0xA496);
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
    /// What is said to be a PDF and is none, byte for byte.
    NoPdf(&'a [u8]),
    /// A file for a program of its own, byte for byte.
    Other(&'a [u8]),
    /// A document without a byte.
    Empty,
}

impl<'a> Readable<'a> {
    /// What an object holds, if anything.
    pub(crate) fn of(dataset: &Dataset<'a>) -> Option<Self> {
        let Some(document) = encapsulated(dataset) else {
            return is_structured_report(dataset).then_some(Self::Structured);
        };
        let sop_class = dataset.text(SOP_CLASS_UID);
        let is_told = mime_type(dataset)
            .is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/pdf"))
            || sop_class.as_deref() == Some(ENCAPSULATED_PDF);
        // What the bytes are counts, not what they are called.
        let is_pdf = document.starts_with(PDF) || is_told && is_pdf(document);
        Some(match sop_class.as_deref() {
            _ if document.is_empty() => Self::Empty,
            _ if is_pdf => Self::Pdf(document),
            _ if is_told => Self::NoPdf(document),
            Some(ENCAPSULATED_CDA) => Self::Clinical(document),
            _ => Self::Other(document),
        })
    }
}

/// What may keep a file that is said to be a PDF from being opened; `None` when nothing does, as far as its
/// beginning and its end tell.
pub fn pdf_fault(file: &[u8]) -> Option<ReportFault> {
    if is_pdf(file) { fault_at_end(file) } else { Some(ReportFault::NoPdf) }
}

/// Some writers put bytes before a PDF.
fn is_pdf(file: &[u8]) -> bool {
    file.get(..1024).unwrap_or(file).windows(PDF.len()).any(|at| at == PDF)
}

/// What may keep a PDF from being opened, as far as its end tells (ISO 32000-1 §7.5.5).
pub(crate) fn fault_at_end(pdf: &[u8]) -> Option<ReportFault> {
    let find = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).rposition(|at| at == word);
    let end = pdf.get(pdf.len().saturating_sub(END_OF_PDF)..)?;
    let Some(start) = find(end, b"startxref") else { return Some(ReportFault::Damaged) };
    let digits: String = end
        .get(start + 9..)?
        .iter()
        .map(|byte| char::from(*byte))
        .skip_while(char::is_ascii_whitespace)
        .take_while(char::is_ascii_digit)
        .collect();
    let table = digits.parse().ok().and_then(|at: usize| pdf.get(at..));
    let Some(table) = table.filter(|table| !table.is_empty()) else {
        return Some(ReportFault::Damaged);
    };
    // A table is followed by its trailer; a stream begins with it.
    let trailer = if table.starts_with(b"xref") {
        let table = table.get(..MOST_OF_TABLE).unwrap_or(table);
        table.windows(7).position(|at| at == b"trailer").and_then(|at| table.get(at..))?
    } else {
        table
            .windows(6)
            .take(MOST_OF_TRAILER)
            .position(|at| at == b"stream")
            .and_then(|at| table.get(..at))?
    };
    let trailer = trailer.get(..MOST_OF_TRAILER).unwrap_or(trailer);
    find(trailer, b"/Encrypt").map(|_at| ReportFault::Locked)
}

/// MIME Type of Encapsulated Document (0042,0012).
pub(crate) fn mime_type(dataset: &Dataset<'_>) -> Option<String> {
    brief(dataset, CONTENT_MIME_TYPE)
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
    study: Ordinal,
}

impl Listing {
    /// What it says of the document of the object at `file_id`, in a study.
    pub(crate) fn of(dataset: &Dataset<'_>, file_id: FileId, study: Ordinal) -> Self {
        Self {
            title: title_of(dataset),
            date: brief(dataset, CONTENT_DATE),
            time: brief(dataset, CONTENT_TIME),
            status: status_of(dataset),
            file_id,
            study,
        }
    }

    /// The line of the index, once it is known where the document lies.
    pub(crate) fn link(self, path: EntryPath, page: Option<Ordinal>) -> ReportLink {
        let Self { title, date, time, status, file_id, study } = self;
        let (file_id, study) = (Some(file_id), Some(study));
        ReportLink { title, date, time, status, path, page, file_id, study }
    }
}

/// How far a structured report is valid (PS3.3 §C.17.2). That it is not preliminary does not make it
/// verified.
fn status_of(dataset: &Dataset<'_>) -> Option<ReportStatus> {
    let is = |tag: Tag, value: &str| dataset.text(tag).is_some_and(|flag| flag == value);
    if is(PRELIMINARY_FLAG, "PRELIMINARY") || is(COMPLETION_FLAG, "PARTIAL") {
        return Some(ReportStatus::Preliminary);
    }
    is(VERIFICATION_FLAG, "VERIFIED").then_some(ReportStatus::Final)
}

#[cfg(test)]
mod tests {
    use super::*;
    use part10::Encoding;
    use rstest::rstest;

    fn pdf(trailer: &str) -> Vec<u8> {
        format!("%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 {trailer}>>\nstartxref\n9\n%%EOF\n")
            .into_bytes()
    }

    #[rstest]
    #[case::sound(pdf(""), None)]
    #[case::locked(pdf("/Encrypt 5 0 R "), Some(ReportFault::Locked))]
    #[case::cut(pdf("")[..40].to_vec(), Some(ReportFault::Damaged))]
    #[case::beyond(b"%PDF-1.4 startxref 900 %%EOF".to_vec(), Some(ReportFault::Damaged))]
    #[case::no_number(b"%PDF-1.4 startxref".to_vec(), Some(ReportFault::Damaged))]
    #[case::stream(
        b"%PDF-1.5\n1 0 obj << /Type /XRef /Encrypt 2 0 R >> stream\nstartxref\n9\n%%EOF".to_vec(),
        Some(ReportFault::Locked)
    )]
    #[case::no_pdf(b"<html>".to_vec(), Some(ReportFault::NoPdf))]
    #[case::empty(Vec::new(), Some(ReportFault::NoPdf))]
    #[case::word_in_a_text(
        b"%PDF-1.5\n(/Encrypt)\n1 0 obj << /Type /XRef >> stream\nstartxref\n20\n%%EOF".to_vec(),
        None
    )]
    fn faults_of_pdfs(#[case] pdf: Vec<u8>, #[case] expected: Option<ReportFault>) {
        assert_eq!(pdf_fault(&pdf), expected);
    }

    /// By completion, verification and preliminary flag; one that is empty here is not there.
    #[rstest]
    #[case::verified(["COMPLETE", "VERIFIED", ""], Some(ReportStatus::Final))]
    #[case::verified_and_final(["COMPLETE", "VERIFIED", "FINAL"], Some(ReportStatus::Final))]
    #[case::preliminary(["COMPLETE", "VERIFIED", "PRELIMINARY"], Some(ReportStatus::Preliminary))]
    #[case::partial(["PARTIAL", "VERIFIED", "FINAL"], Some(ReportStatus::Preliminary))]
    #[case::nobody_verified(["COMPLETE", "UNVERIFIED", "FINAL"], None)]
    #[case::no_flags(["", "", ""], None)]
    fn how_far_a_structured_report_is_valid(
        #[case] flags: [&str; 3],
        #[case] expected: Option<ReportStatus>,
    ) {
        let tags = [COMPLETION_FLAG, VERIFICATION_FLAG, PRELIMINARY_FLAG];
        let mut bytes: Vec<u8> = Vec::new();
        for (tag, flag) in tags.into_iter().zip(flags).filter(|(_, flag)| !flag.is_empty()) {
            let value = format!("{flag}{}", " ".repeat(flag.len() % 2));
            bytes.extend([tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat());
            bytes.extend(b"CS");
            bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
            bytes.extend(value.as_bytes());
        }
        let dataset = Dataset::parse(&bytes, Encoding::EXPLICIT_LE).unwrap();
        assert_eq!(status_of(&dataset), expected);
    }
}
