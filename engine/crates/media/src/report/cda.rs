//! A clinical document (HL7 CDA R2) as a report: its header as facts, its narrative as sections.
//!
//! What a CDA attests is the narrative; the coded entries beside it are left to programs, which find
//! the whole document in the package. Nothing outside the document is looked at: a document type
//! declaration is refused, so there are no entities, and no style sheet or link is followed.
//!
//! Standard: HL7 CDA R2 (ISO/HL7 27932); DICOM PS3.3 §A.45.2 (Encapsulated CDA).

mod header;
mod multimedia;
mod narrative;
mod shift;

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8};
use roxmltree::{Node, ParsingOptions};
use texts::Language;

use self::multimedia::{Body, Multimedia};
use self::narrative::Narrative;
use self::shift::Shift;
use super::document::{self, Block, Document, Value, brief};
use crate::web::Shown;

/// The largest document that is read, in bytes.
const MAX_BYTES: usize = 16 << 20;
/// Elements, texts and comments of a document.
const MAX_NODES: u32 = 400_000;
/// Sections within sections.
const MAX_SECTIONS: usize = 24;
/// How far into a document the declaration of its encoding is looked for.
const DECLARATION: usize = 200;

/// A clinical document that has been read.
#[derive(Debug)]
pub struct Cda {
    /// What it says, in the languages that were asked for.
    pub documents: [Document; 2],
    /// The PDF that stands instead of a body that could be read.
    pub pdf: Option<Vec<u8>>,
    /// The pictures inside it, as they are, by the numbers that the documents call them by.
    pub pictures: Vec<Vec<u8>>,
}

/// Reads a clinical document; nothing when it is none, or larger or deeper than a document is.
///
/// # Limits
/// 16 MiB, 400 000 nodes, 24 levels of sections, 20 000 blocks, 60 pictures; the document says when
/// it is cut.
pub fn clinical_document(bytes: &[u8], languages: [Language; 2]) -> Option<Cda> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let text = decode(bytes);
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, entity_resolver: None };
    let parsed = roxmltree::Document::parse_with_options(&text, options).ok()?;
    let root = parsed.root_element();
    if root.tag_name().name() != "ClinicalDocument" {
        return None;
    }
    let mut multimedia = Multimedia::of(root);
    let [(first, pdf), (second, _)] =
        languages.map(|language| document(root, language, &mut multimedia));
    Some(Cda { documents: [first, second], pdf, pictures: multimedia.into_pictures() })
}

/// What a document says, and the PDF that stands instead of a body.
fn document<'a, 'input: 'a>(
    root: Element<'a, 'input>,
    language: Language,
    multimedia: &mut Multimedia<'a, 'input>,
) -> (Document, Option<Vec<u8>>) {
    let text = language.texts();
    let title = path(root, &["title"]).map(plain).filter(|title| !title.is_empty());
    let title = title.or_else(|| attribute(path(root, &["code"])?, "displayName"));
    let mut narrative = Narrative::new(language, multimedia);
    let mut pdf = None;
    for component in children(root, "component") {
        for body in children(component, "structuredBody") {
            for section in children(body, "component") {
                sections(section, 2, &mut narrative);
            }
        }
        for body in children(component, "nonXMLBody").filter_map(|body| child(body, "text")) {
            match multimedia::body(body) {
                Body::Pdf(bytes) => {
                    narrative.push(Block::Note(Shown::new(text.report_body_is_pdf())));
                    pdf = Some(bytes);
                }
                Body::Text(text) => narrative.push(Block::Item {
                    depth: 0,
                    name: None,
                    value: Some(Value::text(Shown::lines(&text))),
                }),
                Body::Media => narrative.picture(Some(body), None),
            }
        }
    }
    let (mut blocks, mut is_cut) = narrative.finish();
    let facts = document::facts(header::facts(root, language), &mut is_cut);
    let title = brief(title.as_deref(), &mut is_cut);
    if is_cut {
        blocks.push(Block::Note(Shown::new(text.report_is_cut())));
    }
    let written = path(root, &["effectiveTime"]).and_then(|time| attribute(time, "value"));
    let document = Document {
        title: title.unwrap_or_else(|| Shown::new(text.page_report())),
        facts,
        blocks,
        places: BTreeMap::new(),
        language: path(root, &["languageCode"])
            .and_then(|code| attribute(code, "code"))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .filter(|code| (2..=16).contains(&code.len())),
        written: written.and_then(|time| {
            let (date, time) = time.split_at_checked(8)?;
            Some((date.to_owned(), (!time.is_empty()).then(|| time.to_owned())))
        }),
        author: path(root, &["author", "assignedAuthor", "assignedPerson", "name"])
            .and_then(|name| brief(header::person(name).as_deref(), &mut false)),
        is_cut,
    };
    (document, pdf)
}

/// The text by its byte order mark or its declaration; without either it is UTF-8.
fn decode(bytes: &[u8]) -> String {
    let start = bytes.get(..DECLARATION.min(bytes.len())).unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    let declared = start.split("?>").next().and_then(|declaration| {
        let (_, after) = declaration.split_once("encoding=")?;
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let label = after.get(1..)?.split(quote).next()?;
        Encoding::for_label(label.as_bytes())
    });
    let (text, _, _) = declared.unwrap_or(UTF_8).decode(bytes);
    text.into_owned()
}

type Element<'a, 'input> = Node<'a, 'input>;

fn children<'a, 'input: 'a>(
    element: Element<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Element<'a, 'input>> {
    element.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn child<'a, 'input: 'a>(
    element: Element<'a, 'input>,
    name: &'static str,
) -> Option<Element<'a, 'input>> {
    children(element, name).next()
}

fn path<'a, 'input: 'a>(
    element: Element<'a, 'input>,
    names: &[&'static str],
) -> Option<Element<'a, 'input>> {
    names.iter().try_fold(element, |element, name| child(element, name))
}

fn attribute(element: Element<'_, '_>, name: &str) -> Option<String> {
    element.attribute(name).map(str::to_owned)
}

/// The words of an element, with single spaces.
fn plain(element: Element<'_, '_>) -> String {
    let mut plain = String::new();
    let mut was_shifted = false;
    for node in element.descendants() {
        if !node.is_text() {
            // A line break ends the word.
            was_shifted &= node.tag_name().name() != "br";
            continue;
        }
        let text = node.text().unwrap_or_default();
        let shift = node.parent().and_then(|parent| Shift::of(parent.tag_name().name()));
        match shift {
            Some(shift) => shift.append(&mut plain, text),
            // What follows a shifted character is of the same word.
            None if was_shifted => plain.push_str(text),
            None => {
                plain.push(' ');
                plain.push_str(text);
            }
        }
        was_shifted = shift.is_some();
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ")
}

/// The sections of a component, each with those inside it.
fn sections(component: Element<'_, '_>, level: usize, narrative: &mut Narrative<'_, '_, '_>) {
    if level > MAX_SECTIONS + 1 {
        narrative.cut();
        return;
    }
    for section in children(component, "section") {
        let title = child(section, "title").map(plain);
        let title = title.filter(|title| !title.is_empty());
        // What a section is called by its code only, and has nothing to read, is for programs.
        let is_read = child(section, "text").or_else(|| child(section, "component")).is_some();
        let of_code = || attribute(child(section, "code").filter(|_| is_read)?, "displayName");
        let title = title.or_else(of_code);
        if let Some(text) = narrative.brief(title.as_deref()) {
            let level = u8::try_from(level.min(6)).unwrap_or(6);
            narrative.push(Block::Heading { level, text });
        }
        if let Some(text) = child(section, "text") {
            narrative.text(text);
        }
        for component in children(section, "component") {
            sections(component, level + 1, narrative);
        }
    }
}

#[cfg(test)]
mod tests;
