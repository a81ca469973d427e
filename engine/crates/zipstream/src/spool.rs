//! Entries larger than memory: their body waits in a temporary file until its sizes are known.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use crc32fast::Hasher;

use crate::chunk::{DeflatedChunk, FINAL_BLOCK, JoinedFacts};
use crate::entry::{EntryFacts, length};

/// Takes the chunks of a deflated body, in order.
///
/// The file has no name: whatever ends the process, nothing is left behind.
#[derive(Debug)]
pub struct DeflateSpool {
    file: File,
    facts: JoinedFacts,
}

impl DeflateSpool {
    /// A spool in a directory.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn new_in(directory: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(directory)?, facts: JoinedFacts::default() })
    }

    /// Appends the next chunk of the body.
    ///
    /// # Errors
    /// Those of the file: a full disk, say. The spool is useless afterwards.
    pub fn push(&mut self, chunk: &DeflatedChunk) -> io::Result<()> {
        self.file.write_all(chunk.bytes())?;
        self.facts.push(chunk);
        Ok(())
    }

    /// Ends the body.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish(mut self) -> io::Result<SpooledEntry> {
        self.file.write_all(&FINAL_BLOCK)?;
        Ok(SpooledEntry { file: self.file, facts: self.facts.finish() })
    }
}

/// Takes the bytes of a stored body, in order; for bodies whose CRC-32 nobody knows yet.
#[derive(Debug)]
pub struct StoreSpool {
    file: File,
    crc32: Hasher,
    bytes: u64,
}

impl StoreSpool {
    /// A spool in a directory.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn new_in(directory: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(directory)?, crc32: Hasher::new(), bytes: 0 })
    }

    /// Ends the body.
    pub fn finish(self) -> SpooledEntry {
        let facts = EntryFacts::stored(self.crc32.finalize(), self.bytes);
        SpooledEntry { file: self.file, facts }
    }
}

impl Write for StoreSpool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or_default();
        self.crc32.update(taken);
        self.bytes = self.bytes.saturating_add(length(taken));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// An entry whose body lies in a nameless temporary file.
#[derive(Debug)]
pub struct SpooledEntry {
    file: File,
    facts: EntryFacts,
}

impl SpooledEntry {
    /// What its headers will say.
    pub fn facts(&self) -> EntryFacts {
        self.facts
    }

    /// The body from its first byte.
    pub(crate) fn into_body(mut self) -> io::Result<(EntryFacts, File)> {
        self.file.rewind()?;
        Ok((self.facts, self.file))
    }
}
