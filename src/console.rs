//! The console of the portal: what administrative commands ask, and how their answers end.
//!
//! A command is a client of the administration API: of the server that has the store open, or of the same
//! router in this process when none runs.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use portal::admin::Console;
use portal::outbox::Ways;
use portal::store::StoreError;
use portal::{Bytes, Clock, Portal, PortalError, Request};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::commands::serve;
use crate::config::{Config, StoreSettings};
use crate::exit;
use crate::messages::Messages;

/// How long a command waits for a server that starts or ends.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);
/// The most that is read: no report may be larger.
const MOST_BYTES: u64 = engine::MOST_REPORT_BYTES;

/// Why a command did not do what it was to do.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// The command was given what it cannot use.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { code: exit::USAGE, text: text.into() }
    }

    /// What was to be taken in is refused.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self { code: exit::REFUSED, text: text.into() }
    }

    /// The disk, or the program that has it.
    pub(crate) fn storage(error: &anyhow::Error) -> Self {
        Self { code: exit::STORAGE, text: format!("{error:#}") }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { code: exit::STORAGE, text: format!("cannot write the answer: {error}") }
    }
}

/// The exit code of a command, after it has told why it failed.
pub(crate) fn end(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, text }) => {
            Messages::Sentences.error(&text);
            ExitCode::from(code)
        }
    }
}

/// The configuration of a file.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    Config::load(Some(file)).map_err(|error| Failure::usage(format!("{error:#}")))
}

/// A way to the administration API.
#[derive(Debug)]
pub(crate) struct Administration {
    console: Console,
    /// What the console stands on when no server runs.
    portal: Option<Portal>,
    runtime: Runtime,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its JSON; null when it has none.
    pub(crate) body: Value,
}

impl Administration {
    /// Finds the server, or opens the store.
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        let config = load(file)?;
        // What goes to the outbox here leaves with the server.
        let ways = Ways::Sent { mail: None, sms: None };
        let settings =
            serve::settings(&config, ways).map_err(|error| Failure::usage(format!("{error:#}")))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::storage(&error.into()))?;
        let mut tries = 0;
        let owned = config.store.as_ref().map_or(Ok(()), StoreSettings::check_owner);
        loop {
            let server = runtime.block_on(Console::of_server(&settings.store));
            if let Some(console) = server.map_err(|error| Failure::storage(&error.into()))? {
                return Ok(Self { console, portal: None, runtime });
            }
            if let Err(error) = &owned {
                return Err(Failure::storage(error));
            }
            match Portal::open(settings.clone(), Clock::System) {
                Ok(portal) => {
                    let console = portal.console();
                    return Ok(Self { console, portal: Some(portal), runtime });
                }
                // A server that starts has the store before its socket.
                Err(PortalError::Store(StoreError::InUse { .. })) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(Failure::storage(&error.into())),
            }
        }
    }

    /// Asks without a body.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Result<Answer, Failure> {
        self.send(method, path, "", Vec::new())
    }

    /// Asks with a JSON body.
    pub(crate) fn ask_with(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Failure> {
        self.send(method, path, "application/json", body.to_string().into_bytes())
    }

    /// Asks with a body of any kind.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(path).header("host", "console");
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let request = request
            .body(Bytes::from(body))
            .map_err(|error| Failure::usage(format!("{path} cannot be asked: {error}")))?;
        let response = self.runtime.block_on(self.console.ask(request));
        let response = response.map_err(|error| Failure::storage(&error.into()))?;
        let status = response.status();
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(Answer { body });
        }
        let detail = body.get("detail").and_then(Value::as_str).unwrap_or(status.as_str());
        let pointer = body.get("pointer").and_then(Value::as_str).filter(|text| !text.is_empty());
        let text = match pointer {
            Some(pointer) => format!("{pointer}: {detail}"),
            None => detail.to_owned(),
        };
        let code = match status.as_u16() {
            413 | 422 => exit::REFUSED,
            500.. => exit::STORAGE,
            _ => exit::USAGE,
        };
        Err(Failure { code, text })
    }
}

/// What was done must be on the disk before the command ends.
impl Drop for Administration {
    fn drop(&mut self) {
        let router =
            std::mem::replace(&mut self.console, Console::Server(std::path::PathBuf::new()));
        drop(router);
        drop(self.portal.take());
    }
}

/// Reads a file, or standard input for none: what is of a patient does not belong into arguments, which
/// every user of the machine can see.
pub(crate) fn read(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let (name, read) = if let Some(file) = file.filter(|file| *file != Path::new("-")) {
        let read = std::fs::File::open(file)
            .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
        (file.display().to_string(), read)
    } else {
        let read = io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes);
        ("standard input".to_owned(), read)
    };
    read.map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::refused(format!("{name} has more than {} MiB", MOST_BYTES >> 20)));
    }
    Ok(bytes)
}

/// Reads JSON from a file, or from standard input.
pub(crate) fn read_json(file: Option<&Path>) -> Result<Value, Failure> {
    serde_json::from_slice(&read(file)?).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::usage(format!("no JSON: see {place}"))
    })
}

/// Writes JSON for programs.
pub(crate) fn write_json(value: &Value) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value).map_err(io::Error::from)?;
    stdout.write_all(b"\n")?;
    Ok(())
}

/// The text of a field, or nothing.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}
