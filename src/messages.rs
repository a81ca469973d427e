//! What stands on standard error: sentences for people, or one JSON object a line for programs.

use std::io::{Write as _, stderr};

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

/// A decoder that panics on a damaged image costs that image, and the package says so. The message
/// of the panic would only worry people, and could hold values of the file.
pub(crate) fn keep_panics_of_workers_quiet() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_worker() {
            default(panic);
        }
    }));
}

/// Whether this thread makes packages.
pub(crate) fn is_worker() -> bool {
    std::thread::current().name().is_some_and(|name| name.starts_with("esito-"))
}
