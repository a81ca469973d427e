//! Data sets of fictitious people, and a reader of DICOMDIR that shares nothing with the writer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_transfer_syntax_registry::entries;
use part10::{Dataset, Encoding, Identity};

use crate::dicomdir::{Added, Dicomdir, Fallbacks, FileSetId, ReferencedFile, Rejected};

pub(super) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(super) const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(super) const SR: &str = "1.2.840.10008.5.1.4.1.1.88.11";
pub(super) const PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";

pub(super) fn text(tag: Tag, vr: VR, value: &str) -> InMemElement {
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

/// A text as bytes, in whatever character set they are (not for DS and IS: dicom-object writes
/// their bytes as numbers).
pub(super) fn raw(tag: Tag, vr: VR, value: &[u8]) -> InMemElement {
    DataElement::new(tag, vr, PrimitiveValue::U8(value.into()))
}

pub(super) fn word(tag: Tag, value: u16) -> InMemElement {
    DataElement::new(tag, VR::US, PrimitiveValue::from(value))
}

pub(super) fn sequence(tag: Tag, items: Vec<Vec<InMemElement>>) -> InMemElement {
    let items: Vec<_> = items.into_iter().map(InMemDicomObject::from_element_iter).collect();
    DataElement::new(tag, VR::SQ, DataSetSequence::from(items))
}

/// One instance: its UIDs and whatever else a test says.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) identity: Identity,
    pub(super) elements: Vec<InMemElement>,
    pub(super) has_pixel_data: bool,
}

impl Source {
    pub(super) fn new(sop_class: &str, elements: Vec<InMemElement>) -> Self {
        Self::at([1, 1, 1, 1], sop_class, elements)
    }

    /// An instance whose UIDs are made of its place: patient, study, series, instance.
    pub(super) fn at(place: [u32; 4], sop_class: &str, elements: Vec<InMemElement>) -> Self {
        let [patient, study, series, instance] = place;
        let identity = Identity {
            sop_class: sop_class.parse().unwrap(),
            sop_instance: format!("2.25.9.{patient}.{study}.{series}.{instance}").parse().unwrap(),
            study: format!("2.25.7.{patient}.{study}").parse().unwrap(),
            series: format!("2.25.8.{patient}.{study}.{series}").parse().unwrap(),
        };
        Self { identity, elements, has_pixel_data: true }
    }

    pub(super) fn encoded(&self, encoding: Encoding) -> Vec<u8> {
        let syntax = match encoding {
            Encoding::EXPLICIT_LE => entries::EXPLICIT_VR_LITTLE_ENDIAN.erased(),
            Encoding::IMPLICIT_LE => entries::IMPLICIT_VR_LITTLE_ENDIAN.erased(),
            _ => entries::EXPLICIT_VR_BIG_ENDIAN.erased(),
        };
        let mut bytes = Vec::new();
        InMemDicomObject::from_element_iter(self.elements.clone())
            .write_dataset_with_ts(&mut bytes, &syntax)
            .unwrap();
        bytes
    }

    pub(super) fn add_to(
        &self,
        dicomdir: &mut Dicomdir,
        file_id: &str,
        encoding: Encoding,
    ) -> Result<Added, Rejected> {
        let bytes = self.encoded(encoding);
        dicomdir.add(&ReferencedFile {
            identity: &self.identity,
            dataset: &Dataset::parse(&bytes, encoding).unwrap(),
            has_pixel_data: self.has_pixel_data,
            file_id: &file_id.parse().unwrap(),
            transfer_syntax: EXPLICIT,
        })
    }
}

pub(super) fn finish(dicomdir: Dicomdir) -> Vec<u8> {
    let file_set_id: FileSetId = "TEST".parse().unwrap();
    dicomdir.finish(&"2.25.42".parse().unwrap(), &file_set_id).unwrap()
}

/// The directory of one instance: what was changed, and its four records from PATIENT down.
pub(super) fn records_of(source: &Source, fallbacks: Fallbacks) -> (Added, Vec<ReadRecord>) {
    let mut dicomdir = Dicomdir::new(fallbacks);
    let added = source.add_to(&mut dicomdir, "IM1", Encoding::EXPLICIT_LE).unwrap();
    let mut records = Vec::new();
    let mut level = walk(&finish(dicomdir));
    while let Some(record) = level.pop() {
        assert!(level.is_empty(), "one record a level");
        level.clone_from(&record.lower);
        records.push(record);
    }
    (added, records)
}

/// A record as a reader that follows the offsets finds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReadRecord {
    pub(super) elements: BTreeMap<Tag, (VR, Vec<u8>)>,
    pub(super) lower: Vec<ReadRecord>,
}

impl ReadRecord {
    /// The value as text without padding; `None` when the element is absent.
    pub(super) fn get(&self, tag: Tag) -> Option<String> {
        let (_, value) = self.elements.get(&tag)?;
        Some(String::from_utf8_lossy(value).trim_end_matches([' ', '\0']).to_owned())
    }

    pub(super) fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.elements.get(&tag).map(|(_, value)| value.as_slice())
    }

    /// All elements but the links, one a line.
    pub(super) fn dump(&self, depth: usize) -> String {
        let mut out = String::new();
        for (tag, (vr, value)) in &self.elements {
            let shown = match vr {
                VR::US => u16::from_le_bytes([value[0], value[1]]).to_string(),
                VR::UL => u32::from_le_bytes([value[0], value[1], value[2], value[3]]).to_string(),
                VR::SQ => format!("{} bytes", value.len()),
                _ => format!("[{}]", String::from_utf8_lossy(value).replace('\0', "\\0")),
            };
            let indent = "  ".repeat(depth);
            writeln!(out, "{indent}{tag} {vr:?} {shown}").unwrap();
        }
        for record in &self.lower {
            out.push_str(&record.dump(depth + 1));
        }
        out
    }
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

/// One Explicit VR Little Endian element at `at`: tag, VR, where its value begins and ends.
fn element_at(bytes: &[u8], at: usize) -> (Tag, VR, usize, usize) {
    let tag = Tag(u16_at(bytes, at), u16_at(bytes, at + 2));
    let vr = VR::from_binary([bytes[at + 4], bytes[at + 5]]).unwrap();
    let long = matches!(vr, VR::SQ | VR::OB | VR::UT | VR::UN);
    let (value, length) = if long {
        assert_eq!(u16_at(bytes, at + 6), 0, "reserved");
        (at + 12, u32_at(bytes, at + 8))
    } else {
        (at + 8, usize::from(u16_at(bytes, at + 6)))
    };
    assert_eq!(length % 2, 0, "{tag} has an odd length");
    (tag, vr, value, value + length)
}

fn elements_between(bytes: &[u8], start: usize, end: usize) -> BTreeMap<Tag, (VR, Vec<u8>)> {
    let mut elements = BTreeMap::new();
    let mut at = start;
    while at < end {
        let (tag, vr, value, next) = element_at(bytes, at);
        if let Some((last, _)) = elements.last_key_value() {
            assert!(*last < tag, "{tag} does not ascend");
        }
        elements.insert(tag, (vr, bytes[value..next].to_vec()));
        at = next;
    }
    assert_eq!(at, end);
    elements
}

/// The items of a sequence value with defined lengths.
pub(super) fn items_of(value: &[u8]) -> Vec<BTreeMap<Tag, (VR, Vec<u8>)>> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < value.len() {
        assert_eq!(value[at..at + 4], [0xFE, 0xFF, 0x00, 0xE0]);
        let end = at + 8 + u32_at(value, at + 4);
        items.push(elements_between(value, at + 8, end));
        at = end;
    }
    items
}

/// Follows the offsets of a DICOMDIR; every record must be reached once and lie where they say.
pub(super) fn walk(file: &[u8]) -> Vec<ReadRecord> {
    assert!(file[..128].iter().all(|byte| *byte == 0));
    assert_eq!(file[128..132], *b"DICM");
    let (tag, _, value, next) = element_at(file, 132);
    assert_eq!(tag, Tag(0x0002, 0x0000));
    let meta_end = next + u32_at(file, value);
    let meta = elements_between(file, next, meta_end);
    assert_eq!(meta[&Tag(0x0002, 0x0002)].1, b"1.2.840.10008.1.3.10");
    assert_eq!(meta[&Tag(0x0002, 0x0010)].1, b"1.2.840.10008.1.2.1\0");
    let top = elements_between(file, meta_end, file.len());
    assert_eq!(top[&Tag(0x0004, 0x1212)].1, [0, 0]);

    let records = &top[&Tag(0x0004, 0x1220)].1;
    let base = file.len() - records.len();
    let mut starts = Vec::new();
    let mut at = base;
    while at < file.len() {
        starts.push(at);
        at += 8 + u32_at(file, at + 4);
    }
    let mut reached = Vec::new();
    let first = u32_at(&top[&Tag(0x0004, 0x1200)].1, 0);
    let last = u32_at(&top[&Tag(0x0004, 0x1202)].1, 0);
    let (roots, end) = follow(file, first, &mut reached);
    assert_eq!(end, last, "the last record of the root");
    reached.sort_unstable();
    assert_eq!(reached, starts, "every record is reached once");
    roots
}

fn follow(file: &[u8], first: usize, reached: &mut Vec<usize>) -> (Vec<ReadRecord>, usize) {
    let mut records = Vec::new();
    let (mut at, mut last) = (first, 0);
    while at != 0 {
        reached.push(at);
        last = at;
        assert_eq!(file[at..at + 4], [0xFE, 0xFF, 0x00, 0xE0], "an offset points at an item");
        let mut elements = elements_between(file, at + 8, at + 8 + u32_at(file, at + 4));
        let (_, next) = elements.remove(&Tag(0x0004, 0x1400)).unwrap();
        let (_, in_use) = elements.remove(&Tag(0x0004, 0x1410)).unwrap();
        let (_, lower) = elements.remove(&Tag(0x0004, 0x1420)).unwrap();
        assert_eq!(in_use, [0xFF, 0xFF]);
        let (lower, _) = follow(file, u32_at(&lower, 0), reached);
        records.push(ReadRecord { elements, lower });
        at = u32_at(&next, 0);
    }
    (records, last)
}
