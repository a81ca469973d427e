//! Markup, odd characters and addresses of others in every field: shown as text, or refused.

use rstest::rstest;
use store::{IssuedId, Name, Person, Private};

use crate::server::{Server, person};

pub(crate) const PAYLOADS: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "</title><svg onload=alert(1)>",
    "<!--<script>",
    "{{7*7}}${7*7}{% raw %}",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u{202e}<b>\u{0}\u{7f}</b>",
    "]]><x:script xmlns:x='http://www.w3.org/1999/xhtml'>",
];

/// Fails when a tag stands in a page that our templates do not have.
pub(crate) fn assert_harmless(page: &str, payload: &str) {
    // The icons, the drawings and the logo are ours.
    let page = page.replace("<svg class=\"icon\" ", "<").replace("<svg class=\"drawing\" ", "<");
    let page = page.replace("<img src=\"/assets/logo?", "<");
    for open in ["<script>", "<img", "<svg", "<b>", "<x:", "<!--"] {
        assert!(!page.contains(open), "{payload:?} gives {open}");
    }
    for tag in page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
        let outside_values: String = tag.split('"').step_by(2).collect();
        let handles = outside_values.split_whitespace().any(|word| word.starts_with("on"));
        assert!(!handles, "{payload:?} gives <{tag}>");
    }
}

#[test]
fn markup_in_a_form_is_shown_as_text() {
    let server = Server::start();
    for payload in PAYLOADS {
        let mut browser = server.browser();
        browser.get("/login");
        let login = browser.post("/login", &[("user_name", payload), ("password", payload)]);
        let code = browser.post("/recovery/password", &[("user_name", payload)]);
        let fields =
            [("user_name", payload), ("code", payload), ("new", payload), ("confirm", "x")];
        let wrong = browser.post("/recovery/code", &fields);
        for answer in [login, code, wrong] {
            let main = answer.body.split("<form method=\"post\" action=\"/").nth(2).unwrap();
            let input = main.split("name=\"user_name\"").nth(1).unwrap().split('>').next().unwrap();
            assert!(!input.contains('<'), "{input}");
            assert!(answer.text().contains(payload), "{payload:?} is not shown");
            assert_harmless(&answer.body, payload);
        }
    }
}

/// Every text of a person, as it could come from a PACS or an import.
fn hostile(payload: &str, user_name: &str) -> Person {
    let text = || Some(Private(payload.to_owned()));
    Person {
        patient_ids: vec![IssuedId {
            id: Private(format!("{payload}{user_name}")),
            issuer: payload.to_owned(),
        }],
        name: Private(Name { family: payload.to_owned(), given: payload.to_owned() }),
        tax_code: text(),
        phone: text(),
        email: text(),
        address: text(),
        marital_status: text(),
        practitioner: text(),
        contact: text(),
        ..person(user_name)
    }
}

#[test]
fn markup_in_what_is_known_of_a_person_is_shown_as_text() {
    let server = Server::start();
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let user_name = format!("maria.{number}");
        server.enrol_with(hostile(payload, &user_name), &user_name);
        let mut browser = server.settle(&user_name, &server.password_by_sms());
        let profile = browser.get("/").location().replace("results", "profile");
        let page = browser.get(&profile);
        assert_eq!(page.status, 200);
        // Name, ID, telephone, e-mail in the banner; name, practitioner, contact, ... in the cards.
        assert!(page.text().matches(payload).count() >= 10, "{payload:?}\n{}", page.body);
        assert_harmless(&page.body, payload);
    }
}

/// What is sent back in a header cannot end it, nor lead away.
#[rstest]
#[case("//evil.example")]
#[case("https://evil.example/")]
#[case("/\\evil.example")]
#[case("/%09/evil.example")]
#[case("/x\r\nset-cookie: a=b")]
#[case("javascript:alert(1)")]
fn the_language_chooser_leads_to_no_other_site(#[case] back: &str) {
    let server = Server::start();
    let mut browser = server.browser();
    browser.get("/login");
    let answer = browser.post("/language", &[("language", "en"), ("back", back)]);
    assert_eq!(answer.location(), "/");
    assert_eq!(browser.get(&format!("/login?back={}&next=//evil.example", "x")).status, 200);
}

#[rstest]
#[case("/assets/../../../etc/passwd")]
#[case("/assets/%2e%2e/%2e%2e/etc/passwd")]
#[case("/assets/..%2f..%2fetc%2fpasswd")]
#[case("/assets//etc/passwd")]
#[case("/assets/portal.css/")]
#[case("/assets/portal.css%00.js")]
#[case("/assets/")]
#[case("/assets")]
#[case("/persons/../login")]
#[case("/persons/%2e%2e/profile")]
#[case("/persons/00000000000000000000000000000000/profile/")]
#[case("/PERSONS/x/profile")]
#[case("/login/")]
#[case("//login")]
fn a_path_leads_nowhere_but_to_a_route(#[case] path: &str) {
    let server = Server::start();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = crate::hostile::raw(server.address, request.as_bytes());
    let is_refused = answer.starts_with("HTTP/1.1 404 ");
    // A page of somebody that is not a route leads to the login.
    let to_login = answer.contains("\r\nlocation: /login\r\n") && path.starts_with("/persons/");
    assert!(is_refused || to_login, "{answer}");
    assert!(!answer.contains("root:"), "{answer}");
}
