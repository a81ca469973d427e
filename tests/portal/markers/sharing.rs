//! She shares an order, and somebody comes in by the link.

use serde_json::Value;

use super::{Stage, word_behind};
use crate::served::Peer;
use crate::server::Portal;
use crate::visitor::Visitor;

/// She lets somebody else see the order, who comes by link and PIN until the site ends it.
pub(super) fn shares(
    stage: &mut Stage,
    portal: &Portal,
    mail: &Peer,
    her: &mut Visitor,
    order: &str,
) {
    let pin = "918273";
    let form = format!("{order}/share");
    her.get(&form);
    let fields = [
        ("emails", "qxrecipient@example.org"),
        ("pin", pin),
        ("days", "15"),
        ("message", "QXMESSAGE"),
        ("language", "it"),
        ("way", "email"),
    ];
    let shared = her.post(&form, &fields);
    assert_eq!(shared.status, 303, "{}", shared.body);
    stage.seen("a share", &shared, true);
    let texts =
        [mail.line(), mail.line()].map(|one| one["text"].as_str().expect("text").to_owned());
    assert!(texts.iter().any(|text| text.contains(pin)), "{texts:?}");
    let letter = texts.iter().find(|text| text.contains("/s/")).expect("a link");
    assert!(letter.contains("QXMESSAGE") && letter.contains("QXFAMILY"), "{letter}");
    let link = word_behind(letter, "/s/");
    stage.secrets.extend([pin.to_owned(), link.clone()]);

    let mut recipient = Visitor::new(&portal.listen);
    let path = format!("/s/{link}");
    let asked = recipient.get(&path);
    // The link is in the address of the page, and the page knows it.
    stage.seen("a link", &asked, true);
    let wrong = recipient.post(&path, &[("pin", "314159")]);
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    stage.seen("a wrong PIN", &wrong, true);
    let unknown = format!("/s/{}", "Q".repeat(43));
    recipient.get(&unknown);
    let nothing = recipient.post(&unknown, &[("pin", pin)]);
    assert_eq!(nothing.status, 404, "{}", nothing.body);
    stage.seen("an unknown link", &nothing, false);
    recipient.get(&path);
    let inside = recipient.post(&path, &[("pin", pin)]);
    assert_eq!(inside.status, 303, "{}", inside.body);
    stage.secrets.push(recipient.cookie("__Secure-esito-share").to_owned());
    let shared = inside.header("location").to_owned();
    let page = recipient.get(&shared);
    assert!(page.body.contains("QXDESCRIPTION"), "{}", page.body);
    for hidden in ["qxmail", "0007731337"] {
        assert!(!page.body.contains(hidden), "{hidden}");
    }
    stage.seen("what is shared", &page, true);
    assert!(
        mail.line()["text"].as_str().expect("text").contains("qxrecipient"),
        "who shares is told"
    );

    stage.quiet_console(&["share", "list"], "", &[0]);
    let listed = stage.console(&["share", "list", "--json"], "", &[0]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let share = listed["shares"][0]["id"].as_str().expect("a share").to_owned();
    stage.quiet_console(&["share", "revoke", &share], "", &[0]);
    stage.quiet_console(&["share", "revoke", &share], "", &[2]);
    let closed = recipient.get(&shared);
    assert_eq!(closed.status, 404, "{}", closed.body);
    stage.seen("what was shared", &closed, false);
}
