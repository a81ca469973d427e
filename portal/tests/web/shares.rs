//! Shares: who gets what as a recipient, by which link and PIN, and what ends it.

use jiff::SignedDuration;
use portal::Origin;
use portal::shares::{Entered, Fault, Pin, PinFault, PinWay, ShareForm, SharedOrder};
use store::{
    Event, EventQuery, Holder, Language, Message, OrderId, Outcome, Person, Private, Recipient,
    Ruling, Share, ShareId,
};

use crate::browser::Browser;
use crate::server::Server;

pub(crate) const PIN: &str = "271828";
pub(crate) const FROM: [u8; 4] = [192, 0, 2, 7];

pub(crate) fn pin(text: &str) -> Pin {
    Pin::parse(text).unwrap()
}

pub(crate) fn form(emails: &[&str]) -> ShareForm {
    ShareForm {
        emails: emails.iter().map(|email| Private((*email).to_owned())).collect(),
        pin: PIN.into(),
        days: 15,
        message: "Buongiorno dottore".into(),
        language: Language::It,
        way: PinWay::Email,
    }
}

impl Server {
    pub(crate) fn share(&self, person: &Person, order: OrderId, form: ShareForm) -> SharedOrder {
        let account = self.account_of(person);
        let shared = self.services.shares.share(&account, order, form, Origin(FROM.into()));
        self.wait(shared).unwrap()
    }

    pub(crate) fn share_with(&self, person: &Person, emails: &[&str]) -> Shared {
        let order = self.order_id(person);
        let SharedOrder::Done(id) = self.share(person, order, form(emails)) else {
            panic!("refused");
        };
        let links = emails.iter().map(|email| self.link_to(email)).collect();
        Shared { id, links }
    }

    /// A share of the first order, by its name in addresses.
    pub(crate) fn share_of(&self, person: &Person) -> String {
        self.share_with(person, &["verdi@example.org"]).id.to_string()
    }

    /// The token of the link that somebody was sent.
    fn link_to(&self, email: &str) -> String {
        let messages = self.wait(self.services.store.list_messages(99)).unwrap();
        let mut texts = messages
            .iter()
            .filter(|one| matches!(&one.to, Recipient::Email(to) if to.as_str() == email));
        let link = texts.find_map(|one| {
            let text = &one.content.as_ref()?.text;
            Some(text.split("/s/").nth(1)?.split_whitespace().next()?.to_owned())
        });
        link.unwrap()
    }

    pub(crate) fn kept(&self, id: ShareId) -> Share {
        self.wait(self.services.store.share(id)).unwrap().unwrap()
    }

    pub(crate) fn enter(&self, link: &str, typed: &str) -> Entered {
        let pin = pin(typed);
        let entered = self.services.shares.unlock(link, &pin, Origin(FROM.into()));
        self.wait(entered).unwrap()
    }

    /// A browser in which a link was opened with its PIN.
    pub(crate) fn recipient(&self, shared: &Shared, which: usize) -> Browser {
        let Entered::Done { token, .. } = self.enter(&shared.links[which], PIN) else {
            panic!("not let in");
        };
        let mut browser = self.browser();
        browser.cookies.insert(COOKIE.to_owned(), token.as_str().to_owned());
        browser.get("/login");
        browser
    }

    pub(crate) fn events(&self, begin: &str) -> Vec<Event> {
        let query = EventQuery { action: Some(begin.to_owned()), ..EventQuery::default() };
        let found = self.wait(self.services.store.events(query, 999)).unwrap();
        found.into_iter().map(|one| one.event).collect()
    }
}

/// A share and the tokens of its links.
pub(crate) struct Shared {
    pub(crate) id: ShareId,
    pub(crate) links: Vec<String>,
}

pub(crate) const COOKIE: &str = "__Secure-esito-share";

impl Shared {
    pub(crate) fn path(&self, below: &str) -> String {
        format!("/shared/{}{below}", self.id)
    }
}

/// What a browser is answered on what is shared, in a word.
fn sees(browser: &mut Browser, shared: &Shared) -> &'static str {
    let answer = browser.get(&shared.path("/downloads/state"));
    match answer.status {
        200 => "served",
        404 => "closed",
        _ => "other",
    }
}

pub(crate) fn letters(server: &Server) -> Vec<(String, Message)> {
    let messages = server.messages();
    let to = |one: &Message| match &one.to {
        Recipient::Email(to) | Recipient::Sms(to) => to.0.clone(),
    };
    messages.into_iter().map(|one| (to(&one), one)).collect()
}

/// S-109.
#[test]
fn link_and_pin_go_apart_and_neither_says_what_the_result_is() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org", "bianchi@example.org"]);
    let letters = letters(&server);
    assert_eq!(letters.len(), 4);
    for email in ["verdi@example.org", "bianchi@example.org"] {
        let own: Vec<_> = letters.iter().filter(|(to, _)| to == email).collect();
        let content = |has: &str| {
            let found = own.iter().filter_map(|(_, one)| one.content.as_ref());
            let found: Vec<_> = found.filter(|one| one.text.contains(has)).collect();
            assert_eq!(found.len(), 1, "{has}");
            found[0].0.clone()
        };
        let (link, code) = (content("/s/"), content(PIN));
        for part in [link.text.clone(), link.html.clone().unwrap()] {
            for said in [
                "maria TEST ROSSI",
                "24 gen 1986",
                "Buongiorno dottore",
                "https://portale.example.org/s/",
            ] {
                assert!(part.contains(said), "{said}: {part}");
            }
            assert!(!part.contains(PIN) && !part.contains("posta@example.org"), "{part}");
        }
        for part in [code.text.clone(), code.html.clone().unwrap()] {
            assert!(part.contains(PIN) && !part.contains("/s/"), "{part}");
            assert!(!part.contains("ROSSI"), "{part}");
        }
        let all = format!("{link:?}{}{}{}", link.text, code.text, link.subject);
        for said in ["TORACE", "ACC0", "MTF", "Radiologia"] {
            assert!(!all.contains(said), "{said}: {all}");
        }
    }
    assert_ne!(shared.links[0], shared.links[1]);
    let kept = server.kept(shared.id);
    let text = format!("{}{:?}", serde_json::to_string(&kept).unwrap(), server.events("share."));
    for secret in [PIN, &shared.links[0], &shared.links[1]] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(kept.pin.0.starts_with("$argon2id$"));
}

#[test]
fn the_pin_can_go_by_sms_or_be_told_and_mails_can_be_english() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let order = server.order_id(&person);
    let by_sms = ShareForm {
        way: PinWay::Sms("+390000000009".into()),
        language: Language::En,
        ..form(&["verdi@example.org"])
    };
    assert!(matches!(server.share(&person, order, by_sms), SharedOrder::Done(_)));
    let sent = letters(&server);
    let told: Vec<_> = sent.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&"+390000000009") && told.contains(&"verdi@example.org"));
    let (_, mail) = sent.iter().find(|(to, _)| to == "verdi@example.org").unwrap();
    assert!(mail.content.as_ref().unwrap().text.starts_with("Good day,"));
    let by_me = ShareForm { way: PinWay::Oneself, ..form(&["verdi@example.org"]) };
    assert!(matches!(server.share(&person, order, by_me), SharedOrder::Done(_)));
    let sent = letters(&server);
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].1.content.as_ref().unwrap().text.contains(PIN));
}

#[test]
fn a_form_is_refused_with_all_that_is_wrong() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let order = server.order_id(&person);
    let refused = |form: ShareForm| match server.share(&person, order, form) {
        SharedOrder::Refused(faults) => faults,
        other => panic!("{other:?}"),
    };
    let good = || form(&["verdi@example.org"]);
    assert_eq!(refused(form(&[])), [Fault::NoRecipient]);
    let odd = ShareForm { days: 7, pin: "240186".into(), ..form(&["verdi@example.org", "x@"]) };
    let expected = [Fault::Address(1), Fault::Pin(PinFault::BirthDate), Fault::Days];
    assert_eq!(refused(odd), expected);
    let many: Vec<String> = (0..11).map(|number| format!("v{number}@example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(refused(form(&many)), [Fault::TooManyRecipients]);
    let long = ShareForm { message: Private("a".repeat(1001)), ..good() };
    assert_eq!(refused(long), [Fault::Message]);
    let phone = ShareForm { way: PinWay::Sms("12".into()), ..good() };
    assert_eq!(refused(phone), [Fault::Phone]);
    assert_eq!(letters(&server).len(), 0);
    // The same address twice is one recipient.
    let SharedOrder::Done(id) =
        server.share(&person, order, form(&["a@example.org", "A@example.org"]))
    else {
        panic!()
    };
    assert_eq!(server.kept(id).recipients.len(), 1);
    for _ in 0..9 {
        assert!(matches!(server.share(&person, order, good()), SharedOrder::Done(_)));
    }
    assert_eq!(server.share(&person, order, good()), SharedOrder::TooManyShares);
    let (other, _) = server.with_orders("paolo", "", 1);
    assert_eq!(server.share(&other, order, good()), SharedOrder::NoSuchOrder);
    let event = server.events("share.create").pop().unwrap();
    assert_eq!(event.outcome, Outcome::Refused);
}

/// Nothing lasts longer than the order is shown itself.
#[test]
fn a_share_ends_with_the_order_at_the_latest() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let account = server.account_of(&person);
    let offer = server.services.shares.offer(&account, server.order_id(&person));
    let terms = server.wait(offer).unwrap().unwrap().terms;
    let days: Vec<_> = terms.iter().map(|term| term.days).collect();
    assert_eq!(days, [15, 30, 45]);
    let now = server.clock.now();
    let last = terms[2].until;
    assert!(terms[2].is_cut, "performed some days ago");
    assert!(terms.iter().all(|term| term.until <= last && term.until > now));
    let mut shared = form(&["verdi@example.org"]);
    shared.days = 45;
    let SharedOrder::Done(id) = server.share(&person, server.order_id(&person), shared) else {
        panic!()
    };
    assert_eq!(server.kept(id).until, last);
}

/// S-120, S-124: who comes by a link sees the one order, and the others nothing.
#[test]
fn what_is_shared_is_seen_by_its_recipients_alone_and_nothing_else_by_them() {
    let server = Server::start();
    let (person, mut patient) = server.with_orders("maria", "", 2);
    let report = server.hand_in(&person, "ACC0");
    let (stranger, _) = server.with_orders("paolo", "", 1);
    let own = server.share_with(&person, &["verdi@example.org", "bianchi@example.org"]);
    let other = server.share_with(&stranger, &["neri@example.org"]);
    let (mut verdi, mut bianchi) = (server.recipient(&own, 0), server.recipient(&own, 1));
    let mut neri = server.recipient(&other, 0);
    assert_eq!([sees(&mut verdi, &own), sees(&mut bianchi, &own)], ["served"; 2]);
    assert_eq!([sees(&mut verdi, &other), sees(&mut neri, &own)], ["closed"; 2]);
    assert_eq!(sees(&mut patient, &own), "closed", "a login opens nothing that is shared");
    // What is the patient's is not opened by what is shared.
    let order = server.order_of(&person);
    for path in [
        "/".to_owned(),
        "/downloads".to_owned(),
        format!("/persons/{}/results", person.id),
        format!("/persons/{}/orders/{order}", person.id),
        format!("/persons/{}/profile", person.id),
    ] {
        assert_eq!(verdi.get(&path).location(), "/login", "{path}");
    }
    let shown = server.services.store.results_of_person(person.id);
    let shown = server.wait(shown).unwrap().unwrap();
    let of_shared = server.kept(own.id).order;
    let reports_open = of_shared
        == shown
            .orders
            .iter()
            .find(|one| {
                one.examinations.iter().any(|one| {
                    one.accession_number.as_ref().is_some_and(|number| number.as_str() == "ACC0")
                })
            })
            .unwrap()
            .id;
    let answer = verdi.get(&own.path(&format!("/reports/{report}")));
    assert_eq!(answer.status == 200, reports_open, "the report of this order and of no other");
    // What one asks for is not another's.
    verdi.get("/login");
    let asked = verdi.post(&own.path("/downloads"), &[("content", "everything")]);
    assert_eq!(asked.location(), own.path(""));
    let request = verdi.get(&own.path("/downloads/state")).body;
    let request = request.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for (browser, shared) in [(&mut bianchi, &own), (&mut neri, &other)] {
        for below in ["withdraw", "again", "tell"] {
            let path = shared.path(&format!("/downloads/{request}/{below}"));
            assert_eq!(browser.post(&path, &[]).status, 404, "{below}");
        }
        for below in ["package", "pages", "report", "pages/index.htm"] {
            let path = shared.path(&format!("/downloads/{request}/{below}"));
            assert_eq!(browser.get(&path).status, 404, "{below}");
        }
    }
    patient.get("/password");
    assert_eq!(patient.post(&format!("/downloads/{request}/withdraw"), &[]).status, 404);
    let tell = own.path(&format!("/downloads/{request}/tell"));
    assert_eq!(verdi.post(&tell, &[]).location(), own.path("/downloads"));
    let withdraw = own.path(&format!("/downloads/{request}/withdraw"));
    assert_eq!(verdi.post(&withdraw, &[]).location(), own.path("/downloads"));
}

#[test]
fn nothing_is_seen_of_what_is_over_frozen_or_withheld() {
    let day = SignedDuration::from_hours(24);
    for what in ["expired", "revoked", "site", "frozen", "held", "new pin", "no consent", "idle"] {
        let server = Server::start();
        let (person, _) = server.with_orders("maria", "", 1);
        let shared = server.share_with(&person, &["verdi@example.org"]);
        let mut verdi = server.recipient(&shared, 0);
        let account = server.account_of(&person);
        assert_eq!(sees(&mut verdi, &shared), "served");
        let shares = &server.services.shares;
        let from = Origin(FROM.into());
        match what {
            "expired" => {
                let left = server.kept(shared.id).until.duration_since(server.clock.now());
                server.clock.advance(left);
            }
            "revoked" => assert!(server.wait(shares.revoke(&account, shared.id, from)).unwrap()),
            "site" => {
                let ended = server.services.store.end_share(
                    None,
                    shared.id,
                    server.clock.now(),
                    store::EndOfShare::Site,
                    store::Along::nothing(),
                );
                assert!(server.wait(ended).unwrap().is_some());
            }
            "frozen" => {
                while !matches!(server.enter(&shared.links[0], "314159"), Entered::Frozen) {
                    server.clock.advance(SignedDuration::from_hours(1));
                }
            }
            "held" => {
                let new = store::NewDecision {
                    order: server.order_id(&person),
                    study: None,
                    ruling: Some(Ruling::Hold),
                    by: "console".to_owned(),
                    at: server.clock.now(),
                    reason: None,
                };
                let held = server.services.store.decide(person.id, new, store::Along::nothing());
                server.wait(held).unwrap();
            }
            "new pin" => {
                let renewed =
                    shares.renew_pin(&account, shared.id, "314159", &PinWay::Oneself, from);
                server.wait(renewed).unwrap();
            }
            "no consent" => {
                let mut new = person.clone();
                new.consent.online_results = false;
                let along = store::Along::nothing();
                server
                    .wait(server.services.store.replace_person(person.clone(), new, along))
                    .unwrap();
            }
            _ => server.clock.advance(SignedDuration::from_mins(21)),
        }
        let answer = verdi.get(&shared.path("/downloads/state"));
        if ["held", "no consent"].contains(&what) {
            // The share is there, and there is nothing in it.
            assert!(!answer.body.contains("TORACE"), "{what}");
            let asked = verdi.post(&shared.path("/downloads"), &[("content", "everything")]);
            assert_eq!(asked.status, 404, "{what}");
        } else {
            assert_eq!(answer.status, 404, "{what}");
            assert!(answer.text().contains("La condivisione non è aperta"), "{}", answer.body);
        }
        server.clock.advance(day);
    }
}

#[test]
fn who_shares_is_told_of_the_first_access_and_sees_each() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org"]);
    server.messages();
    for _ in 0..2 {
        drop(server.recipient(&shared, 0));
    }
    let told = letters(&server);
    assert_eq!(told.len(), 1, "of the first alone");
    let (to, message) = &told[0];
    let content = message.content.as_ref().unwrap();
    assert_eq!(to, "maria@example.org");
    assert!(content.text.contains("verdi@example.org") && content.text.contains("/shares"));
    let account = server.account_of(&person);
    let shown = server.wait(server.services.shares.of_account(&account)).unwrap();
    let accesses = &shown[0].recipients[0].recipient.accesses;
    assert_eq!((accesses.len(), accesses[0].times), (1, 2));
    assert!(shown[0].is_open && !shown[0].is_over);
    assert_eq!(server.events("share.unlock").len(), 2);
}

/// S-150: patient and recipients have one package, prepared once.
#[test]
fn what_patient_and_recipients_ask_for_is_prepared_once() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    server.request_of(&person);
    let shared = server.share_with(&person, &["verdi@example.org", "bianchi@example.org"]);
    for which in 0..2 {
        let mut browser = server.recipient(&shared, which);
        let path = shared.path("/downloads");
        assert_eq!(browser.post(&path, &[("content", "everything")]).status, 303);
    }
    let all = server.wait(server.services.store.list_preparations(None, 9)).unwrap();
    assert_eq!(all.len(), 1);
    let requests = server.wait(server.services.store.requests_for(all[0].key)).unwrap();
    assert_eq!(requests.len(), 3);
    let holder = |request: &store::Request| {
        let now = server.clock.now();
        server.wait(server.services.store.holder(request.asker, now)).unwrap().unwrap()
    };
    let of_recipients =
        requests.iter().filter(|one| matches!(holder(one), Holder::Recipient(_))).count();
    assert_eq!(of_recipients, 2);
}
