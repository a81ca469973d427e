//! dicom-object reads what we write, and finds in it what it finds in the source.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use dicom_object::OpenFileOptions;
use dicom_object::file::ReadPreamble;
use fixtures::{Options, Syntax, instance_bytes};
use part10::{EXPLICIT_VR_LITTLE_ENDIAN, Instance, Limits, PixelValue};
use rstest::rstest;

const SMALL: Options = Options { slices: Some(2), rows: Some(64), syntax: None, seed: 0 };

/// The whole file, in Explicit VR Little Endian.
fn rewritten(instance: &mut Instance) -> Vec<u8> {
    let Some(pixels) = instance.pixels().cloned() else {
        return instance.head(EXPLICIT_VR_LITTLE_ENDIAN, &[], None).unwrap();
    };
    let length = pixels.length.unwrap();
    let value = PixelValue::Native(pixels.vr, u32::try_from(length).unwrap());
    let mut file = instance.head(EXPLICIT_VR_LITTLE_ENDIAN, &[], Some(value)).unwrap();
    let mut bytes = Vec::new();
    instance.read_pixels_into(pixels.value..pixels.value + length, &mut bytes).unwrap();
    file.extend_from_slice(&bytes);
    file.extend_from_slice(&instance.tail(pixels.value + length).unwrap());
    file
}

/// Every element of a data set with its bytes; lengths of sequences and groups may differ.
fn elements(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let object =
        OpenFileOptions::new().read_preamble(ReadPreamble::Always).from_reader(file).unwrap();
    let mut lines = Vec::new();
    list(&object, 0, &mut lines);
    lines
}

fn list(object: &dicom_object::InMemDicomObject, depth: usize, lines: &mut Vec<(String, Vec<u8>)>) {
    for element in object.iter().filter(|element| element.header().tag.element() != 0) {
        let tag = element.header().tag;
        if let Some(items) = element.items() {
            for item in items {
                lines.push((format!("{depth} {tag} item"), Vec::new()));
                list(item, depth + 1, lines);
            }
        } else {
            // Bytes, since OB and OW of the same value read as other numbers.
            lines
                .push((format!("{depth} {tag}"), element.value().to_bytes().unwrap().into_owned()));
        }
    }
}

#[rstest]
fn every_element_survives_the_change_of_encoding(
    #[values("ct", "ct-signed", "enhanced-mr", "us", "rt", "quirk-luts", "quirk-palette")]
    study: &str,
    #[values(Syntax::Explicit, Syntax::Implicit, Syntax::BigEndian, Syntax::Deflated)]
    syntax: Syntax,
) {
    let expected = elements(&instance_bytes(study, 0, &SMALL).unwrap());
    let source = instance_bytes(study, 0, &Options { syntax: Some(syntax), ..SMALL }).unwrap();
    let mut instance = Instance::from_bytes(source, &Limits::default()).unwrap();
    let found = elements(&rewritten(&mut instance));
    assert!(expected.len() > 20);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found.0, expected.0);
        assert!(found.1 == expected.1, "{} has another value", found.0);
    }
}

#[test]
fn a_file_that_is_explicit_already_keeps_the_bytes_of_its_data_set() {
    let source = instance_bytes("ct", 0, &SMALL).unwrap();
    let mut instance = Instance::from_bytes(source.clone(), &Limits::default()).unwrap();
    let file = rewritten(&mut instance);
    // The data set begins with Specific Character Set in both.
    let begin = |bytes: &[u8]| bytes.windows(6).position(|at| at == b"\x08\x00\x05\x00CS").unwrap();
    assert!(source[begin(&source)..] == file[begin(&file)..]);
    assert!(file[..128].iter().all(|byte| *byte == 0));
}
