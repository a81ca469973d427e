//! The parts of an instance as its entry will hold them, before any pixel is touched.

use std::ops::Range;

use dicom_core::{Tag, VR};
use model::{PreviewFault, Refusal, TransferSyntaxUid};
use part10::{
    Dataset, EXPLICIT_VR_LITTLE_ENDIAN, Fragments, FrameError, Frames, Instance, PixelDescription,
    PixelValue, Replacement,
};

const PHOTOMETRIC_INTERPRETATION: Tag = Tag(0x0028, 0x0004);
const PLANAR_CONFIGURATION: Tag = Tag(0x0028, 0x0006);
const LOSSY_IMAGE_COMPRESSION: Tag = Tag(0x0028, 0x2110);
/// Transfer syntaxes in which something is always lost: JPEG baseline and extended. Near-lossless JPEG-LS
/// (.81), JPEG 2000 (.91) and HTJ2K (.203) can be lossless.
const ALWAYS_LOSSY: [&str; 2] = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"];
/// What describes the compressed value: lengths of groups that change, the Extended Offset Table with
/// its lengths, Encapsulated Pixel Data Value Total Length.
const OF_THE_COMPRESSED: [Tag; 5] = [
    Tag(0x0028, 0x0000),
    Tag(0x7FE0, 0x0000),
    Tag(0x7FE0, 0x0001),
    Tag(0x7FE0, 0x0002),
    Tag(0x7FE0, 0x0003),
];

const ICON_IMAGE_SEQUENCE: Tag = Tag(0x0088, 0x0200);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
/// What goes with a compressed icon: the length of its group changes.
const OF_THE_ICON: [Tag; 2] = [Tag(0x0088, 0x0000), ICON_IMAGE_SEQUENCE];

/// How the pixel data lie in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// There are none.
    None,
    /// A value of this range.
    Native(Range<u64>),
    /// Items of this range, without the delimiter that ends them.
    Fragments(Range<u64>),
}

/// An instance taken apart.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) pixels: Pixels,
    /// Where the pixel data end, and the elements behind them begin.
    pub(crate) pixels_end: u64,
    /// Where the frames lie, or why that cannot be told.
    pub(crate) frames: Result<(PixelDescription, Frames), PreviewFault>,
    /// How many frames the attributes promise; 1 where they are unusable.
    pub(crate) frame_count: u32,
    /// Whether the entry is to hold the decoded frames, if they turn out as the attributes say.
    pub(crate) decode: bool,
}

/// Takes an instance apart. What stands behind its pixels is not read: see [`Instance::tail`].
///
/// # Errors
/// [`Refusal`] when the instance is damaged so that a copy of it would be, too.
pub(crate) fn examine(instance: &mut Instance, as_stored: bool) -> Result<Body, Refusal> {
    let Some(element) = instance.pixels().cloned() else {
        let frames = Err(PreviewFault::MissingPixels);
        let (pixels, pixels_end) = (Pixels::None, instance.length());
        return Ok(Body { pixels, pixels_end, frames, frame_count: 0, decode: false });
    };
    let syntax = instance.transfer_syntax().uid().to_owned();
    let encapsulated = render::pixel_coding(&syntax).is_none_or(|coding| coding.encapsulated);
    let no_decoder = encapsulated && !render::can_decode(&syntax);
    let description = PixelDescription::read(&instance.dataset());
    let frame_count = description.as_ref().map_or(1, |description| description.frames);
    let located = match description {
        _ if no_decoder => Err(no_decoder_fault(&syntax)),
        Ok(description) => match Frames::locate(instance, &description) {
            Ok(frames) => Ok((description, frames)),
            Err(FrameError::Unreadable(refusal)) => return Err(refusal),
            Err(FrameError::MissingPixels { .. }) => Err(PreviewFault::MissingPixels),
            Err(error) => Err(PreviewFault::Unsupported(error.to_string())),
        },
        Err(error) => Err(PreviewFault::Unsupported(error.to_string())),
    };
    let (pixels, pixels_end, frames) = match element.length {
        Some(length) => {
            let end = element.value.saturating_add(length);
            let frames = if encapsulated {
                let reason = "uncompressed pixel data under a compressed transfer syntax";
                Err(PreviewFault::Unsupported(reason.into()))
            } else {
                located
            };
            (Pixels::Native(element.value..end), end, frames)
        }
        None if !encapsulated => {
            let reason = "compressed pixel data under an uncompressed transfer syntax";
            return Err(Refusal::Malformed(reason.into()));
        }
        None => {
            let walked = located.as_ref().ok().and_then(|(_, frames)| frames.fragments()).cloned();
            let fragments = match walked {
                Some(fragments) => fragments,
                None => Fragments::walk(instance, element.value)?,
            };
            let range = element.value..fragments.items_end();
            (Pixels::Fragments(range), fragments.end(), located)
        }
    };
    let decode = !as_stored
        && matches!(pixels, Pixels::Fragments(_))
        && frames.as_ref().is_ok_and(|(description, _)| decoded_length(description).is_some());
    Ok(Body { pixels, pixels_end, frames, frame_count, decode })
}

fn no_decoder_fault(syntax: &str) -> PreviewFault {
    match TransferSyntaxUid::from_wire(syntax.as_bytes()) {
        Ok(uid) => PreviewFault::NoDecoder(uid),
        Err(error) => PreviewFault::Unsupported(format!("its transfer syntax: {error}")),
    }
}

/// Length of the decoded pixel data, padded to even; `None` when it has no place in an element of 32
/// bits or the frames do not end on bytes.
pub(crate) fn decoded_length(native: &PixelDescription) -> Option<u32> {
    let frame_bits = native.frame_bits();
    let bytes = frame_bits
        .is_multiple_of(8)
        .then_some(frame_bits / 8)?
        .checked_mul(native.frames.into())?;
    u32::try_from(bytes.checked_next_multiple_of(2)?).ok().filter(|bytes| *bytes < u32::MAX - 1)
}

/// Everything before the value of the pixel data, for an entry that holds the pixels as they are. Without
/// pixels it is in Explicit VR Little Endian, whatever the source is in: see [`without_compressed_icon`].
///
/// # Errors
/// [`Refusal`] when an element cannot be re-encoded.
pub(crate) fn head_as_stored(instance: &Instance, pixels: &Pixels) -> Result<Vec<u8>, Refusal> {
    let value = match (pixels, instance.pixels()) {
        (Pixels::Native(range), Some(element)) => {
            let length = u32::try_from(range.end - range.start).unwrap_or(u32::MAX - 1);
            Some(PixelValue::Native(element.vr, length))
        }
        (Pixels::Fragments(_), Some(_)) => Some(PixelValue::Encapsulated),
        _ => None,
    };
    let syntax = syntax_as_stored(instance, pixels);
    let replacements = if syntax == instance.transfer_syntax().uid() {
        Vec::new()
    } else {
        without_compressed_icon(&instance.dataset())
    };
    instance.head(syntax, &replacements, value)
}

/// The transfer syntax of such an entry.
pub(crate) fn syntax_as_stored<'a>(instance: &'a Instance, pixels: &Pixels) -> &'a str {
    let uid = instance.transfer_syntax().uid();
    let encapsulated = render::pixel_coding(uid).is_none_or(|coding| coding.encapsulated);
    if encapsulated && *pixels != Pixels::None { uid } else { EXPLICIT_VR_LITTLE_ENDIAN }
}

/// Leaves out an icon that is compressed. Icon Image Sequence (0088,0200) may hold fragments where the
/// instance does, and in no item of Explicit VR Little Endian (PS3.5 A.4); it is optional (PS3.3 C.7.6.1).
fn without_compressed_icon(dataset: &Dataset<'_>) -> Vec<Replacement> {
    let is_compressed = |icon: Dataset<'_>| {
        icon.element(PIXEL_DATA).is_some_and(|element| element.is_encapsulated())
    };
    if dataset.items(ICON_IMAGE_SEQUENCE).any(is_compressed) {
        OF_THE_ICON.map(|tag| Replacement { tag, value: None }).into()
    } else {
        Vec::new()
    }
}

/// Everything before the value of the decoded pixel data, with the attributes made true.
///
/// The attributes of lossy compression stay: what was lost once stays lost. Lossy Image Compression
/// (0028,2110) says so where the source forgot it (PS3.3 C.7.6.1.1.5): its transfer syntax no longer
/// does.
///
/// # Errors
/// [`Refusal`] when an element cannot be re-encoded, or the pixels have no place in one.
pub(crate) fn head_decoded(
    instance: &Instance,
    native: &PixelDescription,
) -> Result<Vec<u8>, Refusal> {
    let mut replacements = Vec::new();
    let dataset = instance.dataset();
    if dataset.text(PHOTOMETRIC_INTERPRETATION).as_deref() != Some(native.photometric.as_term()) {
        let mut term = native.photometric.as_term().as_bytes().to_vec();
        if term.len() % 2 == 1 {
            term.push(b' ');
        }
        let value = Some((VR::CS, term));
        replacements.push(Replacement { tag: PHOTOMETRIC_INTERPRETATION, value });
    }
    if native.samples_per_pixel > 1 {
        let value = u16::from(native.planar).to_le_bytes().to_vec();
        let tag = PLANAR_CONFIGURATION;
        replacements.push(Replacement { tag, value: Some((VR::US, value)) });
    }
    if ALWAYS_LOSSY.contains(&instance.transfer_syntax().uid())
        && dataset.text(LOSSY_IMAGE_COMPRESSION).as_deref() != Some("01")
    {
        let value = Some((VR::CS, b"01".to_vec()));
        replacements.push(Replacement { tag: LOSSY_IMAGE_COMPRESSION, value });
    }
    replacements.extend(OF_THE_COMPRESSED.map(|tag| Replacement { tag, value: None }));
    replacements.extend(without_compressed_icon(&dataset));
    replacements.sort_by_key(|replacement| replacement.tag);
    let vr = if native.bits_allocated > 8 { VR::OW } else { VR::OB };
    let length = decoded_length(native).ok_or_else(|| {
        Refusal::OverLimit("its decoded pixels have no place in one element of 4 GiB".into())
    })?;
    let value = PixelValue::Native(vr, length);
    instance.head(EXPLICIT_VR_LITTLE_ENDIAN, &replacements, Some(value))
}

/// Reads a stored frame.
///
/// # Errors
/// [`Refusal`] when the bytes of the frame are not there.
pub(crate) fn read_frame(
    frames: &Frames,
    instance: &mut Instance,
    index: u32,
    frame: &mut Vec<u8>,
) -> Result<(), Refusal> {
    frames.read(instance, index, frame).map_err(|error| match error {
        FrameError::Unreadable(refusal) => refusal,
        other => Refusal::Malformed(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::{Options, Syntax, instance_bytes};
    use part10::{END_OF_FRAGMENTS, Limits};
    use rstest::rstest;

    const LOST: &[u8] = b"\x28\x00\x10\x21CS\x02\x0001";
    const NOT_LOST: &[u8] = b"\x28\x00\x10\x21CS\x02\x0000";

    fn bytes(syntax: Syntax) -> Vec<u8> {
        let options = Options { syntax: Some(syntax), rows: Some(64), ..Options::default() };
        instance_bytes("sc", 0, &options).unwrap()
    }

    fn open(bytes: Vec<u8>) -> Instance {
        Instance::from_bytes(bytes, &Limits::default()).unwrap()
    }

    fn holds(bytes: &[u8], element: &[u8]) -> bool {
        bytes.windows(element.len()).any(|found| found == element)
    }

    #[rstest]
    #[case::it_says_so(Syntax::JpegBaseline, Some(LOST), LOST)]
    #[case::it_denies_it(Syntax::JpegBaseline, Some(NOT_LOST), LOST)]
    #[case::it_says_nothing(Syntax::JpegBaseline, None, LOST)]
    #[case::nothing_was_lost(Syntax::JpegLossless, Some(NOT_LOST), NOT_LOST)]
    fn c_7_6_1_1_5_what_was_lost_stays_lost(
        #[case] syntax: Syntax,
        #[case] said: Option<&[u8]>,
        #[case] expected: &[u8],
    ) {
        let bytes = bytes(syntax);
        let at = bytes.windows(8).position(|found| *found == LOST[..8]).unwrap();
        let (before, after) = (&bytes[..at], &bytes[at + LOST.len()..]);
        let instance = open([before, said.unwrap_or_default(), after].concat());
        let native = PixelDescription::read(&instance.dataset()).unwrap();
        let head = head_decoded(&instance, &native).unwrap();
        assert!(holds(&head, expected));
        let other = if expected == LOST { NOT_LOST } else { LOST };
        assert!(!holds(&head, other));
    }

    const COMPRESSED: &[u8] = b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF";
    const NATIVE: &[u8] = b"\xE0\x7F\x10\x00OB\0\0\x02\0\0\0\x07\x07";

    fn item(value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).unwrap().to_le_bytes();
        [&b"\xFE\xFF\x00\xE0"[..], &length, value].concat()
    }

    fn compressed() -> Vec<u8> {
        [COMPRESSED, &item(&[]), &item(b"\xFF\xD8"), &END_OF_FRAGMENTS].concat()
    }

    /// The header of an Icon Image Sequence, and its item.
    fn icon(pixels: &[u8]) -> [Vec<u8>; 2] {
        let item = item(pixels);
        let length = u32::try_from(item.len()).unwrap().to_le_bytes();
        [[&b"\x88\x00\x00\x02SQ\0\0"[..], &length].concat(), item]
    }

    #[rstest]
    #[case::compressed(icon(&compressed()), false)]
    #[case::native(icon(NATIVE), true)]
    fn a_4_an_icon_stays_where_it_may_be_as_it_is(#[case] icon: [Vec<u8>; 2], #[case] stays: bool) {
        let bytes = bytes(Syntax::JpegBaseline);
        let at = bytes.windows(COMPRESSED.len()).position(|found| found == COMPRESSED).unwrap();
        let [header, item] = icon;
        let before = [&bytes[..at], &header, &item].concat();
        let instance = open([&before[..], &bytes[at..]].concat());
        let native = PixelDescription::read(&instance.dataset()).unwrap();
        let found = |head: &[u8]| (holds(head, &header), holds(head, &item));
        let decoded = head_decoded(&instance, &native).unwrap();
        assert_eq!(found(&decoded), (stays, stays));
        let as_stored = head_as_stored(&instance, &Pixels::Fragments(0..0)).unwrap();
        assert_eq!(found(&as_stored), (true, true));
        let without_pixels = head_as_stored(&open(before), &Pixels::None).unwrap();
        assert_eq!(found(&without_pixels), (stays, stays));
    }

    #[test]
    fn decoded_pixels_over_4_gib_get_no_head() {
        let instance = open(bytes(Syntax::JpegBaseline));
        let stored = PixelDescription::read(&instance.dataset()).unwrap();
        assert_eq!(stored.photometric.as_term(), "YBR_FULL_422");
        // As they are stored they have a place, as decoding gives them they have none.
        let frames = 0xFFFF_FFF0 / u32::try_from(stored.frame_bytes()).unwrap();
        let stored = PixelDescription { frames, ..stored };
        let native = PixelDescription { photometric: part10::Photometric::Rgb, ..stored };
        assert!(decoded_length(&stored).is_some() && decoded_length(&native).is_none());
        assert!(head_decoded(&instance, &stored).is_ok());
        assert!(matches!(head_decoded(&instance, &native), Err(Refusal::OverLimit(_))));
    }
}
