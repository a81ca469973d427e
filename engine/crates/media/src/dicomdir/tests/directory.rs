//! The tree, its order and its offsets.

use dicom_core::VR;
use dicom_dictionary_std::tags;
use part10::Encoding;
use proptest::prelude::*;

use super::support::{CT, Source, finish, text, walk};
use crate::dicomdir::{Dicomdir, DicomdirError, Fallbacks, FileSetId, RecordType, Rejected};

fn slice(place: [u32; 4], number: Option<u32>) -> Source {
    let [patient, ..] = place;
    let mut elements = vec![
        text(tags::STUDY_DATE, VR::DA, "20240229"),
        text(tags::STUDY_TIME, VR::TM, "101530"),
        text(tags::MODALITY, VR::CS, "CT"),
        text(tags::PATIENT_NAME, VR::PN, "ROSSI^MARIA TEST"),
        text(tags::PATIENT_ID, VR::LO, &format!("TEST{patient}")),
        text(tags::STUDY_ID, VR::SH, "S1"),
        text(tags::SERIES_NUMBER, VR::IS, "1"),
    ];
    if let Some(number) = number {
        elements.push(text(tags::INSTANCE_NUMBER, VR::IS, &number.to_string()));
    }
    Source::at(place, CT, elements)
}

#[test]
fn a_small_directory_reads_as_planned() {
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    for (file_id, place) in [
        ("ST1/SE1/IM1", [1, 1, 1, 1]),
        ("ST1/SE1/IM2", [1, 1, 1, 2]),
        ("ST1/SE2/IM1", [1, 1, 2, 1]),
    ] {
        let source = slice(place, Some(place[3]));
        source.add_to(&mut dicomdir, file_id, Encoding::EXPLICIT_LE).unwrap();
    }
    let file = finish(dicomdir);
    let roots = walk(&file);
    let dump: String = roots.iter().map(|record| record.dump(0)).collect();
    insta::assert_snapshot!(dump);
}

#[test]
fn the_lowest_file_id_speaks_for_patient_study_and_series_whatever_arrives_first() {
    let mut early = slice([1, 1, 1, 1], Some(1));
    early.elements.push(text(tags::STUDY_DESCRIPTION, VR::LO, "EARLY"));
    let mut late = slice([1, 1, 1, 2], Some(2));
    late.elements.retain(|element| element.header().tag != tags::PATIENT_NAME);
    late.elements.push(text(tags::PATIENT_NAME, VR::PN, "ROSSI^M TEST"));
    let file = |order: [(&str, &Source); 2]| {
        let mut dicomdir = Dicomdir::new(Fallbacks::default());
        for (file_id, source) in order {
            source.add_to(&mut dicomdir, file_id, Encoding::EXPLICIT_LE).unwrap();
        }
        finish(dicomdir)
    };
    let forth = file([("IM1", &early), ("IM2", &late)]);
    assert_eq!(forth, file([("IM2", &late), ("IM1", &early)]));
    let patient = &walk(&forth)[0];
    assert_eq!(patient.get(tags::PATIENT_NAME).as_deref(), Some("ROSSI^MARIA TEST"));
    assert_eq!(patient.lower[0].get(tags::STUDY_DESCRIPTION).as_deref(), Some("EARLY"));
}

#[test]
fn two_studies_of_one_patient_share_a_record_and_unnamed_patients_do_not() {
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    let mut add = |file_id: &str, place, patient_id: Option<&str>| {
        let mut source = slice(place, Some(1));
        source.elements.retain(|element| element.header().tag != tags::PATIENT_ID);
        source.elements.extend(patient_id.map(|id| text(tags::PATIENT_ID, VR::LO, id)));
        source.add_to(&mut dicomdir, file_id, Encoding::EXPLICIT_LE).unwrap();
    };
    add("A1", [1, 1, 1, 1], Some("TEST7"));
    add("A2", [1, 2, 1, 1], None);
    add("A3", [1, 3, 1, 1], Some("TEST7 "));
    add("A4", [1, 4, 1, 1], None);
    let patients = walk(&finish(dicomdir));
    let ids: Vec<_> = patients.iter().map(|p| p.get(tags::PATIENT_ID).unwrap()).collect();
    assert_eq!(ids[0], "TEST7");
    assert_eq!(patients[0].lower.len(), 2);
    assert!(ids[1].starts_with("UNKNOWN") && ids[2].starts_with("UNKNOWN"));
    assert_ne!(ids[1], ids[2]);
}

#[test]
fn missing_numbers_become_the_next_free_ones() {
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    for (index, number) in [None, Some(1), None, Some(3), None].into_iter().enumerate() {
        let source = slice([1, 1, 1, u32::try_from(index).unwrap()], number);
        source.add_to(&mut dicomdir, &format!("IM{index}"), Encoding::EXPLICIT_LE).unwrap();
    }
    let patients = walk(&finish(dicomdir));
    let files = &patients[0].lower[0].lower[0].lower;
    let numbers: Vec<_> =
        files.iter().map(|file| file.get(tags::INSTANCE_NUMBER).unwrap()).collect();
    assert_eq!(numbers, ["2", "1", "4", "3", "5"]);
}

#[test]
fn no_record_type_no_place() {
    let mut source = slice([1, 1, 1, 1], None);
    source.identity.sop_class = "1.3.12.2.1107.5.9.1".parse().unwrap();
    source.has_pixel_data = false;
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    let rejected = source.add_to(&mut dicomdir, "IM1", Encoding::EXPLICIT_LE);
    assert_eq!(rejected, Err(Rejected::NoRecordType(source.identity.sop_class.clone())));
    assert!(dicomdir.is_empty());
    let file_set_id = FileSetId::default();
    let file = dicomdir.finish(&"2.25.42".parse().unwrap(), &file_set_id);
    assert_eq!(file, Err(DicomdirError::Empty));
}

#[test]
fn a_file_id_stands_for_one_file() {
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    slice([1, 1, 1, 1], None).add_to(&mut dicomdir, "IM1", Encoding::EXPLICIT_LE).unwrap();
    slice([1, 1, 2, 1], None).add_to(&mut dicomdir, "IM1", Encoding::EXPLICIT_LE).unwrap();
    let file = dicomdir.finish(&"2.25.42".parse().unwrap(), &FileSetId::default());
    assert_eq!(file, Err(DicomdirError::DuplicateFileId("IM1".parse().unwrap())));
}

#[test]
fn file_set_ids_have_sixteen_plain_characters() {
    for legal in ["", "PDI", "ABCDEFGHIJKLMN_9"] {
        assert!(legal.parse::<FileSetId>().is_ok(), "{legal}");
    }
    for illegal in ["pdi", "A B", "ABCDEFGHIJKLMNOPQ", "À"] {
        assert!(illegal.parse::<FileSetId>().is_err(), "{illegal}");
    }
}

type Plan = ([u32; 4], Option<u32>);

/// Places of different instances, in order, with or without a number of their own.
fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let place = [1..4_u32, 1..4_u32, 1..4_u32, 1..9_u32];
    let plan = prop::collection::btree_map(place, prop::option::of(0..20_u32), 1..40);
    plan.prop_map(|plan| plan.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_tree_reads_back_equal(plan in plans(), shuffled in any::<prop::sample::Index>()) {
        let mut arrivals: Vec<_> = plan.iter().enumerate().collect();
        arrivals.rotate_left(shuffled.index(plan.len()));
        let directory = |arrivals: &[(usize, &Plan)]| {
            let mut dicomdir = Dicomdir::new(Fallbacks::default());
            for (index, (place, number)) in arrivals {
                let added = slice(*place, *number)
                    .add_to(&mut dicomdir, &format!("F{index:05}"), Encoding::EXPLICIT_LE)
                    .unwrap();
                assert_eq!(added.record_type, RecordType::Image);
            }
            finish(dicomdir)
        };
        let file = directory(&arrivals);
        arrivals.reverse();
        prop_assert_eq!(&file, &directory(&arrivals));

        let mut found = Vec::new();
        for patient in walk(&file) {
            for study in &patient.lower {
                for series in &study.lower {
                    for image in &series.lower {
                        found.push((
                            patient.get(tags::PATIENT_ID).unwrap(),
                            study.get(tags::STUDY_INSTANCE_UID).unwrap(),
                            series.get(tags::SERIES_INSTANCE_UID).unwrap(),
                            image.get(tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE).unwrap(),
                            image.get(tags::REFERENCED_FILE_ID).unwrap(),
                        ));
                    }
                }
            }
        }
        let expected: Vec<_> = plan.iter().enumerate().map(|(index, ([p, t, s, i], _))| (
            format!("TEST{p}"),
            format!("2.25.7.{p}.{t}"),
            format!("2.25.8.{p}.{t}.{s}"),
            format!("2.25.9.{p}.{t}.{s}.{i}"),
            format!("F{index:05}"),
        )).collect();
        prop_assert_eq!(found, expected);

        let object = dicom_object::from_reader(file.as_slice()).unwrap();
        let records = object.element(tags::DIRECTORY_RECORD_SEQUENCE).unwrap().items().unwrap();
        let count = |level: usize| {
            let mut groups: Vec<_> = plan.iter().map(|(place, _)| &place[..level]).collect();
            groups.dedup();
            groups.len()
        };
        prop_assert_eq!(records.len(), count(1) + count(2) + count(3) + count(4));
        for record in records {
            let kind = record.element(tags::DIRECTORY_RECORD_TYPE).unwrap().to_str().unwrap();
            let number = record.element_opt(tags::INSTANCE_NUMBER).unwrap();
            prop_assert_eq!(kind.trim() == "IMAGE", number.is_some());
        }
    }
}
