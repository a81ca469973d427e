//! Whole entries compressed in one call by libdeflate.

use std::cell::RefCell;

use libdeflater::{CompressionLvl, Compressor};

use crate::entry::{EntryFacts, Method, PreparedEntry, checksum, length, store};

/// The level of libdeflate; figures in the module doc.
const LEVEL: i32 = 1;

/// Buffers up to this size are kept from entry to entry; larger ones go back at once, so that one
/// mammogram does not fix its size to every thread.
const RETAINED_BYTES: usize = 2 << 20;

/// A deflate compressor with its buffers, to be reused from entry to entry.
pub struct Deflater {
    compressor: Compressor,
    joined: Vec<u8>,
    compressed: Vec<u8>,
}

impl std::fmt::Debug for Deflater {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Deflater").finish_non_exhaustive()
    }
}

impl Default for Deflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Deflater {
    /// A compressor of the level that the module doc explains.
    pub fn new() -> Self {
        Self {
            // Not `CompressionLvl::fastest()`: in libdeflater 1.26 that is level 0, which stores.
            compressor: Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default()),
            joined: Vec::new(),
            compressed: Vec::new(),
        }
    }

    /// Compresses parts as one body; stores it when compression does not make it smaller.
    ///
    /// # Limits
    /// Holds, beside the result, a copy of the parts when more than one has bytes.
    pub fn deflate(&mut self, parts: &[&[u8]]) -> PreparedEntry {
        let (crc32, uncompressed_bytes) = checksum(parts.iter().copied());
        let mut filled = parts.iter().copied().filter(|part| !part.is_empty());
        let body = match (filled.next(), filled.next()) {
            (None, _) => return store(Vec::new()),
            (Some(only), None) => only,
            (Some(_), Some(_)) => {
                self.joined.clear();
                self.joined.reserve_exact(parts.iter().map(|part| part.len()).sum());
                for part in parts {
                    self.joined.extend_from_slice(part);
                }
                &self.joined
            }
        };
        // One byte less than the body: libdeflate gives up when the result is not smaller.
        let room = body.len() - 1;
        if self.compressed.len() < room {
            // A fresh zeroed buffer comes from the system untouched; growing would write zeros.
            self.compressed = vec![0; room];
        }
        let output = self.compressed.get_mut(..room).unwrap_or_default();
        let entry = match self.compressor.deflate_compress(body, output) {
            Ok(written) => {
                let facts = EntryFacts {
                    method: Method::Deflated,
                    crc32,
                    uncompressed_bytes,
                    compressed_bytes: length(output.get(..written).unwrap_or_default()),
                };
                PreparedEntry::new(facts, vec![self.take_compressed(written)])
            }
            Err(libdeflater::CompressionError::InsufficientSpace) => PreparedEntry::new(
                EntryFacts::stored(crc32, uncompressed_bytes),
                vec![body.to_vec()],
            ),
        };
        if self.joined.capacity() > RETAINED_BYTES {
            self.joined = Vec::new();
        }
        if self.compressed.capacity() > RETAINED_BYTES {
            self.compressed = Vec::new();
        }
        entry
    }

    /// The first bytes of the output buffer: copied out of one that stays, cut out of one that goes.
    fn take_compressed(&mut self, written: usize) -> Vec<u8> {
        if self.compressed.capacity() <= RETAINED_BYTES {
            return self.compressed.get(..written).unwrap_or_default().to_vec();
        }
        let mut taken = std::mem::take(&mut self.compressed);
        taken.truncate(written);
        taken.shrink_to_fit();
        taken
    }
}

thread_local! {
    static DEFLATER: RefCell<Deflater> = RefCell::new(Deflater::new());
}

/// Compresses parts as one body with this thread's [`Deflater`].
pub fn deflate(parts: &[&[u8]]) -> PreparedEntry {
    DEFLATER.with_borrow_mut(|deflater| deflater.deflate(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(entry: &PreparedEntry) -> Vec<u8> {
        let body = entry.parts().concat();
        assert_eq!(body.len() as u64, entry.facts().compressed_bytes);
        if entry.facts().method == Method::Stored {
            return body;
        }
        let mut bytes = vec![0; usize::try_from(entry.facts().uncompressed_bytes).unwrap()];
        let got = libdeflater::Decompressor::new().deflate_decompress(&body, &mut bytes).unwrap();
        assert_eq!(got, bytes.len());
        bytes
    }

    #[test]
    fn parts_are_one_body() {
        let (head, pixels, tail) = ([1_u8; 300], [2_u8; 9_000], [3_u8; 10]);
        let entry = deflate(&[&head, &[], &pixels, &tail]);
        assert_eq!(entry.facts().method, Method::Deflated);
        assert_eq!(inflated(&entry), [&head[..], &pixels, &tail].concat());
        assert_eq!(entry, deflate(&[&[&head[..], &pixels, &tail].concat()]));
    }

    #[test]
    fn what_does_not_shrink_is_stored() {
        for body in [&b""[..], b"a", b"abcdefgh"] {
            let entry = deflate(&[body]);
            assert_eq!(entry.facts().method, Method::Stored);
            assert_eq!(inflated(&entry), body);
            assert_eq!(entry, store(body.to_vec()));
        }
    }

    #[test]
    fn buffers_carry_nothing_from_entry_to_entry() {
        let mut deflater = Deflater::new();
        for bytes in [100_000, RETAINED_BYTES + 9, 5, 70_000, 2 * RETAINED_BYTES, 0, 100_000] {
            let body: Vec<u8> = (0..bytes).map(|at| (at / 50 % 251) as u8).collect();
            let entry = deflater.deflate(&[&body]);
            let method = if bytes > 5 { Method::Deflated } else { Method::Stored };
            assert_eq!(entry.facts().method, method);
            assert_eq!(inflated(&entry), body);
            assert_eq!(entry, Deflater::new().deflate(&[&body]));
            assert!(deflater.compressed.capacity() <= RETAINED_BYTES);
        }
    }
}
