//! Where packages lie until they are fetched: a folder that holds so much and no more.
//!
//! A package is `KEY.zip`; while it is written it is `KEY.NUMBER.partial`. The key is a keyed hash: no name here says
//! anything of anybody. What lies here can be made again, so it is in no backup.
//!
//! **Invariant:** a file called `.zip` is whole and on the disk.
//! **Invariant:** what is being read or written is never evicted.
//! **Invariant:** of several who write one package only the last to begin gets to the end: what the store says of a
//! package is said of its file.

mod writer;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use engine::ScratchFolder;
use store::PackageKey;

pub(crate) use writer::{PackageWriter, Written};

/// What a spool may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolSettings {
    /// Folder of its own; made if it is not there.
    pub folder: PathBuf,
    /// Bytes of all packages, those being written too.
    pub most_bytes: u64,
    /// Bytes of the disk that stay free: nothing is begun beyond.
    pub free_bytes: u64,
}

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The folder.
    #[error(
        "the spool {} cannot be used: let this user write there, or name another one in [spool]",
        folder.display()
    )]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "the spool {} is used by another process: give each portal one of its own, [spool] folder",
        folder.display()
    )]
    InUse {
        /// Which.
        folder: PathBuf,
    },
}

/// A folder with packages. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Spool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: SpoolSettings,
    held: Mutex<Held>,
    /// Locked as long as the spool is open.
    _lock: File,
}

#[derive(Debug, Default)]
struct Held {
    packages: HashMap<PackageKey, Kept>,
    writing: HashMap<PackageKey, Draft>,
    /// Counts those who write.
    drafts: u64,
    /// Counts uses, so that the least recent one is known.
    uses: u64,
    /// What had to go, and nobody was told of yet.
    evicted: Vec<PackageKey>,
}

/// What is being written.
#[derive(Debug)]
struct Draft {
    number: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Kept {
    bytes: u64,
    used: u64,
    readers: usize,
}

/// A package that is open: it is not evicted as long as this is there.
#[derive(Debug)]
pub(crate) struct OpenPackage {
    file: Arc<File>,
    bytes: u64,
    key: PackageKey,
    spool: Spool,
}

impl OpenPackage {
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for OpenPackage {
    fn drop(&mut self) {
        if let Some(kept) = self.spool.held().packages.get_mut(&self.key) {
            kept.readers = kept.readers.saturating_sub(1);
        }
    }
}

impl Spool {
    /// Opens the folder, and removes what was being written when the program ended. Blocks.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub(crate) fn open(settings: SpoolSettings) -> Result<Self, SpoolError> {
        let folder = settings.folder.clone();
        let unusable = |source| SpoolError::Folder { folder: folder.clone(), source };
        let lock = make(&folder).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SpoolError::InUse { folder }),
            Err(fs::TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let held = found(&folder).map_err(unusable)?;
        Ok(Self(Arc::new(Inner { settings, held: Mutex::new(held), _lock: lock })))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.settings.folder
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, key: PackageKey, kind: &str) -> PathBuf {
        self.folder().join(format!("{key}.{kind}"))
    }

    /// Opens a package; `None` when it is not there. Blocks.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn read(&self, key: PackageKey) -> io::Result<Option<OpenPackage>> {
        {
            let mut held = self.held();
            held.uses += 1;
            let used = held.uses;
            let Some(kept) = held.packages.get_mut(&key) else { return Ok(None) };
            kept.used = used;
            kept.readers += 1;
        }
        let path = self.path(key, "zip");
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Ok((bytes, file)) => {
                // The order of uses outlives the program in the times of the files.
                if let Err(error) = touch(&path) {
                    tracing::debug!(%error, "the time of a package cannot be set");
                }
                Ok(Some(OpenPackage { file: Arc::new(file), bytes, key, spool: self.clone() }))
            }
            Err(error) => {
                let mut held = self.held();
                if let Some(kept) = held.packages.get_mut(&key) {
                    kept.readers = kept.readers.saturating_sub(1);
                }
                if error.kind() == io::ErrorKind::NotFound {
                    held.packages.remove(&key);
                    return Ok(None);
                }
                Err(error)
            }
        }
    }

    /// Begins to write a package. Blocks.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] when the disk has too little room, else what the disk says.
    pub(crate) fn write(&self, key: PackageKey) -> io::Result<PackageWriter> {
        PackageWriter::begin(self.clone(), key)
    }

    /// Removes a package, whoever reads it: they read on. True when it was there. Blocks.
    ///
    /// # Errors
    /// What the disk says: it is tried again with the next sweep.
    pub(crate) fn remove(&self, key: PackageKey) -> io::Result<bool> {
        let removed = remove_file(&self.path(key, "zip"))?;
        self.held().packages.remove(&key);
        Ok(removed)
    }

    /// The packages that are here.
    pub(crate) fn keys(&self) -> Vec<PackageKey> {
        self.held().packages.keys().copied().collect()
    }

    /// Whether a package is here.
    pub(crate) fn holds(&self, key: PackageKey) -> bool {
        self.held().packages.contains_key(&key)
    }

    /// How many packages there are, and their bytes with those being written.
    pub(crate) fn holding(&self) -> (u64, u64) {
        let held = self.held();
        (held.packages.len() as u64, held.bytes())
    }

    /// The bytes of all packages, those being written too.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        self.held().bytes()
    }

    /// What had to go since this was last asked.
    pub(crate) fn evicted(&self) -> Vec<PackageKey> {
        std::mem::take(&mut self.held().evicted)
    }

    /// The folder for files without a name, which count for nothing here: they leave as much of the disk free as
    /// packages do, and have what can go make room.
    pub(crate) fn scratch(&self) -> ScratchFolder {
        let spool = self.clone();
        let folder = ScratchFolder::new(self.folder(), self.0.settings.free_bytes);
        folder.making_room(move || spool.evict_one())
    }

    /// Begins a draft of a package; one that is there already cannot go on.
    fn begin_writing(&self, key: PackageKey) -> u64 {
        let mut held = self.held();
        held.drafts += 1;
        let number = held.drafts;
        held.writing.insert(key, Draft { number, bytes: 0 });
        number
    }

    /// Takes bytes for what is being written, and evicts what nobody used for longest to have them.
    fn take(&self, key: PackageKey, number: u64, bytes: u64) -> io::Result<()> {
        loop {
            {
                let mut held = self.held();
                let is_full = held.bytes().saturating_add(bytes) > self.0.settings.most_bytes;
                let draft = held.writing.get_mut(&key).filter(|draft| draft.number == number);
                let draft = draft.ok_or_else(superseded)?;
                if !is_full {
                    draft.bytes += bytes;
                    return Ok(());
                }
            }
            if self.evict_one()?.is_none() {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
    }

    /// Removes the package that nobody used for longest and nobody reads, and tells its bytes; `None` when there is
    /// none.
    fn evict_one(&self) -> io::Result<Option<u64>> {
        let mut held = self.held();
        let unread = held.packages.iter().filter(|(_, kept)| kept.readers == 0);
        let oldest = unread.min_by_key(|(_, kept)| kept.used);
        let Some((key, bytes)) = oldest.map(|(key, kept)| (*key, kept.bytes)) else {
            return Ok(None);
        };
        let was_there = remove_file(&self.path(key, "zip"))?;
        held.packages.remove(&key);
        held.evicted.push(key);
        Ok(Some(if was_there { bytes } else { 0 }))
    }

    /// Gives what was written its name, if nobody else has begun to write it since.
    fn keep(&self, key: PackageKey, number: u64, draft: &Path, bytes: u64) -> io::Result<()> {
        let mut held = self.held();
        if held.writing.get(&key).is_none_or(|draft| draft.number != number) {
            return Err(superseded());
        }
        fs::rename(draft, self.path(key, "zip"))?;
        held.writing.remove(&key);
        held.uses += 1;
        let used = held.uses;
        // Whoever reads the one before reads on: it has no name any more.
        held.packages.insert(key, Kept { bytes, used, readers: 0 });
        Ok(())
    }

    /// What was being written is given up.
    fn give_up(&self, key: PackageKey, number: u64) {
        let mut held = self.held();
        if held.writing.get(&key).is_some_and(|draft| draft.number == number) {
            held.writing.remove(&key);
        }
    }
}

fn superseded() -> io::Error {
    io::Error::other("another one has begun to write this package")
}

impl Held {
    fn bytes(&self) -> u64 {
        let packages = self.packages.values().map(|kept| kept.bytes);
        packages.chain(self.writing.values().map(|draft| draft.bytes)).sum()
    }
}

/// Makes the folder, which only its owner can read, and the file that is locked in it.
fn make(folder: &Path) -> io::Result<File> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = fs::metadata(folder)?.mode();
    if mode & 0o077 != 0 {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder, private)?;
    }
    File::options().create(true).truncate(false).write(true).open(folder.join("lock"))
}

/// The packages of a folder in the order of their use; what was being written goes.
fn found(folder: &Path) -> io::Result<Held> {
    let mut by_use: BTreeMap<(SystemTime, PackageKey), u64> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let (key, kind) = name.split_once('.').unwrap_or_default();
        let kind = kind.rsplit_once('.').map_or(kind, |(_number, kind)| kind).to_owned();
        // Whatever else lies here is not ours to remove.
        let Ok(key) = key.parse() else { continue };
        match Some(kind.as_str()) {
            Some("zip") => {
                let metadata = fs::metadata(&path)?;
                by_use.insert((metadata.modified()?, key), metadata.len());
            }
            Some("partial") => fs::remove_file(&path)?,
            _ => {}
        }
    }
    let mut held = Held::default();
    for ((_, key), bytes) in by_use {
        held.uses += 1;
        held.packages.insert(key, Kept { bytes, used: held.uses, readers: 0 });
    }
    Ok(held)
}

fn touch(path: &Path) -> io::Result<()> {
    let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
    Ok(rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::empty())?)
}

/// True when it was there.
fn remove_file(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
