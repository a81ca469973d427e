//! Raised and lowered characters of a narrative (CDA R2 §4.3.5.3) as text: `10⁹/L`, not `109/L`.

/// Characters with a raised form, each above its form in [`RAISED`].
const RAISED_FROM: &str = "0123456789+-−–=()aonm";
const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ªºⁿᵐ";
const LOWERED_FROM: &str = "0123456789+-−–=()";
const LOWERED: &str = "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎";

/// Where characters stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    Raised,
    Lowered,
}

impl Shift {
    /// That of an element, by its name.
    pub(super) fn of(element: &str) -> Option<Self> {
        match element {
            "sup" => Some(Self::Raised),
            "sub" => Some(Self::Lowered),
            _ => None,
        }
    }

    /// Adds a text so shifted; white space around it is not shifted.
    pub(super) fn append(self, whole: &mut String, text: &str) {
        if text.starts_with(char::is_whitespace) {
            whole.push(' ');
        }
        let shown = self.shown(text.trim(), whole.chars().next_back());
        whole.push_str(&shown);
        if text.ends_with(char::is_whitespace) {
            whole.push(' ');
        }
    }

    /// A text so shifted, behind the character `before`: in characters that stand so by themselves; else in
    /// brackets where it would be read as another number; else as it is.
    fn shown(self, text: &str, before: Option<char>) -> String {
        let (from, to) = match self {
            Self::Raised => (RAISED_FROM, RAISED),
            Self::Lowered => (LOWERED_FROM, LOWERED),
        };
        let form = |wanted: char| {
            let mut forms = from.chars().zip(to.chars());
            forms.find(|(plain, _)| *plain == wanted).map(|(_, shifted)| shifted)
        };
        let is_word = text.chars().all(char::is_alphabetic);
        let is_letter = is_word && text.chars().nth(1).is_none();
        // A word stays a word, even if all of its letters have such forms.
        let shifted: Option<String> = text.chars().map(form).collect();
        if let Some(shifted) = shifted.filter(|_| is_letter || !is_word) {
            return shifted;
        }
        let has_digit = text.contains(|one: char| one.is_ascii_digit());
        let is_behind_digit = before.is_some_and(|one| one.is_ascii_digit());
        match self {
            // The number of a note has its brackets.
            _ if text.starts_with('[') => text.to_owned(),
            Self::Raised if has_digit || is_letter && is_behind_digit => format!("^({text})"),
            Self::Lowered if is_behind_digit && (has_digit || is_letter) => format!("_({text})"),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::power("9", Some('0'), "⁹")]
    #[case::negative("-3", Some('0'), "⁻³")]
    #[case::ion("2+", Some('a'), "²⁺")]
    #[case::isotope("99m", None, "⁹⁹ᵐ")]
    #[case::ordinal("a", Some('1'), "ª")]
    #[case::exponent("n", Some('0'), "ⁿ")]
    #[case::fraction("2,5", Some('0'), "^(2,5)")]
    #[case::sources("1,2", Some('o'), "^(1,2)")]
    #[case::number_of_a_note("[1]", Some('o'), "[1]")]
    #[case::unknown("x", Some('0'), "^(x)")]
    #[case::title("ssa", Some('.'), "ssa")]
    #[case::word("mano", Some(' '), "mano")]
    #[case::english_ordinal("st", Some('1'), "st")]
    #[case::nothing("", Some('1'), "")]
    fn raised(#[case] text: &str, #[case] before: Option<char>, #[case] expected: &str) {
        assert_eq!(Shift::Raised.shown(text, before), expected);
    }

    #[rstest]
    #[case::formula("2", Some('H'), "₂")]
    #[case::base("10", Some('g'), "₁₀")]
    #[case::name("1c", Some('A'), "1c")]
    #[case::after_a_number("1c", Some('5'), "_(1c)")]
    #[case::word("max", Some('2'), "max")]
    fn lowered(#[case] text: &str, #[case] before: Option<char>, #[case] expected: &str) {
        assert_eq!(Shift::Lowered.shown(text, before), expected);
    }

    #[test]
    fn each_character_has_its_form() {
        assert_eq!(RAISED_FROM.chars().count(), RAISED.chars().count());
        assert_eq!(LOWERED_FROM.chars().count(), LOWERED.chars().count());
    }
}
