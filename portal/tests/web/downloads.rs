//! Downloads: asked for, listed, withdrawn, and packages fetched whole and in part.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use portal::Origin;
use portal::downloads::AskedFor;
use sha2::{Digest as _, Sha256};
use store::{
    Account, Along, Asked, Asker, ClaimId, Consent, Downloads as _, EndOfTry, EndReason,
    EventQuery, Holder, Language, NewDecision, NewRequest, OrderId, Package, PackageContent,
    PackageKey, Person, PreparedStudy, Recall, Replaced, RequestId, Ruling, SledStore,
};

use crate::browser::{Answer, Browser};
use crate::server::{GOOD, Options, Server};

const NAME: &str = "ESITO_20261101_0123456789abcdef0123456789abcdef";
const KEY: [u8; 16] = [7; 16];

impl Server {
    pub(crate) fn account_of(&self, person: &Person) -> Account {
        let found = self.wait(self.services.store.accounts_of_person(person.id)).unwrap();
        found.into_iter().next().unwrap()
    }

    pub(crate) fn order_id(&self, person: &Person) -> OrderId {
        self.order_of(person).parse().unwrap()
    }

    /// Somebody asks for their first order.
    pub(crate) fn request_of(&self, person: &Person) -> RequestId {
        let account = self.account_of(person);
        let holder = Holder::from(account);
        let asked = self.services.downloads.ask(
            &holder,
            self.order_id(person),
            PackageContent::Everything,
            Language::It,
            Origin([192, 0, 2, 1].into()),
        );
        match self.wait(asked).unwrap() {
            AskedFor::Done(request) => request,
            refused => panic!("{refused:?}"),
        }
    }

    fn actions(&self, begin: &str) -> Vec<(String, store::Outcome)> {
        let query = EventQuery { action: Some(begin.to_owned()), ..EventQuery::default() };
        let events = self.wait(self.services.store.events(query, 99)).unwrap();
        events.into_iter().map(|one| (one.event.action, one.event.outcome)).collect()
    }
}

/// A portal with a package that is ready, and who asked for it.
pub(crate) struct Ready {
    pub(crate) server: Server,
    pub(crate) person: Person,
    pub(crate) browser: Browser,
    pub(crate) request: RequestId,
    bytes: Vec<u8>,
}

impl Ready {
    pub(crate) fn start(length: usize) -> Self {
        Self::start_with(length, Options::default())
    }

    fn start_with(length: usize, options: Options) -> Self {
        // The same bytes whenever, and no part of them like another.
        let bytes =
            (0..length as u64).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[5]).collect();
        Self::start_of(bytes, options)
    }

    /// With these bytes as the package.
    pub(crate) fn start_of(bytes: Vec<u8>, options: Options) -> Self {
        Self::start_after(bytes, options, false)
    }

    /// With a package that had to be brought back.
    pub(crate) fn start_recalled() -> Self {
        Self::start_after(vec![1; 1000], Options::default(), true)
    }

    fn start_after(bytes: Vec<u8>, options: Options, is_recalled: bool) -> Self {
        let server = Server::start();
        let (person, _) = server.with_orders("maria", "", 1);
        let (account, order) = (server.account_of(&person), server.order_id(&person));
        let results = server.wait(server.services.store.results_of_person(person.id)).unwrap();
        let study = results.unwrap().orders[0].examinations[0].clone();
        let now = server.clock.now();
        let folder = server.left();
        let request = RequestId::fresh().unwrap();
        let new = NewRequest {
            id: request,
            asker: Asker::Account(account.id),
            at: now,
            most: 9,
            key: PackageKey::from(KEY),
            person: person.id,
            order,
            content: PackageContent::Everything,
            language: Language::It,
            studies: vec![PreparedStudy {
                pacs: study.pacs,
                study: study.study,
                patient_id: study.patient_id.id,
            }],
            reports: Vec::new(),
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = SledStore::open(&folder.path().join("store")).unwrap();
            let asked = store.ask(new, Along::nothing()).await.unwrap();
            assert!(matches!(asked, Asked::Done(_)));
            if is_recalled {
                let by = ClaimId::fresh().unwrap();
                store.claim_preparation(by, now, now, Vec::new()).await.unwrap().unwrap();
                let recall = Recall { since: now, looks: 0 };
                let recalling = EndOfTry::Recalling { next: now, recall };
                assert!(store.end_try(KEY.into(), by, recalling, Along::nothing()).await.unwrap());
            }
            let by = ClaimId::fresh().unwrap();
            store.claim_preparation(by, now, now, Vec::new()).await.unwrap().unwrap();
            let ready = EndOfTry::Ready(package_of(&bytes, now));
            assert!(store.end_try(KEY.into(), by, ready, Along::nothing()).await.unwrap());
        });
        let file = folder.path().join("spool").join(format!("{}.zip", PackageKey::from(KEY)));
        std::fs::write(file, &bytes).unwrap();
        let server = Server::start_in(folder, options);
        let mut browser = server.browser();
        browser.log_in("maria", GOOD);
        browser.get("/password");
        Self { server, person, browser, request, bytes }
    }

    /// Has it made again under the same key, with these bytes.
    pub(crate) fn make_again(&mut self, bytes: Vec<u8>) {
        let (server, key) = (&self.server, PackageKey::from(KEY));
        let (store, now) = (&server.services.store, server.clock.now());
        // Due tomorrow: the portal does not take it on.
        let tomorrow = now + SignedDuration::from_hours(24);
        let ended = store.end_preparation(key, now, EndReason::Lost, Along::nothing());
        assert!(server.wait(ended).unwrap());
        assert!(server.wait(store.retry_preparation(key, tomorrow, Along::nothing())).unwrap());
        let by = ClaimId::fresh().unwrap();
        let until = tomorrow + SignedDuration::from_hours(1);
        let claimed = store.claim_preparation(by, tomorrow, until, Vec::new());
        assert_eq!(server.wait(claimed).unwrap().map(|made| made.key), Some(key));
        let file = server.folder().join("spool").join(format!("{key}.zip"));
        std::fs::write(file, &bytes).unwrap();
        let ready = EndOfTry::Ready(package_of(&bytes, now));
        assert!(server.wait(store.end_try(key, by, ready, Along::nothing())).unwrap());
        self.bytes = bytes;
    }

    fn path(&self) -> String {
        format!("/downloads/{}/package", self.request)
    }

    fn fetch(&mut self, method: &str, headers: &[(&'static str, String)]) -> (Answer, Vec<u8>) {
        let path = self.path();
        let mut answer = self.browser.send(method, &path, None, headers);
        let bytes = std::mem::take(&mut answer.bytes);
        (answer, bytes)
    }
}

fn package_of(bytes: &[u8], made: Timestamp) -> Package {
    Package {
        name: NAME.to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
        missing: 0,
        made,
        until: made + SignedDuration::from_hours(48),
    }
}

fn sha256(bytes: &[u8]) -> String {
    String::from(store::SecretHash::from(<[u8; 32]>::from(Sha256::digest(bytes))))
}

#[test]
fn a_package_is_fetched_whole_and_in_parts_that_join() {
    let mut ready = Ready::start((3 << 20) + 4711);
    let (head, nothing) = ready.fetch("HEAD", &[]);
    assert_eq!((head.status, nothing.len()), (200, 0));
    let (whole, bytes) = ready.fetch("GET", &[]);
    assert_eq!((whole.status, sha256(&bytes)), (200, sha256(&ready.bytes)));
    for answer in [&head, &whole] {
        assert_eq!(answer.header("content-length"), ready.bytes.len().to_string());
        assert_eq!(answer.header("etag"), format!("\"{}\"", sha256(&ready.bytes)));
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(answer.header("content-type"), "application/zip");
        let disposition = format!("attachment; filename=\"{NAME}.zip\"");
        assert_eq!(answer.header("content-disposition"), disposition);
        assert_eq!(answer.header("cache-control"), "private, no-store, no-transform");
    }
    let middle = 1_234_567;
    let mut joined = Vec::new();
    for range in [format!("bytes=0-{}", middle - 1), format!("bytes={middle}-")] {
        let etag = whole.header("etag").to_owned();
        let (part, bytes) = ready.fetch("GET", &[("range", range), ("if-range", etag)]);
        assert_eq!(part.status, 206);
        assert_eq!(part.header("content-length"), bytes.len().to_string());
        joined.extend(bytes);
    }
    assert!(joined == ready.bytes, "the parts do not join to the whole");
    let length = ready.bytes.len();
    let (last, bytes) = ready.fetch("GET", &[("range", "bytes=-10".to_owned())]);
    let expected = format!("bytes {}-{}/{length}", length - 10, length - 1);
    assert_eq!((last.header("content-range"), bytes.len()), (expected.as_str(), 10));
    // It is another package than the one that was begun: all of it is sent.
    let other = [("range", "bytes=5-".to_owned()), ("if-range", "\"other\"".to_owned())];
    assert_eq!(ready.fetch("GET", &other).0.status, 200);
    let (beyond, bytes) = ready.fetch("GET", &[("range", format!("bytes={length}-"))]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    assert!(!bytes.starts_with(&ready.bytes[..64]));
    let etag = whole.header("etag").to_owned();
    let (known, bytes) = ready.fetch("GET", &[("if-none-match", etag)]);
    assert_eq!((known.status, bytes.len()), (304, 0));
}

#[test]
fn a_download_goes_on_when_session_and_server_have_ended() {
    let mut ready = Ready::start(100_000);
    let (begun, _) = ready.fetch("GET", &[("range", "bytes=0-9".to_owned())]);
    let set = begun.headers.get_all("set-cookie").iter();
    let cookie = set.map(|line| line.to_str().unwrap()).find(|line| line.contains("download"));
    let cookie = cookie.unwrap();
    for attribute in [
        "__Secure-esito-download=",
        &format!("; Path=/downloads/{};", ready.request),
        "; Secure; HttpOnly; SameSite=Lax; Max-Age=86400",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let Ready { server, browser, request, bytes, .. } = ready;
    server.clock.advance(SignedDuration::from_hours(9));
    let cookies = browser.cookies;
    let server = Server::start_in(server.left(), Options::default());
    server.clock.advance(SignedDuration::from_hours(9));
    let path = format!("/downloads/{request}/package");
    let mut later = server.browser();
    later.cookies = cookies;
    assert_eq!(later.get("/downloads").location(), "/login", "the session is over");
    let range = [("range", "bytes=10-".to_owned())];
    let rest = later.send("GET", &path, None, &range);
    assert_eq!((rest.status, sha256(&rest.bytes)), (206, sha256(&bytes[10..])));
    // For this package and for nothing else.
    let other = RequestId::fresh().unwrap();
    assert_eq!(later.get(&format!("/downloads/{other}/package")).location(), "/login");
    later.cookies.remove("__Secure-esito-download");
    assert_eq!(later.get(&path).location(), "/login");
}

#[test]
fn a_grant_is_worth_nothing_after_logging_out_or_a_day() {
    let mut ready = Ready::start(1000);
    ready.fetch("GET", &[]);
    let path = ready.path();
    let Ready { server, mut browser, .. } = ready;
    let kept = browser.cookies.clone();
    let mut stolen = server.browser();
    stolen.cookies.clone_from(&kept);
    stolen.cookies.remove("__Host-esito-session");
    assert_eq!(stolen.get(&path).status, 200);
    browser.get("/password");
    browser.post("/logout", &[]);
    assert_eq!(stolen.get(&path).location(), "/login");
    browser.log_in("maria", GOOD);
    browser.get("/password");
    assert_eq!(browser.get(&path).status, 200);
    let mut stolen = server.browser();
    stolen.cookies.clone_from(&browser.cookies);
    stolen.cookies.remove("__Host-esito-session");
    server.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert_eq!(stolen.get(&path).status, 200);
    server.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(stolen.get(&path).location(), "/login");
}

/// Whoever sits down after them has nothing of it by the cookie of a session before.
#[test]
fn a_grant_ends_with_what_takes_the_place_of_its_session_and_by_logging_out_late() {
    for what in ["login", "password", "late", "much later"] {
        let mut ready = Ready::start(1000);
        ready.fetch("GET", &[]);
        let path = ready.path();
        let Ready { server, mut browser, .. } = ready;
        browser.get("/password");
        let mut left = server.browser();
        left.cookies.clone_from(&browser.cookies);
        left.cookies.remove("__Host-esito-session");
        assert_eq!(left.get(&path).status, 200, "{what}");
        let pass = |minutes| server.clock.advance(SignedDuration::from_mins(minutes));
        match what {
            "login" => {
                pass(21);
                assert_eq!(browser.log_in("maria", GOOD).location(), "/");
            }
            "password" => {
                let new = "Collina-Verde&42";
                let fields = [("old", GOOD), ("new", new), ("confirm", new)];
                assert_eq!(browser.post("/password", &fields).location(), "/password/changed");
            }
            _ => {
                pass(if what == "late" { 21 } else { 9 * 60 });
                let swept = server.services.store.remove_expired(server.clock.now(), 99);
                server.wait(swept).unwrap();
                // The page from before still stands there, with its button.
                assert_eq!(browser.post("/logout", &[]).location(), "/login");
                assert!(!browser.cookies.contains_key("__Host-esito-session"));
            }
        }
        assert_eq!(left.get(&path).location(), "/login", "{what}");
    }
}

#[test]
fn what_is_held_is_gone_at_once_and_its_package_is_deleted() {
    let mut ready = Ready::start(1000);
    assert_eq!(ready.fetch("GET", &[]).0.status, 200);
    let file = format!("{}.zip", PackageKey::from(KEY));
    let (server, person) = (&ready.server, &ready.person);
    let held = server.services.results.decide(
        server.order_id(person),
        None,
        Some(Ruling::Hold),
        "console",
        None,
    );
    server.wait(held).unwrap();
    let (refused, bytes) = ready.fetch("GET", &[]);
    assert_eq!(refused.status, 404);
    assert!(!bytes.starts_with(&ready.bytes[..64]));
    let page = ready.browser.get("/downloads").text();
    assert!(page.contains("Esito non disponibile") && !page.contains("TORACE"), "{page}");
    let actions = || ready.server.actions("download.purge");
    until("the package is deleted", || !actions().is_empty());
    assert_eq!(actions().len(), 1);
    let folder = ready.server.left();
    assert!(!folder.path().join("spool").join(file).exists());
}

/// A report that is withdrawn is told at once; a consent is seen with the next look at everything, as at a start.
#[test]
fn a_package_is_deleted_once_where_a_report_or_the_consent_is_withdrawn() {
    for what in ["report", "consent"] {
        let Ready { mut server, person, .. } = Ready::start(1000);
        if what == "report" {
            let report = server.hand_in(&person, "ACC0");
            let withdrawn = server.services.results.withdraw_report(report, false, "console", None);
            server.wait(withdrawn).unwrap();
        } else {
            let consent = Consent { online_results: false, ..person.consent };
            let new = Person { consent, ..person.clone() };
            let replaced = server.services.store.replace_person(person, new, Along::nothing());
            assert!(matches!(server.wait(replaced).unwrap(), Replaced::Done));
            server = Server::start_in(server.left(), Options::default());
        }
        until("the package is deleted", || !server.actions("download.purge").is_empty());
        let file = server.folder().join(format!("spool/{}.zip", PackageKey::from(KEY)));
        assert!(!file.exists(), "{what}");
        assert_eq!(server.actions("download.purge").len(), 1, "{what}");
    }
}

/// Without anybody deciding in this process: an event of the store that nobody told.
#[test]
fn what_the_store_says_is_held_is_never_handed_out() {
    let mut ready = Ready::start(1000);
    let (server, person) = (&ready.server, &ready.person);
    let hold = NewDecision {
        order: server.order_id(person),
        study: None,
        ruling: Some(Ruling::Hold),
        by: "console".to_owned(),
        at: server.clock.now(),
        reason: None,
    };
    server.wait(server.services.store.decide(person.id, hold, Along::nothing())).unwrap();
    assert_eq!(ready.fetch("GET", &[]).0.status, 404);
}

#[test]
fn begin_and_end_of_each_download_are_in_the_audit_trail() {
    let mut ready = Ready::start(8 << 20);
    assert_eq!(ready.fetch("HEAD", &[]).0.status, 200);
    assert_eq!(ready.server.actions("download."), []);
    ready.fetch("GET", &[]);
    let whole = [
        ("download.begin".to_owned(), store::Outcome::Done),
        ("download.finish".to_owned(), store::Outcome::Done),
    ];
    until("the end is in the trail", || ready.server.actions("download.").len() == 2);
    assert_eq!(ready.server.actions("download."), whole);
    // Somebody hangs up in the middle.
    let cookies: Vec<_> =
        ready.browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut stream = TcpStream::connect(ready.server.address).unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: portale.example.org\r\nCookie: {}\r\n\r\n",
        ready.path(),
        cookies.join("; ")
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut some = [0; 2000];
    stream.read_exact(&mut some).unwrap();
    drop(stream);
    until("the end is in the trail", || ready.server.actions("download.").len() == 4);
    let ended = ready.server.actions("download.finish");
    assert_eq!(ended[1].1, store::Outcome::Failed);
}

#[test]
fn a_file_that_is_gone_or_cut_is_asked_for_anew() {
    for is_gone in [true, false] {
        let mut ready = Ready::start(1000);
        let file = format!("spool/{}.zip", PackageKey::from(KEY));
        let folder = ready.server.folder().join(file);
        if is_gone {
            std::fs::remove_file(&folder).unwrap();
        } else {
            std::fs::write(&folder, &ready.bytes[..999]).unwrap();
        }
        let (answer, _) = ready.fetch("GET", &[]);
        assert_eq!(answer.location(), "/downloads");
        let page = ready.browser.get("/downloads").text();
        assert!(page.contains("Chiedi di nuovo"), "{page}");
        let again = format!("/downloads/{}/again", ready.request);
        assert_eq!(ready.browser.post(&again, &[]).location(), "/downloads");
        let page = ready.browser.get("/downloads").text();
        assert!(page.contains("Richiesta generata correttamente."), "{page}");
    }
}

#[test]
fn a_file_that_cannot_be_opened_for_a_while_is_fetched_afterwards() {
    let mut ready = Ready::start(1000);
    let file = ready.server.folder().join(format!("spool/{}.zip", PackageKey::from(KEY)));
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).unwrap();
    // A link to itself: nobody can open it, root neither.
    std::os::unix::fs::symlink(&file, &file).unwrap();
    let (refused, _) = ready.fetch("GET", &[]);
    assert!(refused.status == 500 && refused.body.contains("Riprova tra qualche minuto"));
    let page = ready.browser.get("/downloads").text();
    assert!(page.contains("data-state=\"ready\""), "{page}");
    std::fs::rename(&away, &file).unwrap();
    assert!(ready.fetch("GET", &[]).1 == ready.bytes);
}

#[test]
fn a_download_is_asked_for_listed_and_withdrawn() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 1);
    let order = format!("/persons/{}/orders/{}", person.id, server.order_of(&person));
    assert!(browser.get(&order).body.contains("Scarica"));
    let ask = format!("{order}/downloads");
    assert_eq!(browser.post(&ask, &[("content", "everything")]).location(), order);
    assert!(browser.get(&order).text().contains("Richiesta generata correttamente."));
    let page = browser.get("/downloads").text();
    for said in [" del download", "TORACE0"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for content in ["", "all", "Everything"] {
        assert_eq!(browser.post(&ask, &[("content", content)]).status, 400, "{content}");
    }
    let withdraw = page.split("action=\"/downloads/").nth(1).unwrap();
    let request = withdraw.split('/').next().unwrap().to_owned();
    // Somebody else's is not there.
    let (_, mut other) = server.settled("anna");
    other.get("/downloads");
    for act in ["withdraw", "again"] {
        assert_eq!(other.post(&format!("/downloads/{request}/{act}"), &[]).status, 404);
    }
    let withdraw = format!("/downloads/{request}/withdraw");
    assert_eq!(browser.post(&withdraw, &[]).location(), "/downloads");
    let page = browser.get("/downloads").text();
    assert!(page.contains("Nessun download"), "{page}");
    assert_eq!(browser.post(&withdraw, &[]).status, 404);
    let actions: Vec<_> = server.actions("download.").into_iter().map(|(name, _)| name).collect();
    assert!(actions.contains(&"download.ask".to_owned()), "{actions:?}");
    assert!(actions.contains(&"download.withdraw".to_owned()), "{actions:?}");
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let latest = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < latest, "it never came about that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
