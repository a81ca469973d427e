//! Makes what was asked for: claims one preparation after the other, and says how each ended.
//!
//! **Invariant:** whatever ends a try, the store is told, or the claim runs out and another try begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use store::{
    Along, ClaimId, EndOfTry, EndReason, Event, FailureReason, Outcome, Package, Preparation,
    PreparationState, StoreError,
};
use tokio::task::{Id, JoinSet};

use crate::downloads::Downloads;
use crate::downloads::contents::may_be_had;
use crate::downloads::live::Live;
use crate::downloads::packing::{Broken, Packed};
use crate::metrics::PreparationEnd;
use crate::task::Stop;

/// After so long somebody else begins anew what was claimed and is told nothing of.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a claim is made to last.
const RENEW: Duration = Duration::from_secs(20);
/// Preparations that are read at a time.
const PAGE: usize = 256;
/// How often it is looked whether there is something to do, at least and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// How long to wait for what is overdue and could not be begun: each look reads all that waits, and that a PACS became
/// free is told.
const LOOK_OVERDUE: Duration = Duration::from_secs(1);
/// Tries before a fault is final.
const MOST_TRIES: u32 = 5;
/// Tries before a package is kept in which something is missing.
const TRIES_FOR_ALL: u32 = 3;
/// Pause after the first try; each later one is four times as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(15);

impl Downloads {
    /// Makes what is asked for until it is time to stop; what is under way then is given back.
    pub(crate) async fn run(self, stop: Stop) {
        if let Err(error) = self.take_back().await {
            tell(&error);
        }
        let mut making = JoinSet::new();
        // Of which PACS each asks.
        let mut asked: HashMap<Id, Vec<String>> = HashMap::new();
        while !stop.is_asked() {
            while let Some(ended) = making.try_join_next_with_id() {
                forget(&mut asked, ended);
            }
            if making.len() < self.0.settings.at_once.get() {
                match self.claim(&asked).await {
                    Ok(Some((by, preparation))) => {
                        let pacs = pacs_of(&preparation);
                        let maker = self.clone();
                        let task = making.spawn(async move { maker.make(preparation, by).await });
                        asked.insert(task.id(), pacs);
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tell(&error),
                }
            }
            let pause = pause(self.left().await);
            tokio::select! {
                () = stop.asked() => {}
                () = tokio::time::sleep(pause) => {}
                () = self.0.store.preparations_changed() => {}
                Some(ended) = making.join_next_with_id() => forget(&mut asked, ended),
            }
        }
        for live in self.0.live.all() {
            live.break_off();
        }
        while making.join_next().await.is_some() {}
    }

    /// Begins anew what was being made when the program ended, which counts as a try: what makes the program end is
    /// not tried for ever. Nobody else makes packages over this store.
    async fn take_back(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.0.store.list_preparations(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key);
            for preparation in &page {
                let PreparationState::Claimed { by, .. } = preparation.state else { continue };
                let now = self.0.clock.now();
                let ended = if preparation.tries < MOST_TRIES {
                    EndOfTry::Later { due: now }
                } else {
                    EndOfTry::Failed { at: now, reason: FailureReason::Fault }
                };
                self.settle(preparation, by, ended).await?;
            }
        }
    }

    async fn claim(
        &self,
        asked: &HashMap<Id, Vec<String>>,
    ) -> Result<Option<(ClaimId, Preparation)>, StoreError> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for pacs in asked.values().flatten() {
            *counts.entry(pacs).or_default() += 1;
        }
        let most = self.0.settings.at_once_per_pacs.get();
        let full = counts.into_iter().filter(|(_, count)| *count >= most);
        let full = full.map(|(pacs, _)| pacs.to_owned()).collect();
        let Ok(by) = ClaimId::fresh() else { return Ok(None) };
        let now = self.0.clock.now();
        let claimed = self.0.store.claim_preparation(by, now, later(now, LEASE), full).await?;
        Ok(claimed.map(|claimed| (by, claimed)))
    }

    /// How long it takes until something is due; `None` where nothing waits.
    async fn left(&self) -> Option<SignedDuration> {
        let next = match self.0.store.next_preparation().await {
            Ok(next) => next,
            Err(error) => {
                tell(&error);
                None
            }
        };
        next.map(|next| next.duration_since(self.0.clock.now()))
    }

    /// Makes what was claimed, and tells how it ended.
    async fn make(&self, preparation: Preparation, by: ClaimId) {
        let key = preparation.key;
        let guard = self.0.live.begin(key);
        let begun = Instant::now();
        let told = self.tell_all(key).await;
        let ended = tokio::select! {
            ended = self.attempt(&preparation, guard.live()) => ended,
            never = self.hold(&preparation, by, guard.live()) => never,
        };
        self.count_end(&ended, begun.elapsed(), guard.live());
        let settled = self.settle(&preparation, by, ended).await;
        drop(guard);
        if let Err(error) = told.and(settled).and(self.tell_all(key).await) {
            tell(&error);
        }
    }

    fn count_end(&self, ended: &EndOfTry, took: Duration, live: &Live) {
        self.0.metrics.ended(match ended {
            EndOfTry::Ready(package) => {
                return self.0.metrics.made(package.bytes, took, live.pacs_took());
            }
            EndOfTry::Later { .. } => PreparationEnd::Later,
            EndOfTry::Released { .. } => PreparationEnd::Released,
            EndOfTry::Recalling { .. } => PreparationEnd::Recalling,
            EndOfTry::Failed { .. } => PreparationEnd::Failed,
            EndOfTry::Ended { .. } => PreparationEnd::Ended,
        });
    }

    /// Makes the claim last; breaks the work off when it does not hold any more.
    async fn hold(&self, preparation: &Preparation, by: ClaimId, live: &Live) -> EndOfTry {
        loop {
            tokio::time::sleep(RENEW).await;
            let until = later(self.0.clock.now(), LEASE);
            match self.0.store.renew_claim(preparation.key, by, until).await {
                Ok(true) => {}
                Ok(false) => live.break_off(),
                Err(error) => tell(&error),
            }
        }
    }

    /// One try.
    async fn attempt(&self, preparation: &Preparation, live: &Arc<Live>) -> EndOfTry {
        match self.is_to_be_had(preparation).await {
            Ok(true) => {}
            Ok(false) => {
                return EndOfTry::Ended { at: self.0.clock.now(), why: EndReason::Withheld };
            }
            Err(error) => {
                tell(&error);
                return self.again_or(preparation, FailureReason::Fault);
            }
        }
        let not_yet = match preparation.recall {
            Some(recall) => self.look_again(preparation, recall, live).await,
            None => self.ask_first(preparation, live).await,
        };
        if let Some(not_yet) = not_yet {
            return not_yet;
        }
        match self.pack(preparation, live).await {
            Ok(packed) => self.packed(preparation, packed),
            Err(Broken::NotOnline) => self.ask_back(preparation, live).await,
            Err(broken) => self.broken(preparation, &broken),
        }
    }

    /// Whether all that is to go in may be seen now.
    pub(super) async fn is_to_be_had(&self, preparation: &Preparation) -> Result<bool, StoreError> {
        let orders = self.0.results.shown_of(preparation.person).await?;
        Ok(orders.iter().any(|order| may_be_had(preparation, order)))
    }

    fn packed(&self, preparation: &Preparation, packed: Packed) -> EndOfTry {
        let Packed { name, bytes, sha256, missing } = packed;
        let made = self.0.clock.now();
        let until = later(made, self.0.settings.keep);
        tracing::info!(bytes, missing, tries = preparation.tries, "a package is ready");
        EndOfTry::Ready(Package { name, bytes, sha256, missing, made, until })
    }

    fn broken(&self, preparation: &Preparation, broken: &Broken) -> EndOfTry {
        let now = self.0.clock.now();
        match broken {
            // Whoever asks for it no more has ended the claim, and is told nothing.
            Broken::Cancelled | Broken::NotOnline => EndOfTry::Released { due: now },
            Broken::Failed(reason, why) => {
                tracing::warn!(tries = preparation.tries, ?reason, why, "no package can be made");
                match reason {
                    FailureReason::Pacs | FailureReason::Storage => {
                        self.again_or(preparation, *reason)
                    }
                    reason => EndOfTry::Failed { at: now, reason: *reason },
                }
            }
        }
    }

    /// Another try after a pause, or the end after too many.
    pub(super) fn again_or(&self, preparation: &Preparation, reason: FailureReason) -> EndOfTry {
        let now = self.0.clock.now();
        if preparation.tries >= MOST_TRIES {
            return EndOfTry::Failed { at: now, reason };
        }
        let factor = 4_i32.saturating_pow(preparation.tries.saturating_sub(1));
        let pause = FIRST_PAUSE.checked_mul(factor).unwrap_or(SignedDuration::MAX);
        EndOfTry::Later { due: later(now, pause) }
    }

    /// Whether something may still come that is missing in a package.
    pub(super) fn is_worth_another_try(preparation: &Preparation) -> bool {
        preparation.tries < TRIES_FOR_ALL
    }

    /// Tells the store how a try ended; what nobody may have any more is deleted.
    async fn settle(
        &self,
        preparation: &Preparation,
        by: ClaimId,
        ended: EndOfTry,
    ) -> Result<(), StoreError> {
        let key = preparation.key;
        let is_ready = matches!(ended, EndOfTry::Ready(_));
        let event = match ended {
            EndOfTry::Ready(_) => Some(("download.prepare", Outcome::Done)),
            EndOfTry::Failed { .. } => Some(("download.prepare", Outcome::Failed)),
            EndOfTry::Ended { .. } => Some(("download.end", Outcome::Done)),
            EndOfTry::Later { .. } | EndOfTry::Released { .. } | EndOfTry::Recalling { .. } => None,
        };
        let event = event.map(|(action, outcome)| Event {
            person: Some(preparation.person),
            outcome,
            ..self.own_event(action, preparation.order.to_string())
        });
        let messages = match (&ended, preparation.recall) {
            // Without a message it is in the panel and behind the bell all the same.
            (EndOfTry::Ready(package), Some(_)) => {
                let news = self.news_of(preparation, package).await;
                news.inspect_err(|error| {
                    let cause = error as &dyn std::error::Error;
                    tracing::error!(error = cause, "nobody can be told of what came back");
                })
                .unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let along = Along { events: event.into_iter().collect(), messages };
        if !self.0.store.end_try(key, by, ended, along).await? && is_ready {
            self.purge(key).await?;
        }
        Ok(())
    }
}

/// How long to wait until the next look, where something is due after `left`.
fn pause(left: Option<SignedDuration>) -> Duration {
    let (least, most) = LOOK;
    let Some(left) = left else { return most };
    match Duration::try_from(left) {
        Ok(left) if !left.is_zero() => left.clamp(least, most),
        _ => LOOK_OVERDUE,
    }
}

fn pacs_of(preparation: &Preparation) -> Vec<String> {
    let mut pacs: Vec<_> = preparation.studies.iter().map(|study| study.pacs.clone()).collect();
    pacs.sort_unstable();
    pacs.dedup();
    pacs
}

fn forget(asked: &mut HashMap<Id, Vec<String>>, ended: Result<(Id, ()), tokio::task::JoinError>) {
    let id = match ended {
        Ok((id, ())) => id,
        Err(error) => {
            // The claim runs out, and it is begun anew.
            tracing::error!("a fault while a package was made");
            error.id()
        }
    };
    asked.remove(&id);
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn tell(error: &StoreError) {
    tracing::error!(error = error as &dyn std::error::Error, "the store refuses a download");
}

#[cfg(test)]
mod tests {
    use store::{
        Asker, IssuedId, Language, Name, NewRequest, OrderId, PackageContent, PackageKey, Person,
        PersonId, Private, RequestId, Role,
    };

    use super::*;
    use crate::accounts::{Enrolment, NewAccount};
    use crate::clock::Clock;

    #[rstest::rstest]
    #[case::overdue(Some(-5000), 1000)]
    #[case::due(Some(0), 1000)]
    #[case::soon(Some(1), 200)]
    #[case::in_a_while(Some(1500), 1500)]
    #[case::late(Some(90_000), 30_000)]
    #[case::nothing(None, 30_000)]
    fn it_is_looked_when_something_is_due(#[case] left: Option<i64>, #[case] expected: u128) {
        assert_eq!(pause(left.map(SignedDuration::from_millis)).as_millis(), expected);
    }

    /// A PACS or a disk may come back within twenty minutes; data stay as they are.
    #[tokio::test]
    async fn a_fault_from_outside_is_tried_again_after_longer_and_longer_pauses() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = crate::app::tests::portal(folder.path(), clock.clone());
        let downloads = &portal.services().downloads;
        let ended = |reason, tries| {
            let preparation = Preparation {
                key: PackageKey::from([7; 16]),
                person: PersonId::from([1; 16]),
                order: OrderId::from([1; 16]),
                content: PackageContent::Everything,
                language: Language::It,
                studies: Vec::new(),
                reports: Vec::new(),
                created: clock.now(),
                turn: 0,
                tries,
                recall: None,
                state: PreparationState::Waiting { due: clock.now() },
            };
            downloads.broken(&preparation, &Broken::Failed(reason, String::new()))
        };
        let after =
            |seconds| EndOfTry::Later { due: clock.now() + SignedDuration::from_secs(seconds) };
        for reason in [FailureReason::Pacs, FailureReason::Storage] {
            for (tries, seconds) in [(1, 15), (2, 60), (3, 240), (4, 960)] {
                assert_eq!(ended(reason, tries), after(seconds), "{reason:?} {tries}");
            }
            assert_eq!(ended(reason, MOST_TRIES), EndOfTry::Failed { at: clock.now(), reason });
        }
        for reason in [FailureReason::Data, FailureReason::NotAtPacs] {
            assert_eq!(ended(reason, 1), EndOfTry::Failed { at: clock.now(), reason });
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_the_program_ends_of_again_and_again_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = crate::app::tests::portal(folder.path(), clock.clone());
        let services = portal.services();
        let person = Person::new(
            PersonId::fresh().unwrap(),
            vec![IssuedId { id: "TEST-1".into(), issuer: String::new() }],
            Name { family: "ROSSI".to_owned(), given: "MARIA TEST".to_owned() },
        );
        let id = person.id;
        let account = NewAccount {
            user_name: "maria.test".parse().unwrap(),
            email: Some(Private("maria.test@example.org".to_owned())),
            phone: Some(Private("+390000000000".to_owned())),
            language: Language::It,
            subject: None,
            role: Role::Oneself,
        };
        let enrolment = Enrolment { person, account: Some(account), by: "console".to_owned() };
        services.accounts.enrol(enrolment).await.unwrap().unwrap();
        let user_name = "maria.test".parse().unwrap();
        let account = services.store.account_by_user_name(&user_name).await.unwrap().unwrap();
        let key = PackageKey::from([7; 16]);
        let new = NewRequest {
            id: RequestId::fresh().unwrap(),
            asker: Asker::Account(account.id),
            at: clock.now(),
            most: 9,
            key,
            person: id,
            order: OrderId::from([1; 16]),
            content: PackageContent::Everything,
            language: Language::It,
            studies: Vec::new(),
            reports: Vec::new(),
        };
        services.store.ask(new, Along::nothing()).await.unwrap();
        let mut ends = 0;
        loop {
            let (by, now) = (ClaimId::fresh().unwrap(), clock.now());
            let until = later(now, LEASE);
            let claimed = services.store.claim_preparation(by, now, until, Vec::new()).await;
            if claimed.unwrap().is_none() {
                break;
            }
            // Here it ends, and begins again.
            ends += 1;
            services.downloads.take_back().await.unwrap();
        }
        assert_eq!(ends, MOST_TRIES);
        let state = services.store.preparation(key).await.unwrap().unwrap().state;
        let failed = PreparationState::Failed { at: clock.now(), reason: FailureReason::Fault };
        assert_eq!(state, failed);
    }
}
