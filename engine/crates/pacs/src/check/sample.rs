//! One instance to try a retrieval with.

use model::{SopInstanceUid, StudyInstanceUid};

use crate::error::PacsError;
use crate::query::{Availability, StudyKeys};
use crate::source::{Received, Receiver, StudyQuery, Taken, Wanted};

/// How many patients and studies are looked into for an instance.
const PATIENTS: usize = 5;
const STUDIES: usize = 5;

/// As [`sample`], where patient by patient must be asked for.
pub(super) fn sample_of(
    pacs: &dyn StudyQuery,
    patients: Vec<String>,
) -> Result<Option<(StudyInstanceUid, Wanted)>, PacsError> {
    for patient in patients.into_iter().take(PATIENTS) {
        let keys = StudyKeys { patient_id: Some(patient), ..StudyKeys::default() };
        let sampled = sample(pacs, &keys)?;
        if sampled.is_some() {
            return Ok(sampled);
        }
    }
    Ok(None)
}

/// Studies of whatever date there is, for whoever asks about nobody in particular.
pub(super) fn any() -> StudyKeys {
    StudyKeys { study_date: Some("19000101-".into()), ..StudyKeys::default() }
}

/// An instance of the smallest study that is at hand, as far as the PACS says.
pub(super) fn sample(
    pacs: &dyn StudyQuery,
    keys: &StudyKeys,
) -> Result<Option<(StudyInstanceUid, Wanted)>, PacsError> {
    let mut studies = pacs.find_studies(keys)?.found;
    // One that is not would fail for a reason that nobody has to mend.
    studies.retain(|study| matches!(study.availability, None | Some(Availability::Online)));
    studies.sort_by_key(|study| study.instances.filter(|count| *count > 0).unwrap_or(u64::MAX));
    for study in studies.into_iter().take(STUDIES) {
        let first = pacs.list_study(&study)?.series.into_iter().find_map(|(series, instances)| {
            Some(Wanted::listed(&study, series, instances.into_iter().next()?))
        });
        if let Some(wanted) = first {
            return Ok(Some((study.study, wanted)));
        }
    }
    Ok(None)
}

/// Takes one instance and forgets it.
pub(super) struct One {
    sop_instance: SopInstanceUid,
    bytes: Option<u64>,
}

impl One {
    pub(super) fn of(wanted: &Wanted) -> Self {
        Self { sop_instance: wanted.sop_instance.clone(), bytes: None }
    }

    /// How long it was, once a retrieval has ended.
    pub(super) fn came(self, retrieved: Result<(), PacsError>) -> Result<u64, PacsError> {
        let nothing = "the retrieval succeeds and no instance comes: see the log of the PACS";
        match (self.bytes, retrieved) {
            (Some(bytes), _) => Ok(bytes),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(PacsError::Protocol(nothing.into())),
        }
    }
}

impl Receiver for One {
    fn receive(&mut self, received: Received) -> Taken {
        if received.sop_instance == self.sop_instance {
            self.bytes = Some(received.bytes);
        }
        Taken::Accepted
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        *sop_instance == self.sop_instance && self.bytes.is_none()
    }
}
