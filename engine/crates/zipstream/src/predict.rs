//! The exact length of a ZIP before it is written, for `Content-Length`.

use crate::date::DosDateTime;
use crate::entry::EntryFacts;
use crate::name::EntryName;
use crate::record::{CentralDirectory, EntryRecord};
use crate::refused::Refused;

/// An entry that will be written.
#[derive(Debug, Clone, Copy)]
pub struct PlannedEntry<'a> {
    /// Its path in the ZIP.
    pub path: &'a str,
    /// Its method and sizes; the CRC-32 does not matter.
    pub facts: EntryFacts,
}

/// The length in bytes of the ZIP that holds these entries in this order.
///
/// # Errors
/// [`Refused::Path`] for a path that the writer refuses; [`Refused::TooLarge`] past 2⁶⁴ − 1 bytes.
pub fn predicted_bytes<'a>(
    entries: impl IntoIterator<Item = PlannedEntry<'a>>,
) -> Result<u64, Refused> {
    let mut directory = CentralDirectory { entries: 0, offset: 0, bytes: 0 };
    for PlannedEntry { path, facts } in entries {
        let name = EntryName::parse(path)?;
        let modified = DosDateTime::EARLIEST;
        let record = EntryRecord { name, modified, facts, offset: directory.offset };
        directory.offset = directory
            .offset
            .checked_add(record.local_bytes())
            .and_then(|offset| offset.checked_add(facts.compressed_bytes))
            .ok_or(Refused::TooLarge)?;
        directory.bytes = directory.bytes.saturating_add(record.central_bytes());
        directory.entries += 1;
    }
    directory
        .offset
        .checked_add(directory.bytes)
        .and_then(|bytes| bytes.checked_add(directory.end_bytes()))
        .ok_or(Refused::TooLarge)
}
