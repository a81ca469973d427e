//! Somebody unmistakable goes through all of the portal, and nothing that is told or written beside the store
//! tells of her: no log, count, error, problem, address or name of a file.

mod sharing;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fixtures::dimse::{DimsePacs, DimseSettings, Fault, Script, Service};
use fixtures::web::{Behaviour, WebPacs};
use fixtures::{Charset, FixtureFile, Holding, Instance, Person, StudyBuilder, write_files};
use serde_json::{Value, json};

use crate::served::Peer;
use crate::server::{Portal, configure, free_port, get, private};
use crate::support::run::{self, Finished};
use crate::support::{Workplace, files_below};
use crate::visitor::{Page, Visitor};

/// Values of hers, as they are and as they may be written. No case is told apart.
const MARKERS: &[&str] = &[
    "qxfamily",
    "qxgiven",
    "qxuser",
    "qxmail",
    "qxid7731",
    "qxtaxcode",
    "qxstreet",
    "qxdoctor",
    "qxcontact",
    "qxdescription",
    "qxacc7731",
    "qxreferrer",
    "qxtitle",
    "qxreferto",
    "qxseries",
    "0007731337",
    "19330719",
    "1933-07-19",
    "19/07/1933",
    "19 lug 1933",
    "qxguess",
    "qxrecipient",
    "qxmessage",
    PASSWORD,
    NEW_PASSWORD,
];
const PASSWORD: &str = "collina-verde&42";
const NEW_PASSWORD: &str = "fiume-azzurro&43";
const PATIENT: Person = Person {
    name: "QXFAMILY^QXGIVEN TEST",
    id: "QXID7731",
    birth_date: "19330719",
    sex: "F",
    charset: Charset::Latin1,
};
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// As much of a PDF as is looked at, with whatever before its end.
fn pdf(content: &str) -> Vec<u8> {
    let head = format!("%PDF-1.4\n%{content}\n");
    let table = "xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\n";
    format!("{head}{table}startxref\n{}\n%%EOF\n", head.len()).into_bytes()
}

/// Who is enrolled.
fn marked() -> Value {
    json!({
        "person": {
            "patient_ids": [{ "id": "QXID7731" }],
            "family_name": "QXFAMILY", "given_name": "QXGIVEN TEST", "sex": "F",
            "birth_date": "1933-07-19", "tax_code": "QXTAXCODE", "phone": "+390007731337",
            "email": "qxmail@example.org", "address": "Via QXSTREET 1", "practitioner": "QXDOCTOR",
            "contact": "QXCONTACT", "consent": { "online_results": true, "messages": true },
        },
        "account": {
            "user_name": "qxuser",
            "contact": { "email": "qxmail@example.org", "phone": "+390007731337" },
        },
    })
}

/// A study of hers in a folder; gives its UID.
fn write_marked_study(folder: &Path) -> String {
    let mut study =
        StudyBuilder::new(7731, "markers").patient(PATIENT).description("QXDESCRIPTION");
    let series = study.series("CR", "QXSERIES");
    let mut data_set = series.data_set("1.2.840.10008.5.1.4.1.1.1", 1);
    data_set
        .text(dicom_core::Tag(0x0008, 0x0050), "QXACC7731")
        .text(dicom_core::Tag(0x0008, 0x0090), "QXREFERRER^LUCA TEST");
    let instance = Instance::new(data_set, Charset::Latin1);
    write_files(&[FixtureFile::instance("IM1", instance)], folder).expect("written");
    study.study_uid()
}

/// The site, and all that it says.
struct Stage {
    workplace: Workplace,
    config: PathBuf,
    /// What is searched for markers, with where it comes from.
    said: Vec<(String, String)>,
    /// Secrets that come up while it runs.
    secrets: Vec<String>,
}

impl Stage {
    fn folder(&self) -> PathBuf {
        self.workplace.target()
    }

    fn say(&mut self, what: impl Into<String>, text: impl Into<String>) {
        self.said.push((what.into(), text.into()));
    }

    /// A command on the console; what it writes to standard error tells nothing of anybody.
    fn console(&mut self, command: &[&str], input: &str, codes: &[i32]) -> Finished {
        let done = run::esito(command)
            .arg("--config")
            .arg(&self.config)
            .env("TMPDIR", self.folder().join("spool").to_str().expect("UTF-8"))
            .finish_with(input)
            .expect_code(codes);
        self.say(format!("stderr of {command:?}"), &*done.stderr);
        done
    }

    /// The same; neither does standard output.
    fn quiet_console(&mut self, command: &[&str], input: &str, codes: &[i32]) {
        let done = self.console(command, input, codes);
        self.say(format!("stdout of {command:?}"), String::from_utf8_lossy(&done.stdout));
    }

    /// What anybody else may see of an answer: its head; and its body unless it is her own page.
    fn seen(&mut self, what: &str, page: &Page, is_hers: bool) {
        self.say(format!("head of {what}"), &*page.head);
        if !is_hers {
            self.say(format!("body of {what}"), &*page.body);
        }
    }

    /// A request of an administrator that is refused with this status.
    fn refused(&mut self, portal: &Portal, more: &[&str], path: &str, status: u16) {
        let bearer = format!("Authorization: Bearer {TOKEN}");
        let mut arguments = vec!["-i", "-H", &bearer];
        arguments.extend(more);
        let (found, answer) = get(&format!("http://{}{path}", portal.admin), &arguments);
        assert_eq!(found, status, "{path} {answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        self.say(format!("problem of {path}"), answer);
    }

    /// Ends a server, and keeps all that it wrote.
    fn end(&mut self, mut portal: Portal) {
        let (_, metrics) = get(&format!("http://{}/metrics", portal.monitor), &[]);
        self.say("metrics", metrics);
        portal.signal("TERM");
        assert_eq!(portal.end(), Some(0), "{}", portal.log());
        self.say("log", portal.log());
        self.say("standard output", portal.told());
    }

    /// Fails with each marker that is where it should not be.
    fn judge(self) {
        for file in files_below(&self.folder()) {
            let below = file.strip_prefix(self.folder()).expect("below").display().to_string();
            assert!(below.contains('/') || !below.contains("store"), "the store is a folder");
            // What the test itself hands in has a telling name on purpose.
            if !below.starts_with("handed/") {
                assert!(!self.holds(&below), "the name of the file {below}");
            }
        }
        let found: Vec<_> = self
            .said
            .iter()
            .flat_map(|(what, text)| text.lines().map(move |line| (what, line)))
            .filter(|(_, line)| self.holds(line))
            .collect();
        assert!(found.is_empty(), "{found:#?}");
    }

    fn holds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let markers = MARKERS.iter().copied().map(str::to_owned);
        let secrets = self.secrets.iter().map(|secret| secret.to_lowercase());
        markers.chain(secrets).any(|marker| text.contains(&marker))
    }
}

/// The word behind `before` in a text.
fn word_behind(text: &str, before: &str) -> String {
    let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("no {before:?} in {text:?}"));
    rest.split_whitespace().next().expect("a word").trim_end_matches('.').to_owned()
}

fn sections(dimse: SocketAddr, web: &str, smtp: u16, sms: u16) -> String {
    format!(
        "[admin]\nlisten = '127.0.0.1:0'\ntrusted_proxies = ['127.0.0.1']\nbackup_folder = 'backups'\n\
         [[admin.tokens]]\nname = 'his'\ntoken_file = 'token'\n\
         scopes = ['persons:read', 'persons:write', 'accounts:write', 'orders:read', 'reports:write']\n\
         [results]\nrelease = 'always'\navailability_days = 0\n\
         refresh = {{ at_most_every = 1, page_waits_ms = 10000 }}\n\
         [smtp]\nhost = '127.0.0.1'\nport = {smtp}\nsecurity = 'none'\nfrom = 'noreply@example.org'\n\
         [sms]\nurl = 'http://127.0.0.1:{sms}/send'\nrefused_status = [400]\n\
         json = {{ to = '{{number}}', text = '{{text}}' }}\n\
         [[pacs]]\nname = 'main'\nhost = '127.0.0.1'\nport = {}\ncalled_ae_title = 'FIXTURE'\n\
         calling_ae_title = 'ESITO'\n\
         [[pacs]]\nname = 'web'\nprotocol = 'dicomweb'\nurl = '{web}'\n",
        dimse.port()
    )
}

fn dimse(holding: &Arc<Holding>, fault: Fault) -> DimsePacs {
    let script = Script::always(fault);
    let settings = DimseSettings { script, ..DimseSettings::default() };
    DimsePacs::start(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::clone(holding), settings)
        .expect("a port")
}

#[test]
fn nothing_that_is_told_or_written_beside_the_store_tells_of_a_patient() {
    let workplace = Workplace::empty();
    let study = write_marked_study(&workplace.source());
    let port = free_port();
    let listen = format!("listen = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'");
    let folder = workplace.target();
    for name in ["backups", "handed", "spool"] {
        fs::create_dir(folder.join(name)).expect("a folder");
    }
    private(&folder.join("token"), TOKEN);
    let holding = Arc::new(Holding::read(&workplace.source()).expect("a study"));
    let stage = |config| Stage { workplace, config, said: Vec::new(), secrets: vec![study] };

    let (mail, sms) =
        (Peer::start("serve_smtp.py", &["plain"]), Peer::start("serve_sms.py", &["200", ""]));
    let pacs = dimse(&holding, Fault::None);
    let web = WebPacs::start(&folder.join("handed"), Behaviour::default()).expect("a port");
    let more = sections(pacs.address(), &web.url(), mail.port, sms.port);
    let mut stage = stage(configure(&folder, &listen, &more));
    let portal = Portal::start(&stage.config);
    let (person, mut other, mut her) = all_goes_well(&mut stage, &portal, &mail, &sms);
    strangers(&mut stage, &portal, &person, &mut other);
    administrators(&mut stage, &portal, &person);
    stage.end(portal);
    drop((pacs, web));

    // The peers fail, and say whom about.
    let mail = Peer::start("serve_smtp.py", &["plain", "rcpt:550 5.1.1 ADDRESS is unknown here"]);
    let sms = Peer::start("serve_sms.py", &["400", "+390007731337 of QXFAMILY cannot be reached"]);
    let remark = "no order of QXFAMILY^QXGIVEN, QXID7731".to_owned();
    let pacs = dimse(&holding, Fault::Remarks(Service::Find, 0xC001, remark));
    // Nobody listens there any more.
    let gone = format!("http://127.0.0.1:{}", free_port());
    configure(&folder, &listen, &sections(pacs.address(), &gone, mail.port, sms.port));
    let portal = Portal::start(&stage.config);
    all_goes_wrong(&mut stage, &portal, &person, &mut her);
    stage.end(portal);
    stage.judge();
}

/// Enrolment, messages, login, list, order, profile, recovery. Gives her person, somebody else, her browser.
fn all_goes_well(
    stage: &mut Stage,
    portal: &Portal,
    mail: &Peer,
    sms: &Peer,
) -> (String, Visitor, Visitor) {
    let added = stage.console(&["patient", "add"], &marked().to_string(), &[0]);
    let added: Value = serde_json::from_slice(&added.stdout).expect("JSON");
    let person = added["id"].as_str().expect("a person").to_owned();
    let letter = mail.line()["text"].as_str().expect("a text").to_owned();
    assert!(letter.contains("qxuser"), "{letter}");
    let text = sms.line()["json"]["text"].as_str().expect("a text").to_owned();
    let first = word_behind(&text, " è ");
    stage.secrets.push(first.clone());

    let mut her = Visitor::new(&portal.listen);
    let wrong = her.log_in("qxuser", "QXGUESS-1");
    assert_eq!(wrong.status, 401);
    stage.seen("a wrong password", &wrong, true);
    let right = her.log_in("qxuser", &first);
    assert_eq!(right.status, 303, "{text} {}", right.body);
    stage.secrets.push(her.session().to_owned());
    her.get("/password");
    let new = "Collina-Verde&42";
    let changed = her.post("/password", &[("old", &first), ("new", new), ("confirm", new)]);
    assert_eq!(changed.header("location"), "/password/changed", "{}", changed.body);
    stage.secrets.push(her.session().to_owned());

    let list = format!("/persons/{person}/results");
    let page = her.get(&list);
    assert!(page.body.contains("QXDESCRIPTION"), "{}", page.body);
    stage.seen("the list", &page, true);
    let order = page.body.split(&format!("/persons/{person}/orders/")).nth(1).expect("an order");
    let order = format!("/persons/{person}/orders/{}", order.split('"').next().expect("its end"));
    let found = her.post(&list, &[("search", "QXDESCRIPTION"), ("sort", "-date"), ("page", "1")]);
    assert!(found.body.contains("QXDESCRIPTION"), "{}", found.body);
    stage.seen("a search", &found, true);
    let page = her.get(&order);
    assert!(page.body.contains("QXACC7731"), "{}", page.body);
    stage.seen("an order", &page, true);
    let page = her.get(&format!("/persons/{person}/profile"));
    assert!(page.body.contains("QXSTREET"), "{}", page.body);
    stage.seen("the profile", &page, true);

    let mut lost = Visitor::new(&portal.listen);
    lost.get("/recovery");
    let asked = lost.post("/recovery/password", &[("user_name", "qxuser")]);
    stage.seen("a recovery", &asked, true);
    let text = sms.line()["json"]["text"].as_str().expect("a text").to_owned();
    let code = word_behind(&text, " è ");
    stage.secrets.push(code.clone());
    let new = "Fiume-Azzurro&43";
    let fields = [("user_name", "qxuser"), ("code", &*code), ("new", new), ("confirm", new)];
    let recovered = lost.post("/recovery/code", &fields);
    assert_eq!(recovered.header("location"), "/recovery/changed", "{text} {}", recovered.body);
    lost.get("/recovery");
    let asked = lost.post("/recovery/user-name", &[("email", "qxmail@example.org")]);
    stage.seen("the recovery of a name", &asked, false);
    // Before it came the mail that says that the password was changed.
    while !mail.line()["text"].as_str().expect("a text").contains("qxuser") {}
    assert_eq!(her.log_in("qxuser", new).status, 303);
    stage.secrets.push(her.session().to_owned());

    sharing::shares(stage, portal, mail, &mut her, &order);

    // Somebody else, with an account.
    let other = json!({
        "person": { "patient_ids": [{ "id": "TEST-2" }], "family_name": "VERDI", "given_name": "ANNA TEST",
            "consent": { "online_results": true } },
        "account": { "user_name": "verdi",
            "contact": { "email": "verdi@example.org", "phone": "+390000000002" } },
    });
    stage.console(&["patient", "add"], &other.to_string(), &[0]);
    let text = sms.line()["json"]["text"].as_str().expect("a text").to_owned();
    let first = word_behind(&text, " è ");
    let mut other = Visitor::new(&portal.listen);
    assert_eq!(other.log_in("verdi", &first).status, 303);
    other.get("/password");
    let new = "Bosco-Giallo&44";
    let changed = other.post("/password", &[("old", &first), ("new", new), ("confirm", new)]);
    assert_eq!(changed.status, 303);
    (person, other, her)
}

/// What others see when they ask for what is hers, or for nothing that there is.
fn strangers(stage: &mut Stage, portal: &Portal, person: &str, other: &mut Visitor) {
    let mut nobody = Visitor::new(&portal.listen);
    for path in ["results", "profile", &format!("orders/{person}")] {
        let path = format!("/persons/{person}/{path}");
        for (who, visitor, status) in [("nobody", &mut nobody, 303), ("other", &mut *other, 404)] {
            let page = visitor.get(&path);
            assert_eq!(page.status, status, "{path} {}", page.body);
            stage.seen(&format!("{path} for {who}"), &page, false);
        }
    }
    // What somebody types into an address, a header or a form is not written down either; a page may have it
    // in its own address.
    for path in ["/persons/QXID7731/results", "/QXFAMILY?name=QXGIVEN", "/login?user=qxuser"] {
        nobody.get(path);
        other.get(path);
    }
    let long = format!("user_name=qxuser&password={}", "QXGUESS".repeat(5000));
    let odd: [&[&str]; 5] = [
        &["-X", "QXFAMILY"],
        &["-d", "user_name=qxuser&password=QXGUESS"],
        &["-d", &long],
        &["-H", "content-type: application/json", "-d", "{\"user_name\":\"qxuser\"}"],
        &["-H", "referer: http://127.0.0.1/QXFAMILY", "-H", "cookie: qxuser", "-A", "QXFAMILY"],
    ];
    for (number, arguments) in odd.into_iter().enumerate() {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let page = nobody.ask("/login", &arguments);
        stage.seen(&format!("odd request {number}"), &page, false);
    }
    assert!(nobody.ask("/login", &["-d".to_owned(), long]).status == 413);
}

/// What administrators get wrong, on the console and over HTTP.
fn administrators(stage: &mut Stage, portal: &Portal, person: &str) {
    let handed = stage.folder().join("handed");
    let file = |name: &str, text: &[u8]| {
        fs::write(handed.join(name), text).expect("written");
        handed.join(name).to_str().expect("UTF-8").to_owned()
    };
    // Somebody with her Patient ID, her user name, a day that there is not, a key that nobody knows.
    stage.quiet_console(&["patient", "add"], &marked().to_string(), &[2]);
    let mut odd = marked();
    odd["person"]["patient_ids"][0]["id"] = json!("TEST-3");
    stage.quiet_console(&["patient", "add"], &odd.to_string(), &[2]);
    odd["person"]["birth_date"] = json!("19330719QXFAMILY");
    stage.quiet_console(&["patient", "add"], &odd.to_string(), &[2]);
    odd["person"]["nickname"] = json!("QXGIVEN");
    stage.quiet_console(&["patient", "add"], &odd.to_string(), &[2]);
    stage.quiet_console(&["patient", "add"], "{\"person\": \"QXFAMILY\"}", &[2]);
    stage.quiet_console(&["patient", "add"], "QXFAMILY", &[2]);
    stage.quiet_console(&["patient", "find"], "QXID7731^^^QXFAMILY", &[2]);
    let rows = "patient_id,family_name,given_name,birth_date,email,sex,user_name,account_phone\n\
        QXID7731,QXFAMILY,,19330719,qxmail,QXGIVEN,qxuser,+390007731337\n\
        QXID7731,QXFAMILY\nQXID7731,QXFAMILY,QXGIVEN,1933-07-19,qxmail,F,qx user,0007731337\n";
    let csv = file("QXFAMILY.csv", rows.as_bytes());
    for more in [&["--dry-run"][..], &["--json"], &[]] {
        let command = [&["patient", "import", &*csv], more].concat();
        stage.quiet_console(&command, "", &[4]);
    }
    let latin1 = file("latin1.csv", b"patient_id,family_name\nQXID7731,QXFAMILY\xE0\n");
    stage.quiet_console(&["patient", "import", &latin1], "", &[2, 4]);
    let column = file("column.csv", b"patient_id,QXFAMILY\nQXID7731,QXGIVEN\n");
    stage.quiet_console(&["patient", "import", &column], "", &[2, 4]);

    let about = |number: &str| {
        json!({ "patient": { "patient_id": { "id": "QXID7731" } }, "about": { "accession_number": number },
            "title": "QXTITLE", "status": "final" })
    };
    let no_pdf = file("QXREFERTO.pdf", b"QXFAMILY");
    stage.quiet_console(&["report", "import", &no_pdf], &about("QXACC7731").to_string(), &[4]);
    let pdf = file("QXREFERTO-2.pdf", &pdf("QXFAMILY"));
    let mut nobody = about("QXACC7731");
    nobody["patient"]["patient_id"]["id"] = json!("QXID7731-NOBODY");
    stage.quiet_console(&["report", "import", &pdf], &nobody.to_string(), &[2, 4]);
    // It answers with what was taken.
    stage.console(&["report", "import", &pdf], &about("QXACC7731").to_string(), &[0]);
    stage.quiet_console(&["report", "import", &pdf], "QXFAMILY", &[2]);
    stage.quiet_console(&["order", "find"], "QXACC7731-NOT", &[0, 2]);
    stage.quiet_console(&["order", "hold", "QXACC7731"], "", &[2]);
    // What lists and trails are for tells of nobody by name.
    stage.console(&["order", "list", person], "", &[0]);
    stage.quiet_console(&["outbox", "list"], "", &[0]);
    stage.quiet_console(&["outbox", "list", "--json"], "", &[0]);
    stage.quiet_console(&["audit"], "", &[0]);
    stage.quiet_console(&["audit", "--person", person, "--json"], "", &[0]);
    stage.quiet_console(&["backup", "one"], "", &[0]);
    stage.quiet_console(&["backup", "../QXFAMILY"], "", &[2]);

    let json = "content-type: application/json";
    let text = marked().to_string();
    let post = |body| ["-H", json, "-d", body];
    stage.refused(portal, &post(&text), "/v1/persons", 409);
    stage.refused(portal, &post("{\"person\":{\"family_name\":\"QXFAMILY"), "/v1/persons", 400);
    stage.refused(portal, &post("{\"persons\":[\"QXFAMILY\"]}"), "/v1/persons", 400);
    stage.refused(
        portal,
        &post("{\"id\":7731,\"issuer\":[\"QXFAMILY\"]}"),
        "/v1/persons/find",
        400,
    );
    stage.refused(portal, &["-d", "QXFAMILY"], "/v1/persons", 415);
    stage.refused(portal, &[], "/v1/persons/QXID7731", 400);
    stage.refused(portal, &[], "/v1/QXFAMILY", 404);
    stage.refused(portal, &[], "/v1/persons?after=QXID7731", 400);
    stage.refused(portal, &[], "/v1/persons?QXFAMILY=1", 400);
    stage.refused(portal, &["-X", "DELETE"], &format!("/v1/persons/{person}?name=QXFAMILY"), 403);
    stage.refused(portal, &["-H", "authorization: Bearer QXFAMILY"], "/v1/persons", 401);
}

/// Mail, SMS, PACS and at last the store fail.
fn all_goes_wrong(stage: &mut Stage, portal: &Portal, person: &str, her: &mut Visitor) {
    let list = format!("/persons/{person}/results");
    let page = her.get(&list);
    assert!(page.body.contains("QXDESCRIPTION"), "{}", page.body);
    stage.seen("the list without a PACS", &page, true);
    portal.wait_for("a PACS does not answer");
    portal.wait_for("\"pacs\":\"web\"");
    let refreshed = stage.console(&["order", "list", person, "--refresh"], "", &[0]);
    assert!(refreshed.stderr.contains("does not answer"), "{}", refreshed.stderr);
    stage.quiet_console(&["patient", "reset", person], "", &[0]);
    let mut lost = Visitor::new(&portal.listen);
    lost.get("/recovery");
    lost.post("/recovery/user-name", &[("email", "qxmail@example.org")]);
    portal.wait_for("\"way\":\"Email\",\"tries\":1,\"reason\"");
    portal.wait_for("\"way\":\"Sms\",\"tries\":1,\"reason\"");
    stage.quiet_console(&["outbox", "list"], "", &[0]);

    // What is as large as this goes into a file of its own, for which there is no folder any more.
    let blobs = stage.folder().join("store/blobs");
    fs::remove_dir_all(&blobs).expect("a folder of the store");
    let large = stage.folder().join("handed/large.pdf");
    fs::write(&large, pdf(&"x".repeat(3 << 20))).expect("written");
    let about = json!({ "patient": { "person": person }, "about": { "accession_number": "QXACC7731" },
        "title": "QXTITLE", "status": "final" });
    let large = large.to_str().expect("UTF-8").to_owned();
    stage.quiet_console(&["report", "import", &large], &about.to_string(), &[6]);
    let failed = her.log_in("qxuser", "QXGUESS-2");
    stage.seen("a login without a store", &failed, false);
    assert_eq!(failed.status, 500, "{}", failed.body);
}
