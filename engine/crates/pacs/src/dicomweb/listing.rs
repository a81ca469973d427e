//! What a study holds: its series, and all their instances in one search.
//!
//! A study of forty series costs forty searches when each is asked for its instances. Only of those
//! whose instances the one search does not bring in full is asked again.

use std::collections::HashMap;

use dicom_core::{Tag, VR};
use model::{SeriesInstanceUid, StudyInstanceUid};

use super::client::DicomWeb;
use super::json::JsonDataSet;
use super::query::{Found, Level, Search};
use crate::answers::{
    MODALITY, OF_IMAGE, OF_SERIES, SERIES_INSTANCE_UID, instance, instances_of_series, series, text,
};
use crate::error::PacsError;
use crate::query::{InstanceSummary, Listing, SeriesSummary, StudySummary};

/// Instances behind answers that cannot be read, of a series with its modality.
type Unreadable = Vec<(String, u64)>;

impl DicomWeb {
    /// The series and instances of one study; `known` hears of the series before their instances are
    /// listed.
    ///
    /// # Errors
    /// [`PacsError`], also when there are more than the limit.
    pub(crate) fn listing(
        &self,
        summary: &StudySummary,
        known: impl FnOnce(&[SeriesSummary]),
    ) -> Result<Listing, PacsError> {
        let study = &summary.study;
        let mut listing = Listing::default();
        let (all_series, unreadable) =
            self.listed(Level::Series(study), OF_SERIES, summary.series, series)?;
        for (modality, instances) in unreadable {
            listing.leave_out(&modality, instances);
        }
        known(&all_series);
        let mut together = match self.instances_by_series(study, &all_series) {
            Ok(together) => together,
            Err(PacsError::DicomWeb(error)) if error.helps_to_ask_for_less() => HashMap::new(),
            Err(error) => return Err(error),
        };
        let mut count = 0_usize;
        for one in all_series {
            let mut instances = together.remove(&one.series).unwrap_or_default();
            if u64::try_from(instances.len()).ok() != one.instances {
                let level = Level::Instances(study, &one.series);
                let (listed, unreadable) = self.listed(level, OF_IMAGE, one.instances, instance)?;
                for (_, count) in unreadable {
                    listing.leave_out(&one.modality, count);
                }
                instances = listed;
            }
            count = count.saturating_add(instances.len());
            if count > self.settings().limits.instances {
                return Err(self.over());
            }
            listing.series.push((one, instances));
        }
        Ok(listing)
    }

    /// All instances of the study, as far as they say of which series they are.
    fn instances_by_series(
        &self,
        study: &StudyInstanceUid,
        all_series: &[SeriesSummary],
    ) -> Result<HashMap<SeriesInstanceUid, Vec<InstanceSummary>>, PacsError> {
        let attributes = [OF_IMAGE, &[(SERIES_INSTANCE_UID, VR::UI)]].concat();
        let expected = all_series.iter().map(|one| one.instances).sum();
        let of_series = |set: &JsonDataSet| {
            let uid = set.text(SERIES_INSTANCE_UID)?;
            Some((SeriesInstanceUid::from_wire(uid.as_bytes()).ok()?, instance(set)?))
        };
        let level = Level::InstancesOfStudy(study);
        let mut by_series: HashMap<_, Vec<_>> = HashMap::new();
        // What cannot be read here makes its series one that is asked for by itself.
        let (listed, _) = self.listed(level, &attributes, expected, of_series)?;
        for (uid, one) in listed {
            by_series.entry(uid).or_default().push(one);
        }
        Ok(by_series)
    }

    /// The answers of one level, and how many instances stand behind those that cannot be read; more than
    /// the limit are an error.
    fn listed<T>(
        &self,
        level: Level<'_>,
        attributes: &[(Tag, VR)],
        expected: Option<u64>,
        read: impl Fn(&JsonDataSet) -> Option<T>,
    ) -> Result<(Vec<T>, Unreadable), PacsError> {
        let including: Vec<Tag> = attributes.iter().map(|(tag, _)| *tag).collect();
        let limit = self.settings().limits.instances;
        let expected = expected.and_then(|count| usize::try_from(count).ok());
        let search = Search { level, matching: &[], including: &including, limit, expected };
        let mut unreadable = Unreadable::new();
        let Found { data_sets, is_cut, nameless } = self.search_as(&search, |set| {
            let one = read(&set);
            match (&one, level) {
                (Some(_), _) => {}
                (None, Level::Series(_)) => {
                    let modality = text(&set, MODALITY).unwrap_or_default();
                    unreadable.push((modality, instances_of_series(&set)));
                }
                (None, _) => unreadable.push((String::new(), 1)),
            }
            one
        })?;
        unreadable.push((String::new(), nameless as u64));
        if is_cut { Err(self.over()) } else { Ok((data_sets, unreadable)) }
    }

    fn over(&self) -> PacsError {
        let limit = self.settings().limits.instances;
        PacsError::OverLimit(format!("the PACS lists more than {limit} instances in one study"))
    }
}
