//! A report as a PDF: A4, the patient at the head of each page, text that can be searched and copied.
//!
//! Set with printpdf. Typefaces are embedded as far as they are used. The same report gives the same
//! bytes: what printpdf draws at random is replaced.
//!
//! Standard: ISO 32000-1.

mod face;
mod finish;
mod flow;
mod frame;
mod table;
mod text;
mod typeset;
mod write;

use self::finish::Information;
use self::typeset::Setter;
use super::ReportFrame;
use super::document::Document;
use super::references::References;
use crate::dates::Date;
use crate::manifest::{APPLICATION, APPLICATION_VERSION};
use crate::web::Shown;

/// A report cannot be written as PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A typeface cannot be read or reduced to what is used of it.
    #[error("the typeface {0} cannot be used")]
    Typeface(&'static str),
    /// The document cannot be put together.
    #[error("the document cannot be written: {0}")]
    Document(String),
}

/// The PDF of a report.
#[derive(Debug)]
pub struct ReportPdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Whether it holds the beginning only; each of its pages says so and names the page.
    pub is_cut: bool,
}

/// Sets a report as PDF.
///
/// # Errors
/// [`PdfError`], which no content can cause.
///
/// # Limits
/// 500 pages, 1 000 000 glyphs; each page says when there is more, and where.
pub fn report_pdf(
    frame: ReportFrame<'_>,
    document: &Document,
    references: &References,
) -> Result<ReportPdf, PdfError> {
    let texts = frame.language.texts();
    let mut setter = Setter::new(frame, references);
    setter.document(document);
    let repeated = frame::repeated(frame, document, setter.flow.is_full);
    let replaced = write::replaced(&setter.flow, &repeated);
    if !replaced.is_empty() {
        let page = frame.page(frame.language);
        let (_, page) = page.as_str().rsplit_once('/').unwrap_or_default();
        setter.note(&texts.report_replaced(replaced.join(", "), page));
    }
    setter.note(texts.report_origin());
    let Setter { mut flow, pictures, .. } = setter;
    frame::add_headers(&mut flow, frame, document);
    let pdf = write::write(&flow, &pictures, document.title.as_str())?;
    let information = Information {
        language: document.language.as_deref().unwrap_or(frame.language.tag()),
        title: document.title.as_str(),
        author: document.author.as_ref().map(Shown::as_str),
        date: document.written.as_ref().and_then(|(date, time)| pdf_date(date, time.as_deref())),
        application: &format!("{APPLICATION} {APPLICATION_VERSION}"),
    };
    Ok(ReportPdf { bytes: finish::finish(pdf, &flow, &information)?, is_cut: flow.is_full })
}

/// A date as PDF writes it, without a zone (ISO 32000-1 7.9.4).
fn pdf_date(date: &str, time: Option<&str>) -> Option<String> {
    let date = Date::from_da(date)?;
    let digits = time.map(|time| {
        time.bytes().take_while(u8::is_ascii_digit).map(char::from).take(6).collect::<String>()
    });
    let time = digits.filter(|digits| digits.len() == 6).unwrap_or_default();
    Some(format!("D:{:04}{:02}{:02}{time}", date.year(), date.month(), date.day()))
}
