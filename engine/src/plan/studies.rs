//! The plan of studies that PACS have: their answers at STUDY, SERIES and IMAGE level, sorted as a
//! folder is. The lists of UIDs say what is expected; counts are not looked at.
//!
//! Invariant: a study that is not to be had does not keep the others from being packaged, and is named.

use std::collections::HashSet;

use model::{Notice, SopInstanceUid, StudyInstanceUid, Subject};
use pacs::{
    Extent, InstanceSummary, Pacs, PacsError, PacsSettings, PatientId, SeriesSummary, StopFlag,
    StudyQuery as _, StudySummary, Wanted,
};

use super::{Expected, FileCounts, Plan, digest_of, number, reports_only};
use crate::contents::Contents;
use crate::error::PackError;
use crate::references::may_point;
use crate::request::{Options, PacsStudy, TransferSyntaxPolicy};
use crate::retrieval::Retrieval;
use crate::study_failure::{StudyFailure, StudyFault};

/// The plan of studies.
pub(crate) struct StudiesPlan {
    pub(crate) plan: Plan,
    /// What is to be retrieved, in the order of the plan.
    pub(crate) retrievals: Vec<Retrieval>,
    /// The studies that are not in the plan.
    pub(crate) failures: Vec<StudyFailure>,
}

/// A study as a PACS lists it.
struct Listed {
    /// Its place in the request.
    study: usize,
    summary: StudySummary,
    instances: Vec<(SeriesSummary, InstanceSummary)>,
    retrieval: Retrieval,
}

/// Makes the plan of some studies. Where they are retrieved next, that may begin meanwhile.
///
/// # Errors
/// [`PackError`] when no PACS has anything of any study, or they are not of one patient.
pub(crate) fn plan(
    studies: &[PacsStudy],
    options: &Options,
    is_retrieved: bool,
    stop: &StopFlag,
) -> Result<StudiesPlan, PackError> {
    let is_whole = options.contents == Contents::Everything;
    let begins_early = is_retrieved && is_whole && studies.len() == 1;
    let mut known = HashSet::new();
    let mut listed = Vec::new();
    let mut failures = Vec::new();
    let mut notices = Vec::new();
    for (index, study) in studies.iter().enumerate() {
        if !known.insert(&study.study.study) {
            continue;
        }
        match list(index, study, begins_early, stop) {
            Ok(found) => listed.push(found),
            Err(StudyFault::Unanswered { source, .. }) if matches!(*source, PacsError::Stopped) => {
                return Err(PackError::Cancelled);
            }
            Err(fault) => {
                notices.push(Notice::study_missing(study.study.study.clone()));
                failures.push(StudyFailure::of(index, fault));
            }
        }
    }
    if listed.is_empty() && !options.may_be_without_instances() {
        return Err(PackError::Studies(failures));
    }
    let patient_ids = one_patient(studies, &listed)?;
    listed.sort_by(|one, other| study_key(one).cmp(&study_key(other)));
    drop_duplicates(&mut listed, &mut notices);
    let left_out = leave_out(&mut listed, options);
    notices.extend(reports_only(options, left_out));
    let is_duplicate = |notice: &&Notice| matches!(notice, Notice::Duplicate { .. });
    let duplicates = notices.iter().filter(is_duplicate).count() as u64;
    let as_stored = keeps_compression(options, &listed);
    let mut instances = Vec::new();
    let mut retrievals = Vec::new();
    let (mut study_date, mut study_time) = Default::default();
    for Listed { summary, instances: of_study, retrieval, .. } in listed {
        let expected = |(series, instance)| expected(&summary, series, instance);
        instances.extend(of_study.into_iter().map(expected));
        retrievals.push(retrieval);
        (study_date, study_time) = (summary.study_date, summary.study_time);
    }
    let expected = instances.len() as u64;
    let files = FileCounts { instances: expected + duplicates, ..FileCounts::default() };
    let digest = digest_of(options, as_stored, &instances);
    let (instances, numbering) = number(instances)?;
    let plan = Plan {
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
        patient_ids,
    };
    Ok(StudiesPlan { plan, retrievals, failures })
}

/// Asks one PACS after the other what it has of a study: the first that has it online, or else the first that has it.
fn list(
    index: usize,
    study: &PacsStudy,
    begins_early: bool,
    stop: &StopFlag,
) -> Result<Listed, StudyFault> {
    let mut elsewhere = None;
    let mut fault = None;
    for settings in &study.pacs {
        match list_at(index, study, settings, begins_early, stop) {
            Ok(listed) if listed.retrieval.is_online() => return Ok(listed),
            Ok(listed) => {
                elsewhere.get_or_insert(listed);
            }
            Err(StudyFault::Unknown { name }) => {
                fault.get_or_insert(StudyFault::Unknown { name });
            }
            Err(StudyFault::Unanswered { name, source })
                if matches!(*source, PacsError::Stopped) =>
            {
                return Err(StudyFault::Unanswered { name, source });
            }
            // It says more than that one does not know it.
            Err(other) => fault = Some(other),
        }
    }
    let unknown = || StudyFault::Unknown { name: String::new() };
    elsewhere.ok_or_else(|| fault.unwrap_or_else(unknown))
}

fn list_at(
    study: usize,
    wanted: &PacsStudy,
    settings: &PacsSettings,
    begins_early: bool,
    stop: &StopFlag,
) -> Result<Listed, StudyFault> {
    let name = || settings.name.clone();
    let failed = |source| StudyFault::Failed { name: name(), source: Box::new(source) };
    let unanswered = |source| StudyFault::Unanswered { name: name(), source: Box::new(source) };
    let open = |settings: &PacsSettings| -> Result<Pacs, StudyFault> {
        let opened =
            if begins_early { settings.open_to_retrieve(stop) } else { settings.open(stop) };
        opened.map_err(failed)
    };
    let pacs = open(settings)?;
    let found = wanted.study.find(&pacs).map_err(unanswered)?;
    let summary = found.ok_or_else(|| StudyFault::Unknown { name: name() })?;
    let listing = pacs.list_study(&summary).map_err(unanswered)?;
    let mut instances: Vec<_> = listing
        .series
        .into_iter()
        .flat_map(|(series, instances)| {
            instances.into_iter().map(move |instance| (series.clone(), instance))
        })
        .collect();
    if instances.is_empty() {
        return Err(StudyFault::Empty { name: name(), availability: summary.availability });
    }
    instances.sort_by(|one, other| sort_key(one).cmp(&sort_key(other)));
    // Where the PACS counts more than it lists, only one request for the study may bring the rest.
    let counted = summary.instances.filter(|count| *count > instances.len() as u64);
    let pacs = if counted.is_some() { open(&settings.over_one())? } else { pacs };
    let retrieval = Retrieval {
        index: study,
        pacs,
        name: name(),
        study: summary.study.clone(),
        availability: summary.availability,
        listed: instances.len(),
        extent: if counted.is_some() { Extent::MoreThanListed } else { Extent::Whole },
        counted,
        unreadable: listing.unreadable,
    };
    Ok(Listed { study, summary, instances, retrieval })
}

/// The Patient IDs that instances may have, as far as the request names them.
///
/// # Errors
/// [`PackError::StudiesOfSeveral`]: studies belong together that are asked for, or told, under a common ID.
fn one_patient(studies: &[PacsStudy], listed: &[Listed]) -> Result<Vec<PatientId>, PackError> {
    let mut persons: Vec<Vec<PatientId>> = Vec::new();
    let mut is_named = false;
    for Listed { study, summary, .. } in listed {
        let named = studies.get(*study).map_or(&[][..], |study| &study.study.patient_ids);
        is_named |= !named.is_empty();
        let told = || {
            let (id, issuer) = (&summary.patient_id, &summary.issuer_of_patient_id);
            let told = PatientId { id: id.clone(), issuer: issuer.clone() };
            (!id.is_empty()).then_some(told).into_iter().collect()
        };
        let theirs = if named.is_empty() { told() } else { named.to_vec() };
        let is_same = |person: &[PatientId]| {
            theirs.iter().any(|id| person.iter().any(|known| known.is(&id.id, &id.issuer)))
        };
        match persons.iter_mut().find(|person| is_same(person)) {
            Some(person) => person.extend(theirs),
            // Studies that name nobody cannot be shown to belong to the same person.
            None => persons.push(theirs),
        }
    }
    match persons.len() {
        0 | 1 => Ok(persons.pop().filter(|_| is_named).unwrap_or_default()),
        patients => Err(PackError::StudiesOfSeveral { patients }),
    }
}

/// Leaves out what the package is not to hold; gives how many instances that are.
fn leave_out(listed: &mut [Listed], options: &Options) -> u64 {
    let mut left_out = 0;
    for study in listed {
        let all = study.instances.len();
        study.instances.retain(|(series, instance)| {
            options.contents.wants(instance.sop_class.as_ref(), &series.modality)
        });
        study.retrieval.unreadable.retain(|modality, _| options.contents.wants(None, modality));
        study.retrieval.listed = study.instances.len();
        if study.instances.len() < all {
            (study.retrieval.extent, study.retrieval.counted) = (Extent::Some, None);
        }
        left_out += (all - study.instances.len()) as u64;
    }
    left_out
}

/// Of several instances with one UID in different studies the first has a place.
fn drop_duplicates(listed: &mut [Listed], notices: &mut Vec<Notice>) {
    let mut known: HashSet<SopInstanceUid> = HashSet::new();
    for study in listed {
        study.instances.retain(|(_, instance)| {
            let is_first = known.insert(instance.sop_instance.clone());
            if !is_first {
                let sop_instance = Some(instance.sop_instance.clone());
                let subject = Subject { sop_instance, ..Subject::default() };
                notices.push(Notice::Duplicate { subject, identical: false });
            }
            is_first
        });
    }
}

/// The instances of a study as the source is asked for them: series with objects that point to others come first,
/// so that it is known early which images a report shows.
pub(crate) fn wanted(plan: &Plan, study: &StudyInstanceUid) -> Vec<Wanted> {
    let of_study = || plan.instances.iter().filter(|planned| planned.instance.study == *study);
    let wanted = |planned: &super::Planned| Wanted {
        sop_class: planned.instance.sop_class.clone(),
        sop_instance: planned.instance.sop_instance.clone(),
        series: planned.instance.series.clone(),
        patient_id: planned.instance.patient_id.clone(),
        transfer_syntaxes: planned.instance.transfer_syntaxes.clone(),
    };
    let pointing: HashSet<_> = of_study()
        .filter(|planned| may_point(planned.instance.sop_class.as_ref()))
        .map(|planned| planned.place.series)
        .collect();
    let (first, rest): (Vec<_>, Vec<_>) =
        of_study().partition(|planned| pointing.contains(&planned.place.series));
    first.into_iter().chain(rest).map(wanted).collect()
}

/// As `part10::ListedInstance::sort_key`, of a study.
fn study_key(listed: &Listed) -> impl Ord + '_ {
    let StudySummary { study_date, study_time, study, .. } = &listed.summary;
    ((study_date, study_time), study)
}

/// As `part10::ListedInstance::sort_key`, within a study.
fn sort_key((series, instance): &(SeriesSummary, InstanceSummary)) -> impl Ord + '_ {
    (
        (series.number.unwrap_or(i64::MAX), &series.series),
        (instance.number.unwrap_or(i64::MAX), &instance.sop_instance),
    )
}

fn expected(study: &StudySummary, series: SeriesSummary, instance: InstanceSummary) -> Expected {
    Expected {
        origin: None,
        path: None,
        bytes: 0,
        native_bytes: instance.native_bytes.unwrap_or(0),
        patient_id: (!study.patient_id.is_empty()).then(|| study.patient_id.clone()),
        issuer: study.issuer_of_patient_id.clone(),
        study: study.study.clone(),
        series: series.series,
        sop_instance: instance.sop_instance,
        sop_class: instance.sop_class,
        transfer_syntaxes: instance.transfer_syntaxes,
    }
}

/// How large the files are is not known before they come: compression is kept where the PACS says
/// that it stores nothing else, and the native study would be large.
fn keeps_compression(options: &Options, listed: &[Listed]) -> bool {
    match options.transfer_syntax {
        TransferSyntaxPolicy::AsStored => true,
        TransferSyntaxPolicy::Uncompressed => false,
        TransferSyntaxPolicy::Auto => {
            let is_compressed = |syntax: &String| syntax.starts_with("1.2.840.10008.1.2.4.");
            let instances =
                || listed.iter().flat_map(|study| &study.instances).map(|(_, instance)| instance);
            let mut syntaxes = instances().flat_map(|instance| &instance.transfer_syntaxes);
            let native = instances()
                .filter_map(|instance| instance.native_bytes)
                .fold(0_u64, u64::saturating_add);
            native > options.auto_bytes
                && instances().all(|instance| !instance.transfer_syntaxes.is_empty())
                && syntaxes.all(is_compressed)
        }
    }
}
