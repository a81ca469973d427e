//! The DICOMDIR: the directory of a File-set (PS3.10 §8.6, PS3.3 Annex F).
//!
//! Files are added one by one, in any order; each leaves only its encoded record behind. The file
//! is written at the end, records ordered by File ID, so the same files give the same bytes.
//!
//! Invariant: nothing is invented in the files; what a record must have and the file lacks stands
//! in the record only, and is reported.

mod body;
mod charset;
mod encode;
mod items;
mod keys;
mod offsets;
mod record;
mod tree;
mod values;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::str::FromStr;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use model::{FileId, SopClassUid, SopInstanceUid, StudyInstanceUid};
use part10::{Dataset, Identity};

use self::body::{Origin, Record, Reference};
use self::encode::TooLong;
use self::tree::{Series, Study};
use self::values::Multiplicity;

pub use self::record::{Content, RecordType};

/// A file of the File-set, as the directory needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct ReferencedFile<'a> {
    /// Its UIDs.
    pub identity: &'a Identity,
    /// Its elements before the pixel data.
    pub dataset: &'a Dataset<'a>,
    /// Whether it has Pixel Data, Float Pixel Data or Double Float Pixel Data.
    pub has_pixel_data: bool,
    /// Where it lies; each file of a File-set has its own.
    pub file_id: &'a FileId,
    /// Transfer Syntax UID (0002,0010) as it is written in the File-set.
    pub transfer_syntax: &'a str,
}

/// What the caller knows about the study where its files say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fallbacks {
    /// Patient ID of the order.
    pub patient_id: Option<String>,
    /// Date of the order, `YYYYMMDD`.
    pub study_date: Option<String>,
}

/// A key that differs from what the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub tag: Tag,
    /// How it differs.
    pub kind: ChangeKind,
}

/// How a key of a record differs from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The record must have a value and the file has none that is usable.
    Invented,
    /// The value broke the rules of its VR and was put right: cut, cleaned or written anew.
    Corrected,
    /// The value broke the rules, and the record does without.
    Omitted,
}

/// A file now has its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The type of its record.
    pub record_type: RecordType,
    /// What its records say otherwise than the file, those of patient, study and series included
    /// when this file is the first of them.
    pub changes: Vec<Change>,
}

/// A file cannot have a record, so it must not be in the File-set (PS3.3 §F.2.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// No directory record type references such an object.
    #[error("no directory record type references SOP Class {0}")]
    NoRecordType(SopClassUid),
    /// A value of the record fits no length field.
    #[error("the directory record is too long")]
    TooLong,
}

/// The directory cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DicomdirError {
    /// No media profile allows a directory without records (PS3.11 §D.3.3).
    #[error("a directory without records is not allowed")]
    Empty,
    /// Two files were added under one File ID.
    #[error("two files have the File ID {0}")]
    DuplicateFileId(FileId),
    /// Offsets have 32 bits.
    #[error("the directory is larger than 4 GiB")]
    TooLarge,
}

/// A text is not a File-set ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a File-set ID has at most 16 characters of A-Z, 0-9 and _")]
pub struct InvalidFileSetId;

/// File-set ID (0004,1130): a short name of the medium, possibly empty.
///
/// Standard: DICOM PS3.10 §8.1, §8.5.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSetId(Box<str>);

impl FromStr for FileSetId {
    type Err = InvalidFileSetId;

    fn from_str(text: &str) -> Result<Self, InvalidFileSetId> {
        let legal = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
        if text.len() <= 16 && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidFileSetId)
        }
    }
}

/// Gathers the records of a File-set.
#[derive(Debug, Default)]
pub struct Dicomdir {
    fallbacks: Fallbacks,
    studies: HashMap<StudyInstanceUid, Study>,
    files: usize,
}

impl Dicomdir {
    /// An empty directory.
    pub fn new(fallbacks: Fallbacks) -> Self {
        Self { fallbacks, ..Self::default() }
    }

    /// How many files have a record.
    pub fn len(&self) -> usize {
        self.files
    }

    /// Whether no file has a record yet.
    pub fn is_empty(&self) -> bool {
        self.files == 0
    }

    /// Makes the record of a file, and those of its patient, study and series when it is the first
    /// of them by File ID.
    ///
    /// Files are grouped by Study and Series Instance UID, studies by Patient ID; of several
    /// spellings of a name the one of the lowest File ID stands. SOP Instance UIDs are taken to be
    /// different: whoever hands out File IDs has dropped duplicates.
    ///
    /// # Errors
    /// [`Rejected`]: the file has no place in a directory.
    /// # Limits
    /// Keeps the record, some 400 bytes, at most 64 KiB; sequences beyond are left out and reported.
    pub fn add(&mut self, file: &ReferencedFile<'_>) -> Result<Added, Rejected> {
        let ReferencedFile { identity, dataset, file_id, .. } = *file;
        let content = match file.has_pixel_data {
            true => Content::PixelData,
            false if dataset.has(tags::ENCAPSULATED_DOCUMENT) => Content::EncapsulatedDocument,
            false => Content::Other,
        };
        let record_type = RecordType::of(identity.sop_class.as_str(), content)
            .ok_or_else(|| Rejected::NoRecordType(identity.sop_class.clone()))?;
        let patient = self.patient_of(file);
        let origin =
            Origin { dataset, identity, fallbacks: &self.fallbacks, patient_stand_in: &patient };
        let mut changes = Vec::new();
        let mut encode = |record_type, keys, reference| -> Result<Record, Rejected> {
            let encoded = body::encode(record_type, reference, keys, origin);
            let (record, changed) = encoded.map_err(|TooLong| Rejected::TooLong)?;
            changes.extend(changed);
            Ok(record)
        };
        let file_id_value = file_id.to_value();
        let reference =
            Reference { file_id: &file_id_value, transfer_syntax: file.transfer_syntax };
        let keys = keys::keys_of(record_type);
        let record = encode(record_type.as_str(), keys, Some(reference))?;

        let study = match self.studies.entry(identity.study.clone()) {
            Entry::Occupied(study) if *file_id >= study.get().first => study.into_mut(),
            other => {
                let patient_record = encode("PATIENT", keys::PATIENT, None)?;
                let record = encode("STUDY", keys::STUDY, None)?;
                let opened = Study::new(file_id, &patient, patient_record, record);
                opened.replace(other)
            }
        };
        let series = match study.series.entry(identity.series.clone()) {
            Entry::Occupied(series) if *file_id >= series.get().first => series.into_mut(),
            other => Series::new(file_id, encode("SERIES", keys::SERIES, None)?).replace(other),
        };
        series.files.push((file_id.clone(), record));
        self.files += 1;
        Ok(Added { record_type, changes })
    }

    /// The Patient ID that the study of a file is grouped by; it is the one in the PATIENT record.
    fn patient_of(&self, file: &ReferencedFile<'_>) -> String {
        let legal = |id: &str| values::legal_text(VR::LO, Multiplicity::One, id);
        let in_file = file.dataset.text(tags::PATIENT_ID).map(|id| legal(&id));
        let of_order = || self.fallbacks.patient_id.as_deref().map(legal);
        in_file
            .filter(|id| !id.is_empty())
            .or_else(|| of_order().filter(|id| !id.is_empty()))
            .unwrap_or_else(|| format!("UNKNOWN{:08X}", short_hash(file.identity.study.as_str())))
    }

    /// The DICOMDIR file.
    ///
    /// `file_set_uid` becomes its SOP Instance UID, new for each File-set (PS3.10 §8.6).
    ///
    /// # Errors
    /// [`DicomdirError`]: there are no records, a File ID stands twice, or the file passes 4 GiB.
    /// # Limits
    /// Holds the records and the file at the same time.
    pub fn finish(
        self,
        file_set_uid: &SopInstanceUid,
        file_set_id: &FileSetId,
    ) -> Result<Vec<u8>, DicomdirError> {
        if self.is_empty() {
            return Err(DicomdirError::Empty);
        }
        let roots = tree::grow(self.studies.into_values().collect())?;
        offsets::write(file_set_uid.as_str(), &file_set_id.0, &roots)
            .map_err(|TooLong| DicomdirError::TooLarge)
    }
}

/// FNV-1a, 32 bits: tells unnamed patients of one File-set apart, the same way on every run.
fn short_hash(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests;
