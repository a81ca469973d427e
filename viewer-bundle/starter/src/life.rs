//! How long the program lives: as long as a page asks for something.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The page asks every 15 s; a tab in the background may do so only once a minute.
const IDLE: Duration = Duration::from_secs(180);
/// The other pages of the package say nothing: somebody may read one of them for so long.
const READING: Duration = Duration::from_secs(1800);
/// After a page was closed: another may have been opened, or the same loaded anew.
const AFTER_BYE: Duration = Duration::from_secs(5);

/// Tabs that are told apart: more than anybody has open, and few enough to hold.
const MOST_TABS: usize = 64;

/// When the program ends.
#[derive(Debug)]
pub struct Life {
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    end: Instant,
    /// The tabs with the viewer, and when each was last heard of.
    tabs: HashMap<String, Instant>,
}

impl Life {
    /// A life that begins now.
    pub fn new(now: Instant) -> Self {
        Self { held: Mutex::new(Held { end: now + IDLE, tabs: HashMap::new() }) }
    }

    /// Somebody asked for something.
    pub fn asked(&self, now: Instant) {
        self.lengthen(now + IDLE);
    }

    /// Somebody opened a page that says nothing while it is open.
    pub fn opened(&self, now: Instant) {
        self.lengthen(now + READING);
    }

    /// A tab says that the viewer is open in it.
    pub fn heard(&self, tab: &str, now: Instant) {
        if let Ok(mut held) = self.held.lock() {
            held.tabs.retain(|_, last| now < *last + IDLE);
            if held.tabs.len() < MOST_TABS {
                held.tabs.insert(tab.to_owned(), now);
            }
        }
        self.asked(now);
    }

    /// A tab says that the viewer is closed in it: the other tabs have as long as they have anyway.
    pub fn left(&self, tab: &str, now: Instant) {
        if let Ok(mut held) = self.held.lock() {
            held.tabs.remove(tab);
            let last = held.tabs.values().max().map(|last| *last + IDLE);
            held.end = last.unwrap_or(now).max(now + AFTER_BYE);
        }
    }

    /// A tab says that another page of the package is opened in it, which says nothing.
    pub fn moved(&self, tab: &str) {
        if let Ok(mut held) = self.held.lock() {
            held.tabs.remove(tab);
        }
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Instant) -> bool {
        self.held.lock().map_or(true, |held| now >= held.end)
    }

    fn lengthen(&self, end: Instant) {
        if let Ok(mut held) = self.held.lock() {
            held.end = end.max(held.end);
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
        life.left("1", after(110));
        assert!(!life.is_over(after(114)));
        assert!(life.is_over(after(115)));
        // The page was only loaded anew.
        life.asked(after(112));
        assert!(!life.is_over(after(120)));
        // From the viewer to the pages of the package, and back.
        life.opened(after(120));
        life.asked(after(125));
        assert!(!life.is_over(after(1919)));
        life.left("1", after(130));
        assert!(life.is_over(after(135)));
    }

    #[test]
    fn the_end_of_one_tab_is_not_that_of_another() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let life = Life::new(start);
        life.heard("1", after(2));
        life.heard("2", after(10));
        life.left("1", after(11));
        assert!(!life.is_over(after(189)), "the second speaks once a minute in the background");
        assert!(life.is_over(after(190)));
        life.heard("2", after(70));
        life.left("2", after(71));
        assert!(life.is_over(after(76)));
        // From the viewer to the pages of the package, and back, under another name.
        life.heard("a", after(72));
        life.moved("a");
        life.heard("b", after(73));
        life.left("b", after(74));
        assert!(life.is_over(after(79)));
        // One that was never closed, and is silent, is gone.
        life.heard("3", after(100));
        life.heard("4", after(400));
        life.left("4", after(401));
        assert!(life.is_over(after(406)));
    }
}
