//! The files below the tree: when a commit is on the disk, and whether all are still there.
//!
//! Damage near the end of sled's log looks to it like a write that never ended: it cuts the log there
//! and goes on, without what was committed behind. So each commit has a number, which lies in the tree
//! and, once it is on the disk, in a file beside it: a tree that is behind the file has lost commits.
//!
//! Of a write that failed nobody knows what is on the disk. A want of descriptors is no such failure: a commit waits
//! before it begins until there are some for sled to open files with, and where it opens some itself.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::sled::overlay::{Changes, StoreFault, Transaction, View};
use crate::sled::table::{Record, Table};
use crate::sled::writer::Shared;

/// The format that this program writes. It rises with the version of any record and with each change
/// of keys, so that an older program refuses a store that it would misread.
pub(crate) const FORMAT: u32 = 6;

/// Descriptors that are free when a commit begins: more than sled opens files in one, as a rule.
const DESCRIPTORS: usize = 8;
/// After what pause it is looked again whether there are descriptors.
const DESCRIPTORS_PAUSE: Duration = Duration::from_millis(50);

/// Name of the file with the number of the last commit.
const LAST_COMMIT: &str = "last-commit";

/// What the whole store says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    commits: u64,
}

impl Record for Head {
    const TABLE: Table = Table::Format;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// The files that a commit ends in.
#[derive(Debug)]
pub(crate) struct Disk {
    /// What sled writes, to sync it.
    database: File,
    last_commit: File,
    /// Folder of the files that sled gives large leaves, and those of them that are on the disk.
    blobs: PathBuf,
    synced_blobs: BTreeSet<OsString>,
    commits: u64,
    /// In which the store was found.
    pub(crate) found_format: u32,
}

/// Why a commit is not on the disk.
#[derive(Debug)]
pub(crate) enum CommitError {
    Tree(sled::Error),
    Disk(io::Error),
    Head,
    Halted,
}

impl CommitError {
    pub(crate) fn for_caller(&self, shared: &Shared) -> StoreError {
        match self {
            Self::Tree(sled::Error::Io(error)) | Self::Disk(error) => StoreError::Storage {
                what: format!("cannot write to the store in {}", shared.folder.display()),
                source: io::Error::new(error.kind(), error.to_string()),
            },
            Self::Tree(error) => {
                StoreError::Damaged { folder: shared.folder.clone(), what: error.to_string() }
            }
            Self::Head => StoreError::Bug { what: "the head of the store cannot be written" },
            Self::Halted => StoreError::Halted,
        }
    }
}

impl Disk {
    /// Opens the files, and sees that the store has a format that is known and lost no commit. A new one
    /// gets its head.
    pub(crate) fn open(shared: &Shared) -> Result<Self, StoreError> {
        let folder = &shared.folder;
        let storage = |source| StoreError::Storage {
            what: format!("cannot open the store in {}", folder.display()),
            source,
        };
        let damaged = |what: String| StoreError::Damaged { folder: folder.clone(), what };
        let nothing = Changes::new();
        let head = View { tree: &shared.tree, changes: &nothing }
            .get::<Head>(&[])
            .map_err(|error| StoreFault::from(error).into_error(folder))?;
        if let Some(head) = head.as_ref().filter(|head| head.format > FORMAT) {
            return Err(StoreError::NewerFormat {
                folder: folder.clone(),
                found: head.format,
                known: FORMAT,
            });
        }
        let database = File::open(folder.join("db")).map_err(storage)?;
        let last_commit = open_last_commit(folder).map_err(storage)?;
        let is_new = head.is_none();
        if is_new && !shared.tree.is_empty() {
            return Err(damaged("it does not tell its format".to_owned()));
        }
        let mut disk = Self {
            database,
            last_commit,
            blobs: folder.join("blobs"),
            // Whatever is there is synced with the next commit: who wrote it may have been killed before.
            synced_blobs: BTreeSet::new(),
            commits: head.as_ref().map_or(0, |head| head.commits),
            found_format: head.map_or(FORMAT, |head| head.format),
        };
        let known = disk.read_last_commit().map_err(storage)?;
        if known > disk.commits {
            return Err(damaged(format!("its last {} commits are gone", known - disk.commits)));
        }
        if is_new {
            disk.commit(shared, Changes::new()).map_err(|error| error.for_caller(shared))?;
        }
        Ok(disk)
    }

    /// Applies changes, and returns when they are on the disk.
    pub(crate) fn commit(
        &mut self,
        shared: &Shared,
        mut changes: Changes,
    ) -> Result<(), CommitError> {
        wait_for_descriptors(|| {
            // Opened, not duplicated: a duplicate takes none of the files that the whole system may have open.
            let opened = (0..DESCRIPTORS).map(|_| File::open(&self.blobs));
            opened.collect::<io::Result<Vec<File>>>()
        })
        .map_err(CommitError::Disk)?;
        self.commits += 1;
        Transaction::new(&shared.tree, &mut changes)
            .put(&Head { format: FORMAT, commits: self.commits })
            .map_err(|_fault| CommitError::Head)?;
        shared.apply(&changes).map_err(CommitError::Tree)?;
        shared.tree.flush().map_err(CommitError::Tree)?;
        wait_for_descriptors(|| self.sync_blobs()).map_err(CommitError::Disk)?;
        // On Linux sled's flush hands the pages to the kernel (sync_file_range), no more.
        self.database.sync_data().map_err(CommitError::Disk)?;
        // Not synced: after a loss of power it may be behind the tree, never ahead of it.
        self.last_commit.write_all_at(&self.commits.to_be_bytes(), 0).map_err(CommitError::Disk)
    }

    /// Syncs what sled has written to files of its own since, which it never does itself: leaves that are
    /// larger than a quarter of a segment. After an error it begins anew.
    fn sync_blobs(&mut self) -> io::Result<()> {
        let mut names = BTreeSet::new();
        let mut is_new = false;
        for entry in fs::read_dir(&self.blobs)? {
            let name = entry?.file_name();
            if !self.synced_blobs.contains(&name) {
                match File::open(self.blobs.join(&name)) {
                    // sled removes one that nothing points to any more.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    file => file?.sync_data()?,
                }
                is_new = true;
            }
            names.insert(name);
        }
        if is_new {
            sync_folder(&self.blobs)?;
        }
        self.synced_blobs = names;
        Ok(())
    }

    /// Zero in a store that has none yet.
    fn read_last_commit(&self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        match self.last_commit.read_exact_at(&mut bytes, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            outcome => outcome.map(|()| u64::from_be_bytes(bytes)),
        }
    }
}

/// Opens files, as soon as there are descriptors for them.
fn wait_for_descriptors<T>(mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        let opened = open();
        let error = opened.as_ref().err().and_then(Errno::from_io_error);
        if !matches!(error, Some(Errno::MFILE | Errno::NFILE)) {
            return opened;
        }
        thread::sleep(DESCRIPTORS_PAUSE);
    }
}

fn open_last_commit(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).open(folder.join(LAST_COMMIT))
}

/// Removes snapshots of sled's page table that were being written when the power went: sled takes them
/// for damaged ones, and without them it reads its log from the snapshot before.
pub(crate) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Syncs the files that a store consists of when it has just been made.
pub(crate) fn sync_all(folder: &Path) -> io::Result<()> {
    for name in ["conf", "db", LAST_COMMIT] {
        File::open(folder.join(name))?.sync_all()?;
    }
    sync_folder(folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
