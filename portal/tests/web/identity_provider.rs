//! An identity provider that does what it is told, and mostly what it must not.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::branding::Localised;
use portal::oidc::{Matching, OidcSettings};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};

/// How a path answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Hangs,
    Huge,
    Leads,
    Fails,
    Garbage,
    Drips,
}

/// What it does.
pub(crate) struct Script {
    pub(crate) faults: BTreeMap<&'static str, Fault>,
    pub(crate) header: Value,
    /// In the place of what is usual, or beside it; null for nothing.
    pub(crate) claims: Map<String, Value>,
    pub(crate) user_info: Value,
    /// The key that it signs with, and its name among those that it shows.
    key: EcdsaKeyPair,
    /// Requests by path, and what the last one for a token said.
    pub(crate) asked: BTreeMap<String, usize>,
    pub(crate) form: String,
}

pub(crate) struct IdentityProvider {
    pub(crate) issuer: String,
    pub(crate) script: Arc<Mutex<Script>>,
}

impl IdentityProvider {
    /// At a moment that its tokens name.
    pub(crate) fn start(now: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let claims = json!({
            "iss": issuer, "aud": "esito", "sub": "maria-test", "iat": now, "exp": now + 300,
            "fiscalNumber": "TINIT-TSTMRA86A64Z999X",
        });
        let script = Script {
            faults: BTreeMap::new(),
            header: json!({"alg": "ES256", "kid": "one"}),
            claims: claims.as_object().unwrap().clone(),
            user_info: json!({"sub": "maria-test"}),
            key: fresh_key(),
            asked: BTreeMap::new(),
            form: String::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let (served, at) = (Arc::clone(&script), issuer.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, issuer) = (Arc::clone(&served), at.clone());
                std::thread::spawn(move || drop(serve(stream, &script, &issuer)));
            }
        });
        Self { issuer, script }
    }

    pub(crate) fn settings(&self) -> OidcSettings {
        settings(&self.issuer)
    }

    pub(crate) fn tell(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// From now on it signs with another key.
    pub(crate) fn change_key(&self, name: &str) {
        self.tell(|script| {
            script.key = fresh_key();
            script.header["kid"] = json!(name);
        });
    }

    pub(crate) fn asked(&self, path: &str) -> usize {
        self.script.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }
}

pub(crate) fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.to_owned(),
        client_id: "esito".to_owned(),
        client_secret: Some("pa:ss wörd".to_owned().into()),
        scopes: vec!["profile".to_owned()],
        claim: "fiscalNumber".to_owned(),
        matching: Matching::TaxCode,
        acr_values: Vec::new(),
        name: Localised {
            italian: "Entra con <SPID>".to_owned(),
            english: "Log in with SPID".to_owned(),
        },
        tls: engine::pacs::tls::TlsSettings::default(),
        time_out: Duration::from_secs(1),
    }
}

fn fresh_key() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

/// One request on a connection.
fn serve(stream: TcpStream, script: &Mutex<Script>, issuer: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut form = vec![0; length];
    reader.read_exact(&mut form)?;
    let form = String::from_utf8(form).unwrap();
    let mut script = script.lock().unwrap();
    *script.asked.entry(path.clone()).or_insert(0) += 1;
    let fault = script.faults.iter().find(|(faulty, _)| **faulty == path).map(|(_, fault)| *fault);
    let (status, body) = match path.as_str() {
        "/.well-known/openid-configuration" => ("200 OK", discovery(issuer)),
        "/keys" => ("200 OK", keys(&script)),
        "/token" => {
            script.form.clone_from(&form);
            if form.contains("code=spent") {
                ("400 Bad Request", json!({"error": "invalid_grant", "error_description": "x"}))
            } else {
                let tokens =
                    json!({"id_token": sign(&script), "access_token": "a", "token_type": "Bearer"});
                ("200 OK", tokens)
            }
        }
        "/userinfo" => ("200 OK", script.user_info.clone()),
        _ => ("404 Not Found", Value::Null),
    };
    drop(script);
    answer(stream, fault, status, &body.to_string())
}

fn answer(
    mut stream: TcpStream,
    fault: Option<Fault>,
    status: &str,
    body: &str,
) -> std::io::Result<()> {
    let head = |status: &str, length: usize| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             location: http://127.0.0.1:9/\r\nconnection: close\r\n\r\n"
        )
    };
    let pause = || std::thread::sleep(Duration::from_secs(3));
    match fault {
        None => stream.write_all((head(status, body.len()) + body).as_bytes()),
        Some(Fault::Hangs) => {
            pause();
            Ok(())
        }
        Some(Fault::Huge) => {
            stream.write_all(head("200 OK", 1 << 30).as_bytes())?;
            stream.write_all(body.trim_end_matches('}').as_bytes())?;
            while stream.write_all(&[b' '; 8_192]).is_ok() {}
            Ok(())
        }
        Some(Fault::Leads) => stream.write_all(head("302 Found", 0).as_bytes()),
        Some(Fault::Fails) => stream.write_all(head("500 Internal Server Error", 0).as_bytes()),
        Some(Fault::Garbage) => stream.write_all((head("200 OK", 8) + "[[[[[[[[").as_bytes()),
        Some(Fault::Drips) => {
            stream.write_all(head("200 OK", 1000).as_bytes())?;
            while stream.write_all(b" ").is_ok() {
                std::thread::sleep(Duration::from_millis(200));
            }
            Ok(())
        }
    }
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth?tenant=a"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["ES256", "none"],
    })
}

fn keys(script: &Script) -> Value {
    let (x, y) = script.key.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let name = script.header["kid"].as_str().filter(|name| *name != "unknown").unwrap_or("one");
    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": name, "x": x, "y": y}]})
}

fn sign(script: &Script) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&script.header), part(&json!(script.claims)));
    let signature = if script.header["alg"] == "none" {
        String::new()
    } else {
        let signature = script.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        URL_SAFE_NO_PAD.encode(signature.as_ref())
    };
    format!("{message}.{signature}")
}
