//! The panel of the downloads: on each page, as the browser left it, and what its script is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::hostile::raw;
use crate::screens::assert_shown;
use crate::server::Server;

#[test]
fn the_panel_is_on_each_page_as_it_was_left_and_opens_when_something_is_asked_for() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 1);
    let list = format!("/persons/{}/results", maria.id);
    let order = format!("/persons/{}/orders/{}", maria.id, server.order_of(&maria));
    assert!(!browser.get(&list).body.contains("id=\"panel\""));
    let page = browser.get(&order).text();
    assert_shown(
        &page,
        &[
            ("S-074", ">Azioni<svg"),
            ("S-074", "value=\"reports\">Scarica solo il referto</button>"),
            ("S-074", "</svg>Scarica</button>"),
        ],
    );
    let ask = format!("{order}/downloads");
    assert_eq!(browser.post(&ask, &[("content", "everything")]).location(), order);
    let page = browser.get(&order).text();
    assert_shown(
        &page,
        &[
            ("S-080", "Richiesta generata correttamente."),
            ("S-081", "<aside class=\"panel\" id=\"panel\""),
            ("S-081", "<details open>\n<summary><h2 id=\"panel-title\""),
        ],
    );
    // S-086: wherever somebody goes.
    for path in [list.as_str(), "/help", "/notifications", "/privacy"] {
        let page = browser.get(path).body;
        assert!(page.contains("id=\"panel\" aria-labelledby=\"panel-title\" data-pace="), "{path}");
        assert!(page.contains("<details open>\n<summary><h2 id=\"panel-title\""), "{path}");
    }
    let page = browser.get("/downloads").text();
    // The sign is followed by its drawing, for those whose typefaces lack it.
    let drawing =
        page.find("⭳<svg").and_then(|at| Some((at, at + page.get(at..)?.find("</span>")?)));
    let (at, end) = drawing.expect("the sign with its drawing");
    let page = format!("{}⭳{}", &page[..at], &page[end..]);
    let page = page.replace("<span class=\"sign\" aria-hidden=\"true\">⭳</span>", "⭳");
    assert_shown(
        &page,
        &[
            ("S-083", "Premi l'icona ⭳ per eseguire il download dell'esito radiologico."),
            (
                "S-084",
                "artirà il download dell'esito in formato ZIP, che in base alle dimensioni dell'esito ed alla velocità della tua connessione ad Internet potrebbe impiegare anche molti minuti.",
            ),
            (
                "S-091",
                "In caso di risultato non disponibile il portale tenta automaticamente di richiamare l'esito per renderlo nuovamente disponibile.",
            ),
            (
                "S-092",
                "Se l'esito risulta distribuibile allora riceverai una nuova notifica di disponibilità dell'esito, diversamente non riceverai nessuna nuova notifica.",
            ),
        ],
    );
    let panel = |browser: &mut crate::browser::Browser, shown, back| {
        browser.post("/downloads/panel", &[("shown", shown), ("back", back)])
    };
    assert_eq!(panel(&mut browser, "folded", &list).location(), list);
    assert!(browser.get(&list).body.contains("<details>\n<summary><h2 id=\"panel-title\""));
    assert_eq!(panel(&mut browser, "closed", "//evil.example").location(), "/");
    let page = browser.get(&list).body;
    assert!(page.contains(" hidden>\n<details"), "{page}");
    assert!(
        page.contains("<a class=\"tool downloads\" href=\"/downloads\""),
        "it is reached again"
    );
    assert_eq!(panel(&mut browser, "gone", "/").status, 400);
    browser.get(&order);
    browser.post(&ask, &[("content", "reports")]);
    let page = browser.get(&list).body;
    assert!(!page.contains(" hidden>\n<details") && page.contains("Solo referto"), "{page}");
    // Nobody else sees any of it.
    let (_, mut anna) = server.with_orders("anna", "", 1);
    let page = anna.get("/downloads").body;
    assert!(page.contains("Nessun download") && !page.contains("TORACE"), "{page}");
    assert_eq!(anna.get("/downloads/state").body.matches("\"id\"").count(), 0);
}

#[test]
fn what_the_script_asks_for_does_not_count_as_use() {
    let server = Server::start();
    let (_, mut browser) = server.with_orders("maria", "", 1);
    for _ in 0..2 {
        server.clock.advance(SignedDuration::from_mins(10));
        assert_eq!(browser.get("/downloads/state").status, 200);
    }
    server.clock.advance(SignedDuration::from_secs(1));
    for path in ["/downloads/state", "/downloads/events", "/downloads"] {
        assert_eq!(browser.get(path).location(), "/login", "{path}");
    }
}

#[test]
fn changes_are_told_as_server_sent_events_with_the_sentences_of_the_page() {
    let server = Server::start();
    let (maria, mut browser) = server.with_orders("maria", "", 1);
    server.request_of(&maria);
    let state: serde_json::Value =
        serde_json::from_str(&browser.get("/downloads/state").body).unwrap();
    assert_eq!(state["entries"][0]["name"], "TORACE0");
    let cookies: Vec<_> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!(
        "GET /downloads/events HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\ncookie: {}\r\n\r\n",
        cookies.join("; ")
    );
    let told = raw(server.address, head.as_bytes());
    for said in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
        "retry: 2000\n\n",
        "data: {\"title\":\"",
        "\"name\":\"TORACE0\"",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    assert!(!told.contains("content-encoding"), "{told}");
}

#[test]
fn a_page_that_looks_at_its_downloads_does_not_keep_the_portal_from_ending() {
    let mut server = Server::start();
    let (maria, browser) = server.with_orders("maria", "", 1);
    server.request_of(&maria);
    let cookies: Vec<_> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let cookies = cookies.join("; ");
    write!(stream, "GET /downloads/events HTTP/1.1\r\nhost: x\r\ncookie: {cookies}\r\n\r\n")
        .unwrap();
    let mut told = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("data: ") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "the events end");
    }
    let begun = Instant::now();
    server.end();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // The answer ends as one that is whole.
    let mut rest = Vec::new();
    told.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
}
