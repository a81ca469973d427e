//! Reads the central directory of a whole ZIP back: where each entry lies.
//!
//! Only what [`crate::ZipStream`] writes is read: one disk, no comment, no encryption, stored or deflated.

use std::io::{self, Read, Seek, SeekFrom};

use crate::entry::{EntryFacts, Method};

/// End of central directory record without comment (APPNOTE 4.3.16).
const END_BYTES: u64 = 22;
/// Its ZIP64 locator before it (APPNOTE 4.3.15).
const LOCATOR_BYTES: u64 = 20;
/// ZIP64 end of central directory record as far as it is read (APPNOTE 4.3.14).
const END64_BYTES: usize = 56;
/// Local file header up to the name (APPNOTE 4.3.7).
const LOCAL_BYTES: u64 = 30;
/// Central directory header up to the name (APPNOTE 4.3.12).
const CENTRAL_BYTES: usize = 46;
/// The longest central directory that is read.
const MOST_BYTES: u64 = 512 << 20;
/// Says that a value stands in the ZIP64 extra field.
const IN_ZIP64: u64 = 0xFFFF_FFFF;

/// An entry of a whole ZIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its path.
    pub path: String,
    /// Where its local file header begins, in bytes from the start of the ZIP.
    pub header_offset: u64,
    /// Method and sizes.
    pub facts: EntryFacts,
}

/// Lists the entries of a ZIP, in its order.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for what is no whole ZIP of ours; errors of the reader.
pub fn read_directory(zip: &mut (impl Read + Seek)) -> io::Result<Vec<DirectoryEntry>> {
    let bytes = zip.seek(SeekFrom::End(0))?;
    let end_at = bytes.checked_sub(END_BYTES).ok_or_else(invalid)?;
    let end = read_at(zip, end_at, END_BYTES)?;
    signed(&end, 0x0605_4B50)?;
    let (mut length, mut offset) = (u64::from(u32_at(&end, 12)?), u64::from(u32_at(&end, 16)?));
    let locator = match end_at.checked_sub(LOCATOR_BYTES) {
        Some(at) => read_at(zip, at, LOCATOR_BYTES)?,
        None => Vec::new(),
    };
    if signed(&locator, 0x0706_4B50).is_ok() {
        let end64 = read_at(zip, u64_at(&locator, 8)?, END64_BYTES as u64)?;
        signed(&end64, 0x0606_4B50)?;
        (length, offset) = (u64_at(&end64, 40)?, u64_at(&end64, 48)?);
    }
    if length > MOST_BYTES || offset.saturating_add(length) > end_at {
        return Err(invalid());
    }
    let directory = read_at(zip, offset, length)?;
    let mut rest = directory.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (entry, after) = entry(rest)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// Where the body of an entry begins; its local header may have another extra field.
///
/// # Errors
/// As [`read_directory`]; [`io::ErrorKind::InvalidData`] too where another entry lies, or none: the entry is of another
/// ZIP.
pub fn body_offset(zip: &mut (impl Read + Seek), entry: &DirectoryEntry) -> io::Result<u64> {
    let path = entry.path.as_bytes();
    let header = read_at(zip, entry.header_offset, LOCAL_BYTES + path.len() as u64)?;
    signed(&header, 0x0403_4B50)?;
    let (name, extra) = (u16_at(&header, 26)?, u16_at(&header, 28)?);
    if usize::from(name) != path.len() || !header.ends_with(path) {
        return Err(invalid());
    }
    let names = u64::from(name) + u64::from(extra);
    Ok(entry.header_offset.saturating_add(LOCAL_BYTES).saturating_add(names))
}

fn entry(at: &[u8]) -> io::Result<(DirectoryEntry, &[u8])> {
    signed(at, 0x0201_4B50)?;
    let [name, extra, comment] = [28, 30, 32].map(|field| u16_at(at, field));
    let (name, extra, comment) = (usize::from(name?), usize::from(extra?), usize::from(comment?));
    let rest = at.get(CENTRAL_BYTES..).ok_or_else(invalid)?;
    let (path, rest) = rest.split_at_checked(name).ok_or_else(invalid)?;
    let (extra, rest) = rest.split_at_checked(extra).ok_or_else(invalid)?;
    let rest = rest.get(comment..).ok_or_else(invalid)?;
    let mut zip64 = zip64(extra);
    let mut value = |field| -> io::Result<u64> {
        match u64::from(u32_at(at, field)?) {
            IN_ZIP64 => {
                let value = u64_at(zip64, 0)?;
                zip64 = zip64.get(8..).unwrap_or_default();
                Ok(value)
            }
            value => Ok(value),
        }
    };
    // In this order they stand in the extra field (APPNOTE 4.5.3).
    let (uncompressed_bytes, compressed_bytes) = (value(24)?, value(20)?);
    let header_offset = value(42)?;
    let method = match u16_at(at, 10)? {
        0 => Method::Stored,
        8 => Method::Deflated,
        _ => return Err(invalid()),
    };
    let path = String::from_utf8(path.to_vec()).map_err(|_odd| invalid())?;
    let facts = EntryFacts { method, crc32: u32_at(at, 16)?, uncompressed_bytes, compressed_bytes };
    Ok((DirectoryEntry { path, header_offset, facts }, rest))
}

/// The values of the ZIP64 extra field, which may be absent.
fn zip64(mut extra: &[u8]) -> &[u8] {
    while let (Ok(id), Ok(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let value = extra.get(4..).unwrap_or_default();
        let Some((value, rest)) = value.split_at_checked(length.into()) else { break };
        if id == 1 {
            return value;
        }
        extra = rest;
    }
    &[]
}

fn read_at(zip: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Vec<u8>> {
    zip.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    zip.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(invalid()) }
}

fn signed(bytes: &[u8], signature: u32) -> io::Result<()> {
    if u32_at(bytes, 0)? == signature { Ok(()) } else { Err(invalid()) }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> io::Result<[u8; N]> {
    let from = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    from.copied().ok_or_else(invalid)
}

fn u16_at(bytes: &[u8], at: usize) -> io::Result<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> io::Result<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> io::Result<u64> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no whole ZIP")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{DosDateTime, Placement, Search, ZipStream, deflate, store};

    fn zip() -> (Vec<u8>, Vec<Placement>) {
        let mut zip = ZipStream::new(Vec::new());
        let date = DosDateTime::EARLIEST;
        let placed = vec![
            zip.write_entry("a/STORED.JPG", date, &store(vec![7; 99])).unwrap(),
            zip.write_entry("a/PAGE.HTM", date, &deflate(Search::ThreeBytes, &[&[1; 999]]))
                .unwrap(),
        ];
        (zip.finish().unwrap(), placed)
    }

    #[test]
    fn entries_are_read_back_where_they_were_put() {
        let (bytes, placed) = zip();
        let mut read = Cursor::new(&bytes);
        let entries = read_directory(&mut read).unwrap();
        assert_eq!(entries.len(), placed.len());
        for (entry, placed) in entries.iter().zip(&placed) {
            assert_eq!((entry.header_offset, entry.facts), (placed.header_offset, placed.facts));
            assert_eq!(body_offset(&mut read, entry).unwrap(), placed.body_offset);
        }
        assert_eq!(entries[1].path, "a/PAGE.HTM");
    }

    #[test]
    fn where_another_entry_lies_there_is_no_body() {
        let (bytes, _) = zip();
        let mut read = Cursor::new(&bytes);
        let entries = read_directory(&mut read).unwrap();
        for path in ["a/STORED.PNG", "a/STORED.JP", "a/STORED.JPG2"] {
            let other = DirectoryEntry { path: path.to_owned(), ..entries[0].clone() };
            assert!(body_offset(&mut read, &other).is_err(), "{path}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_read_from_the_zip64_field() {
        let (bytes, _) = zip();
        let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        let mut header = bytes[at..at + CENTRAL_BYTES].to_vec();
        header[20..28].fill(0xFF);
        header[42..46].fill(0xFF);
        header[28..34].copy_from_slice(&[1, 0, 28, 0, 0, 0]);
        let values = [5_u64 << 32, 6 << 32, 7 << 32].map(u64::to_le_bytes).concat();
        let header = [&header, b"A".as_slice(), &[1, 0, 24, 0], &values].concat();
        let (entry, rest) = entry(&header).unwrap();
        assert_eq!(entry.facts.uncompressed_bytes, 5 << 32);
        assert_eq!(entry.facts.compressed_bytes, 6 << 32);
        assert_eq!((entry.header_offset, rest.len()), (7 << 32, 0));
    }

    #[test]
    fn what_is_cut_or_damaged_is_no_zip() {
        let (bytes, _) = zip();
        for length in 0..bytes.len() {
            assert!(read_directory(&mut Cursor::new(&bytes[..length])).is_err(), "{length}");
        }
        for at in bytes.len() - 150..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            // It may still be one; it never panics, nor allocates what it claims.
            drop(read_directory(&mut Cursor::new(damaged)));
        }
    }
}
