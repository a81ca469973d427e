//! One DICOM file, opened: its header in memory, its body in memory or left where it lies.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::ops::Range;
use std::path::Path;

use dicom_core::{Tag, VR};
use model::{Refusal, SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};

use crate::dataset::{Dataset, Place, sort};
use crate::element::{UNDEFINED_LENGTH, WalkError, end_of_value, read_header};
use crate::encoding::TransferSyntax;
use crate::front::{Front, Rest, unreadable};
use crate::start::{read_start, transfer_syntax_of};
use crate::{Limits, OpenError};

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
/// Float Pixel Data (7FE0,0008), the first element that can be bulk.
const FIRST_PIXEL_TAG: Tag = Tag(0x7FE0, 0x0008);
/// Pixel Data (7FE0,0010).
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// Directory Record Sequence (0004,1220): only a DICOMDIR has one.
const DIRECTORY_RECORD_SEQUENCE: Tag = Tag(0x0004, 0x1220);
/// So many elements in a row are no accident.
const LEAST_ELEMENTS: usize = 8;

/// The four UIDs that a File-set cannot do without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// SOP Class UID (0008,0016).
    pub sop_class: SopClassUid,
    /// SOP Instance UID (0008,0018).
    pub sop_instance: SopInstanceUid,
    /// Study Instance UID (0020,000D).
    pub study: StudyInstanceUid,
    /// Series Instance UID (0020,000E).
    pub series: SeriesInstanceUid,
}

/// The element that holds the pixels, still in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelElement {
    /// Pixel Data, Float Pixel Data or Double Float Pixel Data.
    pub tag: Tag,
    /// Its VR as written; OW where the encoding is implicit.
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
    front: Vec<u8>,
    rest: Rest,
    length: u64,
    places: Vec<Place>,
    transfer_syntax: TransferSyntax,
    identity: Identity,
    pixels: Option<PixelElement>,
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Instance")
            .field("transfer_syntax", &self.transfer_syntax.uid())
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

struct Parsed {
    front: Front,
    places: Vec<Place>,
    transfer_syntax: TransferSyntax,
    identity: Identity,
    pixels: Option<PixelElement>,
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
        let Parsed { mut front, places, transfer_syntax, identity, pixels } =
            parse(front, limits, None)?;
        if matches!(front.rest, Rest::Inflated(_)) && !front.read_whole(limits.in_memory_bytes)? {
            spool(&mut front, limits)?;
        }
        let length = match &front.rest {
            Rest::File(file) => file.metadata().map_err(|error| unreadable(&error))?.len(),
            _ => front.bytes.len() as u64,
        };
        let Front { bytes, rest } = front;
        let instance =
            Self { front: bytes, rest, length, places, transfer_syntax, identity, pixels };
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
        let places = self.places.as_slice().into();
        Dataset::from_places(&self.front, places, self.transfer_syntax.encoding, None)
    }

    /// The transfer syntax, corrected where the data set is not written as declared.
    pub fn transfer_syntax(&self) -> &TransferSyntax {
        &self.transfer_syntax
    }

    /// The UIDs of the instance.
    pub fn identity(&self) -> &Identity {
        &self.identity
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
        &self.front
    }

    /// The instance without its body: its elements can still be read, its pixels no more.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        let header = self.places.iter().map(|place| place.end).max().unwrap_or_default();
        self.front.truncate(header);
        self.front.shrink_to_fit();
        self.rest = Rest::None;
        self
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
            && let Some(bytes) = self.front.get(start..end)
        {
            buffer.extend_from_slice(bytes);
            return Ok(());
        }
        let Rest::File(file) = &mut self.rest else {
            return Err(Refusal::Truncated { missing_bytes: range.end - range.start });
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

/// The header of a file up to (not including) a tag, for planning; nothing beyond it is read.
#[derive(Debug)]
pub struct Heading {
    front: Vec<u8>,
    places: Vec<Place>,
    transfer_syntax: TransferSyntax,
    identity: Identity,
}

impl Heading {
    /// Reads the elements of a file below `until`.
    ///
    /// # Errors
    /// As [`Instance::open`]; damage beyond `until` is not seen.
    pub fn read(path: &Path, until: Tag, limits: &Limits) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let Parsed { front, places, transfer_syntax, identity, .. } =
            parse(Front::of_file(file), limits, Some(until))?;
        Ok(Self { front: front.bytes, places, transfer_syntax, identity })
    }

    /// The elements read.
    pub fn dataset(&self) -> Dataset<'_> {
        let places = self.places.as_slice().into();
        Dataset::from_places(&self.front, places, self.transfer_syntax.encoding, None)
    }

    /// The transfer syntax of the file.
    pub fn transfer_syntax(&self) -> &TransferSyntax {
        &self.transfer_syntax
    }

    /// The UIDs of the instance.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

fn parse(mut front: Front, limits: &Limits, until: Option<Tag>) -> Result<Parsed, OpenError> {
    let start = read_start(&mut front, limits)?;
    if start.is_directory {
        return Err(OpenError::Directory);
    }
    let transfer_syntax = transfer_syntax_of(&start, &front)?;
    let mut at = start.dataset;
    if transfer_syntax.deflated {
        front.inflate_from(at);
        at = 0;
    }
    let not_dicom_or = |refusal: Refusal| {
        if start.declared { OpenError::Refused(refusal) } else { OpenError::NotDicom }
    };
    let (places, pixels) =
        parse_elements(&mut front, at, &transfer_syntax, until, limits).map_err(not_dicom_or)?;
    let dataset =
        Dataset::from_places(&front.bytes, (&places[..]).into(), transfer_syntax.encoding, None);
    if dataset.has(DIRECTORY_RECORD_SEQUENCE) {
        return Err(OpenError::Directory);
    }
    let or_meta = |tag, meta: &Option<Vec<u8>>| {
        dataset.bytes(tag).map(<[u8]>::to_vec).or_else(|| meta.clone()).unwrap_or_default()
    };
    let uid = |tag| dataset.bytes(tag).unwrap_or_default();
    // A bare data set that parses this far is one, with or without UIDs (ACR-NEMA has none).
    let is_dataset = start.declared || places.len() >= LEAST_ELEMENTS;
    let missing = |name| {
        let refusal = Refusal::NoUid(name);
        if is_dataset { OpenError::Refused(refusal) } else { OpenError::NotDicom }
    };
    let identity = Identity {
        sop_class: SopClassUid::from_wire(&or_meta(SOP_CLASS_UID, &start.sop_class))
            .map_err(|_error| missing("SOP Class UID (0008,0016)"))?,
        sop_instance: SopInstanceUid::from_wire(&or_meta(SOP_INSTANCE_UID, &start.sop_instance))
            .map_err(|_error| missing("SOP Instance UID (0008,0018)"))?,
        study: StudyInstanceUid::from_wire(uid(STUDY_INSTANCE_UID))
            .map_err(|_error| missing("Study Instance UID (0020,000D)"))?,
        series: SeriesInstanceUid::from_wire(uid(SERIES_INSTANCE_UID))
            .map_err(|_error| missing("Series Instance UID (0020,000E)"))?,
    };
    Ok(Parsed { front, places, transfer_syntax, identity, pixels })
}

/// Indexes the elements from `at` on, up to the pixel data or the first tag not below `until`.
pub(crate) fn parse_elements(
    front: &mut Front,
    at: usize,
    syntax: &TransferSyntax,
    until: Option<Tag>,
    limits: &Limits,
) -> Result<(Vec<Place>, Option<PixelElement>), Refusal> {
    let mut places = Vec::new();
    let mut at = at;
    let mut pixels = None;
    loop {
        if at >= front.bytes.len() && front.grow(1, limits)? > 0 {
            break;
        }
        let is_pixels = |tag: Tag| (FIRST_PIXEL_TAG..=PIXEL_DATA).contains(&tag);
        let stops = |tag: Tag| is_pixels(tag) || until.is_some_and(|until| tag >= until);
        let element = read_header(&front.bytes, at, syntax.encoding).and_then(|header| {
            if header.tag.0 == 0xFFFE {
                return Err(WalkError::Malformed("an item stands outside a sequence"));
            }
            if stops(header.tag) {
                return Ok((header, at));
            }
            end_of_value(&front.bytes, &header, syntax.encoding).map(|end| (header, end))
        });
        match element {
            Ok((header, _)) if is_pixels(header.tag) => {
                let length = u64::from(header.length);
                pixels = Some(PixelElement {
                    tag: header.tag,
                    vr: header.vr.unwrap_or(VR::OW),
                    value: header.value as u64,
                    length: (header.length != UNDEFINED_LENGTH).then_some(length),
                });
                break;
            }
            Ok((header, _)) if stops(header.tag) => break,
            Ok((header, _)) if header.tag == Tag(0, 0) && is_padding(front.bytes.get(at..)) => {
                break;
            }
            Ok((header, end)) => {
                places.push(Place::new(&header, at, end));
                at = end;
            }
            Err(WalkError::NeedMore { wanted_bytes }) => {
                let missing_bytes = front.grow(wanted_bytes, limits)?;
                if missing_bytes > 0 && !is_padding(front.bytes.get(at..)) {
                    return Err(Refusal::Truncated { missing_bytes });
                } else if missing_bytes > 0 {
                    break;
                }
            }
            Err(WalkError::Malformed(reason)) => return Err(Refusal::Malformed(reason.into())),
        }
    }
    sort(&mut places);
    Ok((places, pixels))
}

/// Whether bytes at the end of a file are the fill of its last block.
fn is_padding(rest: Option<&[u8]>) -> bool {
    rest.unwrap_or_default().iter().all(|byte| *byte == 0)
}

/// Moves an inflated data set that is too large for memory into an unnamed temporary file.
fn spool(front: &mut Front, limits: &Limits) -> Result<(), Refusal> {
    let store = |error: &std::io::Error| Refusal::Unreadable(format!("temporary file: {error}"));
    let mut file = tempfile::tempfile().map_err(|error| store(&error))?;
    file.write_all(&front.bytes).map_err(|error| store(&error))?;
    let limit = limits.inflated_bytes.saturating_sub(front.bytes.len() as u64);
    let copied = std::io::copy(&mut (&mut front.rest).take(limit), &mut file)
        .map_err(|_error| Refusal::Malformed("the deflated data set is damaged".into()))?;
    if copied == limit {
        let limit = limits.inflated_bytes >> 20;
        return Err(Refusal::OverLimit(format!("the data set inflates to more than {limit} MiB")));
    }
    front.rest = Rest::File(file);
    Ok(())
}
