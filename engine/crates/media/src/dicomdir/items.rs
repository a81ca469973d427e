//! Sequence items of an instance, re-encoded for its record.
//!
//! Whatever the encoding of the source, copies are Explicit VR Little Endian with explicit
//! lengths. Private elements, group lengths, bulk data and unknown VRs have no place in a record.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use part10::Dataset;

use super::charset::{NeedsUtf8, Text};
use super::encode::{ITEM_HEADER_BYTES, TooLong, push_element, push_sequence};
use super::keys::Items;

/// How deep copied sequences may nest; concept modifiers with properties stay below five.
const MAX_DEPTH: u32 = 12;

/// Why items cannot be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The record has to be written in UTF-8.
    NeedsUtf8,
    /// They are larger than a record may be, or nest too deep.
    OverLimit,
}

impl From<NeedsUtf8> for Stop {
    fn from(_: NeedsUtf8) -> Self {
        Self::NeedsUtf8
    }
}

impl From<TooLong> for Stop {
    fn from(_: TooLong) -> Self {
        Self::OverLimit
    }
}

/// The first item of a sequence of the Shared Functional Groups (PS3.3 C.7.6.16).
pub(super) fn shared_functional_group<'a>(
    dataset: &Dataset<'a>,
    group: Tag,
) -> Option<Dataset<'a>> {
    dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE)?.item(group)
}

/// The Shared Functional Groups, where a sequence is not at the top level.
pub(super) fn shared_instead<'a>(dataset: &Dataset<'a>, tag: Tag) -> Option<Dataset<'a>> {
    if dataset.has(tag) { None } else { dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE) }
}

/// Encodes the elements of each item; an item without what it must have is left out.
///
/// # Errors
/// [`Stop`] when the text must be converted first, or when the copies pass `room` bytes.
pub(super) fn copy<'a>(
    sources: impl Iterator<Item = Dataset<'a>>,
    copied: Items,
    text: &mut Text,
    room: usize,
) -> Result<Vec<Vec<u8>>, Stop> {
    copy_at_depth(sources, copied, text, room, 0)
}

fn copy_at_depth<'a>(
    sources: impl Iterator<Item = Dataset<'a>>,
    copied: Items,
    text: &mut Text,
    room: usize,
    depth: u32,
) -> Result<Vec<Vec<u8>>, Stop> {
    if depth >= MAX_DEPTH {
        return Err(Stop::OverLimit);
    }
    let mut room = room;
    let mut copies = Vec::new();
    for source in sources {
        let copy = match copied {
            Items::Whole => whole(&source, text, room, depth)?,
            Items::Only(parts) => only(&source, parts, text, room, depth)?,
        };
        if copy.is_empty() {
            continue;
        }
        let taken = copy.len() + usize::try_from(ITEM_HEADER_BYTES).unwrap_or(usize::MAX);
        room = room.checked_sub(taken).ok_or(Stop::OverLimit)?;
        copies.push(copy);
    }
    Ok(copies)
}

fn whole(source: &Dataset<'_>, text: &mut Text, room: usize, depth: u32) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    for element in source.elements() {
        let Tag(group, number) = element.tag;
        let converted = element.tag == tags::SPECIFIC_CHARACTER_SET && text.is_utf_8();
        if group % 2 == 1 || number == 0 || group >= 0x7FE0 || converted {
            continue;
        }
        push_copy(&mut out, source, element.tag, element.vr, text, room, depth)?;
        if out.len() > room {
            return Err(Stop::OverLimit);
        }
    }
    Ok(out)
}

/// Copies the named parts, or nothing when one is missing.
fn only(
    source: &Dataset<'_>,
    parts: &[(Tag, Items)],
    text: &mut Text,
    room: usize,
    depth: u32,
) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    for (tag, copied) in parts {
        let before = out.len();
        match copied {
            Items::Whole if source.bytes(*tag).is_some() => {
                push_copy(&mut out, source, *tag, VR::UI, text, room, depth)?;
            }
            Items::Whole => {}
            Items::Only(_) => {
                let inner = copy_at_depth(source.items(*tag), *copied, text, room, depth + 1)?;
                if !inner.is_empty() {
                    push_sequence(&mut out, *tag, &inner)?;
                }
            }
        }
        if out.len() == before {
            return Ok(Vec::new());
        }
    }
    Ok(out)
}

fn push_copy(
    out: &mut Vec<u8>,
    source: &Dataset<'_>,
    tag: Tag,
    vr: VR,
    text: &mut Text,
    room: usize,
    depth: u32,
) -> Result<(), Stop> {
    let value = match vr {
        VR::SQ => {
            let inner = copy_at_depth(source.items(tag), Items::Whole, text, room, depth + 1)?;
            return Ok(push_sequence(out, tag, &inner)?);
        }
        VR::OB | VR::OW | VR::OD | VR::OF | VR::OL | VR::OV | VR::UN => return Ok(()),
        VR::US | VR::SS | VR::AT => little_endian(source, tag, 2),
        VR::UL | VR::SL | VR::FL => little_endian(source, tag, 4),
        VR::FD | VR::SV | VR::UV => little_endian(source, tag, 8),
        _ => {
            let raw = source.bytes(tag).unwrap_or_default();
            text.nested(source, raw)?.unwrap_or_else(|| raw.to_vec())
        }
    };
    Ok(push_element(out, tag, vr, &value)?)
}

/// A binary value of `width` bytes a number, in the byte order of the directory.
fn little_endian(source: &Dataset<'_>, tag: Tag, width: usize) -> Vec<u8> {
    let value = source.element(tag).map(|element| element.value).unwrap_or_default();
    let numbers = value.chunks_exact(width);
    if source.encoding().big_endian {
        numbers.flat_map(|number| number.iter().rev().copied()).collect()
    } else {
        numbers.flatten().copied().collect()
    }
}
