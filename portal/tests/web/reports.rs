//! Reports that the site handed in, opened as PDF.

use portal::results::{ReportImport, Whose};
use store::{EventQuery, Outcome, Person, ReportAbout, ReportId, ReportStatus};

use crate::server::Server;

/// As much of a PDF as is looked at; longer than one part of the store.
fn pdf() -> Vec<u8> {
    let head = format!("%PDF-1.4\n%{}\n", "referto ".repeat(300_000));
    let table = "xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\n";
    format!("{head}{table}startxref\n{}\n%%EOF\n", head.len()).into_bytes()
}

impl Server {
    /// Hands in a report on the examination with this accession number.
    pub(crate) fn hand_in(&self, person: &Person, accession: &str) -> ReportId {
        let import = ReportImport {
            whose: Whose::Person(person.id),
            about: ReportAbout::AccessionNumber(accession.into()),
            document: String::new(),
            version: None,
            title: Some("ROSSI TORACE".into()),
            status: ReportStatus::Final,
            dated: None,
            by: "console".to_owned(),
            pdf: pdf(),
        };
        self.wait(self.services.results.import_report(import)).unwrap().unwrap().id
    }
}

#[test]
fn a_report_opens_as_pdf_from_its_order_and_is_audited() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 2);
    let report = server.hand_in(&person, "ACC0");
    let order = format!("/persons/{}/orders/", person.id);
    let results = server.wait(server.services.store.results_of_person(person.id)).unwrap().unwrap();
    let links: Vec<_> = results
        .orders
        .iter()
        .map(|one| {
            let link = format!("{order}{}/reports/{report}", one.id);
            (browser.get(&format!("{order}{}", one.id)).body.contains(&link), link)
        })
        .collect();
    let linked: Vec<_> = links.iter().filter(|(linked, _)| *linked).collect();
    assert_eq!(linked.len(), 1, "one order has the report");
    for (linked, link) in &links {
        let answer = browser.get(link);
        assert_eq!(answer.status, if *linked { 200 } else { 404 }, "{link}");
        if !linked {
            continue;
        }
        assert_eq!(answer.body.as_bytes(), pdf());
        assert_eq!(answer.header("content-type"), "application/pdf");
        assert_eq!(answer.header("content-length"), pdf().len().to_string());
        assert_eq!(answer.header("content-disposition"), "inline; filename=\"referto.pdf\"");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; sandbox; frame-ancestors 'none'");
    }
    // One that is not there, or is no name at all.
    for odd in ["00000000000000000000000000000000", "x"] {
        let link = linked[0].1.replace(&report.to_string(), odd);
        assert_eq!(browser.get(&link).status, 404);
    }
    let query = EventQuery { action: Some("report.open".to_owned()), ..EventQuery::default() };
    let events = server.wait(server.services.store.events(query, 100)).unwrap();
    let opened = events.iter().map(|recorded| &recorded.event);
    let opened: Vec<_> = opened.filter(|event| event.outcome == Outcome::Done).collect();
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].person, Some(person.id));
    assert_eq!(opened[0].object, Some(report.to_string()));
}
