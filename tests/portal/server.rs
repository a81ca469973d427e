//! `esito serve` of a test.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::run;

/// A running portal; dropping it ends it.
pub struct Portal {
    process: Child,
    log: PathBuf,
    told: PathBuf,
    /// What it listens on, host and port.
    pub listen: String,
    /// Where administrators ask; empty where they do not.
    pub admin: String,
    /// Where a monitor asks.
    pub monitor: String,
}

impl Drop for Portal {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A port that nobody has.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Writes the configuration of a portal into a folder, with more sections behind.
pub fn configure(folder: &Path, portal: &str, more: &str) -> PathBuf {
    let secret = folder.join("secret");
    if !secret.exists() {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).mode(0o600).open(&secret).expect("a file");
        std::io::Write::write_all(&mut file, &[b'x'; 48]).expect("written");
    }
    let file = folder.join("esito.toml");
    let text = format!(
        "[portal]\n{portal}\n[store]\nfolder = 'store'\nsecret_file = 'secret'\n\
         [monitor]\nlisten = '127.0.0.1:0'\n[log]\nformat = 'json'\nlevel = 'debug'\n{more}"
    );
    fs::write(&file, text).expect("the configuration");
    file
}

impl Portal {
    /// Starts it and waits until it listens.
    pub fn start(config: &Path) -> Self {
        Self::start_by(&mut Command::new(env!("CARGO_BIN_EXE_esito")), config)
    }

    /// The same, by a command to which the arguments are added.
    pub fn start_by(command: &mut Command, config: &Path) -> Self {
        let (log, told) = (config.with_extension("log"), config.with_extension("out"));
        let stderr = fs::File::create(&log).expect("a log");
        let stdout = fs::File::create(&told).expect("a file");
        let spool = config.with_file_name("spool");
        fs::create_dir_all(&spool).expect("a folder");
        let process = command
            .args(["serve", "--config"])
            .arg(config)
            .env("TMPDIR", spool)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("esito serve");
        let mut portal = Self {
            process,
            log,
            told,
            listen: String::new(),
            admin: String::new(),
            monitor: String::new(),
        };
        let until = Instant::now() + Duration::from_mins(1);
        while !portal.told().contains("/metrics") {
            let ended = portal.process.try_wait().expect("its state");
            assert!(ended.is_none() && Instant::now() < until, "{}", portal.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        for line in portal.told().lines() {
            let address = || line.split([' ', ',']).nth(2).unwrap_or_default().to_owned();
            if line.ends_with("for administrators") {
                portal.admin = address();
            } else if line.starts_with("listening on ") {
                portal.listen = address();
            } else {
                line.split('/').nth(2).expect("an address").clone_into(&mut portal.monitor);
            }
        }
        portal
    }

    /// What it wrote to its standard output so far.
    pub fn told(&self) -> String {
        fs::read_to_string(&self.told).expect("the file")
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log")
    }

    /// Waits until the log has a text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        while !self.log().contains(text) {
            assert!(Instant::now() < until, "{text:?} is not in {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends it a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = run::program("kill").args(["-s", name, &self.process.id().to_string()]).finish();
        assert_eq!(sent.code, Some(0), "{}", sent.stderr);
    }

    /// Waits for its end and gives its exit code.
    pub fn end(&mut self) -> Option<i32> {
        self.process.wait().expect("its end").code()
    }
}

/// Asks with curl; gives status and body.
pub fn get(url: &str, more: &[&str]) -> (u16, String) {
    let asked = run::program("curl")
        .args(["-sS", "--max-time", "20", "-w", "\n%{http_code}"])
        .args(more)
        .arg(url)
        .finish();
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').expect("a status");
    let status = status.parse().expect("a number");
    assert_eq!(asked.code, Some(0), "{}", asked.stderr);
    (status, body.to_owned())
}

/// A file that only its owner can read.
pub fn private(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("rights");
}
