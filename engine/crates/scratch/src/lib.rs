//! Temporary files without a name, which leave room on their disk.
//!
//! Nothing that ends the process leaves them behind, and nobody sees them: so they count for no limit on what
//! a folder holds. What they fill is told by the disk alone, which others need too.
//!
//! ```
//! use std::io::Write as _;
//!
//! let folder = scratch::ScratchFolder::new(std::env::temp_dir(), 1 << 20);
//! let mut file = folder.file()?;
//! file.write_all(b"what waits here")?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod spilling;

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use spilling::{Spilled, Spilling};

/// After so many bytes it is looked again whether the disk has room.
const LOOK_BYTES: u64 = 64 << 20;

/// Removes something from the disk that can go, and tells its bytes; `None` when there is nothing.
type MakeRoom = dyn Fn() -> io::Result<Option<u64>> + Send + Sync;

/// A folder for such files. Cheap to clone.
#[derive(Clone)]
pub struct ScratchFolder {
    path: Arc<Path>,
    least_free_bytes: u64,
    make_room: Option<Arc<MakeRoom>>,
}

impl PartialEq for ScratchFolder {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.least_free_bytes == other.least_free_bytes
    }
}

impl Eq for ScratchFolder {}

impl fmt::Debug for ScratchFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScratchFolder")
            .field("path", &self.path)
            .field("least_free_bytes", &self.least_free_bytes)
            .finish_non_exhaustive()
    }
}

impl ScratchFolder {
    /// A folder of whose disk so many bytes stay free; 0 leaves it to the disk.
    pub fn new(path: impl Into<PathBuf>, least_free_bytes: u64) -> Self {
        let path: PathBuf = path.into();
        Self { path: path.into(), least_free_bytes, make_room: None }
    }

    /// That of the system, which `TMPDIR` names, as far as its disk goes.
    pub fn of_system() -> Self {
        Self::new(std::env::temp_dir(), 0)
    }

    /// The same; where too little is free, this is called until it has removed as many bytes as are missing, or
    /// nothing is left.
    #[must_use]
    pub fn making_room(
        mut self,
        make_room: impl Fn() -> io::Result<Option<u64>> + Send + Sync + 'static,
    ) -> Self {
        self.make_room = Some(Arc::new(make_room));
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::StorageFull`] where less is free than has to be.
    pub fn file(&self) -> io::Result<ScratchFile> {
        let room = self.room()?;
        Ok(ScratchFile { file: tempfile::tempfile_in(self.path())?, room })
    }

    /// What is to be asked before a file grows that somebody else makes here.
    ///
    /// # Errors
    /// As [`ScratchFolder::file`].
    pub fn room(&self) -> io::Result<Room> {
        self.check()?;
        Ok(Room { folder: self.clone(), unseen: 0 })
    }

    fn check(&self) -> io::Result<()> {
        if self.least_free_bytes == 0 {
            return Ok(());
        }
        let disk = rustix::fs::statvfs(self.path())?;
        let mut free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        // Some file systems show what was removed only seconds later, so it is counted and not looked for.
        while free_bytes < self.least_free_bytes {
            let removed = self.make_room.as_ref().map_or(Ok(None), |make_room| make_room());
            let bytes = removed?.ok_or(io::ErrorKind::StorageFull)?;
            free_bytes = free_bytes.saturating_add(bytes);
        }
        Ok(())
    }
}

/// A file without a name. Writing fails as [`ScratchFolder::file`] does where the disk has no room.
#[derive(Debug)]
pub struct ScratchFile {
    file: File,
    room: Room,
}

impl ScratchFile {
    /// Writes at a place, whatever was written before.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::StorageFull`] where less is free than has to be.
    pub fn write_all_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.room.take(bytes.len() as u64)?;
        self.file.write_all_at(bytes, at)
    }

    /// To read it.
    pub fn get_ref(&self) -> &File {
        &self.file
    }

    /// The file, which is at the end of what was written and grows no more.
    pub fn into_file(self) -> File {
        self.file
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room.take(bytes.len() as u64)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What a file may still take of the disk.
#[derive(Debug)]
pub struct Room {
    folder: ScratchFolder,
    /// Bytes since it was last looked.
    unseen: u64,
}

impl Room {
    /// Asks for so many more bytes; every 64 MiB it is looked whether the disk has them.
    ///
    /// # Errors
    /// As [`ScratchFolder::file`].
    pub fn take(&mut self, bytes: u64) -> io::Result<()> {
        self.unseen = self.unseen.saturating_add(bytes);
        if self.unseen < LOOK_BYTES {
            return Ok(());
        }
        self.unseen = 0;
        self.folder.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_file_is_begun_where_less_is_free_than_has_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let error = ScratchFolder::new(folder.path(), u64::MAX / 2).file().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(ScratchFolder::new(folder.path(), 1).file().is_ok());
        assert!(ScratchFolder::new(folder.path(), 0).file().is_ok());
    }

    #[test]
    fn what_can_go_goes_before_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let scratch = ScratchFolder::new(folder.path(), u64::MAX / 2)
            .making_room(move || Ok((count.fetch_add(1, Ordering::SeqCst) < 3).then_some(1)));
        let error = scratch.file().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(asked.load(Ordering::SeqCst), 4);
    }

    /// As on a file system that shows what was removed only later.
    #[test]
    fn no_more_goes_than_there_has_to() {
        let folder = tempfile::tempdir().unwrap();
        let disk = rustix::fs::statvfs(folder.path()).unwrap();
        let least_free_bytes = disk.f_bavail * disk.f_frsize + (1 << 30);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let scratch = ScratchFolder::new(folder.path(), least_free_bytes).making_room(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Some(2 << 30))
        });
        assert!(scratch.file().is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_file_that_grows_is_looked_after_every_64_mib() {
        let folder = tempfile::tempdir().unwrap();
        let mut room = ScratchFolder::new(folder.path(), 1).room().unwrap();
        // Of a folder that is gone nobody can tell what is free.
        drop(folder);
        for _ in 0..2 {
            room.take(LOOK_BYTES - 1).unwrap();
            assert_eq!(room.take(1).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}
