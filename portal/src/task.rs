//! Work behind the pages, and how all of it ends.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between the panic of a task and its next start.
const PAUSE: Duration = Duration::from_secs(5);

/// Asks everything to stop. Dropping it asks too.
#[derive(Debug)]
pub struct StopHandle(watch::Sender<bool>);

/// Tells when to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Nobody has asked yet.
    pub fn new() -> (StopHandle, Self) {
        let (sender, receiver) = watch::channel(false);
        (StopHandle(sender), Self(receiver))
    }

    /// Whether it is time.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is time.
    pub async fn asked(&self) {
        // An error means that the handle is gone, which asks as well.
        drop(self.0.clone().wait_for(|asked| *asked).await);
    }

    /// Waits so long, or until it is time: then false.
    pub async fn sleep(&self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.asked()).await.is_err()
    }
}

impl StopHandle {
    /// Asks.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Background tasks: each runs until it ends by itself or is asked to.
#[derive(Debug)]
pub struct Tasks {
    running: JoinSet<()>,
    stop: Stop,
}

impl Tasks {
    /// None yet.
    pub fn new(stop: Stop) -> Self {
        Self { running: JoinSet::new(), stop }
    }

    /// Starts a task; `make` makes it anew when it panics, after a pause.
    pub fn start<F>(&mut self, name: &'static str, mut make: impl FnMut(Stop) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.running.spawn(async move {
            loop {
                // In a set of its own, so that it ends with this one.
                let mut task = JoinSet::new();
                task.spawn(make(stop.clone()));
                match task.join_next().await {
                    Some(Err(error)) if error.is_panic() => {
                        tracing::error!(task = name, "a background task failed and starts anew");
                    }
                    _ => return,
                }
                if !stop.sleep(PAUSE).await {
                    return;
                }
            }
        });
    }

    /// Waits until all have ended, at most so long; false when some had to be broken off.
    pub async fn end(mut self, grace: Duration) -> bool {
        let all = async { while self.running.join_next().await.is_some() {} };
        tokio::time::timeout(grace, all).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_starts_anew_and_all_end_when_asked() {
        let (handle, stop) = Stop::new();
        let mut tasks = Tasks::new(stop);
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        tasks.start("fails", move |stop| {
            let start = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(start >= 2, "as the test wants it");
                stop.asked().await;
            }
        });
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
        handle.stop();
        assert!(tasks.end(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_broken_off() {
        let (handle, stop) = Stop::new();
        let mut tasks = Tasks::new(stop.clone());
        tasks.start("stays", |_stop| std::future::pending());
        assert!(!stop.is_asked());
        drop(handle);
        assert!(stop.is_asked());
        assert!(!tasks.end(Duration::from_secs(1)).await);
    }
}
