//! What was told of late: one event of the audit trail stands for a visit, however much is loaded in it.
//!
//! **Invariant:** what is known of earlier events is a saving only: without it, after a restart or beyond [`MOST`],
//! there are more of them.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// For how long one event stands for a visit.
const SPAN: SignedDuration = SignedDuration::from_mins(10);
/// Visits remembered at a time, of some 150 bytes each.
const MOST: usize = 20_000;
/// Visits that are told at a time.
const TURNS: u64 = 64;

/// The visits that were told.
#[derive(Debug)]
pub(crate) struct Visits<V> {
    told: Mutex<HashMap<V, Timestamp>>,
    /// One is held by who tells a visit: of many who ask at once for the same the first tells it, and the others
    /// wait. Other visits seldom have the same one.
    turns: Vec<tokio::sync::Mutex<()>>,
    hasher: RandomState,
}

impl<V> Default for Visits<V> {
    fn default() -> Self {
        let turns = (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect();
        Self { told: Mutex::default(), turns, hasher: RandomState::new() }
    }
}

impl<V: Eq + Hash> Visits<V> {
    /// Has a visit told, unless that was done of late; when this is back, it has been.
    ///
    /// # Errors
    /// Those of `tell`: then the visit counts as not told.
    pub(crate) async fn tell_once<E>(
        &self,
        visit: V,
        now: Timestamp,
        tell: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        if self.was_told(&visit, now) {
            return Ok(());
        }
        let _turn = match self.turn(&visit) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        if !self.was_told(&visit, now) {
            tell.await?;
            self.remember(visit, now);
        }
        Ok(())
    }

    fn turn(&self, visit: &V) -> Option<&tokio::sync::Mutex<()>> {
        let number = self.hasher.hash_one(visit) % TURNS;
        self.turns.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn was_told(&self, visit: &V, now: Timestamp) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back hides nothing.
        told.get(visit).is_some_and(|at| now.duration_since(*at).abs() < SPAN)
    }

    pub(crate) fn remember(&self, visit: V, now: Timestamp) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST {
            told.retain(|_, at| now.duration_since(*at) < SPAN);
        }
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(visit, now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    #[tokio::test]
    async fn many_at_once_tell_a_visit_once() {
        let (visits, told) = (Visits::default(), AtomicUsize::new(0));
        let (visits, told) = (&visits, &told);
        let look = || async move {
            let tell = async {
                tokio::task::yield_now().await;
                told.fetch_add(1, Ordering::Relaxed);
                Ok::<(), ()>(())
            };
            visits.tell_once("a visit", at(0), tell).await
        };
        assert_eq!(tokio::join!(look(), look(), look()), (Ok(()), Ok(()), Ok(())));
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_could_not_be_told_is_told_by_the_next() {
        let visits = Visits::default();
        let refused = visits.tell_once(1, at(0), async { Err("the disk is full") }).await;
        assert_eq!(refused, Err("the disk is full"));
        assert!(!visits.was_told(&1, at(0)));
        assert_eq!(visits.tell_once(1, at(0), async { Ok::<(), &str>(()) }).await, Ok(()));
        assert!(visits.was_told(&1, at(0)));
    }

    #[test]
    fn a_visit_is_told_again_after_its_span() {
        let visits = Visits::default();
        visits.remember("here", at(0));
        assert!(visits.was_told(&"here", at(599)));
        for (visit, seconds) in [("here", 600), ("here", -600), ("there", 0)] {
            assert!(!visits.was_told(&visit, at(seconds)), "{visit} {seconds}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let visits = Visits::default();
        for number in 0..MOST + 10 {
            visits.remember(number, at(0));
        }
        let told = visits.told.lock().unwrap().len();
        assert!((1..=MOST).contains(&told), "{told}");
    }
}
