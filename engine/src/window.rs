//! The ordered, bounded window between the thread that feeds work and the one that writes results.
//!
//! The feeding thread puts the place for an answer into a bounded queue first and starts the work
//! after that; the writing thread takes the places in order. No worker ever waits for input, output
//! or a queue. A budget in bytes, claimed before the input is read, bounds what is in memory; it is
//! free again when the result has been written.
//!
//! Invariant: however slow the first piece of work is, no more is fed than queue and budget hold.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rayon::ThreadPool;

#[derive(Debug)]
struct Budget {
    total: u64,
    state: Mutex<BudgetState>,
    changed: Condvar,
}

#[derive(Debug)]
struct BudgetState {
    free: u64,
    /// Nobody takes results any more: claims that wait would wait for ever.
    closed: bool,
}

impl Budget {
    fn change(&self, change: impl FnOnce(&mut BudgetState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

/// Bytes of the budget; they are free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Claim {
    /// How many bytes they are.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.budget.change(|state| state.free += self.bytes);
    }
}

/// A worker panicked: its result does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Nobody takes results any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// A result and the claim that its memory is counted under.
type Answer<T> = Result<(T, Claim), Panicked>;

/// The end where work goes in.
#[derive(Debug)]
pub(crate) struct Feed<T> {
    places: Sender<Receiver<Answer<T>>>,
    budget: Arc<Budget>,
    pool: Arc<ThreadPool>,
}

/// The end where results come out, in the order in which the work went in.
#[derive(Debug)]
pub(crate) struct Results<T> {
    places: Receiver<Receiver<Answer<T>>>,
    budget: Arc<Budget>,
}

impl<T> Drop for Results<T> {
    fn drop(&mut self) {
        self.budget.change(|state| state.closed = true);
    }
}

/// A window of `places` pieces of work and `budget_bytes` bytes.
pub(crate) fn window<T>(
    places: usize,
    budget_bytes: u64,
    pool: Arc<ThreadPool>,
) -> (Feed<T>, Results<T>) {
    let (sender, receiver) = bounded(places);
    let state = Mutex::new(BudgetState { free: budget_bytes, closed: false });
    let budget = Arc::new(Budget { total: budget_bytes, state, changed: Condvar::new() });
    let results = Results { places: receiver, budget: Arc::clone(&budget) };
    (Feed { places: sender, budget, pool }, results)
}

impl<T: Send + 'static> Feed<T> {
    /// Waits until so many bytes of the budget are free and takes them.
    ///
    /// No claim takes more than three quarters: one huge frame is worked on alone, beside the
    /// instance that it belongs to (see [`Feed::hold`]).
    pub(crate) fn claim(&self, bytes: u64) -> Result<Claim, Closed> {
        let bytes = bytes.min(self.budget.total / 4 * 3);
        let state = self.budget.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .budget
            .changed
            .wait_while(state, |state| state.free < bytes && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Closed);
        }
        state.free -= bytes;
        Ok(Claim { budget: Arc::clone(&self.budget), bytes })
    }

    /// Claims what an instance holds while its pieces claim for themselves: a quarter at most, so that
    /// it never waits for itself.
    pub(crate) fn hold(&self, bytes: u64) -> Result<Claim, Closed> {
        self.claim(bytes.min(self.budget.total / 4))
    }

    /// Starts a piece of work whose result does not come out here, but where it is waited for. The claim
    /// covers the work alone.
    pub(crate) fn begin<R: Send + 'static>(
        &self,
        claim: Claim,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Receiver<Result<R, Panicked>> {
        let (answer, place) = bounded(1);
        self.pool.spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(work)).map_err(|_panic| Panicked);
            drop(claim);
            drop(answer.send(result));
        });
        place
    }

    /// Starts a piece of work whose result comes out behind those submitted before.
    pub(crate) fn submit(
        &self,
        claim: Claim,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(), Closed> {
        let (answer, place) = bounded(1);
        self.places.send(place).map_err(|_no_reader| Closed)?;
        self.pool.spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(work)).map_err(|_panic| Panicked);
            // When nobody waits for the answer any more, it is dropped with its claim.
            drop(answer.send(result.map(|result| (result, claim))));
        });
        Ok(())
    }
}

/// What there is to take at a time.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// The next result.
    Result(Answer<T>),
    /// Nothing yet.
    Waiting,
    /// No more results come.
    End,
}

impl<T> Results<T> {
    /// Waits for the next result, no longer than `patience` for its work to be fed.
    pub(crate) fn step(&mut self, patience: Duration) -> Step<T> {
        match self.places.recv_timeout(patience) {
            Ok(place) => Step::Result(place.recv().unwrap_or(Err(Panicked))),
            Err(RecvTimeoutError::Timeout) => Step::Waiting,
            Err(RecvTimeoutError::Disconnected) => Step::End,
        }
    }
}

#[cfg(test)]
impl<T> Iterator for Results<T> {
    type Item = Answer<T>;

    fn next(&mut self) -> Option<Answer<T>> {
        match self.step(Duration::MAX) {
            Step::Result(answer) => Some(answer),
            Step::Waiting | Step::End => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Instant;

    const WORK: usize = 400;
    const PLACES: usize = 4;
    /// One in the hands of the feeder and one in those of the writer, beside the queue.
    const MOST: usize = PLACES + 2;

    fn pool() -> Arc<ThreadPool> {
        Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap())
    }

    /// Feeds `WORK` pieces and gives how many were fed, and what `write` made of the results.
    fn run<R>(
        budget: u64,
        cost: u64,
        work: impl Fn(usize) -> usize + Send + Sync + Clone + 'static,
        write: impl FnOnce(Results<usize>, &AtomicUsize) -> R,
    ) -> (usize, R) {
        let (feed, results) = window(PLACES, budget, pool());
        let fed = AtomicUsize::new(0);
        let written = thread::scope(|scope| {
            let fed = &fed;
            scope.spawn(move || {
                for index in 0..WORK {
                    let Ok(claim) = feed.claim(cost) else { break };
                    fed.fetch_add(1, Ordering::SeqCst);
                    let work = work.clone();
                    if feed.submit(claim, move || work(index)).is_err() {
                        break;
                    }
                }
            });
            write(results, fed)
        });
        (fed.load(Ordering::SeqCst), written)
    }

    /// Waits until the count has stood still for a while.
    fn settled(count: &AtomicUsize) -> usize {
        let start = Instant::now();
        let mut last = (count.load(Ordering::SeqCst), Instant::now());
        while last.1.elapsed() < Duration::from_millis(200) && start.elapsed().as_secs() < 10 {
            thread::sleep(Duration::from_millis(5));
            let now = count.load(Ordering::SeqCst);
            if now != last.0 {
                last = (now, Instant::now());
            }
        }
        last.0
    }

    #[test]
    fn results_come_in_order_whatever_takes_longest() {
        let slow_evens = |index: usize| {
            if index.is_multiple_of(2) {
                thread::sleep(Duration::from_millis(1));
            }
            index
        };
        let (_, order) = run(1000, 1, slow_evens, |results, _| {
            results.map(|result| result.unwrap().0).collect::<Vec<_>>()
        });
        assert_eq!(order, (0..WORK).collect::<Vec<_>>());
    }

    #[test]
    fn a_stopped_writer_stops_the_feed() {
        let (fed, ()) = run(
            1000,
            1,
            |index| index,
            |mut results, fed| {
                let first = results.next();
                assert!(settled(fed) <= MOST);
                drop(first);
            },
        );
        assert!(fed <= MOST + 1, "{fed}");
    }

    #[test]
    fn a_writer_that_is_gone_ends_the_feed() {
        let (fed, ()) = run(1000, 1, |index| index, |results, _| drop(results));
        assert!(fed <= MOST, "{fed}");
    }

    #[test]
    fn a_slow_first_piece_does_not_let_the_rest_in() {
        let slow_first = |index: usize| {
            if index == 0 {
                thread::sleep(Duration::from_millis(600));
            }
            index
        };
        run(1000, 1, slow_first, |results, fed| {
            assert!(settled(fed) <= MOST);
            assert_eq!(results.count(), WORK);
        });
    }

    #[test]
    fn a_panic_is_an_error_and_no_hang() {
        let panics = |index: usize| if index == 7 { panic!("bad frame") } else { index };
        let (_, results) = run(1000, 1, panics, |results, _| {
            results.map(|result| result.map(|(index, _)| index)).collect::<Vec<_>>()
        });
        assert_eq!(results.len(), WORK);
        assert_eq!(results[7], Err(Panicked));
        assert_eq!(results[8], Ok(8));
    }

    #[test]
    fn the_budget_bounds_what_is_in_work() {
        let (_, ()) = run(
            10,
            5,
            |index| index,
            |mut results, fed| {
                let first = results.next();
                assert_eq!(settled(fed), 2);
                drop(first);
            },
        );
    }

    #[test]
    fn a_feed_that_waits_for_the_budget_ends_with_its_writer() {
        for _ in 0..200 {
            let (fed, ()) = run(10, 5, |index| index, |results, _| drop(results));
            assert!(fed <= 2, "{fed}");
        }
    }

    #[test]
    fn a_claim_beyond_the_budget_waits_for_most_of_it_and_no_longer() {
        let (fed, count) = run(10, 1_000_000, |index| index, |results, _| results.count());
        assert_eq!((fed, count), (WORK, WORK));
    }
}
