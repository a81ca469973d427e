//! Downloads from end to end: a PACS, a portal that is killed, a patient with curl, and judges for the ZIP.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::dimse::{DimsePacs, DimseSettings};
use fixtures::{
    Charset, FixtureFile, Holding, Instance, ROSSI, Storage, StudyBuilder, write_files,
};
use serde_json::{Value, json};

use crate::served::Peer;
use crate::server::{Portal, configure, free_port};
use crate::support::{Workplace, judges, names_in, run};
use crate::visitor::Visitor;

const PASSWORD: &str = "Collina-Verde&42";
/// What the page of the downloads has while a package is made.
const PREPARING: &str = "data-state=\"preparing\"";

/// The package of the newest download of a page.
fn package(page: &str) -> String {
    let request = page.split("data-request=\"").nth(1).expect("a download");
    format!("/downloads/{}/package", request.split('"').next().expect("its end"))
}

/// A hospital: its PACS, its gateway for SMS, its portal and a patient who has chosen a password.
struct Site {
    workplace: Workplace,
    config: PathBuf,
    pacs: DimsePacs,
    sms: Peer,
    portal: Option<Portal>,
    her: Visitor,
    person: String,
}

fn start_pacs(holding: Holding, port: u16) -> DimsePacs {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    DimsePacs::start(address, Arc::new(holding), DimseSettings::default()).expect("a port")
}

impl Site {
    fn open(workplace: Workplace, holding: Holding, more: &str) -> Self {
        let pacs = start_pacs(holding, 0);
        let sms = Peer::start("serve_sms.py", &["200", ""]);
        let port = free_port();
        let listen = format!("listen = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'");
        let sections = format!(
            "[results]\nrelease = 'always'\navailability_days = 0\n\
             refresh = {{ at_most_every = 1, page_waits_ms = 10000 }}\n\
             [sms]\nurl = 'http://127.0.0.1:{}/send'\njson = {{ to = '{{number}}', text = '{{text}}' }}\n\
             {more}\n\
             [[pacs]]\nname = 'main'\nhost = '127.0.0.1'\nport = {}\ncalled_ae_title = 'FIXTURE'\n\
             calling_ae_title = 'ESITO'\nrecall = {{ first_wait = 1, longest_wait = 1, total = 60 }}\n",
            sms.port,
            pacs.address().port()
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

    fn portal(&self) -> &Portal {
        self.portal.as_ref().expect("a portal")
    }

    fn spool(&self) -> PathBuf {
        self.workplace.target().join("spool")
    }

    /// The page of her first order.
    fn order(&mut self) -> String {
        let orders = format!("/persons/{}/orders/", self.person);
        let page = self.her.get(&format!("/persons/{}/results", self.person));
        let order = page.body.split(&orders).nth(1).expect("an order");
        format!("{orders}{}", order.split('"').next().expect("its end"))
    }

    /// Asks for all of her first order.
    fn ask(&mut self) {
        let order = self.order();
        let asked = self.her.post(&format!("{order}/downloads"), &[("content", "everything")]);
        assert_eq!(asked.status, 303, "{}", asked.body);
    }

    /// Waits until the page of her downloads has a text; gives the page.
    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let page = self.her.get("/downloads").body;
            if page.contains(text) {
                return page;
            }
            assert!(Instant::now() < until, "{text:?}: {page}{}", self.portal().log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the portal, as a loss of power does to a process.
    fn kill(&mut self) {
        self.portal = None;
    }

    fn start(&mut self) {
        let begun = Instant::now();
        self.portal = Some(Portal::start(&self.config));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    /// Fetches the only download that can be fetched, with more arguments of curl; gives the exit code of curl.
    fn fetch(&mut self, into: &Path, more: &[&str]) -> i32 {
        let page = self.her.get("/downloads").body;
        let path = package(&page);
        let fetched = run::program("curl")
            .args(["-sS", "--max-time", "60", "-H", &self.her.cookies()])
            .args(more)
            .arg("-o")
            .arg(into)
            .arg(format!("http://{}{path}", self.portal().listen))
            .finish();
        fetched.code.expect("an exit code")
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

/// A computed tomography of 5 MiB.
fn ct() -> Workplace {
    Workplace::with_study(&["--study", "ct", "--slices", "40", "--rows", "256"])
}

fn held(workplace: &Workplace) -> Holding {
    Holding::read(&workplace.source()).expect("a study")
}

fn slow(workplace: &Workplace, bytes_per_second: u64) -> Holding {
    held(workplace).at_most(NonZeroU64::new(bytes_per_second).expect("a pace"))
}

#[test]
fn a_download_survives_kills_of_its_preparation_and_of_its_delivery() {
    // So large that the rest of it does not fit into the buffers between the portal and curl.
    let workplace = Workplace::with_study(&["--study", "ct", "--slices", "60", "--rows", "512"]);
    let holding = slow(&workplace, 10_000_000);
    let mut site = Site::open(workplace, holding, "");
    site.ask();
    site.wait_for(PREPARING);
    let partial =
        |site: &Site| names_in(&site.spool()).iter().any(|name| name.ends_with("partial"));
    assert!(partial(&site), "{:?}", names_in(&site.spool()));
    site.kill();
    assert!(partial(&site), "it was killed too late");
    site.start();
    site.wait_for("Esito disponibile");
    assert!(!partial(&site), "{:?}", names_in(&site.spool()));
    let zip = site.workplace.beside("whole.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    judges::judge(&zip, &site.workplace.source(), &[]);

    // Slowly, and killed in the middle.
    let part = site.workplace.beside("part.zip");
    let listen = site.portal().listen.clone();
    let page = site.her.get("/downloads").body;
    let path = package(&page);
    let slowly = run::program("curl")
        .args(["-sS", "--limit-rate", "400K", "-H", &site.her.cookies(), "-o"])
        .arg(&part)
        .arg(format!("http://{listen}{path}"))
        .start();
    let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    while length(&part) < 300_000 {
        std::thread::sleep(Duration::from_millis(20));
    }
    site.kill();
    let broken = run::finish(slowly, Duration::from_mins(1));
    assert_eq!(broken.code, Some(18), "curl saw that it is not whole: {}", broken.stderr);
    assert!(length(&part) < length(&zip));
    site.start();
    assert_eq!(site.fetch(&part, &["-C", "-"]), 0);
    assert!(fs::read(&part).expect("a file") == fs::read(&zip).expect("a file"));
}

#[test]
fn a_package_is_fetched_while_it_is_made_and_breaks_off_when_it_is_withdrawn() {
    let workplace = ct();
    let holding = slow(&workplace, 1_500_000);
    let mut site = Site::open(workplace, holding, "");
    site.ask();
    let page = site.wait_for(PREPARING);
    let path = package(&page);
    let follow = |site: &Site, into: &Path| {
        run::program("curl")
            .args(["-sS", "--max-time", "60", "-D"])
            .arg(into.with_extension("head"))
            .args(["-H", &site.her.cookies(), "-o"])
            .arg(into)
            .arg(format!("http://{}{path}", site.portal().listen))
            .start()
    };
    let whole = site.workplace.beside("followed.zip");
    let followed = run::finish(follow(&site, &whole), Duration::from_mins(1));
    assert_eq!(followed.code, Some(0), "{}", followed.stderr);
    let head = fs::read_to_string(whole.with_extension("head")).expect("a head").to_lowercase();
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("etag"), "{head}");
    judges::judge(&whole, &site.workplace.source(), &[]);
    site.wait_for("Esito disponibile");
    let again = site.workplace.beside("again.zip");
    assert_eq!(site.fetch(&again, &[]), 0);
    assert!(fs::read(&whole).expect("a file") == fs::read(&again).expect("a file"));

    // In English it is another package.
    site.her.post("/language", &[("language", "en"), ("back", "/")]);
    site.ask();
    let page = site.wait_for(PREPARING);
    let path = package(&page);
    let cut = site.workplace.beside("cut.zip");
    let following = run::program("curl")
        .args(["-sS", "--max-time", "60", "-H", &site.her.cookies(), "-o"])
        .arg(&cut)
        .arg(format!("http://{}{path}", site.portal().listen))
        .start();
    while fs::metadata(&cut).map_or(0, |file| file.len()) < 100_000 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let withdrawn = site.her.post(&path.replace("/package", "/withdraw"), &[]);
    assert_eq!(withdrawn.status, 303, "{}", withdrawn.body);
    let broken = run::finish(following, Duration::from_mins(1));
    assert_eq!(broken.code, Some(18), "curl saw that it is not whole: {}", broken.stderr);
    let left = names_in(&site.spool());
    assert!(!left.iter().any(|name| name.ends_with("partial")), "{left:?}");
}

/// A radiograph of hers in a folder; gives its UID.
fn write_radiograph(folder: &Path) -> String {
    let mut study = StudyBuilder::new(4711, "nearline").patient(ROSSI).description("TORACE");
    let series = study.series("CR", "TORACE PA");
    let data_set = series.data_set("1.2.840.10008.5.1.4.1.1.1", 1);
    let instance = Instance::new(data_set, Charset::Latin1);
    write_files(&[FixtureFile::instance("IM1", instance)], folder).expect("written");
    study.study_uid()
}

#[test]
fn what_is_not_online_is_recalled_and_she_is_told() {
    let workplace = Workplace::empty();
    let study = write_radiograph(&workplace.source());
    let holding = held(&workplace).with(&study, Storage::Nearline);
    let mut site = Site::open(workplace, holding.recalled_after(Duration::from_secs(4)), "");
    site.ask();
    site.wait_for("Il portale sta tentando di richiamarlo.");
    // The portal may end meanwhile: the recall is remembered.
    site.kill();
    site.start();
    site.wait_for("Il portale sta tentando di richiamarlo.");
    site.wait_for("Esito disponibile");
    let told = site.sms.line()["json"]["text"].as_str().expect("a text").to_owned();
    assert!(told.contains("il download che hai richiesto è pronto"), "{told}");
    for secret in ["TORACE", "ROSSI", "esito", "referto"] {
        assert!(!told.contains(secret), "{told}");
    }
    let zip = site.workplace.beside("recalled.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    judges::judge(&zip, &site.workplace.source(), &[]);
}

#[test]
fn a_pacs_that_is_gone_is_tried_again_and_the_page_waits() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut site = Site::open(workplace, holding, "");
    let order = site.order();
    let port = site.pacs.address().port();
    let empty = site.workplace.beside("empty");
    fs::create_dir(&empty).expect("a folder");
    // Another takes its place, so that this one is dropped.
    let other = start_pacs(Holding::read(&empty).expect("a folder"), 0);
    drop(std::mem::replace(&mut site.pacs, other));
    let asked = site.her.post(&format!("{order}/downloads"), &[("content", "everything")]);
    assert_eq!(asked.status, 303, "{}", asked.body);
    site.portal().wait_for("no package can be made");
    site.wait_for("In attesa");
    site.pacs = start_pacs(held(&site.workplace), port);
    site.wait_for("Esito disponibile");
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut site = Site::open(workplace, holding, "");
    site.kill();
    let disk = |folder: &Path| {
        let folder = folder.display();
        let mount = format!("mount -t tmpfs -o size=1m tmpfs '{folder}' && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &mount, "sh"]);
        command
    };
    let small = site.workplace.beside("small");
    fs::create_dir(&small).expect("a folder");
    if !disk(&small).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: this machine lets nobody mount a file system of his own");
        return;
    }
    let text = fs::read_to_string(&site.config).expect("the configuration");
    let spool = format!("[spool]\nfree_mib = 0\nfolder = '{}'\n[[pacs]]", small.display());
    fs::write(&site.config, text.replace("[[pacs]]", &spool)).expect("written");
    let mut command = disk(&small);
    command.arg(env!("CARGO_BIN_EXE_esito"));
    site.portal = Some(Portal::start_by(&mut command, &site.config));
    site.ask();
    site.portal().wait_for("No space left on device");
    site.wait_for("In attesa");
}
