//! How long the program lives: as long as a page asks for something.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The page asks every 15 s; a tab in the background may do so only once a minute.
const IDLE: Duration = Duration::from_secs(180);
/// The other pages of the package say nothing: somebody may read one of them for so long.
const READING: Duration = Duration::from_secs(1800);
/// After a page was closed: another may have been opened, or the same loaded anew.
const AFTER_BYE: Duration = Duration::from_secs(5);

/// When the program ends.
#[derive(Debug)]
pub struct Life {
    end: Mutex<Instant>,
}

impl Life {
    /// A life that begins now.
    pub fn new(now: Instant) -> Self {
        Self { end: Mutex::new(now + IDLE) }
    }

    /// Somebody asked for something.
    pub fn asked(&self, now: Instant) {
        self.lengthen(now + IDLE);
    }

    /// Somebody opened a page that says nothing while it is open.
    pub fn opened(&self, now: Instant) {
        self.lengthen(now + READING);
    }

    /// A page said that it is closed.
    pub fn left(&self, now: Instant) {
        if let Ok(mut held) = self.end.lock() {
            *held = now + AFTER_BYE;
        }
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Instant) -> bool {
        self.end.lock().map_or(true, |end| now >= *end)
    }

    fn lengthen(&self, end: Instant) {
        if let Ok(mut held) = self.end.lock() {
            *held = end.max(*held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_when_nobody_asks_and_soon_after_the_page_was_closed() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let life = Life::new(start);
        assert!(!life.is_over(after(179)));
        assert!(life.is_over(after(180)));
        life.asked(after(100));
        assert!(!life.is_over(after(279)));
        life.left(after(110));
        assert!(!life.is_over(after(114)));
        assert!(life.is_over(after(115)));
        // The page was only loaded anew.
        life.asked(after(112));
        assert!(!life.is_over(after(120)));
        // From the viewer to the pages of the package, and back.
        life.opened(after(120));
        life.asked(after(125));
        assert!(!life.is_over(after(1919)));
        life.left(after(130));
        assert!(life.is_over(after(135)));
    }
}
