//! A clinical document (HL7 CDA R2) as a report: its header as facts, its narrative as sections.
//!
//! What a CDA attests is the narrative; the coded entries beside it are left to programs, which find
//! the whole document in the package. Nothing outside the document is looked at: a document type
//! declaration is refused, so there are no entities, and no style sheet or link is followed.
//!
//! Standard: HL7 CDA R2 (ISO/HL7 27932); DICOM PS3.3 §A.45.2 (Encapsulated CDA).

mod narrative;

use encoding_rs::{Encoding, UTF_8};
use roxmltree::{Node, ParsingOptions};
use texts::Language;

use self::narrative::Narrative;
use super::document::{Block, Document, Value};
use crate::dates::display_dt;
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
}

/// Reads a clinical document; nothing when it is none, or larger or deeper than a document is.
///
/// # Limits
/// 16 MiB, 400 000 nodes, 24 levels of sections, 20 000 blocks; the document says when it is cut.
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
    let [(first, pdf), (second, _)] = languages.map(|language| document(root, language));
    Some(Cda { documents: [first, second], pdf })
}

/// What a document says, and the PDF that stands instead of a body.
fn document(root: Element<'_, '_>, language: Language) -> (Document, Option<Vec<u8>>) {
    let text = language.texts();
    let title = path(root, &["title"]).map(|title| plain(title)).filter(|title| !title.is_empty());
    let title = title.or_else(|| attribute(path(root, &["code"])?, "displayName"));
    let mut narrative = Narrative::new(language);
    let mut pdf = None;
    for component in children(root, "component") {
        for body in children(component, "structuredBody") {
            for section in children(body, "component") {
                sections(section, 2, &mut narrative);
            }
        }
        for body in children(component, "nonXMLBody").filter_map(|body| child(body, "text")) {
            match attachment(body) {
                Body::Pdf(bytes) => {
                    narrative.push(Block::Note(Shown::new(text.report_body_is_pdf())));
                    pdf = Some(bytes);
                }
                Body::Text(text) => narrative.push(Block::Item {
                    depth: 0,
                    name: None,
                    value: Some(Value::text(Shown::lines(&text))),
                }),
                Body::Other(kind) => {
                    narrative.push(Block::Note(Shown::new(&text.report_not_shown(kind))));
                }
            }
        }
    }
    let written = path(root, &["effectiveTime"]).and_then(|time| attribute(time, "value"));
    let document = Document {
        title: Shown::some(title.as_deref()).unwrap_or_else(|| Shown::new(text.page_report())),
        facts: facts(root, language),
        blocks: narrative.finish(),
        language: path(root, &["languageCode"])
            .and_then(|code| attribute(code, "code"))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .filter(|code| (2..=16).contains(&code.len())),
        written: written.and_then(|time| {
            let (date, time) = time.split_at_checked(8)?;
            Some((date.to_owned(), (!time.is_empty()).then(|| time.to_owned())))
        }),
        author: path(root, &["author", "assignedAuthor", "assignedPerson", "name"])
            .and_then(|name| Shown::some(Some(&plain(name)))),
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
    let texts = element.descendants().filter(Node::is_text).filter_map(|node| node.text());
    let words: Vec<&str> = texts.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

/// What the header says (CDA R2 §4.2).
fn facts(root: Element<'_, '_>, language: Language) -> Vec<(Shown, Shown)> {
    let text = language.texts();
    let time = |element: Element<'_, '_>| Some(display_dt(&attribute(element, "value")?, language));
    let name = |element, names: &[&'static str]| {
        path(element, names).map(plain).filter(|name| !name.is_empty())
    };
    let mut facts = vec![(text.page_date(), path(root, &["effectiveTime"]).and_then(time))];
    for target in children(root, "recordTarget").filter_map(|target| child(target, "patientRole")) {
        let born = path(target, &["patient", "birthTime"]).and_then(time);
        let parts = [name(target, &["patient", "name"]), born];
        facts.push((text.report_patient_of_document(), joined(&parts)));
    }
    for author in children(root, "author") {
        let parts = [
            name(author, &["assignedAuthor", "assignedPerson", "name"]),
            name(author, &["assignedAuthor", "representedOrganization", "name"]),
        ];
        facts.push((text.report_author(), joined(&parts)));
    }
    for signer in children(root, "legalAuthenticator") {
        let parts = [
            name(signer, &["assignedEntity", "assignedPerson", "name"]),
            child(signer, "time").and_then(time),
        ];
        facts.push((text.report_verifier(), joined(&parts)));
    }
    let custodian = ["custodian", "assignedCustodian", "representedCustodianOrganization", "name"];
    facts.push((text.report_custodian(), name(root, &custodian)));
    facts
        .iter()
        .filter_map(|(label, value)| Some((Shown::new(label), Shown::some(value.as_deref())?)))
        .collect()
}

fn joined(parts: &[Option<String>]) -> Option<String> {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The sections of a component, each with those inside it.
fn sections(component: Element<'_, '_>, level: usize, narrative: &mut Narrative) {
    if level > MAX_SECTIONS + 1 {
        narrative.cut();
        return;
    }
    for section in children(component, "section") {
        let title = child(section, "title").map(plain);
        let title = title.filter(|title| !title.is_empty());
        let title = title.or_else(|| attribute(child(section, "code")?, "displayName"));
        if let Some(text) = Shown::some(title.as_deref()) {
            let level = u8::try_from(level.min(6)).unwrap_or(6);
            narrative.push(Block::Heading { level, text });
        }
        if let Some(text) = child(section, "text") {
            narrative.block(text);
        }
        for component in children(section, "component") {
            sections(component, level + 1, narrative);
        }
    }
}

/// A body that is no XML (CDA R2 §4.3.1.2).
enum Body {
    Pdf(Vec<u8>),
    Text(String),
    Other(String),
}

fn attachment(body: Element<'_, '_>) -> Body {
    let kind = attribute(body, "mediaType").unwrap_or_else(|| "text/plain".to_owned());
    let is_base64 = body.attribute("representation") == Some("B64");
    let content = || body.children().filter_map(|node| node.text()).collect::<String>();
    if is_base64
        && kind.eq_ignore_ascii_case("application/pdf")
        && let Some(bytes) = base64(&content())
        && bytes.starts_with(b"%PDF-")
    {
        return Body::Pdf(bytes);
    }
    if !is_base64 && kind.to_ascii_lowercase().starts_with("text/plain") {
        return Body::Text(content());
    }
    Body::Other(kind)
}

/// The bytes of a base64 text, whatever white space stands in it (RFC 4648 §4).
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).unwrap_or(0));
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
