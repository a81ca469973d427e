//! Writes small data sets for the tests of this crate: Explicit VR Little Endian.

use dicom_core::Tag;
use part10::{Dataset, Encoding};

pub(super) fn element(tag: Tag, vr: [u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes(), vr].concat();
    if matches!(&vr, b"OW" | b"SQ") {
        bytes.extend([0, 0]);
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    } else {
        bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

pub(super) fn words(tag: Tag, values: &[u16]) -> Vec<u8> {
    let value: Vec<u8> = values.iter().flat_map(|word| word.to_le_bytes()).collect();
    element(tag, if values.len() > 3 { *b"OW" } else { *b"US" }, &value)
}

pub(super) fn text(tag: Tag, vr: [u8; 2], value: &str) -> Vec<u8> {
    let mut value = value.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(b' ');
    }
    element(tag, vr, &value)
}

pub(super) fn item(elements: &[Vec<u8>]) -> Vec<u8> {
    let content = elements.concat();
    let length = u32::try_from(content.len()).unwrap();
    [&[0xFE, 0xFF, 0x00, 0xE0], length.to_le_bytes().as_slice(), &content].concat()
}

pub(super) fn sequence(tag: Tag, items: &[Vec<u8>]) -> Vec<u8> {
    element(tag, *b"SQ", &items.concat())
}

pub(super) fn parse(bytes: &[u8]) -> Dataset<'_> {
    Dataset::parse(bytes, Encoding::EXPLICIT_LE).unwrap()
}
