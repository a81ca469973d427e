//! Passwords in clear, and which of them are good enough.

pub(crate) mod hashing;
pub(crate) mod queue;

use std::fmt;

use zeroize::Zeroizing;

/// The longest password taken, in characters: beyond what anybody types, and far from costing time.
const LONGEST: usize = 128;

/// A password in clear: wiped when it is dropped, and never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// As typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Which rules it breaks, for somebody whom `about` says something of: a user name, a name.
    pub fn broken_rules(&self, about: &[&str]) -> Vec<Rule> {
        let text = self.as_str();
        if text.chars().count() > LONGEST {
            return vec![Rule::Longest];
        }
        let mut broken: Vec<_> = Rule::WRITTEN
            .into_iter()
            .filter(|rule| !text.chars().any(|letter| rule.is_kept_by(letter)))
            .collect();
        if text.chars().count() < 8 {
            broken.insert(0, Rule::Length);
        }
        let folded = text.to_lowercase();
        let holds = |word: &str| word.chars().count() > 3 && folded.contains(&word.to_lowercase());
        if about.iter().flat_map(|about| about.split_whitespace()).any(holds) {
            broken.push(Rule::NotAboutYou);
        }
        if broken.is_empty() && zxcvbn::zxcvbn(text, about).guesses() < FEWEST_GUESSES {
            broken.push(Rule::NotCommon);
        }
        broken
    }
}

/// Guesses by lists, names, dates and keyboard rows that a password must stand: an attacker who is slowed
/// down to a few hundred a day is kept out for years.
const FEWEST_GUESSES: u64 = 1_000_000;

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password([redacted])")
    }
}

/// What a password must be (S-042 to S-046, and three that the guide does not name).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// At least 8 characters.
    Length,
    /// One of A-Z.
    Upper,
    /// One of a-z.
    Lower,
    /// One of 0-9.
    Digit,
    /// One of `!@#$%^&*`.
    Symbol,
    /// At most 128 characters.
    Longest,
    /// Neither user name nor name of the person.
    NotAboutYou,
    /// Not one that is guessed early.
    NotCommon,
}

impl Rule {
    /// Those that one character keeps.
    const WRITTEN: [Self; 4] = [Self::Upper, Self::Lower, Self::Digit, Self::Symbol];

    fn is_kept_by(self, letter: char) -> bool {
        match self {
            Self::Upper => letter.is_ascii_uppercase(),
            Self::Lower => letter.is_ascii_lowercase(),
            Self::Digit => letter.is_ascii_digit(),
            Self::Symbol => "!@#$%^&*".contains(letter),
            Self::Length | Self::Longest | Self::NotAboutYou | Self::NotCommon => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", &[Rule::Length, Rule::Upper, Rule::Lower, Rule::Digit, Rule::Symbol])]
    #[case("Aa1!Aa1", &[Rule::Length])]
    #[case("tramonto-rosso!7", &[Rule::Upper])]
    #[case("TRAMONTO-ROSSO!7", &[Rule::Lower])]
    #[case("Tramonto-Rosso!", &[Rule::Digit])]
    #[case("Tramonto-Rosso7", &[Rule::Symbol])]
    #[case("Tramonto-Rosso!7", &[])]
    // Letters beyond ASCII are welcome, and count as characters, not as bytes.
    #[case("Èà1!èèè", &[Rule::Length, Rule::Upper, Rule::Lower])]
    #[case("Password1!", &[Rule::NotCommon])]
    #[case("Qwerty12345!", &[Rule::NotCommon])]
    #[case("Maria.test-88!", &[Rule::NotAboutYou])]
    #[case("xRossiq88!Kp", &[Rule::NotAboutYou])]
    fn rules_are_those_of_the_guide(#[case] text: &str, #[case] broken: &[Rule]) {
        assert_eq!(Password::new(text).broken_rules(&["maria.test", "ROSSI Ada"]), broken);
    }

    #[test]
    fn a_long_password_costs_nothing() {
        let long = Password::new("Aa1!".repeat(1 << 20));
        assert_eq!(long.broken_rules(&[]), [Rule::Longest]);
        assert!(Password::new("Tramonto-Rosso!7".repeat(8)).broken_rules(&[]).is_empty());
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", Password::new("Tramonto-Rosso!7")), "Password([redacted])");
    }
}
