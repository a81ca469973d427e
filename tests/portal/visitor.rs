//! Somebody with a browser, as far as curl goes: keeps cookies, and sends forms with their hidden field.

use std::collections::BTreeMap;

use crate::support::run;

/// A browser.
pub struct Visitor {
    origin: String,
    cookies: BTreeMap<String, String>,
    token: String,
}

/// What was answered.
pub struct Page {
    /// The status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The page.
    pub body: String,
}

impl Page {
    /// A header; empty without it.
    pub fn header(&self, name: &str) -> &str {
        let is_it = |line: &&str| {
            let (found, _) = line.split_once(':').unwrap_or_default();
            found.eq_ignore_ascii_case(name)
        };
        let line = self.head.lines().find(is_it).unwrap_or_default();
        line.split_once(':').map_or("", |(_, value)| value.trim())
    }
}

impl Visitor {
    /// Of a portal at `HOST:PORT`.
    pub fn new(listen: &str) -> Self {
        let origin = format!("http://{listen}");
        Self { origin, cookies: BTreeMap::new(), token: String::new() }
    }

    /// Opens a page; follows nothing.
    pub fn get(&mut self, path: &str) -> Page {
        self.ask(path, &[])
    }

    /// Sends a form from the last page that had one.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = format!("form_token={}", self.token);
        let mut arguments = vec!["--data-urlencode".to_owned(), token];
        for (name, value) in fields {
            arguments.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
        }
        let headers =
            [format!("origin: {}", self.origin), "sec-fetch-site: same-origin".to_owned()];
        arguments.extend(headers.into_iter().flat_map(|line| ["-H".to_owned(), line]));
        self.ask(path, &arguments)
    }

    /// Logs in.
    pub fn log_in(&mut self, user_name: &str, password: &str) -> Page {
        self.get("/login");
        self.post("/login", &[("user_name", user_name), ("password", password)])
    }

    /// Asks with more arguments of curl.
    pub fn ask(&mut self, path: &str, more: &[String]) -> Page {
        let asked = run::program("curl")
            .args(["-sS", "-i", "--max-time", "60", "--path-as-is", "-H"])
            .arg(self.cookies())
            .args(more)
            .arg(format!("{}{path}", self.origin))
            .finish();
        assert_eq!(asked.code, Some(0), "{}", asked.stderr);
        let text = String::from_utf8_lossy(&asked.stdout).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer of HTTP");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        for line in head.lines() {
            let Some((name, value)) = line.split_once(": ") else { continue };
            if name.eq_ignore_ascii_case("set-cookie") {
                let pair = value.split(';').next().unwrap_or_default();
                let (name, value) = pair.split_once('=').expect("a cookie");
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(rest) = body.split("name=\"form_token\" value=\"").nth(1) {
            rest.split('"').next().unwrap_or_default().clone_into(&mut self.token);
        }
        let status = status.expect("a status");
        Page { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The header that it sends its cookies with.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        format!("cookie: {}", cookies.collect::<Vec<_>>().join("; "))
    }

    /// A cookie; empty without it.
    pub fn cookie(&self, name: &str) -> &str {
        self.cookies.get(name).map_or("", String::as_str)
    }

    /// What it is known by.
    pub fn session(&self) -> &str {
        self.cookies.get("__Host-esito-session").map_or("", String::as_str)
    }
}
