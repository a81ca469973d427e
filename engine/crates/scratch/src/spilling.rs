//! Bytes in memory while they are few, and in a file without a name beyond.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};

use crate::{ScratchFile, ScratchFolder};

/// Bytes that come piece by piece, and nobody knows how many.
#[derive(Debug)]
pub struct Spilling<'a> {
    folder: &'a ScratchFolder,
    in_memory_bytes: usize,
    memory: Vec<u8>,
    file: Option<ScratchFile>,
}

/// All of them.
#[derive(Debug)]
pub enum Spilled {
    /// In memory.
    Memory(Vec<u8>),
    /// In a file, at its beginning.
    File(File),
}

impl<'a> Spilling<'a> {
    /// Begins with `memory`; more than `in_memory_bytes` go into a file in the folder.
    pub fn new(folder: &'a ScratchFolder, in_memory_bytes: usize, memory: Vec<u8>) -> Self {
        Self { folder, in_memory_bytes, memory, file: None }
    }

    /// Prepares for so many bytes that stay in memory.
    pub fn reserve_exact(&mut self, bytes: usize) {
        self.memory.reserve_exact(bytes);
    }

    /// Takes more.
    ///
    /// # Errors
    /// As [`ScratchFolder::file`].
    pub fn push(&mut self, more: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(more);
        }
        self.memory.extend_from_slice(more);
        if self.memory.len() > self.in_memory_bytes {
            let mut file = self.folder.file()?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        Ok(())
    }

    /// Forgets what came.
    pub fn clear(&mut self) {
        (self.memory, self.file) = (Vec::new(), None);
    }

    /// What came.
    ///
    /// # Errors
    /// The file cannot be rewound.
    pub fn finish(self) -> io::Result<Spilled> {
        let Some(file) = self.file else { return Ok(Spilled::Memory(self.memory)) };
        let mut file = file.into_file();
        file.rewind()?;
        Ok(Spilled::File(file))
    }
}
