//! The attributes that a query asks for and how an answer is read, whatever protocol brought it.
//!
//! Invariant: what is kept of an answer has a limit, however long its values are: there may be 200,000 answers.

use dicom_core::{Tag, VR};
use model::{SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};
use part10::Dataset;

use crate::query::{Availability, InstanceSummary, SeriesSummary, StudySummary};

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
pub(crate) const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
pub(crate) const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
pub(crate) const STUDY_TIME: Tag = Tag(0x0008, 0x0030);
pub(crate) const ACCESSION_NUMBER: Tag = Tag(0x0008, 0x0050);
const INSTANCE_AVAILABILITY: Tag = Tag(0x0008, 0x0056);
pub(crate) const MODALITY: Tag = Tag(0x0008, 0x0060);
pub(crate) const MODALITIES_IN_STUDY: Tag = Tag(0x0008, 0x0061);
pub(crate) const INSTITUTION_NAME: Tag = Tag(0x0008, 0x0080);
pub(crate) const REFERRING_PHYSICIAN: Tag = Tag(0x0008, 0x0090);
pub(crate) const TIMEZONE_OFFSET: Tag = Tag(0x0008, 0x0201);
pub(crate) const STUDY_DESCRIPTION: Tag = Tag(0x0008, 0x1030);
const AVAILABLE_TRANSFER_SYNTAX: Tag = Tag(0x0008, 0x3002);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
pub(crate) const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
const SEX: Tag = Tag(0x0010, 0x0040);
pub(crate) const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
pub(crate) const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
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
pub(crate) const PLACER_ORDER_NUMBER: Tag = Tag(0x0040, 0x2016);
pub(crate) const FILLER_ORDER_NUMBER: Tag = Tag(0x0040, 0x2017);

pub(crate) const OF_STUDY: &[(Tag, VR)] = &[
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
pub(crate) const OF_SERIES: &[(Tag, VR)] = &[
    (MODALITY, VR::CS),
    (SERIES_INSTANCE_UID, VR::UI),
    (SERIES_NUMBER, VR::IS),
    (SERIES_INSTANCES, VR::IS),
];
pub(crate) const OF_IMAGE: &[(Tag, VR)] = &[
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

/// Bytes that are kept of one attribute, all its values together.
const MOST_TEXT_BYTES: usize = 4 << 10;
/// Values that are kept of one attribute, and bytes of each.
const MOST_VALUES: usize = 64;
const MOST_VALUE_BYTES: usize = 64;

/// An answer, of C-FIND or of QIDO-RS.
pub(crate) trait Answer {
    /// The values of an element, decoded and joined by `\`.
    fn text(&self, tag: Tag) -> Option<String>;
    /// The first value of an element as a number.
    fn number(&self, tag: Tag) -> Option<i64>;
}

impl Answer for Dataset<'_> {
    fn text(&self, tag: Tag) -> Option<String> {
        Dataset::text(self, tag)
    }

    fn number(&self, tag: Tag) -> Option<i64> {
        self.i64(tag)
    }
}

fn count(answer: &impl Answer, tag: Tag) -> Option<u64> {
    u64::try_from(answer.number(tag)?).ok()
}

/// The beginning of an element, as far as it is kept.
pub(crate) fn text(answer: &impl Answer, tag: Tag) -> Option<String> {
    let text = answer.text(tag)?;
    let kept = text.get(..text.floor_char_boundary(MOST_TEXT_BYTES)).unwrap_or_default();
    Some(kept.to_owned())
}

fn texts(answer: &impl Answer, tag: Tag) -> Vec<String> {
    let text = answer.text(tag).unwrap_or_default();
    let parts = text.split('\\').map(|part| part.trim_matches(['\0', ' ']));
    let kept = parts.filter(|part| (1..=MOST_VALUE_BYTES).contains(&part.len())).take(MOST_VALUES);
    kept.map(str::to_owned).collect()
}

/// Reads a study; `more` are attributes that were asked for besides.
pub(crate) fn study(answer: &impl Answer, more: &[(Tag, VR)]) -> Option<StudySummary> {
    let of_mapping = OF_STUDY.iter().chain(more).filter_map(|(tag, _)| {
        let value = text(answer, *tag)?.trim_matches(['\0', ' ']).to_owned();
        Some((*tag, value))
    });
    let text = |tag| text(answer, tag).unwrap_or_default();
    Some(StudySummary {
        study: StudyInstanceUid::from_wire(answer.text(STUDY_INSTANCE_UID)?.as_bytes()).ok()?,
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
        values: of_mapping.collect(),
    })
}

pub(crate) fn series(answer: &impl Answer) -> Option<SeriesSummary> {
    Some(SeriesSummary {
        series: SeriesInstanceUid::from_wire(answer.text(SERIES_INSTANCE_UID)?.as_bytes()).ok()?,
        modality: text(answer, MODALITY).unwrap_or_default(),
        number: answer.number(SERIES_NUMBER),
        instances: count(answer, SERIES_INSTANCES),
    })
}

/// How many instances a series counts, one at least.
pub(crate) fn instances_of_series(answer: &impl Answer) -> u64 {
    count(answer, SERIES_INSTANCES).unwrap_or(1).max(1)
}

pub(crate) fn instance(answer: &impl Answer) -> Option<InstanceSummary> {
    let pixels = || {
        let rows = count(answer, ROWS)?.checked_mul(count(answer, COLUMNS)?)?;
        let samples = rows.checked_mul(count(answer, SAMPLES_PER_PIXEL).unwrap_or(1))?;
        let bits = samples.checked_mul(count(answer, BITS_ALLOCATED)?)?;
        bits.checked_mul(count(answer, NUMBER_OF_FRAMES).unwrap_or(1)).map(|bits| bits / 8)
    };
    Some(InstanceSummary {
        sop_instance: SopInstanceUid::from_wire(answer.text(SOP_INSTANCE_UID)?.as_bytes()).ok()?,
        sop_class: answer
            .text(SOP_CLASS_UID)
            .and_then(|uid| SopClassUid::from_wire(uid.as_bytes()).ok()),
        number: answer.number(INSTANCE_NUMBER),
        transfer_syntaxes: texts(answer, AVAILABLE_TRANSFER_SYNTAX),
        native_bytes: pixels(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each attribute has this text, but for the UID of the study.
    struct Says(String);

    impl Answer for Says {
        fn text(&self, tag: Tag) -> Option<String> {
            Some(if tag == STUDY_INSTANCE_UID { "1.2.3".to_owned() } else { self.0.clone() })
        }

        fn number(&self, _tag: Tag) -> Option<i64> {
            None
        }
    }

    #[test]
    fn of_values_without_end_the_beginning_is_kept() {
        let many = study(&Says("CT\\".repeat(100_000)), &[]).unwrap();
        assert_eq!(many.modalities, vec!["CT"; MOST_VALUES]);
        let long = study(&Says("è".repeat(100_000)), &[]).unwrap();
        assert_eq!(long.description, "è".repeat(MOST_TEXT_BYTES / 2));
        assert_eq!(long.value(STUDY_DESCRIPTION), Some(&*long.description));
        assert!(long.modalities.is_empty());
        assert!(long.values.values().all(|value| value.len() <= MOST_TEXT_BYTES));
    }
}
