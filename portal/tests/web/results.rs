//! The list of results and an order of it.

use jiff::civil::{Date, Time};
use store::{
    Consent, Examination, ExaminationStatus, Kind, ListedReport, Moment, Order, OrderKey, Person,
    PersonId, Private, Refresh, Representation, Role,
};

use crate::browser::{Answer, Browser};
use crate::injection::{PAYLOADS, assert_harmless};
use crate::server::{Server, person};

/// An examination of November 2026, whose texts all begin with `text`.
fn examination(person: &Person, text: &str, number: i8) -> Examination {
    let own = |name: &str| Some(Private(format!("{text}{name}{number}")));
    Examination {
        study: Private(format!("1.2.{}.{number}", person.name.given.len())),
        patient_id: person.patient_ids[0].clone(),
        pacs: "main".to_owned(),
        accession_number: own("ACC"),
        description: own("TORACE"),
        kind: Some(Kind::Radiology),
        status: Some(ExaminationStatus::Final),
        performed: Some(Moment {
            date: Date::constant(2026, 11, 1 + number.rem_euclid(20)),
            time: Some(Time::constant(14, number.rem_euclid(60), 0, 0)),
            utc_offset_minutes: None,
        }),
        physician: own("MEDICO"),
        site: Some(format!("{text}Mantova")),
        listed_report: ListedReport::Present,
        modalities: vec!["CR".to_owned()],
        instances: Some(2),
    }
}

impl Server {
    /// Somebody with so many orders, logged in. Nobody asks a PACS: the orders are in the store.
    pub(crate) fn with_orders(&self, user_name: &str, text: &str, count: i8) -> (Person, Browser) {
        let consent = Consent { online_results: true, messages: true };
        let person = Person { consent, ..person(user_name) };
        self.enrol_with(person.clone(), user_name);
        let browser = self.settle(user_name, &self.password_by_sms());
        let orders = (0..count).map(|number| {
            let key = OrderKey::OrderNumber(Private(format!("{text}MTF{user_name}{number}")));
            Order::new(person.id, key, vec![examination(&person, text, number)])
        });
        let now = self.clock.now();
        let refresh = Refresh {
            person: person.id,
            asked: Some(now),
            wanted: now,
            claimed: None,
            due: None,
            answers: Vec::new(),
        };
        let kept = self.services.store.replace_orders(orders.collect(), refresh);
        assert!(self.wait(kept).unwrap());
        (person, browser)
    }
}

impl Server {
    /// The first order of somebody.
    pub(crate) fn order_of(&self, person: &Person) -> String {
        let results = self.wait(self.services.store.results_of_person(person.id)).unwrap();
        results.unwrap().orders[0].id.to_string()
    }
}

fn results(person: PersonId) -> String {
    format!("/persons/{person}/results")
}

/// What the rows are called, in their order.
fn rows(page: &str) -> Vec<String> {
    let rows = page.split("role=\"rowheader\"").skip(1);
    rows.map(|row| row.split("<bdi>").nth(1).unwrap().split('<').next().unwrap().to_owned())
        .collect()
}

/// S-060 to S-068.
#[test]
fn orders_are_listed_the_newest_first_searched_sorted_and_paged() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 60);
    let path = results(person.id);
    assert_eq!(browser.get("/").location(), path);
    let page = browser.get(&path).text();
    for said in [
        "<h1>Risultati</h1>",
        "Utilizza la pagina dei Risultati per visualizzare e ricercare i tuoi esiti radiologici",
        "Usa il campo cerca per ricercare i tuoi esami.",
        ">Descrizione</button>",
        ">Tipo</button>",
        ">Stato ordine</button>",
        ">Data ordine</button>",
        ">Sede di esecuzione</button>",
        "Immagine/ Referto",
        "Visualizza stato test (1)",
        "60 esiti",
        "Pagina 1 di 3",
        ">Radiologia</td>",
        "20 nov 2026 14:59",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    let first = rows(&page);
    assert_eq!((first.len(), first[0].as_str()), (25, "TORACE59"));
    let last = rows(&browser.post(&path, &[("page", "3")]).body);
    assert_eq!((last.len(), last[9].as_str()), (10, "TORACE0"));
    assert_eq!(rows(&browser.get(&format!("{path}?page=3")).body), last);
    assert_eq!(rows(&browser.post(&path, &[("page", "18446744073709551615")]).body), last);
    let sorted = browser.post(&path, &[("sort", "description")]).body;
    assert!(sorted.contains("aria-sort=\"ascending\""));
    assert_eq!(rows(&sorted)[..2], ["TORACE0", "TORACE1"]);
    let found = browser.post(&path, &[("search", " torace7 "), ("sort", "-description")]);
    assert_eq!(rows(&found.body), ["TORACE7"]);
    assert!(found.body.contains("value=\" torace7 \"") && found.body.contains("Un esito"));
    assert!(browser.post(&path, &[("search", "ginocchio")]).body.contains("Nessun esito"));
    // A search in an address would stand in logs.
    assert_eq!(rows(&browser.get(&format!("{path}?search=torace7")).body).len(), 25);
    assert_eq!(browser.get(&format!("{path}?page=x")).status, 400);
}

/// S-005, S-070 to S-073.
#[test]
fn an_order_shows_its_details() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 1);
    let list = browser.get(&results(person.id)).body;
    let href = list.split("role=\"rowheader\"><a href=\"").nth(1).unwrap();
    let page = browser.get(href.split('"').next().unwrap()).text();
    for said in [
        "<title>Dettagli ordine - La mia salute</title>",
        "<h1><bdi>TORACE0</bdi></h1>",
        "<dt>Data ordine</dt><dd>1 nov 2026 14:00</dd>",
        "<dt>Numero ordine</dt><dd><bdi>MTFmaria0</bdi></dd>",
        "<dt>Medico prescrivente</dt><dd><bdi>MEDICO0</bdi></dd>",
        "<dt>Stato ordine</dt><dd>Finale</dd>",
        "<dt>Sede di esecuzione</dt><dd><bdi>Mantova</bdi></dd>",
        "Numero di adesione: <bdi>ACC0</bdi>",
        "Dettagli referto",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    let events = server.wait(server.services.store.events(
        store::EventQuery { action: Some("order.open".to_owned()), ..Default::default() },
        9,
    ));
    assert_eq!(events.unwrap()[0].event.person, Some(person.id));
}

#[test]
fn without_consent_nothing_is_listed_and_the_page_says_why() {
    let server = Server::start();
    let (person, mut browser) = server.settled("maria");
    let page = browser.get(&results(person)).body;
    assert!(page.contains("Non risulta il consenso"), "{page}");
}

/// An order is had under its person only, whoever asks; what is not there answers alike.
#[test]
fn an_order_of_another_person_is_not_found() {
    let server = Server::start();
    let (maria, mut of_maria) = server.with_orders("maria", "", 1);
    let (anna, mut of_anna) = server.with_orders("anna", "", 1);
    let list = of_maria.get(&results(maria.id)).body;
    let order = list.split("/orders/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = |person: PersonId, order: &str| format!("/persons/{person}/orders/{order}");
    assert_eq!(of_maria.get(&path(maria.id, &order)).status, 200);
    let nothing = of_anna.get(&path(anna.id, &"0".repeat(32)));
    for odd in [path(anna.id, &order), path(maria.id, &order), path(anna.id, "x")] {
        let answer = of_anna.get(&odd);
        assert_eq!(answer.status, 404, "{odd}");
        let blind = |answer: &Answer, path: &str| answer.without_token().replace(path, "PATH");
        let expected = blind(&nothing, &path(anna.id, &"0".repeat(32)));
        assert_eq!(blind(&answer, &odd), expected, "{odd}");
    }
}

/// A parent changes from child to child, and sees nobody else.
#[test]
fn an_account_changes_between_the_persons_that_it_represents() {
    let server = Server::start();
    let (child, _) = server.with_orders("luca", "LUCA", 1);
    let (maria, mut parent) = server.with_orders("maria", "MARIA", 1);
    let store = &server.services.store;
    let name = "maria".parse().unwrap();
    let old = server.wait(store.account_by_user_name(&name)).unwrap().unwrap();
    let mut new = old.clone();
    new.persons.insert(0, Representation { person: child.id, role: Role::Parent, until: None });
    server.wait(store.replace_account(old, new, store::Along::nothing())).unwrap();
    assert_eq!(parent.get("/").location(), results(maria.id), "oneself first");
    let page = parent.get(&results(maria.id)).body;
    assert_eq!(rows(&page), ["MARIATORACE0"]);
    assert!(page.contains(&format!("<a href=\"{}\">", results(child.id))), "{page}");
    let page = parent.get(&results(child.id)).body;
    assert_eq!(rows(&page), ["LUCATORACE0"]);
    assert!(page.contains("<p class=\"who\"><bdi>ROSSI, luca TEST</bdi>"));
    let order = page.split("/orders/").nth(1).unwrap().split('"').next().unwrap();
    // Under the other person it is not there: no page mixes two of them.
    let mixed = format!("/persons/{}/orders/{order}", maria.id);
    assert_eq!(parent.get(&mixed).status, 404);
}

/// Texts of a PACS are as hostile as those of a browser.
#[test]
fn markup_in_dicom_attributes_is_shown_as_text() {
    let server = Server::start();
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let (person, mut browser) = server.with_orders(&format!("maria.{number}"), payload, 1);
        let page = browser.get(&results(person.id));
        assert!(page.text().matches(payload).count() >= 3, "{payload:?}\n{}", page.body);
        assert_harmless(&page.body, payload);
        let order = page.body.split("/orders/").nth(1).unwrap().split('"').next().unwrap();
        let page = browser.get(&format!("/persons/{}/orders/{order}", person.id));
        // Description twice, number, physician, place, accession number.
        assert!(page.text().matches(payload).count() >= 6, "{payload:?}\n{}", page.body);
        assert_harmless(&page.body, payload);
    }
}
