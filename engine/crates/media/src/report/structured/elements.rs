//! Elements of data sets, for the tests of this module.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::{Dataset, Encoding};

pub(super) fn element(tag: Tag, vr: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    let padding = value.len() % 2;
    let length = u32::try_from(value.len() + padding).unwrap();
    if ["SQ", "UT"].contains(&vr) {
        bytes.extend([0, 0]);
        bytes.extend(length.to_le_bytes());
    } else {
        bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
    }
    bytes.extend(value);
    bytes.extend(std::iter::repeat_n(b' ', padding));
    bytes
}

pub(super) fn text(tag: Tag, vr: &str, value: &str) -> Vec<u8> {
    element(tag, vr, value.as_bytes())
}

pub(super) fn sequence(tag: Tag, items: &[Vec<u8>]) -> Vec<u8> {
    let item = |item: &Vec<u8>| {
        let mut bytes = vec![0xFE, 0xFF, 0x00, 0xE0];
        bytes.extend(u32::try_from(item.len()).unwrap().to_le_bytes());
        bytes.extend(item);
        bytes
    };
    element(tag, "SQ", &items.iter().flat_map(item).collect::<Vec<_>>())
}

pub(super) fn code(tag: Tag, value: &str, meaning: &str) -> Vec<u8> {
    let code = [text(tags::CODE_VALUE, "SH", value), text(tags::CODE_MEANING, "LO", meaning)];
    sequence(tag, &[code.concat()])
}

pub(super) fn parse(bytes: &[u8]) -> Dataset<'_> {
    Dataset::parse(bytes, Encoding::EXPLICIT_LE).unwrap()
}

pub(super) fn value_type(value_type: &str) -> Vec<u8> {
    text(tags::VALUE_TYPE, "CS", value_type)
}
