//! Segmentations: which pixels belong to which organ or finding, shown in colours.
//!
//! Over the image that was segmented when the caller has its picture, on black otherwise.

use std::sync::Arc;

use dicom_dictionary_std::tags;
use model::{PreviewFault, SopInstanceUid};
use part10::{Dataset, Photometric, PixelDescription};

use super::palette::Palette;
use super::plane::Plane;
use super::segment_colour;
use super::stored_format::StoredFormat;
use crate::bitmap::{Bitmap, Channels};
use crate::limits::{MOST_GROUPED_FRAMES, MOST_OF_TERM};

/// Source images kept for a frame: a segment drawn on one slice has one, some derived from a volume
/// name all of it.
const SOURCES_OF_FRAME: usize = 64;
/// Characters of a Segment Label, which has 64 (LO).
const MOST_OF_LABEL: usize = 256;
/// How much of the colour is laid over the image, of 256.
const OVER_IMAGE: u32 = 128;
/// The same for the other segments of the position.
const OTHERS_OVER_IMAGE: u32 = 72;
/// How much is laid over black.
const ALONE: u32 = 256;

/// One segment.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// Segment Number (0062,0004).
    pub number: u16,
    /// Segment Label (0062,0005); of one over 256 characters the beginning.
    pub label: Option<String>,
    /// Red, green, blue (sRGB).
    pub colour: [u8; 3],
}

/// The label is text of the file: only the number is printed.
impl std::fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Segment({})", self.number)
    }
}

/// A frame of an image that was segmented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFrame {
    /// Referenced SOP Instance UID (0008,1155).
    pub sop_instance: SopInstanceUid,
    /// Referenced Frame Number (0008,1160), counted from 0.
    pub frame: u32,
}

/// How the frames of a segmentation are to be shown.
///
/// Standard: DICOM PS3.3 C.8.20.2, C.8.20.3, C.7.6.16.
#[derive(Debug)]
pub struct Segmentation {
    format: StoredFormat,
    rows: u16,
    columns: u16,
    kind: Kind,
    segments: Vec<Segment>,
    frames: Vec<Frame>,
}

/// Segmentation Type (0062,0001).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A pixel belongs to the segment or not.
    Binary,
    /// How much or how probably, up to Maximum Fractional Value.
    Fractional { highest: u32 },
    /// The stored value is the number of the segment; `padding` stands for none.
    LabelMap { padding: Option<u32> },
}

/// What functional groups say of a frame.
#[derive(Debug, Default)]
struct Frame {
    segment: Option<u16>,
    /// `None` where nothing is said; shared by the frames that have none of their own.
    sources: Option<Arc<[SourceFrame]>>,
    plane: Plane,
}

/// The segments that a data set describes, in its order; none when it is no segmentation.
pub fn segments(dataset: &Dataset<'_>) -> Vec<Segment> {
    let description = PixelDescription::read(dataset).ok();
    let palette = description.as_ref().and_then(|description| palette(dataset, description));
    let segments = dataset.items(tags::SEGMENT_SEQUENCE).filter_map(|item| {
        let number = item.u16(tags::SEGMENT_NUMBER)?;
        let lab = item.u16s(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE);
        let colour = match lab.as_slice() {
            &[l, a, b] => segment_colour::srgb([l, a, b]),
            _ => palette
                .as_ref()
                .map_or_else(|| segment_colour::default(number), |palette| palette.of(number)),
        };
        Some(Segment { number, label: item.brief(tags::SEGMENT_LABEL, MOST_OF_LABEL), colour })
    });
    segments.collect()
}

fn palette(dataset: &Dataset<'_>, description: &PixelDescription) -> Option<Palette> {
    let is_palette = description.photometric == Photometric::PaletteColor;
    is_palette.then(|| Palette::prepare(dataset, description).ok()).flatten()
}

impl Segmentation {
    /// Reads a segmentation; `None` when the data set is none.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] for a Segmentation Type that the standard does not have, or
    /// pixels that cannot be of its kind.
    pub(super) fn read(
        dataset: &Dataset<'_>,
        description: &PixelDescription,
    ) -> Result<Option<Self>, PreviewFault> {
        let kind = dataset.brief(tags::SEGMENTATION_TYPE, MOST_OF_TERM);
        let Some(kind) = kind.filter(|_| dataset.has(tags::SEGMENT_SEQUENCE)) else {
            return Ok(None);
        };
        let unsupported = |what: String| Err(PreviewFault::Unsupported(what));
        let format = StoredFormat::new(description)?;
        if format.bits_allocated > 16 || format.signed || description.samples_per_pixel != 1 {
            return unsupported("a segmentation needs one unsigned sample of 16 bits".into());
        }
        let kind = match kind.as_str() {
            "BINARY" => Kind::Binary,
            "FRACTIONAL" => {
                let highest = dataset.u16(tags::MAXIMUM_FRACTIONAL_VALUE).unwrap_or(255);
                Kind::Fractional { highest: u32::from(highest.max(1)) }
            }
            "LABELMAP" => {
                let padding = dataset.u16(tags::PIXEL_PADDING_VALUE).map(u32::from);
                Kind::LabelMap { padding }
            }
            other => return unsupported(format!("the Segmentation Type {other:?}")),
        };
        let shared = dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
        let shared = shared.as_ref().map(Frame::read).unwrap_or_default();
        let count = usize::try_from(description.frames).unwrap_or(usize::MAX);
        let own = dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).take(count);
        let frames = own.map(|group| Frame::read(&group).or(&shared)).collect();
        let segments = segments(dataset);
        let PixelDescription { rows, columns, .. } = *description;
        Ok(Some(Self { format, rows, columns, kind, segments, frames }))
    }

    fn frame(&self, index: u32) -> Option<&Frame> {
        self.frames.get(usize::try_from(index).ok()?)
    }

    /// The images that the segments of a frame were drawn on, as far as the file names them.
    pub fn sources(&self, index: u32) -> &[SourceFrame] {
        self.frame(index).and_then(|frame| frame.sources.as_deref()).unwrap_or_default()
    }

    /// Whether a frame of another image has the pixels of frame `index` in the same places: as many
    /// rows and columns, and the same plane as far as both say where they are.
    pub fn lies_on(
        &self,
        index: u32,
        image: &Dataset<'_>,
        description: &PixelDescription,
        frame: u32,
    ) -> bool {
        let plane = self.frame(index).map(|frame| frame.plane).unwrap_or_default();
        (description.rows, description.columns) == (self.rows, self.columns)
            && frame < description.frames.min(MOST_GROUPED_FRAMES)
            && plane.agrees(&Plane::of_frame(image, frame))
    }

    /// The other frames that show a segment at the place of frame `index`.
    pub fn others_there(&self, index: u32) -> Vec<u32> {
        let Some(frame) = self.frame(index) else { return Vec::new() };
        if matches!(self.kind, Kind::LabelMap { .. }) || !frame.plane.is_placed() {
            return Vec::new();
        }
        let is_there = |other: &(u32, &Frame)| {
            other.0 != index
                && other.1.segment != frame.segment
                && other.1.plane.agrees(&frame.plane)
                && other.1.plane.is_placed()
        };
        (0..).zip(&self.frames).filter(is_there).map(|(other, _)| other).collect()
    }

    /// The segment that a frame shows; `None` for a label map, which shows all.
    pub fn segment(&self, index: u32) -> Option<&Segment> {
        let number = self.segment_number(index)?;
        self.segments.iter().find(|segment| segment.number == number)
    }

    fn segment_number(&self, index: u32) -> Option<u16> {
        if matches!(self.kind, Kind::LabelMap { .. }) {
            return None;
        }
        let only = || match self.segments.as_slice() {
            [only] => Some(only.number),
            _ => None,
        };
        self.frame(index).and_then(|frame| frame.segment).or_else(only)
    }

    /// The colours of a native frame over the picture of the image that was segmented, else over
    /// black. `others` are native frames to be laid under it, fainter.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] when `under` has another size.
    pub(super) fn picture(
        &self,
        index: u32,
        native: &[u8],
        others: &[(u32, &[u8])],
        under: Option<&Bitmap>,
    ) -> Result<Vec<u8>, PreviewFault> {
        let pixels = usize::from(self.rows) * usize::from(self.columns);
        let mut picture = match under {
            None => vec![0; pixels * 3],
            Some(image) if (image.width(), image.height()) != (self.columns, self.rows) => {
                return Err(PreviewFault::Unsupported(
                    "the image segmented is of another size".into(),
                ));
            }
            Some(image) => match image.channels() {
                Channels::Rgb => image.data().to_vec(),
                Channels::Gray => image.data().iter().flat_map(|level| [*level; 3]).collect(),
            },
        };
        let (own, faint) =
            if under.is_some() { (OVER_IMAGE, OTHERS_OVER_IMAGE) } else { (ALONE, ALONE / 2) };
        for (other, native) in others {
            self.lay(*other, native, faint, &mut picture);
        }
        self.lay(index, native, own, &mut picture);
        Ok(picture)
    }

    /// Lays the colours of one frame over a picture, `strength` of 256.
    fn lay(&self, index: u32, native: &[u8], strength: u32, picture: &mut [u8]) {
        let native = self.format.containers(native, picture.len() / 3);
        let own = self.segment(index).map_or_else(
            || segment_colour::default(self.segment_number(index).unwrap_or(1)),
            |segment| segment.colour,
        );
        let labels = self.label_colours();
        let paint = |pattern: u32, pixel: &mut [u8; 3]| {
            let (colour, share) = match self.kind {
                _ if pattern == 0 => return,
                Kind::Binary => (own, strength),
                Kind::Fractional { highest } => (own, strength * pattern.min(highest) / highest),
                Kind::LabelMap { padding } if padding == Some(pattern) => return,
                Kind::LabelMap { .. } => {
                    let at = usize::try_from(pattern).unwrap_or(usize::MAX);
                    let colour = labels.get(at).copied().flatten();
                    let number = || u16::try_from(pattern).unwrap_or(u16::MAX);
                    (colour.unwrap_or_else(|| segment_colour::default(number())), strength)
                }
            };
            for (level, towards) in pixel.iter_mut().zip(colour) {
                let sum = u32::from(*level) * (256 - share) + u32::from(towards) * share;
                *level = u8::try_from((sum + 128) / 256).unwrap_or(u8::MAX);
            }
        };
        let pixels = picture.as_chunks_mut().0.iter_mut();
        if self.format.container_bytes() == 1 {
            for (byte, pixel) in native.iter().zip(pixels) {
                paint(self.format.pattern((*byte).into()), pixel);
            }
        } else {
            for (word, pixel) in native.as_chunks().0.iter().zip(pixels) {
                paint(self.format.pattern(u16::from_le_bytes(*word).into()), pixel);
            }
        }
    }

    /// Colours by number, up to the highest that is described; empty unless it is a label map.
    fn label_colours(&self) -> Vec<Option<[u8; 3]>> {
        if !matches!(self.kind, Kind::LabelMap { .. }) {
            return Vec::new();
        }
        let highest = self.segments.iter().map(|segment| usize::from(segment.number)).max();
        let mut colours = vec![None; highest.map_or(0, |highest| highest + 1)];
        for segment in &self.segments {
            if let Some(colour) = colours.get_mut(usize::from(segment.number)) {
                *colour = Some(segment.colour);
            }
        }
        colours
    }
}

impl Frame {
    /// What one item of functional groups says.
    fn read(group: &Dataset<'_>) -> Self {
        let identified = group.item(tags::SEGMENT_IDENTIFICATION_SEQUENCE);
        let segment = identified.and_then(|item| item.u16(tags::REFERENCED_SEGMENT_NUMBER));
        Self { segment, sources: sources(group), plane: Plane::of_group(group) }
    }

    /// What it says, else what the shared groups say.
    fn or(self, shared: &Self) -> Self {
        Self {
            segment: self.segment.or(shared.segment),
            sources: self.sources.or_else(|| shared.sources.clone()),
            plane: self.plane.or(shared.plane),
        }
    }
}

/// The images of the macro Derivation Image; `None` where a group has it not.
///
/// Standard: DICOM PS3.3 C.7.6.16.2.6.
fn sources(group: &Dataset<'_>) -> Option<Arc<[SourceFrame]>> {
    let mut derivations = group.items(tags::DERIVATION_IMAGE_SEQUENCE).peekable();
    derivations.peek()?;
    let source = |image: Dataset<'_>| {
        let uid = image.bytes(tags::REFERENCED_SOP_INSTANCE_UID)?;
        let frame = image.i64(tags::REFERENCED_FRAME_NUMBER).unwrap_or(1);
        Some(SourceFrame {
            sop_instance: SopInstanceUid::from_wire(uid).ok()?,
            frame: u32::try_from(frame).ok()?.checked_sub(1)?,
        })
    };
    let of_item = |item: Dataset<'_>| -> Vec<SourceFrame> {
        let images = item.items(tags::SOURCE_IMAGE_SEQUENCE);
        images.filter_map(source).take(SOURCES_OF_FRAME).collect()
    };
    Some(derivations.flat_map(of_item).take(SOURCES_OF_FRAME).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text, words};
    use crate::rendering::stored_format::tests::description;
    use rstest::rstest;

    const RED: [u16; 3] = [35_581, 53_675, 50_843];

    fn segment(number: u16, label: &str, lab: Option<[u16; 3]>) -> Vec<u8> {
        item(&[
            words(tags::SEGMENT_NUMBER, &[number]),
            text(tags::SEGMENT_LABEL, *b"LO", label),
            lab.map(|lab| words(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE, &lab)).unwrap_or_default(),
        ])
    }

    fn frame(number: u16, position: &str, source: &str) -> Vec<u8> {
        let source = item(&[text(tags::REFERENCED_SOP_INSTANCE_UID, *b"UI", source)]);
        let derivation = item(&[sequence(tags::SOURCE_IMAGE_SEQUENCE, &[source])]);
        let place = item(&[text(tags::IMAGE_POSITION_PATIENT, *b"DS", position)]);
        let identified = item(&[words(tags::REFERENCED_SEGMENT_NUMBER, &[number])]);
        item(&[
            sequence(tags::DERIVATION_IMAGE_SEQUENCE, &[derivation]),
            sequence(tags::PLANE_POSITION_SEQUENCE, &[place]),
            sequence(tags::SEGMENT_IDENTIFICATION_SEQUENCE, &[identified]),
        ])
    }

    fn instance(kind: &str, padding: Option<u16>, frames: &[Vec<u8>]) -> Vec<u8> {
        [
            padding.map(|value| words(tags::PIXEL_PADDING_VALUE, &[value])).unwrap_or_default(),
            text(tags::SEGMENTATION_TYPE, *b"CS", kind),
            sequence(
                tags::SEGMENT_SEQUENCE,
                &[segment(1, "TUMOUR", Some(RED)), segment(2, "LIVER", None)],
            ),
            words(tags::MAXIMUM_FRACTIONAL_VALUE, &[200]),
            sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames),
        ]
        .concat()
    }

    fn of(columns: u16, frames: u32, bits: u16) -> PixelDescription {
        PixelDescription { columns, frames, ..description(bits, bits, bits - 1, false) }
    }

    fn read(bytes: &[u8], description: &PixelDescription) -> Segmentation {
        Segmentation::read(&parse(bytes), description).unwrap().unwrap()
    }

    #[test]
    fn c_8_20_2_a_binary_frame_shows_its_segment() {
        let bytes =
            instance("BINARY", None, &[frame(2, "0\\0\\0", "1.2"), frame(1, "0\\0\\0", "1.2")]);
        let segmentation = read(&bytes, &of(4, 2, 1));
        let second = segment_colour::default(2);
        let alone = segmentation.picture(0, &[0b0110], &[], None).unwrap();
        assert_eq!(alone, [[0; 3], second, second, [0; 3]].concat());
        assert_eq!(segmentation.segment(0).unwrap().label.as_deref(), Some("LIVER"));
        let red = segmentation.picture(1, &[1], &[], None).unwrap();
        assert!(red[0] > 250 && red[1] < 5 && red[3..] == [0; 9], "{red:?}");
    }

    #[test]
    fn over_the_image_half_of_the_colour_is_laid() {
        let bytes =
            instance("BINARY", None, &[frame(2, "0\\0\\0", "1.2"), frame(1, "0\\0\\0", "1.2")]);
        let segmentation = read(&bytes, &of(3, 2, 1));
        let image = Bitmap::new(3, 1, Channels::Gray, vec![100, 100, 100]).unwrap();
        let picture = segmentation.picture(0, &[0b001], &[(1, &[0b010])], Some(&image)).unwrap();
        let half = segment_colour::default(2).map(|level| (u16::from(level) + 100).div_ceil(2));
        assert_eq!(picture[..3].iter().map(|level| u16::from(*level)).collect::<Vec<_>>(), half);
        assert!(picture[3] > 130 && picture[4] < 80, "{picture:?}");
        assert_eq!(picture[6..], [100; 3]);
        let other_size = Bitmap::new(1, 3, Channels::Gray, vec![0; 3]).unwrap();
        assert!(segmentation.picture(0, &[1], &[], Some(&other_size)).is_err());
    }

    #[test]
    fn c_8_20_2_3_a_fraction_is_as_strong_as_its_value() {
        let bytes = instance("FRACTIONAL", None, &[frame(2, "0\\0\\0", "1.2")]);
        let segmentation = read(&bytes, &of(4, 1, 8));
        let picture = segmentation.picture(0, &[0, 100, 200, 255], &[], None).unwrap();
        let whole = segment_colour::default(2);
        let half = whole.map(|level| level.div_ceil(2));
        assert_eq!(picture, [[0; 3], half, whole, whole].concat());
    }

    #[rstest]
    #[case::bytes(8)]
    #[case::words(16)]
    fn a_label_map_shows_all_segments(#[case] bits: u16) {
        let bytes = instance("LABELMAP", Some(9), &[frame(0, "0\\0\\0", "1.2")]);
        let segmentation = read(&bytes, &of(5, 1, bits));
        let native: Vec<u8> = [0_u16, 2, 9, 7, 1]
            .iter()
            .flat_map(|value| value.to_le_bytes()[..usize::from(bits / 8)].to_vec())
            .collect();
        let picture = segmentation.picture(0, &native, &[], None).unwrap();
        let colours: Vec<_> = picture.as_chunks::<3>().0.to_vec();
        let undescribed = segment_colour::default(7);
        assert_eq!(colours[..4], [[0; 3], segment_colour::default(2), [0; 3], undescribed]);
        assert!(colours[4][0] > 250 && colours[4][1] < 5);
        assert_eq!(segmentation.segment(0), None);
    }

    #[test]
    fn frames_of_one_place_are_found() {
        let frames = [
            frame(1, "0\\0\\1", "1.2"),
            frame(1, "0\\0\\2", "1.3"),
            frame(2, "0\\0\\1", "1.2"),
            frame(2, "0\\0\\3", "1.4"),
        ];
        let segmentation = read(&instance("BINARY", None, &frames), &of(4, 4, 1));
        let others: Vec<_> = (0..5).map(|index| segmentation.others_there(index)).collect();
        assert_eq!(others, [vec![2], vec![], vec![0], vec![], vec![]]);
    }

    #[test]
    fn c_7_6_16_2_6_names_the_image_that_was_segmented() {
        let segmentation =
            read(&instance("BINARY", None, &[frame(1, "0\\0\\1", "1.2.3")]), &of(4, 1, 1));
        let source = SourceFrame { sop_instance: "1.2.3".parse().unwrap(), frame: 0 };
        assert_eq!(segmentation.sources(0), [source]);
        assert_eq!(segmentation.sources(1), []);
        let image = |position| text(tags::IMAGE_POSITION_PATIENT, *b"DS", position);
        let lies_on = |position, columns| {
            let bytes = image(position);
            segmentation.lies_on(0, &parse(&bytes), &of(columns, 1, 16), 0)
        };
        assert!(lies_on("0\\0\\1", 4));
        assert!(!lies_on("0\\0\\2", 4));
        assert!(!lies_on("0\\0\\1", 5));
    }

    /// Shared groups are read once: a million frames do not cost a million times what they hold.
    #[test]
    fn c_7_6_16_frames_share_what_holds_for_all() {
        let source = |uid: &str| item(&[text(tags::REFERENCED_SOP_INSTANCE_UID, *b"UI", uid)]);
        let sources: Vec<_> = (0..70).map(|number| source(&format!("1.2.{number}"))).collect();
        let derivation = item(&[sequence(tags::SOURCE_IMAGE_SEQUENCE, &sources)]);
        let place = item(&[text(tags::IMAGE_POSITION_PATIENT, *b"DS", "0\\0\\1")]);
        let shared = item(&[
            sequence(tags::DERIVATION_IMAGE_SEQUENCE, &[derivation]),
            sequence(tags::PLANE_POSITION_SEQUENCE, &[place]),
        ]);
        let groups = [item(&[]), frame(2, "0\\0\\5", "1.3"), item(&[])];
        let bytes = [
            instance("BINARY", None, &groups),
            sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, &[shared]),
        ]
        .concat();
        let segmentation = read(&bytes, &of(4, 3, 1));
        let [first, second, third] = [0, 1, 2].map(|frame| segmentation.sources(frame));
        assert_eq!((first.len(), second.len()), (SOURCES_OF_FRAME, 1));
        assert!(std::ptr::eq(first, third), "one list, not one a frame");
        assert_eq!(segmentation.frames[0].plane, segmentation.frames[2].plane);
        assert!(segmentation.frames[0].plane.is_placed());
        assert_ne!(segmentation.frames[0].plane, segmentation.frames[1].plane);
    }

    #[rstest]
    #[case::unknown_type("SURFACE", of(4, 1, 8))]
    #[case::wide("BINARY", of(4, 1, 32))]
    #[case::signed("LABELMAP", PixelDescription { signed: true, ..of(4, 1, 8) })]
    #[case::colour("BINARY", PixelDescription { samples_per_pixel: 3, ..of(4, 1, 8) })]
    fn what_no_segmentation_can_be_is_refused(
        #[case] kind: &str,
        #[case] description: PixelDescription,
    ) {
        let bytes = instance(kind, None, &[]);
        let read = Segmentation::read(&parse(&bytes), &description);
        assert!(matches!(read, Err(PreviewFault::Unsupported(_))));
    }

    /// The fault is kept for each frame.
    #[test]
    fn a_type_of_any_length_is_quoted_in_few_characters() {
        let bytes = instance(&"SURFACE ".repeat(1000), None, &[]);
        let read = Segmentation::read(&parse(&bytes), &of(4, 1, 8));
        assert!(matches!(read, Err(PreviewFault::Unsupported(reason)) if reason.len() < 200));
    }

    #[test]
    fn labels_are_not_printed() {
        let bytes = instance("BINARY", None, &[]);
        let found = segments(&parse(&bytes));
        assert_eq!(found.len(), 2);
        assert!(!format!("{found:?}").contains("TUMOUR"));
    }
}
