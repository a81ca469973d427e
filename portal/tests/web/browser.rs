//! A browser as far as the tests need one: it keeps cookies, and sends forms with their hidden fields.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::server::ORIGIN;

pub(crate) struct Browser {
    address: SocketAddr,
    agent: ureq::Agent,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The hidden field of the last page that had one.
    pub(crate) token: String,
    /// Sent with every request, in the place of what a browser sends.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The page with its references to characters resolved.
    pub(crate) fn text(&self) -> String {
        let text = self.body.replace("&#39;", "'").replace("&#34;", "\"");
        text.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
    }

    /// The page without the token of its forms, which no other page has.
    pub(crate) fn without_token(&self) -> String {
        match hidden_field(&self.body) {
            Some(token) => self.body.replace(token, "TOKEN"),
            None => self.body.clone(),
        }
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location")
    }
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        // A browser asks again where the server has ended a connection that it kept; ureq does not.
        let config = ureq::Agent::config_builder()
            .max_idle_connections(0)
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build();
        Self {
            address,
            agent: config.into(),
            cookies: BTreeMap::new(),
            token: String::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None, &[])
    }

    /// Sends a form as a browser does from a page of the portal.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.clone();
        let mut all = vec![("form_token", token.as_str())];
        all.extend_from_slice(fields);
        let origin = [("sec-fetch-site", "same-origin".to_owned()), ("origin", ORIGIN.to_owned())];
        self.send("POST", path, Some(&form(&all)), &origin)
    }

    pub(crate) fn log_in(&mut self, user_name: &str, password: &str) -> Answer {
        self.get("/login");
        self.post("/login", &[("user_name", user_name), ("password", password)])
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&str>,
        headers: &[(&'static str, String)],
    ) -> Answer {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers.iter().chain(&self.headers) {
            request = request.header(*name, value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut answer = match body {
            Some(body) => self.agent.run(request.body(body.to_owned()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        }
        .unwrap();
        let bytes = answer.body_mut().read_to_vec().unwrap();
        let answer = Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        };
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(token) = hidden_field(&answer.body) {
            token.clone_into(&mut self.token);
        }
    }
}

fn hidden_field(page: &str) -> Option<&str> {
    page.split("name=\"form_token\" value=\"").nth(1)?.split('"').next()
}

/// As a browser writes a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
