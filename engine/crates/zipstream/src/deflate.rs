//! Whole entries compressed in one call by libdeflate, at level 1 or 2.
//!
//! The aim is the size that zlib makes at its level 6, at the least CPU. Compressed/original and MB
//! per CPU second, one thread, release build, on synthetic pixels (the crates also with what we do
//! not use):
//!
//! | | CT, 16 bit, noisy | tomosynthesis, 12 in 16 bit | grey ultrasound in RGB |
//! |---|---|---|---|
//! | zlib 1.2.13, level 6 | .378, 14 | .375, 49 | .230, 24 |
//! | zlib-rs 0.6.8, level 1 | .553, 254 | .497, 235 | .379, 288 |
//! | zlib-rs, level 3 | .379, 114 | .376, 116 | .299, 158 |
//! | zlib-rs, level 6 | .374, 64 | .376, 108 | .299, 137 |
//! | `miniz_oxide` 0.8.9, level 1 | .449, 183 | .393, 290 | .252, 307 |
//! | **libdeflate 1.26, level 1** | **.382, 250** | **.377, 205** | .303, 247 |
//! | **libdeflate, level 2** | .376, 149 | .375, 205 | **.233, 254** |
//! | chunks of 1 MiB, level 1 | .382, 149 | .378, 134 | .304, 160 |
//! | chunks of 1 MiB, level 2 | .376, 113 | .375, 134 | .234, 185 |
//!
//! So [`Search::FourBytes`] (level 1) for pixels of one sample, [`Search::ThreeBytes`] (level 2) for
//! colour: level 1 finds no repeat shorter than four bytes, and a grey pixel in RGB has three. On
//! two real series, CT and MR, level 1 makes 1.01 and 1.02 times what zlib-rs makes at level 6.
//! libdeflate is C; it only ever compresses what we hand to it, and is never given a body to decode.
//! It cannot flush, so chunks cost the search for their last block (the module `blocks`).

use std::cell::RefCell;

use libdeflater::{CompressionLvl, Compressor};

use crate::entry::{EntryFacts, Method, PreparedEntry, checksum, length, store};

/// Which repeats the compressor looks for; figures in the module doc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Search {
    /// Of four bytes and more (libdeflate level 1): fastest, for pixels of one sample.
    FourBytes,
    /// Of three bytes too (libdeflate level 2): for interleaved colour samples, where grey is three
    /// equal bytes, and for text.
    ThreeBytes,
}

impl Search {
    /// Not from `CompressionLvl::fastest()`: in libdeflater 1.26 that is level 0, which stores.
    fn compressor(self) -> Compressor {
        let level = match self {
            Self::FourBytes => 1,
            Self::ThreeBytes => 2,
        };
        Compressor::new(CompressionLvl::new(level).unwrap_or_default())
    }
}

/// Buffers up to this size are kept from entry to entry; larger ones go back at once, so that one
/// mammogram does not fix its size to every thread.
const RETAINED_BYTES: usize = 2 << 20;

/// A deflate compressor with its buffers, to be reused from entry to entry.
pub struct Deflater {
    search: Search,
    compressor: Compressor,
    joined: Vec<u8>,
    compressed: Vec<u8>,
}

impl std::fmt::Debug for Deflater {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Deflater").field("search", &self.search).finish_non_exhaustive()
    }
}

impl Deflater {
    /// A compressor with empty buffers.
    pub fn new(search: Search) -> Self {
        let compressor = search.compressor();
        Self { search, compressor, joined: Vec::new(), compressed: Vec::new() }
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
    static FOUR_BYTES: RefCell<Deflater> = RefCell::new(Deflater::new(Search::FourBytes));
    static THREE_BYTES: RefCell<Deflater> = RefCell::new(Deflater::new(Search::ThreeBytes));
}

/// Compresses parts as one body with this thread's [`Deflater`].
///
/// # Limits
/// Each thread keeps up to 4 MiB of buffers for each [`Search`] it has used.
pub fn deflate(search: Search, parts: &[&[u8]]) -> PreparedEntry {
    let deflater = match search {
        Search::FourBytes => &FOUR_BYTES,
        Search::ThreeBytes => &THREE_BYTES,
    };
    deflater.with_borrow_mut(|deflater| deflater.deflate(parts))
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
        let entry = deflate(Search::FourBytes, &[&head, &[], &pixels, &tail]);
        assert_eq!(entry.facts().method, Method::Deflated);
        assert_eq!(inflated(&entry), [&head[..], &pixels, &tail].concat());
        assert_eq!(entry, deflate(Search::FourBytes, &[&[&head[..], &pixels, &tail].concat()]));
    }

    #[test]
    fn what_does_not_shrink_is_stored() {
        for body in [&b""[..], b"a", b"abcdefgh"] {
            let entry = deflate(Search::FourBytes, &[body]);
            assert_eq!(entry.facts().method, Method::Stored);
            assert_eq!(inflated(&entry), body);
            assert_eq!(entry, store(body.to_vec()));
        }
    }

    #[test]
    fn buffers_carry_nothing_from_entry_to_entry() {
        let mut deflater = Deflater::new(Search::FourBytes);
        for bytes in [100_000, RETAINED_BYTES + 9, 5, 70_000, 2 * RETAINED_BYTES, 0, 100_000] {
            let body: Vec<u8> = (0..=250_u8).cycle().flat_map(|v| [v; 50]).take(bytes).collect();
            let entry = deflater.deflate(&[&body]);
            let method = if bytes > 5 { Method::Deflated } else { Method::Stored };
            assert_eq!(entry.facts().method, method);
            assert_eq!(inflated(&entry), body);
            assert_eq!(entry, Deflater::new(Search::FourBytes).deflate(&[&body]));
            assert!(deflater.compressed.capacity() <= RETAINED_BYTES);
        }
    }

    #[test]
    fn grey_in_rgb_needs_the_search_for_three_bytes() {
        let mut state = 1_u32;
        let grey: Vec<u8> = (0..90_000)
            .flat_map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [high, low, ..] = state.to_be_bytes();
                [high.min(low) / 16; 3]
            })
            .collect();
        let four = deflate(Search::FourBytes, &[&grey]);
        let three = deflate(Search::ThreeBytes, &[&grey]);
        assert_eq!(inflated(&four), grey);
        assert_eq!(inflated(&three), grey);
        let [four, three] = [four, three].map(|entry| entry.facts().compressed_bytes);
        assert!(three * 20 < four * 19, "{three} against {four} bytes");
    }
}
