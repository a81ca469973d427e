//! The records of the format as bytes: local file header, central directory header, end records
//! (APPNOTE 4.3.7, 4.3.12, 4.3.14 to 4.3.16). Pure: values in, bytes out.
//!
//! Invariant: a central directory header repeats what its local file header says, ZIP64 included.

use crate::date::DosDateTime;
use crate::entry::{EntryFacts, Method};
use crate::name::EntryName;

const LOCAL_FILE_HEADER: u32 = 0x0403_4B50;
const CENTRAL_DIRECTORY_HEADER: u32 = 0x0201_4B50;
const ZIP64_END_OF_CENTRAL_DIRECTORY: u32 = 0x0606_4B50;
const ZIP64_END_OF_CENTRAL_DIRECTORY_LOCATOR: u32 = 0x0706_4B50;
const END_OF_CENTRAL_DIRECTORY: u32 = 0x0605_4B50;

/// Extra field of 64-bit sizes and offset (APPNOTE 4.5.3).
const ZIP64_EXTRA: u16 = 0x0001;
/// Version 4.5, the one that brought ZIP64 (APPNOTE 4.4.3.2).
const VERSION_ZIP64: u16 = 45;
/// Made on Unix, so that the external attributes are a file mode (APPNOTE 4.4.2), by version 4.5.
const MADE_BY: u16 = 3 << 8 | VERSION_ZIP64;
/// A regular file, read and written by its owner, read by everyone else.
const UNIX_MODE: u32 = 0o100_644 << 16;
/// No encryption, no data descriptor, names in ASCII.
const FLAGS: u16 = 0;

/// The sentinel of a 32-bit field whose value stands in the ZIP64 extra field.
const IN_ZIP64: u64 = u32::MAX as u64;

const LOCAL_FILE_HEADER_BYTES: u64 = 30;
const CENTRAL_DIRECTORY_HEADER_BYTES: u64 = 46;
const END_OF_CENTRAL_DIRECTORY_BYTES: u64 = 22;
const ZIP64_END_BYTES: u64 = 56 + 20;

/// Everything the two headers of one entry say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryRecord<'a> {
    pub(crate) name: EntryName<'a>,
    pub(crate) modified: DosDateTime,
    pub(crate) facts: EntryFacts,
    /// Where the local file header begins.
    pub(crate) offset: u64,
}

impl EntryRecord<'_> {
    /// Both sizes move to the extra field together: a local header must hold both or none.
    fn sizes_in_zip64(&self) -> bool {
        self.facts.uncompressed_bytes.max(self.facts.compressed_bytes) >= IN_ZIP64
    }

    fn offset_in_zip64(&self) -> bool {
        self.offset >= IN_ZIP64
    }

    fn version_needed(&self) -> u16 {
        if self.sizes_in_zip64() || self.offset_in_zip64() {
            VERSION_ZIP64
        } else {
            match self.facts.method {
                Method::Stored => 10,
                Method::Deflated => 20,
            }
        }
    }

    /// Length of the local file header with its name and extra field.
    pub(crate) fn local_bytes(&self) -> u64 {
        let extra = if self.sizes_in_zip64() { 20 } else { 0 };
        LOCAL_FILE_HEADER_BYTES + u64::from(self.name.bytes()) + extra
    }

    /// Length of the central directory header with its name and extra field.
    pub(crate) fn central_bytes(&self) -> u64 {
        let extra = match (self.sizes_in_zip64(), self.offset_in_zip64()) {
            (false, false) => 0,
            (false, true) => 12,
            (true, false) => 20,
            (true, true) => 28,
        };
        CENTRAL_DIRECTORY_HEADER_BYTES + u64::from(self.name.bytes()) + extra
    }

    /// Appends the local file header (APPNOTE 4.3.7).
    pub(crate) fn put_local(&self, out: &mut Vec<u8>) {
        put_u32(out, LOCAL_FILE_HEADER);
        self.put_common(out);
        put_u16(out, if self.sizes_in_zip64() { 20 } else { 0 });
        out.extend_from_slice(self.name.as_str().as_bytes());
        if self.sizes_in_zip64() {
            put_u16(out, ZIP64_EXTRA);
            put_u16(out, 16);
            put_u64(out, self.facts.uncompressed_bytes);
            put_u64(out, self.facts.compressed_bytes);
        }
    }

    /// Appends the central directory header (APPNOTE 4.3.12).
    pub(crate) fn put_central(&self, out: &mut Vec<u8>) {
        let mut extra = Vec::with_capacity(24);
        if self.sizes_in_zip64() {
            put_u64(&mut extra, self.facts.uncompressed_bytes);
            put_u64(&mut extra, self.facts.compressed_bytes);
        }
        if self.offset_in_zip64() {
            put_u64(&mut extra, self.offset);
        }
        let extra_bytes = u16::try_from(extra.len()).unwrap_or(u16::MAX);

        put_u32(out, CENTRAL_DIRECTORY_HEADER);
        put_u16(out, MADE_BY);
        self.put_common(out);
        put_u16(out, if extra.is_empty() { 0 } else { extra_bytes + 4 });
        put_u16(out, 0); // no comment
        put_u16(out, 0); // disk 0
        put_u16(out, 0); // internal attributes: not claimed to be text
        put_u32(out, UNIX_MODE);
        put_u32(out, u32_or_sentinel(self.offset));
        out.extend_from_slice(self.name.as_str().as_bytes());
        if !extra.is_empty() {
            put_u16(out, ZIP64_EXTRA);
            put_u16(out, extra_bytes);
            out.extend_from_slice(&extra);
        }
    }

    /// The fields from "version needed" to "file name length", which both headers share.
    fn put_common(&self, out: &mut Vec<u8>) {
        put_u16(out, self.version_needed());
        put_u16(out, FLAGS);
        put_u16(out, self.facts.method.id());
        put_u16(out, self.modified.time());
        put_u16(out, self.modified.date());
        put_u32(out, self.facts.crc32);
        if self.sizes_in_zip64() {
            put_u32(out, u32::MAX);
            put_u32(out, u32::MAX);
        } else {
            put_u32(out, u32_or_sentinel(self.facts.compressed_bytes));
            put_u32(out, u32_or_sentinel(self.facts.uncompressed_bytes));
        }
        put_u16(out, self.name.bytes());
    }
}

/// What stands behind the last central directory header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CentralDirectory {
    pub(crate) entries: u64,
    /// Where the first central directory header begins.
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

impl CentralDirectory {
    fn needs_zip64(&self) -> bool {
        self.entries >= u64::from(u16::MAX) || self.bytes.max(self.offset) >= IN_ZIP64
    }

    /// Length of the end records.
    pub(crate) fn end_bytes(&self) -> u64 {
        END_OF_CENTRAL_DIRECTORY_BYTES + if self.needs_zip64() { ZIP64_END_BYTES } else { 0 }
    }

    /// Appends the end of central directory record, after its ZIP64 forms when a field overflows.
    pub(crate) fn put_end(&self, out: &mut Vec<u8>) {
        if self.needs_zip64() {
            put_u32(out, ZIP64_END_OF_CENTRAL_DIRECTORY);
            put_u64(out, 44); // bytes of this record behind this field
            put_u16(out, MADE_BY);
            put_u16(out, VERSION_ZIP64);
            put_u32(out, 0); // this disk
            put_u32(out, 0); // disk of the central directory
            put_u64(out, self.entries);
            put_u64(out, self.entries);
            put_u64(out, self.bytes);
            put_u64(out, self.offset);

            put_u32(out, ZIP64_END_OF_CENTRAL_DIRECTORY_LOCATOR);
            put_u32(out, 0); // disk of the ZIP64 end record
            put_u64(out, self.offset.saturating_add(self.bytes));
            put_u32(out, 1); // disks in all
        }
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX);
        put_u32(out, END_OF_CENTRAL_DIRECTORY);
        put_u16(out, 0); // this disk
        put_u16(out, 0); // disk of the central directory
        put_u16(out, entries);
        put_u16(out, entries);
        put_u32(out, u32_or_sentinel(self.bytes));
        put_u32(out, u32_or_sentinel(self.offset));
        put_u16(out, 0); // no comment
    }
}

fn u32_or_sentinel(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const FITS: u64 = 0xFFFF_FFFE;
    const FULL: u64 = 0xFFFF_FFFF;

    fn record(uncompressed_bytes: u64, compressed_bytes: u64, offset: u64) -> EntryRecord<'static> {
        EntryRecord {
            name: EntryName::parse("n").unwrap(),
            modified: DosDateTime::EARLIEST,
            facts: EntryFacts {
                method: Method::Deflated,
                crc32: 0xDEAD_BEEF,
                uncompressed_bytes,
                compressed_bytes,
            },
            offset,
        }
    }

    fn bytes(put: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out);
        out
    }

    fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        bytes[at..at + N].try_into().unwrap()
    }

    /// (uncompressed, compressed, offset) and the values of the central extra field.
    #[test]
    fn zip64_extra_fields_begin_at_the_sentinel_and_hold_what_overflowed() {
        for ((uncompressed, compressed, offset), local_extra, central_extra) in [
            ((FITS, FITS, FITS), vec![], vec![]),
            ((FULL, 7, 0), vec![FULL, 7], vec![FULL, 7]),
            ((FULL + 1, 7, FULL), vec![FULL + 1, 7], vec![FULL + 1, 7, FULL]),
            ((FITS, FULL, 0), vec![FITS, FULL], vec![FITS, FULL]),
            ((9, 7, FULL), vec![], vec![FULL]),
            ((9, 7, FULL + 1), vec![], vec![FULL + 1]),
        ] {
            let record = record(uncompressed, compressed, offset);
            for (header, fixed, bytes_promised, extra, method_at) in [
                (bytes(|out| record.put_local(out)), 30, record.local_bytes(), &local_extra, 8),
                (
                    bytes(|out| record.put_central(out)),
                    46,
                    record.central_bytes(),
                    &central_extra,
                    10,
                ),
            ] {
                assert_eq!(header.len() as u64, bytes_promised);
                let in_zip64 = !local_extra.is_empty();
                let needed = if central_extra.is_empty() { 20 } else { 45 };
                assert_eq!(u16::from_le_bytes(field(&header, method_at - 4)), needed);
                let narrow = |value| if in_zip64 { u32::MAX } else { u32_or_sentinel(value) };
                let sizes = method_at + 10;
                assert_eq!(u32::from_le_bytes(field(&header, sizes)), narrow(compressed));
                assert_eq!(u32::from_le_bytes(field(&header, sizes + 4)), narrow(uncompressed));
                let extra_bytes = usize::from(u16::from_le_bytes(field(&header, sizes + 10)));
                let stored = &header[fixed + 1..];
                assert_eq!(stored.len(), extra_bytes);
                if extra.is_empty() {
                    assert_eq!(extra_bytes, 0);
                } else {
                    assert_eq!(u16::from_le_bytes(field(stored, 0)), 1);
                    assert_eq!(usize::from(u16::from_le_bytes(field(stored, 2))), extra_bytes - 4);
                    let values: Vec<u64> = stored[4..]
                        .chunks_exact(8)
                        .map(|value| u64::from_le_bytes(value.try_into().unwrap()))
                        .collect();
                    assert_eq!(&values, extra);
                }
            }
        }
    }

    #[test]
    fn the_version_needed_is_that_of_the_method() {
        let mut record = record(9, 9, 0);
        assert_eq!(record.version_needed(), 20);
        record.facts.method = Method::Stored;
        assert_eq!(record.version_needed(), 10);
        record.offset = FULL;
        assert_eq!(record.version_needed(), 45);
    }

    #[test]
    fn zip64_end_records_begin_at_65535_entries_or_4_gib() {
        for (entries, central_bytes, offset, zip64) in [
            (65_534, 1, 1, false),
            (65_535, 1, 1, true),
            (65_536, 1, 1, true),
            (1, FITS, FITS, false),
            (1, FULL, 1, true),
            (1, 1, FULL, true),
            (1, 1, FULL + 1, true),
        ] {
            let end = CentralDirectory { entries, offset, bytes: central_bytes };
            let written = bytes(|out| end.put_end(out));
            assert_eq!(written.len() as u64, end.end_bytes());
            assert_eq!(written.len(), if zip64 { 98 } else { 22 });
            let last = &written[written.len() - 22..];
            let narrow_count = u16::try_from(entries).unwrap_or(u16::MAX);
            assert_eq!(u16::from_le_bytes(field(last, 10)), narrow_count);
            assert_eq!(u64::from(u32::from_le_bytes(field(last, 12))), central_bytes.min(FULL));
            assert_eq!(u64::from(u32::from_le_bytes(field(last, 16))), offset.min(FULL));
            if zip64 {
                assert_eq!(u64::from_le_bytes(field(&written, 32)), entries);
                assert_eq!(u64::from_le_bytes(field(&written, 40)), central_bytes);
                assert_eq!(u64::from_le_bytes(field(&written, 48)), offset);
                assert_eq!(u64::from_le_bytes(field(&written, 64)), offset + central_bytes);
            }
        }
    }
}
