//! DICOMDIRs: read out of arbitrary bytes, and written for arbitrary instances and read back.

use std::collections::HashSet;

use dicom_core::Tag;
use media::dicomdir::{Dicomdir, Fallbacks, FileSetId, ReferencedFile};
use media::layout::Layout;
use media::numbering::Numbering;
use model::{SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};
use part10::{Dataset, EXPLICIT_VR_LITTLE_ENDIAN, Encoding, Identity, parse_directory};

use super::FILE_LIMITS;
use super::input::Input;

/// Reads a DICOMDIR that somebody else wrote.
///
/// # Panics
/// When a File ID that is shown is not the path that is compared.
pub fn directory(bytes: &[u8]) {
    let Ok(directory) = parse_directory(bytes.to_vec(), &FILE_LIMITS) else { return };
    for reference in &directory.references {
        if let Some(file_id) = &reference.file_id {
            assert_eq!(Some(file_id.as_path()), reference.path.to_str());
        }
    }
}

/// Instances to put into a File-set; more say nothing new.
const MOST_INSTANCES: usize = 64;

/// Writes the DICOMDIR of a File-set: each instance is an encoding, the length of a data set, and the
/// data set.
///
/// # Panics
/// When the DICOMDIR does not list exactly the instances that were added, each in its study.
pub fn file_set(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    let mut numbering = Numbering::default();
    let mut expected = Vec::new();
    let mut seen = HashSet::new();
    while !input.is_empty() && expected.len() < MOST_INSTANCES {
        let flags = input.byte();
        let length = input.word();
        let encoding = Encoding { explicit_vr: flags & 1 == 0, big_endian: flags & 2 != 0 };
        let Ok(dataset) = Dataset::parse(input.take(length.into()), encoding) else { continue };
        let Some(identity) = identity(&dataset) else { continue };
        if !seen.insert(identity.sop_instance.clone()) {
            continue;
        }
        let place = numbering.place(&identity.study, &identity.series).expect("few instances");
        let file_id = Layout::Pdi.file_id(&place);
        let added = dicomdir.add(&ReferencedFile {
            identity: &identity,
            dataset: &dataset,
            has_pixel_data: flags & 4 != 0,
            file_id: &file_id,
            transfer_syntax: EXPLICIT_VR_LITTLE_ENDIAN,
        });
        if added.is_ok() {
            expected.push((file_id, identity.sop_instance, Some(identity.study)));
        }
    }
    if expected.is_empty() {
        return;
    }
    let uid: SopInstanceUid = "2.25.1".parse().expect("a UID");
    let written = dicomdir.finish(&uid, &FileSetId::default()).expect("a few records");
    let read = parse_directory(written, &FILE_LIMITS).expect("a DICOMDIR of ours");
    assert!(read.is_whole);
    let mut found: Vec<_> = read
        .references
        .into_iter()
        .map(|reference| {
            let file_id = reference.file_id.expect("a File ID of ours");
            (file_id, reference.sop_instance, reference.study)
        })
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

fn identity(dataset: &Dataset<'_>) -> Option<Identity> {
    let uid = |group, element| dataset.bytes(Tag(group, element)).unwrap_or_default();
    Some(Identity {
        sop_class: SopClassUid::from_wire(uid(0x0008, 0x0016)).ok()?,
        sop_instance: SopInstanceUid::from_wire(uid(0x0008, 0x0018)).ok()?,
        study: StudyInstanceUid::from_wire(uid(0x0020, 0x000D)).ok()?,
        series: SeriesInstanceUid::from_wire(uid(0x0020, 0x000E)).ok()?,
    })
}
