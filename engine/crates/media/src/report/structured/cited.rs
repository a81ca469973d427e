//! Items that other items point to: by-reference relationships (PS3.3 §C.17.3.2.5).
//!
//! A reference is the place of its target in the content tree, `1.2.4`. Targets are shown with that
//! number, and references with the number and the name of what they lead to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use texts::Language;

use crate::report::{Block, Value};
use crate::web::Shown;

/// Characters of a name inside a reference to it.
const NAMED: usize = 80;
/// The number of the document itself.
const ROOT: &str = "1";

/// The number of an item by its place at each level; the root is 1.
pub(super) fn number(path: &[usize]) -> String {
    let mut number = String::new();
    for place in path {
        let point = if number.is_empty() { "" } else { "." };
        // Writing to a String cannot fail.
        write!(number, "{point}{place}").unwrap_or_default();
    }
    number
}

/// Lets each reference say what it leads to; gives the blocks that are led to, with their numbers.
///
/// `numbers` are those of the items that are shown, each with its block.
pub(super) fn resolve(
    blocks: &mut [Block],
    numbers: &BTreeMap<String, usize>,
    language: Language,
) -> BTreeMap<usize, String> {
    let mut places = BTreeMap::new();
    let mut names = BTreeMap::new();
    for block in blocks.iter() {
        let Some(target) = target(block) else { continue };
        if let Some(index) = numbers.get(target) {
            places.entry(*index).or_insert_with(|| target.to_owned());
            names.insert(target.to_owned(), blocks.get(*index).and_then(name));
        }
    }
    for block in blocks {
        let Block::Item { value: Some(value), .. } = block else { continue };
        let Some(target) = value.target.take() else { continue };
        let place = numbers.get(&target).and_then(|index| places.get(index));
        *value = reference(&target, place, names.get(&target), language);
    }
    places
}

fn target(block: &Block) -> Option<&str> {
    match block {
        Block::Item { value: Some(value), .. } => value.target.as_deref(),
        _ => None,
    }
}

fn reference(
    target: &str,
    place: Option<&String>,
    name: Option<&Option<String>>,
    language: Language,
) -> Value {
    let texts = language.texts();
    let Some(place) = place else {
        return Value::text(Shown::new(&match target {
            ROOT => texts.report_see_start().to_owned(),
            target => texts.report_see_item_absent(target),
        }));
    };
    let mut sentence = texts.report_see_item(place.as_str());
    if let Some(Some(name)) = name {
        sentence = format!("{sentence}: {name}");
    }
    Value { target: Some(place.clone()), ..Value::text(Shown::new(&sentence)) }
}

/// What a block is called in a reference to it.
fn name(block: &Block) -> Option<String> {
    let text = match block {
        Block::Heading { text, .. } | Block::Item { name: Some(text), .. } => text,
        Block::Item { value: Some(value), .. } => &value.text,
        _ => return None,
    };
    let mut characters = text.as_str().chars();
    let mut name: String = characters.by_ref().take(NAMED).collect();
    if characters.next().is_some() {
        name.push('…');
    }
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::tags;
    use rstest::rstest;

    use crate::report::structured::elements::{code, element, parse, sequence, text, value_type};
    use crate::report::structured_report;

    fn reference(target: &[u32]) -> Vec<u8> {
        let numbers: Vec<u8> = target.iter().flat_map(|number| number.to_le_bytes()).collect();
        element(tags::REFERENCED_CONTENT_ITEM_IDENTIFIER, "UL", &numbers)
    }

    fn named(kind: &str, name: &str) -> Vec<u8> {
        [value_type(kind), code(tags::CONCEPT_NAME_CODE_SEQUENCE, "1", name)].concat()
    }

    /// A section with a text of three lines, an unnamed one, and a reference.
    fn document(target: &[u32]) -> Vec<u8> {
        let long = text(tags::TEXT_VALUE, "UT", &"parola ".repeat(40));
        let nameless = [value_type("TEXT"), long].concat();
        let items = [named("NUM", "Diametro"), nameless];
        let section = [named("CONTAINER", "Misure"), sequence(tags::CONTENT_SEQUENCE, &items)];
        let items = [section.concat(), reference(target)];
        sequence(tags::CONTENT_SEQUENCE, &items)
    }

    #[rstest]
    #[case::section(&[1, 1], "vedi il punto 1.1: Misure", Some((0, "1.1")))]
    #[case::item(&[1, 1, 1], "vedi il punto 1.1.1: Diametro", Some((1, "1.1.1")))]
    #[case::itself(&[1, 2], "vedi il punto 1.2: vedi il punto 1.2", Some((3, "1.2")))]
    #[case::document(&[1], "vedi l'inizio del documento", None)]
    #[case::nothing(&[1, 7], "punto 1.7 del documento, che qui non è mostrato", None)]
    #[case::nonsense(&[0, 4_000_000_000], "punto 0.4000000000 del documento, che qui non è mostrato", None)]
    fn references(
        #[case] target: &[u32],
        #[case] expected: &str,
        #[case] place: Option<(usize, &str)>,
    ) {
        let document = structured_report(&parse(&document(target)), Language::Italian);
        let Some(Block::Item { value: Some(value), .. }) = document.blocks.last() else {
            panic!("no reference");
        };
        assert_eq!(value.text.as_str(), expected);
        assert_eq!(value.target.as_deref(), place.map(|(_, number)| number));
        let places: Vec<_> =
            document.places.iter().map(|(index, number)| (*index, number.as_str())).collect();
        assert_eq!(places, place.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_long_name_is_cut_in_a_reference() {
        let document = structured_report(&parse(&document(&[1, 1, 2])), Language::Italian);
        let Some(Block::Item { value: Some(value), .. }) = document.blocks.last() else {
            panic!("no reference");
        };
        assert!(value.text.as_str().ends_with('…') && value.text.as_str().len() < 120);
    }
}
