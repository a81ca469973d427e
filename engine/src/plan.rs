//! What is expected in the package, where each instance goes, and what is known to be wrong before
//! anything is written.

pub(crate) mod folder;
pub(crate) mod studies;

use std::collections::HashMap;
use std::path::PathBuf;

use media::contents::Patient;
use media::numbering::{Numbering, Place};
use model::{
    Notice, Refusal, SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid, Subject,
};
use pacs::PatientId;
use part10::Identity;
use render::ValueRange;
use sha2::{Digest as _, Sha256};

use crate::contents::Contents;
use crate::error::PackError;
use crate::request::Options;

/// What is said of a package that holds reports only.
pub(crate) fn reports_only(options: &Options, left_out: u64) -> Option<Notice> {
    let subject = Subject::default();
    (options.contents == Contents::ReportsOnly).then_some(Notice::ReportsOnly { subject, left_out })
}

/// An instance that should be in the package, before it is opened.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// Its path below the folder; nothing from a PACS.
    pub(crate) origin: Option<String>,
    /// The file, in a folder.
    pub(crate) path: Option<PathBuf>,
    /// Size of the file; 0 until it has come from a PACS.
    pub(crate) bytes: u64,
    /// Bytes that it takes with native pixel data; 0 where that is not known.
    pub(crate) native_bytes: u64,
    /// Patient ID (0010,0020). `None`: the source does not say it, and the first instance decides.
    pub(crate) patient_id: Option<String>,
    /// Issuer of Patient ID (0010,0021) of instances that do not name one; empty where nobody says it.
    pub(crate) issuer: String,
    pub(crate) study: StudyInstanceUid,
    pub(crate) series: SeriesInstanceUid,
    pub(crate) sop_instance: SopInstanceUid,
    /// `None`: the PACS does not say it.
    pub(crate) sop_class: Option<SopClassUid>,
    /// In which transfer syntaxes the PACS has it, if it says so.
    pub(crate) transfer_syntaxes: Vec<String>,
}

impl Expected {
    /// Whether an instance is the one expected, by its UIDs.
    pub(crate) fn is(&self, found: &Identity) -> bool {
        found.study == self.study
            && found.series == self.series
            && found.sop_instance == self.sop_instance
            && self.sop_class.as_ref().is_none_or(|class| *class == found.sop_class)
    }
}

/// An instance with its place in the package.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) instance: Expected,
    pub(crate) place: Place,
    /// Whether its picture stands for the series in the index.
    pub(crate) is_thumbnail: bool,
    /// What of its values is shown where it names no window; `None`: its own pixels decide.
    pub(crate) range: Option<ValueRange>,
    /// Whether the plan had it; a PACS may send what it did not list.
    pub(crate) is_listed: bool,
}

impl Planned {
    /// What a notice about it says.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            origin: self.instance.origin.clone(),
            sop_instance: Some(self.instance.sop_instance.clone()),
            file_id: None,
        }
    }
}

/// The package before its first byte.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) instances: Vec<Planned>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) files: FileCounts,
    /// Instances expected: those planned and those already known to be lost.
    pub(crate) expected: u64,
    /// Whether pixel data stay compressed.
    pub(crate) as_stored: bool,
    /// Distinguishes packages; the same instances and options give the same digest.
    pub(crate) digest: [u8; 32],
    /// Study Date of the latest study, DA.
    pub(crate) study_date: String,
    /// Study Time of the latest study, TM.
    pub(crate) study_time: String,
    /// Gives places to instances that the plan does not have.
    pub(crate) numbering: Numbering,
    /// What of the studies is to be in the package.
    pub(crate) contents: Contents,
    /// The Patient IDs of the person, if they are known; else the source decides.
    pub(crate) patient_ids: Vec<PatientId>,
}

/// What the files of the folder were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileCounts {
    /// Files looked at.
    pub files: u64,
    /// Instances of the study or studies to package, duplicates included.
    pub instances: u64,
    /// Files that are no DICOM.
    pub not_dicom: u64,
    /// DICOMDIR files.
    pub directories: u64,
    /// DICOMDIR files that could not be read, or not to the end: what they list besides may be absent
    /// without being missed.
    pub unreadable_directories: u64,
    /// DICOM files that cannot be used.
    pub refused: u64,
    /// Instances of studies that were not asked for.
    pub other_studies: u64,
}

impl Plan {
    /// The index of each instance.
    pub(crate) fn places(&self) -> HashMap<SopInstanceUid, usize> {
        let instances = self.instances.iter().enumerate();
        instances.map(|(index, one)| (one.instance.sop_instance.clone(), index)).collect()
    }
}

/// Of what is known of an instance wherever it comes from: how long its file is, is not.
fn digest_of(options: &Options, as_stored: bool, instances: &[Expected]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    let Options { layout, language, contents, reports, .. } = options;
    hasher.update(format!("{layout:?}{language:?}{as_stored}{contents:?}"));
    for report in reports {
        report.put_identity(&mut hasher);
    }
    // Where there are instances they say whose it is.
    if let Some(Patient { name, id, birth_date, sex }) =
        options.patient.as_ref().filter(|_| instances.is_empty())
    {
        hasher.update(format!("{name:?}{id:?}{birth_date:?}{sex:?}"));
    }
    let mut study = None;
    for instance in instances {
        if study != Some(&instance.study) {
            study = Some(&instance.study);
            hasher.update(instance.study.as_str());
            hasher.update([1]);
        }
        hasher.update(instance.sop_instance.as_str());
        hasher.update([0]);
    }
    hasher.finalize().into()
}

pub(crate) fn number(instances: Vec<Expected>) -> Result<(Vec<Planned>, Numbering), PackError> {
    let mut numbering = Numbering::default();
    let mut series: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
    let mut planned = Vec::with_capacity(instances.len());
    for instance in instances {
        let place = numbering
            .place(&instance.study, &instance.series)
            .map_err(|error| PackError::TooLarge(error.to_string()))?;
        let key = (place.study.get(), place.series.get());
        series.entry(key).or_default().push(planned.len());
        let is_listed = true;
        planned.push(Planned { instance, place, is_thumbnail: false, range: None, is_listed });
    }
    for members in series.values() {
        let middle = members.get(members.len() / 2).and_then(|at| planned.get_mut(*at));
        if let Some(middle) = middle {
            middle.is_thumbnail = true;
        }
    }
    Ok((planned, numbering))
}

/// Why an instance was refused, where it was.
pub(crate) fn refusal_of(notice: &Notice) -> Option<&Refusal> {
    match notice {
        Notice::Refused(_, refusal) => Some(refusal),
        _ => None,
    }
}
