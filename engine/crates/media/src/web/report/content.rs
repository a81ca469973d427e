//! The content tree of a structured report, as a list of steps that a template can follow.
//!
//! Standard: DICOM PS3.3 §C.17.3 (SR Document Content), Table C.17-5.
//!
//! Invariant: depth and number of items are bounded, and what is beyond the bounds is announced.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use part10::Dataset;

use crate::dates::{display_da, display_da_tm, hours_and_minutes};
use crate::person_name::display_pn;
use crate::web::shown::Shown;
use texts::{Language, Texts};

/// Real reports nest less than ten deep.
const MAX_DEPTH: usize = 24;
/// A mammography CAD report has some thousands.
const MAX_ITEMS: usize = 20_000;

/// What the template does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    BeginList,
    BeginItem { name: Option<Shown>, value: Option<Shown> },
    EndItem,
    EndList,
}

/// The content below the root of a document.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) steps: Vec<Step>,
    /// Whether items were left out because there are too many or they nest too deep.
    pub(super) is_cut: bool,
    items: usize,
}

impl Content {
    pub(super) fn of(document: &Dataset<'_>, language: Language) -> Self {
        let mut content = Self::default();
        content.add_children(document, language, 0);
        content
    }

    fn add_children(&mut self, parent: &Dataset<'_>, language: Language, depth: usize) {
        let children = parent.items(tags::CONTENT_SEQUENCE);
        if children.is_empty() {
            return;
        }
        if depth >= MAX_DEPTH || self.items >= MAX_ITEMS {
            self.is_cut = true;
            return;
        }
        self.steps.push(Step::BeginList);
        for child in &children {
            if self.items >= MAX_ITEMS {
                self.is_cut = true;
                break;
            }
            self.items += 1;
            self.steps.push(Step::BeginItem {
                name: Shown::some(meaning(child, tags::CONCEPT_NAME_CODE_SEQUENCE).as_deref()),
                value: value(child, language),
            });
            self.add_children(child, language, depth + 1);
            self.steps.push(Step::EndItem);
        }
        self.steps.push(Step::EndList);
    }
}

/// Code Meaning of the first item of a code sequence, or its code when it has no meaning.
pub(super) fn meaning(dataset: &Dataset<'_>, sequence: Tag) -> Option<String> {
    let code = dataset.item(sequence)?;
    code.text(tags::CODE_MEANING)
        .or_else(|| code.text(tags::CODE_VALUE))
        .or_else(|| code.text(tags::LONG_CODE_VALUE))
        .or_else(|| code.text(tags::URN_CODE_VALUE))
}

fn value(item: &Dataset<'_>, language: Language) -> Option<Shown> {
    let texts = language.texts();
    let target = item.f64s(tags::REFERENCED_CONTENT_ITEM_IDENTIFIER);
    if !target.is_empty() {
        // One number for each level of the tree; the root is 1.
        let path: Vec<String> = target.iter().map(|number| format!("{number:.0}")).collect();
        return Some(Shown::new(&texts.report_see_item(path.join("."))));
    }
    let value_type = item.text(tags::VALUE_TYPE)?;
    let value = match value_type.as_str() {
        "CONTAINER" => None,
        "TEXT" => return item.text(tags::TEXT_VALUE).map(|text| Shown::lines(&text)),
        "CODE" => meaning(item, tags::CONCEPT_CODE_SEQUENCE),
        "NUM" => number(item, language),
        "DATE" => item.text(tags::DATE).map(|date| display_da(&date, language)),
        "TIME" => item.text(tags::TIME).map(|time| hours_and_minutes(&time).unwrap_or(time)),
        "DATETIME" => item.text(tags::DATE_TIME).map(|value| display_dt(&value, language)),
        "PNAME" => item.text(tags::PERSON_NAME).as_deref().and_then(display_pn),
        "UIDREF" => item.text(tags::UID),
        _ => Some(reference(item, &value_type, texts)),
    };
    Shown::some(value.as_deref())
}

/// A DT value: date and time as far as they are given; the zone is left as it stands.
pub(super) fn display_dt(value: &str, language: Language) -> String {
    match value.split_at_checked(8) {
        Some((date, time)) => display_da_tm(date, Some(time), language),
        None => value.to_owned(),
    }
}

/// `12,5 mm`, or the reason why there is no number.
fn number(item: &Dataset<'_>, language: Language) -> Option<String> {
    let Some(measured) = item.item(tags::MEASURED_VALUE_SEQUENCE) else {
        return meaning(item, tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE);
    };
    let number = measured.text(tags::NUMERIC_VALUE)?;
    let number = match language {
        Language::Italian => number.replace('.', ","),
        Language::English => number,
    };
    let unit = measured
        .item(tags::MEASUREMENT_UNITS_CODE_SEQUENCE)
        .and_then(|unit| unit.text(tags::CODE_VALUE))
        // UCUM writes what has no unit as 1 or as an annotation in braces.
        .filter(|unit| unit != "1" && !unit.starts_with('{'));
    Some(unit.map_or_else(|| number.clone(), |unit| format!("{number} {unit}")))
}

/// Objects and regions that a report points to.
fn reference(item: &Dataset<'_>, value_type: &str, texts: Texts) -> String {
    let uid = item
        .item(tags::REFERENCED_SOP_SEQUENCE)
        .and_then(|object| object.text(tags::REFERENCED_SOP_INSTANCE_UID));
    match (value_type, uid) {
        ("IMAGE", Some(uid)) => texts.report_image(uid),
        ("SCOORD" | "SCOORD3D", _) => texts.report_region().to_owned(),
        ("TCOORD", _) => texts.report_interval().to_owned(),
        (_, Some(uid)) => texts.report_object(uid),
        (value_type, None) => texts.report_not_shown(value_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use part10::Encoding;
    use rstest::rstest;

    fn element(tag: Tag, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        bytes.extend(vr.as_bytes());
        let padding = value.len() % 2;
        let length = u32::try_from(value.len() + padding).unwrap();
        if ["SQ", "UT"].contains(&vr) {
            bytes.extend([0, 0]);
            bytes.extend(length.to_le_bytes());
        } else {
            bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
        }
        bytes.extend(value);
        bytes.extend(std::iter::repeat_n(b' ', padding));
        bytes
    }

    fn text(tag: Tag, vr: &str, value: &str) -> Vec<u8> {
        element(tag, vr, value.as_bytes())
    }

    fn sequence(tag: Tag, items: &[Vec<u8>]) -> Vec<u8> {
        let item = |item: &Vec<u8>| {
            let mut bytes = vec![0xFE, 0xFF, 0x00, 0xE0];
            bytes.extend(u32::try_from(item.len()).unwrap().to_le_bytes());
            bytes.extend(item);
            bytes
        };
        element(tag, "SQ", &items.iter().flat_map(item).collect::<Vec<_>>())
    }

    fn code(tag: Tag, value: &str, meaning: &str) -> Vec<u8> {
        let code = [text(tags::CODE_VALUE, "SH", value), text(tags::CODE_MEANING, "LO", meaning)];
        sequence(tag, &[code.concat()])
    }

    fn parse(bytes: &[u8]) -> Dataset<'_> {
        Dataset::parse(bytes, Encoding::EXPLICIT_LE).unwrap()
    }

    fn value_type(value_type: &str) -> Vec<u8> {
        text(tags::VALUE_TYPE, "CS", value_type)
    }

    fn measured(number: &str, unit: &str) -> Vec<u8> {
        let measured = [
            code(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, unit, "a unit"),
            text(tags::NUMERIC_VALUE, "DS", number),
        ];
        [value_type("NUM"), sequence(tags::MEASURED_VALUE_SEQUENCE, &[measured.concat()])].concat()
    }

    fn image() -> Vec<u8> {
        let object = text(tags::REFERENCED_SOP_INSTANCE_UID, "UI", "1.2.3");
        [sequence(tags::REFERENCED_SOP_SEQUENCE, &[object]), value_type("IMAGE")].concat()
    }

    #[rstest]
    #[case::text([value_type("TEXT"), text(tags::TEXT_VALUE, "UT", "a\r\nb")].concat(), "a\nb")]
    #[case::code(
        [value_type("CODE"), code(tags::CONCEPT_CODE_SEQUENCE, "R-1", "Reperto")].concat(),
        "Reperto"
    )]
    #[case::number(measured("12.5", "mm"), "12,5 mm")]
    #[case::number_without_unit(measured("3", "{lesions}"), "3")]
    #[case::no_number(
        [
            value_type("NUM"),
            code(tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE, "114006", "Measurement failure"),
        ]
        .concat(),
        "Measurement failure"
    )]
    #[case::date([value_type("DATE"), text(tags::DATE, "DA", "20210423")].concat(), "23/04/2021")]
    #[case::time([text(tags::TIME, "TM", "113159"), value_type("TIME")].concat(), "11:31")]
    #[case::date_time(
        [value_type("DATETIME"), text(tags::DATE_TIME, "DT", "20210423113159+0200")].concat(),
        "23/04/2021, 11:31"
    )]
    #[case::person(
        [value_type("PNAME"), text(tags::PERSON_NAME, "PN", "VERDI^LUCIA TEST")].concat(),
        "VERDI LUCIA TEST"
    )]
    #[case::image(image(), "immagine con SOP Instance UID 1.2.3")]
    #[case::region(value_type("SCOORD"), "regione indicata sull'immagine")]
    #[case::by_reference(
        element(tags::REFERENCED_CONTENT_ITEM_IDENTIFIER, "UL", &[1, 0, 0, 0, 2, 0, 0, 0]),
        "vedi il punto 1.2"
    )]
    #[case::unknown(
        value_type("TABLE"),
        "valore di tipo TABLE: si legge con un visualizzatore DICOM"
    )]
    fn values(#[case] item: Vec<u8>, #[case] expected: &str) {
        let value = value(&parse(&item), Language::Italian).map(|value| value.to_string());
        assert_eq!(value.as_deref(), Some(expected));
    }

    fn nested(depth: usize) -> Vec<u8> {
        (0..depth).fold(value_type("CONTAINER"), |inner, _| {
            [value_type("CONTAINER"), sequence(tags::CONTENT_SEQUENCE, &[inner])].concat()
        })
    }

    fn balance(content: &Content) -> (usize, usize) {
        let count = |wanted: fn(&Step) -> bool| content.steps.iter().filter(|s| wanted(s)).count();
        assert_eq!(count(|step| *step == Step::BeginList), count(|step| *step == Step::EndList));
        let items = count(|step| matches!(step, Step::BeginItem { .. }));
        assert_eq!(items, count(|step| *step == Step::EndItem));
        (count(|step| *step == Step::BeginList), items)
    }

    #[rstest]
    #[case::flat(1, 1, false)]
    #[case::at_the_limit(MAX_DEPTH, MAX_DEPTH, false)]
    #[case::beyond(MAX_DEPTH + 10, MAX_DEPTH, true)]
    fn depth_is_bounded_and_the_cut_is_told(
        #[case] depth: usize,
        #[case] shown: usize,
        #[case] is_cut: bool,
    ) {
        let bytes = nested(depth);
        let content = Content::of(&parse(&bytes), Language::Italian);
        assert_eq!(balance(&content), (shown, shown));
        assert_eq!(content.is_cut, is_cut);
    }

    #[test]
    fn items_are_bounded_and_the_cut_is_told() {
        let items = vec![value_type("CONTAINER"); MAX_ITEMS + 1];
        let bytes = sequence(tags::CONTENT_SEQUENCE, &items);
        let content = Content::of(&parse(&bytes), Language::Italian);
        assert_eq!(balance(&content), (1, MAX_ITEMS));
        assert!(content.is_cut);
    }
}
