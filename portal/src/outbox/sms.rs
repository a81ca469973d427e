//! SMS through a gateway that is spoken to over HTTP: which request, and what its answer means, is configured.
//!
//! **Invariant:** what a message says is only ever a value: of JSON, of a form, of a query, of a header.

mod template;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::pacs::tls::{TlsSettings, TlsSetupError, client_config};
use serde_json::Value;
use ureq::Agent;
/// The method of a request.
pub use ureq::http::Method as SmsMethod;
use ureq::http::{HeaderName, HeaderValue, Request, header};
use zeroize::Zeroizing;

use super::gsm7::Segments;
use super::{HandedOver, NotHandedOver, Outgoing, Transport};
use crate::certificates::Certificates;
use crate::http_client::{Way, agent, why};
pub use template::UnknownPlaceholder;
use template::{Values, check, filled, filled_value};

/// What a gateway answers is small.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// What a request carries.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Body {
    /// Nothing: all is in the query.
    #[default]
    Nothing,
    /// JSON; its texts are templates.
    Json(Value),
    /// Fields of a form; their values are templates.
    Form(Vec<(String, String)>),
}

/// What in a JSON answer tells whether a message was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerField {
    /// Steps to it, with dots between them: `messages.0.status`.
    pub path: String,
    /// Values that mean that it was.
    pub accepted: Vec<String>,
    /// Values that mean that no further try will do.
    pub refused: Vec<String>,
}

/// How a gateway is spoken to. Templates hold `{number}` (with `+`), `{digits}` (without), `{text}`, `{id}` and
/// `{secret}`.
#[derive(Clone)]
pub struct SmsSettings {
    /// The method.
    pub method: SmsMethod,
    /// Where.
    pub url: String,
    /// What is added to the address; values are templates.
    pub query: Vec<(String, String)>,
    /// Headers; values are templates.
    pub headers: Vec<(String, String)>,
    /// User name of a Basic authentication with the secret as password.
    pub user: Option<String>,
    /// What only the gateway and we know.
    pub secret: Option<Zeroizing<String>>,
    /// What the request carries.
    pub body: Body,
    /// Country code with `+`, for numbers that are written without.
    pub country_code: Option<String>,
    /// Statuses that mean success; empty stands for 200 to 299.
    pub accepted_status: Vec<u16>,
    /// Statuses that mean that no further try will do.
    pub refused_status: Vec<u16>,
    /// What else tells.
    pub answer: Option<AnswerField>,
    /// Whom we trust, and who we are.
    pub tls: TlsSettings,
    /// The request as a whole.
    pub time_out: Duration,
}

impl fmt::Debug for SmsSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SmsSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSms {
    /// No address.
    #[error("url must begin with https:// and a host, and hold neither user name nor # nor braces")]
    Url,
    /// Passwords would be readable on their way.
    #[error(
        "url begins with http://, which is for this machine or a private address: write https://"
    )]
    Plain,
    /// A header that is none.
    #[error("{0} cannot be the name of a header")]
    Header(String),
    /// A placeholder that nobody knows.
    #[error(transparent)]
    Placeholder(#[from] UnknownPlaceholder),
    /// A message has to be somewhere.
    #[error("{{text}} and one of {{number}} and {{digits}} must stand in json, form or query")]
    Nowhere,
    /// `{secret}` and `user` need one.
    #[error("user, or a template with {{secret}}, needs secret or secret_file")]
    NoSecret,
    /// A country code that is none.
    #[error("country_code is + and 1 to 3 digits, as in +39")]
    CountryCode,
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
}

/// A gateway.
#[derive(Clone)]
pub struct Sms {
    settings: Arc<SmsSettings>,
    agent: Agent,
}

impl fmt::Debug for Sms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sms").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Sms {
    /// Checks the settings; connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidSms`].
    pub fn new(settings: SmsSettings) -> Result<Self, InvalidSms> {
        let is_https = check_url(&settings.url)?;
        for (name, _) in &settings.headers {
            name.parse::<HeaderName>().map_err(|_odd| InvalidSms::Header(name.clone()))?;
        }
        let mut templates: Vec<&str> = settings.query.iter().map(|(_, value)| &**value).collect();
        match &settings.body {
            Body::Nothing => {}
            Body::Json(value) => template::texts(value, &mut templates),
            Body::Form(fields) => templates.extend(fields.iter().map(|(_, value)| &**value)),
        }
        let holds = |placeholder| templates.iter().any(|text| text.contains(placeholder));
        if !holds("{text}") || !(holds("{number}") || holds("{digits}")) {
            return Err(InvalidSms::Nowhere);
        }
        templates.extend(settings.headers.iter().map(|(_, value)| &**value));
        for template in &templates {
            check(template)?;
        }
        let asks_secret = templates.iter().any(|text| text.contains("{secret}"));
        if settings.secret.is_none() && (asks_secret || settings.user.is_some()) {
            return Err(InvalidSms::NoSecret);
        }
        if let Some(code) = &settings.country_code {
            let digits = code.strip_prefix('+').ok_or(InvalidSms::CountryCode)?;
            let is_code = (1..=3).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.starts_with('0');
            if !is_code {
                return Err(InvalidSms::CountryCode);
            }
        }
        let tls = is_https.then(|| client_config(&settings.tls)).transpose()?;
        let agent = agent(tls, settings.time_out);
        Ok(Self { settings: Arc::new(settings), agent })
    }

    /// Whether the gateway answers at all, asked by a HEAD without a message. Blocks.
    ///
    /// # Errors
    /// Why it does not.
    pub fn reach(&self) -> Result<u16, String> {
        let address = self.settings.url.split('?').next().unwrap_or_default();
        let request = Request::builder().method(SmsMethod::HEAD).uri(address).body(());
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.agent.run(request).map_err(|error| reason(&error))?;
        Ok(answer.status().as_u16())
    }

    fn request(
        &self,
        number: &str,
        message: &str,
        id: &str,
    ) -> Result<Request<Vec<u8>>, NotHandedOver> {
        let settings = &self.settings;
        let secret = settings.secret.as_ref().map_or("", |secret| secret.as_str());
        let values = Values { number, text: message, id, secret };
        let pairs = |pairs: &[(String, String)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, value)| (key.clone(), filled(value, &values))).collect()
        };
        let odd =
            |_| NotHandedOver::Later("no request can be made of the configuration".to_owned());
        let mut url = settings.url.clone();
        if !settings.query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(
                &serde_urlencoded::to_string(pairs(&settings.query))
                    .map_err(|error| odd(error.to_string()))?,
            );
        }
        let mut request = Request::builder().method(settings.method.clone()).uri(url);
        for (name, value) in pairs(&settings.headers) {
            let mut value =
                HeaderValue::from_str(&value).map_err(|error| odd(error.to_string()))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some(user) = &settings.user {
            let basic = Zeroizing::new(format!("{user}:{secret}"));
            request = request.header(
                header::AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(basic.as_bytes())),
            );
        }
        let (kind, body) = match &settings.body {
            Body::Nothing => (None, Vec::new()),
            Body::Json(template) => {
                let value = filled_value(template, &values);
                (Some("application/json"), value.to_string().into_bytes())
            }
            Body::Form(fields) => {
                let text = serde_urlencoded::to_string(pairs(fields))
                    .map_err(|error| odd(error.to_string()))?;
                (Some("application/x-www-form-urlencoded"), text.into_bytes())
            }
        };
        let is_said = settings
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(header::CONTENT_TYPE.as_str()));
        if let Some(kind) = kind.filter(|_| !is_said) {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        request.body(body).map_err(|error| odd(error.to_string()))
    }

    /// Blocks until there is an answer.
    fn ask(&self, request: Request<Vec<u8>>) -> Result<(), NotHandedOver> {
        let later = |error: ureq::Error| NotHandedOver::Later(reason(&error));
        let answer = if request.body().is_empty() {
            let (head, _) = request.into_parts();
            self.agent.run(Request::from_parts(head, ()))
        } else {
            self.agent.run(request)
        };
        let mut answer = answer.map_err(later)?;
        let status = answer.status().as_u16();
        if self.settings.refused_status.contains(&status) {
            return Err(NotHandedOver::Never(format!("the gateway answered {status}")));
        }
        let is_accepted = if self.settings.accepted_status.is_empty() {
            (200..300).contains(&status)
        } else {
            self.settings.accepted_status.contains(&status)
        };
        if !is_accepted {
            return Err(NotHandedOver::Later(format!("the gateway answered {status}")));
        }
        let Some(field) = &self.settings.answer else { return Ok(()) };
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        field.judge(&body.map_err(later)?)
    }
}

#[async_trait]
impl Transport for Sms {
    async fn send(&self, message: Outgoing<'_>) -> Result<HandedOver, NotHandedOver> {
        let number = international(message.to, self.settings.country_code.as_deref())
            .ok_or_else(|| NotHandedOver::Never("the number is no telephone number".to_owned()))?;
        let text = &message.content.text;
        let request = self.request(&number, text, &message.id.to_string())?;
        let segments = Segments::of(text).count;
        let gateway = self.clone();
        // The agent ends it in time; whoever waits may stop before.
        let asked = tokio::task::spawn_blocking(move || gateway.ask(request));
        match asked.await {
            Ok(outcome) => outcome.map(|()| HandedOver { keep_content: false, segments }),
            Err(_panic) => Err(NotHandedOver::Later("a fault of the program".to_owned())),
        }
    }

    fn certificates(&self) -> Option<Certificates> {
        Certificates::of_client("[sms]", &self.settings.tls)
    }
}

impl AnswerField {
    fn judge(&self, body: &[u8]) -> Result<(), NotHandedOver> {
        let path = &self.path;
        let found: Option<Value> = serde_json::from_slice(body).ok();
        let found = found.as_ref().and_then(|value| {
            path.split('.').try_fold(value, |value, step| match value {
                Value::Array(all) => all.get(step.parse::<usize>().ok()?),
                _ => value.get(step),
            })
        });
        let text = match found {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => {
                return Err(NotHandedOver::Later(format!(
                    "the answer of the gateway has no {path}"
                )));
            }
        };
        if self.accepted.contains(&text) {
            Ok(())
        } else if self.refused.contains(&text) {
            Err(NotHandedOver::Never(format!("the gateway refused it in {path}")))
        } else {
            Err(NotHandedOver::Later(format!("the gateway did not accept it in {path}")))
        }
    }
}

/// Whether it is https; http is for this machine and for appliances in a private network.
fn check_url(text: &str) -> Result<bool, InvalidSms> {
    if text.contains(['{', '}']) {
        return Err(InvalidSms::Url);
    }
    match Way::to(text).ok_or(InvalidSms::Url)? {
        Way::Tls => Ok(true),
        Way::Loopback | Way::PrivateNetwork => Ok(false),
        Way::Clear => Err(InvalidSms::Plain),
    }
}

/// A number as `+` and 6 to 15 digits (ITU-T E.164), however it was written.
fn international(written: &str, country_code: Option<&str>) -> Option<String> {
    let bare: String = written
        .chars()
        .filter(|letter| !letter.is_whitespace() && !"-./()".contains(*letter))
        .collect();
    let number = match (bare.strip_prefix('+'), bare.strip_prefix("00")) {
        (Some(digits), _) | (None, Some(digits)) => format!("+{digits}"),
        (None, None) => format!("{}{bare}", country_code?),
    };
    let digits = number.strip_prefix('+')?;
    let is_number =
        (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// Why there is no answer.
fn reason(error: &ureq::Error) -> String {
    why("the gateway", error)
}

#[cfg(test)]
mod tests;
