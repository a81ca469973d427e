//! Results from the answers of made-up PACS to what an account sees, over the embedded store.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program: a failed expectation ends the test"
)]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::pacs::StopFlag;
use jiff::{SignedDuration, Timestamp};
use portal::results::{
    Answer, Freshness, ListQuery, OrderSource, RefreshRules, ReleaseRule, ReleaseRules,
    ReportImport, ReportRefused, Results, ResultsSettings, Told, Whose, Withheld,
};
use portal::{Clock, Origin};
use store::{
    Account, AccountId, AccountState, Along, Consent, Decided, EndOfReport, Ended, EventQuery,
    Examination, ExaminationStatus, IssuedId, Kind, Language, ListedReport, Moment, Name, OrderId,
    Outcome, Person, PersonId, Private, ReportAbout, ReportStatus, Representation, Role, Ruling,
    SledStore, Store,
};

const HOME: Origin = Origin(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

/// Two PACS that answer what they are told to.
#[derive(Debug, Default)]
struct TwoPacs {
    answers: Mutex<HashMap<(usize, String), Result<Answer, String>>>,
    asked: AtomicUsize,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
    pause: Mutex<Duration>,
}

impl OrderSource for TwoPacs {
    fn pacs(&self) -> Vec<String> {
        vec!["main".to_owned(), "archive".to_owned()]
    }

    fn ask(&self, pacs: usize, ids: &[IssuedId], stop: &StopFlag) -> Result<Answer, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let (begun, pause) = (Instant::now(), *self.pause.lock().unwrap());
        while begun.elapsed() < pause && !stop.is_stopped() {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let answers = self.answers.lock().unwrap();
        let mut all = Answer::default();
        for id in ids {
            match answers.get(&(pacs, id.id.0.clone())) {
                Some(Ok(answer)) => {
                    all.told.extend(answer.told.clone());
                    all.is_cut |= answer.is_cut;
                }
                Some(Err(fault)) => return Err(fault.clone()),
                None => {}
            }
        }
        Ok(all)
    }
}

impl TwoPacs {
    /// From now on a PACS tells these studies of a Patient ID.
    fn tells(&self, pacs: usize, id: &str, studies: &[&str]) {
        let told = studies.iter().map(|study| told(self.pacs()[pacs].as_str(), id, study));
        let answer = Answer { told: told.collect(), ..Answer::default() };
        self.answers.lock().unwrap().insert((pacs, id.to_owned()), Ok(answer));
    }

    fn fails(&self, pacs: usize, id: &str) {
        let fault = Err("connection refused".to_owned());
        self.answers.lock().unwrap().insert((pacs, id.to_owned()), fault);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A study of an order that is called like it.
fn told(pacs: &str, id: &str, study: &str) -> Told {
    Told {
        order_number: Some(Private(format!("O-{study}"))),
        examination: Examination {
            study: study.into(),
            patient_id: issued(id),
            pacs: pacs.to_owned(),
            accession_number: Some(Private(format!("A-{study}"))),
            description: Some("TORACE".into()),
            kind: Some(Kind::Radiology),
            status: Some(ExaminationStatus::Performed),
            performed: Some(Moment {
                date: jiff::civil::date(2026, 11, 20),
                time: None,
                utc_offset_minutes: None,
            }),
            physician: None,
            site: Some("Mantova".to_owned()),
            listed_report: ListedReport::Absent,
        },
    }
}

fn issued(id: &str) -> IssuedId {
    IssuedId { id: id.into(), issuer: String::new() }
}

struct Portal {
    results: Results,
    store: Arc<dyn Store>,
    pacs: Arc<TwoPacs>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

fn portal_by(release: ReleaseRule, change: impl FnOnce(&mut RefreshRules)) -> Portal {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
    // 24 November 2026.
    let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
    let pacs = Arc::new(TwoPacs::default());
    let mut settings = ResultsSettings {
        release: ReleaseRules { rule: release, availability_days: Some(45) },
        most_report_bytes: 1 << 20,
        ..ResultsSettings::default()
    };
    settings.refresh.page_waits = Duration::from_secs(20);
    change(&mut settings.refresh);
    let source = Arc::<TwoPacs>::clone(&pacs);
    let results = Results::from_source(Arc::clone(&store), source, &settings, clock.clone());
    Portal { results, store, pacs, clock, _folder: folder }
}

fn portal(release: ReleaseRule) -> Portal {
    portal_by(release, |_| {})
}

impl Portal {
    async fn person(&self, id: &str) -> Person {
        let person = Person {
            id: PersonId::fresh().unwrap(),
            patient_ids: vec![issued(id)],
            name: Private(Name { family: "ROSSI".to_owned(), given: format!("{id} TEST") }),
            sex: None,
            birth_date: None,
            tax_code: None,
            phone: None,
            email: None,
            address: None,
            marital_status: None,
            practitioner: None,
            contact: None,
            consent: Consent { online_results: true, messages: false },
        };
        self.store.put_person(person.clone(), Along::nothing()).await.unwrap();
        person
    }

    /// An account that sees these persons.
    async fn account(&self, name: &str, persons: &[&Person]) -> Account {
        let representation = |person: &&Person| Representation {
            person: person.id,
            role: Role::Parent,
            until: None,
        };
        let account = Account {
            id: AccountId::fresh().unwrap(),
            user_name: name.parse().unwrap(),
            email: None,
            phone: None,
            language: Language::It,
            password: None,
            must_change_password: false,
            state: AccountState::Active,
            subject: None,
            persons: persons.iter().map(representation).collect(),
            created: self.clock.now(),
            password_set: None,
        };
        self.store.create_account(account.clone(), Along::nothing()).await.unwrap();
        account
    }

    async fn both(&self, id: &str) -> (Person, Account) {
        let person = self.person(id).await;
        let account = self.account(&id.to_lowercase(), &[&person]).await;
        (person, account)
    }

    /// The numbers of the orders that an account sees, and of when they are.
    async fn seen(&self, account: &Account) -> (Vec<String>, Freshness) {
        let list = self.results.list(account, &ListQuery::default()).await.unwrap();
        let mut numbers: Vec<_> =
            list.page.orders.iter().filter_map(|order| order.number.clone()).collect();
        numbers.sort();
        assert_eq!(list.page.total, numbers.len());
        (numbers, list.freshness)
    }

    async fn order_of(&self, account: &Account, number: &str) -> OrderId {
        let list = self.results.list(account, &ListQuery::default()).await.unwrap();
        let order = list.page.orders.iter().find(|order| order.number.as_deref() == Some(number));
        order.unwrap().id
    }

    fn later(&self) {
        self.clock.advance(SignedDuration::from_mins(6));
    }
}

/// What is odd of a report.
type Change<'a> = &'a dyn Fn(&mut ReportImport);

/// A report on the examination of that study.
fn import(person: &Person, study: &str) -> ReportImport {
    ReportImport {
        whose: Whose::Person(person.id),
        about: ReportAbout::AccessionNumber(Private(format!("A-{study}"))),
        document: String::new(),
        version: None,
        title: None,
        status: ReportStatus::Final,
        dated: None,
        by: "console".to_owned(),
        pdf: pdf("referto"),
    }
}

/// A PDF, as far as anybody looks.
fn pdf(text: &str) -> Vec<u8> {
    let body = format!("%PDF-1.4\n% {text}\n");
    let at = body.len();
    format!(
        "{body}xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\nstartxref\n{at}\n%%EOF\n"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_fails_takes_nothing_away_and_the_list_says_of_when_it_is() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1", "2"]);
    portal.pacs.tells(1, "MARIA", &["3"]);
    let seen = portal.seen(&account).await;
    assert_eq!(seen, (vec!["O-1".into(), "O-2".into(), "O-3".into()], Freshness::Current));
    let told = portal.clock.now();
    // One fails, and the other one has lost a study.
    portal.later();
    portal.pacs.fails(1, "MARIA");
    portal.pacs.tells(0, "MARIA", &["1"]);
    let behind = (vec!["O-1".to_owned(), "O-3".to_owned()], Freshness::Behind(Some(told)));
    assert_eq!(portal.seen(&account).await, behind);
    portal.later();
    assert_eq!(portal.seen(&account).await, behind);
    for (language, start) in [
        (texts::Language::Italian, "L'elenco è aggiornato al IERI"),
        (texts::Language::English, "This list is of IERI"),
    ] {
        let sentence = behind.1.sentence(language.texts(), |since| {
            assert_eq!(since, told);
            "IERI".to_owned()
        });
        assert!(sentence.unwrap().starts_with(start));
    }
    portal.pacs.tells(1, "MARIA", &[]);
    portal.later();
    assert_eq!(portal.seen(&account).await, (vec!["O-1".to_owned()], Freshness::Current));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_never_answered_is_said_to() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    portal.pacs.fails(1, "MARIA");
    assert_eq!(portal.seen(&account).await, (vec!["O-1".to_owned()], Freshness::Behind(None)));
    let sentence = Freshness::Behind(None).sentence(texts::Language::Italian.texts(), |_| panic!());
    assert!(sentence.unwrap().starts_with("In questo momento"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pacs_are_not_asked_for_every_page_nor_by_two_at_once() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    *portal.pacs.pause.lock().unwrap() = Duration::from_millis(200);
    let mut pages = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (results, account) = (portal.results.clone(), account.clone());
        pages.spawn(async move { results.list(&account, &ListQuery::default()).await });
    }
    let pages = pages.join_all().await;
    let complete: usize = pages.into_iter().map(|page| page.unwrap().page.total).sum();
    // Those that did not ask do not wait for who does.
    assert!(complete >= 1);
    assert_eq!(portal.pacs.asked(), 2);
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
    assert_eq!(portal.pacs.asked(), 2);
    portal.later();
    portal.seen(&account).await;
    assert_eq!(portal.pacs.asked(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_waits_no_longer_than_it_may_and_a_pacs_no_longer_than_its_time_out() {
    let portal = portal_by(ReleaseRule::Always, |rules| {
        rules.page_waits = Duration::from_millis(50);
        rules.time_out = Duration::from_millis(600);
    });
    let (person, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    *portal.pacs.pause.lock().unwrap() = Duration::from_mins(1);
    let begun = Instant::now();
    assert_eq!(portal.seen(&account).await, (Vec::new(), Freshness::Refreshing));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let mut fault = None;
    while fault.is_none() && begun.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let kept = portal.store.results_of_person(person.id).await.unwrap().unwrap();
        fault = kept.refresh.and_then(|refresh| refresh.answers.first()?.fault.clone());
    }
    assert_eq!(fault.as_deref(), Some("it gives no answer within 0 seconds"));
    assert_eq!(portal.seen(&account).await.1, Freshness::Behind(None));
    // The threads that asked are free again.
    while portal.pacs.under_way.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_kept_fresh_for_who_was_there_of_late_and_a_pacs_is_not_overrun() {
    let portal = portal_by(ReleaseRule::Always, |rules| {
        rules.at_once = 3;
        rules.active = SignedDuration::from_hours(2);
    });
    let mut accounts = Vec::new();
    for number in 0..10 {
        let id = format!("TEST{number}");
        let (_, account) = portal.both(&id).await;
        portal.pacs.tells(0, &id, &[]);
        portal.seen(&account).await;
        portal.pacs.tells(0, &id, &["1"]);
        accounts.push(account);
    }
    assert_eq!(portal.pacs.asked(), 20);
    portal.pacs.most_at_once.store(0, Ordering::SeqCst);
    *portal.pacs.pause.lock().unwrap() = Duration::from_millis(20);
    portal.clock.advance(SignedDuration::from_mins(61));
    let task = tokio::spawn(portal.results.clone().keep_fresh());
    let begun = Instant::now();
    while portal.pacs.asked() < 40 || portal.pacs.under_way.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", portal.pacs.asked());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    task.abort();
    // Two PACS, three persons each.
    assert!((2..=6).contains(&portal.pacs.most_at_once.load(Ordering::SeqCst)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(portal.seen(&accounts[3]).await.0, ["O-1"]);
    // Nobody looked for two hours: they rest.
    portal.clock.advance(SignedDuration::from_mins(61));
    let lease = SignedDuration::from_mins(1);
    let due = portal.store.claim_due_refreshes(portal.clock.now(), lease, 99).await.unwrap();
    assert_eq!(due.len(), 10, "asked once more an hour after they were");
    for person in due {
        portal.results.refresh(person).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_sees_the_persons_it_represents_while_it_does_and_they_agree() {
    let portal = portal(ReleaseRule::Always);
    let (mother, child) = (portal.person("MADRE").await, portal.person("FIGLIO").await);
    let mut account = portal.account("madre", &[&mother, &child]).await;
    let (_, stranger) = portal.both("ALTRO").await;
    portal.pacs.tells(0, "MADRE", &["1"]);
    portal.pacs.tells(1, "FIGLIO", &["2"]);
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    assert!(portal.seen(&stranger).await.0.is_empty());
    let only = ListQuery { person: Some(child.id), ..ListQuery::default() };
    assert_eq!(portal.results.list(&account, &only).await.unwrap().page.total, 1);
    let of_child = portal.order_of(&account, "O-2").await;
    assert!(portal.results.order(&account, of_child, HOME).await.unwrap().is_some());
    assert!(portal.results.order(&stranger, of_child, HOME).await.unwrap().is_none());
    // The child comes of age.
    account.persons[1].until = Some(portal.clock.now());
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
    assert!(portal.results.order(&account, of_child, HOME).await.unwrap().is_none());
    account.persons[1].until = Some(portal.clock.now() + SignedDuration::from_secs(1));
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    // The mother takes her consent back.
    let asked = portal.pacs.asked();
    let silent = Person { consent: Consent::default(), ..mother };
    portal.store.put_person(silent.clone(), Along::nothing()).await.unwrap();
    portal.later();
    account.persons.pop();
    let list = portal.results.list(&account, &ListQuery::default()).await.unwrap();
    assert!(list.persons.is_empty() && list.page.total == 0);
    portal.results.refresh(silent.id).await.unwrap();
    assert_eq!(portal.pacs.asked(), asked);
    let events = portal.store.events(EventQuery::default(), 99).await.unwrap();
    let opened: Vec<_> = events
        .iter()
        .map(|recorded| &recorded.event)
        .map(|event| (event.action.as_str(), event.outcome, event.person))
        .collect();
    assert_eq!(
        opened,
        [
            ("order.open", Outcome::Done, Some(child.id)),
            ("order.open", Outcome::Refused, None),
            ("order.open", Outcome::Refused, None),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_away_takes_its_results_with_it_at_once() {
    let portal = portal(ReleaseRule::Always);
    let (mut person, account) = portal.both("MARIA").await;
    person.patient_ids.push(issued("SCAMBIO"));
    portal.store.put_person(person.clone(), Along::nothing()).await.unwrap();
    portal.pacs.tells(0, "MARIA", &["1"]);
    portal.pacs.tells(0, "SCAMBIO", &["2"]);
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    person.patient_ids.pop();
    portal.store.put_person(person, Along::nothing()).await.unwrap();
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_has_the_answer_of_what_is_not_there() {
    let portal = portal(ReleaseRule::Always);
    let (person, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1", "2"]);
    let id = portal.order_of(&account, "O-1").await;
    let hold = Some(Ruling::Hold);
    let decided = portal.results.decide(id, None, hold, "console", Some("dubbio".into())).await;
    assert_eq!(decided.unwrap(), Decided::Done);
    assert_eq!(portal.seen(&account).await.0, ["O-2"]);
    let missing = OrderId::from([9; 16]);
    for order in [id, missing] {
        assert!(portal.results.order(&account, order, HOME).await.unwrap().is_none());
    }
    let site = portal.results.of_person(person.id).await.unwrap().unwrap();
    let held = site.orders.iter().find(|order| order.id == id).unwrap();
    assert_eq!(held.examinations[0].withheld, Some(Withheld::Held));
    assert_eq!(held.examinations[0].decision.as_ref().unwrap().by, "console");
    let decided = portal.results.decide(missing, None, hold, "console", None).await.unwrap();
    assert_eq!(decided, Decided::NoSuchOrder);
    // A refresh leaves it, and a release gives it back.
    portal.later();
    assert_eq!(portal.seen(&account).await.0, ["O-2"]);
    let release = Some(Ruling::Release);
    portal.results.decide(id, None, release, "console", None).await.unwrap();
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    assert_eq!(portal.results.find("A-1", 9).await.unwrap(), [(person.id, id)]);
    let query = EventQuery { action: Some("order.".to_owned()), ..EventQuery::default() };
    let actions = portal.store.events(query, 99).await.unwrap();
    let actions: Vec<_> = actions.iter().map(|recorded| recorded.event.action.as_str()).collect();
    assert_eq!(actions, ["order.hold", "order.open", "order.open", "order.release"]);
}

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
