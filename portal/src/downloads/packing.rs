//! One package, from a PACS into the spool, on a thread that may block.

use std::io;
use std::sync::Arc;

use engine::pacs::{Availability, PacsSettings, PatientId, StudyReference};
use engine::{
    Contents, Fault, Options, PackError, PackageReport, PackageRequest, PacsStudy, Source,
    StudyFailure, StudyFault, StudyInstanceUid,
};
use store::{FailureReason, PackageContent, Person, Preparation, PreparedStudy};

use crate::downloads::Downloads;
use crate::downloads::contents::patient;
use crate::downloads::live::{Live, Watched};
use crate::downloads::spool::Spool;

/// A package that is in the spool.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) missing: u64,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nobody wants it any more, or the program ends.
    Cancelled,
    /// An examination is not online.
    NotOnline,
    /// Something failed: what, and why for the log, without patient data.
    Failed(FailureReason, String),
}

impl Downloads {
    /// Makes the package of a preparation.
    pub(super) async fn pack(
        &self,
        preparation: &Preparation,
        live: &Arc<Live>,
    ) -> Result<Packed, Broken> {
        let failed = |reason, why: String| Broken::Failed(reason, why);
        let person = self.0.store.person(preparation.person).await;
        let person = person.map_err(|error| failed(FailureReason::Fault, error.to_string()))?;
        let gone = || failed(FailureReason::Data, "the person is not in the store".to_owned());
        let person = person.ok_or_else(gone)?;
        let request = PackageRequest {
            source: self.source(preparation, &person)?,
            options: self.options(preparation, &person).await?,
        };
        let (spool, key, live) = (self.0.spool.clone(), preparation.key, Arc::clone(live));
        let wants_all = Self::is_worth_another_try(preparation);
        let packing = move || pack_into(&spool, key, &request, &live, wants_all);
        tokio::task::spawn_blocking(packing).await.unwrap_or_else(|_panic| {
            Err(Broken::Failed(FailureReason::Fault, "a fault of the program".to_owned()))
        })
    }

    fn source(&self, preparation: &Preparation, person: &Person) -> Result<Source, Broken> {
        let failed = |reason, why: &str| Broken::Failed(reason, why.to_owned());
        let studies = preparation.studies.iter().map(|study| {
            let mut pacs = self.pacs_for(study);
            if pacs.is_empty() {
                // Whoever runs the portal may be about to name one.
                return Err(failed(FailureReason::Pacs, "no PACS is configured any more"));
            }
            // Each try begins with another one: that which was asked first may break off again.
            let turn = usize::try_from(preparation.tries.saturating_sub(1)).unwrap_or(0);
            let first = turn % pacs.len();
            pacs.rotate_left(first);
            // As the PACS told it, odd or not: what is shown can be had.
            let uid = StudyInstanceUid::from_wire(study.study.as_bytes());
            let odd = |_odd| failed(FailureReason::Data, "the study has no valid UID");
            let patient_ids = patient_ids(study, person);
            let study = StudyReference { study: uid.map_err(odd)?, patient_ids };
            Ok(PacsStudy { pacs, study })
        });
        Ok(Source::Pacs { studies: studies.collect::<Result<_, _>>()? })
    }

    /// The PACS that may have an examination: that which told it, then the others. What does not stay in memory
    /// waits where packages lie.
    pub(super) fn pacs_for(&self, study: &PreparedStudy) -> Vec<PacsSettings> {
        let spooled = |pacs: PacsSettings| pacs.spooling_in(self.0.spool.scratch());
        let mut pacs: Vec<_> = self.0.settings.pacs.iter().cloned().map(spooled).collect();
        pacs.sort_by_key(|pacs| pacs.name != study.pacs);
        pacs
    }

    async fn options(&self, preparation: &Preparation, person: &Person) -> Result<Options, Broken> {
        let settings = &self.0.settings;
        Ok(Options {
            language: match preparation.language {
                store::Language::It => engine::Language::Italian,
                store::Language::En => engine::Language::English,
            },
            contents: match preparation.content {
                PackageContent::Everything | PackageContent::NoViewer => Contents::Everything,
                PackageContent::Reports => Contents::ReportsOnly,
            },
            viewer: preparation.content == PackageContent::Everything,
            reports: self.reports(preparation).await?,
            patient: Some(patient(person)),
            branding: settings.branding.clone(),
            budget_bytes: settings.budget_each(),
            temporary_folder: self.0.spool.scratch(),
            ..Options::default()
        })
    }
}

/// All Patient IDs of a person, that which the PACS told the study under first.
fn patient_ids(study: &PreparedStudy, person: &Person) -> Vec<PatientId> {
    let (told, others): (Vec<_>, Vec<_>) =
        person.patient_ids.iter().partition(|one| *one.id == *study.patient_id);
    let known = told.into_iter().chain(others);
    known.map(|one| PatientId { id: one.id.0.clone(), issuer: one.issuer.clone() }).collect()
}

fn pack_into(
    spool: &Spool,
    key: store::PackageKey,
    request: &PackageRequest,
    live: &Arc<Live>,
    wants_all: bool,
) -> Result<Packed, Broken> {
    let mut writer = spool.write(key).map_err(|error| unwritten(&error))?;
    live.is_written_by(&writer);
    let packed = engine::pack(request, &mut writer, &mut Watched(Arc::clone(live)));
    let report = packed.map_err(|error| unpacked(&error))?;
    let missing = missing_in(&report);
    if report.failures.iter().any(|failure| failure.received == 0 && can_come_back(failure)) {
        return Err(Broken::NotOnline);
    }
    if !report.failures.is_empty() && wants_all {
        let why = in_words(&report.failures);
        return Err(Broken::Failed(FailureReason::Pacs, format!("{missing} did not come: {why}")));
    }
    if live.is_broken_off() {
        return Err(Broken::Cancelled);
    }
    let (bytes, sha256) = writer.finish().map_err(|error| unwritten(&error))?;
    Ok(Packed { name: report.package, bytes, sha256, missing })
}

fn missing_in(report: &PackageReport) -> u64 {
    if report.is_complete() {
        return 0;
    }
    // Of copies that differ all are there by number.
    report.counts.expected.saturating_sub(report.counts.received).max(1)
}

fn unwritten(error: &io::Error) -> Broken {
    Broken::Failed(FailureReason::Storage, format!("the spool: {error}"))
}

fn unpacked(error: &PackError) -> Broken {
    let by_fault = match error.fault() {
        Fault::Cancelled => return Broken::Cancelled,
        Fault::Pacs => FailureReason::Pacs,
        Fault::Storage => FailureReason::Storage,
        Fault::Data => FailureReason::Data,
        _ => FailureReason::Fault,
    };
    let PackError::Studies(failures) = error else {
        return Broken::Failed(by_fault, error.to_string());
    };
    if failures.iter().any(can_come_back) {
        return Broken::NotOnline;
    }
    let is_unknown = |one: &StudyFailure| matches!(one.fault, StudyFault::Unknown { .. });
    let reason = if failures.iter().all(is_unknown) { FailureReason::NotAtPacs } else { by_fault };
    Broken::Failed(reason, in_words(failures))
}

/// Whether it makes sense to ask for what is there.
fn can_come_back(failure: &StudyFailure) -> bool {
    matches!(failure.availability, Some(Availability::Nearline | Availability::Offline))
}

/// What the log may hold of failures: without what a PACS says in its own words.
fn in_words(failures: &[StudyFailure]) -> String {
    let words = |failure: &StudyFailure| match &failure.fault {
        StudyFault::Failed { name, source } | StudyFault::Unanswered { name, source } => {
            format!("PACS {name}: {}", source.in_our_words())
        }
        StudyFault::NotOnline { name, availability, .. } => {
            format!("PACS {name} has it {}", availability.as_term())
        }
        other => other.to_string(),
    };
    failures.iter().map(words).collect::<Vec<_>>().join("; ")
}
