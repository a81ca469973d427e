//! Structured reports of arbitrary content.

use media::Language;
use media::contents::{Institution, Patient};
use media::layout::{Layout, ReportFormat};
use media::numbering::Ordinal;
use media::web::{ReportFrame, is_structured_report, report_page};
use part10::{Dataset, Encoding};

use super::input::Input;

/// A page of 20,000 items of some text each.
const MOST_BYTES: usize = 64 << 20;

/// An encoding, then the data set of a report.
///
/// # Panics
/// When no page can be made of what counts as a report, or one with markup that is not ours.
pub fn report(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let encoding = Encoding { explicit_vr: flags & 1 == 0, big_endian: flags & 2 != 0 };
    let Ok(dataset) = Dataset::parse(input.rest(), encoding) else { return };
    if !is_structured_report(&dataset) {
        return;
    }
    let layout = Layout::Reference;
    let frame = ReportFrame {
        language: if flags & 4 == 0 { Language::Italian } else { Language::English },
        layout,
        institution: Institution::default(),
        patient: &Patient::default(),
        path: &layout.report(Ordinal::FIRST, ReportFormat::Page),
    };
    let page = report_page(frame, &dataset).expect("a page");
    assert!(page.len() <= MOST_BYTES, "{} bytes", page.len());
    for tag in ["<script", "<img", "<iframe", "<svg", "javascript:"] {
        assert!(!page.contains(tag), "{tag}");
    }
}
