//! The entries of a package one by one, read from where they lie in the ZIP: to look at the images without
//! downloading, also while the package is being made.
//!
//! **Invariant:** who may see an entry is decided by [`Downloads::deliver`], as for the package.
//! **Invariant:** only what the ZIP lists is read, by the place that it names; no path is one of the disk.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use engine::{DirectoryEntry, EntryFacts, body_offset, read_directory};
use store::{Holder, Request, RequestId};

use crate::downloads::body::{Reads, UnderWay};
use crate::downloads::delivery::{Delivery, ReadyPackage};
use crate::downloads::live::{Live, Writing, end_of};
use crate::downloads::spool::{OpenPackage, Written};
use crate::downloads::{Downloads, DownloadsError};
use crate::metrics::{Delivered, DownloadMetrics};

/// The largest piece of an entry that is read at a time, in bytes: most entries are smaller.
const PIECE: u64 = 256 << 10;
/// Packages whose entries are remembered.
const REMEMBERED: usize = 4;

/// What there is at a path of a package.
#[derive(Debug)]
pub(crate) enum Found {
    /// An entry.
    Entry(Box<PackedEntry>),
    /// It may come: these entries are there already.
    Growing(Vec<String>),
    /// The package waits, or is being brought back.
    NotYet,
    /// Nothing, or nothing any more.
    Nothing,
}

/// An entry of a package.
#[derive(Debug)]
pub(crate) struct PackedEntry {
    pub(crate) facts: EntryFacts,
    offset: u64,
    file: Arc<File>,
    reads: Reads,
    metrics: DownloadMetrics,
    _under_way: UnderWay,
    /// Keeps the package from being evicted.
    _open: Option<OpenPackage>,
}

impl PackedEntry {
    /// The part of its body from `at`, as it lies in the ZIP: as much as one of so many that look or download may
    /// hold, and nothing at the end.
    pub(crate) async fn part(&self, at: u64) -> io::Result<Bytes> {
        let left = self.facts.compressed_bytes.saturating_sub(at);
        let length = left.min(PIECE).min(self.reads.most());
        let part = self.reads.piece(Arc::clone(&self.file), self.offset + at, length).await?;
        self.metrics.delivered(Delivered::Look, length);
        Ok(part)
    }
}

/// The entries of a whole package, by their paths below its folder.
type Index = HashMap<String, DirectoryEntry>;

/// The entries of the packages that were last looked at, by the SHA-256 of the package: made again under the same key
/// it is another file, if only because what was missing came.
#[derive(Debug, Default)]
pub(super) struct Indexes(Mutex<VecDeque<(String, Arc<Index>)>>);

impl Indexes {
    fn get(&self, sha256: &str) -> Option<Arc<Index>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(one, _)| one == sha256)?;
        let found = known.remove(at)?;
        known.push_front(found);
        known.front().map(|(_, index)| Arc::clone(index))
    }

    fn put(&self, sha256: &str, index: Arc<Index>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(one, _)| one != sha256);
        known.push_front((sha256.to_owned(), index));
        known.truncate(REMEMBERED);
    }
}

impl Downloads {
    /// What there is at a path of the package that somebody asked for, and with which request; `None` when they
    /// have none such, or may not have it.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub(crate) async fn entry(
        &self,
        holder: &Holder,
        request: RequestId,
        path: &str,
    ) -> Result<Option<(Request, Found)>, DownloadsError> {
        let Some((request, delivery)) = self.deliver(holder, request).await? else {
            return Ok(None);
        };
        let found = match delivery {
            Delivery::Ready(ready) => self.entry_of(*ready, path).await,
            Delivery::Growing(writing) => match self.0.live.get(request.key) {
                Some(live) => Ok(self.growing_entry(&live, &writing, path)),
                None => Ok(Found::NotYet),
            },
            Delivery::NotYet => Ok(Found::NotYet),
            Delivery::Gone => Ok(Found::Nothing),
        };
        let found = found.unwrap_or_else(|error| {
            tracing::error!(%error, "a package cannot be read");
            Found::Nothing
        });
        Ok(Some((request, found)))
    }

    async fn entry_of(&self, ready: ReadyPackage, path: &str) -> io::Result<Found> {
        let index = self.index(&ready).await?;
        let Some(entry) = index.get(path).cloned() else { return Ok(Found::Nothing) };
        let (file, facts) = (Arc::clone(ready.file()), entry.facts);
        let offset = blocking(move || body_offset(&mut file.try_clone()?, &entry)).await?;
        let (file, open) = (Arc::clone(ready.file()), ready.into_open());
        Ok(Found::Entry(Box::new(self.packed_entry(facts, offset, file, Some(open)))))
    }

    /// The entries of a whole package.
    pub(super) async fn index(&self, ready: &ReadyPackage) -> io::Result<Arc<Index>> {
        let sha256 = &ready.package.sha256;
        if let Some(known) = self.0.indexes.get(sha256) {
            return Ok(known);
        }
        let file = Arc::clone(ready.file());
        let entries = blocking(move || read_directory(&mut file.try_clone()?)).await?;
        // Packages of the portal have a folder around them.
        let below = |entry: DirectoryEntry| {
            let path = entry.path.split_once('/')?.1.to_owned();
            Some((path, entry))
        };
        let index: Arc<Index> = Arc::new(entries.into_iter().filter_map(below).collect());
        self.0.indexes.put(sha256, Arc::clone(&index));
        Ok(index)
    }

    fn growing_entry(&self, live: &Live, writing: &Writing, path: &str) -> Found {
        // What was told may still be on its way to the file.
        let there = match *writing.written.borrow() {
            Written::Bytes(bytes) | Written::Whole(bytes) => bytes,
            Written::GivenUp => 0,
        };
        let placed = live.entry(path).filter(|placed| end_of(placed) <= there);
        let opened = placed.and_then(|placed| Some((placed, writing.open().ok()?)));
        match opened {
            Some((placed, file)) => {
                let (facts, offset) = (placed.facts, placed.body_offset);
                Found::Entry(Box::new(self.packed_entry(facts, offset, Arc::new(file), None)))
            }
            None => Found::Growing(live.paths_within(there)),
        }
    }

    fn packed_entry(
        &self,
        facts: EntryFacts,
        offset: u64,
        file: Arc<File>,
        open: Option<OpenPackage>,
    ) -> PackedEntry {
        let (reads, metrics) = (self.0.reads.clone(), self.0.metrics.clone());
        let under_way = reads.under_way();
        PackedEntry { facts, offset, file, reads, metrics, _under_way: under_way, _open: open }
    }
}

/// Reads where reading may block.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|_panic| io::Error::other("a fault"))?
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::Clock;

    #[tokio::test]
    async fn many_that_look_share_the_memory_of_a_few() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = crate::app::tests::portal(folder.path(), clock);
        let downloads = &portal.services().downloads;
        let path = folder.path().join("entry");
        std::fs::write(&path, vec![7; 1 << 20]).unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        let facts = EntryFacts::stored(0, 1 << 20);
        let entry = || downloads.packed_entry(facts, 0, Arc::clone(&file), None);
        let one = entry();
        assert_eq!(one.part(0).await.unwrap().len(), 256 << 10);
        let others: Vec<_> = (0..255).map(|_| entry()).collect();
        assert_eq!(one.part(0).await.unwrap().len(), 64 << 10);
        drop(others);
        assert_eq!(one.part(0).await.unwrap().len(), 256 << 10);
        assert_eq!(one.part((1 << 20) - 5).await.unwrap().len(), 5);
    }
}
