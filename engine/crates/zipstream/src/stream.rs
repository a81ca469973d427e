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
