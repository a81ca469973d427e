//! The data set of a C-STORE becomes a file in memory, or a spool file where it is large.
//!
//! Invariant: the data set is kept as it comes, and no name off the wire becomes a path.

use crc32fast::Hasher;
use part10::{Identity, file_meta_information};
use scratch::{ScratchFolder, Spilled, Spilling};

use super::command::StoreRequest;
use crate::error::PacsError;
use crate::settings::PacsLimits;
use crate::source::{Received, ReceivedBody};

/// An instance that is coming in.
#[derive(Debug)]
pub(crate) struct IncomingObject<'a> {
    limits: &'a PacsLimits,
    held: Spilling<'a>,
    bytes: u64,
    crc32: Hasher,
}

impl<'a> IncomingObject<'a> {
    /// Begins with what the peer announced: preamble and file meta information.
    pub(crate) fn begin(
        request: &StoreRequest,
        transfer_syntax: &str,
        limits: &'a PacsLimits,
        folder: &'a ScratchFolder,
    ) -> Result<Self, PacsError> {
        let odd = |error| PacsError::Protocol(format!("an instance without UIDs: {error}"));
        let identity = Identity {
            sop_class: request.sop_class.clone(),
            sop_instance: request.sop_instance.clone(),
            // Not part of the file meta information.
            study: model::StudyInstanceUid::from_wire(b"0").map_err(odd)?,
            series: model::SeriesInstanceUid::from_wire(b"0").map_err(odd)?,
        };
        let mut memory = vec![0; 128];
        memory.extend_from_slice(b"DICM");
        memory.extend_from_slice(&file_meta_information(&identity, transfer_syntax));
        let bytes = memory.len() as u64;
        let held = Spilling::new(folder, limits.in_memory_bytes, memory);
        Ok(Self { limits, held, bytes, crc32: Hasher::new() })
    }

    /// Takes the next bytes of the data set.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), PacsError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.limits.instance_bytes {
            let limit = self.limits.instance_bytes >> 20;
            return Err(PacsError::OverLimit(format!(
                "the PACS sends an instance of more than {limit} MiB"
            )));
        }
        self.crc32.update(piece);
        self.held.push(piece).map_err(PacsError::Spool)
    }

    /// The whole instance.
    pub(crate) fn finish(self, request: &StoreRequest) -> Result<Received, PacsError> {
        let body = match self.held.finish().map_err(PacsError::Spool)? {
            Spilled::File(file) => ReceivedBody::File(file),
            Spilled::Memory(memory) => ReceivedBody::Memory(memory),
        };
        let crc32 = self.crc32.finalize();
        let sop_instance = request.sop_instance.clone();
        Ok(Received { sop_instance, bytes: self.bytes, crc32, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::Read as _;

    fn request() -> StoreRequest {
        StoreRequest {
            message_id: 1,
            sop_class: "1.2.840.10008.5.1.4.1.1.2".parse().unwrap(),
            sop_instance: "1.2.3".parse().unwrap(),
            originator: None,
        }
    }

    #[rstest]
    #[case::in_memory(1 << 20)]
    #[case::spooled(400)]
    fn the_data_set_is_kept_as_it_comes(#[case] in_memory_bytes: usize) {
        let limits = PacsLimits { in_memory_bytes, ..PacsLimits::default() };
        let folder = tempfile::tempdir().unwrap();
        let scratch = ScratchFolder::new(folder.path(), 0);
        let syntax = part10::EXPLICIT_VR_LITTLE_ENDIAN;
        let mut object = IncomingObject::begin(&request(), syntax, &limits, &scratch).unwrap();
        let data_set: Vec<u8> = (0..3000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for piece in data_set.chunks(700) {
            object.push(piece).unwrap();
        }
        let received = object.finish(&request()).unwrap();
        let (is_file, bytes) = match received.body {
            ReceivedBody::Memory(bytes) => (false, bytes),
            ReceivedBody::File(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).unwrap();
                (true, bytes)
            }
        };
        assert_eq!(is_file, in_memory_bytes == 400);
        assert_eq!(bytes.len() as u64, received.bytes);
        assert!(bytes.ends_with(&data_set));
        assert_eq!(&bytes[128..132], b"DICM");
        assert_eq!(received.crc32, crc32fast::hash(&data_set));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "unnamed");
    }

    #[test]
    fn an_instance_without_end_is_refused() {
        let limits = PacsLimits { instance_bytes: 1000, ..PacsLimits::default() };
        let folder = tempfile::tempdir().unwrap();
        let scratch = ScratchFolder::new(folder.path(), 0);
        let syntax = part10::EXPLICIT_VR_LITTLE_ENDIAN;
        let mut object = IncomingObject::begin(&request(), syntax, &limits, &scratch).unwrap();
        let pushed = (0..100).try_for_each(|_| object.push(&[0; 100]));
        assert!(matches!(pushed, Err(PacsError::OverLimit(_))));
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_not_filled() {
        let limits = PacsLimits { in_memory_bytes: 400, ..PacsLimits::default() };
        let scratch = ScratchFolder::new(std::env::temp_dir(), u64::MAX / 2);
        let syntax = part10::EXPLICIT_VR_LITTLE_ENDIAN;
        let mut object = IncomingObject::begin(&request(), syntax, &limits, &scratch).unwrap();
        let Err(PacsError::Spool(error)) = object.push(&[0; 1000]) else { panic!("it was taken") };
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }
}
