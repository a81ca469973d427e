//! The embedded store: one sled tree, one thread that writes, fsync at every commit.
//!
//! sled 0.34 is kept within what it does well: one tree, small values, no transactions of its own, no
//! flush thread. What it does not do is done here: `flush` of it is no fsync on Linux, so the writer syncs
//! its file, and notices when commits are gone ([`disk`]); verbs become one atomic batch each group
//! ([`writer`], [`overlay`]); a damaged file is recognised when it is opened, and a backup brings it back
//! ([`backup`]).

mod accounts;
mod backup;
mod disk;
mod downloads;
mod events;
mod follow;
mod holds;
mod key;
mod messages;
mod orders;
mod overlay;
mod persons;
mod readers;
mod reports;
mod seen;
mod sessions;
mod shares;
mod table;
mod upgrade;
mod verify;
mod writer;

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

pub use backup::{BackupReport, compact, restore};

use crate::along::Along;
use crate::error::{Halting, StoreError};
use crate::sled::disk::Disk;
use crate::sled::overlay::{Changes, Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::readers::Readers;
use crate::sled::table::LARGEST_RECORD;
use crate::sled::writer::{Shared, Writer};

/// Bytes of pages that sled keeps in memory.
const CACHE_BYTES: u64 = 16 << 20;

/// How often and after what pause a lock is tried again: threads of sled that end hold it a little longer
/// than the store that was dropped.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A store in a folder of its own. Dropping it waits until all is on the disk.
#[derive(Debug)]
pub struct SledStore {
    /// Before `shared`: its thread ends first, and sled closes its file with the last of the two.
    writer: Writer,
    readers: Readers,
    shared: Arc<Shared>,
}

impl SledStore {
    /// Opens the store in `folder`, and makes both if they are not there.
    ///
    /// Blocks: it reads the log.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Damaged`], [`StoreError::NewerFormat`] and
    /// [`StoreError::Storage`]; each says what to do.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let no_thread =
            |source| StoreError::Storage { what: "cannot start a thread".to_owned(), source };
        let readers = Readers::new().map_err(no_thread)?;
        let place = folder.to_owned();
        let opening = move || {
            let (shared, mut disk) = open_shared(&place)?;
            reports::remove_unfinished(&shared, &mut disk)?;
            Ok((shared, disk))
        };
        let (shared, disk) = readers
            .wait_for(opening)
            .unwrap_or(Err(StoreError::Bug { what: "opening the store panicked" }))?;
        let writer = Writer::start(Arc::clone(&shared), disk).map_err(no_thread)?;
        Ok(Self { writer, readers, shared })
    }

    /// Reads every record and every index entry, and tells how many records there are. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the first that does not fit.
    pub fn verify(&self) -> Result<u64, StoreError> {
        verify::verify(&self.shared)
    }

    /// Writes all records to `sink`, as they are when it ends; the store goes on meanwhile. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Storage`] when the sink refuses, or cannot follow what is written meanwhile.
    pub fn backup(
        &self,
        sink: &mut dyn io::Write,
        made: jiff::Timestamp,
    ) -> Result<BackupReport, StoreError> {
        backup::backup(&self.shared, sink, made)
    }

    /// Runs a read of one moment on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&View<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let task = self.readers.spawn(move || {
            let nothing = Changes::new();
            let _applying = shared.applying.read().unwrap_or_else(PoisonError::into_inner);
            let view = View { tree: &shared.tree, changes: &nothing };
            reading(&view).map_err(|error| StoreFault::from(error).into_error(&shared.folder))
        });
        let task = task.ok_or(StoreError::Closed)?;
        task.await.map_err(|_panic| StoreError::Bug { what: "a read panicked" })?
    }

    /// Runs a verb that answers `T` and whether it is kept.
    async fn write<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&mut Transaction<'_>) -> Result<Outcome<T>, StoreFault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(verb).await
    }
}

impl Halting for SledStore {
    fn is_halted(&self) -> bool {
        self.shared.halted.load(Ordering::Relaxed) || self.writer.is_gone()
    }
}

impl Transaction<'_> {
    /// Writes what goes along with a verb that is kept.
    fn put_along(&mut self, along: Along) -> Result<(), StoreFault> {
        for message in &along.messages {
            self.put(message)?;
        }
        for event in along.events {
            events::record(self, event)?;
        }
        Ok(())
    }
}

/// Opens the store of a folder, or makes it.
///
/// A new one is made under another name, and takes its own when all of it is on the disk: sled never
/// syncs its settings, and a store that lost half of them is refused.
fn open_shared(folder: &Path) -> Result<(Arc<Shared>, Disk), StoreError> {
    let storage = |source| StoreError::Storage {
        what: format!("cannot make the store in {}", folder.display()),
        source,
    };
    if !folder.join("db").is_file() {
        let new = beside(folder, ".new");
        remove_folder(&new).map_err(storage)?;
        make_private_folder(&new).map_err(storage)?;
        drop(open_made(&new)?);
        disk::sync_all(&new).map_err(storage)?;
        give_name(&new, folder).map_err(storage)?;
    }
    open_made(folder)
}

fn open_made(folder: &Path) -> Result<(Arc<Shared>, Disk), StoreError> {
    disk::remove_unfinished(folder).map_err(|source| StoreError::Storage {
        what: format!("cannot open the store in {}", folder.display()),
        source,
    })?;
    let shared = Arc::new(Shared {
        folder: folder.to_owned(),
        tree: open_tree(folder)?,
        applying: RwLock::new(()),
        feed: Mutex::new(None),
        due: tokio::sync::Notify::new(),
        preparations: tokio::sync::Notify::new(),
        halted: AtomicBool::new(false),
    });
    let mut disk = Disk::open(&shared)?;
    upgrade::upgrade(&shared, &mut disk)?;
    Ok((shared, disk))
}

/// A leaf beyond a quarter of it lies in a file of its own, which a commit does not include: when the power goes
/// before that file is synced, sled drops that leaf and keeps the others of the commit. With segments of this
/// size, and no record beyond [`LARGEST_RECORD`], leaves stay inside the log.
const SEGMENT_BYTES: usize = 4 << 20;

/// sled splits a leaf of more than sixteen records, after it put the seventeenth in; one of less than four goes
/// into its neighbour.
const LEAF_RECORDS: usize = 17 + 3;

const _: () = assert!(LEAF_RECORDS * LARGEST_RECORD < SEGMENT_BYTES / 4);

fn open_tree(folder: &Path) -> Result<sled::Tree, StoreError> {
    let damaged = |what: String| StoreError::Damaged { folder: folder.to_owned(), what };
    let storage = |source| StoreError::Storage {
        what: format!("cannot open the store in {}", folder.display()),
        source,
    };
    let mut tries = 0;
    loop {
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .segment_size(SEGMENT_BYTES)
            .mode(sled::Mode::LowSpace)
            .flush_every_ms(None);
        // Damage that sled does not expect ends in a panic of it.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_panic| damaged("sled cannot read its file".to_owned()))?;
        match opened {
            Ok(db) => return db.open_tree("esito").map_err(|error| damaged(error.to_string())),
            Err(sled::Error::Io(error)) if is_locked(&error) => {
                if tries == LOCK_TRIES {
                    return Err(StoreError::InUse { folder: folder.to_owned() });
                }
                tries += 1;
                thread::sleep(LOCK_PAUSE);
            }
            Err(sled::Error::Io(source)) => return Err(storage(source)),
            Err(error) => return Err(damaged(error.to_string())),
        }
    }
}

/// sled tells of a lock that another holds by its text only.
fn is_locked(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.to_string().contains("lock")
}

/// The folder's name with something behind it.
fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A folder that only its owner can read, since what is in it is patients'.
fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Puts two folders in each other's place in one step, for good.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    rustix::fs::renameat_with(here, one, here, other, rustix::fs::RenameFlags::EXCHANGE)?;
    let parent = other.parent().filter(|parent| !parent.as_os_str().is_empty());
    disk::sync_folder(parent.unwrap_or(Path::new(".")))
}

/// Gives a folder that is whole its name, for good. An empty folder of that name may be in its place.
fn give_name(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    disk::sync_folder(parent.unwrap_or(Path::new(".")))
}
