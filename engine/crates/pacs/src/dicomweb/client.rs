//! One server, asked over HTTP: requests go out with credentials, statuses come back as errors.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector as _, NextTimeout, TcpConnector};
use ureq::{Agent, Body, BodyReader};

use super::authorization::{Authorizer, ClientCredentials, Credentials, Token, basic, token_of};
use super::clock::ClockOffset;
use super::connection::HttpsConnector;
use super::error::DicomWebError;
use super::instance_body::shown;
use super::patience::{PatienceConnector, Unwanted};
use super::service_url::{ServiceUrl, escaped};
use super::settings::WebSettings;
use super::steady::{Steady, Unsteady};
use crate::dimse::wire::StopFlag;
use crate::recall::HookMethod;
use crate::settings::TimeOuts;
use crate::throttle::Throttle;
use crate::tls::{TlsFault, client_config};

/// What a token service answers is small.
const MAX_TOKEN_ANSWER_BYTES: u64 = 256 << 10;
/// Bytes of an answer that are read from the socket at a time.
const INPUT_BYTES: usize = 256 << 10;

/// A DICOMweb server.
pub struct DicomWeb {
    agent: Agent,
    settings: WebSettings,
    authorizer: Authorizer,
    clock: Mutex<Option<ClockOffset>>,
    throttle: Throttle,
}

impl fmt::Debug for DicomWeb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DicomWeb").field("url", &self.settings.url).finish_non_exhaustive()
    }
}

/// The good answer to a request: its head, and a body that is read as it comes.
pub(super) struct Answer {
    /// 200 to 299.
    pub(super) status: u16,
    /// Content-Type, empty when absent.
    pub(super) content_type: String,
    /// The body, in time and within its limit.
    pub(super) body: Steady<BodyReader<'static>>,
}

impl DicomWeb {
    /// Prepares everything and connects to nothing yet.
    ///
    /// # Errors
    /// [`DicomWebError::TlsSetup`].
    pub fn new(settings: WebSettings) -> Result<Self, DicomWebError> {
        Self::stopped_by(settings, StopFlag::default())
    }

    /// As [`DicomWeb::new`]; the flag ends all waiting.
    ///
    /// # Errors
    /// [`DicomWebError::TlsSetup`].
    pub fn stopped_by(settings: WebSettings, stop: StopFlag) -> Result<Self, DicomWebError> {
        let tls = settings.speaks_tls().then(|| client_config(&settings.tls)).transpose()?;
        let time_outs = settings.time_outs;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .accept_encoding("identity")
            .user_agent(concat!("Esito/", env!("CARGO_PKG_VERSION")))
            .input_buffer_size(INPUT_BYTES)
            .timeout_resolve(Some(time_outs.connect))
            .timeout_connect(Some(time_outs.connect))
            .timeout_per_read(Some(time_outs.no_progress))
            .timeout_per_write(Some(time_outs.no_progress))
            .timeout_per_call(Some(time_outs.total))
            .build();
        let connector =
            ().chain(TcpConnector::default())
                .chain(PatienceConnector(stop))
                .chain(HttpsConnector::new(tls));
        let agent = Agent::with_parts(config, connector, Names(DefaultResolver::default()));
        let authorizer = Authorizer::new(settings.credentials.clone());
        let throttle = Throttle::new(settings.limits.bytes_per_second);
        Ok(Self { agent, settings, authorizer, clock: Mutex::default(), throttle })
    }

    /// What is configured.
    pub fn settings(&self) -> &WebSettings {
        &self.settings
    }

    /// How the clock of the server differs from ours, if its last answer said so.
    pub(crate) fn clock_offset(&self) -> Option<ClockOffset> {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches a token where one is needed, to know whether that works.
    pub(crate) fn try_token(&self) -> Option<Result<(), DicomWebError>> {
        let fetches = matches!(self.settings.credentials, Credentials::ClientCredentials(_));
        fetches.then(|| self.authorizer.header(|client| self.fetch_token(client)).map(drop))
    }

    /// Asks for a path below the service; a token that was refused is renewed once.
    pub(super) fn get(
        &self,
        base: &ServiceUrl,
        below: &str,
        accept: &str,
        limit_bytes: u64,
    ) -> Result<Answer, DicomWebError> {
        let mut response = self.send(base, below, accept)?;
        if response.status() == 401 && self.authorizer.forget_token() {
            response = self.send(base, below, accept)?;
        }
        let date = text_of(response.headers(), header::DATE);
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = ClockOffset::of(&date);
        self.check(base, &response)?;
        let status = response.status().as_u16();
        let content_type = text_of(response.headers(), header::CONTENT_TYPE);
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let body = Steady::new(body, self.settings.time_outs.no_progress, limit_bytes)
            .throttled(self.throttle.clone());
        Ok(Answer { status, content_type, body })
    }

    fn send(
        &self,
        base: &ServiceUrl,
        below: &str,
        accept: &str,
    ) -> Result<Response<Body>, DicomWebError> {
        let url = format!("{base}{below}");
        let mut request = self.agent.get(url).header(header::ACCEPT, accept);
        if let Some(secret) = self.authorizer.header(|client| self.fetch_token(client))? {
            request = request.header(header::AUTHORIZATION, secret.reveal());
        }
        request.call().map_err(|error| match error {
            ureq::Error::Http(_) => DicomWebError::CredentialCharacters,
            other => self.fault(base, other),
        })
    }

    /// Sends a request that is none of DICOMweb, without a body; gives its status.
    pub(crate) fn call(&self, method: HookMethod, below: &str) -> Result<u16, DicomWebError> {
        let base = &self.settings.url;
        let url = format!("{base}{below}");
        let secret = self.authorizer.header(|client| self.fetch_token(client))?;
        let mut builder = ureq::http::Request::builder().method(method.as_str()).uri(url);
        if let Some(secret) = &secret {
            builder = builder.header(header::AUTHORIZATION, secret.reveal());
        }
        let request = builder.body(()).map_err(|_odd| DicomWebError::CredentialCharacters)?;
        let answer = self.agent.run(request).map_err(|error| self.fault(base, error))?;
        Ok(answer.status().as_u16())
    }

    /// OAuth 2 client credentials (RFC 6749 §4.4.2).
    fn fetch_token(&self, client: &ClientCredentials) -> Result<Token, DicomWebError> {
        let host = client.token_url.host();
        let failed = |reason: String| DicomWebError::Token { host: host.to_owned(), reason };
        let mut form = "grant_type=client_credentials".to_owned();
        if let Some(scope) = &client.scope {
            form.push_str("&scope=");
            form.push_str(&escaped(scope));
        }
        let secret = basic(&escaped(&client.client_id), &escaped(client.client_secret.reveal()));
        let mut response = self
            .agent
            .post(client.token_url.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, secret.reveal())
            .send(form)
            .map_err(|error| fault(host, self.settings.time_outs, error))?;
        let status = response.status().as_u16();
        if status != 200 {
            let why = if matches!(status, 400 | 401) { ": check client and secret" } else { "" };
            return Err(failed(format!("it answers with status {status}{why}")));
        }
        let body = response.body_mut().with_config().limit(MAX_TOKEN_ANSWER_BYTES).read_to_vec();
        token_of(&body.map_err(|error| fault(host, self.settings.time_outs, error))?)
            .map_err(failed)
    }

    fn check(&self, base: &ServiceUrl, response: &Response<Body>) -> Result<(), DicomWebError> {
        let host = || base.host().to_owned();
        let status = response.status().as_u16();
        Err(match status {
            200..=299 => return Ok(()),
            300..=399 => DicomWebError::Redirect {
                host: host(),
                to: target(&text_of(response.headers(), header::LOCATION)),
            },
            401 => DicomWebError::Unauthorized {
                host: host(),
                wants: schemes(response.headers()),
                fix: self.authorizer.fix(),
            },
            403 => DicomWebError::Forbidden { host: host() },
            404 | 410 => DicomWebError::NotFound { host: host(), status },
            406 => DicomWebError::NotAcceptable { host: host() },
            500..=599 => DicomWebError::Server { host: host(), status },
            _ => DicomWebError::Status { host: host(), status },
        })
    }

    /// What an error of the HTTP client means.
    pub(super) fn fault(&self, base: &ServiceUrl, error: ureq::Error) -> DicomWebError {
        let has_identity = self.settings.tls.identity.is_some();
        match fault(base.host(), self.settings.time_outs, error) {
            DicomWebError::Broken { host, reason } if base.is_https() && !has_identity => {
                let reason = format!("{reason}; it may ask for a client certificate");
                DicomWebError::Broken { host, reason }
            }
            other => other,
        }
    }

    /// What an error while a body is read means.
    pub(super) fn body_fault(
        &self,
        base: &ServiceUrl,
        error: io::Error,
        limit_bytes: u64,
        of: &'static str,
        setting: &'static str,
    ) -> DicomWebError {
        let host = base.host();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Unsteady>()) {
            Some(Unsteady::TooLong) => {
                DicomWebError::OverLimit { host: host.to_owned(), limit_bytes, of, setting }
            }
            Some(Unsteady::TooSlow) => too_slow(host, self.settings.time_outs),
            None => fault(host, self.settings.time_outs, ureq::Error::from(error)),
        }
    }
}

/// Says apart an unknown name and a server that cannot be reached.
#[derive(Debug)]
struct Names(DefaultResolver);

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            other => other,
        })
    }
}

fn fault(host: &str, time_outs: TimeOuts, error: ureq::Error) -> DicomWebError {
    use io::ErrorKind as Kind;
    use ureq::Timeout;
    let host = host.to_owned();
    match error {
        ureq::Error::HostNotFound => DicomWebError::Resolve { host },
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => DicomWebError::TimedOut {
            host,
            what: "connecting",
            limit: time_outs.connect,
            setting: "time_outs.connect",
        },
        ureq::Error::Timeout(Timeout::PerRead | Timeout::PerWrite) => too_slow(&host, time_outs),
        ureq::Error::Timeout(_) => DicomWebError::TimedOut {
            host,
            what: "one request",
            limit: time_outs.total,
            setting: "time_outs.total",
        },
        ureq::Error::Io(source) => match (TlsFault::in_io(&source), source.kind()) {
            (Some(fault), _) => DicomWebError::Tls { host, fault },
            (
                None,
                Kind::ConnectionRefused
                | Kind::HostUnreachable
                | Kind::NetworkUnreachable
                | Kind::NetworkDown
                | Kind::AddrNotAvailable
                | Kind::PermissionDenied,
            ) => DicomWebError::Connect { host, source },
            (None, _)
                if source
                    .get_ref()
                    .is_some_and(<dyn std::error::Error + Send + Sync>::is::<Unwanted>) =>
            {
                DicomWebError::Stopped
            }
            (None, Kind::UnexpectedEof) => {
                DicomWebError::Broken { host, reason: "it hangs up".to_owned() }
            }
            (None, _) => DicomWebError::Broken { host, reason: source.to_string() },
        },
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => DicomWebError::Broken {
            host,
            reason: "it does not answer in HTTP; check port, and http against https".to_owned(),
        },
        other => DicomWebError::Broken { host, reason: other.to_string() },
    }
}

fn too_slow(host: &str, time_outs: TimeOuts) -> DicomWebError {
    DicomWebError::TimedOut {
        host: host.to_owned(),
        what: "progress",
        limit: time_outs.no_progress,
        setting: "time_outs.no_progress",
    }
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Scheme and host of a redirect; its path could name a patient.
fn target(location: &str) -> String {
    let uri: Option<Uri> = location.parse().ok();
    let origin = uri.and_then(|uri| {
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?.as_str().rsplit('@').next()?))
    });
    origin.map_or_else(|| "another path of itself".to_owned(), |origin| shown(&origin))
}

/// The authentication schemes that the server names, without their parameters.
fn schemes(headers: &HeaderMap) -> String {
    let named = headers.get_all(header::WWW_AUTHENTICATE).into_iter().filter_map(|value| {
        let scheme = value.to_str().ok()?.split_whitespace().next()?;
        let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (plain && scheme.len() < 20).then_some(scheme)
    });
    named.take(3).collect::<Vec<_>>().join(", ")
}
