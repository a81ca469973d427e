//! A document set in pages: title, facts, sections, rows of concepts with their values, tables,
//! pictures.

use std::collections::BTreeSet;

use super::flow::{Bookmark, COLUMN, Element, Flow, Link, MARGIN, PlacedPicture, ROOM};
use super::text::{Ink, Line, Span, Style, break_lines};
use crate::report::{
    Block, Document, ImageKey, ImageReference, Picture, References, ReportFrame, Table, Value,
};
use crate::web::Shown;

const BODY: Style = Style { bold: false, size: 10.0, ink: Ink::Black };
const STRONG: Style = Style { bold: true, ..BODY };
const LABEL: Style = Style { ink: Ink::Grey, ..BODY };
const CODE: Style = Style { bold: false, size: 7.5, ink: Ink::Grey };
const LINK: Style = Style { ink: Ink::Blue, ..BODY };
const SMALL: Style = Style { bold: false, size: 8.5, ink: Ink::Grey };
/// Distance of the lines of a text.
const LEADING: f32 = 14.0;
const SMALL_LEADING: f32 = 11.5;
/// Space above and below the text of a row.
const ROW_PADDING: f32 = 2.5;
/// By how much a level of content is set in, and how many levels are.
const INDENT: f32 = 12.0;
const MAX_INDENTS: u8 = 8;
/// Room for the names of concepts.
const NAMES: f32 = 0.38 * COLUMN;
/// Between name and value, and between the columns of a table.
const GUTTER: f32 = 10.0;
/// A longer value is a text of its own below its name.
const ROW_CHARACTERS: usize = 160;
/// The largest picture.
const PICTURE_WIDTH: f32 = 0.7 * COLUMN;
const PICTURE_HEIGHT: f32 = 260.0;
/// Columns of a table; what is beyond goes into the last.
const MAX_COLUMNS: usize = 12;

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
            match block {
                Block::Heading { level, text } => {
                    let following = document.blocks.get(index + 1..).unwrap_or_default();
                    self.heading(*level, text, following);
                }
                Block::Item { depth, name, value } => {
                    let next = document.blocks.get(index + 1);
                    self.item(*depth, name.as_ref(), value.as_ref(), next);
                }
                Block::Table(table) => self.table(table),
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
    fn heading(&mut self, level: u8, text: &'a Shown, following: &[Block]) {
        let (style, leading, above) = heading_style(level);
        let lines = break_lines(&[span(text, style)], COLUMN);
        let mut needed = above + height(&lines, leading) + 2.5 * LEADING;
        for block in following {
            let Block::Heading { level, text } = block else { break };
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

    fn item(
        &mut self,
        depth: u8,
        name: Option<&'a Shown>,
        value: Option<&'a Value>,
        next: Option<&Block>,
    ) {
        let indent = INDENT * f32::from(depth.min(MAX_INDENTS));
        let Some(value) = value else {
            if let Some(name) = name {
                let lines = break_lines(&[span(name, STRONG)], COLUMN - indent);
                self.flow.make_room(height(&lines, LEADING) + 2.0 * LEADING);
                self.flow.space(3.0);
                let element = self.flow.element(Element::Paragraph);
                self.flow.paragraph(lines, MARGIN + indent, LEADING, element);
            }
            return;
        };
        if let Some(key) = &value.image {
            return self.image(indent, name, key, value.text.as_str());
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
        match name {
            Some(name) if !is_long => {
                let names = break_lines(&[span(name, LABEL)], NAMES - GUTTER - indent);
                let values = break_lines(&spans, COLUMN - NAMES);
                let is_row_next = matches!(next, Some(Block::Item { value: Some(_), .. }));
                self.row(names, values, indent, MARGIN + NAMES, is_row_next);
            }
            _ => {
                self.flow.space(3.0);
                let element = self.flow.element(Element::Paragraph);
                if let Some(name) = name {
                    let names = break_lines(&[span(name, STRONG)], COLUMN - indent);
                    self.flow.make_room(height(&names, LEADING) + 2.0 * LEADING);
                    self.flow.paragraph(names, MARGIN + indent, LEADING, element);
                }
                let lines = break_lines(&spans, COLUMN - indent);
                self.flow.paragraph(lines, MARGIN + indent, LEADING, element);
                self.flow.space(3.0);
            }
        }
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
    fn column(&mut self, lines: Vec<Line>, x: f32, element: usize) {
        let mut below = 0.75 * LEADING;
        for line in lines {
            self.flow.place(line, x, below, Some(element));
            below += LEADING;
        }
    }

    /// An image that the document points to: a sentence that leads to its page, and its preview.
    fn image(&mut self, indent: f32, name: Option<&'a Shown>, key: &'a ImageKey, more: &str) {
        let ReportFrame { language, layout, .. } = self.frame;
        let sentence = self.references.sentence(key, more, language);
        let image: Option<&'a ImageReference> = self.references.get(key);
        let style = if image.is_some() { LINK } else { BODY };
        let picture = image.and_then(|image| image.picture.as_ref());
        let picture = picture.filter(|_| self.shown.insert(key));
        let size = picture.map(|picture| size_of(picture, COLUMN - indent));
        let tall = size.map_or(0.0, |(_, height)| height + 10.0);
        let names = match name {
            Some(name) => break_lines(&[span(name, LABEL)], NAMES - GUTTER - indent),
            None => Vec::new(),
        };
        let x = if name.is_some() { MARGIN + NAMES } else { MARGIN + indent };
        let code = self.references.code(key).map(|code| format!("  {code}"));
        let mut spans = vec![Span { text: &sentence, style }];
        if let Some(code) = &code {
            spans.push(Span { text: code, style: CODE });
        }
        let values = break_lines(&spans, MARGIN + COLUMN - x);
        let text_height = height(&names, LEADING).max(height(&values, LEADING));
        self.flow.make_room((text_height + 2.0 * ROW_PADDING + tall).min(ROOM));
        let edition = self.frame.edition(language);
        let href = self.references.href(key, &self.frame.pdf(), layout, edition);
        let (top, width) =
            (self.flow.y(), values.iter().map(|line| line.width).fold(0.0, f32::max));
        self.row(names, values, indent, x, false);
        self.link(href.as_deref(), x, top - text_height - ROW_PADDING, width, text_height);
        if let (Some(picture), Some((width, height))) = (picture, size) {
            let element = self.flow.element(Element::Figure(sentence));
            self.flow.advance(height + 4.0);
            let (x, y) = (MARGIN + indent, self.flow.y());
            let number = self.pictures.len();
            self.pictures.push(picture);
            if let Some(page) = self.flow.page() {
                page.pictures.push(PlacedPicture { picture: number, x, y, width, height, element });
            }
            self.link(href.as_deref(), x, y, width, height);
            self.flow.advance(6.0);
        }
    }

    fn link(&mut self, href: Option<&str>, x: f32, y: f32, width: f32, height: f32) {
        if let (Some(href), Some(page)) = (href, self.flow.page()) {
            page.links.push(Link { x, y, width, height, href: href.to_owned() });
        }
    }

    fn table(&mut self, table: &'a Table) {
        if let Some(caption) = &table.caption {
            self.flow.make_room(4.0 * LEADING);
            self.flow.space(4.0);
            let element = self.flow.element(Element::Paragraph);
            let lines = break_lines(&[span(caption, STRONG)], COLUMN);
            self.flow.paragraph(lines, MARGIN, LEADING, element);
        }
        let columns = widths(table);
        let header = table.has_header.then(|| table.rows.first()).flatten();
        for (index, row) in table.rows.iter().enumerate() {
            let is_header = index == 0 && table.has_header;
            let style = if is_header { STRONG } else { BODY };
            let page = self.flow.page_index();
            let cells = cells(row, &columns, style);
            let tall = tallest(&cells);
            let with_next = if is_header { tall + 2.0 * LEADING } else { tall };
            self.flow.make_room(with_next);
            if let (false, true, Some(header)) = (is_header, self.flow.page_index() > page, header)
            {
                let repeated = self::cells(header, &columns, STRONG);
                self.table_row(repeated, &columns, true);
            }
            self.table_row(cells, &columns, is_header);
        }
        self.flow.space(6.0);
    }

    fn table_row(&mut self, cells: Vec<Vec<Line>>, columns: &[f32], is_header: bool) {
        let tall = tallest(&cells);
        let element = self.flow.element(Element::Paragraph);
        let mut x = MARGIN;
        if tall > ROOM {
            for (lines, width) in cells.into_iter().zip(columns) {
                self.flow.paragraph(lines, x, LEADING, element);
                x += width + GUTTER;
            }
            return;
        }
        self.flow.advance(ROW_PADDING);
        for (lines, width) in cells.into_iter().zip(columns) {
            self.column(lines, x, element);
            x += width + GUTTER;
        }
        self.flow.advance(tall - ROW_PADDING);
        self.flow.rule(MARGIN, COLUMN, is_header);
    }
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

fn height(lines: &[Line], leading: f32) -> f32 {
    lines.iter().map(|_| leading).sum()
}

/// A picture at 96 pixels an inch, made smaller where it would be too large.
fn size_of(picture: &Picture, room: f32) -> (f32, f32) {
    let points = |pixels: u32| f32::from(u16::try_from(pixels).unwrap_or(u16::MAX)) * 0.75;
    let (width, height) = (points(picture.width).max(1.0), points(picture.height).max(1.0));
    let scale = (PICTURE_WIDTH.min(room) / width).min(PICTURE_HEIGHT / height).min(1.0);
    (width * scale, height * scale)
}

fn cells(row: &[Shown], columns: &[f32], style: Style) -> Vec<Vec<Line>> {
    let last = columns.len().saturating_sub(1);
    let of_column = |(index, width): (usize, &f32)| {
        let rest = if index == last { row.get(index..) } else { row.get(index..=index) };
        let texts: Vec<&str> = rest.unwrap_or_default().iter().map(Shown::as_str).collect();
        break_lines(&[Span { text: &texts.join(" "), style }], *width)
    };
    columns.iter().enumerate().map(of_column).collect()
}

fn tallest(cells: &[Vec<Line>]) -> f32 {
    cells.iter().map(|lines| height(lines, LEADING)).fold(0.0, f32::max) + 2.0 * ROW_PADDING
}

/// Columns by what their longest cells need, and no column so narrow that its words break.
fn widths(table: &Table) -> Vec<f32> {
    let count = table.rows.iter().map(Vec::len).max().unwrap_or(1).clamp(1, MAX_COLUMNS);
    let natural = |column: usize| {
        let of_cell = |row: &Vec<Shown>| {
            let text = row.get(column).map_or("", Shown::as_str);
            let lines = break_lines(&[Span { text, style: STRONG }], COLUMN);
            lines.iter().map(|line| line.width).fold(0.0, f32::max)
        };
        table.rows.iter().take(200).map(of_cell).fold(20.0, f32::max)
    };
    let natural: Vec<f32> = (0..count).map(natural).collect();
    let gutters: f32 = natural.iter().skip(1).map(|_| GUTTER).sum();
    let room = COLUMN - gutters;
    let sum: f32 = natural.iter().sum();
    if sum <= room {
        return natural;
    }
    // Narrow columns keep their width; the others share what is left.
    let share = room / natural.iter().map(|_| 1.0_f32).sum::<f32>();
    let narrow: f32 = natural.iter().filter(|width| **width <= share).sum();
    let wide: f32 = natural.iter().filter(|width| **width > share).sum();
    natural
        .iter()
        .map(|width| if *width <= share { *width } else { width / wide * (room - narrow) })
        .collect()
}
