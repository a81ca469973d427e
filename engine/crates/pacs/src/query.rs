//! What a query asks and what it answers.

use std::collections::BTreeMap;
use std::fmt;

use crate::dicomweb::DicomWebError;
use crate::error::PacsError;
use crate::source::StudyQuery;
use dicom_core::Tag;
use model::{SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};

/// Which studies are asked for; without any key there is no query.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StudyKeys {
    /// Study Instance UID (0020,000D).
    pub study: Option<StudyInstanceUid>,
    /// Patient ID (0010,0020).
    pub patient_id: Option<String>,
    /// Accession Number (0008,0050).
    pub accession_number: Option<String>,
    /// Study Date (0008,0020): a day or a range, `YYYYMMDD` or `YYYYMMDD-YYYYMMDD`.
    pub study_date: Option<String>,
}

impl StudyKeys {
    /// Asks for one study.
    pub fn of_study(study: StudyInstanceUid) -> Self {
        Self { study: Some(study), ..Self::default() }
    }
}

/// A Patient ID and who issued it (PS3.3 §C.7.1.1, (0010,0020) and (0010,0021)).
#[derive(Clone, PartialEq, Eq)]
pub struct PatientId {
    /// Patient ID.
    pub id: String,
    /// Issuer of Patient ID; empty where the site has one issuer only.
    pub issuer: String,
}

impl PatientId {
    /// One of the only issuer of a site.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), issuer: String::new() }
    }

    /// Whether a Patient ID and its issuer, empty where that is not told, are this one. Few PACS tell an
    /// issuer, and a site with one issuer only does not name it.
    pub fn is(&self, id: &str, issuer: &str) -> bool {
        let is_same = |one: &str, other: &str| one.trim() == other.trim();
        let is_any = |issuer: &str| issuer.trim().is_empty();
        is_same(&self.id, id)
            && (is_any(&self.issuer) || is_any(issuer) || is_same(&self.issuer, issuer))
    }
}

impl fmt::Debug for PatientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PatientId([redacted])")
    }
}

/// One study, and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct StudyReference {
    /// Study Instance UID (0020,000D).
    pub study: StudyInstanceUid,
    /// The Patient IDs of the person: a study or an instance of anybody else is refused. Without any,
    /// whose study it is follows from the answer; with Patient Root some PACS then answer nothing.
    pub patient_ids: Vec<PatientId>,
}

impl From<StudyInstanceUid> for StudyReference {
    fn from(study: StudyInstanceUid) -> Self {
        Self { study, patient_ids: Vec::new() }
    }
}

impl fmt::Debug for StudyReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StudyReference").field("study", &self.study).finish_non_exhaustive()
    }
}

impl StudyReference {
    /// Asks for the study, under one Patient ID after the other; `None` when the PACS does not know it, or
    /// only as that of somebody else.
    ///
    /// # Errors
    /// [`PacsError`].
    pub fn find(&self, pacs: &dyn StudyQuery) -> Result<Option<StudySummary>, PacsError> {
        let mut keys: Vec<_> = self.patient_ids.iter().map(|one| Some(one.id.clone())).collect();
        if keys.is_empty() {
            keys.push(None);
        }
        for patient_id in keys {
            let keys = StudyKeys { patient_id, ..StudyKeys::of_study(self.study.clone()) };
            let found = pacs.find_studies(&keys)?.found;
            // A PACS that does not know a key answers all that it has.
            let is_it = |one: &StudySummary| one.study == self.study && self.is_theirs(one);
            if let Some(found) = found.into_iter().find(is_it) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn is_theirs(&self, summary: &StudySummary) -> bool {
        let StudySummary { patient_id, issuer_of_patient_id, .. } = summary;
        self.patient_ids.is_empty()
            || patient_id.trim().is_empty()
            || self.patient_ids.iter().any(|one| one.is(patient_id, issuer_of_patient_id))
    }
}

impl fmt::Debug for StudyKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StudyKeys").finish_non_exhaustive()
    }
}

/// Answers to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches<T> {
    /// The answers.
    pub found: Vec<T>,
    /// Whether there were more than the limit, and the query was cancelled.
    pub is_cut: bool,
}

/// Instance Availability (0008,0056).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// At once.
    Online,
    /// After a while, from slower storage.
    Nearline,
    /// Only after somebody fetches a medium.
    Offline,
    /// Not at all.
    Unavailable,
}

impl Availability {
    /// Reads the term of the standard (PS3.3 §C.4.23.1.1).
    pub fn from_term(term: &str) -> Option<Self> {
        Some(match term {
            "ONLINE" => Self::Online,
            "NEARLINE" => Self::Nearline,
            "OFFLINE" => Self::Offline,
            "UNAVAILABLE" => Self::Unavailable,
            _ => return None,
        })
    }

    /// What a refusal to deliver an instance says of it; `None` for a fault of another kind.
    pub fn of_refusal(error: &PacsError) -> Option<Self> {
        match error {
            PacsError::Failed { status, .. } => match status.0 {
                // Out of resources, unable to perform sub-operations: what is on tape is not at hand.
                0xA700..=0xA702 => Some(Self::Nearline),
                0x0112 => Some(Self::Unavailable),
                _ => None,
            },
            PacsError::DicomWeb(DicomWebError::NotFound { .. }) => Some(Self::Unavailable),
            PacsError::DicomWeb(DicomWebError::Server { status: 503, .. }) => Some(Self::Nearline),
            _ => None,
        }
    }

    /// The term of the standard.
    pub fn as_term(self) -> &'static str {
        match self {
            Self::Online => "ONLINE",
            Self::Nearline => "NEARLINE",
            Self::Offline => "OFFLINE",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

/// A study as the PACS describes it. Text is decoded and trimmed; what is absent is empty.
#[derive(Clone, PartialEq, Eq)]
pub struct StudySummary {
    /// Study Instance UID (0020,000D).
    pub study: StudyInstanceUid,
    /// Patient ID (0010,0020).
    pub patient_id: String,
    /// Issuer of Patient ID (0010,0021); where the PACS does not tell it, that of its settings.
    pub issuer_of_patient_id: String,
    /// Patient's Name (0010,0010).
    pub patient_name: String,
    /// Patient's Birth Date (0010,0030), DA.
    pub patient_birth_date: String,
    /// Patient's Sex (0010,0040).
    pub patient_sex: String,
    /// Study Date (0008,0020), DA.
    pub study_date: String,
    /// Study Time (0008,0030), TM.
    pub study_time: String,
    /// Timezone Offset From UTC (0008,0201).
    pub timezone_offset: String,
    /// Accession Number (0008,0050).
    pub accession_number: String,
    /// Placer Order Number / Imaging Service Request (0040,2016).
    pub placer_order_number: String,
    /// Filler Order Number / Imaging Service Request (0040,2017).
    pub filler_order_number: String,
    /// Study ID (0020,0010).
    pub study_id: String,
    /// Study Description (0008,1030).
    pub description: String,
    /// Modalities in Study (0008,0061).
    pub modalities: Vec<String>,
    /// Institution Name (0008,0080).
    pub institution: String,
    /// Referring Physician's Name (0008,0090).
    pub referring_physician: String,
    /// Number of Study Related Series (0020,1206): a hint.
    pub series: Option<u64>,
    /// Number of Study Related Instances (0020,1208): a hint.
    pub instances: Option<u64>,
    /// Instance Availability (0008,0056).
    pub availability: Option<Availability>,
    /// Every attribute of the answer that was asked for, values joined by `\`.
    pub values: BTreeMap<Tag, String>,
}

impl StudySummary {
    /// An attribute of the answer, if it was asked for and is there.
    pub fn value(&self, tag: Tag) -> Option<&str> {
        self.values.get(&tag).map(String::as_str)
    }
}

impl fmt::Debug for StudySummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StudySummary").finish_non_exhaustive()
    }
}

/// A series as the PACS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesSummary {
    /// Series Instance UID (0020,000E).
    pub series: SeriesInstanceUid,
    /// Modality (0008,0060).
    pub modality: String,
    /// Series Number (0020,0011).
    pub number: Option<i64>,
    /// Number of Series Related Instances (0020,1209): a hint.
    pub instances: Option<u64>,
}

/// An instance as the PACS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSummary {
    /// SOP Instance UID (0008,0018).
    pub sop_instance: SopInstanceUid,
    /// SOP Class UID (0008,0016), which a PACS need not answer.
    pub sop_class: Option<SopClassUid>,
    /// Instance Number (0020,0013).
    pub number: Option<i64>,
    /// Available Transfer Syntax UID (0008,3002), which few answer.
    pub transfer_syntaxes: Vec<String>,
    /// Bytes that the pixels take uncompressed, if the attributes for it are answered.
    pub native_bytes: Option<u64>,
}

/// What a PACS lists of a study.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Its series, each with its instances.
    pub series: Vec<(SeriesSummary, Vec<InstanceSummary>)>,
    /// Instances that are listed under what is no UID, so that they cannot be asked for: one for each such
    /// answer, and of a series as many as it counts. By the modality of their series.
    pub unreadable: BTreeMap<String, u64>,
}

impl Listing {
    /// Counts instances that cannot be asked for.
    pub(crate) fn leave_out(&mut self, modality: &str, instances: u64) {
        if instances > 0 {
            let count = self.unreadable.entry(modality.to_owned()).or_default();
            *count = count.saturating_add(instances);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimse::status::Status;
    use rstest::rstest;

    #[rstest]
    #[case::same("TEST-1", "", "TEST-1 ", "ASL", true)]
    #[case::same_issuer("TEST-1", "ASL", "TEST-1", "ASL", true)]
    #[case::issuer_not_told("TEST-1", "ASL", "TEST-1", "", true)]
    #[case::another_issuer("TEST-1", "ASL", "TEST-1", "OTHER", false)]
    #[case::another("TEST-1", "", "TEST-2", "", false)]
    #[case::nobody("TEST-1", "", "", "", false)]
    fn patient_ids(
        #[case] id: &str,
        #[case] issuer: &str,
        #[case] told: &str,
        #[case] told_issuer: &str,
        #[case] expected: bool,
    ) {
        let known = PatientId { id: id.into(), issuer: issuer.into() };
        assert_eq!(known.is(told, told_issuer), expected);
    }

    #[rstest]
    #[case::unable_to_perform(0xA702, Some(Availability::Nearline))]
    // It may only repeat that we refused what came.
    #[case::some_failed(0xB000, None)]
    #[case::no_such_instance(0x0112, Some(Availability::Unavailable))]
    #[case::destination_unknown(0xA801, None)]
    #[case::not_authorized(0x0124, None)]
    fn statuses(#[case] status: u16, #[case] expected: Option<Availability>) {
        let status = Status(status);
        let error = PacsError::Failed { operation: "C-MOVE", status, comment: None };
        assert_eq!(Availability::of_refusal(&error), expected);
    }

    #[rstest]
    #[case::gone(DicomWebError::NotFound { host: String::new(), status: 410 }, Some(Availability::Unavailable))]
    #[case::busy(DicomWebError::Server { host: String::new(), status: 503 }, Some(Availability::Nearline))]
    #[case::fault(DicomWebError::Server { host: String::new(), status: 500 }, None)]
    #[case::forbidden(DicomWebError::Forbidden { host: String::new() }, None)]
    fn answers(#[case] error: DicomWebError, #[case] expected: Option<Availability>) {
        assert_eq!(Availability::of_refusal(&error.into()), expected);
    }
}
