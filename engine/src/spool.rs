//! The entry of a large instance, collected piece by piece in a temporary file.

use std::io::{self, Write as _};

use media::contents::{FrameEntry, Preview};
use model::PreviewFault;
use scratch::{Room, ScratchFolder};
use sha2::{Digest as _, Sha256};
use zipstream::{DeflateSpool, DeflatedChunk, SpooledEntry, StoreSpool};

use crate::plan::Planned;

/// A large instance that is being collected.
pub(crate) struct Spool {
    pub(crate) planned: Planned,
    /// How many frames it has.
    pub(crate) frame_count: u32,
    /// What became of its frames so far.
    pub(crate) frames: Vec<FrameEntry>,
    pub(crate) thumbnail: Option<Preview>,
    /// A frame could not be decoded: what was collected is of no use.
    pub(crate) undecodable: bool,
    entry: EntrySpool,
}

/// The bytes of an entry, as they come.
pub(crate) struct EntrySpool {
    body: Body,
    room: Room,
    hasher: Sha256,
}

enum Body {
    Deflated(DeflateSpool),
    Stored(StoreSpool),
}

impl Spool {
    pub(crate) fn new_in(
        folder: &ScratchFolder,
        planned: Planned,
        frame_count: u32,
        deflated: bool,
    ) -> io::Result<Self> {
        let entry = EntrySpool::new_in(folder, deflated)?;
        let (frames, thumbnail) = (Vec::new(), None);
        Ok(Self { planned, frame_count, frames, thumbnail, undecodable: false, entry })
    }

    /// Appends bytes of the entry, and the same bytes compressed.
    pub(crate) fn push(&mut self, bytes: &[u8], chunks: &[DeflatedChunk]) -> io::Result<()> {
        if self.undecodable { Ok(()) } else { self.entry.push(bytes, chunks) }
    }

    pub(crate) fn into_entry(self) -> EntrySpool {
        self.entry
    }
}

impl EntrySpool {
    pub(crate) fn new_in(folder: &ScratchFolder, deflated: bool) -> io::Result<Self> {
        let room = folder.room()?;
        let body = if deflated {
            Body::Deflated(DeflateSpool::new_in(folder.path())?)
        } else {
            Body::Stored(StoreSpool::new_in(folder.path())?)
        };
        Ok(Self { body, room, hasher: Sha256::new() })
    }

    /// Appends bytes, and the same bytes compressed.
    pub(crate) fn push(&mut self, bytes: &[u8], chunks: &[DeflatedChunk]) -> io::Result<()> {
        self.room.take(bytes.len() as u64)?;
        self.hasher.update(bytes);
        match &mut self.body {
            Body::Deflated(spool) => chunks.iter().try_for_each(|chunk| spool.push(chunk)),
            Body::Stored(spool) => spool.write_all(bytes),
        }
    }

    pub(crate) fn finish(self) -> io::Result<(SpooledEntry, [u8; 32])> {
        let entry = match self.body {
            Body::Deflated(spool) => spool.finish()?,
            Body::Stored(spool) => spool.finish(),
        };
        Ok((entry, self.hasher.finalize().into()))
    }
}

/// How many frames have no preview, and why the first of them has none.
pub(crate) fn faults(frames: &[FrameEntry]) -> Option<(u32, PreviewFault)> {
    let mut faults = frames.iter().filter_map(|frame| match frame {
        FrameEntry::Placeholder(fault) => Some(fault),
        FrameEntry::Preview(_) => None,
    });
    let first = faults.next()?.clone();
    Some((u32::try_from(faults.count()).unwrap_or(u32::MAX).saturating_add(1), first))
}
