//! The value of one content item, as people read it.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::Dataset;
use texts::Language;

use crate::dates::{display_da_tm, display_dt, hours_and_minutes};
use crate::person_name::display_pn;
use crate::report::{ImageKey, Value};
use crate::web::Shown;

/// Frames that a reference names before it stops.
const NAMED_FRAMES: usize = 40;

/// Levels of a content tree that a reference names; none has more that are shown.
const MAX_LEVELS: usize = 32;

/// Code Meaning of the first item of a code sequence, or its code when it has no meaning.
pub(super) fn meaning(dataset: &Dataset<'_>, sequence: Tag) -> Option<String> {
    let code = dataset.item(sequence)?;
    code.text(tags::CODE_MEANING).or_else(|| code_value(&code))
}

fn code_value(code: &Dataset<'_>) -> Option<String> {
    code.text(tags::CODE_VALUE)
        .or_else(|| code.text(tags::LONG_CODE_VALUE))
        .or_else(|| code.text(tags::URN_CODE_VALUE))
}

/// The value of an item that is no container.
pub(super) fn value(item: &Dataset<'_>, language: Language) -> Option<Value> {
    let texts = language.texts();
    let target = item.f64s(tags::REFERENCED_CONTENT_ITEM_IDENTIFIER);
    if !target.is_empty() {
        // One number for each level of the tree; the root is 1.
        let path: Vec<String> =
            target.iter().take(MAX_LEVELS).map(|number| format!("{number:.0}")).collect();
        let target = path.join(".");
        let text = Shown::new(&texts.report_see_item(target.as_str()));
        return Some(Value { target: Some(target), ..Value::text(text) });
    }
    let value_type = item.text(tags::VALUE_TYPE)?;
    let value = match value_type.as_str() {
        "TEXT" => {
            let text = item.text(tags::TEXT_VALUE).map(|text| Shown::lines(&text));
            return text.filter(|text| !text.as_str().is_empty()).map(Value::text);
        }
        "CODE" => return coded(item),
        "IMAGE" => {
            if let Some(image) = image(item, language) {
                return Some(image);
            }
            Some(texts.report_not_shown(&*value_type))
        }
        "NUM" => number(item, language),
        "DATE" => item.text(tags::DATE).map(|date| display_da_tm(&date, None, language)),
        "TIME" => item.text(tags::TIME).map(|time| hours_and_minutes(&time).unwrap_or(time)),
        "DATETIME" => item.text(tags::DATE_TIME).map(|value| display_dt(&value, language)),
        "PNAME" => item.text(tags::PERSON_NAME).as_deref().and_then(display_pn),
        "UIDREF" => item.text(tags::UID),
        _ => Some(reference(item, &value_type, language)),
    };
    Shown::some(value.as_deref()).map(Value::text)
}

/// The meaning of a code, and beside it the code.
fn coded(item: &Dataset<'_>) -> Option<Value> {
    let text = Shown::some(meaning(item, tags::CONCEPT_CODE_SEQUENCE).as_deref())?;
    let code = item.item(tags::CONCEPT_CODE_SEQUENCE).and_then(|code| {
        let scheme = code.text(tags::CODING_SCHEME_DESIGNATOR);
        let parts: Vec<String> = code_value(&code).into_iter().chain(scheme).collect();
        Shown::some(Some(&parts.join(" ")))
    });
    Some(Value { code, ..Value::text(text) })
}

/// `12,5 mm`, and the reason why there is no number, or which it is of.
fn number(item: &Dataset<'_>, language: Language) -> Option<String> {
    let qualifier = meaning(item, tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE);
    let measured = item.item(tags::MEASURED_VALUE_SEQUENCE).and_then(|measured| {
        let number = measured.text(tags::NUMERIC_VALUE)?;
        let number = match language {
            Language::Italian => number.replace('.', ","),
            Language::English => number,
        };
        let unit =
            measured.item(tags::MEASUREMENT_UNITS_CODE_SEQUENCE).and_then(|unit| unit_of(&unit));
        Some(unit.map_or_else(|| number.clone(), |unit| format!("{number} {unit}")))
    });
    match (measured, qualifier) {
        (Some(number), Some(qualifier)) => Some(format!("{number} ({qualifier})")),
        (number, qualifier) => number.or(qualifier),
    }
}

/// A unit of UCUM as people write it, if there is one.
fn unit_of(unit: &Dataset<'_>) -> Option<String> {
    let Some(code) = code_value(unit) else {
        return unit.text(tags::CODE_MEANING);
    };
    let inside = code.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match code.as_str() {
        // What has no unit is 1, or an annotation in braces alone.
        "1" => None,
        _ if inside.is_some_and(|inside| !inside.contains('}')) => None,
        "[hnsf'U]" => Some("HU".to_owned()),
        // `{H.B.}/min`: only the meaning is for people.
        _ if code.contains('{') => unit.text(tags::CODE_MEANING).or(Some(code)),
        _ => Some(code),
    }
}

/// An image, and the frames of it.
fn image(item: &Dataset<'_>, language: Language) -> Option<Value> {
    let object = item.item(tags::REFERENCED_SOP_SEQUENCE)?;
    let sop_instance = object.text(tags::REFERENCED_SOP_INSTANCE_UID)?;
    let frames = object.text(tags::REFERENCED_FRAME_NUMBER).unwrap_or_default();
    let frames: Vec<u32> =
        frames.split('\\').filter_map(|frame| frame.trim().parse().ok()).collect();
    let text = if frames.len() > 1 {
        let mut named: Vec<String> = frames.iter().take(NAMED_FRAMES).map(u32::to_string).collect();
        if frames.len() > NAMED_FRAMES {
            named.push("…".to_owned());
        }
        language.texts().report_frames(named.join(", "))
    } else {
        String::new()
    };
    let frame = frames.first().copied();
    // A UID is compared with those of the package, and shown if it is not among them.
    let sop_instance = Shown::some(Some(&sop_instance))?.to_string();
    let image = Some(ImageKey { sop_instance, frame });
    Some(Value { image, ..Value::text(Shown::new(&text)) })
}

/// Objects and regions that a report points to.
fn reference(item: &Dataset<'_>, value_type: &str, language: Language) -> String {
    let texts = language.texts();
    let uid = item
        .item(tags::REFERENCED_SOP_SEQUENCE)
        .and_then(|object| object.text(tags::REFERENCED_SOP_INSTANCE_UID));
    match (value_type, uid) {
        ("SCOORD" | "SCOORD3D", _) => match item.text(tags::GRAPHIC_TYPE) {
            Some(kind) => format!("{} ({kind})", texts.report_region()),
            None => texts.report_region().to_owned(),
        },
        ("TCOORD", _) => texts.report_interval().to_owned(),
        (_, Some(uid)) => texts.report_object(uid),
        (value_type, None) => texts.report_not_shown(value_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::structured::elements::{code, element, parse, sequence, text, value_type};
    use rstest::rstest;

    fn measured(number: &str, unit: &str) -> Vec<u8> {
        let measured = [
            code(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, unit, "a unit"),
            text(tags::NUMERIC_VALUE, "DS", number),
        ];
        [value_type("NUM"), sequence(tags::MEASURED_VALUE_SEQUENCE, &[measured.concat()])].concat()
    }

    fn measured_in(unit: &[u8]) -> Vec<u8> {
        let measured = [
            sequence(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, &[unit.to_vec()]),
            text(tags::NUMERIC_VALUE, "DS", "12.5"),
        ];
        [value_type("NUM"), sequence(tags::MEASURED_VALUE_SEQUENCE, &[measured.concat()])].concat()
    }

    fn image(frames: &str) -> Vec<u8> {
        let object = [
            text(tags::REFERENCED_SOP_INSTANCE_UID, "UI", "1.2.3"),
            text(tags::REFERENCED_FRAME_NUMBER, "IS", frames),
        ]
        .concat();
        [sequence(tags::REFERENCED_SOP_SEQUENCE, &[object]), value_type("IMAGE")].concat()
    }

    #[rstest]
    #[case::text([value_type("TEXT"), text(tags::TEXT_VALUE, "UT", "a\r\nb")].concat(), "a\nb")]
    #[case::code(
        [value_type("CODE"), code(tags::CONCEPT_CODE_SEQUENCE, "R-1", "Reperto")].concat(),
        "Reperto"
    )]
    #[case::number(measured("12.5", "mm"), "12,5 mm")]
    #[case::hounsfield(measured("-40", "[hnsf'U]"), "-40 HU")]
    #[case::number_without_unit(measured("3", "{lesions}"), "3")]
    #[case::unit_with_an_annotation(measured("72", "{H.B.}/min"), "72 a unit")]
    #[case::unit_of_annotations(measured("5", "{lesions}/{slices}"), "5 a unit")]
    #[case::unit_of_a_long_code(
        measured_in(&text(tags::LONG_CODE_VALUE, "LO", "10*3/mm3/{a count}")),
        "12,5 10*3/mm3/{a count}"
    )]
    #[case::unit_with_a_meaning_alone(
        measured_in(&text(tags::CODE_MEANING, "LO", "milligrams")),
        "12,5 milligrams"
    )]
    #[case::no_number(
        [
            value_type("NUM"),
            code(tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE, "114006", "Measurement failure"),
        ]
        .concat(),
        "Measurement failure"
    )]
    #[case::date([value_type("DATE"), text(tags::DATE, "DA", "20210423")].concat(), "23 apr 2021")]
    #[case::time([text(tags::TIME, "TM", "113159"), value_type("TIME")].concat(), "11:31")]
    #[case::date_time(
        [value_type("DATETIME"), text(tags::DATE_TIME, "DT", "20210423113159+0200")].concat(),
        "23 apr 2021 11:31"
    )]
    #[case::person(
        [value_type("PNAME"), text(tags::PERSON_NAME, "PN", "VERDI^LUCIA TEST")].concat(),
        "VERDI LUCIA TEST"
    )]
    #[case::region(value_type("SCOORD"), "regione indicata sull'immagine")]
    #[case::by_reference(
        element(tags::REFERENCED_CONTENT_ITEM_IDENTIFIER, "UL", &[1, 0, 0, 0, 2, 0, 0, 0]),
        "vedi il punto 1.2"
    )]
    #[case::unknown(
        value_type("TABLE"),
        "contenuto di tipo TABLE: si legge con un visualizzatore DICOM"
    )]
    fn values(#[case] item: Vec<u8>, #[case] expected: &str) {
        let value = value(&parse(&item), Language::Italian);
        assert_eq!(value.map(|value| value.text.to_string()).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::whole("", None, "")]
    #[case::frame("3", Some(3), "")]
    #[case::frames("3\\5\\9", Some(3), "fotogrammi 3, 5, 9")]
    fn images(#[case] frames: &str, #[case] frame: Option<u32>, #[case] expected: &str) {
        let value = value(&parse(&image(frames)), Language::Italian).unwrap();
        assert_eq!(value.image, Some(ImageKey { sop_instance: "1.2.3".to_owned(), frame }));
        assert_eq!(value.text.as_str(), expected);
    }

    #[test]
    fn the_code_stands_beside_its_meaning() {
        let item = code(tags::CONCEPT_CODE_SEQUENCE, "R-1", "Reperto");
        let value = value(&parse(&[value_type("CODE"), item].concat()), Language::Italian);
        assert_eq!(value.unwrap().code.unwrap().as_str(), "R-1");
    }
}
