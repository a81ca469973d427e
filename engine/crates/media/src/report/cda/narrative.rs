//! The narrative of a CDA section: paragraphs, lists, tables (CDA R2 §4.3.5).
//!
//! Invariant: the number of blocks and the depth of elements are bounded; a cut is announced.

use roxmltree::{Node, NodeType};
use texts::Language;

use super::{children, plain};
use crate::report::{Block, Table, Value};
use crate::web::Shown;

const MAX_BLOCKS: usize = 20_000;
/// Elements within elements of a narrative.
const MAX_DEPTH: u8 = 40;

/// The blocks so far.
pub(super) struct Narrative {
    language: Language,
    blocks: Vec<Block>,
    /// Text that is not yet a block.
    text: String,
    is_cut: bool,
}

impl Narrative {
    pub(super) fn new(language: Language) -> Self {
        Self { language, blocks: Vec::new(), text: String::new(), is_cut: false }
    }

    /// Says that something was left out.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    pub(super) fn push(&mut self, block: Block) {
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(block);
        } else {
            self.is_cut = true;
        }
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        if self.is_cut {
            let note = self.language.texts().report_is_cut();
            self.blocks.push(Block::Note(Shown::new(note)));
        }
        self.blocks
    }

    /// The narrative of a section.
    pub(super) fn block(&mut self, text: Node<'_, '_>) {
        self.inside(text, 0, 0);
        self.end_text(0, None);
    }

    fn inside(&mut self, element: Node<'_, '_>, depth: u8, nesting: u8) {
        if nesting > MAX_DEPTH {
            self.is_cut = true;
            return;
        }
        for node in element.children() {
            match node.node_type() {
                NodeType::Text => self.words(node.text().unwrap_or_default()),
                NodeType::Element => self.element(node, depth, nesting),
                _ => {}
            }
        }
    }

    fn element(&mut self, element: Node<'_, '_>, depth: u8, nesting: u8) {
        match element.tag_name().name() {
            "br" => self.text.push('\n'),
            "paragraph" | "caption" | "footnote" => {
                self.end_text(depth, None);
                self.inside(element, depth, nesting + 1);
                self.end_text(depth, None);
            }
            "list" => {
                self.end_text(depth, None);
                let ordered = element.attribute("listType") == Some("ordered");
                for caption in children(element, "caption") {
                    self.inside(caption, depth, nesting + 1);
                    self.end_text(depth, None);
                }
                for (number, item) in (1_u32..).zip(children(element, "item")) {
                    let mark = if ordered { format!("{number}. ") } else { "• ".to_owned() };
                    self.text.push_str(&mark);
                    self.inside(item, depth.saturating_add(1), nesting + 1);
                    self.end_text(depth.saturating_add(1), Some(&mark));
                }
            }
            "table" => {
                self.end_text(depth, None);
                self.table(element);
            }
            "renderMultiMedia" => {
                self.end_text(depth, None);
                let kind = element.tag_name().name();
                let note = self.language.texts().report_not_shown(kind);
                self.push(Block::Note(Shown::new(&note)));
            }
            _ => self.inside(element, depth, nesting + 1),
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

    /// Makes a block of the text so far; a mark of a list alone is none.
    fn end_text(&mut self, depth: u8, mark: Option<&str>) {
        let text = std::mem::take(&mut self.text);
        if mark.is_some_and(|mark| mark.trim() == text.trim()) {
            return;
        }
        let value = Shown::lines(&text);
        if !value.as_str().trim().is_empty() {
            self.push(Block::Item { depth, name: None, value: Some(Value::text(value)) });
        }
    }

    fn table(&mut self, table: Node<'_, '_>) {
        let caption = children(table, "caption").next().map(plain);
        let header: Vec<_> =
            children(table, "thead").flat_map(|head| children(head, "tr")).collect();
        let body = ["tbody", "tfoot"].into_iter().flat_map(|part| children(table, part));
        let body = body.flat_map(|part| children(part, "tr")).chain(children(table, "tr"));
        let has_header = header.len() == 1;
        let mut rows = Vec::new();
        for row in header.into_iter().chain(body) {
            if self.blocks.len() + rows.len() >= MAX_BLOCKS {
                self.is_cut = true;
                break;
            }
            let is_cell = |node: &Node<'_, '_>| matches!(node.tag_name().name(), "td" | "th");
            rows.push(row.children().filter(is_cell).map(cell).collect::<Vec<_>>());
        }
        rows.retain(|row| !row.is_empty());
        if !rows.is_empty() {
            let caption = Shown::some(caption.as_deref());
            self.push(Block::Table(Table { caption, has_header, rows }));
        }
    }
}

/// What stands in a cell; its paragraphs and items are lines.
fn cell(cell: Node<'_, '_>) -> Shown {
    let mut text = String::new();
    for node in cell.descendants() {
        match node.tag_name().name() {
            "br" | "paragraph" | "item" if !text.is_empty() => text.push('\n'),
            _ => {}
        }
        let words: Vec<&str> = node
            .text()
            .filter(|_| node.is_text())
            .into_iter()
            .flat_map(str::split_whitespace)
            .collect();
        if !words.is_empty() {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(&words.join(" "));
        }
    }
    Shown::lines(&text)
}
