//! File ID: where a file lies in a File-set (PS3.10 §8.2, §8.5).

use std::fmt;
use std::str::FromStr;

/// A text is not a File ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFileId {
    /// None, or more than eight components.
    #[error("a File ID has 1 to 8 components, not {0}")]
    Components(usize),
    /// A component is empty, longer than eight, or holds other characters than `A-Z 0-9 _`.
    #[error("a component of a File ID has 1 to 8 characters of A-Z, 0-9 and _")]
    Component,
}

/// One to eight components of one to eight characters of `A-Z 0-9 _`.
///
/// Standard: DICOM PS3.10 §8.2 (File ID), §8.5 (character set).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(Box<str>);

impl FileId {
    /// The components joined by `/`, as they stand in the path of a ZIP entry.
    pub fn as_path(&self) -> &str {
        &self.0
    }

    /// The components joined by `\`: the value of Referenced File ID (0004,1500).
    pub fn to_value(&self) -> String {
        self.0.replace('/', "\\")
    }
}

impl FromStr for FileId {
    type Err = InvalidFileId;

    fn from_str(path: &str) -> Result<Self, InvalidFileId> {
        let components = path.split('/').count();
        if components > 8 || path.is_empty() {
            return Err(InvalidFileId::Components(if path.is_empty() { 0 } else { components }));
        }
        let legal = |component: &str| {
            (1..=8).contains(&component.len())
                && component
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        if path.split('/').all(legal) {
            Ok(Self(path.into()))
        } else {
            Err(InvalidFileId::Component)
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::ours("STUDIES/ST000001/SE000001/IM000001", Ok(()))]
    #[case::eight("A/B/C/D/E/F/G/H", Ok(()))]
    #[case::nine("A/B/C/D/E/F/G/H/I", Err(InvalidFileId::Components(9)))]
    #[case::none("", Err(InvalidFileId::Components(0)))]
    #[case::lower_case("IMAGES/im1", Err(InvalidFileId::Component))]
    #[case::extension("IM1.DCM", Err(InvalidFileId::Component))]
    #[case::nine_characters("IM0000001", Err(InvalidFileId::Component))]
    #[case::parent("../IM1", Err(InvalidFileId::Component))]
    #[case::empty_component("A//B", Err(InvalidFileId::Component))]
    fn rules(#[case] path: &str, #[case] expected: Result<(), InvalidFileId>) {
        assert_eq!(path.parse::<FileId>().map(|_| ()), expected);
    }

    #[test]
    fn value_has_backslashes() {
        assert_eq!("A/B_1".parse::<FileId>().unwrap().to_value(), "A\\B_1");
    }
}
