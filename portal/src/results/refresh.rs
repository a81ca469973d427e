//! Asks the PACS for the orders of persons, and keeps what they answer.
//!
//! Invariant: a PACS that does not answer takes nothing away of what it told before.
//! Invariant: one refresh of a person at a time: whoever asks has claimed it in the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::pacs::StopFlag;
use jiff::{SignedDuration, Timestamp};
use store::{Claim, IssuedId, PacsAnswer, PersonId, PersonResults, Refresh, Store, StoreError};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::results::gate::Gate;
use crate::results::grouping::{Told, group, ungroup};

/// Who can be asked for the examinations of a person.
pub trait OrderSource: std::fmt::Debug + Send + Sync {
    /// Names of the PACS, those that are believed first in front.
    fn pacs(&self) -> Vec<String>;

    /// What a PACS, by its place among the names, has under some Patient IDs. Blocks, until `stop` is
    /// raised at the latest.
    ///
    /// # Errors
    /// Why it gives no answer, without patient data.
    fn ask(&self, pacs: usize, ids: &[IssuedId], stop: &StopFlag) -> Result<Answer, String>;
}

/// What a PACS answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The examinations.
    pub told: Vec<Told>,
    /// Answers that were of other patients, and refused.
    pub refused: u32,
    /// It had more than it is asked for.
    pub is_cut: bool,
}

/// How often the PACS are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshRules {
    /// Not again so soon, however often somebody looks.
    pub at_most_every: SignedDuration,
    /// Without anybody looking.
    pub background: SignedDuration,
    /// For so long after somebody last looked.
    pub active: SignedDuration,
    /// A page waits so long for the answers, and shows then what is known.
    pub page_waits: Duration,
    /// A PACS that takes longer counts as one that does not answer, for as long again for everybody.
    pub time_out: Duration,
    /// Persons that one PACS is asked for at a time.
    pub at_once: usize,
}

impl Default for RefreshRules {
    fn default() -> Self {
        Self {
            at_most_every: SignedDuration::from_mins(5),
            background: SignedDuration::from_hours(1),
            active: SignedDuration::from_hours(24 * 14),
            page_waits: Duration::from_millis(1500),
            time_out: Duration::from_mins(1),
            at_once: 4,
        }
    }
}

/// After so long somebody else asks for a person whose refresh never ended.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// How often it is looked whether a refresh is due.
const TICK: Duration = Duration::from_secs(10);

/// Brings orders up to date.
#[derive(Debug, Clone)]
pub(crate) struct Refresher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    source: Arc<dyn OrderSource>,
    rules: RefreshRules,
    clock: Clock,
    /// For each PACS, so that one that hangs does not keep the others from being asked.
    gates: Vec<Gate>,
}

impl Refresher {
    /// Over a store, from a source.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        source: Arc<dyn OrderSource>,
        rules: RefreshRules,
        clock: Clock,
    ) -> Self {
        let gate = |_: &String| Gate::new(rules.at_once, rules.time_out);
        let gates = source.pacs().iter().map(gate).collect();
        Self(Arc::new(Inner { store, source, rules, clock, gates }))
    }

    /// Asks in the background for a person whose orders are not of late; `None` when that is not to be done,
    /// or somebody else does.
    pub(crate) async fn look(
        &self,
        results: &PersonResults,
    ) -> Result<Option<JoinHandle<()>>, StoreError> {
        let now = self.0.clock.now();
        let person = results.person.id;
        let before = subtract(now, self.0.rules.at_most_every);
        let is_fresh = |refresh: &Refresh| refresh.is_fresh(now, before);
        if self.0.gates.is_empty() || results.refresh.as_ref().is_some_and(is_fresh) {
            return Ok(None);
        }
        match self.0.store.claim_refresh(person, now, before, LEASE).await? {
            Claim::Claimed => {}
            Claim::Fresh | Claim::Taken | Claim::NoSuchPerson => return Ok(None),
        }
        let asking = self.clone();
        Ok(Some(tokio::spawn(async move { asking.ask_or_tell(person).await })))
    }

    /// Asks for whoever is due, until it is dropped.
    pub(crate) async fn run(self) {
        let mut under_way = JoinSet::new();
        loop {
            while under_way.try_join_next().is_some() {}
            if !self.asks_nobody() && self.0.gates.iter().all(Gate::refuses) {
                // Who is due stays so until there is somebody to ask.
                tokio::time::sleep(TICK).await;
                continue;
            }
            let free = self.0.rules.at_once.max(1).saturating_sub(under_way.len());
            let now = self.0.clock.now();
            let due = match free {
                0 => Vec::new(),
                free => {
                    let due = self.0.store.claim_due_refreshes(now, LEASE, free).await;
                    due.inspect_err(tell).unwrap_or_default()
                }
            };
            let is_idle = due.len() < free;
            for person in due {
                let asking = self.clone();
                under_way.spawn(async move { asking.ask_or_tell(person).await });
            }
            if is_idle {
                tokio::time::sleep(TICK).await;
            } else {
                under_way.join_next().await;
            }
        }
    }

    /// Asks where nobody waits for an error: it goes to the log.
    async fn ask_or_tell(&self, person: PersonId) {
        if let Err(error) = self.ask(person).await {
            tell(&error);
        }
    }

    /// Asks every PACS for a person that is claimed, and keeps the answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn ask(&self, person: PersonId) -> Result<(), StoreError> {
        let inner = &self.0;
        let Some(results) = inner.store.results_of_person(person).await? else { return Ok(()) };
        let PersonResults { person, orders, refresh, .. } = results;
        let before = refresh.as_ref().map_or(&[][..], |refresh| &refresh.answers);
        let asked = inner.clock.now();
        let mut next = Refresh {
            person: person.id,
            asked: Some(asked),
            wanted: refresh.as_ref().map_or(asked, |refresh| refresh.wanted),
            claimed: None,
            due: None,
            answers: Vec::new(),
        };
        if !person.consent.online_results {
            next.asked = refresh.as_ref().and_then(|refresh| refresh.asked);
            next.answers = before.to_vec();
            inner.store.replace_orders(orders, next).await?;
            return Ok(());
        }
        let mut kept: HashMap<String, Vec<Told>> = HashMap::new();
        for told in ungroup(orders.clone()) {
            kept.entry(told.examination.pacs.clone()).or_default().push(told);
        }
        let mut all = Vec::new();
        for (pacs, answer) in self.ask_all(&person.patient_ids).await {
            let was = before.iter().find(|answer| answer.pacs == pacs);
            let (told, answer) = match answer {
                Ok(Answer { told, refused, is_cut }) => {
                    let answered = Some(asked);
                    let (failing_since, fault) = (None, None);
                    (told, PacsAnswer { pacs, answered, failing_since, fault, refused, is_cut })
                }
                Err(fault) => {
                    if was.is_none_or(|was| was.failing_since.is_none()) {
                        tracing::warn!(pacs, fault, "a PACS does not answer for a person");
                    }
                    let since = was.and_then(|was| was.failing_since).unwrap_or(asked);
                    let answer = PacsAnswer {
                        answered: was.and_then(|was| was.answered),
                        failing_since: Some(since),
                        fault: Some(fault),
                        refused: was.map_or(0, |was| was.refused),
                        is_cut: was.is_some_and(|was| was.is_cut),
                        pacs,
                    };
                    (kept.remove(&answer.pacs).unwrap_or_default(), answer)
                }
            };
            all.extend(told);
            next.answers.push(answer);
        }
        let (orders, is_cut) = group(person.id, all, &orders, asked);
        if let Some(last) = next.answers.last_mut() {
            last.is_cut |= is_cut;
        }
        let ends = inner.clock.now();
        if subtract(ends, inner.rules.active) <= next.wanted {
            next.due = ends.checked_add(inner.rules.background).ok();
        }
        inner.store.replace_orders(orders, next).await?;
        Ok(())
    }

    /// The answers of all PACS, in their order.
    async fn ask_all(&self, ids: &[IssuedId]) -> Vec<(String, Result<Answer, String>)> {
        let names = self.0.source.pacs();
        let asking: Vec<_> = names
            .into_iter()
            .enumerate()
            .map(|(pacs, name)| {
                let (asking, ids) = (self.clone(), ids.to_vec());
                (name, tokio::spawn(async move { asking.ask_one(pacs, ids).await }))
            })
            .collect();
        let mut answers = Vec::new();
        for (name, task) in asking {
            let answer = task.await.unwrap_or_else(|_panic| Err(FAULT.to_owned()));
            answers.push((name, answer));
        }
        answers
    }

    async fn ask_one(&self, pacs: usize, ids: Vec<IssuedId>) -> Result<Answer, String> {
        let gate = self.0.gates.get(pacs).ok_or(FAULT)?;
        let place = gate.enter().await?;
        let (asked, stop) = (Instant::now(), StopFlag::default());
        let (source, raised) = (Arc::clone(&self.0.source), stop.clone());
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            source.ask(pacs, &ids, &raised)
        });
        let answer = match tokio::time::timeout(self.0.rules.time_out, task).await {
            Ok(answer) => answer.unwrap_or_else(|_panic| Err(FAULT.to_owned())),
            Err(_late) => {
                stop.stop();
                let seconds = self.0.rules.time_out.as_secs();
                Err(format!("it gives no answer within {seconds} seconds"))
            }
        };
        gate.tell(asked, answer.as_ref().err().map(String::as_str));
        answer
    }

    /// Asks for a person at once, and waits; false when somebody else asks.
    pub(crate) async fn now(&self, person: PersonId) -> Result<bool, StoreError> {
        let now = self.0.clock.now();
        let claim = self.0.store.claim_refresh(person, now, Timestamp::MAX, LEASE).await?;
        if claim == Claim::Claimed {
            self.ask(person).await?;
        }
        Ok(claim == Claim::Claimed)
    }

    /// Whether there is no PACS.
    pub(crate) fn asks_nobody(&self) -> bool {
        self.0.gates.is_empty()
    }

    /// How often the PACS are asked.
    pub(crate) fn rules(&self) -> RefreshRules {
        self.0.rules
    }
}

/// What is said of a PACS when the fault is ours.
pub(super) const FAULT: &str = "a fault of the program; please report it";

fn tell(error: &StoreError) {
    tracing::error!(error = error as &dyn std::error::Error, "orders cannot be refreshed");
}

fn subtract(moment: Timestamp, span: SignedDuration) -> Timestamp {
    moment.checked_sub(span).unwrap_or(Timestamp::MIN)
}
