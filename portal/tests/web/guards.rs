//! What every answer carries, whatever it says: headers, cookies, methods.

use std::collections::BTreeSet;

use crate::browser::Answer;
use crate::server::{GOOD, Server};

/// Answers of every kind: pages, redirections, refusals, files.
fn answers(server: &Server) -> Vec<(String, Answer)> {
    let (person, mut patient) = server.settled("maria");
    let mut all = Vec::new();
    for path in portal::paths() {
        let path = path.replace("{person}", &person.to_string()).replace("{order}", "x");
        // What goes on and on is known by its head.
        let get = if path.ends_with("/events") { "HEAD" } else { "GET" };
        for method in [get, "DELETE"] {
            all.push((format!("{method} {path}"), patient.send(method, &path, None, &[])));
            let mut stranger = server.browser();
            all.push((format!("{method} {path} ?"), stranger.send(method, &path, None, &[])));
        }
    }
    all.push(("POST forged".to_owned(), patient.send("POST", "/logout", Some(""), &[])));
    all.push(("not found".to_owned(), patient.get("/nothing/here")));
    let long = format!("user_name={}", "x".repeat(20_000));
    all.push(("too large".to_owned(), patient.send("POST", "/login", Some(&long), &[])));
    all
}

#[test]
fn every_answer_has_the_headers_that_protect_it() {
    let server = Server::start();
    let mut statuses = BTreeSet::new();
    for (what, answer) in answers(&server) {
        statuses.insert(answer.status);
        let policy = answer.header("content-security-policy");
        let directives: BTreeSet<_> = policy.split("; ").collect();
        for needed in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(directives.contains(needed), "{what}: {needed}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}");
        // The address of a link is told to nobody.
        let referrer = if what.starts_with("GET /s/") { "no-referrer" } else { "same-origin" };
        let is_told = !what.starts_with("DELETE /s/");
        assert!(!is_told || answer.header("referrer-policy") == referrer, "{what}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert_eq!(answer.header(name), value, "{what}: {name}");
        }
        let kept = answer.header("cache-control");
        let is_asset = what.starts_with("GET /assets/") && answer.status == 200;
        let expected = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(kept, expected, "{what}");
        assert_eq!(answer.header("server"), "", "{what}");
    }
    assert_eq!(statuses, BTreeSet::from([200, 303, 403, 404, 405, 413]));
}

/// What the policy would stop is not there in the first place.
#[test]
fn pages_hold_no_script_and_no_style_of_their_own() {
    let server = Server::start();
    let mut pages = 0;
    for (what, answer) in answers(&server) {
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        pages += 1;
        let page = answer.body.to_lowercase();
        for tag in page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
            let attributes = tag.split_whitespace().skip(1);
            for attribute in attributes.filter(|attribute| attribute.contains('=')) {
                let name = attribute.split('=').next().unwrap();
                assert!(!name.starts_with("on") && name != "style", "{what}: <{tag}>");
            }
            assert!(!tag.starts_with("style"), "{what}: <{tag}>");
            assert!(
                !tag.starts_with("script") || tag.contains("src=\"/assets/"),
                "{what}: <{tag}>"
            );
            let is_outside = tag.contains("http:") || tag.contains("https:");
            assert!(!is_outside && !tag.contains("javascript:"), "{what}: <{tag}>");
        }
    }
    assert!(pages > 20, "{pages} pages");
}

#[test]
fn cookies_are_for_this_host_this_protocol_and_no_script() {
    let server = Server::start();
    let (_, first) = server.enrol("maria");
    let mut browser = server.browser();
    let mut answers = vec![browser.get("/login")];
    answers.push(browser.post("/language", &[("language", "en"), ("back", "/login")]));
    answers.push(browser.log_in("maria", &first));
    browser.get("/password");
    answers.push(browser.post("/logout", &[]));
    let mut names = BTreeSet::new();
    for answer in &answers {
        for line in answer.headers.get_all("set-cookie") {
            let parts: Vec<_> = line.to_str().unwrap().split("; ").collect();
            names.insert(parts[0].split('=').next().unwrap().to_owned());
            for needed in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(parts.contains(&needed), "{line:?}");
            }
            assert!(!parts.iter().any(|part| part.starts_with("Domain")), "{line:?}");
        }
    }
    let known = ["device", "form", "language", "session", "toast"];
    let expected = known.map(|name| format!("__Host-esito-{name}"));
    assert_eq!(names, BTreeSet::from(expected));
}

/// A token that somebody planted, or read before, is worth nothing after login or change of password.
#[test]
fn a_session_gets_a_new_token_at_login_and_at_change_of_password() {
    const SESSION: &str = "__Host-esito-session";
    let server = Server::start();
    let (_, first) = server.enrol("maria");
    let mut browser = server.browser();
    let planted = "A".repeat(43);
    browser.cookies.insert(SESSION.to_owned(), planted.clone());
    assert_eq!(browser.log_in("maria", &first).location(), "/password");
    let begun = browser.cookies[SESSION].clone();
    assert_ne!(begun, planted);
    browser.get("/password");
    let fields = [("old", first.as_str()), ("new", GOOD), ("confirm", GOOD)];
    assert_eq!(browser.post("/password", &fields).location(), "/password/changed");
    let changed = browser.cookies[SESSION].clone();
    assert_ne!(changed, begun);
    // Logging in over a session ends it.
    let mut again = server.browser();
    again.cookies.insert(SESSION.to_owned(), changed.clone());
    again.get("/password");
    assert_eq!(again.post("/login", &[("user_name", "maria"), ("password", GOOD)]).location(), "/");
    assert_ne!(again.cookies[SESSION], changed);
    for old in [planted, begun, changed] {
        let mut thief = server.browser();
        thief.cookies.insert(SESSION.to_owned(), old);
        assert_eq!(thief.get("/password").location(), "/login");
    }
    assert_eq!(again.get("/password").status, 200);
}

#[test]
fn a_method_that_a_page_does_not_have_is_refused() {
    let server = Server::start();
    let (person, mut patient) = server.settled("maria");
    for path in portal::paths() {
        let path = path.replace("{person}", &person.to_string()).replace("{order}", "x");
        let refused = patient.send("DELETE", &path, None, &[]);
        let allowed: Vec<_> = refused.header("allow").split(',').map(str::to_owned).collect();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
            let body = matches!(method, "POST" | "PUT" | "PATCH").then_some("a=b");
            if method == "GET" && path.ends_with("/events") {
                // It goes on and on: HEAD stands for it.
                continue;
            }
            let answer = patient.send(method, &path, body, &[]);
            if allowed.iter().any(|allowed| allowed == method) {
                assert!(answer.status != 405 && answer.status < 500, "{method} {path}");
                assert!(method != "HEAD" || answer.body.is_empty(), "{method} {path}");
            } else {
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(!answer.body.contains("TEST-maria"), "{method} {path}");
            }
        }
    }
}
