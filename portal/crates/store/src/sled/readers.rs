//! The threads that read: a few of the store's own.
//!
//! What sled reads it allocates on the thread that reads, and keeps for others: with hundreds of threads, as a
//! runtime has for what may block, each would hold memory of its own that no other can use.

use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Threads that read; further reads wait.
#[derive(Debug)]
pub(crate) struct Readers {
    /// For its threads only: nothing else runs on it. None while it ends.
    runtime: Option<Runtime>,
}

impl Readers {
    /// A thread each core; they start when there is something to read.
    pub(crate) fn new() -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_current_thread()
            .thread_name("store-reader")
            .max_blocking_threads(threads)
            .build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Runs a read.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        reading: impl FnOnce() -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        Some(self.runtime.as_ref()?.spawn_blocking(reading))
    }

    /// Runs a read and blocks until it is done; none when it panicked.
    ///
    /// The store is opened by it: what that allocates and frees, many megabytes, those that read use again.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
        reading: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.spawn(move || answer.send(reading()))?;
        answered.recv().ok()
    }
}

/// Does not wait for reads under way: it may be dropped where nobody may wait.
impl Drop for Readers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
