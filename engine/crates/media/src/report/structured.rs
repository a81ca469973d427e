//! A structured report as a document: containers become sections, all else rows below them.
//!
//! Reads any SR IOD by its content tree: Basic Text, Enhanced, Comprehensive, Key Object Selection,
//! and the templates of CAD and dose reports.
//!
//! Standard: DICOM PS3.3 §C.17.3 (SR Document Content), Table C.17-5.
//!
//! Invariant: depth and number of items are bounded, and what is beyond the bounds is announced.

mod cited;
#[cfg(test)]
mod elements;
mod value;

use std::collections::BTreeMap;

use dicom_dictionary_std::tags;
use part10::Dataset;
use texts::Language;

use self::value::{meaning, value};
use super::document::{self, Block, Document, MAX_FACTS, brief};
use crate::dates::{display_da_tm, display_dt};
use crate::person_name::display_pn;
use crate::web::Shown;

/// Real reports nest less than ten deep.
const MAX_DEPTH: usize = 24;
/// A mammography CAD report has some thousands.
const MAX_ITEMS: usize = 20_000;
/// Language of Content Item and Descendants (DCM), TID 1204.
const LANGUAGE_OF_CONTENT: &str = "121049";

/// Whether a data set is a structured report that [`structured_report`] can read.
pub fn is_structured_report(dataset: &Dataset<'_>) -> bool {
    let is_container = dataset.text(tags::VALUE_TYPE).is_some_and(|value| value == "CONTAINER");
    is_container && dataset.item(tags::CONTENT_SEQUENCE).is_some()
}

/// The content of a structured report.
///
/// # Limits
/// 20 000 content items, 24 levels; the document says when there is more.
pub fn structured_report(dataset: &Dataset<'_>, language: Language) -> Document {
    let text = language.texts();
    let mut content = Content::new(language);
    content.add_children(dataset, Below { level: 2, depth: 0, nesting: 0 });
    let Content { mut blocks, numbers, mut is_cut, .. } = content;
    let places = cited::resolve(&mut blocks, &numbers, language);
    let title = meaning(dataset, tags::CONCEPT_NAME_CODE_SEQUENCE);
    let title = brief(title.as_deref(), &mut is_cut);
    let facts = document::facts(facts(dataset, language), &mut is_cut);
    if is_cut {
        blocks.push(Block::Note(Shown::new(text.report_is_cut())));
    }
    Document {
        title: title.unwrap_or_else(|| Shown::new(text.page_report())),
        facts,
        blocks,
        places,
        language: language_of(dataset),
        written: dataset
            .text(tags::CONTENT_DATE)
            .map(|date| (date, dataset.text(tags::CONTENT_TIME))),
        author: author(dataset),
        is_cut,
    }
}

/// The language code in the first level of the content.
fn language_of(dataset: &Dataset<'_>) -> Option<String> {
    let of_item = |item: Dataset<'_>| {
        let name = item.item(tags::CONCEPT_NAME_CODE_SEQUENCE)?.text(tags::CODE_VALUE)?;
        let code = item.item(tags::CONCEPT_CODE_SEQUENCE)?.text(tags::CODE_VALUE)?;
        let is_tag = (2..=16).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (name == LANGUAGE_OF_CONTENT && is_tag).then_some(code)
    };
    dataset.items(tags::CONTENT_SEQUENCE).find_map(of_item)
}

fn author(dataset: &Dataset<'_>) -> Option<Shown> {
    let observer = dataset.item(tags::AUTHOR_OBSERVER_SEQUENCE);
    let of_observer = observer.and_then(|observer| observer.text(tags::PERSON_NAME));
    let verifier = || {
        let observer = dataset.item(tags::VERIFYING_OBSERVER_SEQUENCE)?;
        observer.text(tags::VERIFYING_OBSERVER_NAME)
    };
    let name = of_observer.or_else(verifier)?;
    brief(display_pn(&name).as_deref(), &mut false)
}

/// What the document says of itself.
fn facts(dataset: &Dataset<'_>, language: Language) -> Vec<(&'static str, Option<String>)> {
    let text = language.texts();
    let date_time = |date, time| {
        let date = dataset.text(date)?;
        Some(display_da_tm(&date, dataset.text(time).as_deref(), language))
    };
    let flag = |tag, known: [(&str, &str); 2]| {
        let flag = dataset.text(tag)?;
        let known = known.iter().find(|(name, _)| *name == flag);
        Some(known.map_or_else(|| flag.clone(), |(_, sentence)| (*sentence).to_owned()))
    };
    let completion = flag(
        tags::COMPLETION_FLAG,
        [("COMPLETE", text.report_complete()), ("PARTIAL", text.report_partial())],
    );
    let verification = flag(
        tags::VERIFICATION_FLAG,
        [("VERIFIED", text.report_verified()), ("UNVERIFIED", text.report_unverified())],
    );
    let status = flag(
        tags::PRELIMINARY_FLAG,
        [("PRELIMINARY", text.report_preliminary()), ("FINAL", text.report_final())],
    );
    let description = dataset.text(tags::STUDY_DESCRIPTION);
    let study_date = dataset.text(tags::STUDY_DATE);
    let study_date = study_date.map(|date| display_da_tm(&date, None, language));
    let study: Vec<String> = description.into_iter().chain(study_date).collect();
    let mut facts = vec![
        (text.page_study(), (!study.is_empty()).then(|| study.join(", "))),
        (text.page_date(), date_time(tags::CONTENT_DATE, tags::CONTENT_TIME)),
        (text.page_accession_number(), dataset.text(tags::ACCESSION_NUMBER)),
        (text.report_completion(), completion),
        (text.report_verification(), verification),
        (text.page_status(), status),
    ];
    for observer in dataset.items(tags::AUTHOR_OBSERVER_SEQUENCE).take(MAX_FACTS) {
        let name = observer.text(tags::PERSON_NAME).as_deref().and_then(display_pn);
        let parts = [name, observer.text(tags::INSTITUTION_NAME)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        facts.push((text.report_author(), (!parts.is_empty()).then(|| parts.join(", "))));
    }
    for observer in dataset.items(tags::VERIFYING_OBSERVER_SEQUENCE).take(MAX_FACTS) {
        let name = observer.text(tags::VERIFYING_OBSERVER_NAME).as_deref().and_then(display_pn);
        let date = observer.text(tags::VERIFICATION_DATE_TIME);
        let parts = [
            name,
            observer.text(tags::VERIFYING_ORGANIZATION),
            date.map(|date| display_dt(&date, language)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        facts.push((text.report_verifier(), (!parts.is_empty()).then(|| parts.join(", "))));
    }
    facts
}

/// Where the children of an item stand.
#[derive(Debug, Clone, Copy)]
struct Below {
    /// Of their headings.
    level: u8,
    /// Below their section.
    depth: u8,
    /// Levels of the content tree.
    nesting: usize,
}

/// The content below the root of a document.
struct Content {
    language: Language,
    blocks: Vec<Block>,
    /// The numbers of the items that are shown, each with the block that they begin with.
    numbers: BTreeMap<String, usize>,
    /// The item that is being added: its place among its siblings at each level, from 1.
    path: Vec<usize>,
    is_cut: bool,
    items: usize,
}

impl Content {
    fn new(language: Language) -> Self {
        Self {
            language,
            blocks: Vec::new(),
            numbers: BTreeMap::new(),
            path: vec![1],
            is_cut: false,
            items: 0,
        }
    }

    fn add_children(&mut self, parent: &Dataset<'_>, at: Below) {
        let mut children = (1_usize..).zip(parent.items(tags::CONTENT_SEQUENCE)).peekable();
        if children.peek().is_none() {
            return;
        }
        if at.nesting >= MAX_DEPTH {
            self.is_cut = true;
            return;
        }
        for (number, child) in children {
            if self.items >= MAX_ITEMS {
                self.is_cut = true;
                return;
            }
            self.items += 1;
            self.path.push(number);
            let begin = self.blocks.len();
            self.add(&child, at);
            if self.blocks.len() > begin {
                self.numbers.insert(cited::number(&self.path), begin);
            }
            self.path.pop();
        }
    }

    fn add(&mut self, item: &Dataset<'_>, at: Below) {
        let name = meaning(item, tags::CONCEPT_NAME_CODE_SEQUENCE);
        let name = brief(name.as_deref(), &mut self.is_cut);
        let below = Below { nesting: at.nesting + 1, ..at };
        let is_container = item.text(tags::VALUE_TYPE).is_some_and(|kind| kind == "CONTAINER");
        match name {
            Some(text) if is_container => {
                self.blocks.push(Block::Heading { level: at.level, text });
                let level = (at.level + 1).min(6);
                self.add_children(item, Below { level, depth: 0, ..below });
            }
            None if is_container => self.add_children(item, below),
            name => {
                let value = value(item, self.language);
                if name.is_some() || value.is_some() {
                    self.blocks.push(Block::Item { depth: at.depth, name, value });
                }
                self.add_children(item, Below { depth: at.depth.saturating_add(1), ..below });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::elements::{code, parse, sequence, text, value_type};
    use super::*;
    use rstest::rstest;

    fn named(kind: &str, name: &str) -> Vec<u8> {
        [value_type(kind), code(tags::CONCEPT_NAME_CODE_SEQUENCE, "1", name)].concat()
    }

    fn nested(depth: usize) -> Vec<u8> {
        (0..depth).fold(named("CONTAINER", "Sezione"), |inner, _| {
            [named("CONTAINER", "Sezione"), sequence(tags::CONTENT_SEQUENCE, &[inner])].concat()
        })
    }

    fn headings(document: &Document) -> usize {
        document.blocks.iter().filter(|block| matches!(block, Block::Heading { .. })).count()
    }

    fn is_cut(document: &Document) -> bool {
        matches!(document.blocks.last(), Some(Block::Note(_)))
    }

    #[rstest]
    #[case::flat(1, 1, false)]
    #[case::at_the_limit(MAX_DEPTH, MAX_DEPTH, false)]
    #[case::beyond(MAX_DEPTH + 10, MAX_DEPTH, true)]
    fn depth_is_bounded_and_the_cut_is_told(
        #[case] depth: usize,
        #[case] shown: usize,
        #[case] cut: bool,
    ) {
        let document = structured_report(&parse(&nested(depth)), Language::Italian);
        assert_eq!((headings(&document), is_cut(&document)), (shown, cut));
    }

    #[test]
    fn items_are_bounded_and_the_cut_is_told() {
        let items = vec![named("CONTAINER", "Sezione"); MAX_ITEMS + 1];
        let bytes = sequence(tags::CONTENT_SEQUENCE, &items);
        let document = structured_report(&parse(&bytes), Language::Italian);
        assert_eq!((headings(&document), is_cut(&document)), (MAX_ITEMS, true));
    }

    #[test]
    fn what_belongs_to_an_item_is_set_in_and_a_section_begins_anew() {
        let below = sequence(tags::CONTENT_SEQUENCE, &[named("TEXT", "Sotto")]);
        let item = [named("TEXT", "Sopra"), below].concat();
        let section = [named("CONTAINER", "Sezione"), sequence(tags::CONTENT_SEQUENCE, &[item])];
        let bytes = sequence(tags::CONTENT_SEQUENCE, &[section.concat()]);
        let document = structured_report(&parse(&bytes), Language::Italian);
        let shown = |block: &Block| match block {
            Block::Heading { level, text } => format!("{level} {text}"),
            Block::Item { depth, name: Some(name), .. } => format!("- {depth} {name}"),
            _ => String::new(),
        };
        let shown: Vec<_> = document.blocks.iter().map(shown).collect();
        assert_eq!(shown, ["2 Sezione", "- 0 Sopra", "- 1 Sotto"]);
    }

    #[rstest]
    #[case::tag("it-IT", Some("it-IT"))]
    #[case::markup("it\"><b", None)]
    fn the_language_is_that_of_the_document(
        #[case] code_value: &str,
        #[case] expected: Option<&str>,
    ) {
        let item = [
            value_type("CODE"),
            code(tags::CONCEPT_NAME_CODE_SEQUENCE, LANGUAGE_OF_CONTENT, "Language"),
            code(tags::CONCEPT_CODE_SEQUENCE, code_value, "Italiano"),
        ];
        let bytes = sequence(tags::CONTENT_SEQUENCE, &[item.concat()]);
        let document = structured_report(&parse(&bytes), Language::Italian);
        assert_eq!(document.language.as_deref(), expected);
    }

    #[rstest]
    #[case::preliminary("PRELIMINARY", "provvisorio")]
    #[case::no_longer("FINAL", "finale")]
    fn whether_it_is_preliminary_is_a_fact(#[case] flag: &str, #[case] expected: &str) {
        let bytes = text(tags::PRELIMINARY_FLAG, "CS", flag);
        let document = structured_report(&parse(&bytes), Language::Italian);
        let facts: Vec<_> = document.facts.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(facts, [expected]);
    }

    #[test]
    fn verifiers_and_their_dates_are_facts() {
        let observer = [
            text(tags::VERIFYING_ORGANIZATION, "LO", "OSPEDALE TEST"),
            text(tags::VERIFICATION_DATE_TIME, "DT", "20210423140300"),
            text(tags::VERIFYING_OBSERVER_NAME, "PN", "VERDI^LUCIA TEST"),
        ];
        let bytes = sequence(tags::VERIFYING_OBSERVER_SEQUENCE, &[observer.concat()]);
        let document = structured_report(&parse(&bytes), Language::Italian);
        let facts: Vec<_> = document.facts.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(facts, ["VERDI LUCIA TEST, OSPEDALE TEST, 23 apr 2021 14:03"]);
    }
}
