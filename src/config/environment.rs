//! The environment over the configuration file.
//!
//! `ESITO__SECTION__KEY` takes the place of `key` in `[section]`, `ESITO__SECTION__TABLE__KEY` of a key
//! in a table of it. Of several PACS, `ESITO__PACS__NAME__KEY` is meant for the one with this name, in
//! which whatever is no letter and no digit is written `_`; or NAME is its number in the file, from 0.
//! The number behind the last one makes another PACS.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize as _;
use toml::{Table, Value};

use super::File;

/// Puts the value of an environment variable in the place that its name (without the prefix) tells.
pub(super) fn set(table: &mut Table, name: &str, value: &str) -> anyhow::Result<()> {
    let lower = name.to_ascii_lowercase();
    let steps: Vec<&str> = lower.split("__").collect();
    ensure!(steps.iter().all(|step| !step.is_empty()), "write ESITO__SECTION__KEY");
    match steps.as_slice() {
        ["pacs", which, path @ .., key] => {
            let pacs = pacs(table, which)?;
            let value = typed(&["pacs"], path, key, value);
            place(pacs, path)?.insert((*key).to_owned(), value);
        }
        ["pacs", ..] => bail!("write ESITO__PACS__NAME__KEY"),
        [section, path @ .., key] if path.len() < 2 => {
            let path: Vec<&str> = std::iter::once(*section).chain(path.iter().copied()).collect();
            let value = typed(&[], &path, key, value);
            place(table, &path)?.insert((*key).to_owned(), value);
        }
        _ => bail!("write ESITO__SECTION__KEY"),
    }
    Ok(())
}

/// The table of a PACS.
fn pacs<'a>(table: &'a mut Table, which: &str) -> anyhow::Result<&'a mut Table> {
    let all = table.entry("pacs").or_insert_with(|| Value::Array(Vec::new()));
    let all = all.as_array_mut().context("pacs: write its keys below a line [[pacs]]")?;
    let names: Vec<String> = all.iter().map(folded_name).collect();
    let found: Vec<usize> = (0..names.len())
        .filter(|index| names.get(*index).is_some_and(|name| *name == folded(which)))
        .collect();
    let index = match (found.as_slice(), which.parse::<usize>()) {
        ([one], _) => *one,
        ([_, _, ..], _) => bail!("several PACS have a name like {which}: use the number"),
        ([], Ok(number)) if number <= names.len() => number,
        _ => bail!(
            "no PACS is called {which}: there are {}",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ),
    };
    if index == all.len() {
        all.push(Value::Table(Table::new()));
    }
    all.get_mut(index).and_then(Value::as_table_mut).context("write its keys below a line [[pacs]]")
}

fn folded_name(pacs: &Value) -> String {
    folded(pacs.get("name").and_then(Value::as_str).unwrap_or_default())
}

/// A name as it stands in a variable.
fn folded(name: &str) -> String {
    let mut folded = String::new();
    for character in name.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            folded.push(character);
        } else if !folded.ends_with('_') {
            folded.push('_');
        }
    }
    folded.trim_matches('_').to_owned()
}

/// The table at a path, made where it is not there.
fn place<'a>(table: &'a mut Table, path: &[&str]) -> anyhow::Result<&'a mut Table> {
    let mut place = table;
    for step in path {
        place = place
            .entry(*step)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .with_context(|| format!("{step} is not a section with keys of its own"))?;
    }
    Ok(place)
}

/// A value as text where the key takes text, else as it would be written in the file.
fn typed(array: &[&str], path: &[&str], key: &str, text: &str) -> Value {
    let fits = |value: &Value| {
        let mut inner = Table::from_iter([(key.to_owned(), value.clone())]);
        for step in path.iter().rev() {
            inner = Table::from_iter([((*step).to_owned(), Value::Table(inner))]);
        }
        for step in array {
            let one = Value::Array(vec![Value::Table(inner)]);
            inner = Table::from_iter([((*step).to_owned(), one)]);
        }
        File::deserialize(inner).is_ok()
    };
    let as_text = Value::String(text.to_owned());
    if fits(&as_text) {
        return as_text;
    }
    let written: Option<Table> = format!("value = {text}").parse().ok();
    let written = written.and_then(|mut table| table.remove("value"));
    written.filter(fits).unwrap_or(as_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TWO: &str = "[[pacs]]\nname = 'Main PACS (old)'\n[[pacs]]\nname = 'other'";

    fn with(text: &str, name: &str, value: &str) -> Result<Table, String> {
        let mut table: Table = text.parse().unwrap();
        set(&mut table, name, value).map_err(|error| format!("{error:#}"))?;
        Ok(table)
    }

    #[rstest]
    #[case::by_name("PACS__MAIN_PACS_OLD__HOST", 0)]
    #[case::by_number("PACS__1__HOST", 1)]
    #[case::another_one("PACS__2__HOST", 2)]
    fn a_pacs_is_found_by_name_or_number(#[case] variable: &str, #[case] index: usize) {
        let table = with(TWO, variable, "pacs.test").unwrap();
        let pacs = &table["pacs"].as_array().unwrap()[index];
        assert_eq!(pacs["host"].as_str(), Some("pacs.test"));
    }

    #[test]
    fn a_value_has_the_type_that_its_key_takes() {
        let mut table = with(TWO, "PACS__OTHER__PORT", "104").unwrap();
        for (name, value) in [
            ("PACS__OTHER__CALLED_AE_TITLE", "104"),
            ("PACS__OTHER__TIME_OUTS__CONNECT", "2"),
            ("PACS__OTHER__AUTHENTICATION__PASSWORD", "0123"),
            ("STORE_SCP__ASSOCIATIONS", "8"),
            ("STORE_SCP__TLS__KEY_FILE", "me.key"),
        ] {
            set(&mut table, name, value).unwrap();
        }
        let pacs = &table["pacs"].as_array().unwrap()[1];
        assert_eq!(pacs["port"].as_integer(), Some(104));
        assert_eq!(pacs["called_ae_title"].as_str(), Some("104"));
        assert_eq!(pacs["time_outs"]["connect"].as_integer(), Some(2));
        assert_eq!(pacs["authentication"]["password"].as_str(), Some("0123"));
        assert_eq!(table["store_scp"]["associations"].as_integer(), Some(8));
        assert_eq!(table["store_scp"]["tls"]["key_file"].as_str(), Some("me.key"));
    }

    #[rstest]
    #[case::nobody("PACS__MIAN__HOST", "no PACS is called mian: there are main_pacs_old, other")]
    #[case::far_off("PACS__7__HOST", "no PACS is called 7")]
    #[case::no_key("PACS__OTHER", "write ESITO__PACS__NAME__KEY")]
    #[case::empty_step("PACS__OTHER____HOST", "write ESITO__SECTION__KEY")]
    #[case::too_deep("STORE_SCP__A__B__C", "write ESITO__SECTION__KEY")]
    fn odd_names_are_faults(#[case] variable: &str, #[case] expected: &str) {
        let error = with(TWO, variable, "x").unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
