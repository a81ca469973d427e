//! A package that is being written, and what others may read of it meanwhile.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use engine::Room;
use sha2::{Digest, Sha256};
use store::{PackageKey, SecretHash};
use tokio::sync::watch;

use super::{Spool, remove_file};

/// Bytes that are written, hashed and told together.
const PIECE: usize = 256 << 10;

/// How much of a package can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// So many bytes, and more come.
    Bytes(u64),
    /// It is whole, with so many bytes.
    Whole(u64),
    /// It was given up: no more come, and what there is is no package.
    GivenUp,
}

/// Takes the bytes of a package, front to back. Dropped before [`PackageWriter::finish`] it leaves nothing.
#[derive(Debug)]
pub(crate) struct PackageWriter {
    spool: Spool,
    key: PackageKey,
    number: u64,
    /// None when it is closed.
    file: Option<File>,
    path: PathBuf,
    pending: Vec<u8>,
    written: u64,
    room: Room,
    hash: Sha256,
    told: watch::Sender<Written>,
}

impl PackageWriter {
    pub(super) fn begin(spool: Spool, key: PackageKey) -> io::Result<Self> {
        let room = spool.scratch().room()?;
        let number = spool.begin_writing(key);
        let path = spool.path(key, &format!("{number}.partial"));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).inspect_err(|_error| spool.give_up(key, number))?;
        Ok(Self {
            spool,
            key,
            number,
            file: Some(file),
            path,
            pending: Vec::with_capacity(PIECE),
            written: 0,
            room,
            hash: Sha256::new(),
            told: watch::Sender::new(Written::Bytes(0)),
        })
    }

    /// Where it can be read meanwhile.
    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// How much of it can be read.
    pub(crate) fn watch(&self) -> watch::Receiver<Written> {
        self.told.subscribe()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        self.spool.take(self.key, self.number, length)?;
        self.room.take(length)?;
        let closed = || io::Error::other("the package is closed");
        self.file.as_mut().ok_or_else(closed)?.write_all(bytes)?;
        self.hash.update(bytes);
        self.written += length;
        self.told.send_replace(Written::Bytes(self.written));
        Ok(())
    }

    fn put_pending(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let put = self.put(&pending);
        self.pending = pending;
        self.pending.clear();
        put
    }

    /// Gives the package its name when all of it is on the disk; tells its bytes and their SHA-256. Blocks.
    ///
    /// # Errors
    /// What the disk says; nothing is left then.
    pub(crate) fn finish(mut self) -> io::Result<(u64, String)> {
        self.put_pending()?;
        if let Some(file) = self.file.as_ref() {
            file.sync_data()?;
        }
        self.spool.keep(self.key, self.number, &self.path, self.written)?;
        self.file = None;
        // The name is durable before the store says that the package is there.
        File::open(self.spool.folder())?.sync_all()?;
        self.told.send_replace(Written::Whole(self.written));
        Ok((self.written, hex(self.hash.finalize_reset().into())))
    }
}

/// In lower-case hexadecimal digits.
fn hex(sha256: [u8; 32]) -> String {
    String::from(SecretHash::from(sha256))
}

impl Write for PackageWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.len() + bytes.len() >= PIECE {
            self.put_pending()?;
        }
        if bytes.len() >= PIECE {
            self.put(bytes)?;
        } else {
            self.pending.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.put_pending()
    }
}

impl Drop for PackageWriter {
    fn drop(&mut self) {
        if self.file.take().is_none() {
            return;
        }
        self.told.send_replace(Written::GivenUp);
        self.spool.give_up(self.key, self.number);
        if let Err(error) = remove_file(&self.path) {
            // Told for the next start, which removes it.
            tracing::warn!(%error, "an unfinished package cannot be removed");
        }
    }
}
