//! Results from the answers of made-up PACS to what an account sees, over the embedded store.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program: a failed expectation ends the test"
)]

mod access;
mod refresh;
mod reports;

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
    Outcome, Person, PersonId, Private, Replaced, ReportAbout, ReportStatus, Representation, Role,
    Ruling, SledStore, Store,
};

const HOME: Origin = Origin(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

/// Two PACS that answer what they are told to.
#[derive(Debug, Default)]
struct TwoPacs {
    answers: Mutex<HashMap<(usize, String), Result<Answer, String>>>,
    asked: [AtomicUsize; 2],
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
    pause: Mutex<[Duration; 2]>,
}

impl OrderSource for TwoPacs {
    fn pacs(&self) -> Vec<String> {
        vec!["main".to_owned(), "archive".to_owned()]
    }

    fn ask(&self, pacs: usize, ids: &[IssuedId], stop: &StopFlag) -> Result<Answer, String> {
        self.asked[pacs].fetch_add(1, Ordering::SeqCst);
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let (begun, pause) = (Instant::now(), self.pause.lock().unwrap()[pacs]);
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
        self.asked.iter().map(|asked| asked.load(Ordering::SeqCst)).sum()
    }

    /// From now on each PACS takes so long.
    fn pause(&self, main: Duration, other: Duration) {
        *self.pause.lock().unwrap() = [main, other];
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
            modalities: vec!["CR".to_owned()],
            instances: Some(2),
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
            consent: Consent { online_results: true, messages: false },
            ..Person::new(
                PersonId::fresh().unwrap(),
                vec![issued(id)],
                Name { family: "ROSSI".to_owned(), given: format!("{id} TEST") },
            )
        };
        self.store.add_person(person.clone(), None, Along::nothing()).await.unwrap();
        person
    }

    /// What the site says of somebody changes.
    async fn change(&self, old: &Person, new: &Person) {
        let replaced = self.store.replace_person(old.clone(), new.clone(), Along::nothing());
        assert_eq!(replaced.await.unwrap(), Replaced::Done);
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
