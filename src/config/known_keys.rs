//! Finds keys that a section does not have, and the known one that was meant.

use anyhow::bail;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use toml::Table;

/// How alike two keys are when one is taken for the other misspelt, 0 to 1.
const ALIKE: f64 = 0.75;

/// Fails with the first key of a table that is no field of `T`.
pub(super) fn check<'de, T: Deserialize<'de>>(section: &str, table: &Table) -> anyhow::Result<()> {
    let known = fields_of::<T>();
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let name = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
    let alike = known.iter().map(|known| (strsim::jaro_winkler(key, known), known));
    match alike.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((likeness, known)) if likeness >= ALIKE => {
            bail!("{name} is not known: did you mean {known}?")
        }
        _ => bail!("{name} is not known: known are {}", known.join(", ")),
    }
}

/// The fields of a structure as serde reads them.
fn fields_of<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut fields: &'static [&'static str] = &[];
    // It always ends in an error: what was asked for on the way is the answer.
    drop(T::deserialize(Asked(&mut fields)));
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    fields
}

/// Notes which fields a structure asks for, and gives none.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(serde::de::Error::custom("asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("no structure"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
