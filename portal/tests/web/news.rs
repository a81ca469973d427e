//! The bell: what is new, what changed, and what was seen; the logo and the colours of an institution.

use store::{Along, NewReport, ReportAbout, ReportId, ReportStatus};

use crate::downloads::Ready;
use crate::server::Server;

const QUIET: &str = "Notifiche: nessuna novità";

/// The bell and the toast (S-132, S-037).
#[test]
fn an_order_is_news_until_it_is_opened_and_again_when_a_report_comes() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 2);
    let list = format!("/persons/{}/results", maria.id);
    let page = browser.get(&list).body;
    assert!(page.contains("Notifiche: 2 novità"), "{page}");
    assert_eq!(page.matches("class=\"state new\">Nuovo<").count(), 2);
    let path = format!("/persons/{}/orders/{}", maria.id, server.order_of(&maria));
    let page = browser.get(&path).body;
    assert!(page.contains("Notifiche: una novità"), "the one that is open is no news any more");
    assert!(browser.get("/notifications").body.contains(">Nuovo<"));
    assert_eq!(browser.post("/notifications", &[]).location(), "/notifications");
    let page = browser.get("/notifications").text();
    assert!(page.contains("Tutte le notifiche sono segnate come lette."), "{page}");
    assert!(page.contains(QUIET) && page.contains("Nessuna novità"), "{page}");
    assert!(!browser.get("/notifications").body.contains("segnate"), "a toast is shown once");
    let report = NewReport {
        id: ReportId::fresh().unwrap(),
        person: maria.id,
        about: ReportAbout::AccessionNumber("ACC0".into()),
        document: String::new(),
        version: None,
        title: None,
        status: ReportStatus::Final,
        dated: None,
        at: server.clock.now(),
        by: "console".to_owned(),
        pdf: b"%PDF-1.4".to_vec(),
    };
    server.wait(server.services.store.import_report(report, Along::nothing())).unwrap();
    let page = browser.get("/notifications").body;
    assert!(page.contains("Notifiche: una novità") && page.contains(">Aggiornato<"), "{page}");
}

/// It is told by SMS too (S-131, S-132).
#[test]
fn what_came_back_is_behind_the_bell_until_it_was_looked_at() {
    for is_read in [false, true] {
        let mut ready = Ready::start_recalled();
        // The order itself is new too.
        let page = ready.browser.get("/notifications").text();
        assert!(page.contains("Notifiche: 2 novità"), "{page}");
        assert!(page.contains(">Di nuovo disponibile<") && page.contains(">Nuovo<"), "{page}");
        assert!(page.contains("conservato fino al"), "{page}");
        if is_read {
            ready.browser.post("/notifications", &[]);
            assert!(ready.browser.get("/notifications").text().contains(QUIET));
        } else {
            let page = ready.browser.get("/downloads").text();
            assert!(page.contains("Notifiche: una novità"), "it is looked at here: {page}");
            assert!(!ready.browser.get("/notifications").body.contains("Di nuovo disponibile"));
        }
    }
}

#[test]
fn nobody_learns_what_is_new_before_choosing_a_password() {
    let server = Server::start();
    let (_, first) = server.enrol("maria");
    let mut browser = server.browser();
    browser.log_in("maria", &first);
    let page = browser.get("/password").body;
    assert!(!page.contains("/notifications"), "{page}");
    assert_eq!(browser.get("/notifications").location(), "/password");
}

#[test]
fn a_list_is_narrowed_down_by_days_kinds_places_and_states() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 5);
    let list = format!("/persons/{}/results", maria.id);
    browser.get(&list);
    for (fields, count) in [
        (&[("from", "2026-11-03")] as &[_], 3),
        (&[("until", "2026-11-03")], 3),
        (&[("from", "2026-11-02"), ("until", "2026-11-03")], 2),
        (&[("modality", "CR.DX")], 5),
        (&[("modality", "MR")], 0),
        (&[("site", "Mantova")], 5),
        (&[("site", "Altrove")], 0),
        (&[("status", "final"), ("search", "torace3")], 1),
        (&[("status", "scheduled")], 0),
        (&[("from", "no day"), ("status", "no state")], 5),
    ] {
        let page = browser.post(&list, fields).body;
        assert_eq!(page.matches("role=\"rowheader\"").count(), count, "{fields:?}");
    }
}

#[test]
fn an_institution_has_its_logo_and_its_colours_on_each_page() {
    let server = Server::start();
    let mut browser = server.browser();
    let page = browser.get("/login").body;
    let link = |before: &str| page.split(before).nth(1).unwrap().split('"').next().unwrap();
    let logo = link("<img src=\"");
    assert!(page.contains(&format!("{logo}\" width=\"64\" height=\"16\"")), "{page}");
    // The file is no text: what counts is that it is there, under a name that follows from it.
    assert!(logo.starts_with("/assets/logo?"), "{logo}");
    let theme = browser.get(
        page.split("href=\"")
            .find(|rest| rest.starts_with("/assets/theme"))
            .unwrap()
            .split('"')
            .next()
            .unwrap(),
    );
    for colour in ["--brand: #5a1e46", "--on-brand: #fffaf0", "--accent: #78143c"] {
        assert!(theme.body.contains(colour), "{}", theme.body);
    }
}
