//! House rules that a compiler does not check: crate edges, file lengths, names, licences.

#![expect(clippy::expect_used, reason = "a test program: a failed expectation ends the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of our crates each of our crates may stand on (arrows go down only).
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("texts", &[]),
    ("zipstream", &[]),
    ("scratch", &[]),
    ("part10", &["model", "scratch"]),
    ("pacs", &["model", "part10", "scratch"]),
    ("render", &["model", "part10"]),
    ("media", &["model", "part10", "texts"]),
    ("engine", &["model", "part10", "pacs", "render", "media", "scratch", "texts", "zipstream"]),
    ("store", &[]),
    ("portal", &["engine", "texts", "store"]),
    ("fixtures", &[]),
    ("esito", &["engine", "portal", "fixtures"]),
];
/// The longest a source file may be, its tests not counted.
const MOST_LINES: usize = 500;
/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "manager"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata(more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(more)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata in JSON")
}

/// All our Rust files.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", "out", "node_modules"].contains(&name.as_str())
                    && !name.starts_with('.')
                {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 10, "the walk found only {} files", files.len());
    files.sort();
    files
}

/// Fails with one line for each file that breaks a rule.
#[track_caller]
fn all_files(rule: impl Fn(&Path, &str) -> Option<String>) {
    let faults: Vec<_> = sources()
        .iter()
        .filter_map(|file| {
            let text = fs::read_to_string(file).expect("UTF-8");
            let short = file.strip_prefix(root()).expect("below the root");
            rule(short, &text).map(|fault| format!("{}: {fault}", short.display()))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn crates_stand_only_on_those_below_them() {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        EDGES.iter().map(|(name, below)| (*name, below.iter().copied().collect())).collect();
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() >= 5, "only {} packages", packages.len());
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let below = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in EDGES"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let on = dependency["name"].as_str().expect("a name");
            // Tests and benches may use anything of ours: what is shipped does not follow them.
            if allowed.contains_key(on) && dependency["kind"] != "dev" {
                assert!(below.contains(on), "{name} stands on {on}");
            }
        }
    }
}

#[test]
fn every_licence_is_one_that_we_accept() {
    let deny = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let list = deny.split("allow = [").nth(1).and_then(|rest| rest.split(']').next());
    let accepted: BTreeSet<_> =
        list.expect("a list of licences").split('"').skip(1).step_by(2).collect();
    assert!(accepted.contains("MIT"));
    let mut refused = Vec::new();
    let metadata = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]);
    for package in metadata["packages"].as_array().expect("packages") {
        let licence = package["license"].as_str().unwrap_or("no licence");
        if !acceptable(licence, &accepted) {
            refused.push(format!("{}: {licence}", package["name"]));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Whether an SPDX expression can be satisfied; parentheses bind as in `A AND (B OR C)`.
fn acceptable(expression: &str, accepted: &BTreeSet<&str>) -> bool {
    let expression = expression.replace('/', " OR ");
    // `AND` of groups: a group is what stands in parentheses, or a run of `OR`s without any.
    let holds_any = |group: &str| group.split(" OR ").any(|one| accepted.contains(one.trim()));
    if expression.contains('(') {
        expression.split(" AND ").all(|group| holds_any(group.trim_matches(['(', ')', ' '])))
    } else {
        expression
            .split(" OR ")
            .any(|choice| choice.split(" AND ").all(|one| accepted.contains(one.trim())))
    }
}

#[test]
fn licence_expressions_are_read_right() {
    let accepted = BTreeSet::from(["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]);
    for good in
        ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "(MIT OR GPL-3.0) AND Zlib", "MIT AND Zlib"]
    {
        assert!(acceptable(good, &accepted), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND GPL-3.0", "no licence", ""] {
        assert!(!acceptable(bad, &accepted), "{bad}");
    }
}

#[test]
fn files_are_short_enough_to_be_read() {
    all_files(|_, text| {
        let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        (lines > MOST_LINES).then(|| format!("{lines} lines"))
    });
}

#[test]
fn every_module_says_what_it_is() {
    all_files(|_, text| (!text.starts_with("//!")).then(|| "does not begin with //!".to_owned()));
}

#[test]
fn names_tell_what_is_inside() {
    all_files(|file, _| {
        file.with_extension("")
            .components()
            .filter_map(|part| part.as_os_str().to_str())
            .find(|part| EMPTY_NAMES.contains(part) || *part == "mod")
            .map(|part| format!("nothing may be called {part}"))
    });
}

/// A person's name in DICOM form (`FAMILY^GIVEN`) must be plainly invented: it says TEST.
#[test]
fn people_in_the_sources_are_invented() {
    all_files(|_, text| {
        text.split('"')
            .find(|literal| looks_like_a_person(literal) && !literal.contains("TEST"))
            .map(|literal| format!("{literal:?} may be somebody"))
    });
}

fn looks_like_a_person(literal: &str) -> bool {
    let letters = |part: &str| {
        part.len() > 2 && part.chars().all(|c| c.is_ascii_uppercase() || c == ' ' || c == '\'')
    };
    literal.split_once('^').is_some_and(|(family, given)| {
        letters(family) && given.split('^').next().is_some_and(letters)
    })
}

#[test]
fn a_person_is_told_from_other_texts() {
    assert!(looks_like_a_person(concat!("ROSSI", "^", "MARIA TEST")));
    assert!(looks_like_a_person(concat!("D'ANGELO", "^", "ANNA")));
    assert!(!looks_like_a_person("2^16"));
    assert!(!looks_like_a_person("^"));
}

/// The numbers of the reference portal: the first and the last of each of its chapters.
const SCREENS: [(u32, u32); 14] = [
    (1, 8),
    (10, 15),
    (20, 22),
    (30, 38),
    (40, 48),
    (50, 56),
    (60, 68),
    (70, 76),
    (80, 86),
    (90, 95),
    (100, 110),
    (120, 124),
    (130, 133),
    (140, 150),
];

#[test]
fn every_feature_of_the_reference_has_a_test_or_is_said_to_be_open() {
    let table = fs::read_to_string(root().join("tests/screens.txt")).expect("the table");
    let rows: Vec<_> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').expect("a number and a test"))
        .collect();
    let numbers: Vec<String> = SCREENS
        .into_iter()
        .flat_map(|(first, last)| (first..=last).map(|number| format!("S-{number:03}")))
        .collect();
    assert_eq!(rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), numbers);
    let code: String =
        sources().iter().map(|file| fs::read_to_string(file).expect("UTF-8")).collect();
    for (number, test) in rows {
        if test.strip_prefix("open: ").is_none_or(|reason| reason.len() < 5) {
            let shown = test_text(&code, test);
            let shown = shown.unwrap_or_else(|| panic!("{number}: there is no test {test}"));
            assert!(names(&shown, number), "{number}: {test} does not name it");
        }
    }
}

/// A test from its comment to its end, and the scripts of the browser that it runs.
fn test_text(code: &str, test: &str) -> Option<String> {
    let at = code.find(&format!("fn {test}("))?;
    let (before, rest) = code.split_at(at);
    let begin = before.rfind("\n\n").unwrap_or(0);
    let indent = before.rsplit('\n').next().unwrap_or_default();
    let end = rest.find(&format!("\n{indent}}}\n")).unwrap_or(rest.len());
    let mut text = code[begin..at + end].to_owned();
    for script in fs::read_dir(root().join("tests/browser")).expect("the scripts").flatten() {
        if text.contains(&format!("\"{}\"", script.file_name().to_string_lossy())) {
            text += &fs::read_to_string(script.path()).expect("UTF-8");
        }
    }
    Some(text)
}

/// Whether a number stands there, by itself or within a range such as `S-041 to S-046`.
fn names(text: &str, number: &str) -> bool {
    let value = |text: &str| text.get(..3).and_then(|digits| digits.parse::<u32>().ok());
    let wanted = number.strip_prefix("S-").and_then(value);
    let mut begins = None;
    text.split("S-").skip(1).any(|found| {
        let last = value(found);
        let first = begins.take().or(last);
        begins = last.filter(|_| found.get(3..) == Some(" to "));
        last.is_some() && first <= wanted && wanted <= last
    })
}

#[test]
fn a_number_is_named_by_itself_or_within_a_range() {
    let text = "/// Rules (S-041 to S-046), S-048.\nfn rules() {\n";
    for (number, named) in [("S-040", false), ("S-041", true), ("S-043", true), ("S-047", false)] {
        assert_eq!(names(text, number), named, "{number}");
    }
    assert!(names(text, "S-048") && !names("S-04", "S-040") && !names("", "S-001"));
    let code =
        "\n/// S-001.\n#[test]\nfn one() {\n}\n\nfn two() {\n    // S-002\n}\n\nfn three() {}\n";
    assert!(names(&test_text(code, "one").expect("one"), "S-001"));
    let two = test_text(code, "two").expect("two");
    assert!(names(&two, "S-002") && !names(&two, "S-001"), "{two}");
    assert_eq!(test_text(code, "four"), None);
}
