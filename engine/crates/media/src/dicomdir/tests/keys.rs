//! The keys of each record type, and what stands in for those that a file lacks.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use part10::Encoding;
use rstest::rstest;

use super::support::{
    CT, PDF, ReadRecord, SR, Source, finish, items_of, records_of, sequence, text, walk, word,
};
use crate::dicomdir::keys::{self, Need};
use crate::dicomdir::record::{RecordType, SOP_CLASSES};
use crate::dicomdir::{Added, Change, ChangeKind, Dicomdir, Fallbacks};

const FIRST_KEY: Tag = Tag(0x0008, 0);

/// The keys of a record as `tag=value`, joined by spaces; sequences by their number of items.
fn shown(record: &ReadRecord) -> String {
    let keys = record.elements.range(FIRST_KEY..).map(|(tag, (vr, value))| {
        let value = match vr {
            VR::SQ => format!("<{}>", items_of(value).len()),
            VR::US | VR::UL => u16::from_le_bytes([value[0], value[1]]).to_string(),
            _ => record.get(*tag).unwrap().replace(' ', "_"),
        };
        format!("{:04X}{:04X}={value}", tag.0, tag.1)
    });
    keys.collect::<Vec<_>>().join(" ")
}

fn leaf(source: &Source) -> (Added, ReadRecord) {
    let (added, mut records) = records_of(source, Fallbacks::default());
    (added, records.pop().unwrap())
}

// What PS3.3 §F.5 makes type 1 or 2, for an object that holds nothing but its UIDs.
#[rstest]
#[case::f_5_4_image("1.1.2", "IMAGE", "00200013=1")]
#[case::f_5_19_dose("1.1.481.2", "RT DOSE", "00200013=1 3004000A=PLAN")]
#[case::f_5_20_structures(
    "1.1.481.3",
    "RT STRUCTURE SET",
    "00200013=1 30060002=UNLABELED 30060008= 30060009="
)]
#[case::f_5_21_plan("1.1.481.5", "RT PLAN", "00200013=1 300A0002=UNLABELED 300A0006= 300A0007=")]
#[case::f_5_22_treatment("1.1.481.4", "RT TREAT RECORD", "00200013=1 30080250= 30080251=")]
#[case::f_5_23_presentation(
    "1.1.11.1",
    "PRESENTATION",
    "00200013=1 00700080=UNLABELED 00700081= 00700082=19000101 00700083=000000 00700084="
)]
#[case::f_5_24_waveform("1.1.9.1.1", "WAVEFORM", "00080023=19000101 00080033=000000 00200013=1")]
#[case::f_5_25_report(
    "1.1.88.11",
    "SR DOCUMENT",
    "00080023=19000101 00080033=000000 00200013=1 0040A043=<1> 0040A491=PARTIAL \
     0040A493=UNVERIFIED"
)]
#[case::f_5_26_key_object(
    "1.1.88.59",
    "KEY OBJECT DOC",
    "00080023=19000101 00080033=000000 00200013=1 0040A043=<1>"
)]
#[case::f_5_27_spectroscopy(
    "1.1.4.2",
    "SPECTROSCOPY",
    "00080008=ORIGINAL\\PRIMARY\\SPECTROSCOPY\\NONE 00080023=19000101 00080033=000000 00200013=1 \
     00280008=1 00280010=1 00280011=1 00289001=1 00289002=1"
)]
#[case::f_5_28_raw("1.1.66", "RAW DATA", "00080023=19000101 00080033=000000 00200013=")]
#[case::f_5_29_registration(
    "1.1.66.1",
    "REGISTRATION",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_30_fiducial(
    "1.1.66.2",
    "FIDUCIAL",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_32_document(
    "1.1.104.1",
    "ENCAP DOC",
    "00080023= 00080033= 00200013=1 0040A043=<0> 00420010= 00420012=application/octet-stream"
)]
#[case::f_5_34_value_map(
    "1.1.67",
    "VALUE MAP",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_36_stereometric("1.1.77.1.5.3", "STEREOMETRIC", "")]
#[case::f_5_40_delivery("34.7", "PLAN", "")]
#[case::f_5_41_measurement(
    "1.1.78.1",
    "MEASUREMENT",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_42_surface(
    "1.1.66.5",
    "SURFACE",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_43_surface_scan("1.1.68.1", "SURFACE SCAN", "00080023=19000101 00080033=000000")]
#[case::f_5_44_tract(
    "1.1.66.6",
    "TRACT",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_45_assessment("1.1.90.1", "ASSESSMENT", "00080012=19000101 00080013= 00200013=1")]
#[case::f_5_46_radiotherapy("1.1.481.12", "RADIOTHERAPY", "00200013=1 00700081= 00700084=")]
#[case::f_5_47_annotation(
    "1.1.91.1",
    "ANNOTATION",
    "00080023=19000101 00080033=000000 00200013=1 00700080=UNLABELED 00700081= 00700084="
)]
#[case::f_5_49_waveform_presentation(
    "1.1.9.100.1",
    "WF PRESENTATION",
    "00200013=1 00700080=UNLABELED 00700081= 00700082=19000101 00700083=000000 00700084="
)]
fn a_record_of_a_bare_object_is_still_complete(
    #[case] sop_class: &str,
    #[case] record_type: &str,
    #[case] expected: &str,
) {
    let source = Source::new(&format!("1.2.840.10008.5.1.4.{sop_class}"), Vec::new());
    let (added, record) = leaf(&source);
    assert_eq!(added.record_type.as_str(), record_type);
    assert_eq!(record.get(tags::DIRECTORY_RECORD_TYPE).as_deref(), Some(record_type));
    assert_eq!(shown(&record), expected);
    // Whatever has a value that the bare object lacks is reported as invented.
    let table = keys::keys_of(added.record_type);
    for key in table.iter().filter(|key| matches!(key.need, Need::One(_))) {
        let change = Change { tag: key.tag, kind: ChangeKind::Invented };
        assert!(added.changes.contains(&change), "{}", key.tag);
    }
}

#[test]
fn d_3_3_patient_study_and_series_of_a_bare_object() {
    let (added, records) = records_of(&Source::new(CT, Vec::new()), Fallbacks::default());
    let id = records[0].get(tags::PATIENT_ID).unwrap();
    assert_eq!((id.len(), id.starts_with("UNKNOWN")), (15, true));
    assert_eq!(
        shown(&records[1]),
        "00080020=19000101 00080030=000000 00080050= 00081030= 0020000D=2.25.7.1.1 00200010=1"
    );
    assert_eq!(shown(&records[2]), "00080060=OT 0020000E=2.25.8.1.1.1 00200011=1");
    let invented = |tag| added.changes.contains(&Change { tag, kind: ChangeKind::Invented });
    for tag in [tags::PATIENT_ID, tags::STUDY_DATE, tags::STUDY_TIME, tags::STUDY_ID] {
        assert!(invented(tag), "{tag}");
    }
    assert!(!invented(tags::PATIENT_NAME), "type 2 is empty, not invented");
}

#[rstest]
#[case::series(tags::SERIES_DATE, "20240101", Some("20230303"), "20240101")]
#[case::acquisition(tags::ACQUISITION_DATE, "20240102", None, "20240102")]
#[case::content(tags::CONTENT_DATE, "20240103", None, "20240103")]
#[case::creation(tags::INSTANCE_CREATION_DATE, "20240104", None, "20240104")]
#[case::broken_then_order(tags::SERIES_DATE, "yesterday", Some("20230303"), "20230303")]
#[case::broken_order(tags::SERIES_DATE, "yesterday", Some("soon"), "19000101")]
fn a_study_date_comes_from_the_nearest_date(
    #[case] tag: Tag,
    #[case] value: &str,
    #[case] order: Option<&str>,
    #[case] expected: &str,
) {
    let source = Source::new(CT, vec![text(tag, VR::DA, value)]);
    let fallbacks = Fallbacks { study_date: order.map(Into::into), ..Fallbacks::default() };
    let (_, records) = records_of(&source, fallbacks);
    assert_eq!(records[1].get(tags::STUDY_DATE).as_deref(), Some(expected));
}

#[test]
fn a_study_id_comes_from_the_accession_number() {
    let source = Source::new(CT, vec![text(tags::ACCESSION_NUMBER, VR::SH, "A123")]);
    let (_, records) = records_of(&source, Fallbacks::default());
    assert_eq!(records[1].get(tags::STUDY_ID).as_deref(), Some("A123"));
}

#[test]
fn the_order_names_the_patient_only_where_the_file_does_not() {
    let fallbacks = Fallbacks { patient_id: Some("ORDER9".into()), ..Fallbacks::default() };
    let (_, records) = records_of(&Source::new(CT, Vec::new()), fallbacks.clone());
    assert_eq!(records[0].get(tags::PATIENT_ID).as_deref(), Some("ORDER9"));
    let own = Source::new(CT, vec![text(tags::PATIENT_ID, VR::LO, "TEST1")]);
    let (_, records) = records_of(&own, fallbacks);
    assert_eq!(records[0].get(tags::PATIENT_ID).as_deref(), Some("TEST1"));
}

#[test]
fn h_3_2_keys_are_copied_when_the_image_has_them() {
    let reference = vec![
        text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CT),
        text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, "2.25.9.9"),
        text(tags::REFERENCED_FRAME_NUMBER, VR::IS, "3"),
    ];
    let broken = vec![text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CT)];
    let source = Source::new(
        CT,
        vec![
            text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL"),
            text(tags::ACQUISITION_DATE_TIME, VR::DT, "20240229101530.5"),
            text(tags::RELATED_GENERAL_SOP_CLASS_UID, VR::UI, CT),
            text(tags::INSTITUTION_NAME, VR::LO, "OSPEDALE TEST"),
            text(tags::INSTITUTION_ADDRESS, VR::ST, "VIA TEST 1"),
            text(tags::PERFORMING_PHYSICIAN_NAME, VR::PN, "A^TEST\\B^TEST"),
            sequence(tags::REFERENCED_IMAGE_SEQUENCE, vec![reference, broken]),
            text(tags::PATIENT_BIRTH_DATE, VR::DA, "19700101"),
            text(tags::PATIENT_SEX, VR::CS, "F"),
            text(tags::ACQUISITION_TIME_SYNCHRONIZED, VR::CS, "Y"),
            text(tags::INSTANCE_NUMBER, VR::IS, "12"),
            text(tags::IMAGE_POSITION_PATIENT, VR::DS, "0\\0\\1.5"),
            text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0"),
            text(tags::FRAME_OF_REFERENCE_UID, VR::UI, "2.25.5"),
            text(tags::SYNCHRONIZATION_FRAME_OF_REFERENCE_UID, VR::UI, "2.25.6"),
            text(tags::NUMBER_OF_FRAMES, VR::IS, "2"),
            word(tags::ROWS, 512),
            word(tags::COLUMNS, 256),
            text(tags::PIXEL_SPACING, VR::DS, "0.5\\0.5"),
            text(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, "10\\5"),
            text(tags::CALIBRATION_IMAGE, VR::CS, "NO"),
        ],
    );
    let (added, records) = records_of(&source, Fallbacks::default());
    assert_eq!(
        shown(&records[0]).split(' ').skip(2).collect::<Vec<_>>(),
        ["00100030=19700101", "00100040=F"]
    );
    assert_eq!(
        shown(&records[2]),
        "00080060=OT 00080080=OSPEDALE_TEST 00080081=VIA_TEST_1 00081050=A^TEST\\B^TEST \
         0020000E=2.25.8.1.1.1 00200011=1"
    );
    assert_eq!(
        shown(&records[3]),
        "00080008=ORIGINAL\\PRIMARY\\AXIAL 0008002A=20240229101530.5 00081140=<1> 00181800=Y \
         00200013=12 00200032=0\\0\\1.5 00200037=1\\0\\0\\0\\1\\0 00200052=2.25.5 00200200=2.25.6 \
         00280008=2 00280010=512 00280011=256 00280030=0.5\\0.5 00282112=10\\5 00500004=NO"
    );
    let related = tags::REFERENCED_RELATED_GENERAL_SOP_CLASS_UID_IN_FILE;
    assert_eq!(records[3].get(related).as_deref(), Some(CT));
    let referenced = &items_of(records[3].raw(tags::REFERENCED_IMAGE_SEQUENCE).unwrap())[0];
    assert_eq!(referenced.len(), 2, "class and instance, nothing more");
    assert!(added.changes.iter().all(|change| change.kind == ChangeKind::Invented));
}

#[test]
fn h_3_2_keys_are_found_in_the_shared_functional_groups() {
    let groups = vec![
        sequence(
            tags::PIXEL_MEASURES_SEQUENCE,
            vec![vec![text(tags::PIXEL_SPACING, VR::DS, "0.7\\0.7")]],
        ),
        sequence(
            tags::PLANE_ORIENTATION_SEQUENCE,
            vec![vec![text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0")]],
        ),
        sequence(
            tags::PLANE_POSITION_SEQUENCE,
            vec![vec![text(tags::IMAGE_POSITION_PATIENT, VR::DS, "1\\2\\3")]],
        ),
        sequence(
            tags::REFERENCED_IMAGE_SEQUENCE,
            vec![vec![
                text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CT),
                text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, "2.25.9.9"),
            ]],
        ),
    ];
    let elements = vec![sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![groups])];
    let (_, record) = leaf(&Source::new("1.2.840.10008.5.1.4.1.1.2.1", elements));
    assert_eq!(
        shown(&record),
        "00081140=<1> 00200013=1 00200032=1\\2\\3 00200037=1\\0\\0\\0\\1\\0 00280030=0.7\\0.7"
    );
}

#[test]
fn f_5_25_a_report_shows_title_latest_verification_and_concept_modifiers_only() {
    let code = |meaning: &str| {
        vec![
            text(tags::CODE_VALUE, VR::SH, "1"),
            text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "99TEST"),
            text(tags::CODE_MEANING, VR::LO, meaning),
        ]
    };
    let content = |relationship: &str| {
        vec![
            text(tags::RELATIONSHIP_TYPE, VR::CS, relationship),
            text(tags::VALUE_TYPE, VR::CS, "CODE"),
            sequence(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code("Language")]),
            sequence(tags::CONCEPT_CODE_SEQUENCE, vec![code("Italian")]),
            text(Tag(0x0041, 0x0010), VR::LO, "PRIVATE TEST"),
        ]
    };
    let observer = |moment: &str| vec![text(tags::VERIFICATION_DATE_TIME, VR::DT, moment)];
    let source = Source::new(
        SR,
        vec![
            text(tags::CONTENT_DATE, VR::DA, "20240229"),
            text(tags::CONTENT_TIME, VR::TM, "101530"),
            text(tags::INSTANCE_NUMBER, VR::IS, "1"),
            sequence(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code("Report"), code("Again")]),
            sequence(
                tags::VERIFYING_OBSERVER_SEQUENCE,
                vec![observer("20240301"), observer("20240302101530"), observer("never")],
            ),
            text(tags::COMPLETION_FLAG, VR::CS, "COMPLETE"),
            text(tags::VERIFICATION_FLAG, VR::CS, "VERIFIED"),
            sequence(
                tags::CONTENT_SEQUENCE,
                vec![content("HAS CONCEPT MOD"), content("CONTAINS"), content("HAS CONCEPT MOD")],
            ),
        ],
    );
    let (added, record) = leaf(&source);
    assert_eq!(
        shown(&record),
        "00080023=20240229 00080033=101530 00200013=1 0040A030=20240302101530 0040A043=<1> \
         0040A491=COMPLETE 0040A493=VERIFIED 0040A730=<2>"
    );
    let modifier = &items_of(record.raw(tags::CONTENT_SEQUENCE).unwrap())[0];
    let inner = &items_of(&modifier[&tags::CONCEPT_CODE_SEQUENCE].1)[0];
    assert_eq!(inner[&tags::CODE_MEANING].1, b"Italian ");
    assert!(!modifier.keys().any(|tag| tag.0 % 2 == 1), "no private elements");
    assert!(!added.changes.iter().any(|change| change.tag == tags::VERIFICATION_DATE_TIME));
}

#[test]
fn a_verified_report_without_a_moment_gets_that_of_its_content() {
    let source = Source::new(
        SR,
        vec![
            text(tags::CONTENT_DATE, VR::DA, "20240229"),
            text(tags::CONTENT_TIME, VR::TM, "1015"),
            text(tags::VERIFICATION_FLAG, VR::CS, "VERIFIED"),
        ],
    );
    let (added, record) = leaf(&source);
    assert_eq!(record.get(tags::VERIFICATION_DATE_TIME).as_deref(), Some("202402291015"));
    let change = Change { tag: tags::VERIFICATION_DATE_TIME, kind: ChangeKind::Invented };
    assert!(added.changes.contains(&change));
}

#[test]
fn f_5_23_a_presentation_state_keeps_its_references() {
    let image = |uid: &str| {
        vec![
            text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CT),
            text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, uid),
        ]
    };
    let series = vec![
        sequence(tags::REFERENCED_IMAGE_SEQUENCE, vec![image("2.25.1"), image("2.25.2")]),
        text(tags::SERIES_INSTANCE_UID, VR::UI, "2.25.3"),
    ];
    let without_images = vec![text(tags::SERIES_INSTANCE_UID, VR::UI, "2.25.4")];
    let study = vec![
        sequence(tags::REFERENCED_SERIES_SEQUENCE, vec![series.clone()]),
        text(tags::STUDY_INSTANCE_UID, VR::UI, "2.25.5"),
    ];
    let source = Source::new(
        "1.2.840.10008.5.1.4.1.1.11.4",
        vec![
            sequence(tags::REFERENCED_SERIES_SEQUENCE, vec![series, without_images]),
            text(tags::CONTENT_LABEL, VR::CS, "fusion-1"),
            sequence(tags::BLENDING_SEQUENCE, vec![study]),
        ],
    );
    let (_, record) = leaf(&source);
    assert_eq!(record.get(tags::CONTENT_LABEL).as_deref(), Some("FUSION_1"));
    let series = items_of(record.raw(tags::REFERENCED_SERIES_SEQUENCE).unwrap());
    assert_eq!(series.len(), 1);
    assert_eq!(items_of(&series[0][&tags::REFERENCED_IMAGE_SEQUENCE].1).len(), 2);
    let studies = items_of(record.raw(tags::BLENDING_SEQUENCE).unwrap());
    assert_eq!(studies[0][&tags::STUDY_INSTANCE_UID].1, b"2.25.5");
}

#[rstest]
#[case::sex(tags::PATIENT_SEX, VR::CS, "X", ChangeKind::Omitted)]
#[case::position(tags::IMAGE_POSITION_PATIENT, VR::DS, "1\\2", ChangeKind::Omitted)]
#[case::frame_of_reference(tags::FRAME_OF_REFERENCE_UID, VR::UI, "none", ChangeKind::Omitted)]
#[case::instance_number(tags::INSTANCE_NUMBER, VR::IS, "4 of 9", ChangeKind::Invented)]
#[case::modality(tags::MODALITY, VR::CS, "ct", ChangeKind::Corrected)]
#[case::series_time(tags::STUDY_TIME, VR::TM, "10:15:30", ChangeKind::Corrected)]
fn broken_values_are_reported(
    #[case] tag: Tag,
    #[case] vr: VR,
    #[case] value: &str,
    #[case] kind: ChangeKind,
) {
    let source = Source::new(CT, vec![text(tag, vr, value)]);
    let (added, records) = records_of(&source, Fallbacks::default());
    assert!(added.changes.contains(&Change { tag, kind }), "{:?}", added.changes);
    let written = records.iter().any(|record| record.raw(tag).is_some());
    assert_eq!(written, kind != ChangeKind::Omitted);
}

#[test]
fn a_sequence_that_would_swell_the_directory_is_left_out_and_reported() {
    let reference = vec![
        text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CT),
        text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, "2.25.9.9"),
    ];
    let elements = vec![sequence(tags::REFERENCED_IMAGE_SEQUENCE, vec![reference; 2_000])];
    let (added, record) = leaf(&Source::new(CT, elements));
    assert_eq!(shown(&record), "00200013=1");
    let change = Change { tag: tags::REFERENCED_IMAGE_SEQUENCE, kind: ChangeKind::Omitted };
    assert!(added.changes.contains(&change));
}

#[test]
fn f_5_32_a_document_names_its_kind() {
    let source = Source::new(
        PDF,
        vec![
            text(tags::DOCUMENT_TITLE, VR::ST, "Referto"),
            text(tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT, VR::LO, "application/pdf"),
            text(tags::INSTANCE_NUMBER, VR::IS, "1"),
        ],
    );
    let (added, record) = leaf(&source);
    assert_eq!(added.record_type, RecordType::EncapDoc);
    assert_eq!(
        shown(&record),
        "00080023= 00080033= 00200013=1 0040A043=<0> 00420010=Referto 00420012=application/pdf"
    );
}

#[test]
fn tables_ascend_by_tag() {
    let mut tables = vec![keys::PATIENT, keys::STUDY, keys::SERIES];
    let record_types = SOP_CLASSES.iter().map(|(record_type, _)| *record_type);
    tables.extend(record_types.map(keys::keys_of));
    for table in tables {
        assert!(table.is_sorted_by(|a, b| a.tag < b.tag), "{:?}", table.first());
    }
}

#[test]
fn odd_uids_stay_what_they_are_in_the_file() {
    let mut source = Source::new(CT, Vec::new());
    source.identity.study = model::StudyInstanceUid::from_wire(b"1.02.x").unwrap();
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    source.add_to(&mut dicomdir, "IM1", Encoding::EXPLICIT_LE).unwrap();
    let study = &walk(&finish(dicomdir))[0].lower[0];
    assert_eq!(study.get(tags::STUDY_INSTANCE_UID).as_deref(), Some("1.02.x"));
}
