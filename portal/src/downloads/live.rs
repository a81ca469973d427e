//! What is being prepared here at this moment: how far it is, where it can be read already, how it is broken off.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::{Placement, Progress, Step, WrittenEntry};
use store::PackageKey;
use tokio::sync::watch;

use crate::downloads::spool::{PackageWriter, Written};

/// How far a preparation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preparing {
    /// Instances that are in the package.
    pub instances: u64,
    /// Instances in all; 0 as long as that is not known.
    pub of_instances: u64,
    /// Bytes that came from the PACS.
    pub received_bytes: u64,
    /// Bytes of the package so far.
    pub written_bytes: u64,
    /// How long it will still take, as far as can be told.
    pub seconds_left: Option<u64>,
}

/// Before that nothing is said of how long it will take.
const FIRST_GUESS: Duration = Duration::from_secs(2);

/// A package that is being made.
#[derive(Debug)]
pub(crate) struct Live {
    begun: Instant,
    step: Mutex<Step>,
    /// When the last instance came from the PACS.
    came: Mutex<Instant>,
    is_broken_off: AtomicBool,
    /// Where it is written, once that has begun.
    writing: Mutex<Option<Writing>>,
    /// The entries that were written, by their paths below the folder of the package.
    entries: Mutex<BTreeMap<String, Placement>>,
}

/// A package that can be read while it is written.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    path: PathBuf,
    /// How much of it there is.
    pub(crate) written: watch::Receiver<Written>,
}

impl Writing {
    /// Opens what there is of it; the file stays the same when the package is whole. Blocks.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }
}

impl Live {
    fn new() -> Self {
        let begun = Instant::now();
        Self {
            begun,
            step: Mutex::default(),
            came: Mutex::new(begun),
            is_broken_off: AtomicBool::new(false),
            writing: Mutex::default(),
            entries: Mutex::default(),
        }
    }

    /// Ends it with the next step.
    pub(crate) fn break_off(&self) {
        self.is_broken_off.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_broken_off(&self) -> bool {
        self.is_broken_off.load(Ordering::Relaxed)
    }

    /// Lets others read what is written.
    pub(crate) fn is_written_by(&self, writer: &PackageWriter) {
        let writing = Writing { path: writer.path(), written: writer.watch() };
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
    }

    /// Where it is written, once that has begun.
    pub(crate) fn now_writing(&self) -> Option<Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where an entry lies, once it was written.
    pub(crate) fn entry(&self, path: &str) -> Option<Placement> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied()
    }

    /// The paths of what lies within the first bytes of the package, sorted.
    pub(crate) fn paths_within(&self, bytes: u64) -> Vec<String> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let there = entries.iter().filter(|(_, placed)| end_of(placed) <= bytes);
        there.map(|(path, _)| path.clone()).collect()
    }

    /// Whether the package itself has begun.
    pub(crate) fn is_packing(&self) -> bool {
        self.now_writing().is_some()
    }

    /// From the beginning to the last instance that came from the PACS, to a quarter of a second.
    pub(crate) fn pacs_took(&self) -> Duration {
        let came = *self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.duration_since(self.begun)
    }

    /// How far it is.
    pub(crate) fn preparing(&self) -> Preparing {
        let step = *self.step.lock().unwrap_or_else(PoisonError::into_inner);
        Preparing {
            instances: step.instances,
            of_instances: step.of_instances,
            received_bytes: step.received_bytes,
            written_bytes: step.written_bytes,
            seconds_left: seconds_left(step, self.begun.elapsed()),
        }
    }
}

/// Where the body of an entry ends, in bytes from the start of the package.
pub(crate) fn end_of(placed: &Placement) -> u64 {
    placed.body_offset.saturating_add(placed.facts.compressed_bytes)
}

/// As long for each byte as it took so far.
fn seconds_left(step: Step, elapsed: Duration) -> Option<u64> {
    if elapsed < FIRST_GUESS || step.source_bytes == 0 {
        return None;
    }
    let left = u128::from(step.of_source_bytes.checked_sub(step.source_bytes)?);
    let seconds = elapsed.as_millis() * left / u128::from(step.source_bytes) / 1000;
    u64::try_from(seconds).ok()
}

/// Told by the engine how far it is.
#[derive(Debug)]
pub(crate) struct Watched(pub(crate) Arc<Live>);

impl Progress for Watched {
    fn entry(&mut self, entry: WrittenEntry<'_>) {
        let (path, placement) = (entry.path.as_str().to_owned(), entry.placement);
        let mut entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.insert(path, placement);
    }

    fn step(&mut self, step: Step) -> bool {
        let mut known = self.0.step.lock().unwrap_or_else(PoisonError::into_inner);
        if step.received_instances > known.received_instances {
            *self.0.came.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        *known = step;
        drop(known);
        !self.0.is_broken_off()
    }
}

/// All that is being made here.
#[derive(Debug, Clone, Default)]
pub(crate) struct LiveMap(Arc<Mutex<HashMap<PackageKey, Arc<Live>>>>);

impl LiveMap {
    /// Notes that a package is being made, until the guard goes.
    pub(crate) fn begin(&self, key: PackageKey) -> LiveGuard {
        let live = Arc::new(Live::new());
        self.locked(|map| map.insert(key, Arc::clone(&live)));
        LiveGuard { map: self.clone(), key, live }
    }

    pub(crate) fn get(&self, key: PackageKey) -> Option<Arc<Live>> {
        self.locked(|map| map.get(&key).cloned())
    }

    /// All of it.
    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        self.locked(|map| map.values().cloned().collect())
    }

    fn locked<T>(&self, act: impl FnOnce(&mut HashMap<PackageKey, Arc<Live>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A package is being made as long as this is there.
#[derive(Debug)]
pub(crate) struct LiveGuard {
    map: LiveMap,
    key: PackageKey,
    live: Arc<Live>,
}

impl LiveGuard {
    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        // Whatever ends the one who waits for it ends the work too.
        self.live.break_off();
        self.map.locked(|map| {
            // Another claim may be making it meanwhile.
            if map.get(&self.key).is_some_and(|live| Arc::ptr_eq(live, &self.live)) {
                map.remove(&self.key);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_follows_from_the_time_that_it_took() {
        let step = |source_bytes, of_source_bytes| Step {
            source_bytes,
            of_source_bytes,
            ..Step::default()
        };
        let left = |step, seconds| seconds_left(step, Duration::from_secs(seconds));
        assert_eq!(left(step(0, 100), 9), None);
        assert_eq!(left(step(50, 100), 1), None, "too early to say");
        assert_eq!(left(step(25, 100), 10), Some(30));
        assert_eq!(left(step(100, 100), 10), Some(0));
        assert_eq!(left(step(101, 100), 10), None, "more came than was listed");
        assert_eq!(left(step(u64::MAX - 1, u64::MAX), u64::MAX / 2000), Some(0));
    }

    #[test]
    fn the_time_of_the_pacs_ends_with_the_last_instance() {
        let live = Arc::new(Live::new());
        assert_eq!(live.pacs_took(), Duration::ZERO);
        let mut watched = Watched(Arc::clone(&live));
        std::thread::sleep(Duration::from_millis(20));
        watched.step(Step { received_instances: 1, ..Step::default() });
        let took = live.pacs_took();
        assert!(took >= Duration::from_millis(20), "{took:?}");
        std::thread::sleep(Duration::from_millis(20));
        watched.step(Step { received_instances: 1, instances: 1, ..Step::default() });
        assert_eq!(live.pacs_took(), took);
    }

    #[test]
    fn what_is_made_is_known_until_its_guard_goes() {
        let map = LiveMap::default();
        let key = PackageKey::from([1; 16]);
        let first = map.begin(key);
        let second = map.begin(key);
        drop(first);
        assert!(map.get(key).is_some_and(|live| Arc::ptr_eq(&live, second.live())));
        assert!(!map.get(key).is_some_and(|live| live.is_broken_off()));
        drop(second);
        assert!(map.get(key).is_none() && map.all().is_empty());
    }
}
