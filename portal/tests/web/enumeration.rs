//! Nobody learns who has an account: neither from an answer nor from its time.

use std::time::{Duration, Instant};

use portal::Cost;
use store::{AccountState, Along};

use crate::browser::{Answer, Browser};
use crate::server::{GOOD, Options, Server};

/// Three that cannot log in, and one that there is not; names of one length.
const NAMES: [&str; 3] = ["maria.a", "maria.b", "maria.c"];

fn people(server: &Server) {
    server.settled(NAMES[0]);
    server.settled(NAMES[1]);
    let store = &server.services.store;
    let name = NAMES[1].parse().unwrap();
    let old = server.wait(store.account_by_user_name(&name)).unwrap().unwrap();
    let mut new = old.clone();
    new.state = AccountState::Disabled;
    server.wait(store.replace_account(old, new, Along::nothing())).unwrap();
}

/// All that an answer says, without what differs between any two of them.
fn said(answer: &Answer, browser: &Browser, name: &str) -> String {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    format!("{} {headers:?} {}", answer.status, answer.body)
        .replace(&browser.token, "TOKEN")
        .replace(name, "NAME")
}

/// What each name is answered to the same act.
fn answers(server: &Server, act: impl Fn(&mut Browser, &str) -> Answer) -> Vec<String> {
    let mut all = Vec::new();
    for name in NAMES {
        let mut browser = server.browser();
        browser.get("/recovery");
        let answer = act(&mut browser, name);
        assert!(answer.status < 500, "{}", answer.body);
        all.push(said(&answer, &browser, name));
    }
    all
}

#[test]
fn a_login_says_the_same_whether_there_is_an_account_or_not() {
    let server = Server::start();
    people(&server);
    let all = answers(&server, |browser, name| {
        // The disabled account is tried with its right password.
        browser.post("/login", &[("user_name", name), ("password", "Wrong-Password!1")])
    });
    assert!(all[0].contains("Nome utente o password non corretti."), "{}", all[0]);
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
    let disabled = server.browser().log_in(NAMES[1], GOOD);
    assert_eq!(disabled.status, 401);
}

/// S-022.
#[test]
fn recovery_says_the_same_whether_there_is_an_account_or_not() {
    let server = Server::start();
    people(&server);
    let codes = answers(&server, |browser, name| {
        browser.post("/recovery/password", &[("user_name", name)])
    });
    assert!(codes.iter().all(|one| *one == codes[0]), "{codes:#?}");
    let names = answers(&server, |browser, name| {
        let email = format!("{name}@example.org");
        browser.post("/recovery/user-name", &[("email", &email)])
    });
    assert!(names.iter().all(|one| *one == names[0]), "{names:#?}");
    let wrong = answers(&server, |browser, name| {
        let fields = [("user_name", name), ("code", "12345678"), ("new", GOOD), ("confirm", GOOD)];
        browser.post("/recovery/code", &fields)
    });
    assert!(wrong.iter().all(|one| *one == wrong[0]), "{wrong:#?}");
}

/// Too many attempts are slowed down alike.
#[test]
fn delays_say_the_same_whether_there_is_an_account_or_not() {
    let server = Server::start();
    people(&server);
    let all = answers(&server, |browser, name| {
        let fields = [("user_name", name), ("password", "x")];
        let statuses: Vec<_> = (0..6).map(|_| browser.post("/login", &fields).status).collect();
        assert_eq!(statuses, [401; 6]);
        let waiting = browser.post("/login", &fields);
        assert_eq!((waiting.status, waiting.header("retry-after")), (429, "2"));
        waiting
    });
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
}

/// A login of nobody takes as long as one of somebody, since both cost one Argon2.
#[test]
fn a_login_takes_as_long_whether_there_is_an_account_or_not() {
    let cost = Cost { memory_kib: 8 * 1024, passes: 3 };
    let server = Server::start_with(Options { cost, ..Options::default() });
    people(&server);
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut browser = server.browser();
    browser.get("/login");
    for round in 0..15 {
        // Each round from another network, so that nobody is told to wait.
        let from = vec![("x-forwarded-for", format!("198.51.100.{round}"))];
        browser.headers = from;
        for (name, times) in NAMES.into_iter().zip(&mut times) {
            let begun = Instant::now();
            let answer = browser.post("/login", &[("user_name", name), ("password", "x")]);
            times.push(begun.elapsed());
            assert_eq!(answer.status, 401);
        }
    }
    // The quickest of each: what else the machine does only adds to the others.
    let quickest = times.map(|times| times.into_iter().min().unwrap());
    let (least, most) = (quickest.iter().min().unwrap(), quickest.iter().max().unwrap());
    // Without an Argon2 it would be less than a tenth.
    assert!(most.as_secs_f64() < least.as_secs_f64() * 1.6, "{quickest:?}");
}
