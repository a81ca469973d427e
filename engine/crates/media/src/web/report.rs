//! A report as a page, of the same document as its PDF.

use std::collections::BTreeSet;

use askama::Template;
use model::EntryPath;
use texts::Texts;

use super::head::{PageHead, PatientView, Setting};
use super::shown::Shown;
use super::{WebError, link::link};
use crate::contents::Preview;
use crate::dates::Date;
use crate::report::{Block, Document, ImageKey, References, ReportFrame, Table, Value};

/// What the fragment of an item begins with, before its number.
const PLACE: &str = "item-";
/// Levels of content that are set in.
const MAX_INDENTS: u8 = 8;

/// The page of a report as XHTML in UTF-8.
///
/// # Errors
/// [`WebError`] when the template fails, which no content can cause.
pub fn report_page(
    frame: ReportFrame<'_>,
    document: &Document,
    references: &References,
) -> Result<String, WebError> {
    let ReportFrame { language, main_language, layout, branding, institution, patient, .. } = frame;
    let text = language.texts();
    let at = document.written.as_ref().and_then(|(date, _)| Date::from_da(date));
    let here = frame.page(language);
    let setting = Setting {
        language,
        edition: frame.edition(language),
        layout,
        branding,
        institution,
        patient: PatientView::new(patient, at, language),
    };
    let mut view = View { references, frame, here: &here, shown: BTreeSet::new() };
    let page = ReportPage {
        head: PageHead::of(setting, &here, &frame.page(language.other())),
        text,
        pdf: link(&here, &frame.pdf()),
        pdf_language: (language != main_language).then(|| main_language.tag()),
        content_language: document.language.as_deref(),
        title: &document.title,
        facts: &document.facts,
        blocks: (0..)
            .zip(&document.blocks)
            .map(|(index, block)| (document.places.get(&index), view.block(block)))
            .collect(),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    head: PageHead,
    text: Texts,
    pdf: String,
    /// When its labels are not in the language of this page.
    pdf_language: Option<&'static str>,
    content_language: Option<&'a str>,
    title: &'a Shown,
    /// Label and value.
    facts: &'a [(Shown, Shown)],
    /// Each with its number, if others point to it.
    blocks: Vec<(Option<&'a String>, BlockView<'a>)>,
}

/// A block as the template shows it.
enum BlockView<'a> {
    Heading { level: u8, text: &'a Shown },
    Item { indent: u8, name: Option<&'a Shown>, value: Option<ValueView> },
    Table(&'a Table),
    Figure { picture: Option<PictureView>, caption: Option<&'a Shown> },
    Note(&'a Shown),
}

struct ValueView {
    text: String,
    code: Option<String>,
    href: Option<String>,
    picture: Option<PictureView>,
}

struct PictureView {
    src: String,
    width: u32,
    height: u32,
}

struct View<'a> {
    references: &'a References,
    frame: ReportFrame<'a>,
    here: &'a EntryPath,
    /// The picture of an image is shown where the document first points to it.
    shown: BTreeSet<&'a ImageKey>,
}

impl<'a> View<'a> {
    fn block(&mut self, block: &'a Block) -> BlockView<'a> {
        match block {
            Block::Heading { level, text } => BlockView::Heading { level: *level, text },
            Block::Item { depth, name, value } => BlockView::Item {
                indent: (*depth).min(MAX_INDENTS),
                name: name.as_ref(),
                value: value.as_ref().map(|value| self.value(value)),
            },
            Block::Table(table) => BlockView::Table(table),
            Block::Figure { picture, caption } => BlockView::Figure {
                picture: self
                    .references
                    .illustration(*picture)
                    .map(|illustration| self.picture(&illustration.preview)),
                caption: caption.as_ref(),
            },
            Block::Note(note) => BlockView::Note(note),
        }
    }

    fn value(&mut self, value: &'a Value) -> ValueView {
        let Some(key) = &value.image else {
            let (text, code) = (value.text.to_string(), value.code.as_ref().map(Shown::to_string));
            let href = value.target.as_ref().map(|number| format!("#{PLACE}{number}"));
            return ValueView { text, code, href, picture: None };
        };
        let ReportFrame { language, layout, .. } = self.frame;
        let image = self.references.get(key);
        let preview = image.and_then(|image| image.preview.as_ref());
        let preview = preview.filter(|_| self.shown.insert(key));
        ValueView {
            text: self.references.sentence(key, value.text.as_str(), language),
            code: self.references.code(key),
            href: self.references.href(key, self.here, layout, self.frame.edition(language)),
            picture: preview.map(|preview| self.picture(preview)),
        }
    }

    fn picture(&self, preview: &Preview) -> PictureView {
        let src = link(self.here, &preview.path);
        PictureView { src, width: preview.width, height: preview.height }
    }
}
