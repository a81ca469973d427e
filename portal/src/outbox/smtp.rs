//! E-mail over SMTP (RFC 5321), in TLS.
//!
//! **Invariant:** outside this machine nothing goes out without TLS, and the certificate is always checked.

mod letter;
mod refusal;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use engine::pacs::tls::{Authorities, TlsSettings, TlsSetupError, client_config};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::{Address, address::AddressError};
use zeroize::Zeroizing;

use super::{HandedOver, NotHandedOver, Outgoing, Transport};
use crate::certificates::Certificates;
use crate::messages::one_line;
use letter::Letter;
use refusal::{Stage, not_handed_over, reason};

/// How long a connection is kept for a next message. Servers close theirs after minutes.
const IDLE: Duration = Duration::from_secs(20);
/// How many times the usual limit a server may take to look into a message.
const LOOKING: u32 = 4;
/// How long a server may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(2);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    #[default]
    Tls,
    /// TLS after STARTTLS (RFC 3207); a server that does not offer it gets nothing.
    StartTls,
    /// None: to this machine only.
    Plain,
}

/// Who logs in at the server.
#[derive(Clone)]
pub struct SmtpLogin {
    /// User name.
    pub user: String,
    /// Password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for SmtpLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SmtpLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Where and how mail is handed over.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Name of the server, as in its certificate.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// PEM file of the authorities that are trusted; none for those of this machine.
    pub ca_file: Option<PathBuf>,
    /// Who logs in, if somebody must.
    pub login: Option<SmtpLogin>,
    /// Address of the sender.
    pub from: String,
    /// Name of the sender.
    pub from_name: Option<String>,
    /// Where answers go, if elsewhere.
    pub reply_to: Option<String>,
    /// What this machine calls itself; none for the domain of `from`.
    pub hello_name: Option<String>,
    /// Connecting, and each further step.
    pub time_out: Duration,
}

impl SmtpSettings {
    /// Whom we trust; nobody where nothing is in TLS.
    pub fn tls(&self) -> Option<TlsSettings> {
        let authorities = match &self.ca_file {
            Some(path) => Authorities::File(path.clone()),
            None => Authorities::System,
        };
        (self.security != Security::Plain).then_some(TlsSettings { authorities, identity: None })
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSmtp {
    /// Mail would be readable on its way.
    #[error(
        "security = \"none\" is for a mail server on this machine: for {0} write \"tls\" or \"starttls\""
    )]
    Plain(String),
    /// No address.
    #[error("{key} is no e-mail address: {source}")]
    Address {
        /// Which key.
        key: &'static str,
        /// What is wrong.
        source: AddressError,
    },
    /// The file of the authorities.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// The file of the authorities.
    #[error("{0} cannot be read")]
    CaFile(PathBuf, #[source] io::Error),
    /// What lettre says.
    #[error("TLS cannot be set up")]
    Setup(#[source] lettre::transport::smtp::Error),
}

/// A mail server.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    hello: ClientId,
    idle: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Smtp").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What `esito check` tries, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpStep {
    /// Name, TCP, greeting; with [`Security::Tls`] TLS too.
    Connect,
    /// STARTTLS.
    StartTls,
    /// Login.
    Authentication,
}

impl Smtp {
    /// Checks the settings and reads the file of the authorities; connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidSmtp`].
    pub fn new(settings: SmtpSettings) -> Result<Self, InvalidSmtp> {
        if settings.security == Security::Plain && !is_this_machine(&settings.host) {
            return Err(InvalidSmtp::Plain(settings.host));
        }
        let address = |key, text: &str| {
            text.parse::<Address>().map_err(|source| InvalidSmtp::Address { key, source })
        };
        // lettre panics at a control character in a name.
        let name = settings.from_name.as_deref().map(one_line);
        let from = Mailbox::new(name, address("from", &settings.from)?);
        let reply_to =
            settings.reply_to.as_deref().map(|text| address("reply_to", text)).transpose()?;
        let reply_to = reply_to.map(|address| Mailbox::new(None, address));
        let hello = settings.hello_name.clone().unwrap_or_else(|| from.email.domain().to_owned());
        let credentials = settings
            .login
            .as_ref()
            .map(|login| Credentials::new(login.user.clone(), login.password.as_str().to_owned()));
        let tls = settings.tls().map(|tls| tls_parameters(&settings, &tls)).transpose()?;
        let (hello, idle) = (ClientId::Domain(hello), Mutex::default());
        Ok(Self { settings, tls, credentials, from, reply_to, hello, idle })
    }

    /// Connects and logs in, telling each step as it succeeds.
    ///
    /// # Errors
    /// The step that failed, and why; what the server said is not in it.
    async fn connect(
        &self,
        told: &mut (dyn FnMut(SmtpStep) + Send),
    ) -> Result<AsyncSmtpConnection, (SmtpStep, String)> {
        let within = |step, error: &lettre::transport::smtp::Error| (step, reason(error));
        let seconds = self.settings.time_out.as_secs();
        let late = |step| (step, format!("no answer within {seconds} seconds"));
        let limit = self.settings.time_out;
        let server = (self.settings.host.trim_matches(['[', ']']), self.settings.port);
        let wrap = self.tls.clone().filter(|_| self.settings.security == Security::Tls);
        let step = SmtpStep::Connect;
        let connecting =
            AsyncSmtpConnection::connect_tokio1(server, Some(limit), &self.hello, wrap, None);
        let mut connection = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_late| late(step))?
            .map_err(|error| within(step, &error))?;
        told(step);
        if let Some(tls) = self.tls.clone().filter(|_| !connection.is_encrypted()) {
            let step = SmtpStep::StartTls;
            if !connection.can_starttls() {
                return Err((step, "the server does not offer STARTTLS".to_owned()));
            }
            tokio::time::timeout(limit, connection.starttls(tls, &self.hello))
                .await
                .map_err(|_late| late(step))?
                .map_err(|error| within(step, &error))?;
            told(step);
        }
        if let Some(credentials) = &self.credentials {
            let step = SmtpStep::Authentication;
            tokio::time::timeout(limit, connection.auth(DEFAULT_MECHANISMS, credentials))
                .await
                .map_err(|_late| late(step))?
                .map_err(|error| within(step, &error))?;
            told(step);
        }
        Ok(connection)
    }

    /// Connects, logs in and leaves, telling each step as it succeeds; no message is sent.
    ///
    /// # Errors
    /// The step that failed, and why.
    pub async fn reach(
        &self,
        told: &mut (dyn FnMut(SmtpStep) + Send),
    ) -> Result<(), (SmtpStep, String)> {
        leave(self.connect(told).await?).await;
        Ok(())
    }

    /// A connection that lives, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, NotHandedOver> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some((since, mut connection)) if since.elapsed() < IDLE => {
                    let lives = tokio::time::timeout(FAREWELL, connection.test_connected());
                    if lives.await.is_ok_and(|lives| lives) {
                        return Ok(connection);
                    }
                }
                Some((_old, connection)) => leave(connection).await,
                None => break,
            }
        }
        self.connect(&mut |_step| ()).await.map_err(|(step, why)| {
            let step = match step {
                SmtpStep::Connect => "connecting",
                SmtpStep::StartTls => "STARTTLS",
                SmtpStep::Authentication => "logging in",
            };
            NotHandedOver::Later(format!("{step}: {why}"))
        })
    }

    /// One transaction (RFC 5321 §3.3).
    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: &Address,
        letter: &Letter,
    ) -> Result<(), NotHandedOver> {
        let mut parameters = Vec::new();
        if !to.to_string().is_ascii() || !self.from.email.to_string().is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(NotHandedOver::Never(
                    "the address has letters beyond ASCII, and the server does not take them (SMTPUTF8)"
                        .to_owned(),
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let limit = self.settings.time_out;
        let mail = Mail::new(Some(self.from.email.clone()), parameters);
        step(Stage::Sender, limit, connection.command(mail)).await?;
        let rcpt = Rcpt::new(to.clone(), Vec::new());
        step(Stage::Recipient, limit, connection.command(rcpt)).await?;
        step(Stage::Content, limit, connection.command(Data)).await?;
        // Servers look into a message before they take it; who leaves meanwhile sends it twice.
        let limit = limit.saturating_mul(LOOKING);
        step(Stage::Content, limit, connection.message(letter.bytes())).await
    }
}

#[async_trait]
impl Transport for Smtp {
    async fn send(&self, message: Outgoing<'_>) -> Result<HandedOver, NotHandedOver> {
        let to: Address = message.to.trim().parse().map_err(|_odd: AddressError| {
            NotHandedOver::Never("the address is no e-mail address".to_owned())
        })?;
        let letter = Letter::new(&self.from, self.reply_to.as_ref(), &to, &message)?;
        let mut connection = self.connection().await?;
        match self.hand_over(&mut connection, &to, &letter).await {
            Ok(()) => {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.push((Instant::now(), connection));
                Ok(HandedOver { keep_content: false, segments: 0 })
            }
            Err(error) => {
                leave(connection).await;
                Err(error)
            }
        }
    }

    fn certificates(&self) -> Option<Certificates> {
        Certificates::of_client("[smtp]", &self.settings.tls()?)
    }
}

/// One command and its answer, in time.
async fn step<T>(
    stage: Stage,
    limit: Duration,
    asked: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<(), NotHandedOver> {
    match tokio::time::timeout(limit, asked).await {
        Ok(Ok(_positive)) => Ok(()),
        Ok(Err(error)) => Err(not_handed_over(stage, &error)),
        Err(_late) => {
            let seconds = limit.as_secs();
            Err(NotHandedOver::Later(format!("no answer within {seconds} seconds")))
        }
    }
}

/// Says good-bye, to a server that listens.
async fn leave(mut connection: AsyncSmtpConnection) {
    drop(tokio::time::timeout(FAREWELL, connection.abort()).await);
}

/// Whether a name means this machine whatever a resolver says.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls_parameters(
    settings: &SmtpSettings,
    tls: &TlsSettings,
) -> Result<TlsParameters, InvalidSmtp> {
    let host = settings.host.trim_matches(['[', ']']).to_owned();
    let mut builder = TlsParametersBuilder::new(host);
    // It says better than lettre what is wrong with a file.
    client_config(tls)?;
    if let Some(path) = &settings.ca_file {
        let pem =
            std::fs::read(path).map_err(|source| InvalidSmtp::CaFile(path.clone(), source))?;
        let certificate = Certificate::from_pem(&pem).map_err(InvalidSmtp::Setup)?;
        builder =
            builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(InvalidSmtp::Setup)
}
