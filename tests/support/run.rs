//! Runs a program with a time limit and gathers all that it leaves: code, output, peak memory.

use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any test's package takes on two busy cores; a hang is a failure.
pub const TIME_LIMIT: Duration = Duration::from_mins(4);

/// A program to be run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    time_limit: Duration,
}

/// What a program left when it ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: String,
    /// The peak of its resident memory (`VmHWM`), in KiB, as last seen.
    pub peak_kib: u64,
    /// Whether the time limit ended it.
    pub hung: bool,
}

impl Finished {
    /// Fails unless the program ended with one of the codes, in time and without a panic.
    #[track_caller]
    pub fn expect_code(self, codes: &[i32]) -> Self {
        assert!(!self.hung, "no end within the time limit: {}", self.stderr);
        assert_eq!(self.signal, None, "ended by a signal: {}", self.stderr);
        assert!(!self.stderr.contains("panicked at"), "panic: {}", self.stderr);
        let code = self.code.expect("an exit code");
        let said = || format!("{}{}", String::from_utf8_lossy(&self.stdout), self.stderr);
        assert!(codes.contains(&code), "exit {code}, not one of {codes:?}: {}", said());
        self
    }
}

/// `esito` with arguments.
pub fn esito(arguments: &[&str]) -> Run {
    program(env!("CARGO_BIN_EXE_esito")).args(arguments)
}

/// A script of `tests/browser`, with the packages of `tests/judges/install`.
pub fn node(script: &str) -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join(".cache/browser/node_modules");
    assert!(modules.exists(), "the browser tests are not installed: run tests/judges/install");
    program("node")
        .env("NODE_PATH", modules.to_str().expect("UTF-8"))
        .arg(root.join("tests/browser").join(script))
}

/// Any program.
pub fn program(name: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(name);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Run { command, time_limit: TIME_LIMIT }
}

impl Run {
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Where standard output goes instead of into [`Finished::stdout`].
    #[must_use]
    pub fn stdout(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stdout(to);
        self
    }

    /// Where standard input comes from instead of from nowhere.
    #[must_use]
    pub fn stdin(mut self, from: impl Into<Stdio>) -> Self {
        self.command.stdin(from);
        self
    }

    /// Another time limit.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Runs it to its end, with this on its standard input.
    pub fn finish_with(self, input: &str) -> Finished {
        let limit = self.time_limit;
        let mut child = self.stdin(Stdio::piped()).start();
        let mut stdin = child.stdin.take().expect("standard input");
        // A program that does not read it may have ended.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        finish(child, limit)
    }

    /// Starts it; the caller talks to the child.
    pub fn start(mut self) -> Child {
        self.command.spawn().expect("the program starts")
    }

    /// Runs it to its end.
    pub fn finish(self) -> Finished {
        let limit = self.time_limit;
        finish(self.start(), limit)
    }
}

/// Waits for a child, reading what it writes; kills it when the time is over.
pub fn finish(mut child: Child, limit: Duration) -> Finished {
    let stdout = child.stdout.take().map(read_all);
    let stderr = child.stderr.take().map(read_all);
    let start = Instant::now();
    let mut peak_kib = 0;
    let mut hung = false;
    let status = loop {
        peak_kib = peak_kib.max(high_water_kib(child.id()));
        if let Some(status) = child.try_wait().expect("the child's state") {
            break status;
        }
        if start.elapsed() > limit && !hung {
            hung = true;
            child.kill().expect("the child ends");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let gather = |reader: Option<thread::JoinHandle<Vec<u8>>>| {
        reader.map_or_else(Vec::new, |thread| thread.join().expect("the reader"))
    };
    Finished {
        code: status.code(),
        signal: status.signal(),
        stdout: gather(stdout),
        stderr: String::from_utf8_lossy(&gather(stderr)).into_owned(),
        peak_kib,
        hung,
    }
}

/// The peak of the resident memory of a process so far, in KiB; 0 once it has ended.
pub fn high_water_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn read_all(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("the pipe can be read");
        bytes
    })
}
