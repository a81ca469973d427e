//! Time as a value.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// One that stands still until it is told to go on, for tests.
    Standing(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`, to the second.
    pub fn standing_at(now: Timestamp) -> Self {
        Self::Standing(Arc::new(AtomicI64::new(now.as_second())))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Standing(second) => {
                Timestamp::from_second(second.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Moves a standing clock on; the machine's goes by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Standing(second) = self {
            second.fetch_add(by.as_secs(), Ordering::SeqCst);
        }
    }
}
