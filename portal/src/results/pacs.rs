//! The configured PACS as a source of orders.

use engine::pacs::{PacsSettings, PatientId, StopFlag, StudyKeys, StudyQuery as _, StudySummary};
use engine::{ExaminationStatus, Kind, Moment};
use jiff::civil::{Date, Time};
use store::{Examination, IssuedId, ListedReport, Private};

use crate::results::grouping::Told;
use crate::results::refresh::{Answer, OrderSource};

/// Letters of a text of a PACS that are kept.
const MOST_LETTERS: usize = 256;
/// Modalities of a study that are kept.
const MOST_MODALITIES: usize = 16;
/// The longest UID (PS3.5 §9.1), and some more for those that are odd.
const LONGEST_UID: usize = 128;

/// The PACS of the configuration, in the order of their priority.
#[derive(Debug)]
pub struct PacsOrders(pub Vec<PacsSettings>);

impl OrderSource for PacsOrders {
    fn pacs(&self) -> Vec<String> {
        self.0.iter().map(|pacs| pacs.name.clone()).collect()
    }

    fn ask(&self, pacs: usize, ids: &[IssuedId], stop: &StopFlag) -> Result<Answer, String> {
        let settings = self.0.get(pacs).ok_or("there is no such PACS")?;
        let mut answer = Answer::default();
        for id in ids {
            let keys = StudyKeys { patient_id: Some(id.id.0.clone()), ..StudyKeys::default() };
            let open = settings.open(stop);
            let matches = open
                .and_then(|pacs| pacs.find_studies(&keys))
                .map_err(|error| error.without_remark().to_string())?;
            answer.is_cut |= matches.is_cut;
            for study in &matches.found {
                match told(study, settings, id) {
                    Some(told) => answer.told.push(told),
                    None => answer.refused = answer.refused.saturating_add(1),
                }
            }
        }
        Ok(answer)
    }
}

/// A study as it is kept; `None` when it is of another patient than was asked for.
fn told(study: &StudySummary, pacs: &PacsSettings, id: &IssuedId) -> Option<Told> {
    let asked = PatientId { id: id.id.0.clone(), issuer: id.issuer.clone() };
    let uid = study.study.as_str();
    if !asked.is(&study.patient_id, &study.issuer_of_patient_id) || uid.len() > LONGEST_UID {
        return None;
    }
    let shown = engine::Examination::of(study, pacs);
    let private = |text: Option<String>| text.and_then(|text| plain(&text)).map(Private);
    Some(Told {
        order_number: private(shown.order_number),
        examination: Examination {
            study: Private(uid.to_owned()),
            patient_id: id.clone(),
            pacs: pacs.name.clone(),
            accession_number: private(shown.accession_number),
            description: private(shown.description),
            kind: shown.kind.and_then(kind),
            status: shown.status.and_then(status),
            performed: shown.performed.and_then(moment),
            physician: private(shown.referring_physician),
            site: shown.site.and_then(|text| plain(&text)),
            listed_report: if shown.has_report {
                ListedReport::Present
            } else {
                ListedReport::Absent
            },
            modalities: modalities(&study.modalities),
            instances: study.instances.and_then(|count| u32::try_from(count).ok()),
        },
    })
}

/// A text on one line, of bounded length; `None` when nothing is left of it.
fn plain(text: &str) -> Option<String> {
    let letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let plain: String = letters.take(MOST_LETTERS).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// Modalities as PS3.3 §C.7.3.1.1.1 writes them, each once, no more than a study has in practice.
fn modalities(told: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for modality in told.iter().map(|modality| modality.trim()) {
        let is_code = (1..=16).contains(&modality.len())
            && modality.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if is_code && kept.len() < MOST_MODALITIES && !kept.iter().any(|one| one == modality) {
            kept.push(modality.to_owned());
        }
    }
    kept
}

fn kind(kind: Kind) -> Option<store::Kind> {
    Some(match kind {
        Kind::Radiology => store::Kind::Radiology,
        Kind::NuclearMedicine => store::Kind::NuclearMedicine,
        Kind::Radiotherapy => store::Kind::Radiotherapy,
        Kind::Cardiology => store::Kind::Cardiology,
        Kind::Endoscopy => store::Kind::Endoscopy,
        Kind::Pathology => store::Kind::Pathology,
        Kind::Ophthalmology => store::Kind::Ophthalmology,
        Kind::Dermatology => store::Kind::Dermatology,
        _ => return None,
    })
}

fn status(status: ExaminationStatus) -> Option<store::ExaminationStatus> {
    Some(match status {
        ExaminationStatus::Scheduled => store::ExaminationStatus::Scheduled,
        ExaminationStatus::InProgress => store::ExaminationStatus::InProgress,
        ExaminationStatus::Performed => store::ExaminationStatus::Performed,
        ExaminationStatus::Final => store::ExaminationStatus::Final,
        ExaminationStatus::Cancelled => store::ExaminationStatus::Cancelled,
        _ => return None,
    })
}

/// `None` when the calendar has no such day.
fn moment(moment: Moment) -> Option<store::Moment> {
    let Moment { date, time, utc_offset_minutes } = moment;
    let part = |number: u32| i8::try_from(number).ok();
    let date = Date::new(
        i16::try_from(date.year()).ok()?,
        part(date.month().into())?,
        part(date.day().into())?,
    )
    .ok()?;
    let time = time.and_then(|(hour, minute, second)| {
        Time::new(part(hour.into())?, part(minute.into())?, part(second.into())?, 0).ok()
    });
    Some(store::Moment { date, time, utc_offset_minutes })
}
