//! Requests that a patient did not mean: from other sites, from other people's forms.

use rstest::rstest;

use crate::browser::{Browser, form};
use crate::server::{GOOD, ORIGIN, Server};

/// What a request says of where it comes from.
#[rstest]
#[case::cross_site(&[("sec-fetch-site", "cross-site")], false)]
#[case::same_site(&[("sec-fetch-site", "same-site"), ("origin", "https://evil.example.org")], false)]
#[case::typed(&[("sec-fetch-site", "none")], false)]
#[case::foreign_origin(&[("origin", "https://evil.example")], false)]
#[case::origin_in_clear(&[("origin", "http://portale.example.org")], false)]
#[case::other_port(&[("origin", "https://portale.example.org:8443")], false)]
#[case::no_origin(&[("origin", "null")], false)]
#[case::lying(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], false)]
#[case::twice(&[("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-origin")], false)]
#[case::ours(&[("sec-fetch-site", "same-origin"), ("origin", ORIGIN)], true)]
#[case::old_browser(&[("origin", ORIGIN)], true)]
#[case::older_browser(&[], true)]
fn what_comes_from_another_site_is_refused(
    #[case] headers: &[(&'static str, &str)],
    #[case] served: bool,
) {
    let server = Server::start();
    let (_, mut patient) = server.settled("maria");
    let page = patient.get("/password");
    assert_eq!(page.status, 200);
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let body = form(&[("form_token", patient.token.as_str())]);
    let before = patient.cookies.clone();
    let answer = patient.send("POST", "/logout", Some(&body), &headers);
    assert_eq!(answer.status, if served { 303 } else { 403 });
    patient.cookies = before;
    assert_eq!(patient.get("/password").status == 200, !served, "whether the session goes on");
}

fn post(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> u16 {
    browser.send("POST", path, Some(&form(fields)), &[]).status
}

#[test]
fn a_form_counts_from_the_browser_only_that_it_was_made_for() {
    let server = Server::start();
    let (_, mut maria) = server.settled("maria");
    let (_, mut anna) = server.settled("anna");
    maria.get("/password");
    anna.get("/password");
    let mut stranger = server.browser();
    stranger.get("/login");
    let whole = maria.token.clone();
    for token in
        [anna.token.as_str(), stranger.token.as_str(), "", &whole[1..], &whole.to_uppercase()]
    {
        assert_eq!(post(&mut maria, "/logout", &[("form_token", token)]), 403, "{token}");
    }
    assert_eq!(post(&mut maria, "/logout", &[]), 403);
    assert_eq!(post(&mut maria, "/logout", &[("form_token", &whole), ("form_token", &whole)]), 403);
    assert_eq!(maria.get("/password").status, 200);
    assert_eq!(post(&mut maria, "/logout", &[("form_token", &whole)]), 303);
    // In another tab, whose form is of the session that is over by now.
    maria.get("/login");
    let late = maria.send("POST", "/logout", Some(&form(&[("form_token", &whole)])), &[]);
    assert_eq!(late.location(), "/login");
}

/// A site that logs a victim in as somebody else could read what the victim then does.
#[test]
fn nobody_is_logged_in_by_another_site() {
    let server = Server::start();
    server.settled("maria");
    let mut attacker = server.browser();
    attacker.get("/login");
    let credentials = [("user_name", "maria"), ("password", GOOD)];
    // The victim's browser has no cookie of ours, or one of its own.
    let mut fields = vec![("form_token", attacker.token.as_str())];
    fields.extend(credentials);
    assert_eq!(post(&mut server.browser(), "/login", &fields), 403);
    let mut victim = server.browser();
    victim.get("/login");
    assert_eq!(post(&mut victim, "/login", &fields), 403);
    assert_eq!(post(&mut victim, "/login", &credentials), 403);
    assert!(!victim.cookies.contains_key("__Host-esito-session"));
}

/// The form of the login page is void once somebody is logged in, so that nothing outlives that.
#[test]
fn the_token_of_a_form_ends_with_the_session() {
    let server = Server::start();
    server.settled("maria");
    let mut browser = server.browser();
    browser.get("/login");
    let before = browser.token.clone();
    browser.post("/login", &[("user_name", "maria"), ("password", GOOD)]);
    assert_eq!(post(&mut browser, "/logout", &[("form_token", &before)]), 403);
    browser.get("/password");
    let within = browser.token.clone();
    browser.post("/logout", &[]);
    browser.get("/login");
    assert_ne!(browser.token, within);
    assert_eq!(post(&mut browser, "/language", &[("form_token", &within)]), 403);
}

#[rstest]
#[case::json("application/json", 400)]
#[case::text("text/plain", 400)]
#[case::parts("multipart/form-data; boundary=x", 400)]
#[case::none("", 400)]
#[case::with_charset("Application/X-WWW-Form-Urlencoded; charset=UTF-8", 303)]
fn a_form_is_what_a_form_says_it_is(#[case] kind: &str, #[case] status: u16) {
    let server = Server::start();
    let (_, mut maria) = server.settled("maria");
    maria.get("/password");
    let cookie: Vec<_> =
        maria.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = format!("form_token={}", maria.token);
    let head = format!(
        "POST /logout HTTP/1.1\r\nhost: x\r\ncookie: {}\r\ncontent-type: {kind}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        cookie.join("; "),
        body.len()
    );
    let answer = crate::hostile::raw(server.address, head.as_bytes());
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
}

#[test]
fn nothing_changes_by_a_get() {
    let server = Server::start();
    let (_, mut maria) = server.settled("maria");
    maria.get("/password");
    let token = maria.token.clone();
    for path in ["/logout", "/logout/elsewhere", "/language", "/password"] {
        let query = format!("{path}?form_token={token}&language=en&back=/");
        let answer = maria.get(&query);
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
    }
    assert_eq!(maria.get("/password").status, 200);
    assert!(maria.get("/password").body.contains("<html lang=\"it\">"));
}
