//! Whether the sample has every key that there is, and no other, with the values that hold without it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ::portal::admin::Scope;
use serde::Deserialize as _;
use toml::{Table, Value};

use super::{Config, File, check_keys};
use crate::commands::config::SAMPLE;

/// The sample with its keys in force: those with `or` before them too, or not.
fn in_force(alternatives: bool) -> Vec<String> {
    let line = |line: &str| {
        let key = line
            .strip_prefix('#')
            .filter(|key| key.starts_with(|c: char| c.is_ascii_lowercase() || c == '['));
        match (key, key.and_then(|key| key.strip_prefix("or "))) {
            (_, Some(key)) => alternatives.then(|| key.to_owned()),
            (Some(key), None) => Some(key.to_owned()),
            (None, _) => Some(line.to_owned()),
        }
    };
    SAMPLE.lines().filter_map(line).collect()
}

#[test]
fn the_sample_can_be_read_as_it_is_and_with_all_in_force() {
    for text in [SAMPLE.to_owned(), in_force(false).join("\n")] {
        let table: Table = text.parse().unwrap();
        check_keys(&table).unwrap();
        File::deserialize(table).unwrap();
    }
}

/// The keys of each table of the sample, tables by their path; alternatives are read one by one.
fn keys_of_the_sample() -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut section = String::new();
    for line in in_force(true) {
        if line.starts_with('[') {
            section = line.clone();
        }
        let text = if line.starts_with('[') { line } else { format!("{section}\n{line}") };
        gather(&text.parse().unwrap(), &mut Vec::new(), &mut found);
    }
    found
}

fn gather(
    table: &Table,
    path: &mut Vec<String>,
    found: &mut BTreeMap<Vec<String>, BTreeSet<String>>,
) {
    for (key, value) in table {
        found.entry(path.clone()).or_default().insert(key.clone());
        let inner = match value {
            Value::Array(all) => all.first().and_then(Value::as_table),
            value => value.as_table(),
        };
        if let Some(inner) = inner {
            path.push(key.clone());
            gather(inner, path, found);
            path.pop();
        }
    }
}

/// What is said of a key that nobody knows names all that there are.
fn known_at(path: &[String]) -> Option<BTreeSet<String>> {
    let mut table = Table::from_iter([("zzzz".to_owned(), Value::Boolean(true))]);
    for step in path.iter().rev() {
        let inner = Value::Table(table);
        let inner = if ["pacs", "tokens"].contains(&step.as_str()) {
            Value::Array(vec![inner])
        } else {
            inner
        };
        table = Table::from_iter([(step.clone(), inner)]);
    }
    let error = check_keys(&table).err()?.to_string();
    let (_, known) = error.split_once("is not known: known are ")?;
    Some(known.split(", ").map(str::to_owned).collect())
}

#[test]
fn the_sample_has_every_key_that_there_is() {
    let sample = keys_of_the_sample();
    assert!(sample.len() > 15, "only {} tables", sample.len());
    let mut judged = 0;
    for (path, keys) in &sample {
        // What a gateway calls its own keys nobody knows, and what stands in a PACS too is explained there.
        let Some(known) = known_at(path)
            .filter(|_| !path.contains(&"hook".to_owned()) || path.ends_with(&["hook".to_owned()]))
        else {
            continue;
        };
        judged += 1;
        let missing: Vec<_> = known.difference(keys).collect();
        assert!(missing.is_empty(), "the sample lacks {missing:?} in {path:?}");
    }
    assert!(judged > 15, "only {judged} tables");
}

/// Keys that show what one could write, or whose usual value is the machine's.
const EXAMPLES: [&str; 5] =
    ["downloads.at_once =", "spool.folder", "admin.listen", "admin.trusted_proxies", "branding."];

#[test]
fn a_value_of_the_sample_is_the_usual_one_unless_it_is_an_example() {
    let read = |text: &str| {
        let config = Config::read(text, &[], Path::new("")).unwrap();
        format!("{config:?}")
    };
    let usual = read(SAMPLE);
    let lines: Vec<_> = SAMPLE.lines().collect();
    let (mut section, mut judged) = ("", 0);
    for (at, line) in lines.iter().enumerate() {
        if line.trim_start_matches('#').starts_with('[') {
            section = line;
        }
        let key = line.strip_prefix('#').filter(|key| {
            key.starts_with(|c: char| c.is_ascii_lowercase()) && !key.starts_with("or ")
        });
        let (Some(key), Some(name)) = (key, section.strip_prefix('[')) else { continue };
        let path = format!("{}.{key}", name.trim_end_matches(']'));
        if EXAMPLES.iter().any(|example| path.starts_with(example)) {
            continue;
        }
        let mut text = lines.clone();
        text[at] = key;
        assert_eq!(read(&text.join("\n")), usual, "{path}");
        judged += 1;
    }
    assert!(judged > 20, "only {judged} keys");
}

#[test]
fn the_limits_of_a_pacs_in_the_sample_are_the_usual_ones() {
    let sample: Table = in_force(false).join("\n").parse().unwrap();
    let mut written = sample["pacs"][0].as_table().unwrap().clone();
    for (table, example) in [("limits", "bytes_per_second"), ("recall", "hook")] {
        written[table].as_table_mut().unwrap().remove(example).unwrap();
    }
    let read = |keys: &[&str]| {
        let kept = keys.iter().map(|key| ((*key).to_owned(), written[*key].clone()));
        let pacs = Value::Array(vec![Value::Table(kept.collect())]);
        let text = toml::to_string(&Table::from_iter([("pacs".to_owned(), pacs)])).unwrap();
        format!("{:?}", Config::read(&text, &[], Path::new("")).unwrap().pacs)
    };
    let needed = ["name", "host", "port", "called_ae_title", "calling_ae_title"];
    let usual = read(&needed);
    for key in ["protocol", "priority", "retrieve", "root", "limits", "time_outs", "recall"] {
        assert_eq!(read(&[&needed[..], &[key]].concat()), usual, "{key}");
    }
}

#[test]
fn the_sample_names_every_scope() {
    let (_, scopes) = SAMPLE.split_once("#or sha256").unwrap();
    let (scopes, _) = scopes.split_once("#scopes").unwrap();
    let scopes = scopes.replace("\n#", "");
    for scope in Scope::ALL {
        let (of, act) = scope.as_str().split_once(':').unwrap();
        let is_named = scopes
            .split(';')
            .any(|named| named.contains(&format!(" {of}:")) && named.contains(&format!(":{act}")));
        assert!(is_named, "{of}:{act}");
    }
}
