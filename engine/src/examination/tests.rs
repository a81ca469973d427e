//! What is shown of an answer, attribute by attribute, and what of a missing one.

use dicom_core::{Tag, VR};
use pacs::dicomweb::WebSettings;
use pacs::{Availability, Mapping, RecallSettings, Service};
use rstest::rstest;

use super::*;

const ACCESSION: Tag = Tag(0x0008, 0x0050);

fn study(values: &[(Tag, &str)]) -> StudySummary {
    let text = String::new;
    StudySummary {
        study: "1.2.3".parse().unwrap(),
        patient_id: text(),
        issuer_of_patient_id: text(),
        patient_name: text(),
        patient_birth_date: text(),
        patient_sex: text(),
        study_date: text(),
        study_time: text(),
        timezone_offset: text(),
        accession_number: text(),
        placer_order_number: text(),
        filler_order_number: text(),
        study_id: text(),
        description: text(),
        modalities: Vec::new(),
        institution: text(),
        referring_physician: text(),
        series: None,
        instances: None,
        availability: Some(Availability::Online),
        values: values.iter().map(|(tag, value)| (*tag, (*value).to_owned())).collect(),
    }
}

fn pacs(site: Option<&str>, mapping: Mapping) -> PacsSettings {
    PacsSettings {
        name: "main".to_owned(),
        site: site.map(str::to_owned),
        issuer: None,
        service: Service::DicomWeb(Box::new(WebSettings::new("http://pacs.test".parse().unwrap()))),
        mapping,
        recall: RecallSettings::default(),
    }
}

fn shown(values: &[(Tag, &str)]) -> Examination {
    Examination::of(&study(values), &pacs(None, Mapping::default()))
}

#[test]
fn each_attribute_has_its_place() {
    let examination = shown(&[
        (Tag(0x0040, 0x2016), "MTF3234312"),
        (ACCESSION, "MTF2021042314011880"),
        (Tag(0x0008, 0x1030), "TORACE"),
        (Tag(0x0008, 0x0090), "BIANCHI^ANNA TEST^^Dott.ssa"),
        (Tag(0x0008, 0x0080), "Mantova"),
        (Tag(0x0032, 0x000A), "VERIFIED"),
        (Tag(0x0008, 0x0061), "SR\\DX"),
        (Tag(0x0008, 0x0020), "20210423"),
        (Tag(0x0008, 0x0030), "140312.5"),
        (Tag(0x0008, 0x0201), "+0200"),
    ]);
    assert_eq!(examination.order_number.as_deref(), Some("MTF3234312"));
    assert_eq!(examination.accession_number.as_deref(), Some("MTF2021042314011880"));
    assert_eq!(examination.description.as_deref(), Some("TORACE"));
    assert_eq!(examination.referring_physician.as_deref(), Some("Dott.ssa BIANCHI ANNA TEST"));
    assert_eq!(examination.site.as_deref(), Some("Mantova"));
    assert_eq!(examination.status, Some(ExaminationStatus::Final));
    assert_eq!(examination.kind, Some(Kind::Radiology));
    let performed = examination.performed.unwrap();
    assert_eq!(performed.iso_8601(), "2021-04-23T14:03:12+02:00");
    assert_eq!(performed.utc_offset_minutes, Some(120));
}

#[test]
fn what_is_missing_is_not_made_up() {
    for values in [&[][..], &[(ACCESSION, ""), (Tag(0x0008, 0x0090), "^^^^")]] {
        let examination = shown(values);
        assert_eq!(
            examination,
            Examination {
                study: "1.2.3".parse().unwrap(),
                order_number: None,
                accession_number: None,
                description: None,
                kind: None,
                referring_physician: None,
                site: None,
                has_report: false,
                status: None,
                performed: None,
            }
        );
    }
}

#[rstest]
#[case::modality("", "DX\\SR", true)]
#[case::document("", "DOC", true)]
#[case::none("", "DX\\KO", false)]
#[case::no_answer("", "", false)]
#[case::text("1.2.840.10008.5.1.4.1.1.1.1\\1.2.840.10008.5.1.4.1.1.88.11", "DX\\SR", true)]
// What the PACS says of the classes counts: this SR is of the dose.
#[case::dose("1.2.840.10008.5.1.4.1.1.2\\1.2.840.10008.5.1.4.1.1.88.67", "CT\\SR", false)]
fn reports(#[case] sop_classes: &str, #[case] modalities: &str, #[case] expected: bool) {
    let values = [(Tag(0x0008, 0x0062), sop_classes), (Tag(0x0008, 0x0061), modalities)];
    assert_eq!(shown(&values).has_report, expected);
}

#[test]
fn an_order_without_number_goes_by_its_accession_number() {
    assert_eq!(shown(&[(ACCESSION, "A1")]).order_number.as_deref(), Some("A1"));
    let filler = [(Tag(0x0040, 0x2016), ""), (Tag(0x0040, 0x2017), "F1"), (ACCESSION, "A1")];
    assert_eq!(shown(&filler).order_number.as_deref(), Some("F1"));
}

#[test]
fn the_site_of_the_configuration_stands_over_the_institution() {
    let study = study(&[(Tag(0x0008, 0x0080), "OSP 12")]);
    let examination = Examination::of(&study, &pacs(Some("Mantova"), Mapping::default()));
    assert_eq!(examination.site.as_deref(), Some("Mantova"));
}

#[test]
fn a_pacs_can_have_a_mapping_of_its_own() {
    let private = Tag(0x0029, 0x1010);
    let mapping = Mapping { order_number: vec![(private, VR::LO)], ..Mapping::default() };
    let study = study(&[(private, "P1"), (ACCESSION, "A1")]);
    assert_eq!(Examination::of(&study, &pacs(None, mapping)).order_number.as_deref(), Some("P1"));
}

#[rstest]
#[case::all("20210423", Some("140312"), Some("-0330"), Some("2021-04-23T14:03:12-03:30"))]
#[case::minutes("20210423", Some("1403"), None, Some("2021-04-23T14:03:00"))]
#[case::old_forms("2021.04.23", Some("14:03:12"), None, Some("2021-04-23T14:03:12"))]
#[case::no_time("20210423", None, Some("+0200"), Some("2021-04-23"))]
#[case::odd_time("20210423", Some("9903"), None, Some("2021-04-23"))]
#[case::leap_second("20161231", Some("235960"), Some("+0000"), Some("2016-12-31T23:59:59+00:00"))]
#[case::far_east("20210423", Some("14"), Some("+1400"), Some("2021-04-23T14:00:00+14:00"))]
#[case::too_far("20210423", Some("14"), Some("+1500"), Some("2021-04-23T14:00:00"))]
#[case::odd_offset("20210423", Some("14"), Some("CET"), Some("2021-04-23T14:00:00"))]
#[case::no_minutes("20210423", Some("14"), Some("+0275"), Some("2021-04-23T14:00:00"))]
#[case::no_date("20210431", Some("14"), None, None)]
#[case::empty("", Some("14"), None, None)]
fn a_moment_is_what_is_told(
    #[case] date: &str,
    #[case] time: Option<&str>,
    #[case] offset: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let moment = Moment::of(date, time, offset).map(|moment| moment.iso_8601());
    assert_eq!(moment.as_deref(), expected);
}

#[rstest]
#[case("CT", Some(Kind::Radiology))]
#[case("PT\\CT", Some(Kind::NuclearMedicine))]
#[case("SR", None)]
#[case("ECG", Some(Kind::Cardiology))]
#[case("", None)]
fn kinds(#[case] modalities: &str, #[case] expected: Option<Kind>) {
    assert_eq!(Kind::of(modalities), expected);
}

#[rstest]
#[case("READ", Some(ExaminationStatus::Final))]
#[case("COMPLETED", Some(ExaminationStatus::Performed))]
#[case("IN PROGRESS ", Some(ExaminationStatus::InProgress))]
#[case("whatever", None)]
fn statuses(#[case] term: &str, #[case] expected: Option<ExaminationStatus>) {
    assert_eq!(ExaminationStatus::of(term), expected);
}

#[test]
fn no_value_is_shown_for_debugging() {
    let examination = shown(&[(ACCESSION, "A1-TEST")]);
    assert!(!format!("{examination:?}").contains("A1-TEST"));
}
