//! Text of a DICOM file, made fit for a page.

use std::fmt;

/// A text without anything that would break the page or mislead the eye.
///
/// Control characters are not allowed in XML; direction overrides would let a name rewrite the line
/// it stands in. Line ends become spaces, the rest a replacement character, so that it is seen that
/// something was there. Escaping is left to the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl Shown {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().chars().filter_map(shown).collect())
    }

    /// A text whose lines are kept: the style sheet shows them as they stand.
    pub(crate) fn lines(text: &str) -> Self {
        let lines = text.trim().replace("\r\n", "\n").replace('\r', "\n");
        let shown: Vec<String> = lines.split('\n').map(|line| Self::new(line).0).collect();
        Self(shown.join("\n"))
    }

    /// The text itself, before any escaping.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, unless nothing of it is left.
    pub(crate) fn some(text: Option<&str>) -> Option<Self> {
        text.map(Self::new).filter(|shown| !shown.0.trim().is_empty())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn shown(character: char) -> Option<char> {
    match character {
        '\n' | '\r' | '\t' | '\u{c}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Embeddings, overrides, isolates and marks of direction.
        '\u{200E}'
        | '\u{200F}'
        | '\u{061C}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => None,
        // Noncharacters, which neither HTML nor XML allows.
        '\u{FDD0}'..='\u{FDEF}' => Some(char::REPLACEMENT_CHARACTER),
        _ if u32::from(character) & 0xFFFE == 0xFFFE => Some(char::REPLACEMENT_CHARACTER),
        _ if character.is_control() => Some(char::REPLACEMENT_CHARACTER),
        _ => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(" Torace è ok ", "Torace è ok")]
    #[case::lines("a\r\nb\tc", "a  b c")]
    #[case::controls("a\0b\u{1b}c\u{85}d", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d")]
    #[case::override_of_direction("a\u{202E}fdp.exe", "afdp.exe")]
    #[case::noncharacters("\u{FDD0}\u{1FFFE}", "\u{FFFD}\u{FFFD}")]
    #[case::beyond_the_bmp("🫀", "🫀")]
    fn made_fit(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Shown::new(text).to_string(), expected);
    }

    #[test]
    fn lines_are_kept_and_their_ends_are_one_kind() {
        assert_eq!(Shown::lines(" a\r\nb\rc\n\n\0 ").to_string(), "a\nb\nc\n\n\u{FFFD}");
    }

    #[rstest]
    #[case::absent(None)]
    #[case::blank(Some(" \n "))]
    #[case::marks_only(Some("\u{202E}"))]
    fn nothing_to_show(#[case] text: Option<&str>) {
        assert_eq!(Shown::some(text), None);
    }
}
