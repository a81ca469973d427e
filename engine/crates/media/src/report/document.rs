//! What a report says, in the order in which it is read: the one source of its page and its PDF.
//!
//! Invariant: all text went through [`Shown`]; what was left out is said by a block.
//! Invariant: titles, headings and names are short: they are repeated at places of their own.
//! Invariant: `Debug` shows how much there is, never what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::web::Shown;

/// Characters of a title, a heading, the name of a concept; real ones have some dozens.
const MAX_BRIEF: usize = 1_000;
/// Facts about a report: a hostile one may name thousands of authors.
pub(super) const MAX_FACTS: usize = 200;

/// A report, ready to be laid out.
pub struct Document {
    pub(crate) title: Shown,
    /// Label and value: when, by whom, how far it is valid.
    pub(crate) facts: Vec<(Shown, Shown)>,
    pub(crate) blocks: Vec<Block>,
    /// The blocks that others point to, by their index, each with its number in the content tree.
    pub(crate) places: BTreeMap<usize, String>,
    /// The language that the document says it is written in, RFC 5646.
    pub(crate) language: Option<String>,
    /// When it was written, DA and TM.
    pub(crate) written: Option<(String, Option<String>)>,
    /// Who wrote or verified it.
    pub(crate) author: Option<Shown>,
    /// Whether the source has more than the blocks.
    pub(crate) is_cut: bool,
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
    /// A picture inside the document, by its number among them.
    Figure { picture: usize, caption: Option<Shown> },
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
    /// The number of the item that it points to; one of the places of the document.
    pub(crate) target: Option<String>,
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
    /// How many rows at the beginning name the columns.
    pub(crate) header_rows: usize,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// May have several lines.
    pub(crate) text: Shown,
    /// Whether it names its row or column.
    pub(crate) is_header: bool,
    /// Over how many columns it reaches, at least 1.
    pub(crate) columns: usize,
    /// Over how many rows, at least 1 and none below the table.
    pub(crate) rows: usize,
}

impl Value {
    /// A value that is a text.
    pub(crate) fn text(text: Shown) -> Self {
        Self { text, code: None, image: None, target: None }
    }
}

impl Document {
    /// The title, as the index lists it.
    pub fn title(&self) -> String {
        self.title.to_string()
    }

    /// Whether the source says more than the report.
    pub fn is_cut(&self) -> bool {
        self.is_cut
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

/// A text for a title, a heading or a name, if there is any; what is too long for one is cut.
pub(super) fn brief(text: Option<&str>, is_cut: &mut bool) -> Option<Shown> {
    let shown = Shown::some(text)?;
    let Some((end, _)) = shown.as_str().char_indices().nth(MAX_BRIEF) else { return Some(shown) };
    *is_cut = true;
    shown.as_str().get(..end).map(|start| Shown::new(&format!("{start}…")))
}

/// Labels and values, without those that are empty, and no more than a report has.
pub(super) fn facts<'a>(
    facts: impl IntoIterator<Item = (&'a str, Option<String>)>,
    is_cut: &mut bool,
) -> Vec<(Shown, Shown)> {
    let mut shown = Vec::new();
    for (label, value) in facts {
        let Some(value) = brief(value.as_deref(), is_cut) else { continue };
        if shown.len() >= MAX_FACTS {
            *is_cut = true;
            break;
        }
        shown.push((Shown::new(label), value));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_end_is_cut_and_that_is_told() {
        let mut is_cut = false;
        let name = "à".repeat(MAX_BRIEF);
        assert_eq!(brief(Some(&name), &mut is_cut).unwrap().as_str(), name);
        assert!(!is_cut);
        let longer = brief(Some(&(name.clone() + "b")), &mut is_cut).unwrap();
        assert_eq!((longer.as_str(), is_cut), ((name + "…").as_str(), true));
    }

    #[test]
    fn facts_without_end_are_cut_and_that_is_told() {
        let mut is_cut = false;
        let many = std::iter::repeat_n(("Autore", Some("VERDI".to_owned())), MAX_FACTS + 1);
        assert_eq!((facts(many, &mut is_cut).len(), is_cut), (MAX_FACTS, true));
    }
}
