//! An instance as the package holds it: the same elements in Explicit VR Little Endian.
//!
//! Elements that are already written so are copied byte for byte; others are re-encoded. What is
//! written is `head`, the value of the pixel data, `tail`.

use std::borrow::Cow;

use dicom_core::{Tag, VR};
use model::Refusal;

use crate::dataset::{Dataset, Element, index};
use crate::element::{
    MAX_DEPTH, SEQUENCE_DELIMITER, UNDEFINED_LENGTH, end_of_value, has_long_length, read_header,
};
use crate::encoding::Encoding;
use crate::fill::Fill;
use crate::heading::Identity;
use crate::instance::Instance;
use crate::vr::number_bytes;
use crate::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

/// How the header of the pixel data element reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelValue {
    /// A native value of this VR and length in bytes, even.
    Native(VR, u32),
    /// Fragments; the caller ends them with [`END_OF_FRAGMENTS`].
    Encapsulated,
}

/// Sequence Delimitation Item: what follows the last fragment.
pub const END_OF_FRAGMENTS: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

/// An element whose value differs from the source's because the pixel data were decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The element.
    pub tag: Tag,
    /// Its VR and new value, of even length; `None` leaves the element out.
    pub value: Option<(VR, Vec<u8>)>,
}

/// The group of the file meta information, which is always written anew and never in a data set.
const FILE_META_GROUP: u16 = 0x0002;
/// The shortest element: tag and length.
const LEAST_ELEMENT_BYTES: usize = 8;
/// Behind the pixel data stand digital signatures, padding, and in private groups what an ultrasound
/// device keeps for itself: a volume, a raw cine.
const MAX_TAIL_BYTES: u64 = 256 << 20;

impl Instance {
    /// Everything before the value of the pixel data: preamble of zeros, file meta information, the
    /// elements, the header of the pixel data element. Without pixel data, the whole file.
    ///
    /// `replacements` must be sorted by tag.
    ///
    /// Standard: DICOM PS3.10 §7.1, PS3.5 §7.1.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when a sequence that must be re-encoded is damaged or nests deeper than
    /// 64 levels.
    pub fn head(
        &self,
        transfer_syntax: &str,
        replacements: &[Replacement],
        pixels: Option<PixelValue>,
    ) -> Result<Vec<u8>, Refusal> {
        let mut head = vec![0; 128];
        head.extend_from_slice(b"DICM");
        head.extend_from_slice(&file_meta_information(self.identity(), transfer_syntax));
        encode_elements(&self.dataset(), replacements, 0, &mut head)?;
        if let (Some(value), Some(element)) = (pixels, self.pixels()) {
            let (vr, length) = match value {
                PixelValue::Native(vr, length) => (vr, length),
                PixelValue::Encapsulated => (VR::OB, UNDEFINED_LENGTH),
            };
            encode_header(element.tag, vr, length, &mut head);
        }
        Ok(head)
    }

    /// The elements behind the pixel data, whose value ends at `pixels_end`. Where they are written as
    /// the package wants them, they are in memory once, else twice for a while.
    ///
    /// # Errors
    /// [`Refusal`] when they cannot be read, are no elements, or take more than 256 MiB. What is no
    /// element is left out when it is the fill of a block (zeros) or too short to be one.
    pub fn tail(&mut self, pixels_end: u64) -> Result<Vec<u8>, Refusal> {
        let start = pixels_end.min(self.length());
        let bytes = self.length() - start;
        if bytes > MAX_TAIL_BYTES {
            let limit = MAX_TAIL_BYTES >> 20;
            let reason = format!("elements behind the pixel data take more than {limit} MiB");
            return Err(Refusal::OverLimit(reason));
        }
        // So many are there: grown step by step, the buffer would become up to twice as large.
        let mut source = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
        self.read_into(start..self.length(), &mut source)?;
        let encoding = self.transfer_syntax().encoding;
        let end = end_of_elements(&source, encoding);
        let rest = source.get(end..).unwrap_or_default();
        if rest.len() >= LEAST_ELEMENT_BYTES && rest.iter().any(|byte| *byte != 0) {
            return Err(Refusal::Malformed("what stands behind the pixel data is damaged".into()));
        }
        source.truncate(end);
        let places = index(&source, 0, encoding)
            .map_err(|error| Refusal::Malformed(format!("behind the pixel data: {error}")))?;
        // By tag, and still in the order of the file: all would be copied, one behind the other.
        let in_order = places.is_sorted_by_key(|place| place.start);
        let copied = places.iter().all(|place| place.regular && place.tag.0 != FILE_META_GROUP);
        if encoding == Encoding::EXPLICIT_LE && in_order && copied {
            return Ok(source);
        }
        let mut tail = Vec::with_capacity(source.len());
        let dataset = Dataset::from_places(&source, places.into(), encoding, None);
        encode_elements(&dataset, &[], 0, &mut tail)?;
        Ok(tail)
    }

    /// Reads a range of the pixel data, in little endian, whatever byte it starts on.
    ///
    /// # Errors
    /// As [`Instance::read_into`].
    pub fn read_pixels_into(
        &mut self,
        range: std::ops::Range<u64>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let Some((value, value_end)) = self.swapped_value() else {
            return self.read_into(range, buffer);
        };
        // Bytes are swapped within cells that count from the start of the value.
        let cell = self.pixel_cell_bytes();
        let cell_bytes = cell as u64;
        let lead = range.start.saturating_sub(value) % cell_bytes;
        let length = range.end.saturating_sub(range.start);
        let end = (lead + length).next_multiple_of(cell_bytes) + range.start - lead;
        self.read_into(range.start - lead..end.min(value_end), buffer)?;
        swap(buffer, cell);
        let lead = usize::try_from(lead).unwrap_or(usize::MAX);
        buffer.drain(..lead.min(buffer.len()));
        buffer.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    /// Where a native value of big endian pixels begins and ends.
    fn swapped_value(&self) -> Option<(u64, u64)> {
        let pixels = self.pixels().filter(|_| self.transfer_syntax().encoding.big_endian)?;
        Some((pixels.value, pixels.value.saturating_add(pixels.length?)))
    }

    /// A range of the pixel data of an instance that is wholly in memory, in little endian.
    ///
    /// # Errors
    /// [`Refusal::Truncated`] when the range ends beyond what is in memory.
    pub fn pixels_in_memory(&self, range: std::ops::Range<u64>) -> Result<Cow<'_, [u8]>, Refusal> {
        let bounds = (usize::try_from(range.start), usize::try_from(range.end));
        let found = match bounds {
            (Ok(start), Ok(end)) => self.in_memory().get(start..end),
            _ => None,
        };
        let missing_bytes = range.end.saturating_sub(self.in_memory().len() as u64).max(1);
        let bytes = found.ok_or(Refusal::Truncated { missing_bytes })?;
        if self.swapped_value().is_none() {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut swapped = bytes.to_vec();
        swap(&mut swapped, self.pixel_cell_bytes());
        Ok(Cow::Owned(swapped))
    }

    /// Bytes that are swapped together in big endian pixel data.
    fn pixel_cell_bytes(&self) -> usize {
        let bits_allocated = self.dataset().u16(Tag(0x0028, 0x0100));
        match (self.pixels().map(|pixels| pixels.vr), bits_allocated) {
            (Some(VR::OB | VR::UN), _) => 1,
            (Some(VR::OF), _) | (_, Some(32)) => 4,
            (Some(VR::OD), _) | (_, Some(64)) => 8,
            _ => 2,
        }
    }
}

/// Where the elements that can be read end.
fn end_of_elements(bytes: &[u8], encoding: Encoding) -> usize {
    let mut at = 0;
    let mut fill = Fill::default();
    while let Ok(header) = read_header(bytes, at, encoding) {
        match end_of_value(bytes, &header, encoding) {
            Ok(end) if header.tag.0 != 0xFFFE && !fill.begins(bytes, at) => at = end,
            _ => break,
        }
    }
    at
}

/// Reverses each group of `width` bytes.
fn swap(bytes: &mut [u8], width: usize) {
    if width > 1 {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
}

/// The file meta information of an instance (PS3.10 §7.1), group length included.
pub fn file_meta_information(identity: &Identity, transfer_syntax: &str) -> Vec<u8> {
    meta_information(identity.sop_class.as_str(), identity.sop_instance.as_str(), transfer_syntax)
}

fn meta_information(sop_class: &str, sop_instance: &str, transfer_syntax: &str) -> Vec<u8> {
    let mut elements = Vec::with_capacity(256);
    encode(Tag(0x0002, 0x0001), VR::OB, &[0, 1], &mut elements);
    let values = [
        (0x0002, VR::UI, sop_class),
        (0x0003, VR::UI, sop_instance),
        (0x0010, VR::UI, transfer_syntax),
        (0x0012, VR::UI, IMPLEMENTATION_CLASS_UID),
        (0x0013, VR::SH, IMPLEMENTATION_VERSION_NAME),
    ];
    for (element, vr, text) in values {
        let mut value = text.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == VR::UI { 0 } else { b' ' });
        }
        encode(Tag(0x0002, element), vr, &value, &mut elements);
    }
    let mut meta = Vec::with_capacity(elements.len() + 12);
    let length = u32::try_from(elements.len()).unwrap_or(u32::MAX);
    encode(Tag(0x0002, 0x0000), VR::UL, &length.to_le_bytes(), &mut meta);
    meta.extend_from_slice(&elements);
    meta
}

fn encode_tag(tag: Tag, out: &mut Vec<u8>) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
}

fn encode_header(tag: Tag, vr: VR, length: u32, out: &mut Vec<u8>) {
    encode_tag(tag, out);
    match u16::try_from(length) {
        Ok(length) if !has_long_length(vr) => {
            out.extend_from_slice(vr.to_string().as_bytes());
            out.extend_from_slice(&length.to_le_bytes());
        }
        _ => {
            // A value too long for its VR is UN (PS3.5 §6.2.2 note 3).
            let vr = if has_long_length(vr) { vr } else { VR::UN };
            out.extend_from_slice(vr.to_string().as_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&length.to_le_bytes());
        }
    }
}

fn encode(tag: Tag, vr: VR, value: &[u8], out: &mut Vec<u8>) {
    encode_header(tag, vr, u32::try_from(value.len()).unwrap_or(u32::MAX - 1), out);
    out.extend_from_slice(value);
}

/// Writes the elements of a data set in Explicit VR Little Endian, replacing some.
fn encode_elements(
    dataset: &Dataset<'_>,
    replacements: &[Replacement],
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let mut pending = replacements;
    let insert_below = |tag: Option<Tag>, pending: &mut &[Replacement], out: &mut Vec<u8>| {
        while let Some((next, rest)) = pending.split_first() {
            if tag.is_some_and(|tag| next.tag >= tag) {
                break;
            }
            if let Some((vr, value)) = &next.value {
                encode(next.tag, *vr, value, out);
            }
            *pending = rest;
        }
    };
    for (place, raw) in dataset.raw_elements() {
        insert_below(Some(place.tag), &mut pending, out);
        if pending.first().is_some_and(|next| next.tag == place.tag) {
            continue;
        }
        // Where the source's own file meta information is damaged, the rest of it seems to be data.
        if depth == 0 && place.tag.0 == FILE_META_GROUP {
            continue;
        }
        if dataset.encoding() == Encoding::EXPLICIT_LE && place.regular {
            out.extend_from_slice(raw);
        } else {
            reencode(dataset, &dataset.at(place), depth, out)?;
        }
    }
    insert_below(None, &mut pending, out);
    Ok(())
}

/// Writes one element of another encoding. Group lengths (gggg,0000) would be wrong and are left out.
fn reencode(
    dataset: &Dataset<'_>,
    element: &Element<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let Element { tag, vr, value, undefined_length } = *element;
    if tag.1 == 0 {
        return Ok(());
    }
    if vr == VR::SQ {
        return reencode_sequence(dataset, element, depth, out);
    }
    if undefined_length {
        // Items of an UN element are Implicit VR Little Endian already (PS3.5 §6.2.2 note 4).
        encode_header(tag, VR::UN, UNDEFINED_LENGTH, out);
        out.extend_from_slice(value);
        return Ok(());
    }
    encode_header(tag, vr, u32::try_from(value.len()).unwrap_or(u32::MAX - 1), out);
    let start = out.len();
    out.extend_from_slice(value);
    if dataset.encoding().big_endian {
        swap(out.get_mut(start..).unwrap_or_default(), number_bytes(vr));
    }
    Ok(())
}

/// Writes a sequence item by item. One that cannot be taken apart keeps its bytes as UN, whose value
/// is Implicit VR Little Endian; from another encoding there is no such way.
fn reencode_sequence(
    dataset: &Dataset<'_>,
    element: &Element<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    if depth >= MAX_DEPTH {
        return Err(Refusal::OverLimit("sequences nest deeper than 64 levels".into()));
    }
    let begun = out.len();
    encode_header(element.tag, VR::SQ, UNDEFINED_LENGTH, out);
    let mut items = dataset.items(element.tag);
    for item in items.by_ref() {
        encode_tag(Tag(0xFFFE, 0xE000), out);
        let length_at = out.len();
        out.extend_from_slice(&[0; 4]);
        encode_elements(&item, &[], depth + 1, out)?;
        let length = u32::try_from(out.len() - length_at - 4).unwrap_or(u32::MAX - 1);
        if let Some(place) = out.get_mut(length_at..length_at + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }
    match items.finish() {
        Ok(()) => {}
        Err(_damaged) if dataset.encoding() == Encoding::IMPLICIT_LE => {
            out.truncate(begun);
            let length = u32::try_from(element.value.len()).unwrap_or(u32::MAX - 1);
            let length = if element.undefined_length { UNDEFINED_LENGTH } else { length };
            encode_header(element.tag, VR::UN, length, out);
            out.extend_from_slice(element.value);
            return Ok(());
        }
        Err(damaged) => return Err(Refusal::Malformed(damaged.to_string())),
    }
    encode_tag(SEQUENCE_DELIMITER, out);
    out.extend_from_slice(&[0; 4]);
    Ok(())
}
