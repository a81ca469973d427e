//! An order that is not online, and that a recipient asks for.

use std::time::Duration;

use fixtures::Storage;

use crate::downloads::write_radiograph;
use crate::hospital::{Hospital, held, within};
use crate::served::Peer;
use crate::support::{Workplace, judges, run};
use crate::visitor::Visitor;

const PIN: &str = "918273";

/// The patient by SMS, the recipient by e-mail who wants to be told; neither of them of what (S-093).
#[test]
fn what_a_recipient_asks_for_is_recalled_and_both_are_told() {
    let mail = Peer::start("serve_smtp.py", &["plain"]);
    let smtp = format!(
        "[smtp]\nhost = '127.0.0.1'\nport = {}\nsecurity = 'none'\nfrom = 'noreply@example.org'",
        mail.port
    );
    let workplace = Workplace::empty();
    let study = write_radiograph(&workplace.source(), 4711);
    let holding = held(&workplace).with(&study, Storage::Nearline);
    let holding = holding.recalled_after(Duration::from_secs(8));
    let mut site = Hospital::open(workplace, holding, &smtp);
    // Others tell her of her account.
    let mail_with = |words: &str| loop {
        let text = mail.line()["text"].as_str().expect("a text").to_owned();
        if text.contains(words) {
            break text;
        }
    };
    let form = format!("{}/share", site.order());
    site.her.get(&form);
    let fields = [
        ("emails", "luca.test@example.org"),
        ("pin", PIN),
        ("days", "15"),
        ("language", "it"),
        ("way", "oneself"),
    ];
    let shared = site.her.post(&form, &fields);
    assert_eq!(shared.status, 303, "{}", shared.body);
    let letter = mail_with("/s/");
    let link = letter.split_whitespace().find(|word| word.contains("/s/")).expect("a link");
    let link = link.split_at(link.find("/s/").expect("a path")).1.to_owned();

    let mut luca = Visitor::new(&site.portal().listen);
    luca.get(&link);
    let inside = luca.post(&link, &[("pin", PIN)]).header("location").to_owned();
    assert!(inside.starts_with("/shared/"), "{inside}");
    // She is told that he came in.
    mail_with("luca.test@example.org");
    luca.get(&inside);
    let downloads = format!("{inside}/downloads");
    assert_eq!(luca.post(&downloads, &[("content", "everything")]).status, 303);
    let waiting = within(|| {
        let page = luca.get(&downloads).body;
        page.contains("tell\"").then_some(page)
    });
    assert!(waiting.contains("ritentare dopo un paio di ore"), "{waiting}");
    let tell = waiting.split("action=\"").find_map(|rest| {
        let path = rest.split('"').next()?;
        path.ends_with("/tell").then(|| path.to_owned())
    });
    let tell = tell.expect("a form");
    assert_eq!(luca.post(&tell, &[]).status, 303);

    let to_him = mail_with("non era disponibile");
    let sms = site.sms.line()["json"]["text"].as_str().expect("a text").to_owned();
    assert!(sms.contains("ciò che hai condiviso"), "{sms}");
    for secret in ["TORACE", "ROSSI", "referto", &*link] {
        assert!(!sms.contains(secret), "{sms}");
    }
    for secret in ["TORACE", "RX", PIN] {
        assert!(!to_him.contains(secret), "{to_him}");
    }
    let zip = site.workplace.beside("shared.zip");
    let package = tell.replace("/tell", "/package");
    let address = format!("http://{}{package}", site.portal().listen);
    let fetched = run::program("curl").args(["-sS", "-f", "-H", &luca.cookies(), "-o"]);
    fetched.arg(&zip).arg(address).finish().expect_code(&[0]);
    judges::judge(&zip, &site.workplace.source(), &[]);
}
