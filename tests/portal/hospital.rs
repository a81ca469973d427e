//! A portal over a PACS with one study, and a patient of it who is logged in and can ask for the package.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::Holding;
use fixtures::dimse::{DimsePacs, DimseSettings};
use jiff::{SignedDuration, Timestamp};
use portal::secret::Token;
use portal::store::{Along, PersonId, Session, Sessions as _, SledStore, Through};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::enrolled::enrolled;
use crate::server::{Portal, configure, free_port};
use crate::support::{Workplace, files_below, run};

/// A study whose package takes a second or two, as the PACS sends so many bytes a second.
const SMALL: &[&str] = &["--study", "ct", "--slices", "30", "--rows", "192"];
const SLOWLY: NonZeroU64 = NonZeroU64::new(2_000_000).unwrap();
/// One whose package is more than the buffers of a connection hold.
const LARGE: &[&str] = &["--study", "ct", "--slices", "80", "--rows", "512"];
const FAST: NonZeroU64 = NonZeroU64::new(1 << 30).unwrap();

pub struct Hospital {
    pub workplace: Workplace,
    pub config: PathBuf,
    /// Where the order is: `/persons/…/orders/…`; empty until it was looked for.
    pub order: String,
    person: PersonId,
    cookie: String,
    listen: String,
    _pacs: DimsePacs,
}

impl Hospital {
    /// With a small study and a slow PACS.
    pub fn new() -> Self {
        Self::with(SMALL, SLOWLY)
    }

    /// With a large study and a fast PACS.
    pub fn large() -> Self {
        Self::with(LARGE, FAST)
    }

    fn with(study: &[&str], pace: NonZeroU64) -> Self {
        let workplace = Workplace::with_study(study);
        let holding = Holding::read(&workplace.source()).expect("a study").at_most(pace);
        let pacs = DimsePacs::start(
            SocketAddr::from(([127, 0, 0, 1], 0)),
            Arc::new(holding),
            DimseSettings::default(),
        )
        .expect("a PACS");
        let listen = format!("127.0.0.1:{}", free_port());
        let more = format!(
            "[results]\nrelease = 'always'\navailability_days = 0\n\
             [[pacs]]\nname = 'main'\nhost = '127.0.0.1'\nport = {}\ncalled_ae_title = 'FIXTURE'\n\
             calling_ae_title = 'ESITO'\n",
            pacs.address().port()
        );
        let portal = format!("listen = '{listen}'\naddress = 'http://{listen}'");
        let config = configure(&workplace.target(), &portal, &more);
        let (person, token) = logged_in(&workplace);
        let cookie = format!("__Host-esito-session={}", token.as_str());
        let order = String::new();
        Self { workplace, config, order, person, cookie, listen, _pacs: pacs }
    }

    pub fn serve(&self) -> Portal {
        Portal::start(&self.config)
    }

    /// Asks as she does; gives what curl writes, head and body.
    pub fn curl(&self, path: &str, more: &[&str]) -> run::Finished {
        run::program("curl")
            .args(["-sS", "--max-time", "60", "-H"])
            .arg(format!("cookie: {}", self.cookie))
            .args(more)
            .arg(format!("http://{}{path}", self.listen))
            .finish()
    }

    pub fn page(&self, path: &str) -> String {
        let answered = self.curl(path, &["-i"]);
        assert_eq!(answered.code, Some(0), "{}", answered.stderr);
        String::from_utf8_lossy(&answered.stdout).into_owned()
    }

    /// Looks until the order is in her list.
    pub fn find_order(&mut self) {
        let list = format!("/persons/{}/results", self.person);
        let begin = format!("/persons/{}/orders/", self.person);
        self.order = within(|| {
            let page = self.page(&list);
            let rest = page.split(&begin).nth(1)?;
            Some(format!("{begin}{}", rest.split('"').next()?))
        });
    }

    /// Asks for the package of the order.
    pub fn ask(&self) {
        let page = self.page(&self.order);
        let token = page.split("form_token\" value=\"").nth(1).expect("a form");
        let token = token.split('"').next().expect("a token");
        let origin = format!("origin: http://{}", self.listen);
        let asked = self.curl(
            &format!("{}/downloads", self.order),
            &["-i", "-d", &format!("form_token={token}&content=everything"), "-H", &origin],
        );
        let text = String::from_utf8_lossy(&asked.stdout);
        assert!(text.starts_with("HTTP/1.1 303"), "{text}");
    }

    /// The jobs, as the console tells them.
    pub fn jobs(&self) -> Vec<Value> {
        let listed = self.console(&["jobs", "list", "--json"]);
        listed["jobs"].as_array().expect("jobs").clone()
    }

    /// A command of an administrator, with what it answers.
    pub fn console(&self, command: &[&str]) -> Value {
        let done = run::esito(command).arg("--config").arg(&self.config).finish();
        let done = done.expect_code(&[0]);
        serde_json::from_slice(&done.stdout).unwrap_or(Value::Null)
    }

    /// Waits until the one job is in this state.
    pub fn wait_for(&self, state: &str) -> Value {
        within(|| self.jobs().into_iter().find(|job| job["state"] == state))
    }

    /// Where the package is fetched, as the page of her downloads says.
    pub fn package(&self) -> String {
        within(|| {
            let page = self.page("/downloads");
            let found = page.split("href=\"").find(|rest| {
                let path = rest.split('"').next().unwrap_or_default();
                path.starts_with("/downloads/") && path.ends_with("/package")
            })?;
            Some(found.split('"').next()?.to_owned())
        })
    }

    /// The packages in the spool, those that are written too.
    pub fn spooled(&self) -> Vec<String> {
        let names = files_below(&self.workplace.target().join("spool"));
        let names = names.iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
        let is_package = |name: &String| [".zip", ".partial"].iter().any(|end| name.ends_with(end));
        names.filter(is_package).collect()
    }
}

/// What comes within a minute.
pub fn within<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "it did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Somebody with the Patient ID of the study, logged in for hours.
fn logged_in(workplace: &Workplace) -> (PersonId, Token) {
    let files = files_below(&workplace.source());
    let file = files.iter().find(|file| file.extension().is_none()).unwrap_or(&files[0]);
    let dumped = run::program("dcmdump").args(["+P", "0010,0020", "-s"]).arg(file).finish();
    let text = String::from_utf8_lossy(&dumped.stdout).into_owned();
    let id = text.split('[').nth(1).and_then(|rest| rest.split(']').next()).expect("a Patient ID");
    let now = Timestamp::now();
    let store = SledStore::open(&workplace.target().join("store")).expect("a store");
    let runtime = Runtime::new().expect("threads");
    let account = runtime.block_on(enrolled(&store, id, "maria.test", now));
    let token = Token::fresh().expect("random");
    let session = Session {
        token: token.hash(),
        account: account.id,
        begun: now,
        seen: now,
        idle: SignedDuration::from_hours(8),
        ends: now + SignedDuration::from_hours(8),
        through: Through::Password,
    };
    let begun = store.begin_session(session, None, Along::nothing());
    runtime.block_on(begun).expect("stored");
    (account.persons[0].person, token)
}
