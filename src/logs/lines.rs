//! Lines for a pipe that somebody else reads, or does not: a thread of its own writes them.
//!
//! **Invariant:** whoever tells something never waits for who reads it. Lines that find no room, or that nobody takes,
//! are lost, counted, and told of when there is room again.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use portal::LogMetrics;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written.
const MOST: usize = 1024;
/// How often it is looked whether all is written, at the end.
const LOOK: Duration = Duration::from_millis(5);

/// Where lines go. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sender: SyncSender<Vec<u8>>,
    counts: Counts,
}

#[derive(Debug, Clone, Default)]
struct Counts(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// Lines that were taken, and not yet written or lost.
    waiting: AtomicU64,
    lost: AtomicU64,
    /// Of those lost, what a line has told of already.
    told: AtomicU64,
    metrics: OnceLock<LogMetrics>,
}

impl Counts {
    fn lose(&self) {
        self.0.lost.fetch_add(1, Ordering::Relaxed);
        if let Some(metrics) = self.0.metrics.get() {
            metrics.lost(1);
        }
    }
}

impl Lines {
    /// Lines to `to`, one after the other.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn to(to: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MOST);
        let counts = Counts::default();
        let counted = counts.clone();
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || write_all(&receiver, to, &counted))?;
        Ok(Self(Arc::new(Inner { sender, counts })))
    }

    /// Has a line written, or loses it.
    pub(crate) fn tell(&self, line: Vec<u8>) {
        let Inner { sender, counts } = &*self.0;
        counts.0.waiting.fetch_add(1, Ordering::AcqRel);
        if sender.try_send(line).is_err() {
            counts.0.waiting.fetch_sub(1, Ordering::AcqRel);
            counts.lose();
        }
    }

    /// Counts lost lines here too, those of before included.
    pub(crate) fn count_in(&self, metrics: &LogMetrics) {
        let counted = &self.0.counts.0;
        let before = counted.lost.load(Ordering::Relaxed);
        if counted.metrics.set(metrics.clone()).is_ok() {
            metrics.lost(before);
        }
    }

    /// Waits until all is written, for so long at most.
    pub(crate) fn flush(&self, most: Duration) {
        let begun = Instant::now();
        let waiting = || self.0.counts.0.waiting.load(Ordering::Acquire);
        while waiting() > 0 && begun.elapsed() < most {
            std::thread::sleep(LOOK);
        }
    }
}

fn write_all(receiver: &Receiver<Vec<u8>>, mut to: impl Write, counts: &Counts) {
    loop {
        let line = match receiver.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                tell_of_lost(counts);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if to.write_all(&line).and_then(|()| to.flush()).is_err() {
            counts.lose();
        }
        counts.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// In the log itself, once nothing waits any more.
fn tell_of_lost(counts: &Counts) {
    let lost = counts.0.lost.load(Ordering::Relaxed);
    let told = counts.0.told.swap(lost, Ordering::Relaxed);
    if lost > told {
        tracing::warn!(lines = lost - told, "lines of the log were lost: nobody read them in time");
    }
}

/// One line that is being written by the log.
#[derive(Debug)]
pub(crate) struct Line {
    lines: Lines,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.lines.tell(std::mem::take(&mut self.text));
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { lines: self.clone(), text: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Takes lines only while it is unlocked.
    #[derive(Clone, Default)]
    struct Door(Arc<Mutex<Vec<u8>>>);

    impl Write for Door {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_tells_does_not_wait_and_what_is_lost_is_counted() {
        let door = Door::default();
        let shut = door.0.lock().unwrap();
        let lines = Lines::to(door.clone()).unwrap();
        let metrics = LogMetrics::default();
        for number in 0..2 * MOST {
            lines.tell(format!("{number}\n").into_bytes());
            if number == MOST + 10 {
                lines.count_in(&metrics);
            }
        }
        lines.flush(Duration::from_millis(20));
        drop(shut);
        lines.flush(Duration::from_secs(10));
        let written = String::from_utf8(door.0.lock().unwrap().clone()).unwrap();
        let count = written.lines().count();
        // One more may have been on its way through the door.
        assert!((MOST..=MOST + 1).contains(&count), "{count}");
        assert!(written.starts_with("0\n1\n2\n"));
        assert_eq!(metrics.count(), (2 * MOST - count) as u64);
    }

    #[test]
    fn a_pipe_that_is_closed_loses_its_lines_and_stops_nobody() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::to(Closed).unwrap();
        let metrics = LogMetrics::default();
        lines.count_in(&metrics);
        for _ in 0..10 {
            lines.tell(b"a\n".to_vec());
        }
        lines.flush(Duration::from_secs(10));
        assert_eq!(metrics.count(), 10);
    }
}
