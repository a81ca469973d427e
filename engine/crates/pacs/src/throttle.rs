//! So many bytes a second from one PACS, over however many connections.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a pause of the peer leaves over is made up for within this time.
const MADE_UP: Duration = Duration::from_millis(100);

/// A limit that all its clones share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Throttle(Option<Arc<Limit>>);

#[derive(Debug)]
struct Limit {
    bytes_per_second: NonZeroU64,
    /// When the next byte may come.
    next: Mutex<Instant>,
}

impl Throttle {
    pub(crate) fn new(bytes_per_second: Option<NonZeroU64>) -> Self {
        let limit = |bytes_per_second| {
            Arc::new(Limit { bytes_per_second, next: Mutex::new(Instant::now()) })
        };
        Self(bytes_per_second.map(limit))
    }

    /// Counts bytes that came, and says how long to wait before more are read.
    #[must_use]
    pub(crate) fn took(&self, bytes: u64) -> Duration {
        let Some(limit) = &self.0 else { return Duration::ZERO };
        let now = Instant::now();
        let cost = Duration::from_micros(bytes.saturating_mul(1_000_000) / limit.bytes_per_second);
        let mut next = limit.next.lock().unwrap_or_else(PoisonError::into_inner);
        let from = now.checked_sub(MADE_UP).map_or(now, |earliest| (*next).max(earliest));
        *next = from.checked_add(cost).unwrap_or(from);
        next.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_together_keep_to_the_limit() {
        let throttle = Throttle::new(NonZeroU64::new(1000));
        let other = throttle.clone();
        let one = throttle.took(2000);
        let both = other.took(2000);
        assert!(one <= Duration::from_secs(2) && one > Duration::from_millis(1800), "{one:?}");
        assert!(both > Duration::from_millis(3800), "{both:?}");
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        assert_eq!(Throttle::new(None).took(u64::MAX), Duration::ZERO);
    }
}
