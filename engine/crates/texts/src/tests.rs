//! Every message is whole in both languages, and somebody reads it.

use std::path::Path;
use std::{env, fs};

use rstest::rstest;

use super::*;

/// Sources, templates and drawings of the workspace.
fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "out"].contains(&name.as_str()) {
                sources(&path, found);
            }
        } else if [".rs", ".html", ".svg"].iter().any(|ending| name.ends_with(ending)) {
            found.push_str(&fs::read_to_string(&path).expect("UTF-8"));
        }
    }
}

#[test]
fn every_message_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut found = String::new();
    for folder in ["engine", "portal", "src"] {
        sources(&root.join(folder), &mut found);
    }
    let is_used = |listed: &Listed| found.contains(&format!(".{}(", listed.function));
    let unused: Vec<_> =
        MESSAGES.iter().filter(|listed| !is_used(listed)).map(|listed| listed.function).collect();
    assert!(unused.is_empty(), "nobody calls {unused:?}");
    assert!(MESSAGES.len() > 100, "only {} messages", MESSAGES.len());
}

/// Fluent formats each message without a complaint, for one and for many.
#[rstest]
fn every_message_takes_its_variables(
    #[values(Language::Italian, Language::English)] language: Language,
    #[values("1", "7", "{ $n }")] value: &str,
) {
    let bundle = bundle(language);
    for listed in MESSAGES {
        let message = bundle.get_message(listed.id).expect(listed.id);
        let pattern = match listed.attribute {
            Some(attribute) => message.get_attribute(attribute).expect(attribute).value(),
            None => message.value().expect(listed.id),
        };
        let value = value.parse().map_or(Value::from(value), |number: u64| Value::from(number));
        let values: FluentArgs<'_> =
            listed.variables.iter().map(|variable| (*variable, value.clone())).collect();
        let mut faults = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut faults);
        assert!(faults.is_empty() && !text.trim().is_empty(), "{}: {faults:?}", listed.function);
        assert_eq!(text, text.trim(), "{}", listed.function);
    }
}

#[rstest]
#[case::one(1, "1 immagine", "1 image")]
#[case::none(0, "0 immagini", "0 images")]
#[case::many(3_000, "3000 immagini", "3000 images")]
fn plurals(#[case] count: u64, #[case] italian: &str, #[case] english: &str) {
    assert_eq!(Language::Italian.texts().page_images(count), italian);
    assert_eq!(Language::English.texts().page_images(count), english);
}

#[test]
fn braces_of_a_value_are_no_place() {
    let text = Language::Italian.texts().report_see_item("{ $date } { page-title }");
    assert_eq!(text, "vedi il punto { $date } { page-title }");
}

/// S-141 and S-147 of the guide that patients know.
#[test]
fn italian_keeps_the_exact_sentences_of_the_guide() {
    let text = Language::Italian.texts();
    assert_eq!(
        text.page_unpack("index.htm"),
        "devi decomprimere il file (estrarre tutti i file presenti nel file ZIP) e lanciare il \
         file index.htm per accedere all'interfaccia Web, per consultare il referto in formato \
         PDF e le immagini in formato JPG."
    );
    assert_eq!(
        text.page_own_or_bundled_viewer(),
        "E' inoltre possibile visualizzare le immagini DICOM tramite un visualizzatore DICOM in \
         proprio possesso, oppure tramite il DICOM Viewer integrato nel file ZIP"
    );
}

#[rstest]
fn who_did_not_change_a_password_finds_the_link_by_its_name(
    #[values(Language::Italian, Language::English)] language: Language,
) {
    let text = language.texts();
    let message = text.message_password_changed_text("https://portal.example", "Portale TEST");
    assert!(message.contains(text.recovery_link()), "{message}");
}

/// Mail and SMS go through the hands of others: they name the portal, never a result, nor that there is one.
#[test]
fn messages_say_nothing_of_results() {
    let variables = ["address", "code", "minutes", "name", "password", "portal", "site"];
    let clinical = [
        "referto",
        "refert",
        "esito",
        "esiti",
        "esame",
        "esami",
        "radiolog",
        "diagnos",
        "pazient",
        "immagin",
        "tac",
        "risonanza",
        "mammogra",
        "ecogra",
        "report",
        "result",
        "exam",
        "image",
        "patient",
        "scan",
        "x-ray",
        "study",
        "clinic",
    ];
    let mut judged = 0;
    for listed in MESSAGES.iter().filter(|listed| listed.id.starts_with("message-")) {
        judged += 1;
        for variable in listed.variables {
            assert!(variables.contains(variable), "{}: {variable}", listed.id);
        }
        for language in Language::ALL {
            let bundle = bundle(language);
            let pattern = bundle.get_message(listed.id).and_then(|message| message.value());
            let values: FluentArgs<'_> = listed
                .variables
                .iter()
                .map(|variable| (*variable, Value::from("MARKER")))
                .collect();
            let pattern = pattern.expect(listed.id);
            let text = bundle.format_pattern(pattern, Some(&values), &mut Vec::new());
            let text = text.to_lowercase();
            let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
            for word in words.filter(|word| !word.is_empty()) {
                let found = clinical.iter().find(|clinical| word.starts_with(*clinical));
                assert_eq!(found, None, "{} in {}", listed.id, language.tag());
            }
        }
    }
    assert!(judged > 8, "only {judged} messages");
}
