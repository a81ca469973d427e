//! The typefaces: which glyph shows a character, and how wide it is.
//!
//! Noto Sans covers Latin, Greek and Cyrillic; `DejaVu` Sans adds symbols and smaller scripts. Scripts
//! that are written from right to left need shaping that is not done here, so their characters are
//! replaced, as those that neither face has.

use std::sync::OnceLock;

use printpdf::ParsedFont;

/// A typeface; the order is that of the fonts in the PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Face {
    Regular,
    Bold,
    Symbols,
}

/// What stands for a character that cannot be shown.
pub(super) const REPLACEMENT: char = '\u{25A1}';

/// A character as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    pub(super) face: Face,
    pub(super) id: u16,
    /// Width in thousandths of the size, as the PDF states it.
    pub(super) advance: f32,
    /// Whether it stands for a character that cannot be shown.
    pub(super) is_replacement: bool,
}

impl Face {
    pub(super) fn data(self) -> &'static [u8] {
        match self {
            Self::Regular => notosans::REGULAR_TTF,
            Self::Bold => notosans::BOLD_TTF,
            Self::Symbols => dejavu::sans::regular(),
        }
    }

    /// The name in the PDF; six letters say that it is a part of the typeface (ISO 32000-1 9.6.4).
    pub(super) fn subset_name(self) -> &'static str {
        match self {
            Self::Regular => "ESITOA+NotoSans-Regular",
            Self::Bold => "ESITOB+NotoSans-Bold",
            Self::Symbols => "ESITOC+DejaVuSans",
        }
    }

    /// The parsed typeface; `None` would be a fault of the crate that brings it.
    pub(super) fn parsed(self) -> Option<&'static ParsedFont> {
        static PARSED: [OnceLock<Option<ParsedFont>>; 3] =
            [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        let [regular, bold, symbols] = &PARSED;
        let cell = match self {
            Self::Regular => regular,
            Self::Bold => bold,
            Self::Symbols => symbols,
        };
        cell.get_or_init(|| ParsedFont::from_bytes(self.data(), 0, &mut Vec::new())).as_ref()
    }

    fn glyph(self, character: char) -> Option<Glyph> {
        let font = self.parsed()?;
        let id = font.lookup_glyph_index(character.into()).filter(|id| *id != 0)?;
        let width = f32::from(font.get_glyph_width(id)?);
        // The PDF states whole thousandths, rounded down.
        let advance = (width * 1000.0 / f32::from(font.units_per_em)).trunc();
        Some(Glyph { face: self, id, advance, is_replacement: false })
    }
}

/// The glyph of a character; `None` for one that is invisible by itself.
pub(super) fn glyph(character: char, bold: bool) -> Option<Glyph> {
    if is_invisible(character) {
        return None;
    }
    let first = if bold { Face::Bold } else { Face::Regular };
    let found = if is_right_to_left(character) {
        None
    } else {
        first.glyph(character).or_else(|| Face::Symbols.glyph(character))
    };
    found.or_else(|| Some(Glyph { is_replacement: true, ..Face::Symbols.glyph(REPLACEMENT)? }))
}

/// Joiners, soft hyphens and variation selectors: nothing is lost without them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
    )
}

fn is_right_to_left(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}'
            | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_greek_and_cyrillic_are_whole_in_both_weights() {
        // ISO 8859-1, -2, -5 and -7, the character sets of Europe in PS3.3 C.12.1.1.2.
        let latin = ('\u{A1}'..='\u{FF}').chain('\u{100}'..='\u{17F}').filter(|c| *c != '\u{AD}');
        let greek =
            ('\u{386}'..='\u{3CE}').filter(|c| !"\u{387}\u{38B}\u{38D}\u{3A2}".contains(*c));
        let cyrillic = '\u{400}'..='\u{45F}';
        let others = "€‘’“”–—…•™≤≥≠±µ°×÷½⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ªºⁿᵐ₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎".chars();
        for character in latin.chain(greek).chain(cyrillic).chain(others) {
            for bold in [false, true] {
                let glyph = glyph(character, bold).unwrap();
                assert!(!glyph.is_replacement, "{character:?} bold: {bold}");
            }
        }
    }

    #[test]
    fn symbols_come_from_the_second_face() {
        let glyph = glyph('✓', true).unwrap();
        assert_eq!((glyph.face, glyph.is_replacement), (Face::Symbols, false));
    }

    #[test]
    fn what_cannot_be_shown_is_replaced() {
        for character in "山가あשب\u{10FFFD}".chars() {
            assert!(glyph(character, false).unwrap().is_replacement, "{character:?}");
        }
        assert_eq!(glyph('\u{200B}', false), None);
    }
}
