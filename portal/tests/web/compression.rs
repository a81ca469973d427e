//! What leaves compressed, and that what it weighs tells nothing.

use std::io::Read as _;

use flate2::read::GzDecoder;
use rstest::rstest;

use crate::browser::Browser;
use crate::server::Server;

fn taking(server: &Server, codings: &str) -> Browser {
    let mut browser = server.browser();
    browser.headers = vec![("accept-encoding", codings.to_owned())];
    browser
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[rstest]
#[case::page("/login", "name=\"user_name\"")]
#[case::page_of_an_error("/nothing", "Pagina non trovata")]
#[case::style_sheet("/assets/portal.css", "--accent")]
#[case::script("/assets/portal.js", "\"use strict\"")]
fn text_leaves_compressed_where_the_browser_takes_that(#[case] path: &str, #[case] text: &str) {
    let server = Server::start();
    let whole = taking(&server, "br, identity").get(path);
    assert_eq!(whole.headers.get("content-encoding"), None);
    assert_eq!(whole.header("vary"), "accept-encoding");
    assert!(whole.body.contains(text));
    let packed = taking(&server, "gzip, deflate, br").get(path);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("vary"), "accept-encoding");
    assert_eq!(packed.header("content-length"), packed.bytes.len().to_string());
    assert!(packed.bytes.len() * 3 < whole.bytes.len() * 2, "{} bytes", packed.bytes.len());
    assert!(unpacked(&packed.bytes).contains(text));
    let head = taking(&server, "gzip").send("HEAD", path, None, &[]);
    assert_eq!((head.header("content-encoding"), head.bytes.len()), ("gzip", 0));
    let (one, other) = (packed.bytes.len(), head.header("content-length").parse().unwrap());
    // Two tokens of a form take a few bytes more or less.
    assert!(one.abs_diff(other) < 16, "{one} and {other} bytes");
}

#[test]
fn what_is_compressed_already_leaves_as_it_is() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 1);
    let report = server.hand_in(&person, "ACC0");
    let order = server.order_of(&person);
    browser.headers = vec![("accept-encoding", "gzip".to_owned())];
    let report = format!("/persons/{}/orders/{order}/reports/{report}", person.id);
    for path in ["/assets/logo", &report] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers.get("content-encoding"), None, "{path}");
        assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
    }
}

/// A stranger who makes a browser ask, and sees how long the answers are, guesses letter by letter what stands
/// beside words of their choice (BREACH): so nothing does that is the same twice.
#[test]
fn the_token_of_a_form_is_another_on_each_page_and_all_of_them_count() {
    let server = Server::start();
    let (_, mut browser) = server.settled("maria");
    let mut tokens = Vec::new();
    for path in ["/help", "/help", "/nothing/form_token", "/"] {
        browser.get(path);
        tokens.push(browser.token.clone());
    }
    browser.get("/privacy");
    tokens.push(browser.token.clone());
    for (number, token) in tokens.iter().enumerate().filter(|(number, _)| *number != 3) {
        let same = tokens.iter().filter(|other| *other == token).count();
        // A redirect has no form: the page before it counts twice.
        assert_eq!(same, if number == 2 { 2 } else { 1 });
        browser.token.clone_from(token);
        let fields = [("language", "it"), ("back", "/help")];
        assert_eq!(browser.post("/language", &fields).location(), "/help");
    }
}

#[test]
fn what_a_stranger_puts_into_an_address_is_not_repeated_beside_values_of_a_person() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 1);
    let order = server.order_of(&person);
    let id = person.id;
    for path in [
        format!("/persons/{id}/results?search=GUESS&sort=GUESS&from=GUESS&site=GUESS&x=GUESS"),
        format!("/persons/{id}/results?sort=-GUESS"),
        format!("/persons/{id}/orders/{order}?search=GUESS"),
        format!("/persons/{id}/profile?search=GUESS"),
        "/notifications?search=GUESS".to_owned(),
    ] {
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("ROSSI") && !page.body.contains("GUESS"), "{path}");
    }
    for path in ["/nothing/GUESS".to_owned(), format!("/persons/{id}/orders/GUESS")] {
        let page = browser.get(&path);
        assert!(page.status == 404 && page.body.contains("GUESS"), "{path}");
        assert!(!page.body.contains("ROSSI"), "{path}");
    }
}
