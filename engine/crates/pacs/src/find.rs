//! C-FIND as [`StudyQuery`]: which keys are asked for, and how the answers are read (PS3.4 §C.6).

use std::collections::HashSet;

use dicom_core::VR;
use model::StudyInstanceUid;
use part10::Dataset;

use crate::answers::{
    ACCESSION_NUMBER, MODALITY, OF_IMAGE, OF_SERIES, OF_STUDY, PATIENT_ID, SERIES_INSTANCE_UID,
    STUDY_DATE, STUDY_INSTANCE_UID, instance, instances_of_series, series, study, text,
};
use crate::dimse::c_find::Finder;
use crate::dimse::identifier::{Identifier, Level};
use crate::error::PacsError;
use crate::query::{Listing, Matches, StudyKeys, StudySummary};
use crate::retrieve::DimsePacs;
use crate::settings::QueryRoot;
use crate::source::StudyQuery;

impl DimsePacs {
    /// Patient IDs that the PACS has (PATIENT level, which only Patient Root has).
    ///
    /// # Errors
    /// [`PacsError`].
    pub(crate) fn find_patients(&self) -> Result<Vec<String>, PacsError> {
        let identifier = Identifier::new(Level::Patient).asking(&[(PATIENT_ID, VR::LO)]);
        let mut finder = Finder::open(self)?;
        let id = |answer: &Dataset<'_>| text(answer, PATIENT_ID).filter(|id| !id.trim().is_empty());
        let matches = finder.find(identifier, self.settings.limits.matches, id)?;
        finder.close();
        Ok(matches.found)
    }
}

impl StudyQuery for DimsePacs {
    fn find_studies(&self, keys: &StudyKeys) -> Result<Matches<StudySummary>, PacsError> {
        let mut identifier =
            Identifier::new(Level::Study).asking(OF_STUDY).asking(&self.settings.more_keys);
        let matching = [
            (STUDY_INSTANCE_UID, VR::UI, keys.study.as_ref().map(StudyInstanceUid::as_str)),
            (PATIENT_ID, VR::LO, keys.patient_id.as_deref()),
            (ACCESSION_NUMBER, VR::SH, keys.accession_number.as_deref()),
            (STUDY_DATE, VR::DA, keys.study_date.as_deref()),
        ];
        for (tag, vr, value) in matching {
            if let Some(value) = value {
                identifier = identifier.matching(tag, vr, value);
            }
        }
        let mut finder = Finder::open(self)?;
        let found = finder.find(identifier, self.settings.limits.matches, |answer| {
            study(answer, &self.settings.more_keys)
        });
        let has_to_name_patients = self.settings.root == QueryRoot::Patient;
        let mut matches = found.map_err(|error| match error {
            PacsError::Failed { .. } if has_to_name_patients && keys.patient_id.is_none() => {
                PacsError::WantsPatientId { source: Box::new(error) }
            }
            other => other,
        })?;
        finder.close();
        // The same study may be answered once for each place where it is stored.
        let mut seen = HashSet::new();
        matches.found.retain(|study| seen.insert(study.study.clone()));
        Ok(matches)
    }

    fn list_study(&self, study: &StudySummary) -> Result<Listing, PacsError> {
        let of_study = |level| {
            let identifier = Identifier::new(level);
            let identifier = identifier.matching(STUDY_INSTANCE_UID, VR::UI, study.study.as_str());
            match self.settings.root {
                QueryRoot::Study => identifier,
                QueryRoot::Patient => identifier.matching(PATIENT_ID, VR::LO, &study.patient_id),
            }
        };
        let limit = self.settings.limits.instances;
        let too_many = || {
            PacsError::OverLimit(format!("the PACS lists more than {limit} instances in one study"))
        };
        let mut finder = Finder::open(self)?;
        let identifier = of_study(Level::Series).asking(OF_SERIES);
        let mut listing = Listing::default();
        let series = finder.find(identifier, limit, |answer| {
            let read = series(answer);
            if read.is_none() {
                let modality = text(answer, MODALITY).unwrap_or_default();
                listing.leave_out(&modality, instances_of_series(answer));
            }
            read
        })?;
        if series.is_cut {
            return Err(too_many());
        }
        let mut known_series = HashSet::new();
        let mut known = HashSet::new();
        for series in series.found {
            if !known_series.insert(series.series.clone()) {
                continue;
            }
            let identifier = of_study(Level::Image)
                .matching(SERIES_INSTANCE_UID, VR::UI, series.series.as_str())
                .asking(OF_IMAGE);
            let left = limit.saturating_sub(known.len());
            let mut instances = finder.find(identifier, left, |answer| {
                let read = instance(answer);
                listing.leave_out(&series.modality, read.is_none().into());
                read
            })?;
            if instances.is_cut {
                return Err(too_many());
            }
            instances.found.retain(|instance| known.insert(instance.sop_instance.clone()));
            listing.series.push((series, instances.found));
        }
        finder.close();
        Ok(listing)
    }
}
