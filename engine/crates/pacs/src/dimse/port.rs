//! The port of the Store SCP, which one retrieval has at a time.
//!
//! A PACS knows one port for our AE title, and need not say which request an instance answers (Move
//! Originator, PS3.7 §9.1.1.1.5): what two retrievals at a time were sent could not be told apart.
//!
//! Invariant: whoever waits gets the port in the order of asking.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::wire::{LOOK_EVERY, StopFlag};
use crate::error::PacsError;

/// How long another program may have the port: `esito check` has it for a moment.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Who has a port or waits for it, in the order of asking.
struct Queue {
    last: u64,
    turns: Vec<(SocketAddr, u64)>,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { last: 0, turns: Vec::new() });
static CHANGED: Condvar = Condvar::new();

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The port is one retrieval's as long as it holds this.
#[derive(Debug)]
pub(crate) struct Turn {
    address: SocketAddr,
    number: u64,
}

impl Turn {
    /// Waits until no other retrieval of this process has the port.
    ///
    /// # Errors
    /// [`PacsError::Stopped`].
    pub(crate) fn wait(address: SocketAddr, stop: &StopFlag) -> Result<Self, PacsError> {
        let turn = Self::ask(address);
        // It is let go before the turn is, which needs it.
        let mut queue = queue();
        while !turn.is_next(&queue) {
            if stop.is_stopped() {
                return Err(PacsError::Stopped);
            }
            let waited = CHANGED.wait_timeout(queue, LOOK_EVERY);
            (queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        Ok(turn)
    }

    fn ask(address: SocketAddr) -> Self {
        let mut queue = queue();
        queue.last += 1;
        let number = queue.last;
        queue.turns.push((address, number));
        Self { address, number }
    }

    fn is_next(&self, queue: &Queue) -> bool {
        let first = queue.turns.iter().find(|(address, _)| *address == self.address);
        first.is_some_and(|(_, number)| *number == self.number)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        queue().turns.retain(|(_, number)| *number != self.number);
        CHANGED.notify_all();
    }
}

/// Listens; another program that has the port is waited for, for so long.
///
/// # Errors
/// [`PacsError::Listen`] and [`PacsError::Stopped`].
pub(crate) fn listen(
    address: SocketAddr,
    stop: &StopFlag,
    patience: Duration,
) -> Result<TcpListener, PacsError> {
    let begun = Instant::now();
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse && begun.elapsed() < patience => {}
            Err(source) => {
                return Err(PacsError::Listen { address: address.to_string(), source });
            }
        }
        if stop.is_stopped() {
            return Err(PacsError::Stopped);
        }
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_waits_for_its_turn_at_one_port_and_for_no_other() {
        let (one, other) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let (stop, withdrawn) = (StopFlag::default(), StopFlag::default());
        let first = Turn::wait(one, &stop).unwrap();
        drop(Turn::wait(other, &stop).unwrap());
        withdrawn.stop();
        assert!(matches!(Turn::wait(one, &withdrawn), Err(PacsError::Stopped)));
        thread::scope(|threads| {
            let second = threads.spawn(|| Turn::wait(one, &stop).map(drop));
            thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished());
            drop(first);
            second.join().unwrap().unwrap();
        });
    }

    #[test]
    fn another_program_that_has_the_port_is_waited_for_and_not_for_ever() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let stop = StopFlag::default();
        let refused = listen(address, &stop, Duration::ZERO);
        assert!(matches!(refused, Err(PacsError::Listen { .. })), "{refused:?}");
        thread::scope(|threads| {
            let listens = threads.spawn(|| listen(address, &stop, Duration::from_secs(20)));
            thread::sleep(Duration::from_millis(50));
            drop(other);
            listens.join().unwrap().unwrap();
        });
        let _other = TcpListener::bind(address).unwrap();
        stop.stop();
        let stopped = listen(address, &stop, Duration::from_secs(20));
        assert!(matches!(stopped, Err(PacsError::Stopped)), "{stopped:?}");
    }
}
