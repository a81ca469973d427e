//! A body that must come in time and in bounds.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use crate::throttle::Throttle;

/// So many bytes count as progress: a peer that drips single bytes makes none.
const PROGRESS_BYTES: u64 = 1 << 10;

/// Reads with a limit of bytes and a least rate. Only the time of waiting for the peer counts, not
/// that of whoever reads.
#[derive(Debug)]
pub(super) struct Steady<R> {
    body: R,
    no_progress: Duration,
    left_bytes: u64,
    waited: Duration,
    since_progress: u64,
    throttle: Throttle,
}

/// Why a [`Steady`] body stopped, inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsteady {
    #[error("too slow")]
    TooSlow,
    #[error("too long")]
    TooLong,
}

impl<R> Steady<R> {
    pub(super) fn new(body: R, no_progress: Duration, limit_bytes: u64) -> Self {
        Self {
            body,
            no_progress,
            left_bytes: limit_bytes,
            waited: Duration::ZERO,
            since_progress: 0,
            throttle: Throttle::default(),
        }
    }

    /// Takes no more bytes a second than it allows.
    pub(super) fn throttled(mut self, throttle: Throttle) -> Self {
        self.throttle = throttle;
        self
    }
}

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = Instant::now();
        let read = self.body.read(buffer)?;
        let bytes = read as u64;
        self.left_bytes = self
            .left_bytes
            .checked_sub(bytes)
            .ok_or_else(|| io::Error::other(Unsteady::TooLong))?;
        self.waited += before.elapsed();
        self.since_progress += bytes;
        if self.since_progress >= PROGRESS_BYTES {
            self.waited = Duration::ZERO;
            self.since_progress = 0;
        } else if read > 0 && self.waited > self.no_progress {
            return Err(io::Error::other(Unsteady::TooSlow));
        }
        std::thread::sleep(self.throttle.took(bytes));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    struct Drip;

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(5));
            buffer[0] = 1;
            Ok(1)
        }
    }

    fn fault(mut body: impl Read) -> Unsteady {
        let error = io::copy(&mut body, &mut io::sink()).unwrap_err();
        *error.get_ref().unwrap().downcast_ref().unwrap()
    }

    #[test]
    fn single_bytes_are_no_progress() {
        assert_eq!(fault(Steady::new(Drip, Duration::from_millis(50), 1 << 20)), Unsteady::TooSlow);
    }

    #[test]
    fn an_endless_body_ends_at_the_limit() {
        let endless = Steady::new(io::repeat(0), Duration::from_mins(1), 1 << 20);
        assert_eq!(fault(endless), Unsteady::TooLong);
    }

    #[test]
    fn a_throttled_body_takes_its_time() {
        let throttle = Throttle::new(NonZeroU64::new(4 << 20));
        let body = io::repeat(0).take(1 << 20);
        let mut body = Steady::new(body, Duration::from_mins(1), 1 << 20).throttled(throttle);
        let begun = Instant::now();
        assert_eq!(io::copy(&mut body, &mut io::sink()).unwrap(), 1 << 20);
        assert!(begun.elapsed() >= Duration::from_millis(240), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_body_of_just_the_limit_is_whole() {
        let mut body = Steady::new(io::repeat(0).take(1 << 20), Duration::from_mins(1), 1 << 20);
        assert_eq!(io::copy(&mut body, &mut io::sink()).unwrap(), 1 << 20);
    }
}
