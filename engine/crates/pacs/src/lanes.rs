//! One receiver for several associations, and the requests that they share.
//!
//! Invariant: a request is taken by one lane, and a lane that ends leaves the others what it has not
//! taken.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// One receiver, for several threads in turn.
pub(crate) struct SharedReceiver<'a> {
    receiver: Mutex<&'a mut dyn Receiver>,
    is_stopped: AtomicBool,
}

impl<'a> SharedReceiver<'a> {
    pub(crate) fn new(receiver: &'a mut dyn Receiver) -> Self {
        Self { receiver: Mutex::new(receiver), is_stopped: AtomicBool::new(false) }
    }

    /// Whether it was said once that nobody wants any more.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// The receiver as one thread has it.
    pub(crate) fn lane(&self) -> Lane<'_, 'a> {
        Lane(self)
    }
}

/// See [`SharedReceiver::lane`].
pub(crate) struct Lane<'s, 'a>(&'s SharedReceiver<'a>);

impl Lane<'_, '_> {
    fn with<T>(&self, work: impl FnOnce(&mut dyn Receiver) -> T) -> T {
        work(&mut **self.0.receiver.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When one lane is told to stop, all are.
    fn until_stopped(&self, work: impl FnOnce(&mut dyn Receiver) -> Taken) -> Taken {
        if self.0.is_stopped() {
            return Taken::Stop;
        }
        let taken = self.with(work);
        self.0.is_stopped.fetch_or(taken == Taken::Stop, Ordering::SeqCst);
        taken
    }
}

impl Receiver for Lane<'_, '_> {
    fn receive(&mut self, received: Received) -> Taken {
        self.until_stopped(|receiver| receiver.receive(received))
    }

    fn fail(&mut self, sop_instance: SopInstanceUid, reason: String) -> Taken {
        self.until_stopped(|receiver| receiver.fail(sop_instance, reason))
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        self.with(|receiver| receiver.is_missing(sop_instance))
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
        let receiver = SharedReceiver::new(&mut takes);
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
}
