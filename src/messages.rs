//! What stands on standard error: sentences for people, or one JSON object a line for programs.

use std::io::{Write as _, stderr};
use std::panic::Location;

use serde_json::{Value, json};

/// The form of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Messages {
    /// For people.
    Sentences,
    /// For programs.
    Json,
}

impl Messages {
    /// Something to know that did not stop the work.
    pub(crate) fn notice(self, text: &str) {
        self.say("notice", text);
    }

    /// Why there is no result.
    pub(crate) fn error(self, text: &str) {
        self.say("error", text);
    }

    fn say(self, event: &str, text: &str) {
        match self {
            Self::Sentences => line(&format!("esito: {text}")),
            Self::Json => json_line(&json!({"event": event, "message": text})),
        }
    }
}

/// Writes one JSON object as a line.
pub(crate) fn json_line(value: &Value) {
    line(&value.to_string());
}

fn line(text: &str) {
    // Nobody can be told that nobody listens.
    drop(writeln!(stderr(), "{text}"));
}

/// A decoder that panics on a damaged image costs that image, and the package says so: that would only worry
/// people. Any other panic is told with its place alone: its words could be a value of a file.
pub(crate) fn tell_panics_by_their_place() {
    std::panic::set_hook(Box::new(|panic| {
        if !is_worker() {
            Messages::Sentences.error(&panic_sentence(panic.location()));
        }
    }));
}

/// What is told of a panic.
pub(crate) fn panic_sentence(place: Option<&Location<'_>>) -> String {
    let place = place.map(ToString::to_string).unwrap_or_default();
    format!("a fault of the program: it panicked at {place}; please report it")
}

/// Whether this thread makes packages.
pub(crate) fn is_worker() -> bool {
    std::thread::current().name().is_some_and(|name| name.starts_with("esito-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_place() {
        let place = Location::caller();
        let sentence = panic_sentence(Some(place));
        let expected = format!("it panicked at src/messages.rs:{}:", place.line());
        assert!(sentence.contains(&expected), "{sentence}");
    }
}
