//! What is being fetched when a share ends: it breaks off, and never looks whole.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use portal::Origin;
use portal::shares::Entered;
use store::{Along, Asked, Asker, NewRequest, Request};

use crate::downloads::Ready;
use crate::server::Server;
use crate::shares::{COOKIE, PIN, Shared};

/// More than the buffers between two programs take.
const LENGTH: usize = 96 << 20;

/// The recipient asks for the package that is there for the patient.
pub(crate) fn ask(server: &Server, ready: &Ready, shared: &Shared) -> Request {
    let store = &server.services.store;
    let (request, made) = server.wait(store.request(ready.request)).unwrap().unwrap();
    let share = server.wait(store.share(shared.id)).unwrap().unwrap();
    let new = NewRequest {
        id: store::RequestId::fresh().unwrap(),
        asker: Asker::Recipient { share: share.id, recipient: share.recipients[0].id },
        at: server.clock.now(),
        most: 9,
        key: made.key,
        person: request.person,
        order: request.order,
        content: request.content,
        language: request.language,
        studies: made.studies,
        reports: made.reports,
    };
    match server.wait(store.ask(new, Along::nothing())).unwrap() {
        Asked::Done(request) => *request,
        refused => panic!("{refused:?}"),
    }
}

/// A recipient who fetches a package, and has some of it.
struct Fetching {
    ready: Ready,
    shared: Shared,
    path: String,
    token: String,
    stream: TcpStream,
    got: usize,
}

impl Fetching {
    fn start() -> Self {
        let ready = Ready::start(LENGTH);
        let shared = ready.server.share_with(&ready.person, &["verdi@example.org"]);
        let request = ask(&ready.server, &ready, &shared);
        let Entered::Done { token, .. } = ready.server.enter(&shared.links[0], PIN) else {
            panic!("not let in");
        };
        let path = shared.path(&format!("/downloads/{}/package", request.id));
        let mut stream = TcpStream::connect(ready.server.address).unwrap();
        let cookie = format!("{COOKIE}={}", token.as_str());
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: portale.example.org\r\nCookie: {cookie}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut first = vec![0; 64 << 10];
        let got = stream.read(&mut first).unwrap();
        let begun = String::from_utf8_lossy(&first[..got]).into_owned();
        assert!(begun.starts_with("HTTP/1.1 200"), "{begun}");
        assert!(begun.contains(&format!("content-length: {LENGTH}")), "{begun}");
        Self { ready, shared, path, token: token.as_str().to_owned(), stream, got }
    }

    /// It breaks off, and cannot be begun again; the patient keeps what is theirs.
    fn ends_short(mut self) {
        let since = Instant::now();
        let mut piece = vec![0; 64 << 10];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(more) => self.got += more,
            }
        }
        assert!(self.got < LENGTH, "{} of {LENGTH} bytes", self.got);
        assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
        let server = &self.ready.server;
        let mut later = server.browser();
        later.cookies.insert(COOKIE.to_owned(), self.token);
        assert_eq!(later.get(&self.path).status, 404);
        let shown = server.wait(server.services.store.request(self.ready.request)).unwrap();
        assert!(shown.is_some(), "the patient's own stays");
    }
}

#[test]
fn revoking_breaks_off_what_is_being_fetched() {
    let fetching = Fetching::start();
    let server = &fetching.ready.server;
    let account = server.account_of(&fetching.ready.person);
    let from = Origin([192, 0, 2, 1].into());
    let revoked = server.services.shares.revoke(&account, fetching.shared.id, from);
    assert!(server.wait(revoked).unwrap());
    fetching.ends_short();
}

#[test]
fn what_is_being_fetched_breaks_off_when_the_time_of_a_share_is_over() {
    let fetching = Fetching::start();
    let server = &fetching.ready.server;
    let until = server.kept(fetching.shared.id).until;
    server.clock.advance(until.duration_since(server.clock.now()));
    // It is looked at every fifteen seconds while pieces are taken.
    thread::sleep(Duration::from_millis(15_500));
    fetching.ends_short();
}

/// On a computer that many use, whoever comes next has nothing of it: a recipient has nothing to log out of.
#[test]
fn what_a_recipient_fetches_is_forgotten_with_the_browser() {
    let ready = Ready::start(1000);
    let shared = ready.server.share_with(&ready.person, &["verdi@example.org"]);
    let request = ask(&ready.server, &ready, &shared);
    let mut verdi = ready.server.recipient(&shared, 0);
    let path = shared.path(&format!("/downloads/{}", request.id));
    let begun = verdi.get(&format!("{path}/package"));
    assert_eq!(begun.status, 200);
    let cookie = begun.header("set-cookie");
    assert!(cookie.starts_with("__Secure-esito-download="), "{cookie}");
    assert!(
        cookie.ends_with(&format!("; Path={path}; Secure; HttpOnly; SameSite=Lax")),
        "{cookie}"
    );
    // Until then it goes on when the session has ended.
    verdi.cookies.remove(COOKIE);
    assert_eq!(verdi.get(&format!("{path}/package")).status, 200);
}
