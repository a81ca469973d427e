//! One DICOM file, opened: its header in memory, its body in memory or left where it lies.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::ops::Range;
use std::path::Path;

use dicom_core::{Tag, VR};
use model::Refusal;

use crate::dataset::Dataset;
use crate::encoding::TransferSyntax;
use crate::front::{Front, Rest, unreadable};
use crate::heading::{Heading, Identity, Parsed, parse};
use crate::{Limits, OpenError};

/// Bytes inflated at a time.
const SPOOL_BYTES: usize = 256 << 10;

/// The element that holds the pixels, still in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelElement {
    /// Pixel Data, Float Pixel Data or Double Float Pixel Data.
    pub tag: Tag,
    /// Its VR as written; the dictionary's where the encoding is implicit, OW for Pixel Data.
    pub vr: VR,
    /// Where the value begins in the plain stream of the file.
    pub value: u64,
    /// Value length in bytes; `None`: encapsulated in fragments (PS3.5 A.4).
    pub length: Option<u64>,
}

/// A DICOM file whose elements up to the pixel data are parsed.
///
/// Offsets count from the first byte of the file; of a deflated one, from the first byte of the
/// inflated data set.
pub struct Instance {
    heading: Heading,
    rest: Rest,
    length: u64,
    pixels: Option<PixelElement>,
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Instance")
            .field("heading", &self.heading)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Instance {
    /// Opens a file: all of it into memory up to [`Limits::in_memory_bytes`], else its header only.
    ///
    /// A deflated data set that is larger is inflated into an unnamed temporary file.
    ///
    /// # Errors
    /// [`OpenError`]: not DICOM, a DICOMDIR, or refused with the reason.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        Self::from_file(file, limits)
    }

    /// As [`Instance::open`], of a file that is at its beginning.
    ///
    /// # Errors
    /// As [`Instance::open`].
    pub fn from_file(file: File, limits: &Limits) -> Result<Self, OpenError> {
        let mut front = Front::of_file(file);
        front.read_whole(limits.in_memory_bytes)?;
        Self::from_front(front, limits)
    }

    /// Takes a whole file that is already in memory.
    ///
    /// # Errors
    /// As [`Instance::open`].
    pub fn from_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Self, OpenError> {
        Self::from_front(Front::of_memory(bytes), limits)
    }

    fn from_front(front: Front, limits: &Limits) -> Result<Self, OpenError> {
        let Parsed { mut heading, rest, pixels } = parse(front, limits, None)?;
        let mut front = Front { bytes: std::mem::take(&mut heading.bytes), rest };
        if matches!(front.rest, Rest::Inflated(_)) && !front.read_whole(limits.in_memory_bytes)? {
            spool(&mut front, limits)?;
        }
        let length = match &front.rest {
            Rest::File(file) => file.metadata().map_err(|error| unreadable(&error))?.len(),
            _ => front.bytes.len() as u64,
        };
        heading.bytes = front.bytes;
        let instance = Self { heading, rest: front.rest, length, pixels };
        instance.check_native_length()?;
        Ok(instance)
    }

    fn check_native_length(&self) -> Result<(), Refusal> {
        let Some(PixelElement { value, length: Some(length), .. }) = self.pixels else {
            return Ok(());
        };
        let missing_bytes = value.saturating_add(length).saturating_sub(self.length);
        if missing_bytes == 0 { Ok(()) } else { Err(Refusal::Truncated { missing_bytes }) }
    }

    /// The elements before the pixel data.
    pub fn dataset(&self) -> Dataset<'_> {
        self.heading.dataset()
    }

    /// The transfer syntax, corrected where the data set is not written as declared.
    pub fn transfer_syntax(&self) -> &TransferSyntax {
        self.heading.transfer_syntax()
    }

    /// The UIDs of the instance.
    pub fn identity(&self) -> &Identity {
        self.heading.identity()
    }

    /// The pixel data element, if there is one.
    pub fn pixels(&self) -> Option<&PixelElement> {
        self.pixels.as_ref()
    }

    /// Bytes of the plain stream: of the file, or of the inflated data set.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Bytes of the plain stream that are in memory.
    pub fn in_memory(&self) -> &[u8] {
        &self.heading.bytes
    }

    /// The instance without its body: its elements can still be read, its pixels no more.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        let header = self.heading.places.iter().map(|place| place.end).max().unwrap_or_default();
        self.heading.bytes.truncate(header);
        self.heading.bytes.shrink_to_fit();
        self.rest = Rest::None;
        self
    }

    /// The file again; `None` where it is not all in memory as it came: inflated, or left where it lies.
    pub fn into_file(self) -> Option<Vec<u8>> {
        let is_there = matches!(self.rest, Rest::None)
            && self.heading.bytes.len() as u64 == self.length
            && !self.transfer_syntax().deflated;
        is_there.then_some(self.heading.bytes)
    }

    /// Whether the body has to be read from a file.
    pub fn is_spooled(&self) -> bool {
        matches!(self.rest, Rest::File(_))
    }

    /// Reads a range of the plain stream into `buffer`, which it replaces.
    ///
    /// # Errors
    /// [`Refusal::Truncated`] when the range ends beyond the stream, [`Refusal::Unreadable`] from the
    /// system.
    pub fn read_into(&mut self, range: Range<u64>, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        buffer.clear();
        let missing_bytes = range.end.saturating_sub(self.length);
        if missing_bytes > 0 {
            return Err(Refusal::Truncated { missing_bytes });
        }
        let bounds = (usize::try_from(range.start), usize::try_from(range.end));
        if let (Ok(start), Ok(end)) = bounds
            && let Some(bytes) = self.heading.bytes.get(start..end)
        {
            buffer.extend_from_slice(bytes);
            return Ok(());
        }
        let Rest::File(file) = &mut self.rest else {
            let missing_bytes = range.end.saturating_sub(range.start);
            return Err(Refusal::Truncated { missing_bytes });
        };
        let wanted = range.end.saturating_sub(range.start);
        let read = file
            .seek(SeekFrom::Start(range.start))
            .and_then(|_| file.take(wanted).read_to_end(buffer))
            .map_err(|error| unreadable(&error))?;
        let missing_bytes = wanted - read as u64;
        if missing_bytes == 0 { Ok(()) } else { Err(Refusal::Truncated { missing_bytes }) }
    }
}

/// Moves an inflated data set that is too large for memory into an unnamed temporary file.
fn spool(front: &mut Front, limits: &Limits) -> Result<(), OpenError> {
    let folder = limits.scratch_folder();
    let failed = |error| OpenError::temporary(&folder, &error);
    let mut file = folder.file().map_err(failed)?;
    file.write_all(&front.bytes).map_err(failed)?;
    let mut left = limits.inflated_bytes.saturating_sub(front.bytes.len() as u64);
    let mut buffer = vec![0; SPOOL_BYTES];
    loop {
        let read = front
            .rest
            .read(&mut buffer)
            .map_err(|_damaged| Refusal::Malformed("the deflated data set is damaged".into()))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        left = left.checked_sub(read as u64).ok_or_else(|| {
            let limit = limits.inflated_bytes >> 20;
            Refusal::OverLimit(format!("the data set inflates to more than {limit} MiB"))
        })?;
        file.write_all(bytes).map_err(failed)?;
    }
    front.rest = Rest::File(file.into_file());
    Ok(())
}
