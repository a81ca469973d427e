//! The elements of a file up to the pixel data, or up to a tag before it.

use std::fmt;
use std::fs::File;
use std::path::Path;

use dicom_core::Tag;
use model::{Refusal, SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid};

use crate::dataset::{Dataset, MAX_ELEMENTS, Place, sort};
use crate::element::{UNDEFINED_LENGTH, WalkError, end_of_value, read_header};
use crate::encoding::TransferSyntax;
use crate::fill::Fill;
use crate::front::{Front, Rest, unreadable};
use crate::instance::PixelElement;
use crate::start::{read_start, transfer_syntax_of};
use crate::vr::{number_bytes, vr_of};
use crate::{Limits, OpenError};

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
/// Bytes of either, which is kept of every instance; LO has 64 characters.
const MOST_OF_PATIENT_ID: usize = 1024;
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

/// The header of a file, for planning; nothing beyond the tag asked for is read.
pub struct Heading {
    /// The file from its first byte; the first byte of the inflated data set where it is deflated.
    pub(crate) bytes: Vec<u8>,
    pub(crate) places: Vec<Place>,
    transfer_syntax: TransferSyntax,
    identity: Identity,
}

impl fmt::Debug for Heading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let syntax = self.transfer_syntax.uid();
        formatter.debug_struct("Heading").field("transfer_syntax", &syntax).finish_non_exhaustive()
    }
}

/// A heading, what follows it, and where the pixels begin.
pub(crate) struct Parsed {
    pub(crate) heading: Heading,
    pub(crate) rest: Rest,
    pub(crate) pixels: Option<PixelElement>,
}

impl Heading {
    /// Reads the elements of a file below `until`.
    ///
    /// # Errors
    /// As [`crate::Instance::open`]; damage beyond `until` is not seen.
    pub fn read(path: &Path, until: Tag, limits: &Limits) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        Ok(parse(Front::of_file(file), limits, Some(until))?.heading)
    }

    /// The elements read.
    pub fn dataset(&self) -> Dataset<'_> {
        let places = self.places.as_slice().into();
        Dataset::from_places(&self.bytes, places, self.transfer_syntax.encoding, None)
    }

    /// The transfer syntax, corrected where the data set is not written as declared.
    pub fn transfer_syntax(&self) -> &TransferSyntax {
        &self.transfer_syntax
    }

    /// The UIDs of the instance.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// Parses the elements of a file below `until`, at most up to the pixel data.
pub(crate) fn parse(
    mut front: Front,
    limits: &Limits,
    until: Option<Tag>,
) -> Result<Parsed, OpenError> {
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
    // Written as numbers, a UID would become another one when its bytes are put in order.
    let is_text = |tag| dataset.element(tag).is_some_and(|element| number_bytes(element.vr) == 1);
    let uid = |tag| dataset.bytes(tag).filter(|_| is_text(tag)).unwrap_or_default();
    let or_meta = |tag, meta: &Option<Vec<u8>>| match (dataset.bytes(tag), meta) {
        (None, Some(meta)) => meta.clone(),
        _ => uid(tag).to_vec(),
    };
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
    check_patient_id(&dataset)?;
    let Front { bytes, rest } = front;
    Ok(Parsed { heading: Heading { bytes, places, transfer_syntax, identity }, rest, pixels })
}

/// A Patient ID is compared as it is: cut, it might be that of another person.
fn check_patient_id(dataset: &Dataset<'_>) -> Result<(), Refusal> {
    let is_over = |tag| dataset.bytes(tag).is_some_and(|id| id.len() > MOST_OF_PATIENT_ID);
    if is_over(PATIENT_ID) || is_over(ISSUER_OF_PATIENT_ID) {
        let reason = "its Patient ID or the issuer of it is longer than any";
        return Err(Refusal::OverLimit(reason.into()));
    }
    Ok(())
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
    let mut fill = Fill::default();
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
                    vr: header.vr.unwrap_or_else(|| vr_of(header.tag, || false)),
                    value: header.value as u64,
                    length: (header.length != UNDEFINED_LENGTH).then_some(length),
                });
                break;
            }
            Ok((header, _)) if stops(header.tag) => break,
            Ok((header, _)) if header.tag == Tag(0, 0) && fill.begins(&front.bytes, at) => {
                // What looks like the fill of the last block may go on in bytes not read yet.
                if front.grow(1, limits)? > 0 {
                    break;
                }
            }
            Ok(_) if places.len() >= MAX_ELEMENTS => {
                let reason = "it has more elements than any data set has";
                return Err(Refusal::OverLimit(reason.into()));
            }
            Ok((header, end)) => {
                places.push(Place::new(&header, at, end));
                at = end;
            }
            Err(WalkError::NeedMore { wanted_bytes }) => {
                let missing_bytes = front.grow(wanted_bytes, limits)?;
                if missing_bytes > 0 && !fill.begins(&front.bytes, at) {
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
