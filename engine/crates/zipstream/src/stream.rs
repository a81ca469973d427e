//! The writer: entries go out in order, the central directory last.

use std::io::{self, Read, Write};

use crc32fast::Hasher;

use crate::date::DosDateTime;
use crate::entry::{EntryFacts, Method, PreparedEntry, length};
use crate::name::{EntryName, TakenNames};
use crate::record::{CentralDirectory, EntryRecord};
use crate::refused::Refused;
use crate::spool::SpooledEntry;

/// Bytes copied at a time from a reader to the sink.
const COPY_BYTES: usize = 256 << 10;

/// Where an entry lies in the ZIP, so that a reader of the unfinished file can fetch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Where its local file header begins, in bytes from the start of the ZIP.
    pub header_offset: u64,
    /// Where its body begins.
    pub body_offset: u64,
    /// Method and sizes.
    pub facts: EntryFacts,
}

/// Writes a ZIP front to back; never seeks, never buffers a body.
///
/// Each entry costs two writes of the sink (header, body), so an unbuffered sink suffices for large
/// entries; wrap it in a [`std::io::BufWriter`] when there are many small ones.
///
/// Dropping it unfinished leaves a ZIP without central directory, which no reader takes for whole.
#[derive(Debug)]
pub struct ZipStream<W> {
    sink: W,
    offset: u64,
    names: TakenNames,
    entries: u64,
    central_directory: Vec<u8>,
    header: Vec<u8>,
    cut_off: bool,
}

impl<W: Write> ZipStream<W> {
    /// A ZIP that begins at the next byte of the sink.
    pub fn new(sink: W) -> Self {
        Self {
            sink,
            offset: 0,
            names: TakenNames::default(),
            entries: 0,
            central_directory: Vec::new(),
            header: Vec::new(),
            cut_off: false,
        }
    }

    /// Bytes written so far.
    pub fn bytes_written(&self) -> u64 {
        self.offset
    }

    /// Entries written so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The sink, to look at or to flush between entries; writing to it breaks the ZIP.
    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes an entry whose body lies in memory.
    ///
    /// # Errors
    /// [`Refused`] (inside the error) for a path that is not portable or collides: nothing was
    /// written, the ZIP can go on. Errors of the sink unchanged: the ZIP is cut off.
    pub fn write_entry(
        &mut self,
        path: &str,
        modified: DosDateTime,
        entry: &PreparedEntry,
    ) -> io::Result<Placement> {
        self.write_with(path, modified, entry.facts(), |sink| {
            entry.parts().iter().try_for_each(|part| sink.write_all(part))
        })
    }

    /// Writes an entry that was spooled to a temporary file, which is gone afterwards.
    ///
    /// # Errors
    /// As [`Self::write_entry`], and errors of reading the temporary file.
    pub fn write_spooled(
        &mut self,
        path: &str,
        modified: DosDateTime,
        entry: SpooledEntry,
    ) -> io::Result<Placement> {
        let (facts, mut body) = entry.into_body()?;
        self.write_entry_from(path, modified, facts, &mut body)
    }

    /// Copies an entry from a reader whose length and CRC-32 are known, such as a file that was
    /// hashed before; nothing is held in memory.
    ///
    /// # Errors
    /// As [`Self::write_entry`], errors of the reader, and [`Refused::Body`] when the body ends too
    /// early, goes on too long or, stored, has another CRC-32: then the ZIP is cut off.
    pub fn write_entry_from(
        &mut self,
        path: &str,
        modified: DosDateTime,
        facts: EntryFacts,
        body: &mut impl Read,
    ) -> io::Result<Placement> {
        let wrong = |what| Refused::Body { path: path.to_owned(), what };
        if facts.method == Method::Stored && facts.uncompressed_bytes != facts.compressed_bytes {
            return Err(wrong("a stored body has one size").into());
        }
        self.write_with(path, modified, facts, |sink| {
            let crc32 = copy_exactly(body, sink, facts.compressed_bytes, &wrong)?;
            match facts.method {
                Method::Stored if crc32 != facts.crc32 => Err(wrong("another CRC-32").into()),
                Method::Stored | Method::Deflated => Ok(()),
            }
        })
    }

    fn write_with(
        &mut self,
        path: &str,
        modified: DosDateTime,
        facts: EntryFacts,
        write_body: impl FnOnce(&mut W) -> io::Result<()>,
    ) -> io::Result<Placement> {
        if self.cut_off {
            return Err(Refused::CutOff.into());
        }
        let name = EntryName::parse(path)?;
        let header_offset = self.offset;
        let record = EntryRecord { name, modified, facts, offset: header_offset };
        let body_offset =
            header_offset.checked_add(record.local_bytes()).ok_or(Refused::TooLarge)?;
        let end = body_offset.checked_add(facts.compressed_bytes).ok_or(Refused::TooLarge)?;
        self.names.take(name)?;

        self.header.clear();
        record.put_local(&mut self.header);
        // Cut off until the last byte is out, whichever way this function is left.
        self.cut_off = true;
        self.sink.write_all(&self.header)?;
        write_body(&mut self.sink)?;
        self.cut_off = false;

        record.put_central(&mut self.central_directory);
        self.entries += 1;
        self.offset = end;
        Ok(Placement { header_offset, body_offset, facts })
    }

    /// Writes the central directory and the end records, flushes, and gives the sink back.
    ///
    /// # Errors
    /// [`Refused::CutOff`] after an earlier failure; errors of the sink unchanged.
    pub fn finish(mut self) -> io::Result<W> {
        if self.cut_off {
            return Err(Refused::CutOff.into());
        }
        let end = CentralDirectory {
            entries: self.entries,
            offset: self.offset,
            bytes: length(&self.central_directory),
        };
        self.header.clear();
        end.put_end(&mut self.header);
        self.sink.write_all(&self.central_directory)?;
        self.sink.write_all(&self.header)?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

/// Copies a body of known length and gives its CRC-32.
fn copy_exactly(
    body: &mut impl Read,
    sink: &mut impl Write,
    bytes: u64,
    wrong: &impl Fn(&'static str) -> Refused,
) -> io::Result<u32> {
    let mut crc32 = Hasher::new();
    let mut buffer = vec![0; COPY_BYTES];
    let mut left = bytes;
    loop {
        let got = match body.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let piece = buffer.get(..got).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        left = left.checked_sub(length(piece)).ok_or_else(|| wrong("longer"))?;
        crc32.update(piece);
        sink.write_all(piece)?;
    }
    if left > 0 {
        return Err(wrong("shorter").into());
    }
    Ok(crc32.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PlannedEntry, Search, deflate, predicted_bytes, store};

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// Takes so many bytes, then fails like a pipe nobody reads.
    #[derive(Debug)]
    struct FailingSink(usize);

    impl Write for FailingSink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads"));
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bytes_of_a_small_zip_are_these() {
        let mut zip = ZipStream::new(Vec::new());
        let modified = DosDateTime::new(2026, 11, 23, 16, 47, 34).unwrap();
        zip.write_entry("a/B", modified, &store(b"123456789".to_vec())).unwrap();
        zip.write_entry("z", modified, &deflate(Search::FourBytes, &[&[0; 999]])).unwrap();
        let bytes = zip.finish().unwrap();
        let expected = [
            // Signature, needed, flags, method, time and date, CRC-32, sizes, lengths, name, body.
            "504b0304 0a00 0000 0000 f185775d 2639f4cb 09000000 09000000 0300 0000 612f42",
            "313233343536373839",
            "504b0304 1400 0000 0800 f185775d 63efc8b2 0a000000 e7030000 0100 0000 7a",
            "631805a360140c770000",
            // Signature, made by, the same fields, lengths, disk, attributes, offset, name.
            "504b0102 2d03 0a00 0000 0000 f185775d 2639f4cb 09000000 09000000 0300 0000",
            "0000 0000 0000 0000a481 00000000 612f42",
            "504b0102 2d03 1400 0000 0800 f185775d 63efc8b2 0a000000 e7030000 0100 0000",
            "0000 0000 0000 0000a481 2a000000 7a",
            // Signature, disks, entries, length and offset of the central directory, no comment.
            "504b0506 0000 0000 0200 0200 60000000 53000000 0000",
        ];
        assert_eq!(hex(&bytes), expected.concat().replace(' ', ""));
    }

    #[test]
    fn a_refused_entry_leaves_the_zip_as_it_was() {
        let mut zip = ZipStream::new(Vec::new());
        let entry = store(b"x".to_vec());
        zip.write_entry("a", DosDateTime::EARLIEST, &entry).unwrap();
        let before = zip.bytes_written();
        for (path, kind) in [
            ("A", Refused::Duplicate("A".to_owned())),
            ("a/b", Refused::FolderCollision("a/b".to_owned())),
            ("../a", Refused::Path("../a".to_owned())),
        ] {
            let error = zip.write_entry(path, DosDateTime::EARLIEST, &entry).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert_eq!(Refused::of(&error), Some(&kind));
        }
        assert_eq!((zip.bytes_written(), zip.entries()), (before, 1));
        zip.write_entry("b", DosDateTime::EARLIEST, &entry).unwrap();
        assert!(zip.finish().is_ok());
    }

    #[test]
    fn an_error_of_the_sink_comes_back_unchanged_and_ends_the_zip() {
        let entry = store(vec![1; 100]);
        // In the local header, in its last byte, in the body.
        for room in [0, 10, 30, 31, 130] {
            let mut zip = ZipStream::new(FailingSink(room));
            let error = zip.write_entry("a", DosDateTime::EARLIEST, &entry).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "room for {room} bytes");
            assert_eq!(error.to_string(), "nobody reads");
            zip.sink_mut().0 = 1_000_000;
            let after = zip.write_entry("b", DosDateTime::EARLIEST, &entry).unwrap_err();
            assert_eq!(Refused::of(&after), Some(&Refused::CutOff));
            assert_eq!(Refused::of(&zip.finish().unwrap_err()), Some(&Refused::CutOff));
        }
    }

    #[test]
    fn an_error_in_the_central_directory_is_an_error() {
        for room in [131, 131 + 40, 131 + 47 + 21] {
            let mut zip = ZipStream::new(FailingSink(room));
            zip.write_entry("a", DosDateTime::EARLIEST, &store(vec![1; 100])).unwrap();
            assert_eq!(zip.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        }
        let mut zip = ZipStream::new(FailingSink(131 + 47 + 22));
        zip.write_entry("a", DosDateTime::EARLIEST, &store(vec![1; 100])).unwrap();
        assert_eq!(zip.finish().unwrap().0, 0);
    }

    #[test]
    fn a_body_that_is_not_the_announced_one_is_refused() {
        let facts = store(b"123456789".to_vec()).facts();
        let other = EntryFacts { crc32: 1, ..facts };
        let two_sizes = EntryFacts { uncompressed_bytes: 8, ..facts };
        for (facts, body, what, goes_on) in [
            (facts, &b"12345678"[..], "shorter", false),
            (facts, b"1234567890", "longer", false),
            (other, b"123456789", "another CRC-32", false),
            (two_sizes, b"123456789", "a stored body has one size", true),
        ] {
            let mut zip = ZipStream::new(Vec::new());
            let modified = DosDateTime::EARLIEST;
            let error = zip.write_entry_from("v", modified, facts, &mut &body[..]).unwrap_err();
            let refused = Refused::Body { path: "v".to_owned(), what };
            assert_eq!(Refused::of(&error), Some(&refused));
            assert_eq!(zip.finish().is_ok(), goes_on, "{what}");
        }
        let mut zip = ZipStream::new(Vec::new());
        let modified = DosDateTime::EARLIEST;
        zip.write_entry_from("v", modified, facts, &mut &b"123456789"[..]).unwrap();
        let mut whole = ZipStream::new(Vec::new());
        whole.write_entry("v", modified, &store(b"123456789".to_vec())).unwrap();
        assert_eq!(zip.finish().unwrap(), whole.finish().unwrap());
    }

    #[test]
    fn entries_past_4_gib_are_found_by_their_zip64_offset() {
        let modified = DosDateTime::EARLIEST;
        let mut zip = ZipStream::new(Vec::new());
        zip.offset = u64::from(u32::MAX);
        let place = zip.write_entry("n", modified, &store(b"x".to_vec())).unwrap();
        assert_eq!(place.header_offset, 0xFFFF_FFFF);
        assert_eq!(place.body_offset, 0xFFFF_FFFF + 31);
        let found = hex(&zip.finish().unwrap());
        // Sentinel, name, ZIP64 extra field of eight bytes, the offset.
        assert!(found.contains("ffffffff6e01000800ffffffff00000000504b0606"), "{found}");
    }

    #[test]
    fn a_zip_past_2_to_the_64_is_refused_before_a_byte_is_written() {
        let mut zip = ZipStream::new(Vec::new());
        let facts = EntryFacts {
            method: Method::Deflated,
            crc32: 0,
            uncompressed_bytes: u64::MAX,
            compressed_bytes: u64::MAX - 20,
        };
        let modified = DosDateTime::EARLIEST;
        let error = zip.write_entry_from("v", modified, facts, &mut io::empty()).unwrap_err();
        assert_eq!(Refused::of(&error), Some(&Refused::TooLarge));
        assert_eq!(zip.finish().unwrap().len(), 22);
        let planned = [PlannedEntry { path: "v", facts }];
        assert_eq!(predicted_bytes(planned), Err(Refused::TooLarge));
    }

    #[test]
    fn the_length_is_the_predicted_one() {
        let entries = [
            ("a", store(vec![1; 100])),
            ("folder/b.txt", deflate(Search::ThreeBytes, &[&[7; 5_000]])),
            ("empty", store(Vec::new())),
        ];
        for count in 0..=entries.len() {
            let mut zip = ZipStream::new(Vec::new());
            for (path, entry) in &entries[..count] {
                zip.write_entry(path, DosDateTime::EARLIEST, entry).unwrap();
            }
            let planned = entries[..count]
                .iter()
                .map(|(path, entry)| PlannedEntry { path, facts: entry.facts() });
            assert_eq!(predicted_bytes(planned), Ok(length(&zip.finish().unwrap())));
        }
    }
}
