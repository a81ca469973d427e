//! A server in Python that says in JSON lines what it was told.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;

/// A script of `tests/judges` that serves.
pub(crate) struct Peer {
    pub(crate) port: u16,
    lines: Receiver<Value>,
    process: Child,
    /// It serves until this is closed.
    _input: ChildStdin,
}

impl Peer {
    pub(crate) fn start(script: &str, arguments: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let python = root.join(".cache/venv/bin/python");
        assert!(python.exists(), "the judges are not installed: run tests/judges/install");
        let mut process = Command::new(python)
            .arg("-B")
            .arg(root.join("tests/judges").join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (tell, lines) = std::sync::mpsc::sync_channel(1000);
        std::thread::spawn(move || {
            for line in output.lines() {
                let line = line.unwrap();
                if tell.send(serde_json::from_str(&line).expect(&line)).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self { port: 0, lines, process, _input: input };
        let port = peer.line().get("port").and_then(Value::as_u64).unwrap();
        peer.port = u16::try_from(port).unwrap();
        peer
    }

    /// The next that it says.
    pub(crate) fn line(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("the peer says nothing")
    }

    /// All that it said and nobody has read.
    pub(crate) fn rest(&self) -> Vec<Value> {
        std::thread::sleep(Duration::from_millis(100));
        self.lines.try_iter().collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
