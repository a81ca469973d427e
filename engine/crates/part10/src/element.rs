//! One element header, and how to find the end of its value (PS3.5 §7.1, §7.5).

use dicom_core::{Tag, VR};

use crate::encoding::Encoding;

/// Value length FFFFFFFFH: the value ends with a delimiter.
pub(crate) const UNDEFINED_LENGTH: u32 = 0xFFFF_FFFF;
/// Item (FFFE,E000).
pub(crate) const ITEM: Tag = Tag(0xFFFE, 0xE000);
/// Item Delimitation Item (FFFE,E00D).
pub(crate) const ITEM_DELIMITER: Tag = Tag(0xFFFE, 0xE00D);
/// Sequence Delimitation Item (FFFE,E0DD).
pub(crate) const SEQUENCE_DELIMITER: Tag = Tag(0xFFFE, 0xE0DD);

/// How deep sequences may nest. Real objects stay below ten.
pub(crate) const MAX_DEPTH: u32 = 64;

/// Why the walk over elements stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WalkError {
    /// The bytes at hand end inside an element. `wanted_bytes` is the least that must follow.
    #[error("{wanted_bytes} bytes are missing")]
    NeedMore {
        /// How many bytes more, as far as one can tell.
        wanted_bytes: u64,
    },
    /// The bytes are not a data set.
    #[error("{0}")]
    Malformed(&'static str),
}

/// The header of one element at a known place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ElementHeader {
    pub(crate) tag: Tag,
    /// `None` where the encoding is implicit, or a VR that is not two capital letters.
    pub(crate) vr: Option<VR>,
    /// Whether the element is written as the encoding demands.
    pub(crate) regular: bool,
    /// Where the value begins, counted from the start of the bytes.
    pub(crate) value: usize,
    /// Value length, or [`UNDEFINED_LENGTH`].
    pub(crate) length: u32,
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], WalkError> {
    let end = at.checked_add(N).ok_or(WalkError::Malformed("a length overflows"))?;
    let missing = || WalkError::NeedMore { wanted_bytes: end.saturating_sub(bytes.len()) as u64 };
    bytes.get(at..end).and_then(|slice| slice.try_into().ok()).ok_or_else(missing)
}

/// Reads the tag at `at`.
pub(crate) fn tag_at(bytes: &[u8], at: usize, encoding: Encoding) -> Result<Tag, WalkError> {
    Ok(Tag(encoding.u16(array(bytes, at)?), encoding.u16(array(bytes, at + 2)?)))
}

/// Whether the VR has a 32-bit length after two reserved bytes (PS3.5 Table 7.1-1).
///
/// A VR that is unknown here counts as long: all VRs added since 1993 are (PS3.5 §6.2.2).
pub fn has_long_length(vr: VR) -> bool {
    use VR::{AE, AS, AT, CS, DA, DS, DT, FD, FL, IS, LO, LT, PN, SH, SL, SS, ST, TM, UI, UL, US};
    !matches!(
        vr,
        AE | AS
            | AT
            | CS
            | DA
            | DS
            | DT
            | FD
            | FL
            | IS
            | LO
            | LT
            | PN
            | SH
            | SL
            | SS
            | ST
            | TM
            | UI
            | UL
            | US
    )
}

/// Reads the element header at `at`.
pub(crate) fn read_header(
    bytes: &[u8],
    at: usize,
    encoding: Encoding,
) -> Result<ElementHeader, WalkError> {
    let tag = tag_at(bytes, at, encoding)?;
    let letters: [u8; 2] = array(bytes, at + 4)?;
    let implicit = |regular| {
        let length = encoding.u32(array(bytes, at + 4)?);
        Ok(ElementHeader { tag, vr: None, regular, value: at + 8, length })
    };
    if tag.0 == 0xFFFE || !encoding.explicit_vr {
        return implicit(true);
    }
    let vr = VR::from_binary(letters);
    if vr.is_none() && !letters.iter().all(u8::is_ascii_uppercase) {
        // Some writers leave the VR out of single elements of an explicit data set.
        return implicit(false);
    }
    let vr_or_unknown = vr.unwrap_or(VR::UN);
    let (value, length) = if has_long_length(vr_or_unknown) {
        (at + 12, encoding.u32(array(bytes, at + 8)?))
    } else {
        (at + 8, u32::from(encoding.u16(array(bytes, at + 6)?)))
    };
    Ok(ElementHeader { tag, vr: Some(vr_or_unknown), regular: vr.is_some(), value, length })
}

/// Where the value of `header` ends, delimiters of an undefined length included.
///
/// # Errors
/// [`WalkError::NeedMore`] when the bytes end first; [`WalkError::Malformed`] when items and
/// delimiters do not fit together or nest deeper than 64.
pub(crate) fn end_of_value(
    bytes: &[u8],
    header: &ElementHeader,
    encoding: Encoding,
) -> Result<usize, WalkError> {
    end_at_depth(bytes, header, encoding, 0)
}

fn end_of_defined(bytes: &[u8], start: usize, length: u32) -> Result<usize, WalkError> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let end = start.checked_add(length).ok_or(WalkError::Malformed("a length overflows"))?;
    if end > bytes.len() {
        return Err(WalkError::NeedMore { wanted_bytes: (end - bytes.len()) as u64 });
    }
    Ok(end)
}

fn end_at_depth(
    bytes: &[u8],
    header: &ElementHeader,
    encoding: Encoding,
    depth: u32,
) -> Result<usize, WalkError> {
    if header.length != UNDEFINED_LENGTH {
        return end_of_defined(bytes, header.value, header.length);
    }
    if depth >= MAX_DEPTH {
        return Err(WalkError::Malformed("sequences nest deeper than 64 levels"));
    }
    let fragments = !matches!(header.vr, None | Some(VR::SQ | VR::UN));
    let inner = item_encoding(header.vr, encoding);
    let mut at = header.value;
    loop {
        let item = read_header(bytes, at, inner)?;
        match item.tag {
            SEQUENCE_DELIMITER => return Ok(item.value),
            ITEM if item.length != UNDEFINED_LENGTH => {
                at = end_of_defined(bytes, item.value, item.length)?;
            }
            ITEM if fragments => {
                return Err(WalkError::Malformed("a fragment has no length"));
            }
            ITEM => at = end_of_item(bytes, item.value, inner, depth + 1)?,
            _ => return Err(WalkError::Malformed("a sequence holds something else than items")),
        }
    }
}

fn end_of_item(
    bytes: &[u8],
    start: usize,
    encoding: Encoding,
    depth: u32,
) -> Result<usize, WalkError> {
    let mut at = start;
    loop {
        let header = read_header(bytes, at, encoding)?;
        match header.tag {
            ITEM_DELIMITER => return Ok(header.value),
            ITEM | SEQUENCE_DELIMITER => {
                return Err(WalkError::Malformed("an item ends without its delimiter"));
            }
            _ => at = end_at_depth(bytes, &header, encoding, depth)?,
        }
    }
}

/// The encoding inside a sequence: items of an UN element are Implicit VR Little Endian whatever
/// the data set is (PS3.5 §6.2.2 note 4).
pub(crate) fn item_encoding(vr: Option<VR>, outer: Encoding) -> Encoding {
    if vr == Some(VR::UN) { Encoding::IMPLICIT_LE } else { outer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SQ_UNDEFINED: &[u8] = b"\x08\x00\x40\x11SQ\0\0\xFF\xFF\xFF\xFF";
    const ITEM_UNDEFINED: &[u8] = b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF";
    const END_OF_ITEM: &[u8] = b"\xFE\xFF\x0D\xE0\0\0\0\0";
    const END_OF_SEQUENCE: &[u8] = b"\xFE\xFF\xDD\xE0\0\0\0\0";

    fn walk(bytes: &[u8]) -> Result<usize, WalkError> {
        let header = read_header(bytes, 0, Encoding::EXPLICIT_LE)?;
        end_of_value(bytes, &header, Encoding::EXPLICIT_LE)
    }

    #[rstest]
    #[case::short_form(b"\x10\x00\x20\x00LO\x02\x00AB", Ok(10))]
    #[case::long_form(b"\x10\x00\x20\x00UN\0\0\x02\0\0\0AB", Ok(14))]
    #[case::vr_of_the_future(b"\x10\x00\x20\x00ZZ\0\0\x02\0\0\0AB", Ok(14))]
    #[case::without_vr(b"\x10\x00\x20\x00\x02\0\0\0AB", Ok(10))]
    #[case::value_cut(b"\x10\x00\x20\x00LO\x04\x00AB", Err(WalkError::NeedMore { wanted_bytes: 2 }))]
    fn defined_lengths(#[case] bytes: &[u8], #[case] expected: Result<usize, WalkError>) {
        assert_eq!(walk(bytes), expected);
    }

    #[test]
    fn undefined_lengths_end_after_their_delimiters() {
        let bytes = [SQ_UNDEFINED, ITEM_UNDEFINED, END_OF_ITEM, END_OF_SEQUENCE, b"rest"].concat();
        assert_eq!(walk(&bytes), Ok(bytes.len() - 4));
    }

    #[test]
    fn a_missing_item_delimiter_is_named() {
        let bytes = [SQ_UNDEFINED, ITEM_UNDEFINED, END_OF_SEQUENCE].concat();
        assert_eq!(walk(&bytes), Err(WalkError::Malformed("an item ends without its delimiter")));
    }

    #[test]
    fn nesting_is_limited() {
        let bytes = [SQ_UNDEFINED, ITEM_UNDEFINED].concat().repeat(100_000);
        assert!(matches!(walk(&bytes), Err(WalkError::Malformed(_))));
    }
}
