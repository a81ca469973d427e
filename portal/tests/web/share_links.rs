//! The link of a share, as people and programs follow it.

use jiff::SignedDuration;
use portal::Origin;
use store::{Order, OrderKey};

use crate::browser::Browser;
use crate::server::{ORIGIN, Server};
use crate::shares::{COOKIE, FROM, PIN};

/// Opens a link and types a PIN, as somebody does.
fn type_in(browser: &mut Browser, link: &str, pin: &str) -> crate::browser::Answer {
    let path = format!("/s/{link}");
    assert_eq!(browser.get(&path).status, 200);
    browser.post(&path, &[("pin", pin)])
}

/// S-120 to S-122.
#[test]
fn a_link_and_its_pin_lead_to_the_order_and_to_nothing_else() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org"]);
    let mut browser = server.browser();
    let inside = type_in(&mut browser, &shared.links[0], PIN);
    assert_eq!(inside.location(), shared.path(""), "without the token");
    let cookie = inside.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let cookie: Vec<_> = cookie.filter(|line| line.starts_with(COOKIE)).collect();
    let attributes = format!("; Path={}; Secure; HttpOnly; SameSite=Lax", shared.path(""));
    assert!(cookie.len() == 1 && cookie[0].ends_with(&attributes), "{cookie:?}");
    let page = browser.get(&shared.path(""));
    assert_eq!(page.status, 200);
    let text = page.text();
    for said in ["TORACE", "ROSSI, maria TEST", "class=\"recipient\""] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for hidden in ["posta@example.org", "+390000000000", "/share\"", "Risultati", &shared.links[0]]
    {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    // The link works on another device too.
    let mut other = server.browser();
    assert_eq!(type_in(&mut other, &shared.links[0], PIN).location(), shared.path(""));
    assert_eq!(browser.get(&shared.path("")).status, 200, "and the first stays in");
}

#[test]
fn opening_a_link_tells_nothing_and_changes_nothing() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org"]);
    let (before, events) = (server.kept(shared.id), server.events("").len());
    let hashes = server.services.hasher.computed();
    let mut pages = Vec::new();
    for link in [&shared.links[0], &"A".repeat(43), "zz-zz"] {
        for method in ["HEAD", "GET", "GET"] {
            let answer = server.browser().send(method, &format!("/s/{link}"), None, &[]);
            assert_eq!(answer.status, 200, "{method}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(!answer.header("set-cookie").contains("share"), "{method}");
            if method == "GET" {
                pages.push(answer.without_token().replace(link, "LINK"));
            }
        }
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "wherever it leads");
    assert!(!pages[0].contains("ROSSI") && !pages[0].contains("TORACE"));
    assert_eq!((server.kept(shared.id), server.events("").len()), (before, events));
    assert_eq!(server.services.hasher.computed(), hashes);
}

#[test]
fn a_link_leads_to_the_order_when_its_number_comes_late() {
    let server = Server::start();
    let (person, mut patient) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org"]);
    let mut inside = server.recipient(&shared, 0);
    let store = &server.services.store;
    let mut results = server.wait(store.results_of_person(person.id)).unwrap().unwrap();
    let key = OrderKey::OrderNumber("MTFLATE".into());
    let told = Order::new(person.id, key, results.orders.remove(0).examinations);
    let kept = store.replace_orders(vec![told], results.refresh.unwrap());
    assert!(server.wait(kept).unwrap());
    let mut browser = server.browser();
    assert_eq!(type_in(&mut browser, &shared.links[0], PIN).location(), shared.path(""));
    for recipient in [&mut inside, &mut browser] {
        let page = recipient.get(&shared.path(""));
        assert_eq!(page.status, 200);
        assert!(page.text().contains("TORACE"), "{}", page.text());
    }
    let own = patient.get("/shares").text();
    assert!(own.contains("TORACE") && !own.contains("Sospesa"), "{own}");
}

#[test]
fn unknown_expired_and_revoked_are_one_page_and_a_wrong_pin_another() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let account = server.account_of(&person);
    let share = |email| server.share_with(&person, &[email]);
    let (revoked, expired) = (share("verdi@example.org"), share("bianchi@example.org"));
    let revoke = server.services.shares.revoke(&account, revoked.id, Origin(FROM.into()));
    assert!(server.wait(revoke).unwrap());
    let left = server.kept(expired.id).until.duration_since(server.clock.now());
    server.clock.advance(left - SignedDuration::from_secs(1));
    let wrong = type_in(&mut server.browser(), &expired.links[0], "314159");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("4 tentativi"), "{}", wrong.text());
    server.clock.advance(SignedDuration::from_secs(1));
    let unknown = "A".repeat(43);
    let pages: Vec<_> = [&revoked.links[0], &expired.links[0], &unknown, &"zz-zz".to_owned()]
        .into_iter()
        .map(|link| {
            let answer = type_in(&mut server.browser(), link, PIN);
            assert_eq!(answer.status, 404);
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            answer.without_token().replace(link.as_str(), "LINK")
        })
        .collect();
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    assert_ne!(wrong.body, pages[0]);
}

/// A page that names itself to nobody has no origin in its forms (Fetch, "append a request Origin header").
#[test]
fn a_form_without_an_origin_is_taken_from_our_pages_alone() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org"]);
    let path = format!("/s/{}", shared.links[0]);
    let post = |site: Option<&str>, origin: &str, token: bool| {
        let mut browser = server.browser();
        browser.get(&path);
        let token = if token { browser.token.clone() } else { String::new() };
        let body = crate::browser::form(&[("form_token", &token), ("pin", PIN)]);
        let mut headers = vec![("origin", origin.to_owned())];
        headers.extend(site.map(|site| ("sec-fetch-site", site.to_owned())));
        browser.send("POST", &path, Some(&body), &headers).status
    };
    assert_eq!(post(Some("same-origin"), "null", true), 303);
    assert_eq!(post(None, "null", true), 303, "a browser that does not tell");
    assert_eq!(post(Some("same-origin"), ORIGIN, true), 303);
    assert_eq!(post(Some("cross-site"), "null", true), 403);
    assert_eq!(post(None, "null", false), 403);
    assert_eq!(post(None, "https://evil.example", true), 403);
    // Elsewhere an older browser has to name the page.
    let mut browser = server.browser();
    browser.get("/login");
    let body = crate::browser::form(&[
        ("form_token", &browser.token),
        ("language", "en"),
        ("back", "/login"),
    ]);
    let nameless = [("origin", "null".to_owned())];
    assert_eq!(browser.send("POST", "/language", Some(&body), &nameless).status, 403);
}
