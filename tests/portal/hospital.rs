//! A hospital: its PACS, its gateway for SMS, its portal, and a patient who has chosen a password.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::dimse::{DimsePacs, DimseSettings, Fault, Script};
use fixtures::{Holding, ROSSI};
use serde_json::{Value, json};

use crate::served::Peer;
use crate::server::{Portal, configure, free_port};
use crate::support::{Workplace, files_below, run};
use crate::visitor::Visitor;

const PASSWORD: &str = "Collina-Verde&42";
/// What the page of the downloads has while a package is made.
pub const PREPARING: &str = "data-state=\"preparing\"";

pub struct Hospital {
    pub workplace: Workplace,
    pub config: PathBuf,
    pub pacs: DimsePacs,
    pub sms: Peer,
    /// None while it is down.
    pub portal: Option<Portal>,
    pub her: Visitor,
    person: String,
}

/// A computed tomography of 5 MiB.
pub fn ct() -> Workplace {
    Workplace::with_study(&["--study", "ct", "--slices", "40", "--rows", "256"])
}

/// One whose package is more than the buffers of a connection hold.
pub fn large_ct() -> Workplace {
    Workplace::with_study(&["--study", "ct", "--slices", "80", "--rows", "512"])
}

/// What a PACS has of a workplace.
pub fn held(workplace: &Workplace) -> Holding {
    Holding::read(&workplace.source()).expect("a study")
}

/// The same, so many bytes a second.
pub fn slow(workplace: &Workplace, bytes_per_second: u64) -> Holding {
    held(workplace).at_most(NonZeroU64::new(bytes_per_second).expect("a pace"))
}

pub fn start_pacs(holding: Holding, port: u16, fault: &Fault) -> DimsePacs {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let holding = Arc::new(holding);
    // One that was there before may still be leaving.
    within(|| {
        let script = Script::always(fault.clone());
        let settings = DimseSettings { script, ..DimseSettings::default() };
        DimsePacs::start(address, Arc::clone(&holding), settings).ok()
    })
}

/// The section of a PACS.
pub fn pacs_section(name: &str, pacs: &DimsePacs) -> String {
    format!(
        "[[pacs]]\nname = '{name}'\nhost = '127.0.0.1'\nport = {}\ncalled_ae_title = 'FIXTURE'\n\
         calling_ae_title = 'ESITO'\nrecall = {{ first_wait = 1, longest_wait = 1, total = 60 }}\n",
        pacs.address().port()
    )
}

impl Hospital {
    /// With what its PACS has, and more sections of the configuration.
    pub fn open(workplace: Workplace, holding: Holding, more: &str) -> Self {
        Self::open_with(workplace, start_pacs(holding, 0, &Fault::None), more)
    }

    pub fn open_with(workplace: Workplace, pacs: DimsePacs, more: &str) -> Self {
        let sms = Peer::start("serve_sms.py", &["200", ""]);
        let port = free_port();
        let listen = format!("listen = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'");
        let sections = format!(
            "[results]\nrelease = 'always'\navailability_days = 0\n\
             refresh = {{ at_most_every = 1, page_waits_ms = 10000 }}\n\
             [sms]\nurl = 'http://127.0.0.1:{}/send'\njson = {{ to = '{{number}}', text = '{{text}}' }}\n\
             {more}\n{}",
            sms.port,
            pacs_section("main", &pacs)
        );
        let config = configure(&workplace.target(), &listen, &sections);
        let portal = Portal::start(&config);
        let added = run::esito(&["patient", "add", "--config"]).arg(&config);
        let added = added.finish_with(&patient().to_string()).expect_code(&[0]);
        let added: Value = serde_json::from_slice(&added.stdout).expect("JSON");
        let person = added["id"].as_str().expect("a person").to_owned();
        let text = sms.line()["json"]["text"].as_str().expect("a text").to_owned();
        let first = text.split(" è ").nth(1).and_then(|rest| rest.split(' ').next());
        let first = first.expect("a password").to_owned();
        let mut her = Visitor::new(&portal.listen);
        her.log_in("rossi", &first);
        her.get("/password");
        let fields = [("old", &*first), ("new", PASSWORD), ("confirm", PASSWORD)];
        assert_eq!(her.post("/password", &fields).header("location"), "/password/changed");
        Self { workplace, config, pacs, sms, portal: Some(portal), her, person }
    }

    pub fn portal(&self) -> &Portal {
        self.portal.as_ref().expect("a portal")
    }

    pub fn spool(&self) -> PathBuf {
        self.workplace.target().join("spool")
    }

    /// Kills the portal, as a loss of power does to a process.
    pub fn kill(&mut self) {
        let mut portal = self.portal.take().expect("a portal");
        portal.signal("KILL");
        assert_eq!(portal.end(), None, "a signal ended it");
    }

    pub fn start(&mut self) {
        let begun = Instant::now();
        self.portal = Some(Portal::start(&self.config));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    /// Ends the portal in order.
    pub fn end(&mut self) {
        let mut portal = self.portal.take().expect("a portal");
        portal.signal("TERM");
        assert_eq!(portal.end(), Some(0), "{}", portal.log());
    }

    /// Has another PACS take the place of the one that there is, at its port.
    pub fn replace_pacs(&mut self, holding: Holding, fault: &Fault) {
        let port = self.pacs.address().port();
        self.lose_pacs();
        self.pacs = start_pacs(holding, port, fault);
    }

    /// Ends the PACS: nobody listens at its port any more.
    pub fn lose_pacs(&mut self) {
        let empty = self.workplace.beside("empty");
        fs::create_dir_all(&empty).expect("a folder");
        // Another takes its place, so that this one is dropped.
        let other = start_pacs(Holding::read(&empty).expect("a folder"), 0, &Fault::None);
        drop(std::mem::replace(&mut self.pacs, other));
    }

    /// The page of her first order.
    pub fn order(&mut self) -> String {
        let orders = format!("/persons/{}/orders/", self.person);
        let page = self.her.get(&format!("/persons/{}/results", self.person));
        let order = page.body.split(&orders).nth(1).expect("an order");
        format!("{orders}{}", order.split('"').next().expect("its end"))
    }

    /// Asks for all of her first order.
    pub fn ask(&mut self) {
        let order = self.order();
        self.ask_for(&order);
    }

    /// Asks for all of an order.
    pub fn ask_for(&mut self, order: &str) {
        let asked = self.her.post(&format!("{order}/downloads"), &[("content", "everything")]);
        assert_eq!(asked.status, 303, "{}", asked.body);
    }

    /// Waits until the page of her downloads has a text; gives the page.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        self.wait_long_for(text, Duration::from_mins(1))
    }

    #[track_caller]
    pub fn wait_long_for(&mut self, text: &str, most: Duration) -> String {
        let until = Instant::now() + most;
        loop {
            let page = self.her.get("/downloads").body;
            if page.contains(text) {
                return page;
            }
            assert!(Instant::now() < until, "{text:?}: {page}{}", self.portal().log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks as she does, with more arguments of curl.
    pub fn curl(&self, path: &str, more: &[&str]) -> run::Run {
        run::program("curl")
            .args(["-sS", "--max-time", "60", "-H", &self.her.cookies()])
            .arg(format!("http://{}{path}", self.portal().listen))
            .args(more)
    }

    /// Fetches the newest download, with more arguments of curl; gives the exit code of curl.
    pub fn fetch(&mut self, into: &Path, more: &[&str]) -> i32 {
        let path = package(&self.her.get("/downloads").body);
        let to = into.to_str().expect("UTF-8");
        let fetched = self.curl(&path, &["-o", to]).args(more).finish();
        fetched.code.expect("an exit code")
    }

    /// A command of an administrator, with what it answers.
    pub fn console(&self, command: &[&str]) -> Value {
        let done = run::esito(command).arg("--config").arg(&self.config).finish();
        let done = done.expect_code(&[0]);
        serde_json::from_slice(&done.stdout).unwrap_or(Value::Null)
    }

    /// The jobs, as the console tells them.
    pub fn jobs(&self) -> Vec<Value> {
        let listed = self.console(&["jobs", "list", "--json"]);
        listed["jobs"].as_array().expect("jobs").clone()
    }

    /// Waits until a job is in this state.
    #[track_caller]
    pub fn wait_for_job(&self, state: &str) -> Value {
        within(|| self.jobs().into_iter().find(|job| job["state"] == state))
    }

    /// The packages in the spool, those that are written too.
    pub fn spooled(&self) -> Vec<String> {
        let names = files_below(&self.spool());
        let names = names.iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
        let is_package = |name: &String| [".zip", ".partial"].iter().any(|end| name.ends_with(end));
        names.filter(is_package).collect()
    }
}

/// The package of the newest download of a page.
pub fn package(page: &str) -> String {
    let request = page.split("data-request=\"").nth(1).expect("a download");
    format!("/downloads/{}/package", request.split('"').next().expect("its end"))
}

/// What comes within a minute.
#[track_caller]
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

fn patient() -> Value {
    json!({
        "person": {
            "patient_ids": [{ "id": ROSSI.id }],
            "family_name": "ROSSI", "given_name": "MARIA TEST",
            "consent": { "online_results": true, "messages": true },
        },
        "account": {
            "user_name": "rossi",
            "contact": { "email": "maria.test@example.org", "phone": "+390000000000" },
        },
    })
}
