//! `esito demo`: a portal to try, with a PACS, a patient, and an outbox to read instead of a telephone.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use fixtures::dimse::{DimsePacs, DimseSettings};
use fixtures::{Holding, Options, ROSSI};
use portal::outbox::Ways;
use portal::store::{
    Consent, IssuedId, Language, Name, Person, PersonId, Private, Role, Sex, UserName,
};
use portal::{Clock, Enrolment, NewAccount, Portal};

use super::serve;
use crate::config::Config;
use crate::exit;
use crate::logs;
use crate::messages::Messages;

/// What `esito demo` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Address of this machine to listen on; port 0 for any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Folder in which the demonstration goes on where it was [default: begin anew, keep nothing]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// With what the patient logs in.
const USER_NAME: &str = "maria.test";
/// The studies in the PACS: name, slices, rows, seed.
const STUDIES: [(&str, Option<u32>, Option<u16>, u64); 4] = [
    ("mixed", Some(20), None, 1),
    ("ct", Some(30), Some(256), 2),
    ("cr", Some(2), Some(600), 3),
    ("pdf", None, None, 4),
];

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(arguments: &DemoArgs) -> ExitCode {
    match prepare(arguments) {
        Ok(demo) => match demo.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                Messages::Sentences.error(&format!("{error:#}"));
                ExitCode::from(exit::STORAGE)
            }
        },
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            let is_storage = error.chain().any(<dyn std::error::Error>::is::<io::Error>);
            ExitCode::from(if is_storage { exit::STORAGE } else { exit::USAGE })
        }
    }
}

/// All that is needed to begin.
struct Demo {
    config: Config,
    /// Answers until it is dropped.
    _pacs: DimsePacs,
    /// Goes with the demonstration when it was not asked for.
    _temporary: Option<tempfile::TempDir>,
}

fn prepare(arguments: &DemoArgs) -> anyhow::Result<Demo> {
    ensure!(
        arguments.listen.ip().is_loopback(),
        "--listen {}: the demonstration shows passwords, so it listens on this machine only, as \
         127.0.0.1:8080",
        arguments.listen
    );
    let (folder, temporary) = if let Some(folder) = &arguments.data {
        (folder.clone(), None)
    } else {
        let folder = tempfile::Builder::new().prefix("esito-demo-").tempdir()?;
        (folder.path().to_owned(), Some(folder))
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let studies = folder.join("pacs");
    write_studies(&studies)?;
    let holding = Holding::read(&studies).context("the studies of the demonstration")?;
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let pacs = DimsePacs::start(loopback, Arc::new(holding), DimseSettings::default())
        .context("the PACS of the demonstration")?;
    let listen = free(arguments.listen)?;
    let file = folder.join("esito.toml");
    write_private(&folder.join("secret"), &fresh_secret()?, false)?;
    write_private(&file, &configuration(listen, pacs.address()), true)?;
    Ok(Demo { config: Config::load(Some(&file))?, _pacs: pacs, _temporary: temporary })
}

/// The port itself, or a free one in the place of 0: the address of the pages has to be known first.
fn free(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("cannot listen on {listen}: end the program that does, or give another --listen")
    })?;
    Ok(listener.local_addr()?)
}

/// Studies that are not there yet.
fn write_studies(folder: &Path) -> anyhow::Result<()> {
    for (name, slices, rows, seed) in STUDIES {
        let place = folder.join(name);
        if place.exists() {
            continue;
        }
        // Under another name until it is whole: the demonstration may be ended at any time.
        let unfinished = folder.join(format!(".{name}"));
        drop(fs::remove_dir_all(&unfinished));
        let options = Options { slices, rows, seed, ..Options::default() };
        fixtures::write_study(name, &options, &unfinished)?;
        fs::rename(&unfinished, &place)?;
    }
    Ok(())
}

fn fresh_secret() -> anyhow::Result<String> {
    let parts = [PersonId::fresh()?, PersonId::fresh()?];
    Ok(parts.map(|part| part.to_string()).concat())
}

/// Writes a file that nobody else can read; one that is there stays as it is, unless it is to be `replaced`.
fn write_private(path: &Path, text: &str, replaced: bool) -> anyhow::Result<()> {
    if path.exists() && !replaced {
        return Ok(());
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn configuration(listen: SocketAddr, pacs: SocketAddr) -> String {
    let called = DimseSettings::default().ae_title;
    format!(
        "# Written anew at each start of the demonstration.\n\
         [branding]\nname_it = \"Ospedale di Prova\"\nname_en = \"Test Hospital\"\n\n\
         [portal]\nlisten = \"{listen}\"\naddress = \"http://{listen}\"\n\n\
         [store]\nfolder = \"store\"\nsecret_file = \"secret\"\n\n\
         # The invented studies are older than results usually stay, and not all have a report.\n\
         [results]\navailability_days = 0\nrelease = \"always\"\n\n\
         [[pacs]]\nname = \"demo\"\nsite = \"Provaglio\"\nhost = \"{}\"\nport = {}\n\
         called_ae_title = \"{called}\"\ncalling_ae_title = \"ESITO\"\n",
        pacs.ip(),
        pacs.port(),
    )
}

impl Demo {
    fn run(&self) -> anyhow::Result<()> {
        let level = tracing_subscriber::filter::LevelFilter::WARN;
        logs::start(logs::LogSettings { level, ..self.config.log });
        let settings = serve::settings(&self.config, Ways::Shown)?;
        let origin = settings.web.origin().to_owned();
        let portal = Portal::open(settings, Clock::System)?;
        let runtime = serve::runtime()?;
        let again = runtime.block_on(enrol(&portal))?;
        let hint = if again {
            "Its password is the one that was chosen before; the messages are at"
        } else {
            "Its first password is in an SMS that would have been sent; read it at"
        };
        let mut stdout = io::stdout().lock();
        writeln!(
            stdout,
            "The portal:  {origin}/\n\
             User name:   {USER_NAME}\n\
             {hint}\n             {origin}/outbox\n\
             Everybody in it is invented. Ctrl-C ends it."
        )
        .and_then(|()| stdout.flush())
        .context("cannot write to standard output")?;
        drop(stdout);
        serve::run_portal(&runtime, portal, None)
    }
}

/// Makes the patient of the studies a user; true when she is one already.
async fn enrol(portal: &Portal) -> anyhow::Result<bool> {
    let user_name: UserName = USER_NAME.parse()?;
    let services = portal.services();
    if services.store.account_by_user_name(&user_name).await?.is_some() {
        return Ok(true);
    }
    let (family, given) = ROSSI.name.split_once('^').context("a name of two parts")?;
    let email = || Some(Private("maria.test@example.org".to_owned()));
    let phone = || Some(Private("+390000000000".to_owned()));
    let person = Person {
        sex: Some(Private(Sex::Female)),
        phone: phone(),
        email: email(),
        consent: Consent { online_results: true, messages: true },
        ..Person::new(
            PersonId::fresh()?,
            vec![IssuedId { id: ROSSI.id.into(), issuer: String::new() }],
            Name { family: family.to_owned(), given: given.to_owned() },
        )
    };
    let account = NewAccount {
        user_name,
        email: email(),
        phone: phone(),
        language: Language::It,
        subject: None,
        role: Role::Oneself,
    };
    let enrolment = Enrolment { person, account: Some(account), by: "console".to_owned() };
    match services.accounts.enrol(enrolment).await? {
        Ok(_) => Ok(false),
        Err(refused) => bail!("the patient of the demonstration: {refused}"),
    }
}
