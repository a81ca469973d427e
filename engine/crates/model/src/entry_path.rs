//! The path of a ZIP entry: relative, portable, ours (APPNOTE 4.4.17).

use std::fmt;
use std::str::FromStr;

/// A text is not the path of an entry that every system can unpack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a portable entry path: {0:?}")]
pub struct InvalidEntryPath(String);

/// A relative path of ASCII components joined by `/`, safe to unpack on any system.
///
/// No `..`, no drive letter, no `\`, none of `<>:"|?*`, no reserved Windows name, no component that
/// ends in a dot or a space, at most 150 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Box<str>);

impl EntryPath {
    /// The longest path in bytes; Windows counts the folder it is unpacked to as well (260).
    pub const MAX_BYTES: usize = 150;

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_reserved_on_windows(component: &str) -> bool {
    let base = component.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        base.strip_prefix(prefix).is_some_and(|digit| {
            digit.len() == 1 && digit.bytes().all(|byte| (b'1'..=b'9').contains(&byte))
        })
    };
    matches!(base.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

fn is_portable(component: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !b"\\<>:\"|?*".contains(&byte);
    !component.is_empty()
        && component.bytes().all(legal)
        && !component.ends_with('.')
        && !is_reserved_on_windows(component)
}

impl FromStr for EntryPath {
    type Err = InvalidEntryPath;

    fn from_str(path: &str) -> Result<Self, InvalidEntryPath> {
        if path.len() <= Self::MAX_BYTES && path.split('/').all(is_portable) {
            Ok(Self(path.into()))
        } else {
            Err(InvalidEntryPath(path.into()))
        }
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("index.htm", true)]
    #[case::hidden(".mediainfo", true)]
    #[case::nested("IHE_PDI/S0000001/IM000001.JPG", true)]
    #[case::absolute("/etc/passwd", false)]
    #[case::parent("a/../b", false)]
    #[case::drive("C:/a", false)]
    #[case::backslash("a\\b", false)]
    #[case::space("a b", false)]
    #[case::trailing_dot("a.", false)]
    #[case::reserved("cdviewer/con.txt", false)]
    #[case::reserved_port("COM1", false)]
    #[case::not_reserved("COM0", true)]
    #[case::accents("caffè", false)]
    #[case::empty("", false)]
    fn portable(#[case] path: &str, #[case] expected: bool) {
        assert_eq!(path.parse::<EntryPath>().is_ok(), expected);
    }
}
