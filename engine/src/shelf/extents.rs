//! One unnamed file that holds many instances; what is free again is used again.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt as _;

use scratch::{ScratchFile, ScratchFolder};

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    at: u64,
    bytes: u64,
}

impl Extent {
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }
}

/// The file.
#[derive(Debug)]
pub(crate) struct Extents {
    file: ScratchFile,
    /// Lengths of the free parts, by where they begin; no two of them touch.
    free: BTreeMap<u64, u64>,
    end: u64,
}

impl Extents {
    pub(crate) fn new_in(folder: &ScratchFolder) -> io::Result<Self> {
        let file = folder.file()?;
        Ok(Self { file, free: BTreeMap::new(), end: 0 })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<Extent> {
        let extent = self.allocate(bytes.len() as u64);
        let written = self.file.write_all_at(bytes, extent.at);
        if written.is_err() {
            self.release(extent);
        }
        written.map(|()| extent)
    }

    pub(crate) fn read(&self, extent: Extent) -> io::Result<Vec<u8>> {
        let length = usize::try_from(extent.bytes).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.get_ref().read_exact_at(&mut bytes, extent.at)?;
        Ok(bytes)
    }

    fn allocate(&mut self, bytes: u64) -> Extent {
        let fits =
            self.free.iter().find(|(_, free)| **free >= bytes).map(|(at, free)| (*at, *free));
        let Some((at, free)) = fits else {
            let at = self.end;
            self.end = self.end.saturating_add(bytes);
            return Extent { at, bytes };
        };
        self.free.remove(&at);
        if free > bytes {
            self.free.insert(at + bytes, free - bytes);
        }
        Extent { at, bytes }
    }

    pub(crate) fn release(&mut self, extent: Extent) {
        let Extent { mut at, mut bytes } = extent;
        if let Some((before, length)) = self.free.range(..at).next_back().map(|(a, l)| (*a, *l))
            && before + length == at
        {
            self.free.remove(&before);
            (at, bytes) = (before, bytes + length);
        }
        if let Some(length) = self.free.remove(&(at + bytes)) {
            bytes += length;
        }
        if at + bytes == self.end {
            self.end = at;
        } else {
            self.free.insert(at, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_used_again_and_nothing_else() {
        let mut extents = Extents::new_in(&ScratchFolder::of_system()).unwrap();
        let mut held: Vec<(Extent, Vec<u8>)> = Vec::new();
        for round in 0..500_usize {
            if round % 3 == 2 {
                let (extent, bytes) = held.remove(round * 7 % held.len());
                assert_eq!(extents.read(extent).unwrap(), bytes);
                extents.release(extent);
            } else {
                let bytes = vec![u8::try_from(round % 251).unwrap(); 1 + round * 37 % 400];
                held.push((extents.write(&bytes).unwrap(), bytes));
            }
        }
        for (extent, bytes) in &held {
            assert_eq!(extents.read(*extent).unwrap(), *bytes);
        }
        let in_use: u64 = held.iter().map(|(extent, _)| extent.bytes()).sum();
        let free: u64 = extents.free.values().sum();
        assert_eq!(in_use + free, extents.end);
        assert!(free < in_use, "{free} of {in_use}");
        for (extent, _) in held {
            extents.release(extent);
        }
        assert_eq!((extents.end, extents.free.len()), (0, 0));
    }
}
