//! A read-only view over the bytes of a data set or of a sequence item.
//!
//! Invariant: the bytes are the truth. Values are decoded when asked for; nothing is normalised, so
//! what is copied into the package is what was read.

use std::borrow::Cow;

use dicom_core::{Tag, VR};

use crate::charset::CharacterSets;
use crate::element::{
    ElementHeader, ITEM, ITEM_DELIMITER, SEQUENCE_DELIMITER, UNDEFINED_LENGTH, WalkError,
    end_of_value, item_encoding, read_header,
};
use crate::encoding::Encoding;
use crate::vr::vr_of;

/// Items of one sequence; the largest real ones, of functional groups, stay far below.
const MAX_ITEMS: usize = 1 << 20;
/// Elements of one level of a data set; real ones have hundreds.
pub(crate) const MAX_ELEMENTS: usize = 1 << 18;
const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const PIXEL_REPRESENTATION: Tag = Tag(0x0028, 0x0103);
/// In UTF-8 and GB18030.
const MOST_BYTES_OF_CHARACTER: usize = 4;

/// Where one element of a data set lies. Offsets count from the start of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) tag: Tag,
    pub(crate) vr: Option<VR>,
    pub(crate) regular: bool,
    pub(crate) start: usize,
    pub(crate) value: usize,
    pub(crate) length: u32,
    pub(crate) end: usize,
}

impl Place {
    pub(crate) fn new(header: &ElementHeader, start: usize, end: usize) -> Self {
        let ElementHeader { tag, vr, regular, value, length } = *header;
        Self { tag, vr, regular, start, value, length, end }
    }
}

/// One element of a data set.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// Its tag.
    pub tag: Tag,
    /// The VR as written, or the dictionary's where the encoding is implicit.
    pub vr: VR,
    /// The value field in the byte order of the source, delimiters of an undefined length included.
    pub value: &'a [u8],
    pub(crate) undefined_length: bool,
}

impl Element<'_> {
    /// Whether the value is fragments (PS3.5 A.4): of undefined length, and no sequence.
    pub fn is_encapsulated(&self) -> bool {
        self.undefined_length && !matches!(self.vr, VR::SQ | VR::UN)
    }
}

/// A data set or a sequence item in any of the four plain encodings.
///
/// Standard: DICOM PS3.5 §7.
#[derive(Debug, Clone)]
pub struct Dataset<'a> {
    bytes: &'a [u8],
    places: Cow<'a, [Place]>,
    encoding: Encoding,
    character_sets: CharacterSets<'a>,
    signed: bool,
}

impl<'a> Dataset<'a> {
    /// Indexes a whole data set.
    ///
    /// # Errors
    /// [`crate::Malformed`] when the bytes end inside an element or are no data set.
    pub fn parse(bytes: &'a [u8], encoding: Encoding) -> Result<Self, crate::Malformed> {
        let places = index(bytes, 0, encoding).map_err(crate::Malformed::from)?;
        Ok(Self::from_places(bytes, Cow::Owned(places), encoding, None))
    }

    pub(crate) fn from_places(
        bytes: &'a [u8],
        places: Cow<'a, [Place]>,
        encoding: Encoding,
        parent: Option<&Self>,
    ) -> Self {
        let character_sets = CharacterSets::default();
        let mut dataset = Self { bytes, places, encoding, character_sets, signed: false };
        dataset.character_sets = match (dataset.bytes(SPECIFIC_CHARACTER_SET), parent) {
            (Some(value), _) => CharacterSets::new(value),
            (None, Some(parent)) => parent.character_sets.clone(),
            (None, None) => CharacterSets::default(),
        };
        dataset.signed = match (dataset.u16(PIXEL_REPRESENTATION), parent) {
            (Some(representation), _) => representation == 1,
            (None, parent) => parent.is_some_and(|parent| parent.signed),
        };
        dataset
    }

    /// Whether Pixel Representation (0028,0103), here or above, says two's complement.
    pub(crate) fn is_signed(&self) -> bool {
        self.signed
    }

    fn place(&self, tag: Tag) -> Option<&Place> {
        let at = self.places.partition_point(|place| place.tag < tag);
        self.places.get(at).filter(|place| place.tag == tag)
    }

    pub(crate) fn at(&self, place: &Place) -> Element<'a> {
        Element {
            tag: place.tag,
            vr: place.vr.unwrap_or_else(|| vr_of(place.tag, || self.is_signed())),
            value: self.bytes.get(place.value..place.end).unwrap_or_default(),
            undefined_length: place.length == UNDEFINED_LENGTH,
        }
    }

    /// How the data set is written.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The element with this tag.
    pub fn element(&self, tag: Tag) -> Option<Element<'a>> {
        self.place(tag).map(|place| self.at(place))
    }

    /// Whether the element is there, empty or not.
    pub fn has(&self, tag: Tag) -> bool {
        self.place(tag).is_some()
    }

    /// All elements of this level, by tag.
    pub fn elements(&self) -> impl Iterator<Item = Element<'a>> + '_ {
        self.places.iter().map(|place| self.at(place))
    }

    /// All elements with where they lie and the bytes of header and value, by tag.
    pub(crate) fn raw_elements(&self) -> impl Iterator<Item = (&Place, &'a [u8])> + '_ {
        let bytes = self.bytes;
        self.places
            .iter()
            .map(move |place| (place, bytes.get(place.start..place.end).unwrap_or_default()))
    }

    /// The value without padding (space, NUL); `None` when absent or empty.
    pub fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        let value = self.element(tag)?.value;
        let is_padding = |byte: &u8| matches!(byte, b' ' | b'\0');
        let end = value.iter().rposition(|byte| !is_padding(byte))? + 1;
        let start = value.iter().position(|byte| *byte != b' ')?;
        value.get(start..end)
    }

    /// The value as text, decoded with the character sets in force, trimmed; several values stay
    /// joined by `\`. `None` when absent or empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let decoded = self.decode(self.bytes(tag)?);
        let trimmed = decoded.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// The value as [`Dataset::text`] has it, of `most` characters at most: a longer one ends with an ellipsis.
    /// No more than its beginning is decoded, so that it takes no memory however long it is.
    pub fn brief(&self, tag: Tag, most: usize) -> Option<String> {
        let value = self.bytes(tag)?;
        let beginning = beginning_of(value, most.saturating_mul(MOST_BYTES_OF_CHARACTER));
        let decoded = self.decode(beginning);
        let trimmed = decoded.trim();
        let found = trimmed.chars().count();
        let is_whole = beginning.len() == value.len();
        if found == 0 || is_whole && found <= most {
            return (found > 0).then(|| trimmed.to_owned());
        }
        // The last character of a beginning may be half of one.
        let kept = most.min(found).saturating_sub(1);
        Some(trimmed.chars().take(kept).chain(['…']).collect())
    }

    /// Decodes bytes of this data set with the character sets in force.
    pub fn decode(&self, bytes: &[u8]) -> String {
        self.character_sets.decode(bytes)
    }

    /// The value of Specific Character Set (0008,0005) in force, without padding.
    pub fn character_set_value(&self) -> Option<&'a [u8]> {
        self.character_sets.value()
    }

    /// The first number of a US, SS, OW or AT value; of a UL or OL one that has a place in 16 bits.
    pub fn u16(&self, tag: Tag) -> Option<u16> {
        let Element { vr, value, .. } = self.element(tag)?;
        if matches!(vr, VR::UL | VR::OL) {
            // The lower half alone would be another number.
            let (first, _) = value.split_first_chunk()?;
            return u16::try_from(self.encoding.u32(*first)).ok();
        }
        let (first, _) = value.split_first_chunk()?;
        Some(self.encoding.u16(*first))
    }

    /// All numbers of a US, SS or OW value.
    pub fn u16s(&self, tag: Tag) -> Vec<u16> {
        let value = self.element(tag).map(|element| element.value).unwrap_or_default();
        let (words, _) = value.as_chunks();
        words.iter().map(|word| self.encoding.u16(*word)).collect()
    }

    /// The first number of a UL, SL, OL or SS/US value.
    pub fn u32(&self, tag: Tag) -> Option<u32> {
        let element = self.element(tag)?;
        match element.value.split_first_chunk() {
            Some((first, _)) => Some(self.encoding.u32(*first)),
            None => self.u16(tag).map(u32::from),
        }
    }

    /// The first number of an IS, DS or binary integer value.
    pub fn i64(&self, tag: Tag) -> Option<i64> {
        let element = self.element(tag)?;
        match element.vr {
            VR::US | VR::OW | VR::AT => self.u16(tag).map(i64::from),
            VR::SS => self.u16(tag).map(|value| i64::from(value.cast_signed())),
            VR::UL | VR::OL => self.u32(tag).map(i64::from),
            VR::SL => self.u32(tag).map(|value| i64::from(value.cast_signed())),
            _ => {
                let text = first_text(element.value)?;
                text.parse().ok().or_else(|| {
                    let number: f64 = text.parse().ok()?;
                    (number.fract() == 0.0 && number.abs() < 9e15).then(|| {
                        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
                        let whole = number as i64;
                        whole
                    })
                })
            }
        }
    }

    /// The first number of a DS, IS, FL, FD or integer value.
    pub fn f64(&self, tag: Tag) -> Option<f64> {
        self.f64s(tag).first().copied()
    }

    /// All numbers of a DS, IS, FL, FD or integer value; a DS that is no number ends the list.
    pub fn f64s(&self, tag: Tag) -> Vec<f64> {
        let Some(element) = self.element(tag) else { return Vec::new() };
        let value = element.value;
        let big_endian = self.encoding.big_endian;
        match element.vr {
            VR::FD | VR::OD => {
                let (chunks, _) = value.as_chunks();
                let read = if big_endian { f64::from_be_bytes } else { f64::from_le_bytes };
                chunks.iter().map(|chunk| read(*chunk)).collect()
            }
            VR::FL | VR::OF => {
                let (chunks, _) = value.as_chunks();
                let read = if big_endian { f32::from_be_bytes } else { f32::from_le_bytes };
                chunks.iter().map(|chunk| f64::from(read(*chunk))).collect()
            }
            VR::US | VR::OW => self.u16s(tag).into_iter().map(f64::from).collect(),
            VR::SS => {
                self.u16s(tag).into_iter().map(|word| f64::from(word.cast_signed())).collect()
            }
            VR::UL | VR::SL | VR::OL => {
                let (chunks, _) = value.as_chunks();
                let number = |chunk: &[u8; 4]| {
                    let word = self.encoding.u32(*chunk);
                    if element.vr == VR::SL {
                        f64::from(word.cast_signed())
                    } else {
                        f64::from(word)
                    }
                };
                chunks.iter().map(number).collect()
            }
            _ => value
                .split(|byte| *byte == b'\\')
                .map_while(|part| first_text(part)?.parse().ok())
                .collect(),
        }
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<Dataset<'a>> {
        self.items(tag).next()
    }

    /// The items of a sequence, each indexed when it is asked for. A damaged item ends them.
    pub fn items(&self, tag: Tag) -> Items<'_, 'a> {
        let mut items = Items {
            parent: self,
            value: &[],
            encoding: self.encoding,
            at: 0,
            left: MAX_ITEMS,
            is_damaged: false,
        };
        let Some(element) = self.element(tag) else { return items };
        if !matches!(element.vr, VR::SQ | VR::UN) && self.encoding.explicit_vr {
            items.is_damaged = true;
            return items;
        }
        let declared = self.place(tag).and_then(|place| place.vr);
        items.encoding = item_encoding(declared, self.encoding);
        items.value = element.value;
        items
    }
}

/// The items of a sequence up to the first damaged one: a million of them take no more memory than one.
#[derive(Debug)]
pub struct Items<'d, 'a> {
    parent: &'d Dataset<'a>,
    value: &'a [u8],
    encoding: Encoding,
    at: usize,
    /// How many more may come.
    left: usize,
    is_damaged: bool,
}

impl Items<'_, '_> {
    /// Goes through those that are left.
    ///
    /// # Errors
    /// [`crate::Malformed`] when an item was damaged, or something else stands between them.
    pub(crate) fn finish(mut self) -> Result<(), crate::Malformed> {
        self.by_ref().for_each(drop);
        if self.is_damaged {
            return Err(crate::Malformed("a sequence is damaged".into()));
        }
        Ok(())
    }
}

impl<'a> Iterator for Items<'_, 'a> {
    type Item = Dataset<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        // There is no way on behind what is no item.
        let at = std::mem::replace(&mut self.at, self.value.len());
        if at >= self.value.len() {
            return None;
        }
        let header = read_header(self.value, at, self.encoding).ok();
        if header.is_some_and(|header| header.tag == SEQUENCE_DELIMITER) {
            return None;
        }
        let item = header.filter(|header| header.tag == ITEM && self.left > 0);
        let found = item.and_then(|header| index_item(self.value, &header, self.encoding));
        let Some((places, end)) = found else {
            self.is_damaged = true;
            return None;
        };
        self.at = end;
        self.left -= 1;
        let (places, parent) = (Cow::Owned(places), Some(self.parent));
        Some(Dataset::from_places(self.value, places, self.encoding, parent))
    }
}

/// So many bytes of a text at most, up to the end of a character where they are UTF-8.
fn beginning_of(text: &[u8], most: usize) -> &[u8] {
    let least = most.saturating_sub(MOST_BYTES_OF_CHARACTER);
    let begins = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xC0 != 0x80);
    let end = (least..=most).rev().find(begins).unwrap_or(most);
    text.get(..end).filter(|_| text.len() > most).unwrap_or(text)
}

/// The first value of a text VR, trimmed; `None` when it is not ASCII.
fn first_text(value: &[u8]) -> Option<&str> {
    let first = value.split(|byte| *byte == b'\\').next()?;
    Some(std::str::from_utf8(first).ok()?.trim_matches([' ', '\0']))
}

/// Indexes the elements from `at` to the end, sorted by tag.
pub(crate) fn index(bytes: &[u8], at: usize, encoding: Encoding) -> Result<Vec<Place>, WalkError> {
    let mut places = Vec::new();
    let mut at = at;
    while at < bytes.len() {
        let header = read_header(bytes, at, encoding)?;
        if header.tag.0 == 0xFFFE {
            return Err(WalkError::Malformed("an item stands outside a sequence"));
        }
        let end = end_of_value(bytes, &header, encoding)?;
        if places.len() >= MAX_ELEMENTS {
            return Err(WalkError::Malformed("there are more elements than any data set has"));
        }
        places.push(Place::new(&header, at, end));
        at = end;
    }
    sort(&mut places);
    Ok(places)
}

/// Puts places in the order of their tags; the first of equal tags stays first.
pub(crate) fn sort(places: &mut [Place]) {
    if !places.is_sorted_by_key(|place| place.tag) {
        places.sort_by_key(|place| place.tag);
    }
}

/// Indexes one item; gives its elements and where the item ends.
fn index_item(
    bytes: &[u8],
    item: &ElementHeader,
    encoding: Encoding,
) -> Option<(Vec<Place>, usize)> {
    if item.length != UNDEFINED_LENGTH {
        let end = item.value.checked_add(usize::try_from(item.length).ok()?)?;
        return Some((index(bytes.get(..end)?, item.value, encoding).ok()?, end));
    }
    let mut places = Vec::new();
    let mut at = item.value;
    loop {
        let header = read_header(bytes, at, encoding).ok()?;
        match header.tag {
            ITEM_DELIMITER => break at = header.value,
            ITEM | SEQUENCE_DELIMITER => return None,
            _ => {}
        }
        let end = end_of_value(bytes, &header, encoding).ok()?;
        if places.len() >= MAX_ELEMENTS {
            return None;
        }
        places.push(Place::new(&header, at, end));
        at = end;
    }
    sort(&mut places);
    Some((places, at))
}
