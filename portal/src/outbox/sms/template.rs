//! Texts with placeholders in braces.

use serde_json::Value;

/// A placeholder that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{{{0}}} is not known: {{number}}, {{digits}}, {{text}}, {{id}} and {{secret}} can stand in braces"
)]
pub struct UnknownPlaceholder(String);

/// What stands for the placeholders.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    /// With `+`.
    pub(super) number: &'a str,
    pub(super) text: &'a str,
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
}

impl<'a> Values<'a> {
    fn of(&self, name: &str) -> Option<&'a str> {
        Some(match name {
            "number" => self.number,
            "digits" => self.number.trim_start_matches('+'),
            "text" => self.text,
            "id" => self.id,
            "secret" => self.secret,
            _ => return None,
        })
    }
}

/// Fails with the first word in braces that is no placeholder.
pub(super) fn check(template: &str) -> Result<(), UnknownPlaceholder> {
    let nothing = Values { number: "", text: "", id: "", secret: "" };
    let mut unknown = None;
    walk(template, |piece| {
        if let Piece::Name(name) = piece
            && nothing.of(name).is_none()
        {
            unknown.get_or_insert_with(|| name.to_owned());
        }
    });
    unknown.map_or(Ok(()), |name| Err(UnknownPlaceholder(name)))
}

/// The template with its values, which are not looked at for placeholders.
pub(super) fn filled(template: &str, values: &Values<'_>) -> String {
    let mut text = String::new();
    walk(template, |piece| match piece {
        Piece::Text(piece) => text.push_str(piece),
        Piece::Name(name) => text.push_str(values.of(name).unwrap_or_default()),
    });
    text
}

/// JSON with its texts filled.
pub(super) fn filled_value(template: &Value, values: &Values<'_>) -> Value {
    match template {
        Value::String(text) => Value::String(filled(text, values)),
        Value::Array(all) => all.iter().map(|one| filled_value(one, values)).collect(),
        Value::Object(object) => Value::Object(
            object.iter().map(|(key, one)| (key.clone(), filled_value(one, values))).collect(),
        ),
        other => other.clone(),
    }
}

/// The texts of JSON.
pub(super) fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
        Value::Object(object) => object.values().for_each(|one| texts(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Placeholders are lower-case words in braces; other braces are text.
fn walk<'a>(template: &'a str, mut each: impl FnMut(Piece<'a>)) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let name = after.split_once('}').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        });
        each(Piece::Text(before));
        if let Some((name, behind)) = name {
            each(Piece::Name(name));
            rest = behind;
        } else {
            each(Piece::Text("{"));
            rest = after;
        }
    }
    each(Piece::Text(rest));
}
