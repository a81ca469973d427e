//! What is seen of made-up results.

use jiff::civil::date;
use jiff::{SignedDuration, Span, Timestamp};
use rstest::rstest;
use store::{
    Consent, Decision, EndOfReport, Examination, ExaminationStatus, IssuedId, Kind, ListedReport,
    Moment, Name, Order, OrderKey, Person, PersonResults, Private, Report, ReportAbout, ReportEnd,
    ReportId, ReportStatus, Ruling, Scope,
};

use super::grouping::{MOST_EXAMINATIONS, Told, group, ungroup};
use super::release::{ReleaseRule, ReleaseRules, Withheld};
use super::shown::{ShownOrder, shown_orders};

mod query;

type All = PersonResults;

const PERSON: [u8; 16] = [1; 16];

/// So many days after 23 April 2021, at noon.
fn at(days: i64) -> Timestamp {
    Timestamp::from_second(1_619_179_200 + days * 86_400).unwrap()
}

fn id(id: &str) -> IssuedId {
    IssuedId { id: id.into(), issuer: String::new() }
}

fn examination(study: &str) -> Examination {
    Examination {
        study: study.into(),
        patient_id: id("TEST1"),
        pacs: "main".to_owned(),
        accession_number: Some(Private(format!("A-{study}"))),
        description: Some("TORACE".into()),
        kind: Some(Kind::Radiology),
        status: Some(ExaminationStatus::Performed),
        performed: Some(Moment { date: date(2021, 4, 23), time: None, utc_offset_minutes: None }),
        physician: None,
        site: Some("Mantova".to_owned()),
        listed_report: ListedReport::Absent,
        modalities: vec!["CR".to_owned()],
        instances: Some(2),
    }
}

fn order(number: &str, examinations: Vec<Examination>) -> Order {
    Order::new(PERSON.into(), OrderKey::OrderNumber(number.into()), examinations)
}

fn results(orders: Vec<Order>) -> PersonResults {
    PersonResults {
        person: Person {
            consent: Consent { online_results: true, messages: false },
            ..Person::new(
                PERSON.into(),
                vec![id("TEST1"), id("TEST2")],
                Name { family: "ROSSI".to_owned(), given: "MARIA TEST".to_owned() },
            )
        },
        orders,
        decisions: Vec::new(),
        reports: Vec::new(),
        refresh: None,
    }
}

fn report(about: ReportAbout, version: u32) -> Report {
    Report {
        id: ReportId::from([u8::try_from(version).unwrap(); 16]),
        person: PERSON.into(),
        about,
        document: String::new(),
        version,
        title: Some("Referto".into()),
        status: ReportStatus::Final,
        dated: Some(date(2021, 4, 23)),
        bytes: 9,
        sha256: String::new(),
        imported: at(0),
        by: "console".to_owned(),
        ended: None,
    }
}

fn on_study(study: &str) -> ReportAbout {
    ReportAbout::AccessionNumber(Private(format!("A-{study}")))
}

fn ended(report: Report, how: EndOfReport, days: i64) -> Report {
    let end = ReportEnd { how, at: at(days), by: "console".to_owned(), reason: None };
    Report { ended: Some(end), ..report }
}

fn decided(scope: Scope, ruling: Ruling, days: i64) -> Decision {
    let (person, by) = (PERSON.into(), "console".to_owned());
    Decision { person, scope, ruling, by, at: at(days), reason: None }
}

/// What is said of the one examination of these results.
fn judged(rule: ReleaseRule, results: &PersonResults, days: i64) -> Result<(), Withheld> {
    let rules = ReleaseRules { rule, availability_days: Some(45) };
    let order = &results.orders[0];
    rules.judge(results, order, &order.examinations[0], at(days))
}

/// Results with one examination, and a change to them.
fn one(change: impl FnOnce(&mut PersonResults)) -> PersonResults {
    let mut results = results(vec![order("MTF1", vec![examination("1")])]);
    change(&mut results);
    results
}

#[rstest]
#[case::nothing(ReleaseRule::ReportPresent, |_: &mut All| {}, Err(Withheld::NoReport))]
#[case::nothing(ReleaseRule::Always, |_: &mut All| {}, Ok(()))]
#[case::nothing(ReleaseRule::Explicit, |_: &mut All| {}, Err(Withheld::NotReleased))]
#[case::handed_in(ReleaseRule::ReportPresent, |all: &mut All| all.reports.push(report(on_study("1"), 1)), Ok(()))]
#[case::handed_in(ReleaseRule::Explicit, |all: &mut All| all.reports.push(report(on_study("1"), 1)), Err(Withheld::NotReleased))]
#[case::of_the_order(ReleaseRule::ReportPresent, |all: &mut All| {
    all.reports.push(report(ReportAbout::OrderNumber("MTF1".into()), 1));
}, Ok(()))]
#[case::of_another(ReleaseRule::ReportPresent, |all: &mut All| all.reports.push(report(on_study("2"), 1)), Err(Withheld::NoReport))]
#[case::preliminary(ReleaseRule::ReportPresent, |all: &mut All| {
    all.reports.push(Report { status: ReportStatus::Preliminary, ..report(on_study("1"), 1) });
}, Err(Withheld::NoReport))]
#[case::listed(ReleaseRule::ReportPresent, |all: &mut All| {
    all.orders[0].examinations[0].listed_report = ListedReport::Present;
}, Ok(()))]
#[case::cancelled(ReleaseRule::Always, |all: &mut All| {
    all.orders[0].examinations[0].status = Some(ExaminationStatus::Cancelled);
}, Err(Withheld::Cancelled))]
#[case::cancelled_and_released(ReleaseRule::Always, |all: &mut All| {
    all.orders[0].examinations[0].status = Some(ExaminationStatus::Cancelled);
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 0));
}, Err(Withheld::Cancelled))]
#[case::of_an_id_that_was_taken_away(ReleaseRule::Always, |all: &mut All| {
    all.person.patient_ids = vec![id("TEST2")];
}, Err(Withheld::OtherPatientId))]
#[case::of_another_issuer(ReleaseRule::Always, |all: &mut All| {
    all.person.patient_ids[0].issuer = "ALTROVE".to_owned();
}, Err(Withheld::OtherPatientId))]
#[case::released(ReleaseRule::Explicit, |all: &mut All| {
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 0));
}, Ok(()))]
#[case::released_without_report(ReleaseRule::ReportPresent, |all: &mut All| {
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 0));
}, Ok(()))]
#[case::held(ReleaseRule::Always, |all: &mut All| {
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Hold, 0));
}, Err(Withheld::Held))]
#[case::held_with_its_order(ReleaseRule::Always, |all: &mut All| {
    all.decisions.push(decided(Scope::Order(all.orders[0].id), Ruling::Hold, 0));
}, Err(Withheld::Held))]
#[case::released_out_of_a_held_order(ReleaseRule::Always, |all: &mut All| {
    all.decisions.push(decided(Scope::Order(all.orders[0].id), Ruling::Hold, 0));
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 0));
}, Ok(()))]
#[case::another_is_held(ReleaseRule::Always, |all: &mut All| {
    all.decisions.push(decided(Scope::Study("2".into()), Ruling::Hold, 0));
}, Ok(()))]
#[case::withdrawn(ReleaseRule::Always, |all: &mut All| {
    all.reports.push(ended(report(on_study("1"), 1), EndOfReport::Withdrawn, 0));
}, Err(Withheld::ReportWithdrawn))]
#[case::withdrawn_though_one_is_listed(ReleaseRule::ReportPresent, |all: &mut All| {
    all.orders[0].examinations[0].listed_report = ListedReport::Present;
    all.reports.push(ended(report(on_study("1"), 1), EndOfReport::Cancelled, 0));
}, Err(Withheld::ReportWithdrawn))]
#[case::withdrawn_and_handed_in_again(ReleaseRule::ReportPresent, |all: &mut All| {
    all.reports.push(ended(report(on_study("1"), 1), EndOfReport::Withdrawn, 0));
    all.reports.push(report(on_study("1"), 2));
}, Ok(()))]
#[case::withdrawn_after_a_release(ReleaseRule::Always, |all: &mut All| {
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 0));
    all.reports.push(ended(report(on_study("1"), 1), EndOfReport::Withdrawn, 1));
}, Err(Withheld::ReportWithdrawn))]
#[case::released_after_a_withdrawal(ReleaseRule::Always, |all: &mut All| {
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 2));
    all.reports.push(ended(report(on_study("1"), 1), EndOfReport::Withdrawn, 1));
}, Ok(()))]
#[case::replaced(ReleaseRule::Always, |all: &mut All| {
    all.reports.push(ended(report(on_study("1"), 1), EndOfReport::Replaced, 0));
}, Ok(()))]
fn rules(
    #[case] rule: ReleaseRule,
    #[case] change: impl FnOnce(&mut PersonResults),
    #[case] expected: Result<(), Withheld>,
) {
    assert_eq!(judged(rule, &one(change), 3), expected);
}

#[rstest]
#[case::performed(|_: &mut All| {}, 45)]
#[case::reported_later(|all: &mut All| {
    all.reports.push(Report { dated: Some(date(2021, 5, 3)), ..report(on_study("1"), 1) });
}, 55)]
#[case::of_a_day_that_is_not_told(|all: &mut All| {
    all.reports.push(Report { dated: None, imported: at(20), ..report(on_study("1"), 1) });
}, 65)]
#[case::replaced_by_nothing_newer(|all: &mut All| {
    let newer = Report { dated: Some(date(2021, 5, 3)), ..report(on_study("1"), 1) };
    all.reports.push(ended(newer, EndOfReport::Replaced, 0));
}, 45)]
#[case::listed_since(|all: &mut All| {
    all.orders[0].examinations[0].listed_report = ListedReport::Since(at(7));
}, 52)]
#[case::listed_always(|all: &mut All| {
    all.orders[0].examinations[0].listed_report = ListedReport::Present;
}, 45)]
#[case::released_anew(|all: &mut All| {
    all.decisions.push(decided(Scope::Study("1".into()), Ruling::Release, 90));
}, 135)]
fn days(#[case] change: impl FnOnce(&mut PersonResults), #[case] last: i64) {
    let results = one(change);
    assert_eq!(judged(ReleaseRule::Always, &results, last), Ok(()));
    assert_eq!(judged(ReleaseRule::Always, &results, last + 1), Err(Withheld::Expired));
    let endless = ReleaseRules { rule: ReleaseRule::Always, availability_days: None };
    let order = &results.orders[0];
    let judged = endless.judge(&results, order, &order.examinations[0], at(90_000));
    assert_eq!(judged, Ok(()));
}

/// Days end at midnight of the place, also those on which the clocks change. A time zone is that of a process: the
/// test runs itself in one of its own.
#[test]
fn the_last_day_ends_with_the_clock_of_the_place() {
    const ITSELF: &str = "results::tests::the_last_day_ends_with_the_clock_of_the_place";
    if std::env::var_os("TZ").is_none_or(|zone| zone != "Europe/Rome") {
        let mut itself = std::process::Command::new(std::env::current_exe().unwrap());
        let ran = itself.args(["--exact", ITSELF]).env("TZ", "Europe/Rome").output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let rules = ReleaseRules { rule: ReleaseRule::Always, availability_days: Some(45) };
    for (last, end) in [
        (date(2026, 3, 29), "2026-03-29T22:00:00Z"),
        (date(2026, 7, 1), "2026-07-01T22:00:00Z"),
        (date(2026, 10, 25), "2026-10-25T23:00:00Z"),
        (date(2026, 12, 31), "2026-12-31T23:00:00Z"),
    ] {
        let performed = last.saturating_sub(Span::new().days(45));
        let results = one(|all| {
            let moment = Moment { date: performed, time: None, utc_offset_minutes: None };
            all.orders[0].examinations[0].performed = Some(moment);
        });
        let order = &results.orders[0];
        let judged = |at| rules.judge(&results, order, &order.examinations[0], at);
        let end: Timestamp = end.parse().unwrap();
        let before = end - SignedDuration::from_secs(1);
        assert_eq!(judged(before), Ok(()), "{last}");
        assert_eq!(judged(end), Err(Withheld::Expired), "{last}");
        assert_eq!(rules.shown_until(&results, order, before), Some(end), "{last}");
    }
}

/// What a patient is shown, by the rule `always`.
fn shown(results: &PersonResults) -> Vec<ShownOrder> {
    let rules = ReleaseRules { rule: ReleaseRule::Always, availability_days: Some(45) };
    shown_orders(rules, results, at(3))
}

#[test]
fn what_is_withheld_leaves_no_trace() {
    let mut bare = results(vec![order("MTF1", vec![examination("2")])]);
    bare.reports.push(report(on_study("2"), 1));
    let mut full = bare.clone();
    let mut held = examination("1");
    held.description = Some("CRANIO".into());
    held.kind = Some(Kind::Cardiology);
    held.site = Some("Altrove".to_owned());
    held.physician = Some("BIANCHI ANNA TEST".into());
    held.status = Some(ExaminationStatus::InProgress);
    held.performed = Some(Moment { date: date(2020, 1, 1), ..held.performed.unwrap() });
    full.orders[0].examinations.insert(0, held);
    full.orders.push(order("MTF2", vec![examination("3")]));
    full.reports.extend([report(on_study("1"), 2), report(on_study("3"), 3)]);
    // On the whole order, it says something of what is held.
    full.reports.push(report(ReportAbout::OrderNumber("MTF1".into()), 4));
    full.decisions.push(decided(Scope::Study("1".into()), Ruling::Hold, 0));
    full.decisions.push(decided(Scope::Study("3".into()), Ruling::Hold, 0));
    assert_eq!(shown(&full), shown(&bare));
    full.decisions.clear();
    assert_eq!(shown(&full).len(), 2);
    assert_eq!(shown(&full)[0].all_reports().count(), 3);
}

/// A final report on the order would show both.
#[test]
fn a_preliminary_report_on_an_order_waits_for_a_report_on_each_examination() {
    let about_order = ReportAbout::OrderNumber("MTF1".into());
    let preliminary = Report { status: ReportStatus::Preliminary, ..report(about_order, 2) };
    let mut all = results(vec![order("MTF1", vec![examination("1"), examination("2")])]);
    all.reports.extend([report(on_study("1"), 1), preliminary]);
    let shown = |all: &PersonResults| {
        let rules = ReleaseRules { rule: ReleaseRule::ReportPresent, availability_days: None };
        let [order] = &shown_orders(rules, all, at(3))[..] else { panic!("one order") };
        (order.examinations.len(), order.reports.len())
    };
    assert_eq!(shown(&all), (1, 0));
    all.reports.push(report(on_study("2"), 3));
    assert_eq!(shown(&all), (2, 1));
}

#[test]
fn an_order_shows_what_its_examinations_have() {
    let mut second = examination("2");
    second.description = Some("AVAMBRACCIO (2 PR.) (D)".into());
    second.performed = Some(Moment { date: date(2021, 4, 21), ..second.performed.unwrap() });
    second.status = Some(ExaminationStatus::Final);
    let all = results(vec![order("MTF1", vec![examination("1"), second])]);
    let [order] = &shown(&all)[..] else { panic!("one order") };
    assert_eq!(order.number.as_deref(), Some("MTF1"));
    assert_eq!(order.description.as_deref(), Some("AVAMBRACCIO (2 PR.) (D), TORACE"));
    assert_eq!(order.site.as_deref(), Some("Mantova"));
    assert_eq!(order.placed.unwrap().date, date(2021, 4, 21));
    assert_eq!(order.status, Some(ExaminationStatus::Performed));
    assert_eq!(order.examinations[1].accession_number.as_deref(), Some("A-1"));
    assert!(!order.has_report());
}

#[test]
fn a_report_makes_an_examination_final_unless_the_pacs_says_otherwise() {
    for (told, expected) in [
        (None, ExaminationStatus::Final),
        (Some(ExaminationStatus::Performed), ExaminationStatus::Final),
        (Some(ExaminationStatus::InProgress), ExaminationStatus::InProgress),
    ] {
        let mut all = one(|all| all.reports.push(report(on_study("1"), 1)));
        all.orders[0].examinations[0].status = told;
        assert_eq!(shown(&all)[0].status, Some(expected));
    }
    let unknown = one(|all| all.orders[0].examinations[0].status = None);
    assert_eq!(shown(&unknown)[0].status, None);
}

fn told(order: Option<&str>, accession: Option<&str>, study: &str) -> Told {
    Told {
        order_number: order.map(Private::from),
        examination: Examination {
            accession_number: accession.map(Private::from),
            ..examination(study)
        },
    }
}

#[test]
fn orders_go_by_order_number_then_accession_number_then_study() {
    let all = vec![
        told(Some("O1"), Some("A1"), "1"),
        told(Some("O1"), Some("A2"), "2"),
        told(None, Some("A1"), "3"),
        told(None, Some("A1"), "4"),
        told(None, None, "5"),
        told(None, None, "6"),
    ];
    let (orders, is_cut) = group(PERSON.into(), all.clone(), &[], at(0));
    let keys: Vec<_> =
        orders.iter().map(|order| (order.key.clone(), order.examinations.len())).collect();
    assert_eq!(
        keys,
        [
            (OrderKey::OrderNumber("O1".into()), 2),
            (OrderKey::AccessionNumber("A1".into()), 2),
            (OrderKey::Study("5".into()), 1),
            (OrderKey::Study("6".into()), 1),
        ]
    );
    assert!(!is_cut);
    // What a PACS that fails told before is grouped as it was.
    assert_eq!(ungroup(orders).collect::<Vec<_>>(), all);
}

#[test]
fn a_study_of_two_pacs_counts_as_the_first_tells_it() {
    let mut second = told(Some("O2"), None, "1");
    second.examination.pacs = "archive".to_owned();
    second.examination.listed_report = ListedReport::Present;
    let both = vec![told(Some("O1"), None, "1"), second];
    let (orders, _) = group(PERSON.into(), both, &[], at(0));
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].examinations[0].pacs, "main");
    assert_eq!(orders[0].examinations[0].listed_report, ListedReport::Present);
}

#[test]
fn a_report_counts_from_when_it_was_seen_to_come() {
    let listed = |present| {
        let mut told = told(Some("O1"), None, "1");
        if present {
            told.examination.listed_report = ListedReport::Present;
        }
        vec![told]
    };
    let after = |present, before: &[Order], days| {
        let (orders, _) = group(PERSON.into(), listed(present), before, at(days));
        (orders[0].examinations[0].listed_report, orders)
    };
    assert_eq!(after(true, &[], 0).0, ListedReport::Present);
    let (_, without) = after(false, &[], 0);
    let (since, with) = after(true, &without, 5);
    assert_eq!(since, ListedReport::Since(at(5)));
    assert_eq!(after(true, &with, 9).0, ListedReport::Since(at(5)));
    assert_eq!(after(false, &with, 9).0, ListedReport::Absent);
}

#[test]
fn a_pacs_without_end_is_cut() {
    let endless = (0..MOST_EXAMINATIONS + 9).map(|number| told(None, None, &number.to_string()));
    let (orders, is_cut) = group(PERSON.into(), endless, &[], at(0));
    assert_eq!(orders.len(), MOST_EXAMINATIONS);
    assert!(is_cut);
}
