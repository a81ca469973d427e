//! Large entries compressed piece by piece: each chunk on any thread, joined in order.
//!
//! A chunk is a run of deflate blocks, none of them the last, that ends at a byte boundary and
//! refers to nothing before it; chunks in order and a last empty block are one body.

use crc32fast::Hasher;

use crate::blocks::last_block;
use crate::deflate::{Search, deflate};
use crate::entry::{EntryFacts, Method, PreparedEntry, length};

/// The most bytes that a stored block holds: its length has 16 bits (RFC 1951 §3.2.4).
const STORED_BLOCK_BYTES: usize = 0xFFFF;

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

/// Compresses a piece of a body with this thread's compressor.
///
/// A piece may have any size; it cannot refer to the one before it, so small pieces cost ratio
/// (less than .001 at 1 MiB). It costs more CPU than [`deflate`] on the whole, which is therefore
/// better for what fits in memory.
pub fn deflate_chunk(search: Search, piece: &[u8]) -> DeflatedChunk {
    let entry = deflate(search, &[piece]);
    let EntryFacts { method, crc32, uncompressed_bytes, .. } = entry.facts();
    let body = entry.into_parts().pop().unwrap_or_default(); // `deflate` makes one part
    let bytes = match method {
        Method::Deflated => unfinished(body),
        Method::Stored => None,
    };
    let bytes = bytes.unwrap_or_else(|| stored_blocks(piece));
    DeflatedChunk { bytes, crc32, uncompressed_bytes }
}

/// Takes the end mark of a body back and fills it up to a byte boundary.
fn unfinished(mut body: Vec<u8>) -> Option<Vec<u8>> {
    let last = last_block(&body)?;
    *body.get_mut(last.final_bit / 8)? &= !(1 << (last.final_bit % 8));
    if !last.end.is_multiple_of(8) {
        // An empty stored block: three zero bits, zeros up to the byte boundary, its length.
        body.resize((last.end + 3).div_ceil(8), 0);
        body.extend_from_slice(&[0x00, 0x00, 0xFF, 0xFF]);
    }
    Some(body)
}

/// A piece as stored blocks, for what does not shrink.
fn stored_blocks(piece: &[u8]) -> Vec<u8> {
    let blocks = piece.len().div_ceil(STORED_BLOCK_BYTES);
    let mut bytes = Vec::with_capacity(piece.len() + blocks * 5);
    for block in piece.chunks(STORED_BLOCK_BYTES) {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        bytes.push(0);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&(!length).to_le_bytes());
        bytes.extend_from_slice(block);
    }
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

    fn four(piece: &[u8]) -> DeflatedChunk {
        deflate_chunk(Search::FourBytes, piece)
    }

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
            let chunks = pieces.chunks(piece_bytes).map(four);
            let entry = PreparedEntry::from_chunks(chunks);
            assert_eq!(inflated(&entry), pieces, "pieces of {piece_bytes}");
            assert_eq!(entry.facts().crc32, crc32fast::hash(pieces));
        }
    }

    #[test]
    fn empty_chunks_and_no_chunks_are_a_body() {
        assert_eq!(inflated(&PreparedEntry::from_chunks([])), b"");
        let chunks = [four(b""), four(b"a"), four(b"")];
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
        let entry = PreparedEntry::from_chunks(noise.chunks(1 << 18).map(four));
        assert_eq!(inflated(&entry), noise);
        assert!(entry.facts().compressed_bytes < (noise.len() + noise.len() / 1_000) as u64);
    }

    #[test]
    fn a_chunk_does_not_depend_on_the_one_before() {
        let alone = four(b"the same bytes, the same bytes");
        four(&vec![7; 100_000]);
        assert_eq!(four(b"the same bytes, the same bytes"), alone);
    }
}
