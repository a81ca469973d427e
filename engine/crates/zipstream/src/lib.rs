//! ZIP written front to back over any [`std::io::Write`], never seeking: a pipe will do.
//!
//! Work that costs time runs before and elsewhere. [`deflate`], [`store`] and [`deflate_chunk`] are
//! pure functions for any thread; they give values ([`PreparedEntry`], [`DeflatedChunk`]) that
//! [`ZipStream`] only copies out. An entry larger than memory is spooled to a temporary file, chunk
//! by chunk ([`DeflateSpool`]), or copied from a reader when its CRC-32 is known
//! ([`ZipStream::write_entry_from`]).
//!
//! ```
//! use zipstream::{DosDateTime, Search, ZipStream, deflate, store};
//!
//! let modified = DosDateTime::new(2026, 11, 23, 9, 30, 0)?;
//! let mut zip = ZipStream::new(Vec::new());
//! let readme = deflate(Search::ThreeBytes, &[b"Leggimi. ", b"Read me. "]);
//! zip.write_entry("pkg/readme.txt", modified, &readme)?;
//! zip.write_entry("pkg/preview.jpg", modified, &store(vec![0xFF, 0xD8, 0xFF, 0xD9]))?;
//! let bytes = zip.finish()?;
//! assert_eq!(&bytes[..4], b"PK\x03\x04");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Why not the `zip` crate: its `ZipWriter::new_stream` (9.8.1) sets the data-descriptor flag on
//! every entry, stored ones included, which sequential unzippers refuse, and it compresses on the
//! writing thread. It reads back what we write in the tests.
//!
//! Invariant: sizes and CRC-32 stand in the local file header; there is no data descriptor.
//! Invariant: ZIP64 fields appear exactly where a value does not fit, never before.
//! Invariant: the same entries in the same order make the same bytes.
//! Invariant: an error of the sink comes back unchanged, and nothing can be written after it.
//!
//! Standard: PKWARE APPNOTE.TXT 6.3.10; RFC 1951 (deflate).

mod blocks;
mod chunk;
mod date;
mod deflate;
mod directory;
mod entry;
mod name;
mod predict;
mod record;
mod refused;
mod spool;
mod stream;

pub use chunk::{DeflatedChunk, deflate_chunk};
pub use date::{DosDateTime, NoEntryTime};
pub use deflate::{Deflater, Search, deflate};
pub use directory::{DirectoryEntry, body_offset, read_directory};
pub use entry::{EntryFacts, Method, PreparedEntry, store, store_parts};
pub use predict::{PlannedEntry, predicted_bytes};
pub use refused::Refused;
pub use spool::{DeflateSpool, SpooledEntry, StoreSpool};
pub use stream::{Placement, ZipStream};
