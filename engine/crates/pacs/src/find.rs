//! C-FIND as [`StudyQuery`]: which keys are asked for, and how the answers are read (PS3.4 §C.6).

use std::collections::HashSet;

use dicom_core::{Tag, VR};
use model::{SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};
use part10::Dataset;

use crate::dimse::c_find::Finder;
use crate::dimse::identifier::{Identifier, Level};
use crate::error::PacsError;
use crate::query::{
    Availability, InstanceSummary, Matches, SeriesSummary, StudyKeys, StudySummary,
};
use crate::retrieve::DimsePacs;
use crate::settings::QueryRoot;
use crate::source::StudyQuery;

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
const STUDY_TIME: Tag = Tag(0x0008, 0x0030);
const ACCESSION_NUMBER: Tag = Tag(0x0008, 0x0050);
const INSTANCE_AVAILABILITY: Tag = Tag(0x0008, 0x0056);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const MODALITIES_IN_STUDY: Tag = Tag(0x0008, 0x0061);
const INSTITUTION_NAME: Tag = Tag(0x0008, 0x0080);
const REFERRING_PHYSICIAN: Tag = Tag(0x0008, 0x0090);
const TIMEZONE_OFFSET: Tag = Tag(0x0008, 0x0201);
const STUDY_DESCRIPTION: Tag = Tag(0x0008, 0x1030);
const AVAILABLE_TRANSFER_SYNTAX: Tag = Tag(0x0008, 0x3002);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
const SEX: Tag = Tag(0x0010, 0x0040);
const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
const STUDY_ID: Tag = Tag(0x0020, 0x0010);
const SERIES_NUMBER: Tag = Tag(0x0020, 0x0011);
const INSTANCE_NUMBER: Tag = Tag(0x0020, 0x0013);
const STUDY_SERIES: Tag = Tag(0x0020, 0x1206);
const STUDY_INSTANCES: Tag = Tag(0x0020, 0x1208);
const SERIES_INSTANCES: Tag = Tag(0x0020, 0x1209);
const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);
const ROWS: Tag = Tag(0x0028, 0x0010);
const COLUMNS: Tag = Tag(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
const PLACER_ORDER_NUMBER: Tag = Tag(0x0040, 0x2016);
const FILLER_ORDER_NUMBER: Tag = Tag(0x0040, 0x2017);

const OF_STUDY: &[(Tag, VR)] = &[
    (STUDY_DATE, VR::DA),
    (STUDY_TIME, VR::TM),
    (ACCESSION_NUMBER, VR::SH),
    (INSTANCE_AVAILABILITY, VR::CS),
    (MODALITIES_IN_STUDY, VR::CS),
    (INSTITUTION_NAME, VR::LO),
    (REFERRING_PHYSICIAN, VR::PN),
    (TIMEZONE_OFFSET, VR::SH),
    (STUDY_DESCRIPTION, VR::LO),
    (PATIENT_NAME, VR::PN),
    (PATIENT_ID, VR::LO),
    (ISSUER_OF_PATIENT_ID, VR::LO),
    (BIRTH_DATE, VR::DA),
    (SEX, VR::CS),
    (STUDY_INSTANCE_UID, VR::UI),
    (STUDY_ID, VR::SH),
    (STUDY_SERIES, VR::IS),
    (STUDY_INSTANCES, VR::IS),
    (PLACER_ORDER_NUMBER, VR::LO),
    (FILLER_ORDER_NUMBER, VR::LO),
];
const OF_SERIES: &[(Tag, VR)] = &[
    (MODALITY, VR::CS),
    (SERIES_INSTANCE_UID, VR::UI),
    (SERIES_NUMBER, VR::IS),
    (SERIES_INSTANCES, VR::IS),
];
const OF_IMAGE: &[(Tag, VR)] = &[
    (SOP_CLASS_UID, VR::UI),
    (SOP_INSTANCE_UID, VR::UI),
    (AVAILABLE_TRANSFER_SYNTAX, VR::UI),
    (INSTANCE_NUMBER, VR::IS),
    (SAMPLES_PER_PIXEL, VR::US),
    (NUMBER_OF_FRAMES, VR::IS),
    (ROWS, VR::US),
    (COLUMNS, VR::US),
    (BITS_ALLOCATED, VR::US),
];

impl StudyQuery for DimsePacs {
    fn find_studies(&self, keys: &StudyKeys) -> Result<Matches<StudySummary>, PacsError> {
        let mut identifier = Identifier::new(Level::Study).asking(OF_STUDY);
        let keys = [
            (STUDY_INSTANCE_UID, VR::UI, keys.study.as_ref().map(StudyInstanceUid::as_str)),
            (PATIENT_ID, VR::LO, keys.patient_id.as_deref()),
            (ACCESSION_NUMBER, VR::SH, keys.accession_number.as_deref()),
            (STUDY_DATE, VR::DA, keys.study_date.as_deref()),
        ];
        for (tag, vr, value) in keys {
            if let Some(value) = value {
                identifier = identifier.matching(tag, vr, value);
            }
        }
        let mut finder = Finder::open(&self.settings, &self.stop)?;
        let mut matches = finder.find(identifier, self.settings.limits.matches, study)?;
        finder.close();
        // The same study may be answered once for each place where it is stored.
        let mut seen = HashSet::new();
        matches.found.retain(|study| seen.insert(study.study.clone()));
        Ok(matches)
    }

    fn list_study(
        &self,
        study: &StudySummary,
    ) -> Result<Vec<(SeriesSummary, Vec<InstanceSummary>)>, PacsError> {
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
        let mut finder = Finder::open(&self.settings, &self.stop)?;
        let identifier = of_study(Level::Series).asking(OF_SERIES);
        let series = finder.find(identifier, limit, series)?;
        if series.is_cut {
            return Err(too_many());
        }
        let mut known_series = HashSet::new();
        let mut known = HashSet::new();
        let mut listed = Vec::new();
        for series in series.found {
            if !known_series.insert(series.series.clone()) {
                continue;
            }
            let identifier = of_study(Level::Image)
                .matching(SERIES_INSTANCE_UID, VR::UI, series.series.as_str())
                .asking(OF_IMAGE);
            let left = limit.saturating_sub(known.len());
            let mut instances = finder.find(identifier, left, instance)?;
            if instances.is_cut {
                return Err(too_many());
            }
            instances.found.retain(|instance| known.insert(instance.sop_instance.clone()));
            listed.push((series, instances.found));
        }
        finder.close();
        Ok(listed)
    }
}

fn count(answer: &Dataset<'_>, tag: Tag) -> Option<u64> {
    u64::try_from(answer.i64(tag)?).ok()
}

fn texts(answer: &Dataset<'_>, tag: Tag) -> Vec<String> {
    let text = answer.text(tag).unwrap_or_default();
    let parts = text.split('\\').map(|part| part.trim_matches(['\0', ' ']).to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

fn study(answer: &Dataset<'_>) -> Option<StudySummary> {
    let text = |tag| answer.text(tag).unwrap_or_default();
    Some(StudySummary {
        study: StudyInstanceUid::from_wire(answer.bytes(STUDY_INSTANCE_UID)?).ok()?,
        patient_id: text(PATIENT_ID),
        issuer_of_patient_id: text(ISSUER_OF_PATIENT_ID),
        patient_name: text(PATIENT_NAME),
        patient_birth_date: text(BIRTH_DATE),
        patient_sex: text(SEX),
        study_date: text(STUDY_DATE),
        study_time: text(STUDY_TIME),
        timezone_offset: text(TIMEZONE_OFFSET),
        accession_number: text(ACCESSION_NUMBER),
        placer_order_number: text(PLACER_ORDER_NUMBER),
        filler_order_number: text(FILLER_ORDER_NUMBER),
        study_id: text(STUDY_ID),
        description: text(STUDY_DESCRIPTION),
        modalities: texts(answer, MODALITIES_IN_STUDY),
        institution: text(INSTITUTION_NAME),
        referring_physician: text(REFERRING_PHYSICIAN),
        series: count(answer, STUDY_SERIES),
        instances: count(answer, STUDY_INSTANCES),
        availability: Availability::from_term(&text(INSTANCE_AVAILABILITY)),
    })
}

fn series(answer: &Dataset<'_>) -> Option<SeriesSummary> {
    Some(SeriesSummary {
        series: SeriesInstanceUid::from_wire(answer.bytes(SERIES_INSTANCE_UID)?).ok()?,
        modality: answer.text(MODALITY).unwrap_or_default(),
        number: answer.i64(SERIES_NUMBER),
        instances: count(answer, SERIES_INSTANCES),
    })
}

fn instance(answer: &Dataset<'_>) -> Option<InstanceSummary> {
    let pixels = || {
        let rows = count(answer, ROWS)?.checked_mul(count(answer, COLUMNS)?)?;
        let samples = rows.checked_mul(count(answer, SAMPLES_PER_PIXEL).unwrap_or(1))?;
        let bits = samples.checked_mul(count(answer, BITS_ALLOCATED)?)?;
        bits.checked_mul(count(answer, NUMBER_OF_FRAMES).unwrap_or(1)).map(|bits| bits / 8)
    };
    Some(InstanceSummary {
        sop_instance: SopInstanceUid::from_wire(answer.bytes(SOP_INSTANCE_UID)?).ok()?,
        sop_class: answer.bytes(SOP_CLASS_UID).and_then(|uid| SopClassUid::from_wire(uid).ok()),
        number: answer.i64(INSTANCE_NUMBER),
        transfer_syntaxes: texts(answer, AVAILABLE_TRANSFER_SYNTAX),
        native_bytes: pixels(),
    })
}
