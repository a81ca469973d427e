//! Reports that are handed in.

use store::{
    Along, EndOfReport, Ended, Imported, NewReport, Report, ReportAbout, ReportEnd, ReportId,
    ReportStatus, Store,
};

use crate::on_each_store;
use crate::values::{at, enrolled, event, report};

async fn done(store: &dyn Store, report: NewReport) -> Report {
    let along = event(7, "report.import").into();
    match store.import_report(report, along).await.unwrap() {
        Imported::Done(report) => *report,
        other => panic!("{other:?}"),
    }
}

async fn pdf(store: &dyn Store, id: ReportId) -> Vec<u8> {
    let mut pdf = Vec::new();
    for number in 0.. {
        match store.report_part(id, number).await.unwrap() {
            Some(part) => pdf.extend(part),
            None => break,
        }
    }
    pdf
}

#[test]
fn a_report_comes_out_as_it_went_in_however_long_it_is() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        for (number, length) in [1, 4095, 4096, 4097, 300_000, 20 << 20].into_iter().enumerate() {
            let mut new = report(maria.id, &format!("A{number}"));
            new.pdf = (0..length).map(|at: usize| (at % 251) as u8).collect();
            let kept = done(&*store, new.clone()).await;
            assert_eq!((kept.version, kept.bytes), (1, length as u64));
            assert_eq!(store.report(new.id).await.unwrap(), Some(kept));
            assert!(pdf(&*store, new.id).await == new.pdf, "{length} bytes");
        }
    });
}

#[test]
fn a_hash_is_the_one_that_others_compute() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let new = NewReport { pdf: b"abc".to_vec(), ..report(maria.id, "A1") };
        // FIPS 180-4, as published with its examples.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(done(&*store, new).await.sha256, expected);
    });
}

#[test]
fn a_version_takes_the_place_of_the_one_before_which_is_kept() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let first = done(&*store, report(maria.id, "A1")).await;
        let second = NewReport { pdf: b"%PDF second".to_vec(), ..report(maria.id, "A1") };
        let second = done(&*store, second).await;
        assert_eq!(second.version, 2);
        let third =
            NewReport { version: Some(7), pdf: b"%PDF 3".to_vec(), ..report(maria.id, "A1") };
        let third = done(&*store, third).await;
        assert_eq!(third.version, 7);
        let ended = store.report(second.id).await.unwrap().unwrap().ended.unwrap();
        assert_eq!((ended.how, ended.at), (EndOfReport::Replaced, at(7)));
        assert_eq!(pdf(&*store, second.id).await, b"%PDF second");
        let late =
            NewReport { version: Some(7), pdf: b"%PDF 4".to_vec(), ..report(maria.id, "A1") };
        let refused = store.import_report(late, Along::nothing()).await.unwrap();
        assert_eq!(refused, Imported::NotNewer { version: 7 });
        // Another document of the order, and the same document of another one, are reports of their own.
        let addendum = NewReport { document: "addendum".to_owned(), ..report(maria.id, "A1") };
        assert_eq!(done(&*store, addendum).await.version, 1);
        assert_eq!(done(&*store, report(maria.id, "A2")).await.version, 1);
        let mut of_order = report(maria.id, "A1");
        of_order.about = ReportAbout::OrderNumber("A1".into());
        assert_eq!(done(&*store, of_order).await.version, 1);
        let reports = store.results_of_person(maria.id).await.unwrap().unwrap().reports;
        assert_eq!(reports.len(), 6);
        assert_eq!(reports.iter().filter(|report| report.ended.is_none()).count(), 4);
        assert!(reports.contains(&third) && !reports.contains(&first));
    });
}

#[test]
fn the_same_again_changes_nothing() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let first = done(&*store, report(maria.id, "A1")).await;
        let again = store.import_report(report(maria.id, "A1"), Along::nothing()).await.unwrap();
        assert_eq!(again, Imported::Unchanged(Box::new(first.clone())));
        let mut other = report(maria.id, "A1");
        other.status = ReportStatus::Preliminary;
        assert_eq!(done(&*store, other).await.version, 2);
    });
}

#[test]
fn a_report_that_is_withdrawn_is_kept_and_does_not_bring_back_the_one_before() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        done(&*store, report(maria.id, "A1")).await;
        let second = NewReport { pdf: b"%PDF second".to_vec(), ..report(maria.id, "A1") };
        let second = done(&*store, second).await;
        let end = ReportEnd {
            how: EndOfReport::Withdrawn,
            at: at(9),
            by: "console".to_owned(),
            reason: Some("altra persona".into()),
        };
        let withdraw = |id| store.end_report(id, end.clone(), event(9, "report.end").into());
        assert_eq!(withdraw(second.id).await.unwrap(), Ended::Done);
        assert_eq!(withdraw(second.id).await.unwrap(), Ended::Already);
        assert_eq!(withdraw(ReportId::fresh().unwrap()).await.unwrap(), Ended::NoSuchReport);
        let reports = store.results_of_person(maria.id).await.unwrap().unwrap().reports;
        assert!(reports.iter().all(|report| report.ended.is_some()));
        assert_eq!(pdf(&*store, second.id).await, b"%PDF second");
        assert!(!format!("{reports:?}").contains("altra"));
        // The same document may come back.
        let again = NewReport { pdf: b"%PDF second".to_vec(), ..report(maria.id, "A1") };
        assert_eq!(done(&*store, again).await.version, 3);
    });
}

#[test]
fn reports_go_with_the_person_and_nobody_gets_any_without_one() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let first = done(&*store, report(maria.id, "A1")).await;
        store.erase_person(maria.id, Along::nothing()).await.unwrap();
        assert_eq!(store.report(first.id).await.unwrap(), None);
        assert_eq!(store.report_part(first.id, 0).await.unwrap(), None);
        let refused = store.import_report(report(maria.id, "A1"), Along::nothing()).await.unwrap();
        assert_eq!(refused, Imported::NoSuchPerson);
    });
}

#[test]
fn a_person_that_goes_while_a_report_comes_leaves_nothing_of_it() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let mut new = report(maria.id, "A1");
        new.pdf = vec![7; 8 << 20];
        let id = new.id;
        let (imported, ()) = tokio::join!(store.import_report(new, Along::nothing()), async {
            while store.report_part(id, 0).await.unwrap().is_none() {
                tokio::task::yield_now().await;
            }
            store.erase_person(maria.id, Along::nothing()).await.unwrap();
        });
        assert_eq!(imported.unwrap(), Imported::NoSuchPerson);
        assert_eq!(store.report_part(id, 0).await.unwrap(), None);
    });
}
