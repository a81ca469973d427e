//! A portal that listens, and the people in it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::branding::{Branding, Logo, Theme};
use jiff::Timestamp;
use portal::oidc::OidcSettings;
use portal::outbox::{Security, Smtp, SmtpSettings, Transport, Ways};
use portal::secret::SiteSecret;
use portal::{
    Clock, ConnectionLimits, Cost, Enrolment, Limits, NewAccount, Portal, Services, Settings, Site,
    Stop, StopHandle, TlsFiles, WebSettings,
};
use store::{IssuedId, Language, Message, MessageId, Name, Person, PersonId, Private, Role, Sex};
use tokio::runtime::Runtime;

use crate::browser::Browser;

/// What browsers call the portal, wherever it listens.
pub(crate) const ORIGIN: &str = "https://portale.example.org";
/// A password that keeps the rules.
pub(crate) const GOOD: &str = "Tramonto-Azzurro!7";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) services: Services,
    pub(crate) clock: Clock,
    runtime: Runtime,
    stop: Option<StopHandle>,
    thread: Option<JoinHandle<()>>,
    /// Messages that the test has read.
    read: Mutex<BTreeSet<MessageId>>,
    folder: Option<tempfile::TempDir>,
}

/// How a server of a test differs from the usual one.
pub(crate) struct Options {
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) connections: ConnectionLimits,
    pub(crate) cost: Cost,
    pub(crate) oidc: Option<OidcSettings>,
    /// A mail server, at this port of this machine.
    pub(crate) mail: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        let cost = Cost { memory_kib: 8, passes: 1 };
        Self { tls: None, connections: ConnectionLimits::default(), cost, oidc: None, mail: None }
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Behind a proxy on this machine, unless it speaks TLS itself.
    pub(crate) fn start_with(options: Options) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), options)
    }

    /// Over what another one left in a folder.
    pub(crate) fn start_in(folder: tempfile::TempDir, options: Options) -> Self {
        let proxies = match options.tls {
            Some(_) => Vec::new(),
            None => vec!["127.0.0.1/32".parse().unwrap()],
        };
        let listen = "127.0.0.1:0".parse().unwrap();
        let web = WebSettings::new(listen, ORIGIN, options.tls, proxies, options.connections);
        let settings = Settings {
            store: folder.path().join("store"),
            secret: SiteSecret::new(vec![7; 32]).unwrap(),
            site: Site {
                institution: "Ospedale di Prova".to_owned(),
                portal: "La mia salute".to_owned(),
                address: ORIGIN.to_owned(),
            },
            limits: Limits::default(),
            cost: options.cost,
            web: web.unwrap().with_branding(branding()),
            results: portal::results::ResultsSettings::default(),
            downloads: portal::downloads::DownloadsSettings::in_folder(folder.path().join("spool")),
            shares: portal::shares::SharesSettings::default(),
            ways: Ways::Sent { mail: options.mail.map(mail), sms: None },
            admin: portal::admin::AdminSettings::default(),
            monitor: None,
            oidc: options.oidc,
        };
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = Portal::open(settings, clock.clone()).unwrap();
        let services = portal.services().clone();
        let (handle, stop) = Stop::new();
        let (told, address) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            Runtime::new().unwrap().block_on(async move {
                let bound = portal.bind().await.unwrap();
                told.send(bound.address()).unwrap();
                bound.run(stop).await;
            });
        });
        Self {
            address: address.recv().unwrap(),
            services,
            clock,
            runtime: Runtime::new().unwrap(),
            stop: Some(handle),
            thread: Some(thread),
            read: Mutex::default(),
            folder: Some(folder),
        }
    }

    /// Ends it, and gives what it leaves.
    pub(crate) fn left(mut self) -> tempfile::TempDir {
        self.end();
        self.folder.take().unwrap()
    }

    /// Where it keeps what it has.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().path()
    }

    /// Waits until it has ended in order.
    pub(crate) fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// Enrols somebody, and gives the first password as the SMS has it.
    pub(crate) fn enrol(&self, user_name: &str) -> (PersonId, String) {
        let id = self.enrol_with(person(user_name), user_name);
        (id, self.password_by_sms())
    }

    pub(crate) fn enrol_with(&self, person: Person, user_name: &str) -> PersonId {
        let account = NewAccount {
            user_name: user_name.parse().unwrap(),
            email: Some(Private(format!("{user_name}@example.org"))),
            phone: Some("+390000000000".into()),
            language: Language::It,
            subject: None,
            role: Role::Oneself,
        };
        let enrolment = Enrolment { person, account: Some(account), by: "console".to_owned() };
        self.wait(self.services.accounts.enrol(enrolment)).unwrap().unwrap().person
    }

    /// The messages in the outbox that were not read yet. They wait there: there is no way out.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let mut messages = self.wait(self.services.store.list_messages(999)).unwrap();
        let mut read = self.read.lock().unwrap();
        messages.retain(|message| read.insert(message.id));
        messages
    }

    pub(crate) fn password_by_sms(&self) -> String {
        self.word_after("la tua prima password è ")
    }

    pub(crate) fn word_after(&self, text: &str) -> String {
        let messages = self.messages();
        let texts = messages.iter().filter_map(|message| Some(&message.content.as_ref()?.text));
        let mut found = texts.filter_map(|content| content.split(text).nth(1));
        let word = found.next().and_then(|rest| rest.split(' ').next());
        word.unwrap_or_else(|| panic!("no message has {text:?}")).to_owned()
    }

    /// Somebody enrolled with a password of their own, logged in.
    pub(crate) fn settled(&self, user_name: &str) -> (PersonId, Browser) {
        let (id, first) = self.enrol(user_name);
        (id, self.settle(user_name, &first))
    }

    /// Logs in with a first password, and changes it.
    pub(crate) fn settle(&self, user_name: &str, first: &str) -> Browser {
        let mut browser = self.browser();
        browser.log_in(user_name, first);
        browser.get("/password");
        let fields = [("old", first), ("new", GOOD), ("confirm", GOOD)];
        assert_eq!(browser.post("/password", &fields).location(), "/password/changed");
        self.messages();
        browser
    }

    /// Files of a certificate for `localhost`, signed by itself.
    pub(crate) fn certificate(folder: &std::path::Path) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let path = |name: &str| -> PathBuf { folder.join(name) };
        std::fs::write(path("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        TlsFiles::new(path("cert.pem"), path("key.pem"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// To a mail server on this machine.
fn mail(port: u16) -> Arc<dyn Transport> {
    let settings = SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security: Security::Plain,
        ca_file: None,
        login: None,
        from: "noreply@example.org".to_owned(),
        from_name: Some("Ospedale di Prova".to_owned()),
        reply_to: None,
        hello_name: None,
        time_out: Duration::from_secs(5),
    };
    Arc::new(Smtp::new(settings).unwrap())
}

/// An institution with a logo and colours of its own.
fn branding() -> Branding {
    let mut logo = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    for side in [64_u32, 16] {
        logo.extend(side.to_be_bytes());
    }
    logo.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    let colour = |text: &str| text.parse().unwrap();
    let theme = Theme::new(colour("#5a1e46"), colour("#fffaf0"), colour("#78143c")).unwrap();
    Branding { logo: Some(Logo::new(logo).unwrap()), theme, ..Branding::default() }
}

/// Somebody fictitious.
pub(crate) fn person(user_name: &str) -> Person {
    Person {
        sex: Some(Private(Sex::Female)),
        birth_date: Some(Private("1986-01-24".parse().unwrap())),
        phone: Some("+390000000000".into()),
        email: Some("posta@example.org".into()),
        ..Person::new(
            PersonId::fresh().unwrap(),
            vec![IssuedId { id: Private(format!("TEST-{user_name}")), issuer: String::new() }],
            Name { family: "ROSSI".to_owned(), given: format!("{user_name} TEST") },
        )
    }
}
