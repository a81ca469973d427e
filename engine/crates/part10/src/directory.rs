//! What a DICOMDIR that came with the files promises (PS3.3 F.3).
//!
//! It is a hint: nothing is read through it, but an instance that it lists and that is not there is
//! missing.

use std::fs::File;
use std::path::{Path, PathBuf};

use dicom_core::Tag;
use model::{FileId, SopInstanceUid, StudyInstanceUid};

use crate::dataset::Dataset;
use crate::front::{Front, unreadable};
use crate::heading::parse_elements;
use crate::start::{read_start, transfer_syntax_of};
use crate::{Limits, OpenError};

const DIRECTORY_RECORD_SEQUENCE: Tag = Tag(0x0004, 0x1220);
const RECORD_IN_USE: Tag = Tag(0x0004, 0x1410);
const DIRECTORY_RECORD_TYPE: Tag = Tag(0x0004, 0x1430);
const REFERENCED_FILE_ID: Tag = Tag(0x0004, 0x1500);
const REFERENCED_SOP_INSTANCE_UID: Tag = Tag(0x0004, 0x1511);
const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);

/// What a DICOMDIR lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// The files, in the order of the records.
    pub references: Vec<Reference>,
    /// Whether all records could be read; otherwise it may list more.
    pub is_whole: bool,
}

/// A file that a DICOMDIR references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Referenced File ID (0004,1500) as a path below the folder of the DICOMDIR. Any text may stand
    /// there: a path to compare with, not to open or show.
    pub path: PathBuf,
    /// The same as a File ID, if it is one: that can be shown.
    pub file_id: Option<FileId>,
    /// Referenced SOP Instance UID in File (0004,1511).
    pub sop_instance: SopInstanceUid,
    /// Study Instance UID (0020,000D) of the STUDY record that it follows.
    pub study: Option<StudyInstanceUid>,
}

/// Reads the references of a DICOMDIR; records without UID or File ID are passed over.
///
/// The study of a reference follows from the order of the records, not from their offsets: writers
/// put them in the order of the tree, and copying a DICOMDIR breaks offsets first.
///
/// # Errors
/// [`OpenError`] when the file cannot be read or is no data set.
pub fn read_directory(path: &Path, limits: &Limits) -> Result<Directory, OpenError> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    read(Front::of_file(file), limits)
}

/// As [`read_directory`], of a whole file that is already in memory.
///
/// # Errors
/// As [`read_directory`].
pub fn parse_directory(bytes: Vec<u8>, limits: &Limits) -> Result<Directory, OpenError> {
    read(Front::of_memory(bytes), limits)
}

fn read(mut front: Front, limits: &Limits) -> Result<Directory, OpenError> {
    let start = read_start(&mut front, limits)?;
    let syntax = transfer_syntax_of(&start, &front)?;
    let (places, _) = parse_elements(&mut front, start.dataset, &syntax, None, limits)?;
    let dataset = Dataset::from_places(&front.bytes, places.into(), syntax.encoding, None);
    let mut directory = Directory { references: Vec::new(), is_whole: false };
    let mut records = dataset.items(DIRECTORY_RECORD_SEQUENCE);
    let mut study = None;
    for record in records.by_ref() {
        match record.bytes(DIRECTORY_RECORD_TYPE) {
            Some(b"PATIENT") => study = None,
            Some(b"STUDY") => {
                let uid = record.bytes(STUDY_INSTANCE_UID);
                study = uid.and_then(|uid| StudyInstanceUid::from_wire(uid).ok());
            }
            _ if record.u16(RECORD_IN_USE) == Some(0) => {}
            _ => directory.references.extend(reference(&record, study.as_ref())),
        }
    }
    directory.is_whole = dataset.has(DIRECTORY_RECORD_SEQUENCE) && records.finish().is_ok();
    Ok(directory)
}

fn reference(record: &Dataset<'_>, study: Option<&StudyInstanceUid>) -> Option<Reference> {
    let text = record.text(REFERENCED_FILE_ID)?;
    let sop_instance =
        SopInstanceUid::from_wire(record.bytes(REFERENCED_SOP_INSTANCE_UID)?).ok()?;
    let components: Vec<&str> = text.split('\\').map(str::trim).collect();
    Some(Reference {
        file_id: components.join("/").parse().ok(),
        path: components.into_iter().collect(),
        sop_instance,
        study: study.cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// An element in Explicit VR Little Endian whose VR has a 16-bit length.
    fn short(tag: Tag, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        bytes.extend(vr.as_bytes());
        let padding = value.len() % 2;
        bytes.extend(u16::try_from(value.len() + padding).unwrap().to_le_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len() + padding, b' ');
        bytes
    }

    fn item(elements: &[Vec<u8>]) -> Vec<u8> {
        let content = elements.concat();
        let mut bytes = vec![0xFE, 0xFF, 0x00, 0xE0];
        bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        bytes.extend(content);
        bytes
    }

    fn study(uid: &str) -> Vec<u8> {
        item(&[
            short(DIRECTORY_RECORD_TYPE, "CS", b"STUDY"),
            short(STUDY_INSTANCE_UID, "UI", uid.as_bytes()),
        ])
    }

    fn image(file_id: &str, uid: &str) -> Vec<u8> {
        item(&[
            short(DIRECTORY_RECORD_TYPE, "CS", b"IMAGE"),
            short(REFERENCED_FILE_ID, "CS", file_id.as_bytes()),
            short(REFERENCED_SOP_INSTANCE_UID, "UI", uid.as_bytes()),
        ])
    }

    fn directory(records: &[Vec<u8>]) -> Vec<u8> {
        let records = records.concat();
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM");
        bytes.extend(short(Tag(0x0002, 0x0010), "UI", b"1.2.840.10008.1.2.1\0"));
        bytes.extend([0x04, 0x00, 0x20, 0x12, b'S', b'Q', 0, 0]);
        bytes.extend(u32::try_from(records.len()).unwrap().to_le_bytes());
        bytes.extend(records);
        bytes
    }

    fn read_bytes(bytes: Vec<u8>) -> Result<Directory, OpenError> {
        parse_directory(bytes, &Limits::default())
    }

    #[test]
    fn files_belong_to_the_study_record_before_them() {
        let patient = item(&[short(DIRECTORY_RECORD_TYPE, "CS", b"PATIENT")]);
        let records = [
            study("1.2.1"),
            image("A\\IM1", "1.3.1"),
            image("A\\IM2", "1.3.2"),
            study("1.2.2"),
            image("B\\IM1", "1.3.3"),
            patient,
            image("IM9", "1.3.4"),
        ];
        let directory = read_bytes(directory(&records)).unwrap();
        let studies = directory.references.iter().map(|reference| {
            let study = reference.study.as_ref().map(StudyInstanceUid::as_str);
            (reference.path.to_str().unwrap(), study)
        });
        let expected = [
            ("A/IM1", Some("1.2.1")),
            ("A/IM2", Some("1.2.1")),
            ("B/IM1", Some("1.2.2")),
            ("IM9", None),
        ];
        assert!(studies.eq(expected), "{directory:?}");
        assert!(directory.is_whole);
    }

    #[rstest]
    #[case::legal("SE2\\IM1", Some("SE2/IM1"))]
    #[case::a_name("BIANCHI^ANNA TEST", None)]
    #[case::controls_a_terminal("IM1\u{1b}[31m", None)]
    fn only_a_file_id_is_shown(#[case] value: &str, #[case] shown: Option<&str>) {
        let directory = read_bytes(directory(&[image(value, "1.3.1")])).unwrap();
        let file_id = directory.references.first().unwrap().file_id.as_ref();
        assert_eq!(file_id.map(FileId::as_path), shown);
    }

    #[test]
    fn records_before_a_damaged_one_count_and_the_damage_is_told() {
        let damaged = item(&[b"\x04\0\x10\x14US\0\xFF".to_vec()]);
        let records = [image("IM1", "1.3.1"), damaged, image("IM2", "1.3.2")];
        let directory = read_bytes(directory(&records)).unwrap();
        assert_eq!((directory.references.len(), directory.is_whole), (1, false));
    }

    #[test]
    fn a_directory_that_is_cut_off_is_an_error() {
        let mut bytes = directory(&[image("IM1", "1.3.1")]);
        bytes.truncate(bytes.len() - 10);
        let refused = read_bytes(bytes);
        assert!(matches!(refused, Err(OpenError::Refused(_))), "{refused:?}");
    }
}
