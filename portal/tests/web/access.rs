//! Who gets what: every route and method, asked as everybody. A new route without a row here fails.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use rstest::rstest;
use store::{Account, AccountState, Along};

use crate::browser::{Answer, Browser};
use crate::server::{GOOD, Server};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Everybody.
    Anybody,
    /// Whoever comes with the cookie of a session, whatever it is worth.
    Returning,
    /// Whoever is logged in, also before the change of password.
    LoggedIn,
    /// Whoever is logged in with a password of their own.
    Account,
    /// Who represents the person of the path.
    Person,
    /// Nobody: no identity provider is configured, and a path names no content of the viewer (`pages.rs` does).
    Nobody,
    /// A recipient of the share of the path, and nobody by a login (`shares.rs` asks as recipients).
    Recipient,
}

/// What each path does for each method; form fields for a POST that would do it.
type Row = (&'static str, &'static str, May, &'static [(&'static str, &'static str)]);

const ROWS: &[Row] = &[
    ("GET", "/", May::Account, &[]),
    ("GET", "/login", May::Anybody, &[]),
    ("POST", "/login", May::Anybody, &[("user_name", "nobody"), ("password", "x")]),
    // Also where the session is over: what was opened in it ends.
    ("POST", "/logout", May::Returning, &[]),
    ("GET", "/login/provider", May::Nobody, &[]),
    ("GET", "/login/provider/return", May::Nobody, &[]),
    ("GET", "/logout/provider", May::Nobody, &[]),
    ("GET", "/logout/elsewhere", May::Account, &[]),
    ("POST", "/logout/elsewhere", May::Account, &[]),
    ("GET", "/password", May::LoggedIn, &[]),
    ("POST", "/password", May::LoggedIn, &[("old", "x"), ("new", GOOD), ("confirm", GOOD)]),
    ("GET", "/password/changed", May::Account, &[]),
    ("GET", "/recovery", May::Anybody, &[]),
    ("POST", "/recovery/password", May::Anybody, &[("user_name", "nobody")]),
    (
        "POST",
        "/recovery/code",
        May::Anybody,
        &[("user_name", "nobody"), ("code", "12345678"), ("new", GOOD), ("confirm", GOOD)],
    ),
    ("POST", "/recovery/user-name", May::Anybody, &[("email", "nobody@example.org")]),
    ("GET", "/recovery/sent", May::Anybody, &[]),
    ("GET", "/recovery/changed", May::Anybody, &[]),
    ("GET", "/persons/{person}/results", May::Person, &[]),
    ("POST", "/persons/{person}/results", May::Person, &[("search", "x")]),
    ("GET", "/persons/{person}/orders/{order}", May::Person, &[]),
    ("GET", "/persons/{person}/orders/{order}/reports/{report}", May::Person, &[]),
    ("GET", "/persons/{person}/profile", May::Person, &[]),
    (
        "POST",
        "/persons/{person}/orders/{order}/downloads",
        May::Person,
        &[("content", "everything")],
    ),
    ("POST", "/persons/{person}/orders/{order}/report", May::Person, &[]),
    ("GET", "/downloads", May::Account, &[]),
    ("POST", "/downloads/{request}/withdraw", May::Person, &[]),
    ("POST", "/downloads/{request}/again", May::Person, &[]),
    ("GET", "/downloads/{request}/package", May::Person, &[]),
    ("GET", "/downloads/state", May::Account, &[]),
    ("GET", "/downloads/events", May::Account, &[]),
    ("POST", "/downloads/panel", May::Account, &[("shown", "closed"), ("back", "/recovery")]),
    ("GET", "/downloads/{request}/report", May::Person, &[]),
    ("GET", "/downloads/{request}/pages", May::Person, &[]),
    ("GET", "/downloads/{request}/pages/{*entry}", May::Person, &[]),
    ("GET", "/persons/{person}/orders/{order}/share", May::Person, &[]),
    (
        "POST",
        "/persons/{person}/orders/{order}/share",
        May::Person,
        &[("emails", "verdi@example.org"), ("pin", "271828"), ("days", "15")],
    ),
    ("GET", "/shares", May::Account, &[]),
    ("GET", "/shares/{share}/done", May::Person, &[]),
    ("POST", "/shares/{share}/revoke", May::Person, &[]),
    ("POST", "/shares/{share}/extend", May::Person, &[("days", "30")]),
    ("POST", "/shares/{share}/pin", May::Person, &[("pin", "314159")]),
    ("POST", "/shares/{share}/rearm", May::Person, &[]),
    // Whoever has a link is asked for the PIN, wherever it leads.
    ("GET", "/s/{token}", May::Anybody, &[]),
    ("POST", "/s/{token}", May::Anybody, &[("pin", "12")]),
    ("GET", "/shared/{share}", May::Recipient, &[]),
    ("GET", "/shared/{share}/downloads", May::Recipient, &[]),
    ("POST", "/shared/{share}/downloads", May::Recipient, &[("content", "everything")]),
    ("POST", "/shared/{share}/report", May::Recipient, &[]),
    ("GET", "/shared/{share}/reports/{report}", May::Recipient, &[]),
    ("POST", "/shared/{share}/downloads/{request}/withdraw", May::Recipient, &[]),
    ("POST", "/shared/{share}/downloads/{request}/again", May::Recipient, &[]),
    ("POST", "/shared/{share}/downloads/{request}/tell", May::Recipient, &[]),
    (
        "POST",
        "/shared/{share}/downloads/panel",
        May::Recipient,
        &[("shown", "closed"), ("back", "/recovery")],
    ),
    ("GET", "/shared/{share}/downloads/state", May::Recipient, &[]),
    ("GET", "/shared/{share}/downloads/events", May::Recipient, &[]),
    ("GET", "/shared/{share}/downloads/{request}/package", May::Recipient, &[]),
    ("GET", "/shared/{share}/downloads/{request}/report", May::Recipient, &[]),
    ("GET", "/shared/{share}/downloads/{request}/pages", May::Recipient, &[]),
    ("GET", "/shared/{share}/downloads/{request}/pages/{*entry}", May::Recipient, &[]),
    ("GET", "/notifications", May::Account, &[]),
    ("POST", "/notifications", May::Account, &[]),
    ("GET", "/help", May::Anybody, &[]),
    ("GET", "/accessibility", May::Anybody, &[]),
    ("GET", "/privacy", May::Anybody, &[]),
    ("POST", "/language", May::Anybody, &[("language", "it"), ("back", "/recovery")]),
    ("GET", "/assets/portal.css", May::Anybody, &[]),
    ("GET", "/assets/theme.css", May::Anybody, &[]),
    ("GET", "/assets/icon.svg", May::Anybody, &[]),
    ("GET", "/favicon.ico", May::Anybody, &[]),
    ("GET", "/assets/logo", May::Anybody, &[]),
    ("GET", "/assets/portal.js", May::Anybody, &[]),
    ("GET", "/assets/guide/{language}/{picture}", May::Anybody, &[]),
    ("GET", "/assets/viewer/{name}", May::Nobody, &[]),
];

#[test]
fn every_route_and_method_has_a_row() {
    let server = Server::start();
    let mut found = BTreeSet::new();
    for path in portal::paths() {
        // A method that no route takes is answered with those that it takes.
        let answer = server.browser().send("DELETE", path, None, &[]);
        assert_eq!(answer.status, 405, "{path}");
        for method in answer.header("allow").split(',').filter(|method| *method != "HEAD") {
            found.insert((method.to_owned(), path));
        }
    }
    let rows: BTreeSet<_> =
        ROWS.iter().map(|(method, path, ..)| ((*method).to_owned(), *path)).collect();
    assert_eq!(found, rows);
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Anonymous,
    MadeUp,
    Expired,
    LoggedOut,
    Disabled,
    Erased,
    MustChange,
    OtherPatient,
    NoLonger,
    Owner,
}

#[rstest]
fn each_route_answers_who_may(
    #[values(
        Caller::Anonymous,
        Caller::MadeUp,
        Caller::Expired,
        Caller::LoggedOut,
        Caller::Disabled,
        Caller::Erased,
        Caller::MustChange,
        Caller::OtherPatient,
        Caller::NoLonger,
        Caller::Owner
    )]
    caller: Caller,
) {
    let mut tried = BTreeMap::new();
    for (method, path, may, fields) in ROWS {
        let server = Server::start();
        let (person, mut owner) = server.with_orders("maria", "", 1);
        let path = path.replace("{person}", &person.id.to_string());
        let path = path.replace("{language}/{picture}", "it/login.webp");
        let path = path.replace("{order}", &server.order_of(&person));
        let path = path.replace("{report}", &server.hand_in(&person, "ACC0").to_string());
        let path = path.replace("{request}", &server.request_of(&person).to_string());
        let path =
            path.replace("{*entry}", "index.htm").replace("{share}", &server.share_of(&person));
        owner.get("/password");
        let mut browser = match caller {
            Caller::Anonymous => stranger(&server),
            Caller::MadeUp => {
                let mut browser = stranger(&server);
                browser.cookies.insert("__Host-esito-session".to_owned(), "A".repeat(43));
                browser.get("/login");
                browser
            }
            Caller::MustChange => {
                let (_, first) = server.enrol("anna");
                let mut browser = server.browser();
                browser.log_in("anna", &first);
                browser.get("/password");
                browser
            }
            Caller::OtherPatient => {
                let (_, mut browser) = server.settled("anna");
                browser.get("/password");
                browser
            }
            _ => owner,
        };
        spoil(caller, &server, &mut browser);
        let answer = match *method {
            // What goes on and on is known by its head.
            "GET" if path.ends_with("/events") => browser.send("HEAD", &path, None, &[]),
            "GET" => browser.get(&path),
            _ => browser.post(&path, fields),
        };
        let cookies = answer.headers.get_all("set-cookie").iter();
        let ended = cookies.filter(|line| line.to_str().unwrap().contains("session=;")).count();
        // Who logs out is led to the login too.
        let got = if ended == 1 { "served" } else { outcome(&answer) };
        assert_eq!(got, expected(caller, *may), "{method} {path} as {caller:?}: {}", answer.status);
        if got != "served" {
            for secret in ["ROSSI", "TEST-maria", "gen 1986"] {
                assert!(!answer.body.contains(secret), "{method} {path} as {caller:?}: {secret}");
            }
        }
        *tried.entry(got).or_insert(0) += 1;
    }
    assert_eq!(tried.values().sum::<i32>(), i32::try_from(ROWS.len()).unwrap());
}

fn stranger(server: &Server) -> Browser {
    let mut browser = server.browser();
    browser.get("/login");
    browser
}

/// Makes of somebody who is logged in what the caller is.
fn spoil(caller: Caller, server: &Server, browser: &mut Browser) {
    let store = &server.services.store;
    let maria = || {
        let name = "maria".parse().unwrap();
        server.wait(store.account_by_user_name(&name)).unwrap().unwrap()
    };
    let replace = |change: fn(&mut Account)| {
        let old = maria();
        let mut new = old.clone();
        change(&mut new);
        server.wait(store.replace_account(old, new, Along::nothing())).unwrap();
    };
    match caller {
        Caller::Expired => server.clock.advance(SignedDuration::from_mins(21)),
        Caller::LoggedOut => {
            let cookies = browser.cookies.clone();
            browser.post("/logout", &[]);
            browser.cookies = cookies;
        }
        Caller::Disabled => replace(|account| account.state = AccountState::Disabled),
        Caller::NoLonger => {
            replace(|account| account.persons[0].until = Some(account.created));
        }
        Caller::Erased => {
            server.wait(store.erase_account(maria().id, Along::nothing())).unwrap();
        }
        _ => {}
    }
}

fn outcome(answer: &Answer) -> &'static str {
    match (answer.status, answer.header("location")) {
        (303, "/login") => "log in",
        (303, "/password") => "change password",
        (404, _) => "not found",
        (200..=399 | 401 | 422, _) => "served",
        _ => "other",
    }
}

fn expected(caller: Caller, may: May) -> &'static str {
    let logged_in = matches!(
        caller,
        Caller::MustChange | Caller::OtherPatient | Caller::NoLonger | Caller::Owner
    );
    match may {
        May::Anybody => "served",
        May::Returning if caller != Caller::Anonymous => "served",
        May::Nobody | May::Recipient => "not found",
        _ if !logged_in => "log in",
        May::LoggedIn | May::Returning => "served",
        _ if caller == Caller::MustChange => "change password",
        May::Account => "served",
        May::Person if caller == Caller::Owner => "served",
        May::Person => "not found",
    }
}
