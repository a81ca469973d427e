//! What was read from files that somebody renews while the program runs: certificates and keys.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::TlsSetupError;

/// Reads the files; they are looked at again each time that the value is wanted.
pub(super) struct Renewed<T> {
    files: Vec<PathBuf>,
    read: Box<dyn Fn() -> Result<T, TlsSetupError> + Send + Sync>,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    stamps: Vec<Stamp>,
    value: Arc<T>,
}

/// What tells that a file is another one: inode, length, seconds and nanoseconds of its last change.
type Stamp = Option<(u64, u64, i64, i64)>;

impl<T> fmt::Debug for Renewed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Renewed").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<T> Renewed<T> {
    /// # Errors
    /// [`TlsSetupError`]: the files cannot be used as they are now.
    pub(super) fn new(
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, TlsSetupError> + Send + Sync + 'static,
    ) -> Result<Self, TlsSetupError> {
        let stamps = stamps(&files);
        let value = Arc::new(read()?);
        Ok(Self { files, read: Box::new(read), known: Mutex::new(Known { stamps, value }) })
    }

    /// Which files.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// As the files are now. While they cannot be used, since only one of two is renewed so far, it is
    /// as they were before.
    pub(super) fn get(&self) -> Arc<T> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = stamps(&self.files);
        if stamps != known.stamps
            && let Ok(value) = (self.read)()
        {
            *known = Known { stamps, value: Arc::new(value) };
        }
        Arc::clone(&known.value)
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &PathBuf| {
        let data = fs::metadata(file).ok()?;
        Some((data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
    };
    files.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_file_is_read_and_an_unusable_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let write = |text: &str| {
            let new = folder.path().join("new");
            fs::write(&new, text).unwrap();
            fs::rename(&new, &path).unwrap();
        };
        write("one");
        let file = path.clone();
        let renewed = Renewed::new(vec![path.clone()], move || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let damaged = TlsSetupError::Name(text.clone());
            if text.is_empty() { Err(damaged) } else { Ok(text) }
        })
        .unwrap();
        assert_eq!(*renewed.get(), "one");
        write("two");
        assert_eq!(*renewed.get(), "two");
        write("");
        assert_eq!(*renewed.get(), "two");
        write("six");
        assert_eq!(*renewed.get(), "six");
        fs::remove_file(&path).unwrap();
        assert_eq!(*renewed.get(), "six");
    }
}
