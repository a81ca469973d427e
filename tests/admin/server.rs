//! A site with a portal: its configuration, its server, and HTTP without a library.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::run::{self, Finished};

/// All scopes, as the description of the API names them.
pub(crate) const SCOPES: &[&str] = &[
    "persons:read",
    "persons:write",
    "persons:export",
    "persons:erase",
    "accounts:read",
    "accounts:write",
    "orders:read",
    "orders:write",
    "reports:write",
    "messages:read",
    "messages:write",
    "jobs:read",
    "jobs:write",
    "shares:read",
    "shares:write",
    "audit:read",
    "backup:write",
];

/// A folder with everything that a portal needs.
pub(crate) struct Site {
    folder: TempDir,
}

/// The text of the token with this name.
pub(crate) fn token(name: &str) -> String {
    format!("token-of-{name}-0123456789abcdef0123456789")
}

impl Site {
    /// With a token `all`, and one for each scope called `only-…` and `all-but-…`.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// The same with more configuration.
    pub(crate) fn with(more: &str) -> Self {
        let folder = TempDir::with_prefix("esito-admin-").expect("a folder");
        let site = Self { folder };
        fs::create_dir(site.path("backups")).expect("a folder");
        site.secret("secret", "0123456789abcdef0123456789abcdef0123456789abcdef");
        let mut tokens = vec![("all".to_owned(), SCOPES.to_vec())];
        for scope in SCOPES {
            let name = scope.replace(':', "-");
            tokens.push((format!("only-{name}"), vec![*scope]));
            let others = SCOPES.iter().copied().filter(|other| other != scope).collect();
            tokens.push((format!("all-but-{name}"), others));
        }
        let mut config = String::from(
            "[store]\nfolder = 'store'\nsecret_file = 'secret'\n\
             [portal]\nlisten = '127.0.0.1:0'\naddress = 'http://127.0.0.1:8080'\n\
             [admin]\nlisten = '127.0.0.1:0'\ntrusted_proxies = ['127.0.0.1']\n\
             backup_folder = 'backups'\n",
        );
        for (name, scopes) in tokens {
            site.secret(&format!("{name}.token"), &token(&name));
            writeln!(
                config,
                "[[admin.tokens]]\nname = '{name}'\ntoken_file = '{name}.token'\nscopes = {scopes:?}"
            )
            .expect("a line");
        }
        config.push_str(more);
        fs::write(site.config(), config).expect("the configuration");
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("esito.toml")
    }

    fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a secret");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).expect("its mode");
    }

    /// `esito` with a subcommand, the configuration and something on standard input.
    pub(crate) fn esito(&self, command: &[&str], input: &str) -> Finished {
        run::esito(command).arg("--config").arg(self.config()).finish_with(input)
    }

    /// The same; it must succeed and answer JSON, or nothing.
    #[track_caller]
    pub(crate) fn answer(&self, command: &[&str], input: &str) -> Value {
        let finished = self.esito(command, input).expect_code(&[0]);
        serde_json::from_slice(&finished.stdout).unwrap_or(Value::Null)
    }

    pub(crate) fn serve(&self) -> Server {
        let mut child = run::esito(&["serve"]).arg("--config").arg(self.config()).start();
        let stdout = BufReader::new(child.stdout.take().expect("standard output"));
        let mut lines = stdout.lines().map(|line| line.expect("a line"));
        let address = lines
            .find_map(|line| {
                let line = line.strip_prefix("listening on ")?;
                Some(line.strip_suffix(", for administrators")?.to_owned())
            })
            .expect("the address of the administrators' listener");
        // Whatever it says later, and its log, must not fill the pipes.
        std::thread::spawn(move || lines.for_each(drop));
        let mut log = child.stderr.take().expect("standard error");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Server { child, address }
    }
}

/// `esito serve`; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

impl Server {
    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as a loss of power would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Asks with the token that may do all.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_as(&token("all"), method, path, body)
    }

    pub(crate) fn ask_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let token = format!("Authorization: Bearer {token}\r\n");
        if body.is_null() {
            self.send(method, path, &token, b"").expect("an answer")
        } else {
            let headers = format!("{token}Content-Type: application/json\r\n");
            self.send(method, path, &headers, body.to_string().as_bytes()).expect("an answer")
        }
    }

    /// Sends a request as it is written here (RFC 9112).
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\
             Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let odd = || std::io::Error::other("no answer of HTTP");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(odd)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<_, _> =
            headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        assert!(!headers.contains_key("transfer-encoding"), "{head}");
        Ok(Answer { status: status.ok_or_else(odd)?, headers, body: answer[end + 4..].to_vec() })
    }
}

/// A person to add, by the end of the Patient ID.
pub(crate) fn new_person(patient_id: &str) -> Value {
    serde_json::json!({
        "patient_ids": [{ "id": format!("TEST-{patient_id}") }],
        "family_name": "ROSSI",
        "given_name": "MARIA TEST",
        "consent": { "online_results": true },
    })
}

/// An account to open.
pub(crate) fn new_account(user_name: &str) -> Value {
    serde_json::json!({
        "user_name": user_name,
        "contact": { "email": format!("{user_name}@example.org"), "phone": "+390000000000" },
    })
}

/// Whether a text lies in a file of a folder.
pub(crate) fn holds(folder: &Path, text: &str) -> bool {
    crate::support::files_below(folder).iter().any(|file| {
        let Ok(bytes) = fs::read(file) else { return false };
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
