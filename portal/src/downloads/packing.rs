//! One package, from a PACS into the spool, on a thread that may block.

use std::io;
use std::sync::Arc;

use engine::pacs::StudyReference;
use engine::{Fault, Options, PackError, PackageReport, PackageRequest, Source};
use store::{FailureReason, Preparation};

use crate::downloads::Downloads;
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
        let request = PackageRequest {
            source: self.source(preparation)?,
            options: self.options(preparation),
        };
        let (spool, key, live) = (self.0.spool.clone(), preparation.key, Arc::clone(live));
        let wants_all = Self::is_worth_another_try(preparation);
        let packing = move || pack_into(&spool, key, &request, &live, wants_all);
        tokio::task::spawn_blocking(packing).await.unwrap_or_else(|_panic| {
            Err(Broken::Failed(FailureReason::Fault, "a fault of the program".to_owned()))
        })
    }

    fn source(&self, preparation: &Preparation) -> Result<Source, Broken> {
        let [study] = preparation.studies.as_slice() else {
            let why = "an order of several examinations".to_owned();
            return Err(Broken::Failed(FailureReason::Fault, why));
        };
        let configured = self.0.settings.pacs.iter().find(|pacs| pacs.name == study.pacs);
        let pacs = configured.cloned().ok_or_else(|| {
            let why = format!("the PACS {} is not configured any more", study.pacs);
            Broken::Failed(FailureReason::NotAtPacs, why)
        })?;
        let uid = study.study.parse().map_err(|_odd| {
            let why = "the study has no valid UID".to_owned();
            Broken::Failed(FailureReason::Data, why)
        })?;
        let patient_id = Some(study.patient_id.0.clone());
        Ok(Source::Pacs { pacs: Box::new(pacs), study: StudyReference { study: uid, patient_id } })
    }

    fn options(&self, preparation: &Preparation) -> Options {
        let settings = &self.0.settings;
        Options {
            language: match preparation.language {
                store::Language::It => engine::Language::Italian,
                store::Language::En => engine::Language::English,
            },
            branding: settings.branding.clone(),
            budget_bytes: settings.budget_each(),
            temporary_folder: self.0.spool.folder().to_owned(),
            ..Options::default()
        }
    }
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
    if report.retrieval_error.is_some() && wants_all {
        let why = format!("{missing} instances did not come");
        return Err(Broken::Failed(FailureReason::Pacs, why));
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
    let reason = match error {
        PackError::NotOnline { availability, .. } | PackError::EmptyAtPacs { availability, .. }
            if can_come_back(availability) =>
        {
            return Broken::NotOnline;
        }
        PackError::NotAtPacs { .. } => FailureReason::NotAtPacs,
        other => match other.fault() {
            Fault::Cancelled => return Broken::Cancelled,
            Fault::Pacs => FailureReason::Pacs,
            Fault::Storage => FailureReason::Storage,
            Fault::Data => FailureReason::Data,
            _ => FailureReason::Fault,
        },
    };
    Broken::Failed(reason, in_words(error))
}

/// Whether it makes sense to ask for what is there, by the term of the standard (PS3.3 §C.4.23.1.1).
fn can_come_back(availability: &str) -> bool {
    ["NEARLINE", "OFFLINE"].contains(&availability)
}

/// What the log may hold of a fault: without what a PACS says in its own words.
fn in_words(error: &PackError) -> String {
    match error {
        PackError::Pacs { name, source } | PackError::Unanswered { name, source } => {
            format!("PACS {name}: {}", source.in_our_words())
        }
        PackError::NotOnline { name, availability, .. } => {
            format!("PACS {name} has it {availability}")
        }
        other => other.to_string(),
    }
}
