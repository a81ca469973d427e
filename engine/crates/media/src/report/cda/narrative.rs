//! The narrative of a CDA section: paragraphs, lists, tables, notes, pictures (CDA R2 §4.3.5).
//!
//! Invariant: the number of blocks and the depth of elements are bounded; a cut is announced.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use roxmltree::{Node, NodeType};
use texts::Language;

use super::children;
use super::multimedia::{Found, Multimedia};
use super::shift::Shift;
use crate::report::document::brief;
use crate::report::{Block, Cell, Table, Value};
use crate::web::Shown;

const MAX_BLOCKS: usize = 20_000;
/// Elements within elements of a narrative.
const MAX_DEPTH: u8 = 40;
/// A cell that reaches further is taken to reach so far.
const MAX_COLUMNS: usize = 100;

/// The blocks so far.
pub(super) struct Narrative<'m, 'a, 'input> {
    language: Language,
    multimedia: &'m mut Multimedia<'a, 'input>,
    blocks: Vec<Block>,
    /// Text that is not yet a block.
    text: String,
    /// Inside a cell, where blocks are lines and pictures wait for the end of the table.
    is_cell: bool,
    waiting: Vec<Block>,
    notes: Notes,
    is_cut: bool,
}

/// The footnotes of a section, by their numbers.
#[derive(Default)]
struct Notes {
    numbers: BTreeMap<String, usize>,
    texts: Vec<Option<String>>,
}

impl Notes {
    /// The number of a note, from 1; the same for the same ID.
    fn number(&mut self, id: Option<&str>) -> usize {
        if let Some(number) = id.and_then(|id| self.numbers.get(id)) {
            return *number;
        }
        self.texts.push(None);
        let number = self.texts.len();
        self.numbers.extend(id.map(|id| (id.to_owned(), number)));
        number
    }
}

impl<'m, 'a, 'input> Narrative<'m, 'a, 'input> {
    pub(super) fn new(language: Language, multimedia: &'m mut Multimedia<'a, 'input>) -> Self {
        Self {
            language,
            multimedia,
            blocks: Vec::new(),
            text: String::new(),
            is_cell: false,
            waiting: Vec::new(),
            notes: Notes::default(),
            is_cut: false,
        }
    }

    /// Says that something was left out.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// A text for a heading or a caption.
    pub(super) fn brief(&mut self, text: Option<&str>) -> Option<Shown> {
        brief(text, &mut self.is_cut)
    }

    pub(super) fn push(&mut self, block: Block) {
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(block);
        } else {
            self.is_cut = true;
        }
    }

    /// The blocks, and whether there was more.
    pub(super) fn finish(self) -> (Vec<Block>, bool) {
        (self.blocks, self.is_cut)
    }

    /// The narrative of a section, and below it its notes.
    pub(super) fn text(&mut self, text: Node<'_, '_>) {
        self.inside(text, 0, 0);
        self.end_text(0, None);
        for (number, note) in (1..).zip(std::mem::take(&mut self.notes).texts) {
            let missing = || self.language.texts().report_footnote_missing().to_owned();
            self.text = format!("[{number}] {}", note.unwrap_or_else(missing));
            self.end_text(1, None);
        }
    }

    /// A picture of the document, or why it is not shown.
    pub(super) fn picture(&mut self, value: Option<Node<'_, '_>>, caption: Option<Shown>) {
        let texts = self.language.texts();
        let block = match value.map_or(Found::Nothing, |value| self.multimedia.find(value)) {
            Found::Picture(picture) => Block::Figure { picture, caption },
            Found::Outside(name) => Block::Note(Shown::new(&texts.report_picture_outside(name))),
            Found::Other(kind) => Block::Note(Shown::new(&texts.report_not_shown(kind))),
            Found::Nothing => Block::Note(Shown::new(texts.report_picture_not_shown())),
        };
        if self.is_cell {
            self.words(texts.report_picture_below());
            self.waiting.push(block);
        } else {
            self.push(block);
        }
    }

    fn inside(&mut self, element: Node<'_, '_>, depth: u8, nesting: u8) {
        if nesting > MAX_DEPTH {
            self.is_cut = true;
            return;
        }
        for node in element.children() {
            match node.node_type() {
                NodeType::Text => self.words(node.text().unwrap_or_default()),
                NodeType::Element => self.element(node, depth, nesting + 1),
                _ => {}
            }
        }
    }

    fn element(&mut self, element: Node<'_, '_>, depth: u8, nesting: u8) {
        match element.tag_name().name() {
            "br" => self.text.push('\n'),
            "paragraph" | "caption" => {
                self.end_text(depth, None);
                self.inside(element, depth, nesting);
                self.end_text(depth, None);
            }
            "list" => self.list(element, depth, nesting),
            "table" if self.is_cell => self.table_in_cell(element, nesting),
            "table" => {
                self.end_text(depth, None);
                self.table(element, nesting);
            }
            "footnote" => {
                let number = self.notes.number(element.attribute("ID"));
                self.mark(number);
                let note = self.apart(element, nesting);
                if let Some(place) = self.notes.texts.get_mut(number - 1) {
                    *place = Some(note);
                }
            }
            "footnoteRef" => {
                let number = self.notes.number(element.attribute("IDREF"));
                self.mark(number);
            }
            "sup" => self.shifted(element, nesting, Shift::Raised),
            "sub" => self.shifted(element, nesting, Shift::Lowered),
            "renderMultiMedia" => self.multimedia(element, depth),
            "linkHtml" => {
                self.inside(element, depth, nesting);
                // Where it leads is told, and not gone to.
                let target = element.attribute("href").filter(|target| !target.starts_with('#'));
                if let Some(target) = target.filter(|target| !self.text.ends_with(target)) {
                    self.words(&format!(" ({target})"));
                }
            }
            _ if element.attribute("revised") == Some("delete") => {
                let text = self.apart(element, nesting);
                let deleted = self.language.texts().report_deleted(text.trim());
                self.text.push_str(&deleted);
            }
            _ => self.inside(element, depth, nesting),
        }
    }

    fn mark(&mut self, number: usize) {
        // Writing to a String cannot fail.
        write!(self.text, "[{number}]").unwrap_or_default();
    }

    /// The text of an element by itself, its blocks as lines.
    fn apart(&mut self, element: Node<'_, '_>, nesting: u8) -> String {
        let before = std::mem::take(&mut self.text);
        let was_cell = std::mem::replace(&mut self.is_cell, true);
        self.inside(element, 0, nesting);
        self.is_cell = was_cell;
        if !was_cell {
            // What belongs to a cell waits for the end of its table.
            for block in std::mem::take(&mut self.waiting) {
                self.push(block);
            }
        }
        std::mem::replace(&mut self.text, before).trim().to_owned()
    }

    /// What stands above or below the line (CDA R2 §4.3.5.3).
    fn shifted(&mut self, element: Node<'_, '_>, nesting: u8, shift: Shift) {
        let begin = element.first_child().and_then(|node| node.text());
        let end = element.last_child().and_then(|node| node.text());
        let begins = begin.is_some_and(|text| text.starts_with(char::is_whitespace));
        let ends = end.is_some_and(|text| text.ends_with(char::is_whitespace));
        let inner = self.apart(element, nesting);
        if begins {
            self.space();
        }
        shift.append(&mut self.text, &inner);
        if ends {
            self.space();
        }
    }

    fn list(&mut self, list: Node<'_, '_>, depth: u8, nesting: u8) {
        self.end_text(depth, None);
        let is_ordered = list.attribute("listType") == Some("ordered");
        for caption in children(list, "caption") {
            self.inside(caption, depth, nesting);
            self.end_text(depth, None);
        }
        let depth = depth.saturating_add(1);
        for (number, item) in (1_u32..).zip(children(list, "item")) {
            let mark = if is_ordered { format!("{number}. ") } else { "• ".to_owned() };
            self.text.push_str(&mark);
            self.inside(item, depth, nesting);
            self.end_text(depth, Some(&mark));
        }
    }

    fn multimedia(&mut self, element: Node<'_, '_>, depth: u8) {
        if !self.is_cell {
            self.end_text(depth, None);
        }
        let caption = children(element, "caption").next().map(super::plain);
        let caption = self.brief(caption.as_deref());
        let ids = element.attribute("referencedObject").unwrap_or_default();
        let values: Vec<_> = ids.split_whitespace().map(|id| self.multimedia.value(id)).collect();
        for value in values {
            self.picture(value, caption.clone());
        }
    }

    /// Words with single spaces, since a line end in the source means nothing.
    fn words(&mut self, text: &str) {
        let spaced = |character: Option<char>| character.is_some_and(char::is_whitespace);
        if spaced(text.chars().next()) {
            self.space();
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        self.text.push_str(&words.join(" "));
        if !words.is_empty() && spaced(text.chars().next_back()) {
            self.space();
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    /// Makes a block of the text so far, or a line of a cell; a mark of a list alone is none.
    fn end_text(&mut self, depth: u8, mark: Option<&str>) {
        if self.is_cell {
            let begin = self.text.rfind('\n').map_or(0, |end| end + 1);
            let line = self.text.get(begin..).unwrap_or_default().trim();
            if mark.is_some_and(|mark| mark.trim() == line) {
                self.text.truncate(begin);
            } else if !line.is_empty() {
                self.text.truncate(self.text.trim_end().len());
                self.text.push('\n');
            }
            return;
        }
        let text = std::mem::take(&mut self.text);
        if mark.is_some_and(|mark| mark.trim() == text.trim()) {
            return;
        }
        let value = Shown::lines(&text);
        if !value.as_str().trim().is_empty() {
            self.push(Block::Item { depth, name: None, value: Some(Value::text(value)) });
        }
    }

    fn table(&mut self, table: Node<'_, '_>, nesting: u8) {
        let caption = children(table, "caption").next().map(super::plain);
        let caption = self.brief(caption.as_deref());
        let header: Vec<_> =
            children(table, "thead").flat_map(|head| children(head, "tr")).collect();
        let body = ["tbody", "tfoot"].into_iter().flat_map(|part| children(table, part));
        let body = body.flat_map(|part| children(part, "tr")).chain(children(table, "tr"));
        let mut header_rows = header.len();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (index, row) in header.into_iter().chain(body).enumerate() {
            if self.blocks.len() + rows.len() >= MAX_BLOCKS {
                self.is_cut = true;
                break;
            }
            let cells: Vec<Cell> =
                row.children().filter(is_cell).map(|cell| self.cell(cell, nesting)).collect();
            if cells.is_empty() && index < header_rows {
                header_rows -= 1;
            }
            if !cells.is_empty() {
                rows.push(cells);
            }
        }
        let count = rows.len();
        for (index, row) in rows.iter_mut().enumerate() {
            // A cell ends with its part of the table, and with the table.
            let end = if index < header_rows { header_rows.min(count) } else { count };
            for cell in row {
                cell.rows = cell.rows.min(end - index);
            }
        }
        if !rows.is_empty() {
            self.push(Block::Table(Table { caption, header_rows: header_rows.min(count), rows }));
        }
        for block in std::mem::take(&mut self.waiting) {
            self.push(block);
        }
    }

    fn cell(&mut self, cell: Node<'_, '_>, nesting: u8) -> Cell {
        let span = |name: &str, most: usize| {
            let value = cell.attribute(name).and_then(|value| value.trim().parse().ok());
            value.unwrap_or(1).clamp(1, most)
        };
        let before = std::mem::take(&mut self.text);
        self.is_cell = true;
        self.inside(cell, 0, nesting);
        self.is_cell = false;
        let text = std::mem::replace(&mut self.text, before);
        Cell {
            text: Shown::lines(&text),
            is_header: cell.tag_name().name() == "th",
            columns: span("colspan", MAX_COLUMNS),
            rows: span("rowspan", MAX_BLOCKS),
        }
    }

    /// A table inside a cell: a line for each row, as it cannot be shown otherwise.
    fn table_in_cell(&mut self, table: Node<'_, '_>, nesting: u8) {
        self.end_text(0, None);
        let is_part =
            |node: &Node<'_, '_>| matches!(node.tag_name().name(), "thead" | "tbody" | "tfoot");
        let parts = table.children().filter(is_part).chain([table]);
        for row in parts.flat_map(|part| children(part, "tr")) {
            for (index, cell) in row.children().filter(is_cell).enumerate() {
                if index > 0 {
                    self.text.truncate(self.text.trim_end().len());
                    self.text.push_str(" | ");
                }
                self.inside(cell, 0, nesting);
            }
            self.end_text(0, None);
        }
    }
}

fn is_cell(node: &Node<'_, '_>) -> bool {
    matches!(node.tag_name().name(), "td" | "th")
}
