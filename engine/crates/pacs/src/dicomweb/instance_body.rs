//! The bytes of one instance: in memory while small, else in an unnamed file.

use std::fmt;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};

use scratch::{Room, ScratchFolder};

/// No length that a peer claims makes us allocate more than this at once.
const MAX_HINT_BYTES: u64 = 8 << 20;
/// Where `DICM` stands in a DICOM file (PS3.10 §7.1).
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
    folder: &'a ScratchFolder,
    memory: Vec<u8>,
    file: Option<(File, Room)>,
    bytes: u64,
    has_magic: bool,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(in_memory_bytes: usize, limit_bytes: u64, folder: &'a ScratchFolder) -> Self {
        let (memory, file, bytes, has_magic) = (Vec::new(), None, 0, false);
        Self { in_memory_bytes, limit_bytes, folder, memory, file, bytes, has_magic }
    }

    /// Prepares for a length that the peer claims.
    pub(super) fn expect(&mut self, bytes: Option<u64>) {
        let most = MAX_HINT_BYTES.min(self.in_memory_bytes as u64);
        if let Some(bytes) = bytes.filter(|bytes| *bytes <= most) {
            self.memory.reserve_exact(usize::try_from(bytes).unwrap_or(0));
        }
    }

    /// Takes more bytes; beyond the limit they are counted and dropped.
    ///
    /// # Errors
    /// The spool file cannot be made or written.
    pub(super) fn take(&mut self, more: &[u8]) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(more.len() as u64);
        if self.bytes > self.limit_bytes {
            self.memory = Vec::new();
            self.file = None;
            return Ok(());
        }
        if let Some((file, room)) = &mut self.file {
            room.take(more.len() as u64)?;
            return file.write_all(more);
        }
        self.memory.extend_from_slice(more);
        if self.memory.len() > self.in_memory_bytes {
            let (mut file, mut room) = self.folder.file()?;
            self.has_magic = has_magic(&self.memory);
            room.take(self.memory.len() as u64)?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some((file, room));
        }
        Ok(())
    }

    /// What was gathered.
    ///
    /// # Errors
    /// The spool file cannot be rewound.
    pub(super) fn finish(self, content_type: &str) -> io::Result<Result<InstanceBody, PartFault>> {
        if self.bytes > self.limit_bytes {
            return Ok(Err(PartFault::OverLimit { limit_bytes: self.limit_bytes }));
        }
        if self.bytes == 0 {
            return Ok(Err(PartFault::Empty));
        }
        if !(self.has_magic || has_magic(&self.memory)) {
            return Ok(Err(PartFault::NotDicom(shown(content_type))));
        }
        Ok(Ok(match self.file {
            None => InstanceBody::Memory(self.memory),
            Some((mut file, _)) => {
                file.rewind()?;
                InstanceBody::File { file, bytes: self.bytes }
            }
        }))
    }
}

fn has_magic(bytes: &[u8]) -> bool {
    bytes.get(MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"DICM"))
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
