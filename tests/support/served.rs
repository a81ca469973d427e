//! A server in Python that says in JSON lines what it was told.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;

/// A script of `tests/judges` that serves.
#[derive(Debug)]
pub struct Peer {
    /// Where it listens, at loopback.
    pub port: u16,
    lines: Receiver<Value>,
    process: Child,
    /// It serves until this is closed.
    _input: ChildStdin,
}

impl Peer {
    /// Starts it and waits until it listens.
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let root = folders.find(|folder| folder.join("tests/judges").exists()).expect("the judges");
        let python = root.join(".cache/venv/bin/python");
        assert!(python.exists(), "the judges are not installed: run tests/judges/install");
        let mut process = Command::new(python)
            .arg("-B")
            .arg(root.join("tests/judges").join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a peer");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (tell, lines) = std::sync::mpsc::sync_channel(1000);
        std::thread::spawn(move || {
            for line in output.lines() {
                let line = line.expect("a line");
                if tell.send(serde_json::from_str(&line).expect(&line)).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self { port: 0, lines, process, _input: input };
        let port = peer.line().get("port").and_then(Value::as_u64).expect("its port");
        peer.port = u16::try_from(port).expect("a port");
        peer
    }

    /// The next that it says.
    pub fn line(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("the peer says nothing")
    }

    /// All that it said and nobody has read.
    pub fn rest(&self) -> Vec<Value> {
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
