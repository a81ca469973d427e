//! Pages as printpdf writes them, with the glyphs that they use.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::Document as Lopdf;
use printpdf::{
    Actions, BorderArray, Codepoint, Color, ColorArray, Destination, DictItem, ExternalStream,
    ExternalXObject, FontId, HighlightingMode, Line as Stroke, LinePoint, LinkAnnotation, Mm, Op,
    ParsedFont, PdfDocument, PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt, Rect, Rgb,
    TextItem, TextMatrix, XObject, XObjectId, XObjectTransform,
};
use subsetter::GlyphRemapper;

use super::PdfError;
use super::face::{Face, Glyph};
use super::flow::{Flow, Page, Placed, Target};
use super::text::{Ink, Line};
use crate::report::Picture;

/// Characters that a sentence names before it stops.
const NAMED: usize = 12;

/// The characters that cannot be shown, also among what each page repeats, as `U+5C71`, at most a dozen and
/// an ellipsis.
pub(super) fn replaced(flow: &Flow, repeated: &[Option<Line>]) -> Vec<String> {
    let characters: BTreeSet<char> = glyphs(flow)
        .chain(repeated.iter().flatten().flat_map(glyphs_of))
        .filter(|(_, glyph)| glyph.is_replacement)
        .map(|(character, _)| character)
        .collect();
    let mut named: Vec<String> =
        characters.iter().take(NAMED).map(|c| format!("U+{:04X}", u32::from(*c))).collect();
    if characters.len() > NAMED {
        named.push("…".to_owned());
    }
    named
}

fn glyphs(flow: &Flow) -> impl Iterator<Item = (char, Glyph)> + '_ {
    let lines = flow.pages.iter().flat_map(|page| &page.lines);
    lines.flat_map(|placed| glyphs_of(&placed.line))
}

fn glyphs_of(line: &Line) -> impl Iterator<Item = (char, Glyph)> + '_ {
    line.pieces.iter().flat_map(|piece| piece.glyphs.iter().copied())
}

/// A typeface reduced to what is used of it.
struct Subset {
    remapper: GlyphRemapper,
    /// The character that a glyph means where nothing else is said.
    meanings: BTreeMap<u16, char>,
}

impl Subset {
    fn means(&self, glyph: Glyph, character: char) -> bool {
        !glyph.is_replacement && self.meanings.get(&glyph.id) == Some(&character)
    }
}

/// The document, before what printpdf does not write.
pub(super) fn write(flow: &Flow, pictures: &[&Picture], title: &str) -> Result<Lopdf, PdfError> {
    let mut pdf = PdfDocument::new(title);
    let mut used: BTreeMap<Face, BTreeMap<u16, char>> = BTreeMap::new();
    for (character, glyph) in glyphs(flow) {
        let meaning = used.entry(glyph.face).or_default().entry(glyph.id).or_insert(character);
        // Several characters may share a glyph: the same one stands for it in any order.
        *meaning = (*meaning).min(character);
    }
    let mut subsets = BTreeMap::new();
    for (face, meanings) in used {
        let (font, remapper) = subset(face, &meanings)?;
        let id = FontId(face.subset_name().to_owned());
        pdf.resources.fonts.map.insert(id, PdfFont::new(font));
        subsets.insert(face, Subset { remapper, meanings });
    }
    for (number, picture) in pictures.iter().enumerate() {
        pdf.resources.xobjects.map.insert(picture_id(number), image(picture));
    }
    pdf.pages = flow.pages.iter().map(|page| page_of(page, flow, &subsets)).collect();
    // A preview is a JPEG already, and the subset is ours: printpdf changes neither.
    let options = PdfSaveOptions {
        optimize: false,
        subset_fonts: false,
        secure: true,
        image_optimization: None,
    };
    let mut warnings = Vec::new();
    Ok(pdf.to_lopdf_document(&options, &mut warnings))
}

fn subset(
    face: Face,
    meanings: &BTreeMap<u16, char>,
) -> Result<(ParsedFont, GlyphRemapper), PdfError> {
    let fault = || PdfError::Typeface(face.subset_name());
    let whole = face.parsed().ok_or_else(fault)?;
    let used: Vec<u16> = meanings.keys().copied().collect();
    let remapper = GlyphRemapper::new_from_glyphs_sorted(&used);
    let bytes = subsetter::subset(face.data(), 0, &remapper).map_err(|_broken| fault())?;
    let widths = used
        .iter()
        .filter_map(|id| Some((remapper.get(*id)?, whole.get_glyph_width(*id)?)))
        .collect();
    let mut font = ParsedFont::with_glyph_data(
        bytes,
        0,
        Some(face.subset_name().to_owned()),
        BTreeMap::new(),
        widths,
        whole.units_per_em,
        whole.font_metrics.clone(),
    );
    font.pdf_font_metrics = whole.pdf_font_metrics.clone();
    Ok((font, remapper))
}

fn picture_id(number: usize) -> XObjectId {
    XObjectId(format!("PICTURE{number}"))
}

/// A JPEG as it is (ISO 32000-1 7.4.8).
fn image(picture: &Picture) -> XObject {
    let name = |name: &str| DictItem::Name(name.as_bytes().to_vec());
    let space = if picture.is_grey { "DeviceGray" } else { "DeviceRGB" };
    let dict = BTreeMap::from([
        ("Type".to_owned(), name("XObject")),
        ("Subtype".to_owned(), name("Image")),
        ("Width".to_owned(), DictItem::Int(picture.width.into())),
        ("Height".to_owned(), DictItem::Int(picture.height.into())),
        ("ColorSpace".to_owned(), name(space)),
        ("BitsPerComponent".to_owned(), DictItem::Int(8)),
        ("Filter".to_owned(), name("DCTDecode")),
    ]);
    let stream = ExternalStream { dict, content: picture.jpeg.clone(), compress: false };
    XObject::External(ExternalXObject { stream, width: None, height: None, dpi: None })
}

fn page_of(page: &Page, flow: &Flow, subsets: &BTreeMap<Face, Subset>) -> PdfPage {
    let mut ops = Vec::new();
    artifact(&mut ops, |ops| rules(page, ops));
    let mut identifier = 0;
    for mark in page.marks() {
        let lines = page.lines.get(mark.lines).unwrap_or_default();
        let text = |ops: &mut Vec<Op>| lines.iter().for_each(|line| show(line, subsets, ops));
        match mark.element {
            Some(_) => marked(&mut ops, "P", &mut identifier, text),
            None => artifact(&mut ops, text),
        }
    }
    for placed in &page.pictures {
        marked(&mut ops, "Figure", &mut identifier, |ops| {
            ops.push(Op::UseXobject {
                id: picture_id(placed.picture),
                transform: XObjectTransform {
                    translate_x: Some(Pt(placed.x)),
                    translate_y: Some(Pt(placed.y)),
                    scale_x: Some(placed.width),
                    scale_y: Some(placed.height),
                    ..XObjectTransform::default()
                },
            });
        });
    }
    for link in &page.links {
        let Some(action) = action(&link.target, flow) else { continue };
        let rect = Rect {
            x: Pt(link.x),
            y: Pt(link.y),
            width: Pt(link.width),
            height: Pt(link.height),
            mode: None,
            winding_order: None,
        };
        ops.push(Op::LinkAnnotation {
            link: LinkAnnotation::new(
                rect,
                action,
                Some(BorderArray::Solid([0.0, 0.0, 0.0])),
                Some(ColorArray::Transparent),
                Some(HighlightingMode::Invert),
            ),
        });
    }
    let mut page = PdfPage::new(Mm(210.0), Mm(297.0), ops);
    let media_box = Rect {
        x: Pt(0.0),
        y: Pt(0.0),
        width: Pt(super::flow::PAGE_WIDTH),
        height: Pt(super::flow::PAGE_HEIGHT),
        mode: None,
        winding_order: None,
    };
    page.trim_box = media_box.clone();
    page.crop_box = media_box.clone();
    page.media_box = media_box;
    page
}

/// What a link does; nothing when what it leads to is beyond the last page.
fn action(target: &Target, flow: &Flow) -> Option<Actions> {
    Some(match target {
        Target::Uri(uri) => Actions::uri(uri.clone()),
        Target::Place(number) => {
            let (page, y) = flow.places.get(number)?;
            // printpdf counts pages from 1.
            let page = page + 1;
            Actions::go_to(Destination::Xyz { page, left: None, top: Some(*y), zoom: None })
        }
    })
}

/// What is no part of the content: heads, feet and rules.
fn artifact(ops: &mut Vec<Op>, content: impl FnOnce(&mut Vec<Op>)) {
    ops.push(Op::BeginMarkedContent { tag: "Artifact".to_owned() });
    content(ops);
    ops.push(Op::EndMarkedContent);
}

fn marked(ops: &mut Vec<Op>, tag: &str, identifier: &mut i64, content: impl FnOnce(&mut Vec<Op>)) {
    let map = BTreeMap::from([("MCID".to_owned(), DictItem::Int(*identifier))]);
    let properties = DictItem::Dict { map };
    ops.push(Op::BeginMarkedContentWithProperties { tag: tag.to_owned(), properties });
    content(ops);
    ops.push(Op::EndMarkedContent);
    *identifier += 1;
}

fn rules(page: &Page, ops: &mut Vec<Op>) {
    for rule in &page.rules {
        let (shade, thickness) = if rule.is_strong { (0.55, 0.6) } else { (0.85, 0.4) };
        let point = |x: f32| LinePoint { p: Point { x: Pt(x), y: Pt(rule.y) }, bezier: false };
        let points = vec![point(rule.x), point(rule.x + rule.width)];
        ops.push(Op::SetOutlineColor { col: rgb(shade, shade, shade) });
        ops.push(Op::SetOutlineThickness { pt: Pt(thickness) });
        ops.push(Op::DrawLine { line: Stroke { points, is_closed: false } });
    }
}

fn rgb(r: f32, g: f32, b: f32) -> Color {
    Color::Rgb(Rgb { r, g, b, icc_profile: None })
}

fn colour(ink: Ink) -> Color {
    match ink {
        Ink::Black => rgb(0.1, 0.1, 0.12),
        Ink::Grey => rgb(0.33, 0.35, 0.39),
        Ink::Blue => rgb(0.0, 0.27, 0.53),
    }
}

/// Glyphs of one face that mean what they say, or that all need to be told what they mean.
struct Stretch {
    face: Face,
    x: f32,
    means_itself: bool,
    glyphs: Vec<(char, Glyph)>,
}

fn show(placed: &Placed, subsets: &BTreeMap<Face, Subset>, ops: &mut Vec<Op>) {
    for piece in &placed.line.pieces {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut x = placed.x + piece.x;
        for (character, glyph) in &piece.glyphs {
            let Glyph { face, advance, .. } = *glyph;
            let means_itself =
                subsets.get(&face).is_some_and(|subset| subset.means(*glyph, *character));
            match stretches.last_mut() {
                Some(last) if (last.face, last.means_itself) == (face, means_itself) => {
                    last.glyphs.push((*character, *glyph));
                }
                _ => {
                    let glyphs = vec![(*character, *glyph)];
                    stretches.push(Stretch { face, x, means_itself, glyphs });
                }
            }
            x += advance * piece.style.size / 1000.0;
        }
        for stretch in stretches {
            if let Some(subset) = subsets.get(&stretch.face) {
                show_stretch(&stretch, subset, placed.y, piece.style.size, piece.style.ink, ops);
            }
        }
    }
}

fn show_stretch(
    stretch: &Stretch,
    subset: &Subset,
    y: f32,
    size: f32,
    ink: Ink,
    ops: &mut Vec<Op>,
) {
    let codepoint = |(_, glyph): &(char, Glyph)| {
        let meaning =
            subset.meanings.get(&glyph.id).copied().unwrap_or(char::REPLACEMENT_CHARACTER);
        let id = subset.remapper.get(glyph.id).unwrap_or(0);
        Codepoint::with_cid(id, 0.0, meaning.to_string())
    };
    if !stretch.means_itself {
        // What is copied and searched is the text, not what stands for it (14.9.4).
        let text: String = stretch.glyphs.iter().map(|(character, _)| *character).collect();
        let mut data = vec![0xFE, 0xFF];
        data.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        let actual = DictItem::String { data, literal: false };
        let map = BTreeMap::from([("ActualText".to_owned(), actual)]);
        let properties = DictItem::Dict { map };
        ops.push(Op::BeginMarkedContentWithProperties { tag: "Span".to_owned(), properties });
    }
    let font = PdfFontHandle::External(FontId(stretch.face.subset_name().to_owned()));
    ops.push(Op::StartTextSection);
    ops.push(Op::SetFont { font, size: Pt(size) });
    ops.push(Op::SetFillColor { col: colour(ink) });
    ops.push(Op::SetTextMatrix { matrix: TextMatrix::Translate(Pt(stretch.x), Pt(y)) });
    let glyphs = stretch.glyphs.iter().map(codepoint).collect();
    ops.push(Op::ShowText { items: vec![TextItem::GlyphIds(glyphs)] });
    ops.push(Op::EndTextSection);
    if !stretch.means_itself {
        ops.push(Op::EndMarkedContent);
    }
}
