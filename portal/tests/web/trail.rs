//! What the audit trail holds of those who look.

use jiff::SignedDuration;
use store::{Accessed, Along, Consent, Event, EventQuery, Outcome, PersonId, Representation, Role};

use crate::browser::Browser;
use crate::downloads::Ready;
use crate::pages::{gzip, package};
use crate::server::{Options, Server, person};
use crate::share_ends::ask;

/// Events of those who looked at pages, the oldest first.
fn views(server: &Server) -> Vec<Event> {
    let events = server.wait(server.services.store.events(EventQuery::default(), 999)).unwrap();
    let events = events.into_iter().map(|recorded| recorded.event);
    events
        .filter(|event| ["results.view", "profile.view", "person.view"].contains(&&*event.action))
        .collect()
}

fn told(server: &Server) -> Vec<(String, Option<PersonId>)> {
    views(server).into_iter().map(|event| (event.action, event.person)).collect()
}

#[test]
fn a_list_and_a_profile_leave_an_event_a_visit_and_not_one_a_page() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 60);
    let (list, profile) =
        (format!("/persons/{}/results", maria.id), format!("/persons/{}/profile", maria.id));
    let name = "maria".parse().unwrap();
    let account = server.wait(server.services.store.account_by_user_name(&name)).unwrap().unwrap();
    let results = ("results.view".to_owned(), Some(maria.id));
    let mut expected = vec![results.clone()];
    browser.get(&list);
    assert_eq!(told(&server), expected);
    let first = views(&server).remove(0);
    assert_eq!(first.account, Some(account.id));
    assert_eq!(first.outcome, Outcome::Done);
    assert!(first.address.is_some_and(|address| address.is_loopback()));
    // Pages, searches, and what is new of the same list are the same visit.
    browser.get(&format!("{list}?page=2"));
    browser.post(&list, &[("search", "torace")]);
    browser.get("/notifications");
    assert_eq!(told(&server), expected);
    browser.get(&profile);
    browser.get(&profile);
    expected.push(("profile.view".to_owned(), Some(maria.id)));
    assert_eq!(told(&server), expected);
    // Whoever stays leaves another, whoever comes from elsewhere with the same cookie at once.
    server.clock.advance(SignedDuration::from_mins(11));
    browser.get(&list);
    expected.push(results.clone());
    assert_eq!(told(&server), expected);
    browser.headers = vec![("x-forwarded-for", "192.0.2.77".to_owned())];
    browser.get(&list);
    expected.push(results.clone());
    assert_eq!(told(&server), expected);
    let address = views(&server).pop().unwrap().address.unwrap();
    assert_eq!(address.to_string(), "192.0.2.77");
    // Another session is another visit.
    let mut other = server.browser();
    other.log_in("maria", crate::server::GOOD);
    other.get(&list);
    expected.push(results);
    assert_eq!(told(&server), expected);
}

#[test]
fn what_is_new_is_told_of_each_person_that_somebody_represents() {
    let server = Server::start();
    let (maria, mut browser) = server.settled("maria");
    let consent = Consent { online_results: true, messages: true };
    let child = store::Person { consent, ..person("figlio") };
    let store = &server.services.store;
    server.wait(store.add_person(child.clone(), None, Along::nothing())).unwrap();
    let name = "maria".parse().unwrap();
    let old = server.wait(store.account_by_user_name(&name)).unwrap().unwrap();
    let mut new = old.clone();
    new.persons.push(Representation { person: child.id, role: Role::Parent, until: None });
    server.wait(store.replace_account(old, new, Along::nothing())).unwrap();
    assert_eq!(browser.get("/notifications").status, 200);
    let results = |person| ("results.view".to_owned(), Some(person));
    assert_eq!(told(&server), [results(maria), results(child.id)]);
    browser.get(&format!("/persons/{}/results", child.id));
    assert_eq!(told(&server).len(), 2);
}

#[test]
fn who_asks_for_a_person_of_others_is_in_the_trail_and_cannot_flood_it() {
    let server = Server::start();
    let (maria, _) = server.with_orders("maria", "", 1);
    let (_, mut anna) = server.settled("anna");
    let asked = format!("/persons/{}/results", maria.id);
    assert_eq!(anna.get(&asked).status, 404);
    for _ in 0..3 {
        let made_up = PersonId::fresh().unwrap();
        assert_eq!(anna.get(&format!("/persons/{made_up}/profile")).status, 404);
    }
    let events = views(&server);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.action.as_str(), event.outcome), ("person.view", Outcome::Refused));
    // As for what is not there: nobody looked whether it is.
    assert_eq!((event.person, event.object.clone()), (None, Some(maria.id.to_string())));
    // Before a password is chosen nobody sees anything, and a stranger leaves nothing.
    assert_eq!(server.browser().get(&asked).location(), "/login");
    assert_eq!(views(&server).len(), 1);
}

const PICTURE: &str = "/IHE_PDI/ST000001/SE000001/IM000001.JPG";
const REPORT: &str = "/IHE_PDI/RP000001.PDF";

#[test]
fn who_looks_at_images_and_reports_is_in_the_trail_once_a_visit() {
    let mut ready = Ready::start_of(package(), Options::default());
    let told = |ready: &Ready| {
        let of = |action| ready.server.events(action).len();
        [of("images.open"), of("report.open")]
    };
    // A script is of nobody, and of what is refused nothing is seen.
    assert_eq!(ready.look("/cdviewer/VIEWER.JS", &[gzip()]).0.status, 200);
    let plain = ("accept-encoding", "identity".to_owned());
    assert_eq!(ready.look("/index.htm", &[plain]).0.status, 406);
    assert_eq!(told(&ready), [0, 0]);
    // By its own address, too.
    for path in [PICTURE, "/index.htm", "/STUDIES/ST000001/SE000001/IM000001"] {
        assert_eq!(ready.look(path, &[gzip()]).0.status, 200, "{path}");
        assert_eq!(told(&ready), [1, 0], "{path}");
    }
    let report = format!("/downloads/{}/report", ready.request);
    assert_eq!(ready.browser.get(&report).status, 303);
    for _ in 0..2 {
        assert_eq!(ready.look(REPORT, &[]).0.status, 200);
        assert_eq!(told(&ready), [1, 1]);
    }
    let server = &ready.server;
    for action in ["images.open", "report.open"] {
        let event = server.events(action).remove(0);
        assert_eq!(event.account, Some(server.account_of(&ready.person).id));
        assert_eq!((event.person, event.outcome), (Some(ready.person.id), Outcome::Done));
        assert_eq!(event.object, Some(server.order_of(&ready.person)));
        assert!(event.address.is_some_and(|address| address.is_loopback()));
    }
    // Whoever stays leaves another, whoever comes from elsewhere with the same cookie at once.
    server.clock.advance(SignedDuration::from_mins(11));
    ready.look(PICTURE, &[]);
    assert_eq!(told(&ready), [2, 1]);
    ready.look(REPORT, &[("x-forwarded-for", "192.0.2.77".to_owned())]);
    assert_eq!(told(&ready), [2, 2]);
}

/// Without the pages that lead there, and all but the first byte.
#[test]
fn who_shares_reads_of_a_recipient_who_knows_the_addresses() {
    let ready = Ready::start_of(package(), Options::default());
    let server = &ready.server;
    let shared = server.share_with(&ready.person, &["verdi@example.org"]);
    let request = ask(server, &ready, &shared);
    let mut verdi = server.recipient(&shared, 0);
    let path = shared.path(&format!("/downloads/{}", request.id));
    let accesses = || {
        let recipient = server.kept(shared.id).recipients.remove(0);
        let all = recipient.accesses.into_iter().map(|one| (one.what, one.times));
        all.collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(verdi.get(&format!("{path}/pages{PICTURE}")).status, 200);
    }
    let mut expected = vec![(Accessed::Unlocked, 1), (Accessed::Images, 1)];
    assert_eq!(accesses(), expected);
    assert_eq!(verdi.get(&format!("{path}/pages{REPORT}")).status, 200);
    expected.push((Accessed::Report, 1));
    assert_eq!(accesses(), expected);
    let before = verdi.cookies.clone();
    let part = |browser: &mut Browser, range: &str| {
        let headers = [("range", range.to_owned())];
        let answer = browser.send("GET", &format!("{path}/package"), None, &headers);
        (answer.status, answer.header("set-cookie").contains("download"))
    };
    // What is not there lets nobody go on.
    assert_eq!(part(&mut verdi, "bytes=99999999-"), (416, false));
    assert_eq!(accesses(), expected);
    assert_eq!(part(&mut verdi, "bytes=1-"), (206, true));
    expected.push((Accessed::Package, 1));
    assert_eq!(accesses(), expected);
    // That goes on.
    assert_eq!(part(&mut verdi, "bytes=2-"), (206, false));
    assert_eq!(accesses(), expected);
    // A program that asks for several parts before it has the first.
    verdi.cookies = before;
    assert_eq!(part(&mut verdi, "bytes=3-"), (206, true));
    assert_eq!(accesses(), expected);
}
