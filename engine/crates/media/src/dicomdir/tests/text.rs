//! Text and character sets, from any source encoding.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use part10::Encoding;
use rstest::rstest;

use super::support::{CT, SR, Source, finish, items_of, raw, records_of, sequence, text, walk};
use crate::dicomdir::{Change, ChangeKind, Dicomdir, Fallbacks};

const LATIN_1_TITLE: &[u8] = b"Referto di ecografia all'et\xE0";

fn report(character_set: Option<&str>, name: &[u8], title: &[u8]) -> Source {
    let mut elements = vec![
        raw(tags::PATIENT_NAME, VR::PN, name),
        text(tags::PATIENT_ID, VR::LO, "TEST1"),
        sequence(
            tags::CONCEPT_NAME_CODE_SEQUENCE,
            vec![vec![
                text(tags::CODE_VALUE, VR::SH, "1"),
                text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "99TEST"),
                raw(tags::CODE_MEANING, VR::LO, title),
            ]],
        ),
    ];
    elements.extend(character_set.map(|set| text(tags::SPECIFIC_CHARACTER_SET, VR::CS, set)));
    Source { has_pixel_data: false, ..Source::new(SR, elements) }
}

#[rstest]
#[case::plain(Some("ISO_IR 100"), b"ROSSI^MARIA TEST", None, b"ROSSI^MARIA TEST")]
#[case::latin_1(Some("ISO_IR 100"), b"NICCOL\xD2^TEST", Some("ISO_IR 100"), b"NICCOL\xD2^TEST")]
#[case::utf_8(
    Some("ISO_IR 192"), "NICCOLÒ^TEST".as_bytes(), Some("ISO_IR 192"), "NICCOLÒ^TEST".as_bytes()
)]
#[case::cyrillic(Some("ISO_IR 144"), b"\xBB\xEE^TEST", Some("ISO_IR 144"), b"\xBB\xEE^TEST")]
#[case::japanese(
    Some("\\ISO 2022 IR 87"),
    b"Yamada^TEST=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B",
    Some("\\ISO 2022 IR 87"),
    b"Yamada^TEST=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B"
)]
#[case::undeclared_utf_8(
    None, "NICCOLÒ^TEST".as_bytes(), Some("ISO_IR 192"), "NICCOLÒ^TEST".as_bytes()
)]
#[case::undeclared_latin_1(
    None, b"NICCOL\xD2^TEST", Some("ISO_IR 192"), "NICCOLÒ^TEST".as_bytes()
)]
#[case::misspelt_set(
    Some("ISO-IR 100"), b"NICCOL\xD2^TEST", Some("ISO_IR 192"), "NICCOLÒ^TEST".as_bytes()
)]
fn c_12_1_1_2_a_record_has_the_character_set_that_its_text_needs(
    #[case] declared: Option<&str>,
    #[case] name: &[u8],
    #[case] character_set: Option<&str>,
    #[case] written: &[u8],
) {
    let (_, records) = records_of(&report(declared, name, b"Report"), Fallbacks::default());
    let patient = &records[0];
    assert_eq!(patient.get(tags::SPECIFIC_CHARACTER_SET).as_deref(), character_set);
    assert_eq!(patient.raw(tags::PATIENT_NAME).unwrap().trim_ascii_end(), written);
    for record in &records[1..] {
        assert_eq!(record.get(tags::SPECIFIC_CHARACTER_SET), None, "their text is plain");
    }
}

#[test]
fn text_inside_items_counts() {
    let source = report(Some("ISO_IR 100"), b"ROSSI^TEST", LATIN_1_TITLE);
    let (_, records) = records_of(&source, Fallbacks::default());
    assert_eq!(records[0].get(tags::SPECIFIC_CHARACTER_SET), None);
    assert_eq!(records[3].get(tags::SPECIFIC_CHARACTER_SET).as_deref(), Some("ISO_IR 100"));
    let title = &items_of(records[3].raw(tags::CONCEPT_NAME_CODE_SEQUENCE).unwrap())[0];
    assert_eq!(title[&tags::CODE_MEANING].1.trim_ascii_end(), LATIN_1_TITLE);

    let (added, records) =
        records_of(&report(None, b"ROSSI^TEST", LATIN_1_TITLE), Fallbacks::default());
    assert_eq!(records[3].get(tags::SPECIFIC_CHARACTER_SET).as_deref(), Some("ISO_IR 192"));
    let title = &items_of(records[3].raw(tags::CONCEPT_NAME_CODE_SEQUENCE).unwrap())[0];
    let expected = "Referto di ecografia all'età".as_bytes();
    assert_eq!(title[&tags::CODE_MEANING].1.trim_ascii_end(), expected);
    let recoded = Change { tag: tags::SPECIFIC_CHARACTER_SET, kind: ChangeKind::Corrected };
    assert!(added.changes.contains(&recoded));
}

#[rstest]
#[case::ascii(Some("ISO_IR 100"), &[b'A'; 70], &"A".repeat(64), None)]
#[case::single_byte(Some("ISO_IR 100"), &[0xC8; 70], &"È".repeat(64), Some("ISO_IR 192"))]
#[case::control(Some("ISO_IR 100"), b"TORACE\nBASE", "TORACE BASE", None)]
#[case::two_values(None, b"TORACE\\BASE", "TORACE", None)]
fn what_breaks_a_vr_is_put_right_in_the_record(
    #[case] declared: Option<&str>,
    #[case] description: &[u8],
    #[case] written: &str,
    #[case] character_set: Option<&str>,
) {
    let mut source = report(declared, b"ROSSI^TEST", b"Report");
    source.elements.push(raw(tags::STUDY_DESCRIPTION, VR::LO, description));
    let (added, records) = records_of(&source, Fallbacks::default());
    assert_eq!(records[1].get(tags::STUDY_DESCRIPTION).as_deref(), Some(written));
    assert_eq!(records[1].get(tags::SPECIFIC_CHARACTER_SET).as_deref(), character_set);
    let cut = Change { tag: tags::STUDY_DESCRIPTION, kind: ChangeKind::Corrected };
    assert!(added.changes.contains(&cut));
}

#[test]
fn a_patient_id_of_the_order_may_have_accents() {
    let mut source = report(Some("ISO_IR 100"), b"NICCOL\xD2^TEST", b"Report");
    source.elements.retain(|element| element.header().tag != tags::PATIENT_ID);
    let fallbacks = Fallbacks { patient_id: Some("È1".into()), ..Fallbacks::default() };
    let (_, records) = records_of(&source, fallbacks);
    assert_eq!(records[0].get(tags::SPECIFIC_CHARACTER_SET).as_deref(), Some("ISO_IR 192"));
    assert_eq!(records[0].get(tags::PATIENT_ID).as_deref(), Some("È1"));
    assert_eq!(records[0].get(tags::PATIENT_NAME).as_deref(), Some("NICCOLÒ^TEST"));
}

#[rstest]
#[case::implicit(Encoding::IMPLICIT_LE)]
#[case::big_endian(Encoding::EXPLICIT_BE)]
fn the_encoding_of_the_source_leaves_no_trace(#[case] encoding: Encoding) {
    let modifier = |meaning: &str| {
        vec![
            text(tags::RELATIONSHIP_TYPE, VR::CS, "HAS CONCEPT MOD"),
            text(tags::VALUE_TYPE, VR::CS, "TCOORD"),
            text(tags::CODE_MEANING, VR::LO, meaning),
            super::support::word(Tag(0x0040, 0xA0B0), 0x1234),
        ]
    };
    let mut report = report(Some("ISO_IR 100"), b"NICCOL\xD2^TEST", LATIN_1_TITLE);
    report.elements.push(sequence(tags::CONTENT_SEQUENCE, vec![modifier("A"), modifier("B")]));
    let image = Source::at(
        [1, 1, 1, 2],
        CT,
        vec![
            super::support::word(tags::ROWS, 512),
            super::support::word(tags::COLUMNS, 256),
            text(tags::PIXEL_SPACING, VR::DS, "0.5\\0.5"),
        ],
    );
    let directory = |encoding| {
        let mut dicomdir = Dicomdir::new(Fallbacks::default());
        report.add_to(&mut dicomdir, "SR1", encoding).unwrap();
        image.add_to(&mut dicomdir, "IM1", encoding).unwrap();
        finish(dicomdir)
    };
    let file = directory(encoding);
    assert_eq!(file, directory(Encoding::EXPLICIT_LE));
    let series = &walk(&file)[0].lower[0].lower[0];
    assert_eq!(series.lower[0].raw(tags::ROWS), Some(&[0, 2][..]));
    let modifiers = items_of(series.lower[1].raw(tags::CONTENT_SEQUENCE).unwrap());
    assert_eq!(modifiers[1][&Tag(0x0040, 0xA0B0)].1, [0x34, 0x12]);
}
