//! The JSON Schema of the configuration, made from the structures that it is read into.
//!
//! It knows the keys, their kinds and their words. What depends on something else, as a key that takes another's
//! place, a range or a file, is for `esito config check`.

use schemars::generate::SchemaSettings;
use schemars::transform::RestrictFormats;
use serde_json::{Value, json};

use super::File;

/// As JSON Schema, draft 2020-12. TOML has no null: a key that may be absent is not there.
pub(crate) fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RestrictFormats::default());
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    tidy(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.insert("title".to_owned(), json!("esito.toml"));
        root.insert(
            "description".to_owned(),
            json!("The configuration of Esito; `esito config sample` explains each key."),
        );
    }
    schema
}

/// Takes out null, the names of our structures, and defaults that only say that nothing is set.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type") != Some(&json!("null")));
                // What may be absent is the one choice that is left.
                if let [only] = choices.as_mut_slice() {
                    let only = only.take();
                    fields.remove("anyOf");
                    if let Value::Object(only) = only {
                        fields.extend(only);
                    }
                }
            }
            if let Some(Value::Array(kinds)) = fields.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = kinds.as_mut_slice() {
                    let only = only.take();
                    fields.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(words)) = fields.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            // A key that is called `title` or `default` holds a schema, not a text.
            if fields.get("title").is_some_and(Value::is_string) {
                fields.remove("title");
            }
            if fields
                .get("default")
                .is_some_and(|value| !value.is_object() || fields.contains_key("type"))
            {
                fields.remove("default");
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
