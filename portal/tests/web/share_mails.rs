//! The mails of a share as a mail server gets them, and the way from there in.

use serde_json::{Value, json};

use crate::peer::Peer;
use crate::server::{Options, Server};
use crate::shares::{PIN, form};

fn said<'a>(mail: &'a Value, part: &str) -> &'a str {
    mail[part].as_str().expect(part)
}

/// S-109, S-133: both parts of both mails, and the link in them.
#[test]
fn link_and_pin_arrive_as_two_mails_of_two_parts() {
    let peer = Peer::start("serve_smtp.py", &["plain"]);
    let server = Server::start_with(Options { mail: Some(peer.port), ..Options::default() });
    let (person, _) = server.with_orders("maria", "", 1);
    // What comes with an account and a new password.
    let before: Vec<_> = (0..2).map(|_| peer.line()).collect();
    assert!(before.iter().all(|mail| mail["to"] == json!(["maria@example.org"])), "{before:?}");
    let order = server.order_id(&person);
    server.share(&person, order, form(&["verdi@example.org"]));
    let mails = [peer.line(), peer.line()];
    let with = |what: &str| {
        let found: Vec<_> = mails.iter().filter(|mail| said(mail, "text").contains(what)).collect();
        assert_eq!(found.len(), 1, "{what}: {mails:?}");
        found[0]
    };
    let (link, code) = (with("/s/"), with(PIN));
    for mail in &mails {
        assert_eq!(mail["to"], json!(["verdi@example.org"]));
        assert_eq!(mail["type"], "multipart/alternative");
        assert_eq!((&mail["defects"], &mail["raw_is_ascii"]), (&json!([]), &json!(true)));
        for part in ["text", "html"] {
            for clinical in ["TORACE", "ACC0", "Radiologia", "MTFmaria"] {
                assert!(!said(mail, part).contains(clinical), "{clinical}: {mail}");
            }
        }
    }
    for part in ["text", "html"] {
        for words in ["maria TEST ROSSI", "24 gen 1986", "Buongiorno dottore"] {
            assert!(said(link, part).contains(words), "{words}: {link}");
        }
        assert!(!said(link, part).contains(PIN) && !said(code, part).contains("/s/"));
        assert!(said(code, part).contains(PIN), "{code}");
    }
    let address = said(link, "text").split("https://portale.example.org").nth(1).unwrap();
    let path = address.split_whitespace().next().unwrap().to_owned();
    assert!(said(link, "html").contains(&format!("href=\"https://portale.example.org{path}\"")));
    let token = path.strip_prefix("/s/").unwrap();
    assert!(token.len() * 6 >= 160, "{} letters of 64", token.len());
    let entered = server.enter(token, PIN);
    assert!(matches!(entered, portal::shares::Entered::Done { .. }), "{entered:?}");
    let told = peer.line();
    assert_eq!(told["to"], json!(["maria@example.org"]), "of the first access");
}
