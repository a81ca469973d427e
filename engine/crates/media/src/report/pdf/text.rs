//! Text broken into lines of a given width.

use super::face::{Glyph, glyph};

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) bold: bool,
    /// In points.
    pub(super) size: f32,
    pub(super) ink: Ink,
}

/// The few colours of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Black,
    /// Dark enough for AA on white.
    Grey,
    /// Headings, and rules in a lighter shade.
    Blue,
}

/// A text in one style.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
}

/// Glyphs in one style, side by side.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// From the left edge of the line, in points.
    pub(super) x: f32,
    pub(super) style: Style,
    pub(super) glyphs: Vec<(char, Glyph)>,
}

/// A line, set from the left.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    pub(super) width: f32,
}

impl Line {
    fn push(&mut self, character: char, glyph: Glyph, style: Style) {
        let width = glyph.advance * style.size / 1000.0;
        match self.pieces.last_mut() {
            Some(piece) if piece.style == style => piece.glyphs.push((character, glyph)),
            _ => self.pieces.push(Piece { x: self.width, style, glyphs: vec![(character, glyph)] }),
        }
        self.width += width;
    }

    fn append(&mut self, word: &Word) {
        for (character, glyph, style) in &word.glyphs {
            self.push(*character, *glyph, *style);
        }
    }
}

/// Glyphs that stay together, and the space before them.
#[derive(Debug, Default)]
struct Word {
    glyphs: Vec<(char, Glyph, Style)>,
    width: f32,
}

impl Word {
    fn push(&mut self, character: char, style: Style) {
        if let Some(glyph) = glyph(character, style.bold) {
            self.width += glyph.advance * style.size / 1000.0;
            self.glyphs.push((character, glyph, style));
        }
    }

    fn is_empty(&self) -> bool {
        self.glyphs.is_empty()
    }

    /// Whether it ends with a hyphen inside a word: after a letter or a digit; elsewhere it is a minus sign.
    fn ends_with_hyphen(&self) -> bool {
        match self.glyphs.as_slice() {
            [.., (before, ..), (last, ..)] => *last == '-' && before.is_alphanumeric(),
            _ => false,
        }
    }
}

/// Breaks spans into lines no wider than `width` points. A line end in a text ends a line; a word
/// that is too long for a line is broken anywhere.
pub(super) fn break_lines(spans: &[Span<'_>], width: f32) -> Vec<Line> {
    let mut breaker = Breaker { lines: Vec::new(), line: Line::default(), width };
    let (mut space, mut word) = (Word::default(), Word::default());
    for span in spans {
        for character in span.text.chars() {
            match character {
                '\n' => {
                    breaker.take(&mut space, &mut word);
                    breaker.end_line();
                }
                ' ' => {
                    if !word.is_empty() {
                        breaker.take(&mut space, &mut word);
                    }
                    space.push(' ', span.style);
                }
                _ => {
                    // A hyphen before a number stays with it: `10-12`.
                    if character.is_alphabetic() && word.ends_with_hyphen() {
                        breaker.take(&mut space, &mut word);
                    }
                    word.push(character, span.style);
                    // Scripts without spaces may be broken after each character.
                    if is_breakable_after(character) {
                        breaker.take(&mut space, &mut word);
                    }
                }
            }
        }
    }
    breaker.take(&mut space, &mut word);
    if !breaker.line.pieces.is_empty() || breaker.lines.is_empty() {
        breaker.end_line();
    }
    breaker.lines
}

/// Ideographs, kana and Hangul; slashes inside long words.
fn is_breakable_after(character: char) -> bool {
    matches!(character, '/' | '\u{2E80}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

struct Breaker {
    lines: Vec<Line>,
    line: Line,
    width: f32,
}

impl Breaker {
    fn end_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
    }

    fn take(&mut self, space: &mut Word, word: &mut Word) {
        let (space, word) = (std::mem::take(space), std::mem::take(word));
        if word.is_empty() {
            return;
        }
        let at_start = self.line.pieces.is_empty();
        if !at_start && self.line.width + space.width + word.width > self.width {
            self.end_line();
        } else if space.width < self.width / 2.0 {
            // A space at the start of a line is an indent that somebody typed.
            self.line.append(&space);
        }
        if self.line.width + word.width <= self.width {
            self.line.append(&word);
            return;
        }
        for (character, glyph, style) in &word.glyphs {
            let advance = glyph.advance * style.size / 1000.0;
            if self.line.width + advance > self.width && !self.line.pieces.is_empty() {
                self.end_line();
            }
            self.line.push(*character, *glyph, *style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const STYLE: Style = Style { bold: false, size: 10.0, ink: Ink::Black };

    fn lines(text: &str, width: f32) -> Vec<String> {
        let of_line = |line: &Line| {
            line.pieces.iter().flat_map(|piece| piece.glyphs.iter().map(|(c, _)| *c)).collect()
        };
        break_lines(&[Span { text, style: STYLE }], width).iter().map(of_line).collect()
    }

    #[test]
    fn words_wrap_and_lines_are_kept() {
        assert_eq!(lines("uno due tre\n\nquattro", 45.0), ["uno due", "tre", "", "quattro"]);
    }

    #[rstest]
    #[case::minus("valore -40 HU")]
    #[case::in_brackets("peso (-2.5)")]
    #[case::range("fogli 10-12")]
    fn no_number_is_parted_from_its_sign(#[case] text: &str) {
        for width in 34_u8..80 {
            let lines = lines(text, width.into());
            assert!(lines.iter().all(|line| !line.ends_with('-')), "{width}: {lines:?}");
        }
    }

    #[test]
    fn words_are_broken_after_their_hyphens() {
        assert_eq!(lines("medio-basale", 40.0), ["medio-", "basale"]);
        assert_eq!(lines("L5-S1", 22.0), ["L5-", "S1"]);
    }

    #[test]
    fn a_long_word_is_broken_and_nothing_of_it_is_lost() {
        let word = "abcdefghij".repeat(30);
        let broken = lines(&word, 100.0);
        assert!(broken.len() > 10);
        assert_eq!(broken.concat(), word);
    }

    #[test]
    fn no_line_is_wider_than_allowed() {
        let text = "Parenchima polmonare — 12,5 mm × 8 mm; Ελληνικά и русский 山田太郎".repeat(20);
        for line in break_lines(&[Span { text: &text, style: STYLE }], 120.0) {
            assert!(line.width <= 120.01, "{}", line.width);
        }
    }

    #[test]
    fn an_empty_text_is_one_empty_line() {
        assert_eq!(lines("", 100.0), [""]);
    }
}
