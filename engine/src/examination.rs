//! What a portal shows of a study, read from the answer of a PACS by its [`pacs::Mapping`].
//!
//! Invariant: what the PACS does not say is `None`; nothing is made up, and no zone is assumed.

use media::{Date, display_pn};
use model::StudyInstanceUid;
use pacs::{Attribute, PacsSettings, StudySummary};

/// A study as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Examination {
    /// Study Instance UID (0020,000D).
    pub study: StudyInstanceUid,
    /// Numero ordine.
    pub order_number: Option<String>,
    /// Numero di adesione.
    pub accession_number: Option<String>,
    /// Descrizione.
    pub description: Option<String>,
    /// Tipo.
    pub kind: Option<Kind>,
    /// Medico prescrivente, as people write a name.
    pub referring_physician: Option<String>,
    /// Sede di esecuzione.
    pub site: Option<String>,
    /// Whether the PACS lists a report in it.
    pub has_report: bool,
    /// Stato.
    pub status: Option<ExaminationStatus>,
    /// Data.
    pub performed: Option<Moment>,
}

impl std::fmt::Debug for Examination {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Examination").finish_non_exhaustive()
    }
}

/// The kind of an examination, by its modalities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Radiologia.
    Radiology,
    /// Medicina nucleare.
    NuclearMedicine,
    /// Radioterapia.
    Radiotherapy,
    /// Cardiologia.
    Cardiology,
    /// Endoscopia.
    Endoscopy,
    /// Anatomia patologica.
    Pathology,
    /// Oculistica.
    Ophthalmology,
    /// Dermatologia.
    Dermatology,
}

/// How far an examination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExaminationStatus {
    /// Planned.
    Scheduled,
    /// Begun.
    InProgress,
    /// Performed, and not yet reported as far as the PACS knows.
    Performed,
    /// Finale.
    Final,
    /// Annullato.
    Cancelled,
}

/// A date, with a time and its offset from UTC as far as they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// Hour, minute, second.
    pub time: Option<(u8, u8, u8)>,
    /// Minutes east of UTC; `None`: the local time of the place.
    pub utc_offset_minutes: Option<i16>,
}

impl Examination {
    /// Reads an answer of a PACS.
    pub fn of(study: &StudySummary, pacs: &PacsSettings) -> Self {
        let first = |attributes: &[Attribute]| {
            let mut values = attributes.iter().filter_map(|(tag, _)| study.value(*tag));
            values.find(|value| !value.is_empty()).map(str::to_owned)
        };
        let mapping = &pacs.mapping;
        Self {
            study: study.study.clone(),
            order_number: first(&mapping.order_number),
            accession_number: first(&mapping.accession_number),
            description: first(&mapping.description),
            kind: first(&mapping.modalities).and_then(|modalities| Kind::of(&modalities)),
            referring_physician: first(&mapping.referring_physician)
                .and_then(|name| display_pn(&name)),
            site: pacs.site.clone().or_else(|| first(&mapping.site)),
            status: first(&mapping.status).and_then(|term| ExaminationStatus::of(&term)),
            has_report: first(&mapping.report).is_some_and(|values| {
                let mut values = values.split('\\').map(str::trim);
                values.any(|value| mapping.report_terms.iter().any(|term| term == value))
            }),
            performed: first(&mapping.date).and_then(|date| {
                let time = first(&mapping.time);
                Moment::of(&date, time.as_deref(), first(&mapping.utc_offset).as_deref())
            }),
        }
    }
}

impl Kind {
    /// By Modalities in Study, joined by `\` (PS3.3 §C.7.3.1.1.1): the first that says a kind.
    fn of(modalities: &str) -> Option<Self> {
        modalities.split('\\').find_map(|modality| {
            Some(match modality.trim() {
                "CR" | "DX" | "CT" | "MR" | "MG" | "RF" | "XA" | "US" | "IO" | "PX" | "BMD"
                | "DR" | "RG" | "TG" | "CF" | "DF" | "DS" | "BI" => Self::Radiology,
                "NM" | "PT" | "ST" => Self::NuclearMedicine,
                "RTDOSE" | "RTIMAGE" | "RTPLAN" | "RTRECORD" | "RTSTRUCT" => Self::Radiotherapy,
                "ECG" | "HD" | "EPS" | "IVUS" => Self::Cardiology,
                "ES" => Self::Endoscopy,
                "SM" | "GM" | "CP" => Self::Pathology,
                "OP" | "OPT" | "OPM" | "OPV" | "OCT" | "OAM" | "AR" | "KER" | "LEN" | "VA"
                | "SRF" | "OPTENF" | "OPTBSV" => Self::Ophthalmology,
                "DMS" | "XC" => Self::Dermatology,
                _ => return None,
            })
        })
    }

    /// A word for programs.
    pub fn as_term(self) -> &'static str {
        match self {
            Self::Radiology => "radiology",
            Self::NuclearMedicine => "nuclear-medicine",
            Self::Radiotherapy => "radiotherapy",
            Self::Cardiology => "cardiology",
            Self::Endoscopy => "endoscopy",
            Self::Pathology => "pathology",
            Self::Ophthalmology => "ophthalmology",
            Self::Dermatology => "dermatology",
        }
    }
}

impl ExaminationStatus {
    /// By Study Status ID (0032,000A), Performed Procedure Step Status (0040,0252), Verification Flag
    /// (0040,A493) or Completion Flag (0040,A491): their terms do not contradict each other.
    fn of(term: &str) -> Option<Self> {
        Some(match term.trim() {
            "CREATED" | "SCHEDULED" | "ARRIVED" => Self::Scheduled,
            "STARTED" | "IN PROGRESS" => Self::InProgress,
            "COMPLETED" | "COMPLETE" | "UNVERIFIED" | "PARTIAL" => Self::Performed,
            "VERIFIED" | "READ" => Self::Final,
            "DISCONTINUED" | "CANCELED" | "CANCELLED" => Self::Cancelled,
            _ => return None,
        })
    }

    /// A word for programs.
    pub fn as_term(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in-progress",
            Self::Performed => "performed",
            Self::Final => "final",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Moment {
    /// Reads DA, TM and `±hhmm`; a time or offset that is none is left out.
    fn of(date: &str, time: Option<&str>, offset: Option<&str>) -> Option<Self> {
        Some(Self {
            date: Date::from_da(date.split(['\\', '-']).next()?)?,
            time: time.and_then(time_of),
            utc_offset_minutes: offset.and_then(offset_of),
        })
    }

    /// As ISO 8601 writes it: `2021-04-23T14:03:00+02:00`, as far as it is told.
    pub fn iso_8601(&self) -> String {
        let Self { date, time, utc_offset_minutes } = self;
        let day = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
        let Some((hour, minute, second)) = time else { return day };
        let offset = utc_offset_minutes.map_or_else(String::new, |minutes| {
            let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        });
        format!("{day}T{hour:02}:{minute:02}:{second:02}{offset}")
    }
}

/// `hhmmss.ffffff`, the older `hh:mm:ss`, or less of it (PS3.5 §6.2, TM).
fn time_of(value: &str) -> Option<(u8, u8, u8)> {
    let value = value.split('\\').next()?.trim().replace(':', "");
    let digits = value.split('.').next()?;
    let part = |at: std::ops::Range<usize>, most: u8| match digits.get(at) {
        Some(two) => two.parse::<u8>().ok().filter(|number| *number <= most),
        None => Some(0),
    };
    let is_time =
        matches!(digits.len(), 2 | 4 | 6) && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A leap second is shown as the last one of its minute.
    let time = (part(0..2, 23)?, part(2..4, 59)?, part(4..6, 60)?.min(59));
    is_time.then_some(time)
}

/// Timezone Offset From UTC (0008,0201): `±hhmm`, from -1200 to +1400.
fn offset_of(value: &str) -> Option<i16> {
    let value = value.trim();
    let (sign, digits) = match value.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i16, i16) =
        (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    let offset = sign * (hours * 60 + minutes);
    (minutes < 60 && (-12 * 60..=14 * 60).contains(&offset)).then_some(offset)
}

#[cfg(test)]
mod tests;
