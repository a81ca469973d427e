//! `esito demo`: a portal to try, with a PACS, a patient, and an outbox to read instead of a telephone.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use fixtures::demonstration::{IMPORTED, STUDIES, Size, WITHDRAWN, report_pdf};
use fixtures::dimse::{DimsePacs, DimseSettings};
use fixtures::{Holding, ROSSI, ROSSI_CHILD};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portal::outbox::Ways;
use portal::results::{ReportImport, Whose};
use portal::store::{
    Along, Consent, IssuedId, Language, Name, Person, PersonId, Private, ReportAbout, ReportId,
    ReportStatus, Representation, Role, Sex, UserName,
};
use portal::{Clock, Enrolment, NewAccount, Portal};

use super::serve;
use crate::config::Config;
use crate::exit;
use crate::logs::{Log, LogSettings};
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
    /// Seconds after which a study that is not online is back, once it was asked for
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = clap::value_parser!(u64).range(1..=3600))]
    recall_after: u64,
    /// Stacks of CT as a scanner makes them, 300 images of 512 by 512 of a chest, instead of small ones
    #[arg(long)]
    large: bool,
}

/// With what the patient logs in.
const USER_NAME: &str = "maria.test";
/// Who enrols and hands in, in the audit trail.
const BY: &str = "console";

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
    recall: Duration,
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
    let size = if arguments.large { Size::Large } else { Size::Small };
    write_studies(&studies, size)?;
    let recall = Duration::from_secs(arguments.recall_after);
    let holding = holding(&studies, recall).context("the studies of the demonstration")?;
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let pacs = DimsePacs::start(loopback, Arc::new(holding), DimseSettings::default())
        .context("the PACS of the demonstration")?;
    let listen = free(arguments.listen)?;
    let file = folder.join("esito.toml");
    write_private(&folder.join("secret"), &fresh_secret()?, false)?;
    write_private(&file, &configuration(listen, pacs.address(), recall), true)?;
    let config = Config::load(Some(&file))?;
    Ok(Demo { config, recall, _pacs: pacs, _temporary: temporary })
}

/// The port itself, or a free one in the place of 0: the address of the pages has to be known first.
fn free(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("cannot listen on {listen}: end the program that does, or give another --listen")
    })?;
    Ok(listener.local_addr()?)
}

/// Studies that are not there yet; days are counted back from today.
fn write_studies(folder: &Path, size: Size) -> anyhow::Result<()> {
    let now = today();
    for study in &STUDIES {
        let place = folder.join(study.name);
        if place.exists() {
            continue;
        }
        // Under another name until it is whole: the demonstration may be ended at any time.
        let unfinished = folder.join(format!(".{}", study.name));
        drop(fs::remove_dir_all(&unfinished));
        let day = now.saturating_sub(jiff::Span::new().days(study.days_ago));
        let files = study.files(&day.strftime("%Y%m%d").to_string(), size);
        fixtures::write_files(&files, &unfinished)?;
        fs::rename(&unfinished, &place)?;
    }
    Ok(())
}

fn today() -> Date {
    Timestamp::now().to_zoned_datetime(TimeZone::UTC).date()
}

/// What the PACS of the demonstration has, and where it lies.
fn holding(folder: &Path, recall: Duration) -> io::Result<Holding> {
    let mut holding = Holding::read(folder)?.recalled_after(recall);
    for study in &STUDIES {
        if let Some(storage) = study.storage {
            holding = holding.with(&study.study_uid(), storage);
        }
    }
    Ok(holding)
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

fn configuration(listen: SocketAddr, pacs: SocketAddr, recall: Duration) -> String {
    let called = DimseSettings::default().ae_title;
    // Looked at often enough that it is seen when it is back.
    let wait = (recall / 8).as_secs_f32().clamp(1.0, 15.0);
    format!(
        "# Written anew at each start of the demonstration.\n\
         [branding]\nname_it = \"Ospedale di Prova\"\nname_en = \"Test Hospital\"\n\
         address = \"Via dell'Esempio 1, 00000 Provaglio\"\n\
         contact = \"Segreteria di radiologia, tel. 000 000000\"\n\n\
         [portal]\nlisten = \"{listen}\"\naddress = \"http://{listen}\"\n\n\
         [store]\nfolder = \"store\"\nsecret_file = \"secret\"\n\n\
         [[pacs]]\nname = \"demo\"\nsite = \"Provaglio\"\nhost = \"{}\"\nport = {}\n\
         called_ae_title = \"{called}\"\ncalling_ae_title = \"ESITO\"\n\
         recall = {{ first_wait = {wait:.0}, longest_wait = {wait:.0} }}\n",
        pacs.ip(),
        pacs.port(),
    )
}

impl Demo {
    fn run(&self) -> anyhow::Result<()> {
        let level = tracing_subscriber::filter::LevelFilter::WARN;
        let _log = Log::start(LogSettings { level, ..self.config.log })?;
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
             What to try: log in and choose a password; read the report of the forearm; filter the list; open\n\
             the order of two examinations; press Scarica, there and on RM ENCEFALO, which is brought back after\n\
             {recall} seconds; look at the images; change to the child below the name; press the bell and the globe.\n\
             And to share: open TC TORACE, Azioni >> Condividi, with two addresses and a PIN; open the link from the\n\
             outbox in another browser, enter the PIN, press Scarica; see who came under Condivisioni, below the name\n\
             at the top right; press Revoca there, and reload the other browser.\n\
             Not shown, as it should be: TC ADDOME has no report yet, that of COLONNA LOMBOSACRALE was withdrawn.\n\
             Everybody in it is invented. Ctrl-C ends it.",
            recall = self.recall.as_secs(),
        )
        .and_then(|()| stdout.flush())
        .context("cannot write to standard output")?;
        drop(stdout);
        serve::run_portal(&runtime, portal, None)
    }
}

/// Makes the patient of the studies a user, who sees the results of her child too, and hands reports in;
/// true when she is one already.
async fn enrol(portal: &Portal) -> anyhow::Result<bool> {
    let user_name: UserName = USER_NAME.parse()?;
    let services = portal.services();
    if services.store.account_by_user_name(&user_name).await?.is_some() {
        return Ok(true);
    }
    let email = || Some(Private("maria.test@example.org".to_owned()));
    let phone = || Some(Private("+390000000000".to_owned()));
    let child = person(&ROSSI_CHILD)?;
    let mother = Person {
        phone: phone(),
        email: email(),
        address: Some(Private("Via di Prova 2, 00000 Provaglio".to_owned())),
        practitioner: Some(Private("BIANCHI LUCA TEST".to_owned())),
        ..person(&ROSSI)?
    };
    let (mother_id, child_id) = (mother.id, child.id);
    let account = NewAccount {
        user_name: user_name.clone(),
        email: email(),
        phone: phone(),
        language: Language::It,
        subject: None,
        role: Role::Oneself,
    };
    for (person, account) in [(mother, Some(account)), (child, None)] {
        let enrolment = Enrolment { person, account, by: BY.to_owned() };
        if let Err(refused) = services.accounts.enrol(enrolment).await? {
            bail!("the patient of the demonstration: {refused}");
        }
    }
    let account = services.store.account_by_user_name(&user_name).await?;
    let account = account.context("the account of the demonstration is gone")?;
    let mut of_both = account.clone();
    of_both.persons.push(Representation { person: child_id, role: Role::Parent, until: None });
    services.store.replace_account(account, of_both, Along::nothing()).await?;
    for accession in [IMPORTED, WITHDRAWN] {
        let report = hand_in(portal, mother_id, accession).await?;
        if accession == WITHDRAWN {
            services.results.withdraw_report(report, false, BY, None).await?;
        }
    }
    Ok(false)
}

/// A person of the studies as the site enrols one.
fn person(patient: &fixtures::Person) -> anyhow::Result<Person> {
    let (family, given) = patient.name.split_once('^').context("a name of two parts")?;
    let sex = if patient.sex == "F" { Sex::Female } else { Sex::Male };
    Ok(Person {
        sex: Some(Private(sex)),
        birth_date: Some(Private(Date::strptime("%Y%m%d", patient.birth_date)?)),
        consent: Consent { online_results: true, messages: true },
        ..Person::new(
            PersonId::fresh()?,
            vec![IssuedId { id: patient.id.into(), issuer: String::new() }],
            Name { family: family.to_owned(), given: given.to_owned() },
        )
    })
}

/// Hands in a report on a study, as a site does that keeps them outside its PACS.
async fn hand_in(portal: &Portal, whose: PersonId, accession: &str) -> anyhow::Result<ReportId> {
    let study = STUDIES.iter().find(|study| study.accession == accession);
    let study = study.context("a study of the demonstration")?;
    let now = today();
    let import = ReportImport {
        whose: Whose::Person(whose),
        about: ReportAbout::AccessionNumber(accession.into()),
        document: String::new(),
        version: None,
        title: Some(Private(format!("Referto {}", study.description))),
        status: ReportStatus::Final,
        dated: Some(now.saturating_sub(jiff::Span::new().days(study.days_ago))),
        by: BY.to_owned(),
        pdf: report_pdf(study.person, study.description),
    };
    match portal.services().results.import_report(import).await? {
        Ok(report) => Ok(report.id),
        Err(refused) => bail!("a report of the demonstration: {refused}"),
    }
}
