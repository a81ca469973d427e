//! UID newtypes: strict when a person gives one, tolerant off the wire (PS3.5 §9).

use std::fmt;
use std::str::FromStr;

/// The longest UID that PS3.5 §9.1 allows, in bytes.
pub const MAX_UID_BYTES: usize = 64;

/// A text is not a UID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUid {
    /// Nothing was left after trimming.
    #[error("the UID is empty")]
    Empty,
    /// More than 64 bytes.
    #[error("the UID is {0} bytes long: at most 64 are allowed")]
    TooLong(usize),
    /// A character other than digits and dots, an empty component, or a leading zero.
    #[error("a UID consists of numbers without leading zeros, separated by dots")]
    Malformed,
}

fn check_strict(text: &str) -> Result<(), InvalidUid> {
    if text.is_empty() {
        return Err(InvalidUid::Empty);
    }
    if text.len() > MAX_UID_BYTES {
        return Err(InvalidUid::TooLong(text.len()));
    }
    let legal = |component: &str| {
        !component.is_empty()
            && component.bytes().all(|byte| byte.is_ascii_digit())
            && (component == "0" || !component.starts_with('0'))
    };
    if text.split('.').all(legal) { Ok(()) } else { Err(InvalidUid::Malformed) }
}

/// Trims the padding of the wire (NUL and space) and keeps what identifies, odd or not.
fn tolerate(bytes: &[u8]) -> Result<String, InvalidUid> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(['\0', ' ']);
    if text.is_empty() {
        return Err(InvalidUid::Empty);
    }
    if text.len() > MAX_UID_BYTES {
        return Err(InvalidUid::TooLong(text.len()));
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        Ok(text.into())
    } else {
        Err(InvalidUid::Malformed)
    }
}

macro_rules! uid_newtypes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The UID as text, without padding.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Reads the value field of a UI element: padding trimmed, an odd UID kept as it is.
            ///
            /// Files in the field carry components with leading zeros or letters; refusing them
            /// would lose images. A UID is only ever compared, never used as a path.
            ///
            /// # Errors
            /// [`InvalidUid`] when nothing is left, when it is longer than 64 bytes, or when it
            /// holds a space, a backslash, a control or a non-ASCII character.
            pub fn from_wire(bytes: &[u8]) -> Result<Self, InvalidUid> {
                tolerate(bytes).map(|text| Self(text.into()))
            }

            /// Whether PS3.5 §9.1 would accept it.
            pub fn is_conformant(&self) -> bool {
                check_strict(&self.0).is_ok()
            }
        }

        impl FromStr for $name {
            type Err = InvalidUid;

            fn from_str(text: &str) -> Result<Self, InvalidUid> {
                check_strict(text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

uid_newtypes! {
    /// Study Instance UID (0020,000D).
    StudyInstanceUid
    /// Series Instance UID (0020,000E).
    SeriesInstanceUid
    /// SOP Instance UID (0008,0018).
    SopInstanceUid
    /// SOP Class UID (0008,0016).
    SopClassUid
    /// Transfer Syntax UID (0002,0010).
    TransferSyntaxUid
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("1.2.840.10008.1.2", Ok(()))]
    #[case::zero_component("1.0.2", Ok(()))]
    #[case::empty("", Err(InvalidUid::Empty))]
    #[case::leading_zero("1.02", Err(InvalidUid::Malformed))]
    #[case::trailing_dot("1.2.", Err(InvalidUid::Malformed))]
    #[case::letters("1.a", Err(InvalidUid::Malformed))]
    #[case::path("1/../2", Err(InvalidUid::Malformed))]
    fn strict(#[case] text: &str, #[case] expected: Result<(), InvalidUid>) {
        assert_eq!(text.parse::<StudyInstanceUid>().map(|_| ()), expected);
    }

    #[rstest]
    #[case::nul_padded(b"1.2.3\0", Some("1.2.3"))]
    #[case::space_padded(b"1.2.3 ", Some("1.2.3"))]
    #[case::odd_but_kept(b"1.02.x", Some("1.02.x"))]
    #[case::empty(b"\0", None)]
    #[case::inner_space(b"1 2", None)]
    #[case::two_values(b"1.2\\1.3", None)]
    fn off_the_wire(#[case] bytes: &[u8], #[case] expected: Option<&str>) {
        assert_eq!(
            SopInstanceUid::from_wire(bytes).ok().as_ref().map(SopInstanceUid::as_str),
            expected
        );
    }

    #[test]
    fn too_long() {
        let text = "1.".repeat(33);
        assert_eq!(SopClassUid::from_wire(text.as_bytes()), Err(InvalidUid::TooLong(66)));
    }
}
