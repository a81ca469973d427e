//! What a DICOMDIR that came with the files promises (PS3.3 F.3).
//!
//! It is a hint: nothing is read through it, but an instance that it lists and that is not there is
//! missing.

use std::fs::File;
use std::path::{Path, PathBuf};

use dicom_core::Tag;
use model::SopInstanceUid;

use crate::dataset::Dataset;
use crate::front::{Front, unreadable};
use crate::heading::parse_elements;
use crate::start::{read_start, transfer_syntax_of};
use crate::{Limits, OpenError};

const DIRECTORY_RECORD_SEQUENCE: Tag = Tag(0x0004, 0x1220);
const RECORD_IN_USE: Tag = Tag(0x0004, 0x1410);
const REFERENCED_FILE_ID: Tag = Tag(0x0004, 0x1500);
const REFERENCED_SOP_INSTANCE_UID: Tag = Tag(0x0004, 0x1511);

/// A file that a DICOMDIR references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Referenced File ID (0004,1500) as a path below the folder of the DICOMDIR.
    pub path: PathBuf,
    /// Referenced SOP Instance UID in File (0004,1511).
    pub sop_instance: SopInstanceUid,
}

/// Reads the references of a DICOMDIR; records without UID or File ID are passed over.
///
/// # Errors
/// [`OpenError`] when the file cannot be read or is no data set.
pub fn read_directory(path: &Path, limits: &Limits) -> Result<Vec<Reference>, OpenError> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut front = Front::of_file(file);
    let start = read_start(&mut front, limits)?;
    let syntax = transfer_syntax_of(&start, &front)?;
    let (places, _) = parse_elements(&mut front, start.dataset, &syntax, None, limits)?;
    let dataset = Dataset::from_places(&front.bytes, places.into(), syntax.encoding, None);
    let records = dataset.items(DIRECTORY_RECORD_SEQUENCE);
    Ok(records
        .iter()
        .filter(|record| record.u16(RECORD_IN_USE) != Some(0))
        .filter_map(reference)
        .collect())
}

fn reference(record: &Dataset<'_>) -> Option<Reference> {
    let file_id = record.text(REFERENCED_FILE_ID)?;
    let sop_instance =
        SopInstanceUid::from_wire(record.bytes(REFERENCED_SOP_INSTANCE_UID)?).ok()?;
    let path = file_id.split('\\').map(str::trim).collect();
    Some(Reference { path, sop_instance })
}
