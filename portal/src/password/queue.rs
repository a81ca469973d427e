//! Places to work in that are given out in turns: whoever asks for many waits behind their own requests, not
//! in front of everybody else's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::password::hashing::Busy;

/// Whose turn it is: a network, or the site itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(pub(crate) Vec<u8>);

impl Turn {
    /// The site's own work.
    pub(crate) fn of_site() -> Self {
        Self(Vec::new())
    }
}

/// So many places, and so many requests that may wait for one.
#[derive(Debug)]
pub(crate) struct FairQueue {
    most_waiting: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    waiting: usize,
    /// Requests by whose they are; none is empty.
    queues: BTreeMap<Turn, VecDeque<oneshot::Sender<Place>>>,
    /// Whose turn comes next.
    turns: VecDeque<Turn>,
}

/// A place; dropping it lets the next one in.
#[derive(Debug)]
pub(crate) struct Place(Option<Arc<FairQueue>>);

impl FairQueue {
    pub(crate) fn new(places: usize, most_waiting: usize) -> Arc<Self> {
        let state =
            State { free: places, waiting: 0, queues: BTreeMap::new(), turns: VecDeque::new() };
        Arc::new(Self { most_waiting, state: Mutex::new(state) })
    }

    /// Waits for a place.
    ///
    /// When too many wait, the newest request of whoever has most of them is sent away: that may be this one.
    pub(crate) async fn place(self: &Arc<Self>, turn: Turn) -> Result<Place, Busy> {
        let given = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Place(Some(Arc::clone(self))));
            }
            if state.waiting >= self.most_waiting {
                state.make_room(&turn)?;
            }
            state.join(turn)
        };
        given.await.map_err(|_sent_away| Busy)
    }

    fn release(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                let Some(next) = state.next() else {
                    state.free += 1;
                    return;
                };
                next
            };
            match next.send(Place(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // Whoever waited has left: the place goes to the next one.
                Err(mut place) => place.0 = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, turn: Turn) -> oneshot::Receiver<Place> {
        let (sender, receiver) = oneshot::channel();
        self.waiting += 1;
        if !self.queues.contains_key(&turn) {
            self.turns.push_back(turn.clone());
        }
        self.queues.entry(turn).or_default().push_back(sender);
        receiver
    }

    /// Sends away the newest request of whoever has most, if that is more than `turn` would have.
    fn make_room(&mut self, turn: &Turn) -> Result<(), Busy> {
        let own = self.queues.get(turn).map_or(0, VecDeque::len) + 1;
        let most = self.queues.values_mut().max_by_key(|queue| queue.len());
        let queue = most.filter(|queue| queue.len() > own).ok_or(Busy)?;
        drop(queue.pop_back());
        self.waiting -= 1;
        Ok(())
    }

    /// The oldest request of whose turn it is.
    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let turn = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&turn)?;
        let next = queue.pop_front()?;
        self.waiting -= 1;
        if queue.is_empty() {
            self.queues.remove(&turn);
        } else {
            self.turns.push_back(turn);
        }
        Some(next)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    fn turn(name: &str) -> Turn {
        Turn(name.as_bytes().to_vec())
    }

    /// Asks, and is in the queue when this returns.
    async fn ask(queue: &Arc<FairQueue>, name: &str) -> JoinHandle<Result<Place, Busy>> {
        let (queue, turn) = (Arc::clone(queue), turn(name));
        let task = tokio::spawn(async move { queue.place(turn).await });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        task
    }

    #[tokio::test]
    async fn whoever_asks_for_many_does_not_hold_up_who_asks_for_one() {
        let queue = FairQueue::new(1, 100);
        let first = queue.place(turn("flood")).await.unwrap();
        let mut flood = Vec::new();
        for _ in 0..50 {
            flood.push(ask(&queue, "flood").await);
        }
        let patient = ask(&queue, "patient").await;
        drop(first);
        let second = flood.remove(0).await.unwrap().unwrap();
        assert!(!patient.is_finished());
        drop(second);
        let third = patient.await.unwrap().unwrap();
        drop(third);
        for task in flood {
            drop(task.await.unwrap().unwrap());
        }
        assert_eq!(queue.state().free, 1);
    }

    #[tokio::test]
    async fn when_too_many_wait_the_newest_of_the_most_is_sent_away() {
        let queue = FairQueue::new(1, 3);
        let held = queue.place(turn("flood")).await.unwrap();
        let flood = [ask(&queue, "flood").await, ask(&queue, "flood").await];
        let [older, newer] = flood;
        let newest = ask(&queue, "flood").await;
        assert!(ask(&queue, "flood").await.await.unwrap().is_err(), "nobody has more");
        let patient = ask(&queue, "patient").await;
        assert!(newest.await.unwrap().is_err());
        let other = ask(&queue, "other").await;
        assert!(newer.await.unwrap().is_err());
        assert!(ask(&queue, "fourth").await.await.unwrap().is_err(), "all have one");
        drop(held);
        drop(older.await.unwrap().unwrap());
        drop(patient.await.unwrap().unwrap());
        drop(other.await.unwrap().unwrap());
        let state = queue.state();
        assert_eq!((state.free, state.waiting), (1, 0));
    }

    #[tokio::test]
    async fn who_leaves_the_queue_takes_no_place_with_them() {
        let queue = FairQueue::new(1, 10);
        let held = queue.place(turn("a")).await.unwrap();
        let leaving = ask(&queue, "b").await;
        let staying = ask(&queue, "c").await;
        leaving.abort();
        drop(leaving.await);
        drop(held);
        drop(staying.await.unwrap().unwrap());
        assert_eq!(queue.state().free, 1);
    }
}
