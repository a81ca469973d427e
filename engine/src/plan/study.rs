//! The plan of a study that a PACS has: its answers at STUDY, SERIES and IMAGE level, sorted as a
//! folder is. Its list of UIDs says what is expected; its counts are not looked at.

use std::collections::HashSet;

use pacs::{InstanceSummary, SeriesSummary, StudyQuery, StudyReference, StudySummary, Wanted};

use super::{Expected, FileCounts, Plan, digest_of, number};
use crate::error::PackError;
use crate::references::may_point;
use crate::request::{Options, TransferSyntaxPolicy};

/// The plan of a study.
pub(crate) struct StudyPlan {
    pub(crate) plan: Plan,
    /// The PACS counts more instances than it lists: only a request for the study may bring them.
    pub(crate) counts_more: bool,
}

/// Makes the plan of a study.
///
/// # Errors
/// [`PackError`] when the PACS does not answer, or has nothing of the study.
pub(crate) fn plan(
    pacs: &dyn StudyQuery,
    name: &str,
    study: &StudyReference,
    options: &Options,
) -> Result<StudyPlan, PackError> {
    let failed = |source: pacs::PacsError| PackError::Unanswered {
        name: name.to_owned(),
        source: Box::new(source),
    };
    let study = study.find(pacs).map_err(failed)?;
    let study = study.ok_or_else(|| PackError::NotAtPacs { name: name.to_owned() })?;
    let mut listed: Vec<_> = pacs
        .list_study(&study)
        .map_err(failed)?
        .into_iter()
        .flat_map(|(series, instances)| {
            instances.into_iter().map(move |instance| (series.clone(), instance))
        })
        .collect();
    if listed.is_empty() {
        let availability = study.availability.map_or("not told", pacs::Availability::as_term);
        return Err(PackError::EmptyAtPacs { name: name.to_owned(), availability });
    }
    listed.sort_by(|one, other| sort_key(one).cmp(&sort_key(other)));
    let as_stored = keeps_compression(options, &listed);
    let instances: Vec<_> =
        listed.into_iter().map(|(series, instance)| expected(&study, series, instance)).collect();
    let expected = instances.len() as u64;
    let counts_more = study.instances.is_some_and(|count| count > expected);
    let files = FileCounts { instances: expected, ..FileCounts::default() };
    let digest = digest_of(options, as_stored, &instances);
    let (instances, numbering) = number(instances)?;
    let plan = Plan {
        instances,
        notices: Vec::new(),
        files,
        expected,
        as_stored,
        digest,
        study_date: study.study_date,
        study_time: study.study_time,
        numbering,
        availability: study.availability,
    };
    Ok(StudyPlan { plan, counts_more })
}

/// The instances as the source is asked for them: series with objects that point to others come first,
/// so that it is known early which images a report shows.
pub(crate) fn wanted(plan: &Plan) -> Vec<Wanted> {
    let wanted = |planned: &super::Planned| Wanted {
        sop_class: planned.instance.sop_class.clone(),
        sop_instance: planned.instance.sop_instance.clone(),
        series: planned.instance.series.clone(),
        patient_id: planned.instance.patient_id.clone(),
        transfer_syntaxes: planned.instance.transfer_syntaxes.clone(),
    };
    let pointing: HashSet<_> = plan
        .instances
        .iter()
        .filter(|planned| may_point(planned.instance.sop_class.as_ref()))
        .map(|planned| planned.place.series)
        .collect();
    let (first, rest): (Vec<_>, Vec<_>) =
        plan.instances.iter().partition(|planned| pointing.contains(&planned.place.series));
    first.into_iter().chain(rest).map(wanted).collect()
}

/// As `part10::ListedInstance::sort_key`, within one study.
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
        study: study.study.clone(),
        series: series.series,
        sop_instance: instance.sop_instance,
        sop_class: instance.sop_class,
        transfer_syntaxes: instance.transfer_syntaxes,
    }
}

/// How large the files are is not known before they come: compression is kept where the PACS says
/// that it stores nothing else, and the native study would be large.
fn keeps_compression(options: &Options, listed: &[(SeriesSummary, InstanceSummary)]) -> bool {
    match options.transfer_syntax {
        TransferSyntaxPolicy::AsStored => true,
        TransferSyntaxPolicy::Uncompressed => false,
        TransferSyntaxPolicy::Auto => {
            let is_compressed = |syntax: &String| syntax.starts_with("1.2.840.10008.1.2.4.");
            let mut syntaxes = listed.iter().flat_map(|(_, instance)| &instance.transfer_syntaxes);
            let native = listed
                .iter()
                .filter_map(|(_, instance)| instance.native_bytes)
                .fold(0_u64, u64::saturating_add);
            native > options.auto_bytes
                && listed.iter().all(|(_, instance)| !instance.transfer_syntaxes.is_empty())
                && syntaxes.all(is_compressed)
        }
    }
}
