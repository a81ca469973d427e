//! What is being fetched when a share ends: it breaks off, and never looks whole.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use portal::Origin;
use store::{Along, Asked, Asker, NewRequest, Request};

use crate::downloads::Ready;
use crate::server::Server;
use crate::shares::{COOKIE, PIN, Shared};

/// More than the buffers between two programs take.
const LENGTH: usize = 96 << 20;

/// The recipient asks for the package that is there for the patient.
fn ask(server: &Server, ready: &Ready, shared: &Shared) -> Request {
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

#[test]
fn revoking_breaks_off_what_is_being_fetched() {
    let ready = Ready::start(LENGTH);
    let server = &ready.server;
    let shared = server.share_with(&ready.person, &["verdi@example.org"]);
    let request = ask(server, &ready, &shared);
    let portal::shares::Entered::Done { token, .. } = server.enter(&shared.links[0], PIN) else {
        panic!("not let in");
    };
    let path = shared.path(&format!("/downloads/{}/package", request.id));
    let mut stream = TcpStream::connect(server.address).unwrap();
    let cookie = format!("{COOKIE}={}", token.as_str());
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: portale.example.org\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = vec![0; 64 << 10];
    let got = stream.read(&mut first).unwrap();
    let begun = String::from_utf8_lossy(&first[..got]).into_owned();
    assert!(begun.starts_with("HTTP/1.1 200"), "{begun}");
    assert!(begun.contains(&format!("content-length: {LENGTH}")), "{begun}");
    // The patient fetches the same package, and goes on.
    let account = server.account_of(&ready.person);
    let revoked = server.services.shares.revoke(&account, shared.id, Origin([192, 0, 2, 1].into()));
    assert!(server.wait(revoked).unwrap());
    let since = Instant::now();
    let mut total = got;
    loop {
        match stream.read(&mut first) {
            Ok(0) | Err(_) => break,
            Ok(more) => total += more,
        }
    }
    assert!(total < LENGTH, "{total} of {LENGTH} bytes");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    let mut later = server.browser();
    later.cookies.insert(COOKIE.to_owned(), token.as_str().to_owned());
    assert_eq!(later.get(&path).status, 404);
    let shown = server.wait(server.services.store.request(ready.request)).unwrap();
    assert!(shown.is_some(), "the patient's own stays");
}
