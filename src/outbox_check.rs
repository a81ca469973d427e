//! What `esito check` tries of mail, SMS and store. No message is sent unless somebody asks for one.

use portal::outbox::{
    NotHandedOver, Outgoing, Sms, SmsSettings, Smtp, SmtpSettings, SmtpStep, Transport,
};
use portal::store::{Content, MessageId, SledStore, StoreError};

use crate::commands::check::Line;
use crate::config::StoreSettings;

const MAIL: &str = "mail";
const SMS: &str = "SMS";
/// What the store is called among what is checked.
pub(crate) const STORE: &str = "store";

/// Connects to the mail server and logs in; sends a message to `to`, if there is one.
pub(crate) async fn mail(settings: &SmtpSettings, to: Option<&str>, tell: &mut impl FnMut(Line)) {
    let server = format!("{}:{}", settings.host, settings.port);
    let mut line = |step, result| tell(Line { of: MAIL.to_owned(), step, result });
    let smtp = match Smtp::new(settings.clone()) {
        Ok(smtp) => smtp,
        Err(error) => return line("settings", Err(format!("[smtp]: {error}"))),
    };
    let mut steps = Vec::new();
    let reached = smtp.reach(&mut |step| steps.push(step)).await;
    for step in steps {
        line(name(step), Ok(format!("{server} works")));
    }
    if let Err((step, why)) = reached {
        let advice = match step {
            SmtpStep::Connect => "see to host, port, security and ca_file",
            SmtpStep::StartTls => "write security = \"tls\", or see to the certificate and ca_file",
            SmtpStep::Authentication => "see to user and password_file",
        };
        return line(name(step), Err(format!("{server}: {why}. In [smtp], {advice}")));
    }
    let Some(to) = to else { return };
    let content = Content {
        subject: "Esito".to_owned(),
        text: "esito check --send-to\n".to_owned(),
        html: None,
    };
    line("message", send(&smtp, to, &content).await);
}

fn name(step: SmtpStep) -> &'static str {
    match step {
        SmtpStep::Connect => "connection",
        SmtpStep::StartTls => "STARTTLS",
        SmtpStep::Authentication => "login",
    }
}

/// Asks whether the gateway answers; sends an SMS to `to`, if there is one.
pub(crate) async fn sms(settings: &SmsSettings, to: Option<&str>, tell: &mut impl FnMut(Line)) {
    let mut line = |step, result| tell(Line { of: SMS.to_owned(), step, result });
    let sms = match Sms::new(settings.clone()) {
        Ok(sms) => sms,
        Err(error) => return line("settings", Err(format!("[sms]: {error}"))),
    };
    let asked = sms.clone();
    let reached = tokio::task::spawn_blocking(move || asked.reach()).await;
    let reached = match reached {
        Ok(Ok(status)) => Ok(format!("the gateway answers a HEAD by {status}")),
        Ok(Err(why)) => Err(format!("{why}. In [sms], see to url and tls")),
        Err(_panic) => Err("a fault of the program: please report it".to_owned()),
    };
    let is_there = reached.is_ok();
    line("connection", reached);
    let Some(to) = to.filter(|_| is_there) else { return };
    let content = Content { text: "esito check --send-sms-to".to_owned(), ..Content::default() };
    line("message", send(&sms, to, &content).await);
}

async fn send(way: &impl Transport, to: &str, content: &Content) -> Result<String, String> {
    let id = MessageId::fresh().map_err(|error| error.to_string())?;
    let outgoing = Outgoing { id, to, content, created: portal::Clock::System.now() };
    match way.send(outgoing).await {
        Ok(_) => Ok("it was handed over: look whether it arrives".to_owned()),
        Err(NotHandedOver::Later(why) | NotHandedOver::Never(why)) => Err(why),
    }
}

/// Opens the store, unless a portal has it open, and reads its secret.
pub(crate) fn store(settings: &StoreSettings) -> [Line; 2] {
    let line = |step, result| Line { of: STORE.to_owned(), step, result };
    let secret = settings.secret().map_err(|error| format!("{error:#}"));
    let secret = secret.map(|_secret| "it is long enough, and not everybody's to read".to_owned());
    [line("store", opened(settings)), line("secret", secret)]
}

fn opened(settings: &StoreSettings) -> Result<String, String> {
    // Root would leave files there that the portal cannot open.
    settings.check_owner().map_err(|error| format!("{error:#}"))?;
    let folder = &settings.folder;
    let shown = folder.display();
    let is_there = folder.join("db").try_exists();
    if !is_there.map_err(|error| format!("{shown} cannot be looked into: {error}"))? {
        return Ok(format!("{shown} is not there yet: esito serve makes it"));
    }
    match SledStore::open(folder) {
        Ok(store) => match store.verify() {
            Ok(records) => Ok(format!("{shown} opens and holds {records} sound records")),
            Err(error) => Err(error.to_string()),
        },
        Err(StoreError::InUse { .. }) => Ok(format!("{shown} is in use, by a portal that runs")),
        Err(error) => Err(error.to_string()),
    }
}
