//! How many connections each network has: none takes the last quarter from the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections by network.
#[derive(Debug, Clone)]
pub(super) struct Networks {
    /// A quarter of all connections: what one network may have whoever else is there, and what is left to others.
    quarter: usize,
    held: Arc<Mutex<BTreeMap<Vec<u8>, usize>>>,
}

/// A connection that is counted as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    networks: Networks,
    network: Vec<u8>,
}

impl Networks {
    /// For so many connections; a quarter of them is one at least.
    pub(super) fn new(connections: usize) -> Self {
        Self { quarter: (connections / 4).max(1), held: Arc::default() }
    }

    /// Counts one more, besides which so many are free; none when the network has a quarter, and less than a
    /// quarter is left for all.
    pub(super) fn hold(&self, network: Vec<u8>, free: usize) -> Option<Held> {
        let mut held = self.lock();
        let count = held.entry(network.clone()).or_default();
        if *count >= self.quarter && free < self.quarter {
            return None;
        }
        *count += 1;
        Some(Held { networks: self.clone(), network })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.networks.lock();
        let left = held.get(&self.network).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            held.remove(&self.network);
        } else {
            held.insert(self.network.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_leaves_a_quarter_to_others_and_is_refused_nothing_before() {
        let networks = Networks::new(12);
        let hold = |network: u8, free| networks.hold(vec![192, 0, 2, network], free);
        let mut held: Vec<Held> = (0..9).map(|one| hold(1, 11 - one).unwrap()).collect();
        assert!(hold(1, 2).is_none());
        held.extend((0..3).map(|one| hold(2, 2 - one).unwrap()));
        drop(held);
        assert!(networks.lock().is_empty(), "who is gone is remembered");
        let few = Networks::new(1);
        assert!(few.hold(vec![1], 0).is_some());
    }
}
