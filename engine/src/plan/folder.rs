//! The plan of a folder: its files sorted, duplicates dropped, what a DICOMDIR misses named.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use model::{Notice, SopInstanceUid, StudyInstanceUid, Subject};
use part10::{FolderListing, Limits, ListedInstance, OtherFile, Reference, read_directory};

use super::{Expected, FileCounts, Plan, digest_of, number, refusal_of, reports_only};
use crate::duplicate::{is_usable, same_content};
use crate::error::PackError;
use crate::request::{Options, TransferSyntaxPolicy};

/// No compressed image grows more when decoded: a header that says so is wrong, and must not decide
/// for the whole study.
const MAX_GROWTH: u64 = 1000;

fn subject_of(instance: &ListedInstance) -> Subject {
    Subject {
        origin: Some(instance.origin.clone()),
        sop_instance: Some(instance.identity.sop_instance.clone()),
        file_id: None,
    }
}

fn expected_of(instance: ListedInstance) -> Expected {
    Expected {
        origin: Some(instance.origin),
        path: Some(instance.path),
        bytes: instance.bytes,
        native_bytes: instance.native_bytes,
        patient_id: Some(instance.patient_id),
        issuer: String::new(),
        study: instance.identity.study,
        series: instance.identity.series,
        sop_instance: instance.identity.sop_instance,
        sop_class: Some(instance.identity.sop_class),
        transfer_syntaxes: Vec::new(),
    }
}

/// Makes the plan of a folder.
///
/// # Errors
/// [`PackError`] when nothing can be packaged, or more than one patient would be.
pub(crate) fn plan(
    folder: &Path,
    studies: &[StudyInstanceUid],
    options: &Options,
    listing: FolderListing,
) -> Result<Plan, PackError> {
    let FolderListing { instances: listed, others } = listing;
    let mut files =
        FileCounts { files: (listed.len() + others.len()) as u64, ..FileCounts::default() };
    let mut notices = Vec::new();
    let mut directories = Vec::new();
    let mut refused = HashSet::new();
    for (below, other) in others {
        let path = folder.join(&below);
        match other {
            OtherFile::NotDicom => files.not_dicom += 1,
            OtherFile::Directory => {
                files.directories += 1;
                directories.push(path);
            }
            OtherFile::Refused(refusal) => {
                files.refused += 1;
                refused.insert(path);
                let origin = Some(below.to_string_lossy().into_owned());
                notices.push(Notice::Refused(Subject { origin, ..Subject::default() }, refusal));
            }
        }
    }
    let references = references(&directories, &mut files);
    let of_study = references
        .into_iter()
        .filter(|(_, reference)| is_asked_for(studies, reference.study.as_ref()));
    notices.extend(missing(of_study, &listed, &refused));
    let chosen = choose_studies(studies, listed, &mut files, &mut notices)?;
    check_one_patient(&chosen)?;
    let unique = drop_duplicates(chosen, &mut notices);
    let (study_date, study_time) =
        unique.last().map(|instance| instance.study_date_time.clone()).unwrap_or_default();
    let all = unique.len();
    let unique: Vec<_> = unique.into_iter().filter(|one| is_wanted(options, one)).collect();
    notices.extend(reports_only(options, (all - unique.len()) as u64));
    let absent = notices.iter().filter(|notice| notice.is_absence()).count();
    let expected = (unique.len() + absent) as u64;
    let as_stored = keeps_compression(options, &unique);
    let expected_instances: Vec<_> = unique.into_iter().map(expected_of).collect();
    let digest = digest_of(options, as_stored, &expected_instances);
    let (instances, numbering) = number(expected_instances)?;
    Ok(Plan {
        instances,
        notices,
        files,
        expected,
        as_stored,
        digest,
        study_date,
        study_time,
        numbering,
        contents: options.contents,
        patient_ids: Vec::new(),
    })
}

/// What the DICOMDIR files of the folder list, with the paths where it should be.
fn references(directories: &[PathBuf], files: &mut FileCounts) -> Vec<(PathBuf, Reference)> {
    let mut references = Vec::new();
    for path in directories {
        let directory = read_directory(path, &Limits::default()).unwrap_or_default();
        if !directory.is_whole {
            files.unreadable_directories += 1;
        }
        let of_directory = directory.references.into_iter();
        references.extend(
            of_directory.map(|reference| (path.with_file_name(&reference.path), reference)),
        );
    }
    references
}

/// What is listed and the folder does not hold.
fn missing(
    references: impl Iterator<Item = (PathBuf, Reference)>,
    listed: &[ListedInstance],
    refused: &HashSet<PathBuf>,
) -> Vec<Notice> {
    let mut present: HashSet<SopInstanceUid> =
        listed.iter().map(|instance| instance.identity.sop_instance.clone()).collect();
    let mut missing = Vec::new();
    for (path, reference) in references {
        // A file that was refused is told of already.
        if present.insert(reference.sop_instance.clone()) && !refused.contains(&path) {
            let origin = reference.file_id.map_or("(unreadable)".into(), |id| id.to_string());
            missing.push(Notice::Missing(Subject {
                origin: Some(origin),
                sop_instance: Some(reference.sop_instance),
                file_id: None,
            }));
        }
    }
    missing
}

fn is_wanted(options: &Options, instance: &ListedInstance) -> bool {
    options.contents.wants(Some(&instance.identity.sop_class), "")
}

/// Whether a study is one of those asked for; without any, all are.
fn is_asked_for(studies: &[StudyInstanceUid], study: Option<&StudyInstanceUid>) -> bool {
    studies.is_empty() || study.is_some_and(|study| studies.contains(study))
}

fn choose_studies(
    studies: &[StudyInstanceUid],
    listed: Vec<ListedInstance>,
    files: &mut FileCounts,
    notices: &mut Vec<Notice>,
) -> Result<Vec<ListedInstance>, PackError> {
    if listed.is_empty() {
        return Err(match notices.iter().find_map(refusal_of) {
            Some(first) => PackError::AllRefused { instances: notices.len(), first: first.clone() },
            None => PackError::NothingDicom { files: usize::try_from(files.files).unwrap_or(0) },
        });
    }
    let (chosen, others): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|one| is_asked_for(studies, Some(&one.identity.study)));
    files.instances = chosen.len() as u64;
    files.other_studies = others.len() as u64;
    let there = |instances: &[ListedInstance]| -> BTreeSet<_> {
        instances.iter().map(|one| one.identity.study.clone()).collect()
    };
    if chosen.is_empty() {
        return Err(PackError::NoSuchStudy { studies: there(&others).len() });
    }
    let there = there(&chosen);
    let asked_for: BTreeSet<_> = studies.iter().cloned().collect();
    notices.extend(asked_for.difference(&there).cloned().map(Notice::study_missing));
    Ok(chosen)
}

/// A package holds one patient: one Patient ID, and one issuer of it, where any is named. Instances without Patient
/// ID go with the others of their study.
fn check_one_patient(instances: &[ListedInstance]) -> Result<(), PackError> {
    let mut of_study: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    let mut issuers: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for instance in instances {
        let patients = of_study.entry(&instance.identity.study).or_default();
        if instance.patient_id.is_empty() {
            continue;
        }
        patients.insert(&instance.patient_id);
        if !instance.issuer.is_empty() {
            issuers.entry(&instance.identity.study).or_default().insert(&instance.issuer);
        }
    }
    let named: BTreeSet<&str> = of_study.values().flatten().copied().collect();
    // Studies that name nobody cannot be shown to belong to the same person.
    let unnamed = of_study.values().filter(|patients| patients.is_empty()).count();
    // Two hospitals give the same number to two people; one may write its name in several ways in one study.
    let mut hospitals: Vec<&BTreeSet<&str>> = Vec::new();
    for issuers in issuers.values() {
        if hospitals.iter().all(|other| other.is_disjoint(issuers)) {
            hospitals.push(issuers);
        }
    }
    match hospitals.len().max(named.len() + unnamed) {
        0 | 1 => Ok(()),
        patients => Err(PackError::SeveralPatients { patients }),
    }
}

/// Keeps one of several files with one SOP Instance UID and says what became of the others: the
/// first, unless it is unusable and another is not.
fn drop_duplicates(
    instances: Vec<ListedInstance>,
    notices: &mut Vec<Notice>,
) -> Vec<ListedInstance> {
    let mut first: HashMap<SopInstanceUid, usize> = HashMap::new();
    let mut unique: Vec<ListedInstance> = Vec::with_capacity(instances.len());
    for instance in instances {
        let earlier = first.get(&instance.identity.sop_instance).and_then(|at| unique.get_mut(*at));
        if let Some(kept) = earlier {
            let identical = same_content(&kept.path, &instance.path);
            let mut other = instance;
            if !identical && !is_usable(&kept.path) && is_usable(&other.path) {
                std::mem::swap(kept, &mut other);
            }
            notices.push(Notice::Duplicate { subject: subject_of(&other), identical });
        } else {
            first.insert(instance.identity.sop_instance.clone(), unique.len());
            unique.push(instance);
        }
    }
    // Duplicates may differ in what they are sorted by.
    unique.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    unique
}

fn keeps_compression(options: &Options, instances: &[ListedInstance]) -> bool {
    match options.transfer_syntax {
        TransferSyntaxPolicy::AsStored => true,
        TransferSyntaxPolicy::Uncompressed => false,
        TransferSyntaxPolicy::Auto => {
            let sum = |bytes: fn(&ListedInstance) -> u64| {
                instances.iter().map(bytes).fold(0_u64, u64::saturating_add)
            };
            let native = sum(|instance| {
                instance.native_bytes.min(instance.bytes.saturating_mul(MAX_GROWTH))
            });
            native > sum(|instance| instance.bytes).saturating_mul(options.auto_growth)
                && native > options.auto_bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use part10::Identity;

    fn listed(bytes: u64, native_bytes: u64) -> ListedInstance {
        ListedInstance {
            path: PathBuf::new(),
            origin: String::new(),
            bytes,
            native_bytes,
            compressed: true,
            identity: Identity {
                sop_class: "1.2.840.10008.5.1.4.1.1.7".parse().unwrap(),
                sop_instance: "1.2.3.4".parse().unwrap(),
                study: "1.2.3".parse().unwrap(),
                series: "1.2.3.1".parse().unwrap(),
            },
            patient_id: String::new(),
            issuer: String::new(),
            study_date_time: Default::default(),
            series_number: None,
            instance_number: None,
        }
    }

    #[test]
    fn a_study_stays_compressed_only_if_it_would_grow() {
        let small = listed(1 << 20, 4 << 20);
        let large = listed(1 << 30, 40 << 30);
        let absurd_header = listed(700, u64::MAX);
        let keeps = |instances: &[_]| keeps_compression(&Options::default(), instances);
        assert!(!keeps(std::slice::from_ref(&small)));
        assert!(keeps(&[large]));
        assert!(!keeps(&[small, absurd_header]));
    }
}
