//! From which attributes comes what a portal shows of a study; sites differ, so each PACS can have its
//! own.

use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry as _};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use crate::answers::{
    ACCESSION_NUMBER, FILLER_ORDER_NUMBER, INSTITUTION_NAME, MODALITIES_IN_STUDY, OF_STUDY,
    PLACER_ORDER_NUMBER, REFERRING_PHYSICIAN, STUDY_DATE, STUDY_DESCRIPTION, STUDY_TIME,
    TIMEZONE_OFFSET,
};

const REQUESTED_PROCEDURE_DESCRIPTION: Tag = Tag(0x0032, 0x1060);
const REQUESTING_PHYSICIAN: Tag = Tag(0x0032, 0x1032);
const SOP_CLASSES_IN_STUDY: Tag = Tag(0x0008, 0x0062);
const STUDY_STATUS_ID: Tag = Tag(0x0032, 0x000A);

/// What says that a study holds a report: the modalities, and the SOP classes of texts and of encapsulated
/// documents. Structured reports of doses are SR too, and are none that a patient waits for.
const REPORT_TERMS: [&str; 9] = [
    "SR",
    "DOC",
    "1.2.840.10008.5.1.4.1.1.88.11",
    "1.2.840.10008.5.1.4.1.1.88.22",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.34",
    "1.2.840.10008.5.1.4.1.1.88.35",
    "1.2.840.10008.5.1.4.1.1.104.1",
    "1.2.840.10008.5.1.4.1.1.104.2",
];

/// An attribute with the VR in which it is asked for.
pub type Attribute = (Tag, VR);

/// Reads an attribute, by keyword or as `gggg,eeee`, with the VR of the dictionary; private ones are LO.
/// `None` for what is none, and for what is no text in a query: sequences, binary values, groups 0000
/// and 0002.
pub fn attribute(text: &str) -> Option<Attribute> {
    let dictionary = StandardDataDictionary;
    let tag = dictionary.parse_tag(text.trim())?;
    let vr = dictionary.by_tag(tag).map(|entry| entry.vr().relaxed());
    let vr = match vr {
        Some(vr) => vr,
        None if tag.0 % 2 == 1 => VR::LO,
        None => return None,
    };
    let is_text = matches!(
        vr,
        VR::AE
            | VR::AS
            | VR::CS
            | VR::DA
            | VR::DS
            | VR::DT
            | VR::IS
            | VR::LO
            | VR::LT
            | VR::PN
            | VR::SH
            | VR::ST
            | VR::TM
            | VR::UC
            | VR::UI
            | VR::UT
    );
    (is_text && tag.0 >= 0x0008).then_some((tag, vr))
}

/// For each thing shown, the attributes that may hold it: the first that has a value counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Numero ordine.
    pub order_number: Vec<Attribute>,
    /// Numero di adesione.
    pub accession_number: Vec<Attribute>,
    /// Descrizione.
    pub description: Vec<Attribute>,
    /// Medico prescrivente.
    pub referring_physician: Vec<Attribute>,
    /// Sede di esecuzione, where the PACS has no `site`.
    pub site: Vec<Attribute>,
    /// Stato.
    pub status: Vec<Attribute>,
    /// Tipo: modalities.
    pub modalities: Vec<Attribute>,
    /// Whether the study holds a report.
    pub report: Vec<Attribute>,
    /// The values of these that say so.
    pub report_terms: Vec<String>,
    /// Data, DA.
    pub date: Vec<Attribute>,
    /// Its time, TM.
    pub time: Vec<Attribute>,
    /// Its offset from UTC, `±hhmm`.
    pub utc_offset: Vec<Attribute>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            order_number: vec![
                (PLACER_ORDER_NUMBER, VR::LO),
                (FILLER_ORDER_NUMBER, VR::LO),
                (ACCESSION_NUMBER, VR::SH),
            ],
            accession_number: vec![(ACCESSION_NUMBER, VR::SH)],
            description: vec![
                (STUDY_DESCRIPTION, VR::LO),
                (REQUESTED_PROCEDURE_DESCRIPTION, VR::LO),
            ],
            referring_physician: vec![
                (REFERRING_PHYSICIAN, VR::PN),
                (REQUESTING_PHYSICIAN, VR::PN),
            ],
            site: vec![(INSTITUTION_NAME, VR::LO)],
            status: vec![(STUDY_STATUS_ID, VR::CS)],
            modalities: vec![(MODALITIES_IN_STUDY, VR::CS)],
            // Few PACS tell the SOP classes; where they do, these know better than the modalities.
            report: vec![(SOP_CLASSES_IN_STUDY, VR::UI), (MODALITIES_IN_STUDY, VR::CS)],
            report_terms: REPORT_TERMS.map(str::to_owned).to_vec(),
            date: vec![(STUDY_DATE, VR::DA)],
            time: vec![(STUDY_TIME, VR::TM)],
            utc_offset: vec![(TIMEZONE_OFFSET, VR::SH)],
        }
    }
}

impl Mapping {
    /// The attributes that are asked for besides those that every query asks for.
    pub fn more_keys(&self) -> Vec<Attribute> {
        let all = [
            &self.order_number,
            &self.accession_number,
            &self.description,
            &self.referring_physician,
            &self.site,
            &self.status,
            &self.modalities,
            &self.report,
            &self.date,
            &self.time,
            &self.utc_offset,
        ];
        let mut more: Vec<Attribute> = Vec::new();
        for attribute in all.into_iter().flatten() {
            let is_known = |known: &[Attribute]| known.iter().any(|(tag, _)| *tag == attribute.0);
            if !is_known(OF_STUDY) && !is_known(&more) {
                more.push(*attribute);
            }
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::keyword("RequestingPhysician", Some((Tag(0x0032, 0x1032), VR::PN)))]
    #[case::tag("0008,0050", Some((Tag(0x0008, 0x0050), VR::SH)))]
    #[case::in_brackets("(0040,2016)", Some((Tag(0x0040, 0x2016), VR::LO)))]
    #[case::private("0029,1010", Some((Tag(0x0029, 0x1010), VR::LO)))]
    #[case::sequence("RequestAttributesSequence", None)]
    #[case::binary("Rows", None)]
    #[case::meta("0002,0010", None)]
    #[case::misspelt("AcessionNumber", None)]
    fn attributes(#[case] text: &str, #[case] expected: Option<Attribute>) {
        assert_eq!(attribute(text), expected);
    }

    #[test]
    fn only_what_is_not_asked_for_anyway_is_asked_for_besides() {
        let private = (Tag(0x0029, 0x1010), VR::LO);
        let mapping = Mapping {
            order_number: vec![private, (ACCESSION_NUMBER, VR::SH)],
            status: vec![private],
            ..Mapping::default()
        };
        assert_eq!(
            mapping.more_keys(),
            [
                private,
                (REQUESTED_PROCEDURE_DESCRIPTION, VR::LO),
                (REQUESTING_PHYSICIAN, VR::PN),
                (SOP_CLASSES_IN_STUDY, VR::UI),
            ]
        );
    }
}
