//! How many connections each network has: none takes all that there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections by network.
#[derive(Debug, Clone)]
pub(super) struct Networks {
    /// Connections of one network.
    most: usize,
    held: Arc<Mutex<BTreeMap<Vec<u8>, usize>>>,
}

/// A connection that is counted as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    networks: Networks,
    network: Vec<u8>,
}

impl Networks {
    /// Leaves each network a quarter of so many connections, and one at least.
    pub(super) fn new(connections: usize) -> Self {
        Self { most: (connections / 4).max(1), held: Arc::default() }
    }

    /// Counts one more; none when the network has as many as it may.
    pub(super) fn hold(&self, network: Vec<u8>) -> Option<Held> {
        let mut held = self.lock();
        let count = held.entry(network.clone()).or_default();
        if *count >= self.most {
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
    fn a_network_has_a_quarter_and_holds_up_no_other() {
        let networks = Networks::new(12);
        let hold = |network: u8| networks.hold(vec![192, 0, 2, network]);
        let mut held: Vec<Held> = (0..3).map(|_| hold(1).unwrap()).collect();
        assert!(hold(1).is_none());
        assert!(hold(2).is_some());
        held.pop();
        held.push(hold(1).unwrap());
        assert!(hold(1).is_none());
        drop(held);
        assert!(networks.lock().is_empty(), "who is gone is remembered");
        let few = Networks::new(1);
        assert!(few.hold(vec![1]).is_some());
    }
}
