//! What printpdf does not write: language, document information without a clock, the outline, and
//! the structure that screen readers follow (ISO 32000-1 §14.7, §14.8).

use lopdf::{Dictionary, Document as Lopdf, Object, ObjectId, StringFormat, dictionary};

use super::PdfError;
use super::flow::{Bookmark, Element, Flow};

/// The facts of the document.
pub(super) struct Information<'a> {
    /// RFC 5646.
    pub(super) language: &'a str,
    pub(super) title: &'a str,
    pub(super) author: Option<&'a str>,
    /// `D:yyyymmddhhmmss`, as far as it is known.
    pub(super) date: Option<String>,
    pub(super) application: &'a str,
}

/// Completes the document and gives its bytes.
pub(super) fn finish(
    mut pdf: Lopdf,
    flow: &Flow,
    information: &Information<'_>,
) -> Result<Vec<u8>, PdfError> {
    "1.7".clone_into(&mut pdf.version);
    let pages: Vec<ObjectId> = pdf.get_pages().into_values().collect();
    let structure = add_structure(&mut pdf, flow, &pages)?;
    let outline = add_outline(&mut pdf, &flow.bookmarks, &pages);
    let catalog = pdf.catalog_mut().map_err(|error| broken(&error))?;
    catalog.set("Lang", text(information.language));
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("StructTreeRoot", structure);
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    if let Some(outline) = outline {
        catalog.set("Outlines", outline);
    }
    // Random identifiers would make every package another one; they are optional (7.5.5).
    pdf.trailer.remove(b"ID");
    let mut info = dictionary! {
        "Title" => text(information.title),
        "Creator" => text(information.application),
        "Producer" => text(information.application),
    };
    if let Some(author) = information.author {
        info.set("Author", text(author));
    }
    if let Some(date) = &information.date {
        info.set("CreationDate", Object::string_literal(date.as_str()));
        info.set("ModDate", Object::string_literal(date.as_str()));
    }
    let info = pdf.add_object(info);
    pdf.trailer.set("Info", info);
    pdf.prune_objects();
    pdf.renumber_objects();
    pdf.compress();
    let mut bytes = Vec::new();
    pdf.save_to(&mut bytes).map_err(|error| PdfError::Document(error.to_string()))?;
    Ok(bytes)
}

fn broken(error: &lopdf::Error) -> PdfError {
    PdfError::Document(error.to_string())
}

/// A text string (7.9.2.2).
fn text(text: &str) -> Object {
    if text.is_ascii() {
        return Object::string_literal(text);
    }
    let mut bytes = vec![0xFE, 0xFF];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Object::String(bytes, StringFormat::Hexadecimal)
}

/// The elements in the order of the document, each with its pieces on the pages.
fn add_structure(pdf: &mut Lopdf, flow: &Flow, pages: &[ObjectId]) -> Result<ObjectId, PdfError> {
    let root = pdf.new_object_id();
    let document = pdf.new_object_id();
    let ids: Vec<ObjectId> = flow.elements.iter().map(|_| pdf.new_object_id()).collect();
    let mut kids: Vec<Vec<Object>> = vec![Vec::new(); flow.elements.len()];
    let mut numbers = Vec::new();
    for (index, (page, id)) in (0_i64..).zip(flow.pages.iter().zip(pages)) {
        let mut of_page = Vec::new();
        for (identifier, element) in (0_i64..).zip(page.marked_elements()) {
            let Some((kids, id_of_element)) = kids.get_mut(element).zip(ids.get(element)) else {
                continue;
            };
            kids.push(Object::Dictionary(dictionary! {
                "Type" => "MCR",
                "Pg" => *id,
                "MCID" => identifier,
            }));
            of_page.push(Object::Reference(*id_of_element));
        }
        numbers.push(Object::Integer(index));
        numbers.push(Object::Array(of_page));
        let page = pdf.get_dictionary_mut(*id).map_err(|error| broken(&error))?;
        page.set("StructParents", index);
        page.set("Tabs", "S");
        if page
            .get(b"Annots")
            .is_ok_and(|annotations| annotations.as_array().is_ok_and(Vec::is_empty))
        {
            page.remove(b"Annots");
        }
    }
    let mut elements = Vec::new();
    for ((element, id), kids) in flow.elements.iter().zip(&ids).zip(kids) {
        if kids.is_empty() {
            continue;
        }
        let (kind, alternative) = match element {
            Element::Title => ("H1".to_owned(), None),
            Element::Heading(level) => (format!("H{}", (*level).clamp(2, 6)), None),
            Element::Paragraph => ("P".to_owned(), None),
            Element::Figure(alternative) => ("Figure".to_owned(), Some(alternative)),
        };
        let mut object = dictionary! {
            "Type" => "StructElem",
            "S" => Object::Name(kind.into_bytes()),
            "P" => document,
            "K" => kids,
        };
        if let Some(alternative) = alternative {
            object.set("Alt", text(alternative));
        }
        pdf.set_object(*id, object);
        elements.push(Object::Reference(*id));
    }
    pdf.set_object(
        document,
        dictionary! { "Type" => "StructElem", "S" => "Document", "P" => root, "K" => elements },
    );
    let pages = i64::try_from(flow.pages.len()).unwrap_or(i64::MAX);
    let tree = pdf.add_object(dictionary! { "Nums" => numbers });
    pdf.set_object(
        root,
        dictionary! {
            "Type" => "StructTreeRoot",
            "K" => document,
            "ParentTree" => tree,
            "ParentTreeNextKey" => pages,
        },
    );
    Ok(root)
}

/// An entry of the outline with its place in the tree.
struct Node {
    id: ObjectId,
    parent: Option<usize>,
    children: Vec<usize>,
}

/// The headings as a tree, closed below the first level (12.3.3).
fn add_outline(pdf: &mut Lopdf, bookmarks: &[Bookmark], pages: &[ObjectId]) -> Option<ObjectId> {
    if bookmarks.is_empty() {
        return None;
    }
    let root = pdf.new_object_id();
    let mut nodes: Vec<Node> = Vec::new();
    let mut first_level = Vec::new();
    // The headings that are open, by level.
    let mut open: Vec<(u8, usize)> = Vec::new();
    for (index, bookmark) in bookmarks.iter().enumerate() {
        open.retain(|(level, _)| *level < bookmark.level);
        let parent = open.last().map(|(_, index)| *index);
        match parent.and_then(|parent| nodes.get_mut(parent)) {
            Some(parent) => parent.children.push(index),
            None => first_level.push(index),
        }
        nodes.push(Node { id: pdf.new_object_id(), parent, children: Vec::new() });
        open.push((bookmark.level, index));
    }
    let id_of = |index: &usize| nodes.get(*index).map(|node| node.id);
    for (index, (node, bookmark)) in nodes.iter().zip(bookmarks).enumerate() {
        let siblings = match node.parent.and_then(|parent| nodes.get(parent)) {
            Some(parent) => &parent.children,
            None => &first_level,
        };
        let at = siblings.iter().position(|sibling| *sibling == index).unwrap_or(0);
        let mut entry = dictionary! {
            "Title" => text(&bookmark.title),
            "Parent" => node.parent.as_ref().and_then(id_of).unwrap_or(root),
        };
        if let Some(page) = pages.get(bookmark.page) {
            let place: Vec<Object> = vec![
                (*page).into(),
                "XYZ".into(),
                Object::Null,
                Object::Real(bookmark.y),
                Object::Null,
            ];
            entry.set("Dest", place);
        }
        set(&mut entry, "Prev", at.checked_sub(1).and_then(|at| siblings.get(at)).and_then(id_of));
        set(&mut entry, "Next", siblings.get(at + 1).and_then(id_of));
        set(&mut entry, "First", node.children.first().and_then(id_of));
        set(&mut entry, "Last", node.children.last().and_then(id_of));
        if !node.children.is_empty() {
            // Negative: its entries are hidden until it is opened.
            entry.set("Count", -count(node.children.len()));
        }
        pdf.set_object(node.id, entry);
    }
    let mut outline = dictionary! { "Type" => "Outlines", "Count" => count(first_level.len()) };
    set(&mut outline, "First", first_level.first().and_then(id_of));
    set(&mut outline, "Last", first_level.last().and_then(id_of));
    pdf.set_object(root, outline);
    Some(root)
}

fn count(entries: usize) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX)
}

fn set(dictionary: &mut Dictionary, key: &str, id: Option<ObjectId>) {
    if let Some(id) = id {
        dictionary.set(key, id);
    }
}
