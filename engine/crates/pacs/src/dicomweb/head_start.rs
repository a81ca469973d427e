//! Retrieval that begins while the instances are still being listed.
//!
//! A server may take a millisecond for each instance that it lists, and its line is idle meanwhile. So one
//! series after the other is asked for as soon as the series are known, and what comes is held in memory up
//! to a limit, until somebody takes it.
//!
//! Invariant: nothing that comes is believed. It is handed on like all that comes later; what did not come
//! is still missing then.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use model::{SeriesInstanceUid, SopInstanceUid, StudyInstanceUid};

use super::client::DicomWeb;
use super::retrieve::What;
use crate::error::PacsError;
use crate::query::SeriesSummary;
use crate::source::{Received, Receiver, Taken};

/// Bytes that are held.
const MOST_BYTES: u64 = 32 << 20;

/// What one retrieval has got so far.
#[derive(Debug)]
pub(crate) struct HeadStart {
    study: StudyInstanceUid,
    held: Arc<Held>,
}

#[derive(Debug, Default)]
struct Held {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    came: VecDeque<Received>,
    bytes: u64,
    /// No series is asked for behind the one that is under way.
    is_last: bool,
    /// Nobody wants what comes.
    is_dropped: bool,
    /// Nothing comes any more.
    is_over: bool,
}

impl Held {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn wait_while<'s>(
        &self,
        state: MutexGuard<'s, State>,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'s, State> {
        self.changed.wait_while(state, condition).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver for &Held {
    fn receive(&mut self, received: Received) -> Taken {
        let bytes = received.bytes;
        let is_full = |state: &mut State| {
            !state.is_dropped && state.bytes > 0 && state.bytes.saturating_add(bytes) > MOST_BYTES
        };
        let mut state = self.wait_while(self.state(), is_full);
        if state.is_dropped {
            return Taken::Stop;
        }
        state.bytes = state.bytes.saturating_add(bytes);
        state.came.push_back(received);
        drop(state);
        self.changed.notify_all();
        Taken::Accepted
    }

    fn is_missing(&self, _sop_instance: &SopInstanceUid) -> bool {
        true
    }
}

/// Ends what nobody waits for, however the thread ends.
struct OverAtEnd(Arc<Held>);

impl Drop for OverAtEnd {
    fn drop(&mut self) {
        self.0.change(|state| state.is_over = true);
    }
}

impl HeadStart {
    /// Begins to retrieve these series; `None` where there is no thread for it.
    pub(crate) fn begin(
        web: &Arc<DicomWeb>,
        study: &StudyInstanceUid,
        series: &[SeriesSummary],
    ) -> Option<Self> {
        let mut ordered: Vec<_> = series.iter().collect();
        ordered.sort_by_key(|one| (one.number.unwrap_or(i64::MAX), &one.series));
        let ordered: Vec<SeriesInstanceUid> =
            ordered.into_iter().map(|one| one.series.clone()).collect();
        let held = Arc::new(Held::default());
        let over = OverAtEnd(Arc::clone(&held));
        let (web, of_study) = (Arc::clone(web), study.clone());
        let work = move || {
            for series in &ordered {
                let is_wanted = !over.0.state().is_last;
                let what = What::Series(&of_study, series);
                // What breaks here is asked for again, and told of then.
                if !is_wanted || web.deliver(what, &mut &*over.0).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("esito-head-start".into()).spawn(work).ok()?;
        Some(Self { study: study.clone(), held })
    }

    /// Hands on what came, and what still comes of the series that is under way.
    ///
    /// # Errors
    /// [`PacsError::Stopped`] when the receiver wants no more.
    pub(crate) fn hand_on(
        self,
        study: &StudyInstanceUid,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        if self.study != *study {
            return Ok(());
        }
        self.held.change(|state| state.is_last = true);
        loop {
            let is_idle = |state: &mut State| state.came.is_empty() && !state.is_over;
            let mut state = self.held.wait_while(self.held.state(), is_idle);
            let Some(received) = state.came.pop_front() else { return Ok(()) };
            state.bytes = state.bytes.saturating_sub(received.bytes);
            drop(state);
            self.held.changed.notify_all();
            if receiver.receive(received) == Taken::Stop {
                return Err(PacsError::Stopped);
            }
        }
    }
}

impl Drop for HeadStart {
    fn drop(&mut self) {
        self.held.change(|state| state.is_dropped = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ReceivedBody;

    fn received(bytes: u64) -> Received {
        let body = ReceivedBody::Memory(Vec::new());
        Received { sop_instance: "1.2.3".parse().unwrap(), bytes, crc32: 0, body }
    }

    /// Takes so many.
    struct Takes(usize);

    impl Receiver for Takes {
        fn receive(&mut self, _received: Received) -> Taken {
            self.0 -= 1;
            if self.0 == 0 { Taken::Stop } else { Taken::Accepted }
        }

        fn is_missing(&self, _sop_instance: &SopInstanceUid) -> bool {
            true
        }
    }

    #[test]
    fn no_more_is_held_than_may_be_and_what_nobody_wants_is_stopped() {
        let held = Arc::new(Held::default());
        let study: StudyInstanceUid = "1.2".parse().unwrap();
        let start = HeadStart { study: study.clone(), held: Arc::clone(&held) };
        let mut came = 0;
        thread::scope(|threads| {
            let comes = threads.spawn(|| {
                while (&*held).receive(received(MOST_BYTES / 4)) == Taken::Accepted {
                    came += 1;
                }
            });
            while held.state().bytes < MOST_BYTES {
                thread::yield_now();
            }
            thread::sleep(std::time::Duration::from_millis(20));
            assert_eq!(held.state().came.len(), 4);
            let taken = start.hand_on(&study, &mut Takes(6));
            assert!(matches!(taken, Err(PacsError::Stopped)));
            comes.join().unwrap();
        });
        // Those that were taken, and up to four that nobody wants.
        assert!((6..=10).contains(&came), "{came}");
    }
}
