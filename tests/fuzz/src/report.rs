//! Structured reports and clinical documents of arbitrary content.

use media::Language;
use media::branding::Branding;
use media::contents::{Institution, Patient};
use media::layout::Layout;
use media::numbering::Ordinal;
use media::report::{
    Document, References, ReportFrame, clinical_document as read_clinical_document,
    is_structured_report, report_pdf, structured_report,
};
use media::web::report_page;
use part10::{Dataset, Encoding};

use super::guarded;
use super::input::Input;

/// A page of 20,000 items of some text each.
const MOST_BYTES: usize = 64 << 20;
/// As `render::decode_picture` promises.
const MOST_PIXELS: u64 = 6_000_000;

/// An encoding, then the data set of a report.
///
/// # Panics
/// When no page or PDF can be made of what counts as a report, or a page with markup that is not ours.
pub fn report(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let encoding = Encoding { explicit_vr: flags & 1 == 0, big_endian: flags & 2 != 0 };
    let Ok(dataset) = Dataset::parse(input.rest(), encoding) else { return };
    if !is_structured_report(&dataset) {
        return;
    }
    let language = if flags & 4 == 0 { Language::Italian } else { Language::English };
    drawn(&structured_report(&dataset, language), language);
}

/// The bytes of a clinical document, drawn in both languages.
///
/// # Panics
/// As [`report`]; and when a picture of it is larger than it may be.
pub fn clinical_document(bytes: &[u8]) {
    let languages = [Language::Italian, Language::English];
    let Some(cda) = read_clinical_document(bytes, languages) else { return };
    for (document, language) in cda.documents.iter().zip(languages) {
        drawn(document, language);
    }
    for picture in &cda.pictures {
        if let Some(Ok(bitmap)) = guarded(|| render::decode_picture(picture)) {
            let (width, height) = (u64::from(bitmap.width()), u64::from(bitmap.height()));
            assert!(0 < width * height && width * height <= MOST_PIXELS, "{width} x {height}");
        }
    }
}

/// A page and a PDF of what was read.
fn drawn(document: &Document, language: Language) {
    let frame = ReportFrame {
        language,
        main_language: Language::Italian,
        layout: Layout::Reference,
        branding: &Branding::default(),
        institution: &Institution::default(),
        patient: &Patient::default(),
        number: Ordinal::FIRST,
    };
    let pdf = report_pdf(frame, document, &References::default()).expect("a PDF").bytes;
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() <= MOST_BYTES, "{} bytes", pdf.len());
    let page = report_page(frame, document, &References::default()).expect("a page");
    assert!(page.len() <= MOST_BYTES, "{} bytes", page.len());
    assert_eq!(page.matches("<script").count(), 1, "the script of all pages");
    for tag in ["<img", "<iframe", "<svg", "javascript:"] {
        assert!(!page.contains(tag), "{tag}");
    }
}
