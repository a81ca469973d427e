//! Sharing as people see it: the form, "Condivisioni", the page of the PIN, and what a recipient is told.

use std::time::Duration;

use jiff::SignedDuration;
use store::{Along, Asker, ClaimId, EndOfTry, NewDecision, Recall, Ruling};

use crate::screens::assert_shown;
use crate::server::Server;
use crate::shares::PIN;

const VERDI: &str = "verdi@example.org";
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[test]
fn sharing_and_control_have_the_sentences_of_the_reference() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 1);
    let order = format!("/persons/{}/orders/{}", maria.id, server.order_of(&maria));
    let page = browser.get(&order);
    // The window is on the page of the order, and its link leads to a page of its own.
    assert!(page.body.contains("<dialog"), "{}", page.body);
    for page in [page, browser.get(&format!("{order}/share"))] {
        assert_shown(
            &page.text(),
            &[
                ("S-101", "Condividi cartella"),
                ("S-102", "Dettagli paziente"),
                ("S-102", "<dt>ID paziente</dt>"),
                ("S-102", "<dt>ID ordine</dt>"),
                ("S-103", "Indirizzi e-mail destinatario *"),
                ("S-103", "placeholder=\"Immetti destinatario/i\""),
                ("S-104", "PIN (6 cifre) *"),
                ("S-104", "Inserisci il PIN per sicurezza. (Non dovrebbe iniziare con zero)"),
                ("S-105", "15 Giorni"),
                ("S-105", "30 Giorni"),
                ("S-105", "45 Giorni"),
                ("S-106", "placeholder=\"Immetti messaggio\""),
                ("S-107", ">Condividi</button>"),
                ("S-107", ">Cancella tutto</a>"),
                ("S-108", "la condivisione con il destinatario verrà automaticamente annullata"),
            ],
        );
    }
    let fields =
        [("emails", " a@example.org,b@example.org;\nc@example.org "), ("pin", PIN), ("days", "15")];
    let done = browser.post(&format!("{order}/share"), &fields);
    let page = browser.get(done.location());
    for words in ["La cartella è condivisa", "a@example.org", "b@example.org", "c@example.org"] {
        assert!(page.text().contains(words), "{words}: {}", page.body);
    }
    assert!(browser.get(&order).text().contains("Questo esito è condiviso con 3 destinatari."));
    let list = browser.get("/shares").text();
    assert_shown(&list, &[("S-110", "Attiva"), ("S-110", "Nessun accesso finora")]);
}

#[test]
fn each_fault_stands_at_its_field_and_nothing_else_is_lost() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 1);
    let share = format!("/persons/{}/orders/{}/share", maria.id, server.order_of(&maria));
    browser.get(&share);
    let fields = [
        ("emails", "a@example.org not-one"),
        ("pin", "012345"),
        ("days", "16"),
        ("message", "Buongiorno <dottore>"),
        ("way", "sms"),
        ("phone", "12"),
        ("language", "en"),
    ];
    let answer = browser.post(&share, &fields);
    assert_eq!(answer.status, 422);
    let page = answer.text();
    for words in [
        "Non è stato condiviso nulla",
        "Controlla: not-one",
        "Il PIN non può iniziare con zero.",
        "Scegli per quanto tempo condividere.",
        "Scrivi il numero con il prefisso internazionale",
        "a@example.org not-one</textarea>",
        "value=\"en\" checked",
        "value=\"sms\" checked",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(answer.body.contains("Buongiorno &#60;dottore&#62;"), "{}", answer.body);
    assert!(!page.contains("012345"), "the PIN comes back");
    assert!(browser.get("/shares").text().contains("Nessuna condivisione"));
}

#[test]
fn the_page_of_a_link_tells_tries_pauses_and_ends_apart() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&maria, &[VERDI]);
    let link = format!("/s/{}", shared.links[0]);
    let mut guest = server.browser();
    let page = guest.get(&link);
    assert_eq!((page.status, page.header("referrer-policy")), (200, "no-referrer"));
    assert!(page.body.contains("<body class=\"recipient\">"), "{}", page.body);
    for secret in ["ROSSI", "maria", "gen 1986"] {
        assert!(!page.text().contains(secret), "{secret}");
    }
    let mut enter = |pin: &str| guest.post(&link, &[("pin", pin)]);
    assert!(enter("27182").text().contains("Il PIN deve avere 6 cifre."));
    for left in
        ["ancora 4 tentativi", "ancora 3 tentativi", "ancora 2 tentativi", "ancora un tentativo"]
    {
        assert!(enter("999999").text().contains(left), "{left}");
    }
    let paused = enter("999999");
    assert_eq!((paused.status, paused.header("retry-after")), (429, "60"));
    assert!(paused.text().contains("Troppi tentativi"), "{}", paused.body);
    // Not even the right one, as long as it lasts.
    assert_eq!(enter(PIN).status, 429);
    let mut last = paused;
    for _ in 0..20 {
        server.clock.advance(SignedDuration::from_hours(1));
        last = enter("999999");
    }
    assert_eq!(last.status, 403);
    assert!(last.text().contains("chiedigli di riattivare la condivisione"), "{}", last.body);
    browser.log_in("maria", crate::server::GOOD);
    assert!(browser.get("/shares").text().contains("Bloccata"));
    browser.post(&format!("/shares/{}/rearm", shared.id), &[]);
    let entered = enter(PIN);
    assert_eq!(entered.location(), shared.path(""));
    let cookie = entered.header("set-cookie");
    assert!(cookie.contains(&format!("Path={}; Secure; HttpOnly", shared.path(""))), "{cookie}");
    browser.post(&format!("/shares/{}/revoke", shared.id), &[]);
    for link in [link.as_str(), "/s/unknown"] {
        let mut fresh = server.browser();
        fresh.get(link);
        let gone = fresh.post(link, &[("pin", PIN)]);
        assert_eq!(gone.status, 404, "{link}");
        assert!(
            gone.text().contains("Chiedi al paziente di condividere di nuovo l'esito"),
            "{link}"
        );
    }
}

#[test]
fn what_a_recipient_is_told_of_what_is_not_there() {
    let server = Server::start();
    let (maria, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&maria, &[VERDI]);
    let mut guest = server.recipient(&shared, 0);
    guest.get(&shared.path(""));
    guest.post(&shared.path("/downloads"), &[("content", "everything")]);
    let (store, now) = (&server.services.store, server.clock.now());
    let share = server.wait(store.share(shared.id)).unwrap().unwrap();
    let asker = Asker::Recipient { share: share.id, recipient: share.recipients[0].id };
    let key = server.wait(store.requests_of(asker)).unwrap()[0].0.key;
    // There is no PACS, and it is given up; tomorrow it is tried again, and is not online.
    let (tomorrow, by) = (now + DAY, ClaimId::fresh().unwrap());
    let claimed = (0..400).find_map(|_| {
        server.wait(store.retry_preparation(key, tomorrow, Along::nothing())).unwrap();
        let claimed = store.claim_preparation(by, tomorrow, tomorrow + DAY, Vec::new());
        let claimed = server.wait(claimed).unwrap();
        if claimed.is_none() {
            std::thread::sleep(Duration::from_millis(25));
        }
        claimed
    });
    assert_eq!(claimed.map(|made| made.key), Some(key));
    let recall = Recall { since: now, looks: 0 };
    let recalling = EndOfTry::Recalling { next: tomorrow + DAY, recall };
    assert!(server.wait(store.end_try(key, by, recalling, Along::nothing())).unwrap());
    for path in ["/downloads", ""] {
        let page = guest.get(&shared.path(path)).text();
        assert_shown(
            &page,
            &[
                (
                    "S-093",
                    "ti consigliamo quindi di ritentare dopo un paio di ore. Alla nuova disponibilità dell'esito il Paziente riceverà una notifica via SMS.",
                ),
                (
                    "S-094",
                    "Se trascorso questo tempo il risultato non fosse ancora disponibile significa che l'esito è stato ritirato/annullato/non autorizzato; ti consigliamo in questo caso di avvertire il Paziente",
                ),
            ],
        );
        assert!(!page.contains("riceverai una nuova notifica"), "{page}");
    }
    // S-095: held back, and a recipient does not learn why, nor that anybody decided it.
    let new = NewDecision {
        order: server.order_of(&maria).parse().unwrap(),
        study: None,
        ruling: Some(Ruling::Hold),
        by: "console".to_owned(),
        at: now,
        reason: None,
    };
    server.wait(store.decide(maria.id, new, Along::nothing())).unwrap();
    let page = guest.get(&shared.path("/downloads")).text();
    assert!(page.contains("ritirato/annullato/non autorizzato"), "{page}");
    assert_eq!(guest.get(&shared.path("")).status, 404);
    assert!(!page.contains("TORACE"), "{page}");
}
