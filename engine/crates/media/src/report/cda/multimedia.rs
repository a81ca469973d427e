//! What a clinical document holds besides text: a body that is no XML, and the pictures of its
//! sections (CDA R2 §4.3.1.2, §4.3.6.5).
//!
//! A picture is taken out as it is; whether it is one is found out by whoever decodes it. What lies
//! outside the document is never fetched.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::{Element, attribute, child};

/// Pictures that are taken out of a document.
const MAX_PICTURES: usize = 60;
/// Characters of a name or a media type that are told.
const MAX_NAME: usize = 200;
/// How far into a region of interest its picture is looked for.
const NEAR: usize = 1_000;

/// The pictures of a document by the ID that its text calls them by, and those taken out so far.
pub(super) struct Multimedia<'a, 'input> {
    by_id: BTreeMap<&'a str, Element<'a, 'input>>,
    /// By the number of the node: each is looked at once, however often it is called for.
    found: BTreeMap<u32, Found>,
    pictures: Vec<Vec<u8>>,
}

/// What there is of a picture.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Its number.
    Picture(usize),
    /// It lies outside the document, under this name.
    Outside(String),
    /// Something else, of this media type.
    Other(String),
    /// Nothing, or too many of them.
    Nothing,
}

/// A body that is no XML.
pub(super) enum Body {
    Pdf(Vec<u8>),
    Text(String),
    /// To be looked at with [`Multimedia::find`].
    Media,
}

impl<'a, 'input> Multimedia<'a, 'input> {
    /// Notes where the pictures are.
    pub(super) fn of(root: Element<'a, 'input>) -> Self {
        let is_media = |node: &Node<'_, '_>| {
            matches!(node.tag_name().name(), "observationMedia" | "regionOfInterest")
        };
        let by_id = root.descendants().filter(is_media);
        let by_id = by_id.filter_map(|node| Some((node.attribute("ID")?, node))).collect();
        Self { by_id, found: BTreeMap::new(), pictures: Vec::new() }
    }

    /// The value of the picture with an ID; a region of interest stands for the picture it lies on.
    pub(super) fn value(&self, id: &str) -> Option<Element<'a, 'input>> {
        let near = self.by_id.get(id)?.descendants().take(NEAR);
        let mut media = near.filter(|node| node.tag_name().name() == "observationMedia");
        child(media.next()?, "value")
    }

    /// What a value of type ED is; a picture is taken out.
    pub(super) fn find(&mut self, value: Element<'_, '_>) -> Found {
        if let Some(found) = self.found.get(&value.id().get()) {
            return found.clone();
        }
        let found = self.look_at(value);
        self.found.insert(value.id().get(), found.clone());
        found
    }

    fn look_at(&mut self, value: Element<'_, '_>) -> Found {
        let short = |text: String| text.chars().take(MAX_NAME).collect();
        if let Some(name) = child(value, "reference").and_then(|at| attribute(at, "value")) {
            return Found::Outside(short(name));
        }
        let kind = kind(value);
        if !(kind.starts_with("image/png") || kind.starts_with("image/jp")) || !is_base64(value) {
            return Found::Other(short(kind));
        }
        let bytes = if self.pictures.len() < MAX_PICTURES { base64(&content(value)) } else { None };
        let Some(bytes) = bytes else { return Found::Nothing };
        self.pictures.push(bytes);
        Found::Picture(self.pictures.len() - 1)
    }

    pub(super) fn into_pictures(self) -> Vec<Vec<u8>> {
        self.pictures
    }
}

/// The media type of a value of type ED, in lower case.
fn kind(value: Element<'_, '_>) -> String {
    value.attribute("mediaType").unwrap_or("text/plain").to_ascii_lowercase()
}

fn is_base64(value: Element<'_, '_>) -> bool {
    value.attribute("representation") == Some("B64")
}

fn content(body: Element<'_, '_>) -> String {
    body.children().filter_map(|node| node.text()).collect()
}

/// What the body of a document is.
pub(super) fn body(body: Element<'_, '_>) -> Body {
    let kind = kind(body);
    if is_base64(body)
        && kind == "application/pdf"
        && let Some(bytes) = base64(&content(body))
        && bytes.starts_with(b"%PDF-")
    {
        return Body::Pdf(bytes);
    }
    let is_text = kind.starts_with("text/plain") && !is_base64(body);
    if is_text && child(body, "reference").is_none() {
        return Body::Text(content(body));
    }
    Body::Media
}

/// The bytes of a base64 text, whatever white space stands in it (RFC 4648 §4). Some write one in pieces,
/// each padded by itself.
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
            b'=' => {
                (bits, held) = (0, 0);
                continue;
            }
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
