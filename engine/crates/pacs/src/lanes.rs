//! One receiver for several associations, and the requests that they share.
//!
//! Invariant: a request is taken by one lane, and a lane that ends leaves the others what it has not
//! taken.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use model::SopInstanceUid;

use crate::error::PacsError;
use crate::source::{Received, Receiver, Taken};

/// Requests that no lane has taken yet.
#[derive(Debug)]
pub(crate) struct Requests<T>(Mutex<VecDeque<T>>);

impl<T> Requests<T> {
    pub(crate) fn next(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// One receiver, for the lanes of one pass in turn.
///
/// A pass that brings nothing new any more is ended; what it leaves is asked for by another one.
pub(crate) struct SharedReceiver<'a> {
    receiver: Mutex<&'a mut dyn Receiver>,
    is_stopped: AtomicBool,
    /// Instances in a row that may bring nothing new.
    patience: usize,
    in_vain: AtomicUsize,
}

/// Instances in a row that bring nothing new, besides one for each that is wanted.
const MOST_IN_VAIN: usize = 200;

impl<'a> SharedReceiver<'a> {
    /// `expected` are all instances that the source may have reason to send, also once more.
    pub(crate) fn new(receiver: &'a mut dyn Receiver, expected: usize) -> Self {
        let (receiver, is_stopped) = (Mutex::new(receiver), AtomicBool::new(false));
        let patience = expected.saturating_add(MOST_IN_VAIN);
        Self { receiver, is_stopped, patience, in_vain: AtomicUsize::new(0) }
    }

    /// From now on nothing is taken any more.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
    }

    /// Whether the pass is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// How the pass ended: that nobody wants any more, or that the source goes round in circles.
    pub(crate) fn ended(&self, result: Result<(), PacsError>) -> Result<(), PacsError> {
        if self.in_vain.load(Ordering::SeqCst) <= self.patience {
            return result;
        }
        let sentence = "the PACS sends the same again and again, and nothing that is missing";
        Err(PacsError::Protocol(sentence.to_owned()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut dyn Receiver) -> T) -> T {
        work(&mut **self.receiver.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn receive(&self, received: Received) -> Taken {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = received.sop_instance.clone();
        let was_missing = receiver.is_missing(&uid);
        let taken = receiver.receive(received);
        if was_missing && !receiver.is_missing(&uid) {
            self.in_vain.store(0, Ordering::SeqCst);
        } else if self.in_vain.fetch_add(1, Ordering::SeqCst) >= self.patience {
            return Taken::Stop;
        }
        taken
    }

    /// The receiver as one thread has it.
    pub(crate) fn lane(&self) -> Lane<'_, 'a> {
        Lane(self)
    }
}

/// See [`SharedReceiver::lane`].
pub(crate) struct Lane<'s, 'a>(&'s SharedReceiver<'a>);

impl Lane<'_, '_> {
    /// When one lane is told to stop, all are.
    fn until_stopped(&self, work: impl FnOnce(&SharedReceiver<'_>) -> Taken) -> Taken {
        if self.0.is_stopped() {
            return Taken::Stop;
        }
        let taken = work(self.0);
        self.0.is_stopped.fetch_or(taken == Taken::Stop, Ordering::SeqCst);
        taken
    }
}

impl Receiver for Lane<'_, '_> {
    fn receive(&mut self, received: Received) -> Taken {
        self.until_stopped(|shared| shared.receive(received))
    }

    fn fail(&mut self, sop_instance: SopInstanceUid, reason: String) -> Taken {
        self.until_stopped(|shared| shared.with(|receiver| receiver.fail(sop_instance, reason)))
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        self.0.with(|receiver| receiver.is_missing(sop_instance))
    }
}

/// Runs requests over several lanes; each lane takes one after the other until there are none.
///
/// A peer that has no room for another association refuses it: what the refused lane would have
/// taken, the others take.
///
/// # Errors
/// [`PacsError::Stopped`]; else an error of a lane, unless it only kept that one from beginning and
/// another has ended well.
pub(crate) fn in_lanes<T: Send>(
    requests: Vec<T>,
    lanes: NonZeroUsize,
    lane: impl Fn(&Requests<T>) -> Result<(), PacsError> + Sync,
) -> Result<(), PacsError> {
    let lanes = lanes.get().min(requests.len());
    let requests = Requests(Mutex::new(requests.into()));
    if lanes <= 1 {
        return lane(&requests);
    }
    let (requests, lane) = (&requests, &lane);
    let results: Vec<_> = thread::scope(|threads| {
        let start = |_| {
            let thread = thread::Builder::new().name("esito-retrieve".into());
            thread.spawn_scoped(threads, move || lane(requests)).map_err(PacsError::Spool)
        };
        let started: Vec<_> = (0..lanes).map(start).collect();
        let panicked = |_| Err(PacsError::Protocol("a retrieving thread panicked".into()));
        let join = |started: Result<thread::ScopedJoinHandle<'_, _>, _>| {
            started.and_then(|handle| handle.join().unwrap_or_else(panicked))
        };
        started.into_iter().map(join).collect()
    });
    // Whoever ends well has found no request left.
    let is_through = results.iter().any(Result::is_ok);
    let mut last = if is_through { Ok(()) } else { Err(PacsError::Stopped) };
    let mut errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    // What broke an association says more than that another one was refused.
    errors.sort_by_key(|error| !error.is_no_association());
    for error in errors {
        match error {
            PacsError::Stopped => return Err(PacsError::Stopped),
            error if is_through && error.is_no_association() => {}
            error => last = Err(error),
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ReceivedBody;
    use std::collections::HashSet;

    /// Takes so many, and then no more.
    struct Takes {
        left: usize,
        came: Vec<u64>,
    }

    impl Receiver for Takes {
        fn receive(&mut self, received: Received) -> Taken {
            if self.left == 0 {
                return Taken::Stop;
            }
            self.left -= 1;
            self.came.push(received.bytes);
            Taken::Accepted
        }

        fn is_missing(&self, _sop_instance: &SopInstanceUid) -> bool {
            true
        }
    }

    fn received(bytes: u64) -> Received {
        let body = ReceivedBody::Memory(Vec::new());
        Received { sop_instance: "1.2.3".parse().unwrap(), bytes, crc32: 0, body }
    }

    fn lanes(lanes: usize) -> NonZeroUsize {
        NonZeroUsize::new(lanes).unwrap()
    }

    /// Delivers what a lane takes; a request that `breaks` ends the lane.
    fn deliver(
        requests: &Requests<u64>,
        receiver: &SharedReceiver<'_>,
        breaks: Option<u64>,
    ) -> Result<(), PacsError> {
        while let Some(request) = requests.next() {
            if Some(request) == breaks {
                return Err(PacsError::HungUp("reset".into()));
            }
            if receiver.lane().receive(received(request)) == Taken::Stop {
                return Err(PacsError::Stopped);
            }
        }
        Ok(())
    }

    /// What came over so many lanes, and how it ended.
    fn retrieve(
        requests: u64,
        count: usize,
        most: usize,
        lane: impl Fn(&Requests<u64>, &SharedReceiver<'_>) -> Result<(), PacsError> + Sync,
    ) -> (Vec<u64>, Result<(), PacsError>) {
        let mut takes = Takes { left: most, came: Vec::new() };
        let receiver = SharedReceiver::new(&mut takes, usize::MAX);
        let ended =
            in_lanes((0..requests).collect(), lanes(count), |requests| lane(requests, &receiver));
        takes.came.sort_unstable();
        (takes.came, ended)
    }

    fn rejected() -> PacsError {
        PacsError::Rejected { reason: "local limit exceeded".into(), fix: String::new() }
    }

    #[test]
    fn each_request_is_taken_once() {
        for count in [1, 2, 7] {
            let (came, ended) = retrieve(50, count, usize::MAX, |requests, receiver| {
                deliver(requests, receiver, None)
            });
            assert_eq!(came, (0..50).collect::<Vec<_>>());
            ended.unwrap();
        }
    }

    #[test]
    fn a_peer_with_room_for_one_association_delivers_all() {
        let has_one = AtomicBool::new(false);
        let (came, ended) = retrieve(9, 3, usize::MAX, |requests, receiver| {
            if has_one.swap(true, Ordering::SeqCst) {
                return Err(rejected());
            }
            deliver(requests, receiver, None)
        });
        assert_eq!(came.len(), 9);
        ended.unwrap();
    }

    #[test]
    fn a_peer_that_refuses_all_is_told_of() {
        let (_, ended) = retrieve(2, 2, usize::MAX, |_, _| Err(rejected()));
        assert!(matches!(ended, Err(PacsError::Rejected { .. })));
    }

    #[test]
    fn a_refused_lane_does_not_hide_why_the_other_broke() {
        let has_one = AtomicBool::new(false);
        let (_, ended) = retrieve(9, 2, usize::MAX, |requests, receiver| {
            if has_one.swap(true, Ordering::SeqCst) {
                return Err(rejected());
            }
            deliver(requests, receiver, Some(4))
        });
        assert!(matches!(ended, Err(PacsError::HungUp(_))));
    }

    #[test]
    fn a_lane_that_breaks_is_told_of_and_keeps_nothing_back() {
        let (came, ended) =
            retrieve(20, 2, usize::MAX, |requests, receiver| deliver(requests, receiver, Some(3)));
        assert!(matches!(ended, Err(PacsError::HungUp(_))));
        assert_eq!(came.len(), 19);
    }

    #[test]
    fn whoever_wants_no_more_stops_all_lanes() {
        let (came, ended) =
            retrieve(1000, 4, 5, |requests, receiver| deliver(requests, receiver, None));
        assert!(matches!(ended, Err(PacsError::Stopped)));
        assert_eq!(came.len(), 5);
    }

    /// Remembers what it has.
    struct Has(HashSet<SopInstanceUid>);

    impl Receiver for Has {
        fn receive(&mut self, received: Received) -> Taken {
            self.0.insert(received.sop_instance);
            Taken::Accepted
        }

        fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
            !self.0.contains(sop_instance)
        }
    }

    #[test]
    fn a_pass_that_brings_nothing_new_any_more_ends_and_says_so() {
        let mut receiver = Has(HashSet::new());
        let shared = SharedReceiver::new(&mut receiver, 50);
        let mut sent = 0;
        let send = |number: usize| {
            let sop_instance = format!("1.2.{}", number % 50).parse().unwrap();
            shared.lane().receive(Received { sop_instance, ..received(1) })
        };
        while sent < 1000 && send(sent) == Taken::Accepted {
            sent += 1;
        }
        // Once what is new, once more each of it, and then what is allowed beside it.
        assert_eq!(sent, 50 + 50 + MOST_IN_VAIN);
        assert!(matches!(shared.ended(Err(PacsError::Stopped)), Err(PacsError::Protocol(_))));
    }
}
