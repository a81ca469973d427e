//! Elements in Explicit VR Little Endian with explicit, even lengths (PS3.5 §7.1.2, §7.5).

use std::num::TryFromIntError;

use dicom_core::{Tag, VR};
use part10::has_long_length;

const ITEM: Tag = Tag(0xFFFE, 0xE000);

/// The bytes of an item header: tag and 32-bit length.
pub(super) const ITEM_HEADER_BYTES: u32 = 8;

/// A value or sequence is too long for its length field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl From<TryFromIntError> for TooLong {
    fn from(_: TryFromIntError) -> Self {
        Self
    }
}

fn push_tag(out: &mut Vec<u8>, tag: Tag) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
}

/// Appends one element; an odd value is padded as its VR demands (PS3.5 §6.2).
///
/// # Errors
/// [`TooLong`] when the value does not fit the length field of the VR; nothing is appended.
pub(super) fn push_element(
    out: &mut Vec<u8>,
    tag: Tag,
    vr: VR,
    value: &[u8],
) -> Result<(), TooLong> {
    let padded = value.len() + value.len() % 2;
    let length = u32::try_from(padded)?;
    if has_long_length(vr) {
        push_tag(out, tag);
        out.extend_from_slice(&vr.to_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&length.to_le_bytes());
    } else {
        let short = u16::try_from(padded)?;
        push_tag(out, tag);
        out.extend_from_slice(&vr.to_bytes());
        out.extend_from_slice(&short.to_le_bytes());
    }
    out.extend_from_slice(value);
    if value.len() % 2 == 1 {
        let is_text = !matches!(vr, VR::UI | VR::OB | VR::UN);
        out.push(if is_text { b' ' } else { 0 });
    }
    Ok(())
}

/// Appends a UL element.
pub(super) fn push_u32(out: &mut Vec<u8>, tag: Tag, value: u32) {
    push_tag(out, tag);
    out.extend_from_slice(b"UL\x04\0");
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a US element.
pub(super) fn push_u16(out: &mut Vec<u8>, tag: Tag, value: u16) {
    push_tag(out, tag);
    out.extend_from_slice(b"US\x02\0");
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends the header of a sequence whose items take `length` bytes.
pub(super) fn push_sequence_header(out: &mut Vec<u8>, tag: Tag, length: u32) {
    push_tag(out, tag);
    out.extend_from_slice(b"SQ\0\0");
    out.extend_from_slice(&length.to_le_bytes());
}

/// Appends the header of an item whose elements take `length` bytes.
pub(super) fn push_item_header(out: &mut Vec<u8>, length: u32) {
    push_tag(out, ITEM);
    out.extend_from_slice(&length.to_le_bytes());
}

/// Appends a sequence made of items already encoded.
///
/// # Errors
/// [`TooLong`] when the items together pass 4 GiB; nothing is appended.
pub(super) fn push_sequence(out: &mut Vec<u8>, tag: Tag, items: &[Vec<u8>]) -> Result<(), TooLong> {
    let mut total = 0_u32;
    for item in items {
        let length = u32::try_from(item.len())?;
        let with_header = length.checked_add(ITEM_HEADER_BYTES).ok_or(TooLong)?;
        total = total.checked_add(with_header).ok_or(TooLong)?;
    }
    push_sequence_header(out, tag, total);
    for item in items {
        push_item_header(out, u32::try_from(item.len())?);
        out.extend_from_slice(item);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::even_text(VR::LO, b"AB", b"\x10\0\x20\0LO\x02\0AB")]
    #[case::odd_text_gets_a_space(VR::LO, b"A", b"\x10\0\x20\0LO\x02\0A ")]
    #[case::odd_uid_gets_a_nul(VR::UI, b"1.2", b"\x10\0\x20\0UI\x04\x001.2\0")]
    #[case::empty(VR::PN, b"", b"\x10\0\x20\0PN\0\0")]
    #[case::long_form(VR::UT, b"A", b"\x10\0\x20\0UT\0\0\x02\0\0\0A ")]
    #[case::odd_bytes_get_a_nul(VR::OB, b"A", b"\x10\0\x20\0OB\0\0\x02\0\0\0A\0")]
    fn elements(#[case] vr: VR, #[case] value: &[u8], #[case] expected: &[u8]) {
        let mut out = Vec::new();
        push_element(&mut out, Tag(0x0010, 0x0020), vr, value).unwrap();
        assert_eq!(out, expected);
    }

    #[rstest]
    #[case::longest(0xFFFE, true)]
    #[case::odd_below(0xFFFD, true)]
    #[case::odd_above(0xFFFF, false)]
    #[case::far_above(0x1_0000, false)]
    fn sixteen_bit_lengths_end_at_65534(#[case] bytes: usize, #[case] fits: bool) {
        let mut out = Vec::new();
        let result = push_element(&mut out, Tag(0x0008, 0x0081), VR::ST, &vec![b'x'; bytes]);
        assert_eq!(result.is_ok(), fits);
        assert_eq!(out.is_empty(), !fits);
    }

    #[test]
    fn sequences_have_explicit_lengths() {
        let mut out = Vec::new();
        push_sequence(&mut out, Tag(0x0008, 0x1140), &[vec![1, 2], vec![]]).unwrap();
        assert_eq!(
            out,
            b"\x08\0\x40\x11SQ\0\0\x12\0\0\0\xFE\xFF\0\xE0\x02\0\0\0\x01\x02\xFE\xFF\0\xE0\0\0\0\0"
        );
    }
}
