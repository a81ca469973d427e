//! The bytes of one instance: in memory while small, else in an unnamed file.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use scratch::{ScratchFolder, Spilled, Spilling};

/// No length that a peer claims makes us allocate more than this at once.
const MAX_HINT_BYTES: u64 = 8 << 20;
/// What stands in a DICOM file, and where (PS3.10 §7.1).
const MAGIC: [u8; 4] = *b"DICM";
const MAGIC_AT: usize = 128;

/// A DICOM file as it came.
pub enum InstanceBody {
    /// In memory.
    Memory(Vec<u8>),
    /// In an unnamed file, at its beginning.
    File {
        /// The file.
        file: File,
        /// How long it is.
        bytes: u64,
    },
}

impl InstanceBody {
    /// How long the file is.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { bytes, .. } => *bytes,
        }
    }

    fn has_magic(&self) -> io::Result<bool> {
        let mut magic = [0; MAGIC.len()];
        match self {
            Self::Memory(bytes) => {
                return Ok(bytes.get(MAGIC_AT..).is_some_and(|rest| rest.starts_with(&MAGIC)));
            }
            Self::File { bytes, .. } if *bytes < (MAGIC_AT + MAGIC.len()) as u64 => {}
            Self::File { file, .. } => file.read_exact_at(&mut magic, MAGIC_AT as u64)?,
        }
        Ok(magic == MAGIC)
    }
}

impl fmt::Debug for InstanceBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InstanceBody({} bytes)", self.bytes())
    }
}

/// A part that is no instance that we take; those behind it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartFault {
    /// It has nothing of DICOM.
    #[error("a part is no DICOM file but {0}")]
    NotDicom(String),
    /// It is larger than one instance may be.
    #[error("an instance is larger than {limit_bytes} bytes: `limits.instance_mib` sets the limit")]
    OverLimit {
        /// The limit.
        limit_bytes: u64,
    },
    /// It has no bytes.
    #[error("a part is empty")]
    Empty,
}

/// Gathers the bytes of one instance.
pub(super) struct Gatherer<'a> {
    in_memory_bytes: usize,
    limit_bytes: u64,
    held: Spilling<'a>,
    bytes: u64,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(in_memory_bytes: usize, limit_bytes: u64, folder: &'a ScratchFolder) -> Self {
        let held = Spilling::new(folder, in_memory_bytes, Vec::new());
        Self { in_memory_bytes, limit_bytes, held, bytes: 0 }
    }

    /// Prepares for a length that the peer claims.
    pub(super) fn expect(&mut self, bytes: Option<u64>) {
        let most = MAX_HINT_BYTES.min(self.in_memory_bytes as u64);
        if let Some(bytes) = bytes.filter(|bytes| *bytes <= most) {
            self.held.reserve_exact(usize::try_from(bytes).unwrap_or(0));
        }
    }

    /// Takes more bytes; beyond the limit they are counted and dropped.
    ///
    /// # Errors
    /// The spool file cannot be made or written.
    pub(super) fn take(&mut self, more: &[u8]) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(more.len() as u64);
        if self.bytes > self.limit_bytes {
            self.held.clear();
            return Ok(());
        }
        self.held.push(more)
    }

    /// What was gathered.
    ///
    /// # Errors
    /// The spool file cannot be read.
    pub(super) fn finish(self, content_type: &str) -> io::Result<Result<InstanceBody, PartFault>> {
        if self.bytes > self.limit_bytes {
            return Ok(Err(PartFault::OverLimit { limit_bytes: self.limit_bytes }));
        }
        if self.bytes == 0 {
            return Ok(Err(PartFault::Empty));
        }
        let body = match self.held.finish()? {
            Spilled::Memory(memory) => InstanceBody::Memory(memory),
            Spilled::File(file) => InstanceBody::File { file, bytes: self.bytes },
        };
        let is_dicom = body.has_magic()?;
        Ok(if is_dicom { Ok(body) } else { Err(PartFault::NotDicom(shown(content_type))) })
    }
}

/// A Content-Type off the wire, fit for a message.
pub(super) fn shown(content_type: &str) -> String {
    let text: String =
        content_type.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(60).collect();
    if text.trim().is_empty() { "something without a Content-Type".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn dicom(bytes: usize) -> Vec<u8> {
        let mut file = vec![7; bytes];
        file[128..132].copy_from_slice(b"DICM");
        file
    }

    fn gather(bytes: &[u8], in_memory: usize, limit: u64) -> Result<InstanceBody, PartFault> {
        let folder = ScratchFolder::of_system();
        let mut gatherer = Gatherer::new(in_memory, limit, &folder);
        gatherer.expect(Some(u64::MAX));
        for piece in bytes.chunks(100) {
            gatherer.take(piece).unwrap();
        }
        gatherer.finish("image/png\r\n\x1b[31m").unwrap()
    }

    #[test]
    fn a_small_instance_stays_in_memory() {
        let file = dicom(500);
        let body = gather(&file, 500, 1000);
        assert!(matches!(body, Ok(InstanceBody::Memory(bytes)) if bytes == file));
    }

    #[test]
    fn a_larger_one_goes_to_a_file_and_is_whole() {
        let file = dicom(5001);
        let Ok(InstanceBody::File { file: mut spooled, bytes: 5001 }) = gather(&file, 500, 6000)
        else {
            panic!("not spooled")
        };
        let mut back = Vec::new();
        spooled.read_to_end(&mut back).unwrap();
        assert!(back == file);
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_not_filled() {
        let folder = ScratchFolder::new(std::env::temp_dir(), u64::MAX / 2);
        let mut gatherer = Gatherer::new(500, 6000, &folder);
        let error = gatherer.take(&dicom(5001)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn what_is_refused_says_why() {
        let over = gather(&dicom(1001), 100, 1000).unwrap_err();
        assert_eq!(over, PartFault::OverLimit { limit_bytes: 1000 });
        assert_eq!(gather(b"", 100, 1000).unwrap_err(), PartFault::Empty);
        let other = gather(&[0; 300], 100, 1000).unwrap_err();
        assert_eq!(other.to_string(), "a part is no DICOM file but image/png[31m");
    }
}
