//! Large entries compressed piece by piece: each chunk on any thread, joined in order.
//!
//! A chunk is a run of deflate blocks that ends at a byte boundary (sync flush) and refers to
//! nothing before it; chunks in order and a last empty block are one body.

use std::cell::RefCell;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

use crate::entry::{EntryFacts, Method, PreparedEntry, length};

/// The level of zlib-rs for chunks; figures in the doc of `deflate`.
const LEVEL: u32 = 3;

/// An empty final block with fixed codes: ends the body behind the last chunk (RFC 1951 §3.2.6).
pub(crate) const FINAL_BLOCK: [u8; 2] = [0x03, 0x00];

/// A compressed piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeflatedChunk {
    bytes: Vec<u8>,
    crc32: u32,
    uncompressed_bytes: u64,
}

impl DeflatedChunk {
    /// The deflate blocks.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length before compression.
    pub fn uncompressed_bytes(&self) -> u64 {
        self.uncompressed_bytes
    }
}

thread_local! {
    static COMPRESS: RefCell<Compress> =
        RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// Compresses a piece of a body with this thread's compressor.
///
/// A piece may have any size; it cannot refer to the one before it, so small pieces cost ratio.
pub fn deflate_chunk(piece: &[u8]) -> DeflatedChunk {
    let bytes = COMPRESS.with_borrow_mut(|compress| sync_flushed(compress, piece));
    DeflatedChunk { bytes, crc32: crc32fast::hash(piece), uncompressed_bytes: length(piece) }
}

fn sync_flushed(compress: &mut Compress, piece: &[u8]) -> Vec<u8> {
    compress.reset();
    let mut bytes = Vec::with_capacity(piece.len() / 2 + 64);
    let mut rest = piece;
    loop {
        let before = compress.total_in();
        // Deflate without `Finish` has one way to fail, a full output, and that is grown below.
        let _status = compress.compress_vec(rest, &mut bytes, FlushCompress::Sync);
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or_default();
        // Room left over means that the flush is complete as well.
        if rest.is_empty() && bytes.len() < bytes.capacity() {
            break;
        }
        bytes.reserve(bytes.len().max(64) / 2);
    }
    bytes.shrink_to_fit();
    bytes
}

/// CRC-32 and sizes of a body that comes chunk by chunk.
#[derive(Debug, Default)]
pub(crate) struct JoinedFacts {
    crc32: Hasher,
    uncompressed_bytes: u64,
    compressed_bytes: u64,
}

impl JoinedFacts {
    pub(crate) fn push(&mut self, chunk: &DeflatedChunk) {
        let crc32 = Hasher::new_with_initial_len(chunk.crc32, chunk.uncompressed_bytes);
        self.crc32.combine(&crc32);
        self.uncompressed_bytes = self.uncompressed_bytes.saturating_add(chunk.uncompressed_bytes);
        self.compressed_bytes = self.compressed_bytes.saturating_add(length(&chunk.bytes));
    }

    /// The facts once [`FINAL_BLOCK`] stands behind the last chunk.
    pub(crate) fn finish(self) -> EntryFacts {
        EntryFacts {
            method: Method::Deflated,
            crc32: self.crc32.finalize(),
            uncompressed_bytes: self.uncompressed_bytes,
            compressed_bytes: self.compressed_bytes.saturating_add(length(&FINAL_BLOCK)),
        }
    }
}

impl PreparedEntry {
    /// Joins chunks, in the order of the body, into an entry in memory.
    ///
    /// For one large object whose chunks several threads compress; what does not fit the memory
    /// budget goes through [`crate::DeflateSpool`].
    pub fn from_chunks(chunks: impl IntoIterator<Item = DeflatedChunk>) -> Self {
        let mut facts = JoinedFacts::default();
        let mut parts = Vec::new();
        for chunk in chunks {
            facts.push(&chunk);
            parts.push(chunk.bytes);
        }
        parts.push(FINAL_BLOCK.to_vec());
        Self::new(facts.finish(), parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(entry: &PreparedEntry) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(entry.facts().uncompressed_bytes).unwrap()];
        let got = libdeflater::Decompressor::new()
            .deflate_decompress(&entry.parts().concat(), &mut bytes)
            .unwrap();
        assert_eq!(got, bytes.len());
        bytes
    }

    #[test]
    fn chunks_in_order_are_one_body() {
        let body: Vec<u8> = (0..=255_u8).cycle().flat_map(|v| [v; 7]).take(300_000).collect();
        for piece_bytes in [1, 977, 65_536, 299_999, 300_000] {
            let pieces = if piece_bytes == 1 { &body[..50] } else { &body[..] };
            let chunks = pieces.chunks(piece_bytes).map(deflate_chunk);
            let entry = PreparedEntry::from_chunks(chunks);
            assert_eq!(inflated(&entry), pieces, "pieces of {piece_bytes}");
            assert_eq!(entry.facts().crc32, crc32fast::hash(pieces));
        }
    }

    #[test]
    fn empty_chunks_and_no_chunks_are_a_body() {
        assert_eq!(inflated(&PreparedEntry::from_chunks([])), b"");
        let chunks = [deflate_chunk(b""), deflate_chunk(b"a"), deflate_chunk(b"")];
        assert_eq!(inflated(&PreparedEntry::from_chunks(chunks)), b"a");
    }

    #[test]
    fn what_does_not_shrink_grows_by_a_thousandth_at_most() {
        let mut state = 1_u64;
        let noise: Vec<u8> = (0..1 << 20)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        let entry = PreparedEntry::from_chunks(noise.chunks(1 << 18).map(deflate_chunk));
        assert_eq!(inflated(&entry), noise);
        assert!(entry.facts().compressed_bytes < (noise.len() + noise.len() / 1_000) as u64);
    }

    #[test]
    fn a_chunk_does_not_depend_on_the_one_before() {
        let alone = deflate_chunk(b"the same bytes, the same bytes");
        deflate_chunk(&vec![7; 100_000]);
        assert_eq!(deflate_chunk(b"the same bytes, the same bytes"), alone);
    }
}
