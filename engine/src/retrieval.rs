//! The retrieval of the studies of a package, one after the other, and how each of them ended.

use std::collections::BTreeMap;

use model::{Notice, Refusal, StudyInstanceUid};
use pacs::{Availability, Extent, InstanceSource as _, Pacs, PacsError};

use crate::intake::Intake;
use crate::plan::studies::wanted;
use crate::plan::{Plan, refusal_of};
use crate::study_failure::{StudyFailure, StudyFault};

/// A study that a PACS lists.
#[derive(Debug)]
pub(crate) struct Retrieval {
    /// Its place in the request.
    pub(crate) index: usize,
    pub(crate) pacs: Pacs,
    /// What the site calls the PACS.
    pub(crate) name: String,
    pub(crate) study: StudyInstanceUid,
    /// Where the study is, if the PACS says it.
    pub(crate) availability: Option<Availability>,
    /// How many instances the PACS lists that are for the package.
    pub(crate) listed: usize,
    /// Whether these are all.
    pub(crate) extent: Extent,
    /// How many it counts, where that is more than it lists.
    pub(crate) counted: Option<u64>,
    /// How many it lists under what is no UID, by the modality of their series.
    pub(crate) unreadable: BTreeMap<String, u64>,
}

/// How the retrieval of each study ended, in their order.
pub(crate) type Retrieved = Vec<Result<(), PacsError>>;

/// Retrieves the studies. What fails of one leaves the others to be tried, unless nobody takes any more.
pub(crate) fn retrieve(plan: &Plan, studies: &[Retrieval], intake: &mut Intake<'_>) -> Retrieved {
    let mut retrieved = Vec::with_capacity(studies.len());
    for study in studies {
        let wanted = wanted(plan, &study.study);
        let ended = if wanted.is_empty() {
            Ok(())
        } else {
            study.pacs.retrieve(&study.study, &wanted, study.extent, intake)
        };
        let is_stopped = matches!(ended, Err(PacsError::Stopped));
        retrieved.push(ended);
        if is_stopped {
            break;
        }
    }
    retrieved
}

/// What became of the instances of one study.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many are in the package.
    pub(crate) received: u64,
    /// How many never came.
    pub(crate) missing: usize,
    /// How many are not in the package for any reason, and named.
    pub(crate) lost: u64,
    /// Why the first one was refused.
    pub(crate) refusal: Option<Refusal>,
}

impl Tally {
    /// How many instances are known by name, in the package or not.
    fn named(&self) -> u64 {
        self.received.saturating_add(self.lost)
    }
}

/// How many instances never came that no PACS lists, as far as it lets that be seen.
pub(crate) fn lost_unlisted(
    studies: &[Retrieval],
    retrieved: &[Result<(), PacsError>],
    tallies: &BTreeMap<StudyInstanceUid, Tally>,
) -> u64 {
    let none = Tally::default();
    let lost = studies.iter().enumerate().map(|(at, study)| {
        let is_whole = matches!(retrieved.get(at), Some(Ok(())));
        study.lost_unlisted(is_whole, tallies.get(&study.study).unwrap_or(&none))
    });
    lost.fold(0, u64::saturating_add)
}

/// The studies of which there is nothing, or not all, for the sake of a PACS.
pub(crate) fn failures(
    studies: &[Retrieval],
    retrieved: Retrieved,
    tallies: &BTreeMap<StudyInstanceUid, Tally>,
    notices: &[Notice],
) -> Vec<StudyFailure> {
    let none = Tally::default();
    let mut retrieved = retrieved.into_iter();
    let mut failures = Vec::new();
    for study in studies {
        let tally = tallies.get(&study.study).unwrap_or(&none);
        let ended = retrieved.next().unwrap_or(Err(PacsError::Stopped));
        // What nobody listed may be of this study too.
        let refusal =
            tally.refusal.as_ref().or_else(|| notices.iter().find_map(refusal_of)).cloned();
        failures.extend(study.failure(ended, tally, refusal));
    }
    failures
}

impl Retrieval {
    /// Whether the PACS has it at hand; one that says nothing of that has.
    pub(crate) fn is_online(&self) -> bool {
        self.availability.is_none_or(|known| known == Availability::Online)
    }

    /// What is listed under no UID, and came under none; and when the retrieval failed, what is counted.
    fn lost_unlisted(&self, is_whole: bool, tally: &Tally) -> u64 {
        let beyond_listed = tally.named().saturating_sub(self.listed as u64);
        let counted = self.counted.filter(|_| !is_whole).unwrap_or(0);
        let unreadable = self.unreadable.values().fold(0, |sum, count| count.saturating_add(sum));
        let unreadable = unreadable.saturating_sub(beyond_listed);
        unreadable.max(counted.saturating_sub(tally.named()))
    }

    /// Whether a retrieval that failed has brought all that is counted.
    fn is_all_there(&self, tally: &Tally) -> bool {
        let is_named = self.counted.is_some_and(|counted| tally.named() >= counted);
        is_named && tally.missing == 0 && tally.refusal.is_none()
    }

    fn failure(
        &self,
        ended: Result<(), PacsError>,
        tally: &Tally,
        refusal: Option<Refusal>,
    ) -> Option<StudyFailure> {
        let (index, name, instances) = (self.index, self.name.clone(), self.listed);
        let not_online = self.availability.filter(|it| *it != Availability::Online);
        let Tally { received, missing, .. } = *tally;
        let of_refusal = ended.as_ref().err().and_then(Availability::of_refusal);
        let fault = match ended {
            Ok(()) if received > 0 || instances == 0 => return None,
            Err(_) if self.is_all_there(tally) => return None,
            // Without any instance the reason is that of the retrieval, unless the PACS only repeats that
            // what it sent was refused.
            Err(source) if received > 0 || !repeats(&source, refusal.as_ref()) => {
                StudyFault::Failed { name, source: Box::new(source) }
            }
            _ => match refusal {
                Some(first) => StudyFault::AllRefused { instances, first },
                None if missing == instances => StudyFault::NothingDelivered { name, instances },
                // It holds nothing that a package may have.
                None => return None,
            },
        };
        let availability = not_online.or(of_refusal);
        Some(match (availability, fault.fault()) {
            (Some(availability), crate::Fault::Pacs) if received == 0 => {
                let (name, why) = (self.name.clone(), fault.to_string());
                let fault = StudyFault::NotOnline { name, availability, why };
                StudyFailure::of(index, fault)
            }
            _ => StudyFailure { study: index, availability, received, fault },
        })
    }
}

/// Whether a PACS only says once more that what it sent was refused.
fn repeats(error: &PacsError, refusal: Option<&Refusal>) -> bool {
    matches!(error, PacsError::Failed { .. }) && refusal.is_some()
}
