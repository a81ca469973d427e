//! Application Entity titles: how DICOM nodes call themselves (PS3.8 §9.3.2, PS3.5 AE).

use std::fmt;
use std::str::FromStr;

/// A text is not an AE title.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAeTitle {
    /// Nothing but spaces.
    #[error("an AE title is not empty")]
    Empty,
    /// More than 16 characters.
    #[error("an AE title has at most 16 characters, this one has {0}")]
    TooLong(usize),
    /// A control character, a backslash, or not ASCII.
    #[error("an AE title consists of printable ASCII characters without backslash")]
    Malformed,
}

/// An AE title: 1 to 16 characters, leading and trailing spaces trimmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AeTitle(Box<str>);

impl AeTitle {
    /// The title, without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AeTitle {
    type Err = InvalidAeTitle;

    fn from_str(text: &str) -> Result<Self, InvalidAeTitle> {
        let text = text.trim_matches([' ', '\0']);
        match text.len() {
            0 => Err(InvalidAeTitle::Empty),
            17.. => Err(InvalidAeTitle::TooLong(text.len())),
            _ if text.bytes().any(|byte| !(b' '..=b'~').contains(&byte) || byte == b'\\') => {
                Err(InvalidAeTitle::Malformed)
            }
            _ => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("ESITO", Ok("ESITO"))]
    #[case::inner_space("MY PACS", Ok("MY PACS"))]
    #[case::padded(" PACS1 \0", Ok("PACS1"))]
    #[case::longest("ABCDEFGHIJKLMNOP", Ok("ABCDEFGHIJKLMNOP"))]
    #[case::too_long("ABCDEFGHIJKLMNOPQ", Err(InvalidAeTitle::TooLong(17)))]
    #[case::empty("   ", Err(InvalidAeTitle::Empty))]
    #[case::control("A\nB", Err(InvalidAeTitle::Malformed))]
    #[case::backslash("A\\B", Err(InvalidAeTitle::Malformed))]
    fn titles(#[case] text: &str, #[case] expected: Result<&str, InvalidAeTitle>) {
        let title = text.parse::<AeTitle>();
        assert_eq!(title.as_ref().map(AeTitle::as_str).map_err(Clone::clone), expected);
    }
}
