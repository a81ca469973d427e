//! Makes one typed function of each message of `locales/`, so that a missing message, language or
//! variable does not compile.
//!
//! Static messages become constants; those with variables are formatted by Fluent at run time.

#![expect(clippy::panic, reason = "a fault in the texts ends the build, with a sentence")]
#![expect(clippy::disallowed_methods, reason = "Cargo tells a build script its places this way")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use fluent_syntax::ast::{
    CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement,
};
use fluent_syntax::parser;

/// The languages, by folder, in the order of the enum.
const LANGUAGES: [&str; 2] = ["it", "en"];

/// A message by its name, which for an attribute is `message-attribute`.
type Messages = BTreeMap<String, Message>;

struct Message {
    /// The message that the attribute belongs to, and the attribute.
    id: String,
    attribute: Option<String>,
    pattern: Pattern<String>,
}

fn main() {
    println!("cargo::rerun-if-changed=locales");
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let [italian, english] = LANGUAGES.map(|language| {
        let mut messages = Messages::new();
        let mut source = String::new();
        for file in files(&Path::new(&root).join("locales").join(language)) {
            read(&file, &mut messages, &mut source);
        }
        (messages, source)
    });
    let names = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
    let apart: Vec<_> =
        names(&italian.0).symmetric_difference(&names(&english.0)).cloned().collect();
    assert!(apart.is_empty(), "these messages lack in one of the languages: {apart:?}");
    let mut code = String::from("impl Texts {\n");
    let mut list = String::new();
    for (name, message) in &italian.0 {
        function(name, message, [&italian.0, &english.0], &mut code, &mut list);
    }
    write(&mut code, format_args!("}}\n\n/// Every message: its function, and its variables.\n"));
    write(&mut code, format_args!("#[cfg(test)]\nconst MESSAGES: &[Listed] = &[\n{list}];\n"));
    write(&mut code, format_args!("const ITALIAN: &str = {:?};\n", italian.1));
    write(&mut code, format_args!("const ENGLISH: &str = {:?};\n", english.1));
    let out = env::var("OUT_DIR").unwrap_or_default();
    if let Err(error) = fs::write(Path::new(&out).join("messages.rs"), code) {
        panic!("the functions of the texts cannot be written: {error}");
    }
}

fn write(code: &mut String, text: std::fmt::Arguments<'_>) {
    assert!(code.write_fmt(text).is_ok(), "a string takes any text");
}

/// The files of a language, sorted, so that the same texts give the same code.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
}

fn read(file: &Path, messages: &mut Messages, source: &mut String) {
    let name = file.display();
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let resource =
        parser::parse(text.clone()).unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    for entry in resource.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            other => panic!("{name}: neither message nor comment: {other:?}"),
        };
        let id = message.id.name;
        assert!(
            id.starts_with(&format!("{stem}-")),
            "{name}: {id} does not begin with the name of its file"
        );
        let value = message.value.map(|pattern| (None, pattern));
        let attributes = message.attributes.into_iter();
        let attributes = attributes.map(|attribute| (Some(attribute.id.name), attribute.value));
        for (attribute, pattern) in value.into_iter().chain(attributes) {
            let function =
                attribute.iter().fold(id.clone(), |id, attribute| format!("{id}-{attribute}"));
            let message = Message { id: id.clone(), attribute, pattern };
            assert!(
                messages.insert(function.clone(), message).is_none(),
                "{name}: {function} twice"
            );
        }
    }
    source.push_str(&text);
    source.push('\n');
}

fn function(
    name: &str,
    message: &Message,
    languages: [&Messages; 2],
    code: &mut String,
    list: &mut String,
) {
    let patterns = languages.map(|messages| {
        &messages.get(name).unwrap_or_else(|| panic!("{name} lacks in a language")).pattern
    });
    let variables = patterns.map(|pattern| {
        let mut variables = BTreeSet::new();
        of_pattern(pattern, &mut variables, name);
        variables
    });
    let [variables, others] = variables;
    assert_eq!(variables, others, "{name}: its variables differ between the languages");
    let function = name.replace('-', "_");
    let id = &message.id;
    let listed: Vec<_> = variables.iter().collect();
    write(list, format_args!("    Listed {{ function: {function:?}, id: {id:?}, "));
    write(list, format_args!("attribute: {:?}, variables: &{listed:?} }},\n", message.attribute));
    write(code, format_args!("    /// The message `{name}`.\n"));
    let is_static = variables.is_empty();
    let texts = patterns.map(|pattern| constant(pattern).filter(|_| is_static));
    if let [Some(italian), Some(english)] = texts {
        write(code, format_args!("    pub fn {function}(self) -> &'static str {{\n"));
        write(code, format_args!("        self.pick({italian:?}, {english:?})\n    }}\n\n"));
        return;
    }
    assert!(!is_static, "{name}: a message without variables is plain text");
    let names: Vec<_> = variables.iter().map(|variable| variable.replace('-', "_")).collect();
    let (mut parameters, mut values) = (String::new(), String::new());
    for (variable, name) in variables.iter().zip(&names) {
        write(&mut parameters, format_args!(", {name}: impl Into<Value<'a>>"));
        write(&mut values, format_args!("({variable:?}, {name}.into()), "));
    }
    write(code, format_args!("    pub fn {function}<'a>(self{parameters}) -> String {{\n"));
    let attribute = &message.attribute;
    write(code, format_args!("        self.format({id:?}, {attribute:?}, [{values}])\n    }}\n\n"));
}

/// The text of a pattern that holds nothing else.
fn constant(pattern: &Pattern<String>) -> Option<String> {
    pattern
        .elements
        .iter()
        .map(|element| match element {
            PatternElement::TextElement { value }
            | PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::StringLiteral { value }),
            } => Some(value.as_str()),
            PatternElement::Placeable { .. } => None,
        })
        .collect()
}

fn of_pattern(pattern: &Pattern<String>, variables: &mut BTreeSet<String>, name: &str) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, variables, name);
        }
    }
}

fn of_expression(expression: &Expression<String>, variables: &mut BTreeSet<String>, name: &str) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, variables, name),
        Expression::Select { selector, variants } => {
            of_inline(selector, variables, name);
            for variant in variants {
                of_pattern(&variant.value, variables, name);
            }
        }
    }
}

fn of_inline(inline: &InlineExpression<String>, variables: &mut BTreeSet<String>, name: &str) {
    match inline {
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.clone());
        }
        InlineExpression::Placeable { expression } => of_expression(expression, variables, name),
        InlineExpression::FunctionReference {
            arguments: CallArguments { positional, .. }, ..
        } => {
            for argument in positional {
                of_inline(argument, variables, name);
            }
        }
        // What a sentence says stands in it: whoever translates sees it whole.
        other => panic!("{name}: no references to other messages: {other:?}"),
    }
}
