//! Entries ready to be written: method, sizes, CRC-32 and body.

use crc32fast::Hasher;

/// How the body of an entry is held (APPNOTE 4.4.5); other methods do not open everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// As it is.
    Stored,
    /// RFC 1951.
    Deflated,
}

impl Method {
    /// The number the format gives it.
    pub(crate) fn id(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// What the headers of an entry say about its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryFacts {
    /// How the body is held.
    pub method: Method,
    /// CRC-32 of the uncompressed bytes (APPNOTE 4.4.7).
    pub crc32: u32,
    /// Length before compression.
    pub uncompressed_bytes: u64,
    /// Length of the body in the ZIP; for stored entries the same.
    pub compressed_bytes: u64,
}

impl EntryFacts {
    /// The facts of bytes that are stored as they are.
    pub fn stored(crc32: u32, bytes: u64) -> Self {
        Self { method: Method::Stored, crc32, uncompressed_bytes: bytes, compressed_bytes: bytes }
    }
}

/// An entry whose body lies in memory, compressed or to be stored, ready to be copied out.
///
/// Made by [`crate::deflate`], [`store`] or [`PreparedEntry::from_chunks`] on any thread. The body
/// may be in several parts, which are written one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedEntry {
    facts: EntryFacts,
    parts: Vec<Vec<u8>>,
}

impl PreparedEntry {
    pub(crate) fn new(facts: EntryFacts, parts: Vec<Vec<u8>>) -> Self {
        Self { facts, parts }
    }

    /// An entry that was compressed before: `body` is what deflate made of so many bytes with that CRC-32.
    pub fn deflated(crc32: u32, uncompressed_bytes: u64, body: Vec<u8>) -> Self {
        let compressed_bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let method = Method::Deflated;
        let facts = EntryFacts { method, crc32, uncompressed_bytes, compressed_bytes };
        Self::new(facts, vec![body])
    }

    /// What its headers will say.
    pub fn facts(&self) -> EntryFacts {
        self.facts
    }

    /// The body, part by part.
    pub fn parts(&self) -> &[Vec<u8>] {
        &self.parts
    }

    pub(crate) fn into_parts(self) -> Vec<Vec<u8>> {
        self.parts
    }

    /// Takes the body out, to be kept elsewhere; without it the entry must not be written.
    pub fn take_body(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.parts)
    }

    /// Puts the body back that was taken out, in one part or several.
    pub fn put_body(&mut self, parts: Vec<Vec<u8>>) {
        self.parts = parts;
    }
}

/// An entry stored as it is: for bodies that are compressed already (JPG, PDF, compressed pixels).
pub fn store(bytes: Vec<u8>) -> PreparedEntry {
    store_parts(vec![bytes])
}

/// A stored entry of several parts, which are not copied together.
pub fn store_parts(parts: Vec<Vec<u8>>) -> PreparedEntry {
    let (crc32, bytes) = checksum(parts.iter().map(Vec::as_slice));
    PreparedEntry::new(EntryFacts::stored(crc32, bytes), parts)
}

/// CRC-32 and length of parts as if they were one.
pub(crate) fn checksum<'a>(parts: impl Iterator<Item = &'a [u8]>) -> (u32, u64) {
    let mut hasher = Hasher::new();
    let mut bytes = 0_u64;
    for part in parts {
        hasher.update(part);
        bytes = bytes.saturating_add(length(part));
    }
    (hasher.finalize(), bytes)
}

/// Length as the format counts; `usize` has at most 64 bits on every target of Rust.
pub(crate) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_count_as_one_body() {
        let whole = store(b"123456789".to_vec());
        let parts = store_parts(vec![b"1234".to_vec(), vec![], b"56789".to_vec()]);
        assert_eq!(whole.facts(), parts.facts());
        // The check value of this CRC in every catalogue.
        assert_eq!(whole.facts().crc32, 0xCBF4_3926);
        assert_eq!(whole.facts().uncompressed_bytes, 9);
    }
}
