//! A document set in pages: title, facts, sections, rows of concepts with their values, pictures.

use std::collections::BTreeSet;

use super::flow::{Bookmark, COLUMN, Element, Flow, Link, MARGIN, PlacedPicture, ROOM, Target};
use super::table::head_of;
use super::text::{Ink, Line, Span, Style, break_lines};
use crate::report::{
    Block, Document, ImageKey, ImageReference, Picture, References, ReportFrame, Value,
};
use crate::web::Shown;

pub(super) const BODY: Style = Style { bold: false, size: 10.0, ink: Ink::Black };
pub(super) const STRONG: Style = Style { bold: true, ..BODY };
const LABEL: Style = Style { ink: Ink::Grey, ..BODY };
const CODE: Style = Style { bold: false, size: 7.5, ink: Ink::Grey };
const LINK: Style = Style { ink: Ink::Blue, ..BODY };
const SMALL: Style = Style { bold: false, size: 8.5, ink: Ink::Grey };
/// Distance of the lines of a text.
pub(super) const LEADING: f32 = 14.0;
const SMALL_LEADING: f32 = 11.5;
/// Space above and below the text of a row.
pub(super) const ROW_PADDING: f32 = 2.5;
/// By how much a level of content is set in, and how many levels are.
const INDENT: f32 = 12.0;
const MAX_INDENTS: u8 = 8;
/// Room for the names of concepts.
const NAMES: f32 = 0.38 * COLUMN;
/// Between name and value, and between the columns of a table.
pub(super) const GUTTER: f32 = 10.0;
/// A longer value is a text of its own below its name.
const ROW_CHARACTERS: usize = 160;
/// The largest picture.
const PICTURE_WIDTH: f32 = 0.7 * COLUMN;
const PICTURE_HEIGHT: f32 = 260.0;

/// A document being set.
pub(super) struct Setter<'a> {
    pub(super) flow: Flow,
    /// The pictures placed so far, each once.
    pub(super) pictures: Vec<&'a Picture>,
    frame: ReportFrame<'a>,
    references: &'a References,
    /// The picture of an image is shown where the document first points to it.
    shown: BTreeSet<&'a ImageKey>,
}

impl<'a> Setter<'a> {
    pub(super) fn new(frame: ReportFrame<'a>, references: &'a References) -> Self {
        Self { flow: Flow::new(), pictures: Vec::new(), frame, references, shown: BTreeSet::new() }
    }

    pub(super) fn document(&mut self, document: &'a Document) {
        let title = Style { bold: true, size: 18.0, ink: Ink::Black };
        let element = self.flow.element(Element::Title);
        let lines = break_lines(&[span(&document.title, title)], COLUMN);
        self.flow.paragraph(lines, MARGIN, 23.0, element);
        self.flow.space(6.0);
        for (label, value) in &document.facts {
            let label = break_lines(&[span(label, LABEL)], NAMES - GUTTER);
            let value = break_lines(&[span(value, BODY)], COLUMN - NAMES);
            self.row(label, value, 0.0, MARGIN + NAMES, false);
        }
        self.flow.space(8.0);
        for (index, block) in document.blocks.iter().enumerate() {
            if self.flow.is_full {
                return;
            }
            let number = document.places.get(&index).map(String::as_str);
            self.flow.begin_place(number);
            match block {
                Block::Heading { level, text } => {
                    let following = document.blocks.get(index + 1..).unwrap_or_default();
                    self.heading(*level, number, text, following);
                }
                Block::Item { depth, name, value } => {
                    let next = document.blocks.get(index + 1);
                    self.item(*depth, number, (name.as_ref(), value.as_ref()), next);
                }
                Block::Table(table) => self.table(table),
                Block::Figure { picture, caption } => self.figure(*picture, caption.as_ref()),
                Block::Note(note) => self.note(note.as_str()),
            }
        }
    }

    /// A sentence of ours, set apart.
    pub(super) fn note(&mut self, note: &str) {
        self.flow.space(8.0);
        let element = self.flow.element(Element::Paragraph);
        let lines = break_lines(&[Span { text: note, style: SMALL }], COLUMN);
        self.flow.paragraph(lines, MARGIN, SMALL_LEADING, element);
    }

    /// A heading stays with the headings that follow and what comes after them.
    fn heading(&mut self, level: u8, number: Option<&str>, text: &'a Shown, following: &[Block]) {
        let (style, leading, above) = heading_style(level);
        let number = number.map(|number| format!("{number}  "));
        let lines = break_lines(&tagged(number.as_ref(), Some(span(text, style))), COLUMN);
        let mut needed = above + height(&lines, leading);
        for block in following {
            let Block::Heading { level, text } = block else {
                needed += self.beginning_of(block);
                break;
            };
            let (style, leading, above) = heading_style(*level);
            needed += above + height(&break_lines(&[span(text, style)], COLUMN), leading);
        }
        self.flow.make_room(needed.min(ROOM));
        self.flow.space(above);
        let (page, y) = (self.flow.page_index(), self.flow.y());
        let element = self.flow.element(Element::Heading(level));
        self.flow.paragraph(lines, MARGIN, leading, element);
        if level == 2 {
            self.flow.rule(MARGIN, COLUMN, true);
            self.flow.advance(3.0);
        }
        let title = text.to_string();
        self.flow.bookmarks.push(Bookmark { level, title, page, y });
    }

    /// The height of a block that a heading must not be parted from.
    fn beginning_of(&self, block: &Block) -> f32 {
        let with_text = |picture: &Picture| size_of(picture, COLUMN).1 + 10.0 + 2.0 * LEADING;
        let needed = match block {
            Block::Table(table) => head_of(table),
            Block::Figure { picture, .. } => self
                .references
                .illustration(*picture)
                .map_or(0.0, |found| with_text(&found.picture)),
            Block::Item { value: Some(Value { image: Some(key), .. }), .. }
                if !self.shown.contains(key) =>
            {
                let image = self.references.get(key);
                image.and_then(|image| image.picture.as_ref()).map_or(0.0, with_text)
            }
            _ => 0.0,
        };
        needed.max(2.5 * LEADING)
    }

    fn item(
        &mut self,
        depth: u8,
        number: Option<&str>,
        (name, value): (Option<&'a Shown>, Option<&'a Value>),
        next: Option<&Block>,
    ) {
        let indent = INDENT * f32::from(depth.min(MAX_INDENTS));
        let number = number.map(|number| format!("{number}  "));
        let tagged = |name: Option<Span<'a>>| tagged(number.as_ref(), name);
        let Some(value) = value else {
            if let Some(name) = name {
                let lines = break_lines(&tagged(Some(span(name, STRONG))), COLUMN - indent);
                self.flow.make_room(height(&lines, LEADING) + 2.0 * LEADING);
                self.flow.space(3.0);
                let element = self.flow.element(Element::Paragraph);
                self.flow.paragraph(lines, MARGIN + indent, LEADING, element);
            }
            return;
        };
        let labels = tagged(name.map(|name| span(name, LABEL)));
        if let Some(key) = &value.image {
            return self.image(indent, &labels, key, value.text.as_str());
        }
        if let Some(target) = &value.target {
            let target = Some(Target::Place(target.clone()));
            return self.linked(indent, &labels, &[span(&value.text, LINK)], target, 0.0);
        }
        let text = value.text.as_str();
        let is_long = text.chars().count() > ROW_CHARACTERS
            || text.contains('\n')
            || name.is_some_and(|name| name.as_str().chars().count() > ROW_CHARACTERS);
        let mut spans = vec![Span { text, style: BODY }];
        let code = value.code.as_ref().map(|code| format!("  {code}"));
        if let Some(code) = &code {
            spans.push(Span { text: code, style: CODE });
        }
        if !labels.is_empty() && !is_long {
            let names = break_lines(&labels, NAMES - GUTTER - indent);
            let values = break_lines(&spans, COLUMN - NAMES);
            let is_row_next = matches!(next, Some(Block::Item { value: Some(_), .. }));
            return self.row(names, values, indent, MARGIN + NAMES, is_row_next);
        }
        self.flow.space(3.0);
        let element = self.flow.element(Element::Paragraph);
        let names = tagged(name.map(|name| span(name, STRONG)));
        if !names.is_empty() {
            let names = break_lines(&names, COLUMN - indent);
            self.flow.make_room(height(&names, LEADING) + 2.0 * LEADING);
            self.flow.paragraph(names, MARGIN + indent, LEADING, element);
        }
        let lines = break_lines(&spans, COLUMN - indent);
        self.flow.paragraph(lines, MARGIN + indent, LEADING, element);
        self.flow.space(3.0);
    }

    /// Name and value side by side, the value from `x` on; on one page if they fit.
    fn row(&mut self, names: Vec<Line>, values: Vec<Line>, indent: f32, x: f32, ruled: bool) {
        let tall = height(&names, LEADING).max(height(&values, LEADING)) + 2.0 * ROW_PADDING;
        let element = self.flow.element(Element::Paragraph);
        if tall > ROOM {
            self.flow.paragraph(names, MARGIN + indent, LEADING, element);
            self.flow.paragraph(values, x, LEADING, element);
            return;
        }
        self.flow.make_room(tall);
        self.flow.advance(ROW_PADDING);
        self.column(names, MARGIN + indent, element);
        self.column(values, x, element);
        self.flow.advance(tall - ROW_PADDING);
        if ruled {
            self.flow.rule(MARGIN + indent, COLUMN - indent, false);
        }
    }

    /// Places lines from the cursor down, without moving it.
    pub(super) fn column(&mut self, lines: Vec<Line>, x: f32, element: usize) {
        let mut below = 0.75 * LEADING;
        for line in lines {
            self.flow.place(line, x, below, Some(element));
            below += LEADING;
        }
    }

    /// An image that the document points to: a sentence that leads to its page, and its preview.
    fn image(&mut self, indent: f32, names: &[Span<'_>], key: &'a ImageKey, more: &str) {
        let ReportFrame { language, layout, .. } = self.frame;
        let sentence = self.references.sentence(key, more, language);
        let image: Option<&'a ImageReference> = self.references.get(key);
        let style = if image.is_some() { LINK } else { BODY };
        let picture = image.and_then(|image| image.picture.as_ref());
        let picture = picture.filter(|_| self.shown.insert(key));
        let below = picture.map_or(0.0, |picture| size_of(picture, COLUMN - indent).1 + 10.0);
        let code = self.references.code(key).map(|code| format!("  {code}"));
        let mut spans = vec![Span { text: &sentence, style }];
        if let Some(code) = &code {
            spans.push(Span { text: code, style: CODE });
        }
        let edition = self.frame.edition(language);
        let href = self.references.href(key, &self.frame.pdf(), layout, edition);
        let target = href.map(Target::Uri);
        self.linked(indent, names, &spans, target.clone(), below);
        if let Some(picture) = picture {
            self.picture(picture, indent, sentence, target);
        }
    }

    /// Name and value side by side; the value leads somewhere. Keeps the space `below` on the page.
    fn linked(
        &mut self,
        indent: f32,
        names: &[Span<'_>],
        values: &[Span<'_>],
        target: Option<Target>,
        below: f32,
    ) {
        let x = if names.is_empty() { MARGIN + indent } else { MARGIN + NAMES };
        let names = match names {
            [] => Vec::new(),
            names => break_lines(names, NAMES - GUTTER - indent),
        };
        let values = break_lines(values, MARGIN + COLUMN - x);
        let tall = height(&names, LEADING).max(height(&values, LEADING));
        self.flow.make_room((tall + 2.0 * ROW_PADDING + below).min(ROOM));
        let top = self.flow.y();
        let width = values.iter().map(|line| line.width).fold(0.0, f32::max);
        self.row(names, values, indent, x, false);
        self.link(target, x, top - tall - ROW_PADDING, width, tall);
    }

    fn picture(
        &mut self,
        picture: &'a Picture,
        indent: f32,
        alternative: String,
        target: Option<Target>,
    ) {
        let (width, height) = size_of(picture, COLUMN - indent);
        let element = self.flow.element(Element::Figure(alternative));
        self.flow.advance(height + 4.0);
        let (x, y) = (MARGIN + indent, self.flow.y());
        let number = self.pictures.len();
        self.pictures.push(picture);
        if let Some(page) = self.flow.page() {
            page.pictures.push(PlacedPicture { picture: number, x, y, width, height, element });
        }
        self.link(target, x, y, width, height);
        self.flow.advance(6.0);
    }

    /// A picture inside the document, with what it says of it.
    fn figure(&mut self, number: usize, caption: Option<&'a Shown>) {
        let texts = self.frame.language.texts();
        let Some(illustration) = self.references.illustration(number) else {
            self.note(texts.report_picture_not_shown());
            if let Some(caption) = caption {
                self.note(caption.as_str());
            }
            return;
        };
        let lines = caption.map(|caption| break_lines(&[span(caption, SMALL)], COLUMN));
        let lines = lines.unwrap_or_default();
        let (_, tall) = size_of(&illustration.picture, COLUMN);
        self.flow.make_room((tall + 10.0 + height(&lines, SMALL_LEADING)).min(ROOM));
        let alternative = caption.map_or(texts.report_picture(), Shown::as_str).to_owned();
        self.picture(&illustration.picture, 0.0, alternative, None);
        let element = self.flow.element(Element::Paragraph);
        self.flow.paragraph(lines, MARGIN, SMALL_LEADING, element);
        self.flow.space(6.0);
    }

    fn link(&mut self, target: Option<Target>, x: f32, y: f32, width: f32, height: f32) {
        if let (Some(target), Some(page)) = (target, self.flow.page()) {
            page.links.push(Link { x, y, width, height, target });
        }
    }
}

/// A number that others point to, before what it numbers.
fn tagged<'a>(number: Option<&'a String>, rest: Option<Span<'a>>) -> Vec<Span<'a>> {
    number.map(|text| Span { text, style: CODE }).into_iter().chain(rest).collect()
}

fn span(text: &Shown, style: Style) -> Span<'_> {
    Span { text: text.as_str(), style }
}

/// Style, distance of lines, and space above.
fn heading_style(level: u8) -> (Style, f32, f32) {
    let (size, ink) = match level {
        0..=2 => (13.0, Ink::Blue),
        3 => (11.5, Ink::Blue),
        4 => (10.5, Ink::Blue),
        _ => (10.0, Ink::Black),
    };
    let above = match level {
        0..=2 => 16.0,
        3 => 11.0,
        _ => 8.0,
    };
    (Style { bold: true, size, ink }, size * 1.4, above)
}

pub(super) fn height(lines: &[Line], leading: f32) -> f32 {
    lines.iter().map(|_| leading).sum()
}

/// A picture at 96 pixels an inch, made smaller where it would be too large.
fn size_of(picture: &Picture, room: f32) -> (f32, f32) {
    let points = |pixels: u32| f32::from(u16::try_from(pixels).unwrap_or(u16::MAX)) * 0.75;
    let (width, height) = (points(picture.width).max(1.0), points(picture.height).max(1.0));
    let scale = (PICTURE_WIDTH.min(room) / width).min(PICTURE_HEIGHT / height).min(1.0);
    (width * scale, height * scale)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::branding::Branding;
    use crate::contents::{Institution, Patient};
    use crate::layout::Layout;
    use crate::numbering::Ordinal;
    use crate::report::{Cell, Table};
    use texts::Language;

    fn document(blocks: Vec<Block>) -> Document {
        Document {
            title: Shown::new("Referto"),
            facts: Vec::new(),
            blocks,
            places: BTreeMap::new(),
            language: None,
            written: None,
            author: None,
            is_cut: false,
        }
    }

    /// The page of the first line that reads so.
    fn page_of(flow: &Flow, text: &str) -> usize {
        let reads = |line: &Line| {
            let glyphs = line.pieces.iter().flat_map(|piece| &piece.glyphs);
            glyphs.map(|(character, _)| *character).eq(text.chars())
        };
        let has =
            |page: &super::super::flow::Page| page.lines.iter().any(|placed| reads(&placed.line));
        flow.pages.iter().position(has).unwrap()
    }

    #[test]
    fn a_heading_is_on_the_page_of_the_table_below_it() {
        let cell =
            |text: &str| Cell { text: Shown::lines(text), is_header: true, columns: 1, rows: 1 };
        let frame = ReportFrame {
            language: Language::Italian,
            main_language: Language::Italian,
            layout: Layout::Reference,
            branding: &Branding::default(),
            institution: &Institution::default(),
            patient: &Patient::default(),
            number: Ordinal::FIRST,
        };
        let references = References::default();
        let mut pages = BTreeSet::new();
        for before in 20..50 {
            let mut blocks: Vec<Block> = (0..before)
                .map(|_| Block::Item {
                    depth: 0,
                    name: Some(Shown::new("nome")),
                    value: Some(Value::text(Shown::new("valore"))),
                })
                .collect();
            blocks.push(Block::Heading { level: 2, text: Shown::new("Esame") });
            blocks.push(Block::Table(Table {
                caption: Some(Shown::new("Misure")),
                header_rows: 1,
                rows: vec![vec![cell("una\ndue\ntre\nquattro")], vec![cell("cella")]],
            }));
            let document = document(blocks);
            let mut setter = Setter::new(frame, &references);
            setter.document(&document);
            let (heading, table) = (page_of(&setter.flow, "Esame"), page_of(&setter.flow, "una"));
            assert_eq!(heading, table, "after {before} rows");
            pages.insert(table);
        }
        assert!(pages.len() > 1, "no table came to a page of its own");
    }
}
