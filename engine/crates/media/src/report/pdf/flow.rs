//! Pages being filled: where each line, rule and picture stands.
//!
//! Points from the lower left corner, as in PDF.

use std::collections::BTreeMap;
use std::ops::Range;

use super::text::Line;

/// A4 (ISO 216).
pub(super) const PAGE_WIDTH: f32 = 595.28;
/// A4 (ISO 216).
pub(super) const PAGE_HEIGHT: f32 = 841.89;
/// 20 mm at either side.
pub(super) const MARGIN: f32 = 56.7;
pub(super) const COLUMN: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// Where the text begins below the header.
pub(super) const TOP: f32 = PAGE_HEIGHT - 92.0;
/// Where it ends above the footer.
pub(super) const BOTTOM: f32 = 66.0;
/// Height of the text of a page.
pub(super) const ROOM: f32 = TOP - BOTTOM;
/// A report of more pages says so on each of them. Its page holds the whole.
pub(super) const MAX_PAGES: usize = 500;
/// As many glyphs of text end it too: each is some hundred bytes while the PDF is written.
const MAX_GLYPHS: usize = 1_000_000;

/// A line where it stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) x: f32,
    /// Of the baseline.
    pub(super) y: f32,
    pub(super) line: Line,
    /// The element of the structure that it belongs to; none for header and footer.
    pub(super) element: Option<usize>,
}

/// A line across.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    /// Dark for the header, light between rows.
    pub(super) is_strong: bool,
}

/// A picture where it stands.
#[derive(Debug)]
pub(super) struct PlacedPicture {
    /// Its number among the pictures of the document.
    pub(super) picture: usize,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) element: usize,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Another file of the package.
    Uri(String),
    /// A block of this document, by its number.
    Place(String),
}

/// A place that leads elsewhere.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) target: Target,
}

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) lines: Vec<Placed>,
    pub(super) rules: Vec<Rule>,
    pub(super) pictures: Vec<PlacedPicture>,
    pub(super) links: Vec<Link>,
}

/// Lines of a page that belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) element: Option<usize>,
    pub(super) lines: Range<usize>,
}

impl Page {
    /// Its lines, those of one element that follow each other together.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for (index, placed) in self.lines.iter().enumerate() {
            match marks.last_mut() {
                Some(mark) if mark.element == placed.element => mark.lines.end = index + 1,
                _ => marks.push(Mark { element: placed.element, lines: index..index + 1 }),
            }
        }
        marks
    }

    /// The elements of its marked content, by their identifiers (MCID): lines, then pictures.
    pub(super) fn marked_elements(&self) -> Vec<usize> {
        let of_lines = self.marks().into_iter().filter_map(|mark| mark.element);
        of_lines.chain(self.pictures.iter().map(|picture| picture.element)).collect()
    }
}

/// What an element of the structure is (ISO 32000-1 14.8.4).
#[derive(Debug)]
pub(super) enum Element {
    Title,
    Heading(u8),
    Paragraph,
    /// With a text that stands for the picture.
    Figure(String),
}

/// An entry of the outline.
#[derive(Debug)]
pub(super) struct Bookmark {
    pub(super) level: u8,
    pub(super) title: String,
    /// From 0.
    pub(super) page: usize,
    pub(super) y: f32,
}

/// The pages so far.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) pages: Vec<Page>,
    pub(super) elements: Vec<Element>,
    pub(super) bookmarks: Vec<Bookmark>,
    /// The blocks that others point to: page, from 0, and height on it.
    pub(super) places: BTreeMap<String, (usize, f32)>,
    /// The block whose first line comes next.
    place: Option<String>,
    glyphs: usize,
    /// Where the next line goes.
    y: f32,
    /// Whether there was more than fits.
    pub(super) is_full: bool,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            pages: vec![Page::default()],
            elements: Vec::new(),
            bookmarks: Vec::new(),
            places: BTreeMap::new(),
            place: None,
            glyphs: 0,
            y: TOP,
            is_full: false,
        }
    }

    pub(super) fn element(&mut self, element: Element) -> usize {
        self.elements.push(element);
        self.elements.len() - 1
    }

    pub(super) fn y(&self) -> f32 {
        self.y
    }

    fn is_at_top(&self) -> bool {
        self.y >= TOP
    }

    /// Whether a height fits below what is there.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.y - height >= BOTTOM
    }

    /// Begins another page, unless the height fits or this page is empty.
    pub(super) fn make_room(&mut self, height: f32) {
        if !self.fits(height) && !self.is_at_top() {
            self.break_page();
        }
    }

    pub(super) fn break_page(&mut self) {
        if self.pages.len() >= MAX_PAGES || self.glyphs > MAX_GLYPHS {
            self.is_full = true;
        } else {
            self.pages.push(Page::default());
        }
        self.y = TOP;
    }

    /// Leaves space, but not at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if !self.is_at_top() {
            self.y -= height;
        }
    }

    /// Moves down by the height of what was placed.
    pub(super) fn advance(&mut self, height: f32) {
        self.y -= height;
    }

    /// The page that is being filled; none when there is no room for more.
    pub(super) fn page(&mut self) -> Option<&mut Page> {
        if self.is_full { None } else { self.pages.last_mut() }
    }

    /// Where the page is in the document, from 0.
    pub(super) fn page_index(&self) -> usize {
        self.pages.len() - 1
    }

    /// What comes next is what a number means.
    pub(super) fn begin_place(&mut self, number: Option<&str>) {
        self.place = number.map(str::to_owned);
    }

    /// Places a line with its baseline `below` points under the cursor.
    pub(super) fn place(&mut self, line: Line, x: f32, below: f32, element: Option<usize>) {
        let y = self.y - below;
        if let Some(number) = self.place.take().filter(|_| !self.is_full) {
            self.places.insert(number, (self.page_index(), self.y));
        }
        self.glyphs += line.pieces.iter().map(|piece| piece.glyphs.len()).sum::<usize>();
        if let Some(page) = self.page() {
            page.lines.push(Placed { x, y, line, element });
        }
    }

    /// Draws a light rule at the cursor.
    pub(super) fn rule(&mut self, x: f32, width: f32, is_strong: bool) {
        let y = self.y;
        if let Some(page) = self.page() {
            page.rules.push(Rule { x, y, width, is_strong });
        }
    }

    /// Sets lines one below the other; neither the first nor the last of several stands alone on a
    /// page.
    pub(super) fn paragraph(&mut self, lines: Vec<Line>, x: f32, leading: f32, element: usize) {
        let mut left = lines.len();
        let mut lines = lines.into_iter();
        while left > 0 && !self.is_full {
            let fitting = lines_in(self.y - BOTTOM, leading).min(left);
            let fitting = match left - fitting {
                0 => left,
                _ if fitting < 2 => 0,
                1 if fitting > 2 => fitting - 1,
                1 if !self.is_at_top() => 0,
                _ => fitting,
            };
            for line in lines.by_ref().take(fitting) {
                self.place(line, x, leading * 0.75, Some(element));
                self.advance(leading);
            }
            left -= fitting;
            if left > 0 {
                self.break_page();
            }
        }
    }
}

/// How many lines a height holds.
fn lines_in(height: f32, leading: f32) -> usize {
    let mut lines = 0;
    let mut used = leading;
    while used <= height + 0.01 {
        used += leading;
        lines += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        vec![Line::default(); count]
    }

    fn per_page(before: usize, count: usize) -> Vec<usize> {
        let mut flow = Flow::new();
        let element = flow.element(Element::Paragraph);
        flow.paragraph(lines(before), 0.0, ROOM / 10.0, element);
        flow.paragraph(lines(count), 0.0, ROOM / 10.0, element);
        flow.pages.iter().map(|page| page.lines.len()).collect()
    }

    #[test]
    fn neither_the_first_nor_the_last_line_stands_alone() {
        assert_eq!(per_page(9, 3), [9, 3]);
        assert_eq!(per_page(7, 4), [9, 2]);
        assert_eq!(per_page(5, 5), [10]);
        assert_eq!(per_page(8, 3), [8, 3]);
        assert_eq!(per_page(0, 21), [10, 9, 2]);
    }

    #[test]
    fn beyond_the_last_page_it_is_full() {
        let mut flow = Flow::new();
        let element = flow.element(Element::Paragraph);
        flow.paragraph(lines(MAX_PAGES * 10 + 1), 0.0, ROOM / 10.0, element);
        assert!(flow.is_full);
        assert_eq!(flow.pages.len(), MAX_PAGES);
    }
}
