//! A text of 79 columns in ASCII.

/// Columns of a line, at most.
const COLUMNS: usize = 79;

/// Grows line by line.
#[derive(Debug, Default)]
pub(super) struct PlainText {
    lines: Vec<String>,
    /// Whether the last line is running text, from which the next paragraph stands off.
    is_in_text: bool,
}

impl PlainText {
    /// A heading over a whole part.
    pub(super) fn title(&mut self, title: &str) {
        self.wrap("", &ascii(title));
        self.lines.push("=".repeat(self.lines.last().map_or(0, String::len)));
        self.lines.push(String::new());
    }

    /// A heading over a section.
    pub(super) fn heading(&mut self, heading: &str) {
        self.lines.push(String::new());
        self.wrap("", &ascii(heading));
        self.lines.push("-".repeat(self.lines.last().map_or(0, String::len)));
        self.is_in_text = false;
    }

    /// Running text.
    pub(super) fn paragraph(&mut self, text: &str) {
        if self.is_in_text {
            self.lines.push(String::new());
        }
        self.wrap("", &ascii(text));
        self.is_in_text = true;
    }

    /// Text after a label; further lines are indented to stand below the text.
    pub(super) fn item(&mut self, label: &str, text: &str) {
        self.wrap(&ascii(label), &ascii(text));
    }

    /// A line across.
    pub(super) fn rule(&mut self) {
        self.lines.extend([String::new(), "*".repeat(COLUMNS), String::new()]);
    }

    /// The whole text with CRLF.
    pub(super) fn finish(self) -> String {
        let mut text = self.lines.join("\r\n");
        text.push_str("\r\n");
        text
    }

    fn wrap(&mut self, label: &str, text: &str) {
        let indent = " ".repeat(label.len().min(16));
        let mut line = label.to_owned();
        let mut is_at_start = true;
        for mut word in text.split_ascii_whitespace() {
            if !is_at_start && line.len() + 1 + word.len() > COLUMNS {
                self.lines.push(std::mem::replace(&mut line, indent.clone()));
                is_at_start = true;
            }
            if !is_at_start {
                line.push(' ');
            }
            // A word that fills more than a line is cut: all bytes are ASCII here.
            while line.len() + word.len() > COLUMNS {
                let Some((head, tail)) = word.split_at_checked(COLUMNS.saturating_sub(line.len()))
                else {
                    break;
                };
                line.push_str(head);
                self.lines.push(std::mem::replace(&mut line, indent.clone()));
                word = tail;
            }
            line.push_str(word);
            is_at_start = false;
        }
        self.lines.push(line.trim_end().to_owned());
    }
}

/// The text in ASCII, as Italians write it on a typewriter: a final accent becomes an apostrophe.
///
/// Elsewhere the accent is dropped; what has no ASCII likeness becomes `?`, so that it is seen that
/// something was there. Line ends and controls become spaces.
fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if character.is_control() => plain.push(' '),
            _ if character.is_ascii() => plain.push(character),
            '\u{2018}' | '\u{2019}' => plain.push('\''),
            '\u{201C}' | '\u{201D}' | '«' | '»' => plain.push('"'),
            '\u{2010}'..='\u{2015}' => plain.push('-'),
            '…' => plain.push_str("..."),
            '\u{A0}' => plain.push(' '),
            '°' => plain.push('.'),
            _ => match without_accent(character) {
                Some((letter, is_vowel)) => {
                    plain.push_str(letter);
                    let ends = characters.peek().is_none_or(|next| !next.is_alphanumeric());
                    if is_vowel && ends {
                        plain.push('\'');
                    }
                }
                None => plain.push('?'),
            },
        }
    }
    plain
}

/// The letter below the accent, and whether it is a vowel of Italian.
fn without_accent(character: char) -> Option<(&'static str, bool)> {
    Some(match character {
        'à' | 'á' => ("a", true),
        'è' | 'é' => ("e", true),
        'ì' | 'í' => ("i", true),
        'ò' | 'ó' => ("o", true),
        'ù' | 'ú' => ("u", true),
        'À' | 'Á' => ("A", true),
        'È' | 'É' => ("E", true),
        'Ì' | 'Í' => ("I", true),
        'Ò' | 'Ó' => ("O", true),
        'Ù' | 'Ú' => ("U", true),
        'â' | 'ã' => ("a", false),
        'ä' | 'æ' => ("ae", false),
        'ê' | 'ë' => ("e", false),
        'î' | 'ï' => ("i", false),
        'ô' | 'õ' => ("o", false),
        'ö' | 'ø' => ("oe", false),
        'û' => ("u", false),
        'ü' => ("ue", false),
        'ç' => ("c", false),
        'ñ' => ("n", false),
        'ß' => ("ss", false),
        'Ä' => ("Ae", false),
        'Ö' => ("Oe", false),
        'Ü' => ("Ue", false),
        'Ç' => ("C", false),
        'Ñ' => ("N", false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::final_accent("è perché città.", "e' perche' citta'.")]
    #[case::inner_accent("séguito", "seguito")]
    #[case::capital("È vero", "E' vero")]
    #[case::german("Bozen für Übung", "Bozen fuer Uebung")]
    #[case::quotes("«l’esame» – ok…", "\"l'esame\" - ok...")]
    #[case::no_likeness("山", "?")]
    #[case::line_end("a\r\nb", "a  b")]
    fn typewriter(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(ascii(text), expected);
    }

    proptest! {
        #[test]
        fn any_text_fits_and_no_ascii_is_lost(label in "[A-Za-z: ]{0,20}", text in "\\PC{0,400}") {
            let mut paper = PlainText::default();
            paper.item(&label, &text);
            let written = paper.finish();
            prop_assert!(written.is_ascii());
            prop_assert!(written.split("\r\n").all(|line| line.len() <= COLUMNS));
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&written), solid(&(ascii(&label) + &ascii(&text))));
        }
    }

    #[test]
    fn further_lines_stand_below_the_text() {
        let mut paper = PlainText::default();
        paper.item("- ", &"parola ".repeat(12));
        let expected = format!("- {}\r\n  parola\r\n", ["parola"; 11].join(" "));
        assert_eq!(paper.finish(), expected);
    }
}
