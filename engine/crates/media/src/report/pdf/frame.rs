//! Head and foot of each page: whose report it is, who made it, which page of how many.

use super::flow::{COLUMN, Flow, MARGIN, PAGE_HEIGHT, Page, Placed, Rule};
use super::text::{Ink, Line, Span, Style, break_lines};
use crate::dates::Date;
use crate::report::{Document, ReportFrame};
use crate::web::{PatientView, Shown};

const NAME: Style = Style { bold: true, size: 11.0, ink: Ink::Black };
const SMALL: Style = Style { bold: false, size: 8.5, ink: Ink::Grey };
/// Baselines of the header, from the top of the page.
const FIRST_LINE: f32 = 44.0;
const SECOND_LINE: f32 = 58.0;
const HEADER_RULE: f32 = 67.0;
/// Baseline of the footer, from the bottom.
const FOOTER_LINE: f32 = 34.0;
const FOOTER_RULE: f32 = 48.0;

/// What each page repeats: the name, the institution, what else is said of the patient, the foot. Of a
/// report that is cut the foot says so.
pub(super) fn repeated(
    frame: ReportFrame<'_>,
    document: &Document,
    is_cut: bool,
) -> [Option<Line>; 4] {
    let texts = frame.language.texts();
    let at = document.written.as_ref().and_then(|(date, _)| Date::from_da(date));
    let patient = PatientView::new(frame.patient, at, frame.language);
    // The sex stands beside the name.
    let of_patient = patient.facts.iter().filter(|(label, _)| *label != texts.page_sex());
    let of_patient = of_patient.map(|(label, value)| format!("{label}: {value}"));
    let facts: Vec<String> = std::iter::once(patient.born.to_string()).chain(of_patient).collect();
    let (name, facts) = (patient.name.to_string(), facts.join("   "));
    let institution = frame.branding.institution(frame.language, frame.institution).name;
    let institution = institution.as_deref().unwrap_or(texts.page_institution_not_stated());
    let institution = Shown::new(institution).to_string();
    let foot = if is_cut {
        let page = frame.page(frame.language);
        let (_, page) = page.as_str().rsplit_once('/').unwrap_or_default();
        texts.report_pdf_is_cut(page)
    } else {
        document.title.to_string()
    };
    [
        one_line(&name, NAME, COLUMN * 0.6),
        one_line(&institution, SMALL, COLUMN * 0.38),
        one_line(&facts, SMALL, COLUMN),
        one_line(&foot, SMALL, COLUMN * 0.8),
    ]
}

/// Adds head and foot to all pages.
pub(super) fn add_headers(flow: &mut Flow, frame: ReportFrame<'_>, document: &Document) {
    let texts = frame.language.texts();
    // Broken into lines once for all pages.
    let [name, institution, facts, foot] = repeated(frame, document, flow.is_full);
    let pages = u64::try_from(flow.pages.len()).unwrap_or(u64::MAX);
    for (page, number) in flow.pages.iter_mut().zip(1_u64..) {
        let number = one_line(&texts.report_page_of(number, pages), SMALL, COLUMN * 0.2);
        left(page, name.as_ref(), FIRST_LINE);
        right(page, institution.as_ref(), FIRST_LINE);
        left(page, facts.as_ref(), SECOND_LINE);
        rule(page, PAGE_HEIGHT - HEADER_RULE);
        rule(page, FOOTER_RULE);
        left(page, foot.as_ref(), PAGE_HEIGHT - FOOTER_LINE);
        right(page, number.as_ref(), PAGE_HEIGHT - FOOTER_LINE);
    }
}

/// One line, cut with an ellipsis where it is too long.
fn one_line(text: &str, style: Style, width: f32) -> Option<Line> {
    let mut lines = break_lines(&[Span { text, style }], width).into_iter();
    let line = lines.next()?;
    if lines.next().is_none() {
        return Some(line);
    }
    let mut characters: Vec<char> = text.chars().collect();
    while !characters.is_empty() {
        characters.truncate(characters.len() * 9 / 10);
        let shorter: String = characters.iter().collect::<String>().trim_end().to_owned() + "…";
        let mut lines = break_lines(&[Span { text: &shorter, style }], width).into_iter();
        if let (Some(line), None) = (lines.next(), lines.next()) {
            return Some(line);
        }
    }
    None
}

fn left(page: &mut Page, line: Option<&Line>, below: f32) {
    if let Some(line) = line.cloned() {
        page.lines.push(Placed { x: MARGIN, y: PAGE_HEIGHT - below, line, element: None });
    }
}

fn right(page: &mut Page, line: Option<&Line>, below: f32) {
    if let Some(line) = line.cloned() {
        let x = MARGIN + COLUMN - line.width;
        page.lines.push(Placed { x, y: PAGE_HEIGHT - below, line, element: None });
    }
}

fn rule(page: &mut Page, y: f32) {
    page.rules.push(Rule { x: MARGIN, y, width: COLUMN, is_strong: true });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::write::replaced;
    use super::*;
    use crate::branding::Branding;
    use crate::contents::{Institution, Patient};
    use crate::layout::Layout;
    use crate::numbering::Ordinal;
    use texts::Language;

    #[test]
    fn characters_of_a_name_that_cannot_be_shown_are_told() {
        let patient = Patient { name: Some("山田^太郎 TEST".to_owned()), ..Patient::default() };
        let frame = ReportFrame {
            language: Language::Italian,
            main_language: Language::Italian,
            layout: Layout::Reference,
            branding: &Branding::default(),
            institution: &Institution::default(),
            patient: &patient,
            number: Ordinal::FIRST,
        };
        let document = Document {
            title: Shown::new("Referto"),
            facts: Vec::new(),
            blocks: Vec::new(),
            places: BTreeMap::new(),
            language: None,
            written: None,
            author: None,
            is_cut: false,
        };
        let told = replaced(&Flow::new(), &repeated(frame, &document, false));
        assert_eq!(told, ["U+592A", "U+5C71", "U+7530", "U+90CE"]);
    }
}
