//! The DICOM JSON model (PS3.18 Annex F), read tolerantly and within limits.
//!
//! Kept is text and numbers, as text; bulk data are skipped. Unknown members, missing VRs, numbers
//! written as strings and single values without an array are all read.

use std::collections::BTreeMap;
use std::fmt;

use dicom_core::Tag;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Sequences nest no deeper in what we ask for.
const MAX_DEPTH: usize = 8;
/// Elements of all data sets of one answer together.
const MAX_ELEMENTS: usize = 400_000;
/// Values of one element.
const MAX_VALUES: usize = 4096;
/// Bytes of one value.
const MAX_VALUE_BYTES: usize = 16 << 10;

/// A data set of an answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct JsonDataSet {
    elements: BTreeMap<Tag, Element>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Element {
    texts: Vec<String>,
    items: Vec<JsonDataSet>,
}

impl JsonDataSet {
    /// The values of an element as text, trimmed; none when it is absent, empty or a sequence.
    ///
    /// A name has its representations joined by `=` (PS3.5 §6.2.1).
    pub fn texts(&self, tag: Tag) -> &[String] {
        self.elements.get(&tag).map_or(&[], |element| &element.texts)
    }

    /// The values joined by `\`; `None` when there are none.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let texts = self.texts(tag);
        (!texts.is_empty()).then(|| texts.join("\\"))
    }

    /// The items of a sequence.
    pub fn items(&self, tag: Tag) -> &[JsonDataSet] {
        self.elements.get(&tag).map_or(&[], |element| &element.items)
    }
}

impl fmt::Debug for JsonDataSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JsonDataSet({} elements)", self.elements.len())
    }
}

/// Reads an array of data sets; nothing at all is an empty array.
///
/// # Errors
/// Where and why it is no DICOM JSON, without quoting it.
pub(super) fn data_sets(bytes: &[u8]) -> Result<Vec<JsonDataSet>, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let mut left = MAX_ELEMENTS;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = DataSets { left: &mut left, depth: 0 }.deserialize(&mut deserializer);
    read.and_then(|sets| deserializer.end().map(|()| sets)).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it ends early",
            serde_json::error::Category::Syntax => "it is no JSON",
            // Our own refusals; those of serde could quote a value.
            serde_json::error::Category::Data if left == 0 => "it has too many elements",
            _ => "it is not built as PS3.18 Annex F says",
        };
        format!("{what} (line {}, column {})", error.line(), error.column())
    })
}

/// An array of data sets.
struct DataSets<'a> {
    left: &'a mut usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for DataSets<'_> {
    type Value = Vec<JsonDataSet>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSets<'_> {
    type Value = Vec<JsonDataSet>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("data sets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut sets = Vec::new();
        while let Some(set) =
            items.next_element_seed(DataSet { left: self.left, depth: self.depth })?
        {
            sets.push(set);
        }
        Ok(sets)
    }

    fn visit_map<A: MapAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        Ok(vec![DataSet { left: self.left, depth: self.depth }.visit_map(elements)?])
    }
}

/// One data set: a map from tags to elements.
struct DataSet<'a> {
    left: &'a mut usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for DataSet<'_> {
    type Value = JsonDataSet;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSet<'_> {
    type Value = JsonDataSet;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a data set")
    }

    /// An empty item may be written so (PS3.18 §F.2.5).
    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(JsonDataSet::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut set = JsonDataSet::default();
        while let Some(name) = map.next_key::<String>()? {
            *self.left = self.left.checked_sub(1).filter(|left| *left > 0).ok_or_else(|| {
                *self.left = 0;
                serde::de::Error::custom("too many elements")
            })?;
            match tag_of(&name) {
                Some(tag) if self.depth < MAX_DEPTH => {
                    let element = ElementOf { left: self.left, depth: self.depth };
                    set.elements.insert(tag, map.next_value_seed(element)?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(set)
    }
}

/// `GGGGEEEE` in hexadecimal digits.
fn tag_of(name: &str) -> Option<Tag> {
    if name.len() != 8 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(name, 16).ok()?;
    Some(Tag(u16::try_from(number >> 16).ok()?, u16::try_from(number & 0xFFFF).ok()?))
}

/// An element: `vr` and one of `Value`, `BulkDataURI`, `InlineBinary`.
struct ElementOf<'a> {
    left: &'a mut usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for ElementOf<'_> {
    type Value = Element;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementOf<'_> {
    type Value = Element;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an element")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(Element::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut element = Element::default();
        let mut is_sequence = false;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "vr" => is_sequence = map.next_value::<Option<String>>()?.as_deref() == Some("SQ"),
                "Value" => {
                    let depth = self.depth + 1;
                    element = map.next_value_seed(Values { left: self.left, depth })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // A name is an object as an item is: the VR tells them apart, wherever it stands.
        if is_sequence {
            element.texts.clear();
        } else {
            element.items.clear();
        }
        Ok(element)
    }
}

/// The values of an element.
struct Values<'a> {
    left: &'a mut usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Element;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Element;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("values")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(Element::default())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Element { texts: kept(text).into_iter().collect(), items: Vec::new() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let mut element = Element::default();
        while let Some(value) =
            values.next_element_seed(One { left: self.left, depth: self.depth })?
        {
            if element.texts.len() + element.items.len() >= MAX_VALUES {
                continue;
            }
            match value {
                Value::Nothing => {}
                Value::Text(text) => element.texts.push(text),
                Value::Object { name, item } => {
                    element.texts.extend(name);
                    element.items.push(item);
                }
            }
        }
        Ok(element)
    }
}

enum Value {
    Nothing,
    Text(String),
    /// A name or an item: what it is follows from the VR.
    Object {
        name: Option<String>,
        item: JsonDataSet,
    },
}

/// One value.
struct One<'a> {
    left: &'a mut usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(kept(text).map_or(Value::Nothing, Value::Text))
    }

    fn visit_bool<E: serde::de::Error>(self, _value: bool) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut groups: [Option<String>; 3] = [None, None, None];
        let mut item = JsonDataSet::default();
        while let Some(key) = map.next_key::<String>()? {
            *self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| serde::de::Error::custom("too many elements"))?;
            let [alphabetic, ideographic, phonetic] = &mut groups;
            let group = match key.as_str() {
                "Alphabetic" => Some(alphabetic),
                "Ideographic" => Some(ideographic),
                "Phonetic" => Some(phonetic),
                _ => None,
            };
            if let Some(group) = group {
                *group = map.next_value::<Option<String>>()?.as_deref().and_then(kept);
            } else if let Some(tag) = tag_of(&key).filter(|_| self.depth < MAX_DEPTH) {
                let element = ElementOf { left: self.left, depth: self.depth };
                item.elements.insert(tag, map.next_value_seed(element)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let name = groups.map(Option::unwrap_or_default).join("=");
        let name = kept(name.trim_end_matches('='));
        Ok(Value::Object { name, item })
    }
}

/// A value without padding, if something is left of it and it is not too long.
fn kept(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\0']);
    (!text.is_empty() && text.len() <= MAX_VALUE_BYTES).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NAME: Tag = Tag(0x0010, 0x0010);
    const NUMBER: Tag = Tag(0x0020, 0x1208);
    const REQUESTS: Tag = Tag(0x0040, 0x0275);
    const ACCESSION: Tag = Tag(0x0008, 0x0050);

    fn one(text: &str) -> JsonDataSet {
        let mut sets = data_sets(text.as_bytes()).unwrap();
        assert_eq!(sets.len(), 1);
        sets.remove(0)
    }

    #[rstest]
    #[case::f_2_2(r#"{"00100010":{"vr":"PN","Value":[{"Alphabetic":"YAMADA^TARO TEST","Ideographic":"山田^太郎"}]}}"#, NAME, "YAMADA^TARO TEST=山田^太郎")]
    #[case::phonetic_only(
        r#"{"00100010":{"vr":"PN","Value":[{"Phonetic":"やまだ"}]}}"#,
        NAME,
        "==やまだ"
    )]
    #[case::name_as_text(
        r#"{"00100010":{"vr":"PN","Value":["ROSSI^MARIA TEST"]}}"#,
        NAME,
        "ROSSI^MARIA TEST"
    )]
    #[case::number(r#"{"00201208":{"vr":"IS","Value":[12]}}"#, NUMBER, "12")]
    #[case::number_as_text(r#"{"00201208":{"vr":"IS","Value":["12 "]}}"#, NUMBER, "12")]
    #[case::vr_last(r#"{"00201208":{"Value":[12],"vr":"IS"}}"#, NUMBER, "12")]
    #[case::no_vr(r#"{"00201208":{"Value":[12]}}"#, NUMBER, "12")]
    #[case::no_array(r#"{"00080050":{"vr":"SH","Value":"A1"}}"#, ACCESSION, "A1")]
    #[case::lower_case_tag(
        r#"{"0020000d":{"vr":"UI","Value":["1.2"]}}"#,
        Tag(0x0020, 0x000D),
        "1.2"
    )]
    #[case::several(r#"{"00080050":{"vr":"SH","Value":["A1",null,"B2"]}}"#, ACCESSION, "A1\\B2")]
    #[case::other_members(
        r#"{"odd":[1,{"a":2}],"00080050":{"vr":"SH","more":{},"Value":["A1"]}}"#,
        ACCESSION,
        "A1"
    )]
    fn values(#[case] element: &str, #[case] tag: Tag, #[case] expected: &str) {
        assert_eq!(one(&format!("[{element}]")).text(tag).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::absent("{}")]
    #[case::no_value(r#"{"00080050":{"vr":"SH"}}"#)]
    #[case::null(r#"{"00080050":null}"#)]
    #[case::null_value(r#"{"00080050":{"vr":"SH","Value":null}}"#)]
    #[case::empty(r#"{"00080050":{"vr":"SH","Value":[""]}}"#)]
    #[case::bulk_data(r#"{"00080050":{"vr":"UN","BulkDataURI":"http://elsewhere.test/"}}"#)]
    #[case::too_long(&format!(r#"{{"00080050":{{"Value":["{}"]}}}}"#, "x".repeat(20_000)))]
    fn no_value(#[case] set: &str) {
        assert_eq!(one(&format!("[{set}]")).text(ACCESSION), None);
    }

    #[rstest]
    #[case::vr_first(r#"{"vr":"SQ","Value":[{"00080050":{"vr":"SH","Value":["A1"]}},{}]}"#)]
    #[case::vr_last(r#"{"Value":[{"00080050":{"vr":"SH","Value":["A1"]}},{}],"vr":"SQ"}"#)]
    fn items_of_a_sequence(#[case] sequence: &str) {
        let set = one(&format!(r#"[{{"00400275":{sequence}}}]"#));
        assert_eq!(set.items(REQUESTS).len(), 2);
        assert_eq!(set.items(REQUESTS)[0].text(ACCESSION).as_deref(), Some("A1"));
        assert_eq!(set.text(REQUESTS), None);
    }

    #[rstest]
    #[case::nothing("", 0)]
    #[case::blank(" \r\n", 0)]
    #[case::empty_array("[]", 0)]
    #[case::byte_order_mark("\u{FEFF}[{}]", 1)]
    #[case::a_single_one_without_array("{}", 1)]
    fn how_many(#[case] text: &str, #[case] sets: usize) {
        assert_eq!(data_sets(text.as_bytes()).map(|sets| sets.len()), Ok(sets));
    }

    #[rstest]
    #[case::cut(r#"[{"00080050":{"vr":"SH","Value":["SECRET"#, "it ends early")]
    #[case::html("<html>SECRET</html>", "it is no JSON")]
    #[case::another_shape(r#"["SECRET"]"#, "not built as PS3.18 Annex F says")]
    #[case::text_behind("[] SECRET", "it is no JSON")]
    fn refused_without_quoting(#[case] text: &str, #[case] words: &str) {
        let reason = data_sets(text.as_bytes()).unwrap_err();
        assert!(reason.contains(words) && !reason.contains("SECRET"), "{reason}");
    }

    #[test]
    fn deep_nesting_is_skipped_without_recursion() {
        let nested = |depth: usize| {
            format!(
                "[{}{}]",
                r#"{"00400275":{"vr":"SQ","Value":["#.repeat(depth),
                "]}}".repeat(depth)
            )
        };
        assert!(data_sets(nested(12).as_bytes()).is_ok());
        assert!(data_sets(nested(100_000).as_bytes()).is_ok());
    }

    #[test]
    fn too_many_elements_are_refused() {
        let many = format!("[{}{{}}]", r#"{"00080050":null},"#.repeat(MAX_ELEMENTS));
        let reason = data_sets(many.as_bytes()).unwrap_err();
        assert!(reason.contains("too many elements"), "{reason}");
    }
}
