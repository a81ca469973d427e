//! What a report says, in the order in which it is read: the one source of its page and its PDF.
//!
//! Invariant: all text went through [`Shown`]; what was left out is said by a block.
//! Invariant: `Debug` shows how much there is, never what.

use std::collections::BTreeSet;
use std::fmt;

use crate::web::Shown;

/// A report, ready to be laid out.
pub struct Document {
    pub(crate) title: Shown,
    /// Label and value: when, by whom, how far it is valid.
    pub(crate) facts: Vec<(Shown, Shown)>,
    pub(crate) blocks: Vec<Block>,
    /// The language that the document says it is written in, RFC 5646.
    pub(crate) language: Option<String>,
    /// When it was written, DA and TM.
    pub(crate) written: Option<(String, Option<String>)>,
    /// Who wrote or verified it.
    pub(crate) author: Option<Shown>,
}

/// A piece of a report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Begins a section; levels from 2 to 6, as the title is 1.
    Heading { level: u8, text: Shown },
    /// A concept with its value, `depth` levels below its section.
    Item { depth: u8, name: Option<Shown>, value: Option<Value> },
    /// A table of the document.
    Table(Table),
    /// What the reader must know of the document.
    Note(Shown),
}

/// The value of a concept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// May have several lines; for an image what is said besides the image.
    pub(crate) text: Shown,
    /// Its code, for those who need it.
    pub(crate) code: Option<Shown>,
    /// The image that it points to.
    pub(crate) image: Option<ImageKey>,
}

/// An image that a report points to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageKey {
    /// Referenced SOP Instance UID (0008,1155).
    pub sop_instance: String,
    /// The first of Referenced Frame Number (0008,1160), from 1.
    pub frame: Option<u32>,
}

/// Rows of cells; short rows end early.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) caption: Option<Shown>,
    /// Whether the first row names the columns.
    pub(crate) has_header: bool,
    pub(crate) rows: Vec<Vec<Shown>>,
}

impl Value {
    /// A value that is a text.
    pub(crate) fn text(text: Shown) -> Self {
        Self { text, code: None, image: None }
    }
}

impl Document {
    /// The title, as the index lists it.
    pub fn title(&self) -> String {
        self.title.to_string()
    }

    /// The images that the document points to, each once, in the order of the document.
    pub fn images(&self) -> Vec<&ImageKey> {
        let mut seen = BTreeSet::new();
        let mut images = Vec::new();
        for block in &self.blocks {
            if let Block::Item { value: Some(Value { image: Some(image), .. }), .. } = block
                && seen.insert(image)
            {
                images.push(image);
            }
        }
        images
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Document")
            .field("facts", &self.facts.len())
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}
