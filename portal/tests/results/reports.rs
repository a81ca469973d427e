//! Reports that the site hands in.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_handed_in_releases_its_examination_until_it_is_withdrawn() {
    let portal = portal(ReleaseRule::ReportPresent);
    let (person, account) = portal.both("MARIA").await;
    let (_, stranger) = portal.both("ALTRO").await;
    // It may come before the PACS tells the study.
    let mut early = import(&person, "1");
    early.whose = Whose::PatientId(issued("MARIA"));
    let report = portal.results.import_report(early).await.unwrap().unwrap();
    let site = portal.results.of_person(person.id).await.unwrap().unwrap();
    assert_eq!(site.waiting_reports, std::slice::from_ref(&report));
    portal.pacs.tells(0, "MARIA", &["1", "2"]);
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
    let site = portal.results.of_person(person.id).await.unwrap().unwrap();
    assert!(site.waiting_reports.is_empty());
    let withheld: Vec<_> = site.orders.iter().map(|order| order.examinations[0].withheld).collect();
    assert!(withheld.contains(&None) && withheld.contains(&Some(Withheld::NoReport)));
    let order = portal.order_of(&account, "O-1").await;
    let opened = portal.results.order(&account, order, HOME).await.unwrap().unwrap();
    assert_eq!(opened.order.status, Some(ExaminationStatus::Final));
    assert_eq!(opened.order.examinations[0].reports[0].id, report.id);
    let file = portal.results.report(&account, order, report.id, HOME).await.unwrap().unwrap();
    assert_eq!(file.part(0).await.unwrap().unwrap(), pdf("referto"));
    assert_eq!(file.part(1).await.unwrap(), None);
    assert!(portal.results.report(&stranger, order, report.id, HOME).await.unwrap().is_none());
    // Under another order it is not there.
    let other = OrderId::from([7; 16]);
    assert!(portal.results.report(&account, other, report.id, HOME).await.unwrap().is_none());
    // A new version takes its place.
    let second = ReportImport { pdf: pdf("secondo"), ..import(&person, "1") };
    let second = portal.results.import_report(second).await.unwrap().unwrap();
    assert!(portal.results.report(&account, order, report.id, HOME).await.unwrap().is_none());
    let withdrawn = portal.results.withdraw_report(second.id, false, "console", None).await;
    assert_eq!(withdrawn.unwrap(), Ended::Done);
    assert!(portal.seen(&account).await.0.is_empty());
    assert!(portal.results.report(&account, order, second.id, HOME).await.unwrap().is_none());
    let site = portal.results.of_person(person.id).await.unwrap().unwrap();
    let order = site.orders.iter().find(|one| one.id == order).unwrap();
    assert_eq!(order.examinations[0].withheld, Some(Withheld::ReportWithdrawn));
    let ends: Vec<_> =
        order.reports.iter().map(|report| report.ended.as_ref().unwrap().how).collect();
    assert!(ends.contains(&EndOfReport::Replaced) && ends.contains(&EndOfReport::Withdrawn));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_taken_is_refused_with_what_to_do() {
    let portal = portal(ReleaseRule::ReportPresent);
    let (person, _) = portal.both("MARIA").await;
    let locked = pdf("referto");
    let locked = String::from_utf8(locked).unwrap().replace("/Size 1", "/Size 1 /Encrypt 5 0 R");
    let of = |change: Change<'_>| {
        let mut odd = import(&person, "1");
        change(&mut odd);
        portal.results.import_report(odd)
    };
    let cases: [(Change<'_>, &str); 9] = [
        (&|import| import.pdf = b"<html>".to_vec(), "no PDF"),
        (&|import| import.pdf = Vec::new(), "no PDF"),
        (&|import| import.pdf.truncate(30), "damaged or cut short"),
        (&|import| import.pdf = locked.clone().into_bytes(), "encrypted"),
        (&|import| import.pdf = vec![b'%'; 2 << 20], "results.report_mib"),
        (&|import| import.whose = Whose::PatientId(issued("NESSUNO")), "enrol the patient"),
        (
            &|import| import.about = ReportAbout::OrderNumber(" ".into()),
            "the order number is empty",
        ),
        (&|import| import.title = Some("a\nb".into()), "the title"),
        (&|import| import.document = "x".repeat(65), "the name of the document"),
    ];
    for (change, expected) in cases {
        let refused = of(change).await.unwrap().unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    of(&|import| import.version = Some(3)).await.unwrap().unwrap();
    let older = of(&|import| {
        import.version = Some(2);
        import.pdf = pdf("altro");
    });
    assert_eq!(older.await.unwrap().unwrap_err(), ReportRefused::NotNewer { version: 3 });
    let again = of(&|_| {}).await.unwrap().unwrap();
    assert_eq!(again.version, 3);
}
