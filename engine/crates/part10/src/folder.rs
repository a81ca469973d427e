//! A folder of files as a source of instances: what is in it, before anything is packaged.
//!
//! Listing takes the place that C-FIND at IMAGE level has with a PACS: it says what is expected, and
//! in which order. It reads the start of each file only, and keeps a few hundred bytes of it.

use std::fs;
use std::path::{Path, PathBuf};

use dicom_core::Tag;
use model::Refusal;

use crate::dataset::Dataset;
use crate::encoding::{TransferSyntax, is_encapsulated};
use crate::heading::{Heading, Identity};
use crate::pixel_description::PixelDescription;
use crate::{Limits, OpenError};

const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
const STUDY_TIME: Tag = Tag(0x0008, 0x0030);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
const SERIES_NUMBER: Tag = Tag(0x0020, 0x0011);
const INSTANCE_NUMBER: Tag = Tag(0x0020, 0x0013);
/// The last attribute that the listing looks at is High Bit; the search ends behind it.
const UNTIL: Tag = Tag(0x0028, 0x0104);
/// Characters of a date or a time, which have 16 at most.
const MOST_OF_TIME: usize = 64;

/// The folder itself cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the folder {path}: {source}")]
pub struct FolderError {
    /// Which folder.
    pub path: PathBuf,
    /// What the system says.
    pub source: std::io::Error,
}

/// An instance found in a folder.
#[derive(Debug, Clone)]
pub struct ListedInstance {
    /// The file.
    pub path: PathBuf,
    /// Its path below the folder.
    pub origin: String,
    /// Size of the file.
    pub bytes: u64,
    /// Bytes that the instance takes with native pixel data, by its attributes.
    pub native_bytes: u64,
    /// Whether the pixel data are compressed.
    pub compressed: bool,
    /// Its UIDs.
    pub identity: Identity,
    /// Patient ID (0010,0020), empty when absent.
    pub patient_id: String,
    /// Issuer of Patient ID (0010,0021), empty when absent.
    pub issuer: String,
    /// Study Date (0008,0020) and Study Time (0008,0030), as written.
    pub study_date_time: (String, String),
    /// Series Number (0020,0011).
    pub series_number: Option<i64>,
    /// Instance Number (0020,0013).
    pub instance_number: Option<i64>,
}

impl ListedInstance {
    /// The order of instances in a package: by study date, series number, instance number; UIDs
    /// decide where these are equal or absent, and the path decides between duplicates.
    pub fn sort_key(&self) -> impl Ord + '_ {
        let Identity { study, series, sop_instance, .. } = &self.identity;
        (
            (&self.study_date_time, study),
            (self.series_number.unwrap_or(i64::MAX), series),
            (self.instance_number.unwrap_or(i64::MAX), sop_instance),
            &self.origin,
        )
    }
}

/// A file of the folder that is no instance to package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherFile {
    /// Nothing in it looks like DICOM.
    NotDicom,
    /// A DICOMDIR.
    Directory,
    /// It is DICOM, or should be, and cannot be used.
    Refused(Refusal),
}

/// All files of a folder.
#[derive(Debug, Clone, Default)]
pub struct FolderListing {
    /// The instances, in the order of [`ListedInstance::sort_key`].
    pub instances: Vec<ListedInstance>,
    /// The other files, with their paths below the folder.
    pub others: Vec<(PathBuf, OtherFile)>,
}

/// Lists a folder and the folders in it. Symbolic links to folders are not followed.
///
/// # Errors
/// [`FolderError`] when the folder or one inside cannot be listed: what is missing then is unknown.
/// A file that cannot be read is an [`OtherFile::Refused`].
pub fn list_folder(folder: &Path, limits: &Limits) -> Result<FolderListing, FolderError> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.sort();
    let mut listing = FolderListing::default();
    for path in files {
        let below = path.strip_prefix(folder).unwrap_or(&path);
        match list_file(&path, below.to_string_lossy().into_owned(), limits) {
            Ok(instance) => listing.instances.push(instance),
            Err(error) => listing.others.push((below.to_owned(), other(error, &path))),
        }
    }
    listing.instances.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    Ok(listing)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FolderError> {
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        let failed = |source| FolderError { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().map_err(failed)?.is_dir() {
                pending.push(path);
            } else if !path.is_dir() {
                files.push(path);
            }
        }
    }
    Ok(())
}

/// Bytes that an instance takes with native pixel data, by its attributes; `bytes` is the size of its
/// file. Halved chrominances count as whole: decoding makes them so.
pub fn native_bytes(dataset: &Dataset<'_>, syntax: &TransferSyntax, bytes: u64) -> u64 {
    if !is_encapsulated(syntax.uid()) {
        return bytes;
    }
    PixelDescription::read(dataset).map_or(bytes, |description| {
        description.whole_frame_bits().saturating_mul(description.frames.into()) / 8
    })
}

fn list_file(path: &Path, origin: String, limits: &Limits) -> Result<ListedInstance, OpenError> {
    let metadata = fs::metadata(path)
        .map_err(|error| OpenError::Refused(Refusal::Unreadable(error.to_string())))?;
    if !metadata.is_file() {
        // Reading a pipe or a device might never end.
        return Err(OpenError::NotDicom);
    }
    let bytes = metadata.len();
    let heading = Heading::read(path, UNTIL, limits)?;
    let dataset = heading.dataset();
    let text = |tag| dataset.text(tag).unwrap_or_default();
    let time = |tag| dataset.brief(tag, MOST_OF_TIME).unwrap_or_default();
    let compressed = is_encapsulated(heading.transfer_syntax().uid());
    let native_bytes = native_bytes(&dataset, heading.transfer_syntax(), bytes);
    Ok(ListedInstance {
        path: path.to_owned(),
        origin,
        bytes,
        native_bytes,
        compressed,
        identity: heading.identity().clone(),
        patient_id: text(PATIENT_ID),
        issuer: text(ISSUER_OF_PATIENT_ID),
        study_date_time: (time(STUDY_DATE), time(STUDY_TIME)),
        series_number: dataset.i64(SERIES_NUMBER),
        instance_number: dataset.i64(INSTANCE_NUMBER),
    })
}

/// A file that is no DICOM although its name promises an image may be a lost image: it is refused,
/// so that somebody looks at it.
fn other(error: OpenError, path: &Path) -> OtherFile {
    match error {
        OpenError::Directory => OtherFile::Directory,
        OpenError::Refused(refusal) => OtherFile::Refused(refusal),
        // Listing inflates the start of a file only, in memory.
        OpenError::Temporary { message, .. } => OtherFile::Refused(Refusal::Unreadable(message)),
        OpenError::NotDicom => {
            let promises = path.extension().is_some_and(|extension| {
                ["dcm", "dicom", "ima"].iter().any(|name| extension.eq_ignore_ascii_case(name))
            });
            if promises {
                let reason = "it is named like a DICOM file and is none";
                OtherFile::Refused(Refusal::Malformed(reason.into()))
            } else {
                OtherFile::NotDicom
            }
        }
    }
}
