//! Overlay planes: bitmaps of text, rulers and regions that belong to an image.
//!
//! They are drawn in white into the picture, as in a viewer that shows them. Of a region of
//! interest only the outline is drawn: filled, it would hide what it is about.

use std::ops::Range;

use dicom_core::{Tag, VR};
use part10::{Dataset, PixelDescription};

use crate::bitmap::Channels;

/// The repeating groups of overlays: 6000, 6002 to 601E (PS3.5 §7.6).
const GROUPS: u16 = 16;
const WHITE: u8 = u8::MAX;

/// The overlay planes of an instance.
#[derive(Debug, Default)]
pub(super) struct Overlays {
    planes: Vec<Plane>,
    unusable: bool,
}

/// One group 60xx.
///
/// Standard: DICOM PS3.3 C.9.2, C.9.3.
#[derive(Debug)]
struct Plane {
    rows: usize,
    columns: usize,
    /// Row and column of the image, counted from 0, on which the first bit lies; can be outside.
    origin: (i64, i64),
    /// Overlay Type R: a region of interest.
    is_region: bool,
    bits: Bits,
    /// Which frames of the image it lies on: the first, and how many (PS3.3 C.9.3); `None` for all.
    frames: Option<(u32, u32)>,
}

/// Where the bits of a plane are.
#[derive(Debug)]
enum Bits {
    /// Overlay Data, lowest bit of a byte first, frames without a gap.
    Own(Box<[u8]>),
    /// A bit of the containers of Pixel Data above or below the stored value (retired 2004).
    Embedded { bit: u16, container_bytes: usize },
}

impl Overlays {
    /// Reads the planes of an instance whose native frames are as described.
    pub(super) fn read(dataset: &Dataset<'_>, description: &PixelDescription) -> Self {
        let mut overlays = Self::default();
        for group in (0..GROUPS).map(|at| 0x6000 + 2 * at) {
            match Plane::read(dataset, group, description) {
                Ok(plane) => overlays.planes.extend(plane),
                Err(Unusable) => overlays.unusable = true,
            }
        }
        overlays
    }

    /// Whether there is a plane that contradicts itself and so is not drawn.
    pub(super) fn has_unusable(&self) -> bool {
        self.unusable
    }

    /// Draws the planes of a frame, counted from 0, into its picture of `rows × columns`.
    ///
    /// `native` is the frame that the picture was made from.
    pub(super) fn draw(&self, index: u32, native: &[u8], picture: &mut Picture<'_>) {
        for plane in &self.planes {
            plane.draw(index, native, picture);
        }
    }
}

/// A picture to draw into.
pub(super) struct Picture<'a> {
    pub(super) rows: u16,
    pub(super) columns: u16,
    pub(super) channels: Channels,
    /// `rows × columns × channels`.
    pub(super) data: &'a mut [u8],
}

impl Picture<'_> {
    fn set_white(&mut self, row: i64, column: i64) {
        let (Ok(row), Ok(column)) = (u16::try_from(row), u16::try_from(column)) else { return };
        if row >= self.rows || column >= self.columns {
            return;
        }
        let channels = self.channels.count();
        let at = (usize::from(row) * usize::from(self.columns) + usize::from(column)) * channels;
        if let Some(pixel) = self.data.get_mut(at..at + channels) {
            pixel.fill(WHITE);
        }
    }
}

/// A plane whose attributes contradict each other, or of a kind that is not drawn.
struct Unusable;

impl Plane {
    /// `None` when the group holds no plane: writers exist that leave its attributes empty.
    fn read(
        dataset: &Dataset<'_>,
        group: u16,
        description: &PixelDescription,
    ) -> Result<Option<Self>, Unusable> {
        let tag = |element| Tag(group, element);
        let (rows, columns) = (dataset.u16(tag(0x0010)), dataset.u16(tag(0x0011)));
        let data = dataset.element(tag(0x3000)).filter(|element| !element.value.is_empty());
        let (Some(rows), Some(columns)) = (rows, columns) else {
            return if data.is_some() { Err(Unusable) } else { Ok(None) };
        };
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let allocated = dataset.u16(tag(0x0100)).unwrap_or(1);
        let bit = dataset.u16(tag(0x0102)).unwrap_or(0);
        let compression = dataset.text(tag(0x0060));
        if compression.is_some_and(|code| code != "NONE") {
            return Err(Unusable);
        }
        let frames = dataset.i64(tag(0x0015)).map(|count| {
            let first = dataset.u16(tag(0x0051)).unwrap_or(1).max(1) - 1;
            (u32::from(first), u32::try_from(count).unwrap_or(0).max(1))
        });
        let bits = match data {
            Some(_) if allocated != 1 => return Err(Unusable),
            Some(element) => {
                let bytes: Box<[u8]> = if element.vr == VR::OB {
                    element.value.into()
                } else {
                    dataset.u16s(tag(0x3000)).into_iter().flat_map(u16::to_le_bytes).collect()
                };
                let count = frames.map_or(1, |(_, count)| u64::from(count));
                let needed = (rows as u64 * columns as u64).saturating_mul(count);
                if needed.div_ceil(8) > bytes.len() as u64 {
                    return Err(Unusable);
                }
                Bits::Own(bytes)
            }
            None if is_embedded(description, (allocated, bit)) => {
                let container_bytes = usize::from(description.bits_allocated / 8);
                if (rows, columns)
                    != (usize::from(description.rows), usize::from(description.columns))
                {
                    return Err(Unusable);
                }
                Bits::Embedded { bit, container_bytes }
            }
            // Attributes of a plane that is not there.
            None => return Ok(None),
        };
        let origin = match dataset.u16s(tag(0x0050)).as_slice() {
            [row, column, ..] => {
                let from_zero = |number: u16| i64::from(number.cast_signed()) - 1;
                (from_zero(*row), from_zero(*column))
            }
            _ => (0, 0),
        };
        let is_region = dataset.text(tag(0x0040)).as_deref() == Some("R");
        Ok(Some(Self { rows, columns, origin, is_region, bits, frames }))
    }

    fn draw(&self, index: u32, native: &[u8], picture: &mut Picture<'_>) {
        let frame = match (&self.bits, self.frames) {
            // Each frame brings its own bits.
            (Bits::Embedded { .. }, _) | (_, None) => 0,
            (Bits::Own(_), Some((first, count))) => match index.checked_sub(first) {
                Some(frame) if frame < count => frame,
                _ => return,
            },
        };
        let pixels = self.rows * self.columns;
        let Some(start) = usize::try_from(frame).ok().and_then(|frame| frame.checked_mul(pixels))
        else {
            return;
        };
        // A plane can be far larger than the picture.
        let rows = shown(self.rows, self.origin.0, picture.rows);
        let columns = shown(self.columns, self.origin.1, picture.columns);
        if columns.len() == self.columns {
            let run = rows.start * self.columns..rows.end * self.columns;
            self.draw_run(native, start, run, picture);
            return;
        }
        for row in rows {
            let first = row * self.columns;
            let run = first + columns.start..first + columns.end;
            self.draw_run(native, start, run, picture);
        }
    }

    /// Draws pixels of the plane that follow each other, of the frame whose first bit is `start`.
    fn draw_run(&self, native: &[u8], start: usize, run: Range<usize>, picture: &mut Picture<'_>) {
        let mut draw = |at: usize| {
            let (row, column) = (at / self.columns, at % self.columns);
            if !self.is_region || self.is_at_edge(native, start, (row, column)) {
                let (row, column) = (
                    i64::try_from(row).unwrap_or(i64::MAX),
                    i64::try_from(column).unwrap_or(i64::MAX),
                );
                picture.set_white(
                    self.origin.0.saturating_add(row),
                    self.origin.1.saturating_add(column),
                );
            }
        };
        match &self.bits {
            Bits::Own(bytes) => {
                let bits = start.saturating_add(run.start)..start.saturating_add(run.end);
                let first = bits.start / 8;
                let touched = bytes.get(first..bits.end.div_ceil(8)).unwrap_or_default();
                // Planes are mostly empty.
                for (at, byte) in (first..).zip(touched).filter(|(_, byte)| **byte != 0) {
                    let set = (0..8).filter(|bit| byte >> bit & 1 == 1).map(|bit| at * 8 + bit);
                    set.filter(|at| bits.contains(at)).for_each(|at| draw(at - start));
                }
            }
            Bits::Embedded { .. } => run.filter(|at| self.is_set(native, *at)).for_each(draw),
        }
    }

    fn is_set(&self, native: &[u8], at: usize) -> bool {
        let (bytes, at) = match &self.bits {
            Bits::Own(bytes) => (&**bytes, at),
            Bits::Embedded { bit, container_bytes } => {
                (native, at * container_bytes * 8 + usize::from(*bit))
            }
        };
        bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }

    /// Whether a set bit has a neighbour that is not: left, right, above or below.
    fn is_at_edge(&self, native: &[u8], start: usize, (row, column): (usize, usize)) -> bool {
        let is_inside = |row: Option<usize>, column: Option<usize>| match (row, column) {
            (Some(row), Some(column)) if row < self.rows && column < self.columns => {
                self.is_set(native, start + row * self.columns + column)
            }
            _ => false,
        };
        !(is_inside(row.checked_sub(1), Some(column))
            && is_inside(Some(row + 1), Some(column))
            && is_inside(Some(row), column.checked_sub(1))
            && is_inside(Some(row), Some(column + 1)))
    }
}

/// Which of `count` rows or columns of a plane lie on a picture of `size`, the first of them at `origin`.
fn shown(count: usize, origin: i64, size: u16) -> Range<usize> {
    let end = usize::try_from(i64::from(size) - origin).unwrap_or(0).min(count);
    let before = usize::try_from(origin.saturating_neg()).unwrap_or(0);
    before.min(end)..end
}

/// Whether the plane lies in a bit of the pixel's container that holds no part of its value.
fn is_embedded(description: &PixelDescription, (allocated, bit): (u16, u16)) -> bool {
    let PixelDescription { bits_allocated, bits_stored, high_bit, .. } = *description;
    let lowest = high_bit.saturating_add(1).saturating_sub(bits_stored);
    matches!(bits_allocated, 8 | 16)
        && allocated == bits_allocated
        && description.samples_per_pixel == 1
        && bit < bits_allocated
        && !(lowest..=high_bit).contains(&bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{element, parse, text, words};
    use crate::rendering::stored_format::tests::description;
    use rstest::rstest;

    /// What the planes of 4 × 3 pixels draw: `#` where it is white.
    fn drawn(elements: &[Vec<u8>], index: u32, native: &[u16]) -> String {
        let description =
            PixelDescription { columns: 4, rows: 3, ..description(16, 12, 11, false) };
        let overlays = Overlays::read(&parse(&elements.concat()), &description);
        assert!(!overlays.has_unusable());
        let native: Vec<u8> = native.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut data = [0; 12];
        let channels = Channels::Gray;
        let mut picture = Picture { rows: 3, columns: 4, channels, data: &mut data };
        overlays.draw(index, &native, &mut picture);
        let mark = |level: &u8| if *level == 255 { '#' } else { '.' };
        let line = |row: &[u8]| row.iter().map(mark).collect::<String>();
        data.chunks(4).map(line).collect::<Vec<_>>().join("/")
    }

    fn plane(group: u16, size: [u16; 2], origin: [i16; 2], bits: &[u16]) -> Vec<u8> {
        [
            words(Tag(group, 0x0010), &size[..1]),
            words(Tag(group, 0x0011), &size[1..]),
            text(Tag(group, 0x0040), *b"CS", "G"),
            element(Tag(group, 0x0050), *b"SS", &origin.map(i16::to_le_bytes).concat()),
            words(Tag(group, 0x0100), &[1]),
            words(Tag(group, 0x0102), &[0]),
            element(
                Tag(group, 0x3000),
                *b"OW",
                &bits.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>(),
            ),
        ]
        .concat()
    }

    #[rstest]
    #[case::whole_image([3, 4], [1, 1], 0b1000_0100_0001, "#.../..#./...#")]
    #[case::origin_is_row_then_column([1, 2], [2, 3], 0b11, "..../..##/....")]
    #[case::beyond_the_upper_left([2, 2], [0, 0], 0b1111, "#.../..../....")]
    #[case::beyond_the_lower_right([2, 2], [3, 4], 0b1111, "..../..../...#")]
    #[case::wider_than_the_image([2, 8], [1, -1], 0b1000_1000_0110_0101, "#..#/.#../....")]
    #[case::wholly_outside([2, 2], [-25, -25], 0b1111, "..../..../....")]
    fn c_9_2_1_1_origin(
        #[case] size: [u16; 2],
        #[case] origin: [i16; 2],
        #[case] bits: u16,
        #[case] expected: &str,
    ) {
        assert_eq!(drawn(&[plane(0x6000, size, origin, &[bits])], 0, &[0; 12]), expected);
    }

    /// What lies beyond the picture is not looked at, whatever the size of the plane.
    #[rstest]
    #[case::the_same(4, 0, 4, 0..4)]
    #[case::smaller(2, 1, 4, 0..2)]
    #[case::far_larger(65_535, -10, 4, 10..14)]
    #[case::cut_at_the_end(4, 3, 4, 0..1)]
    #[case::before(4, -4, 4, 4..4)]
    #[case::far_before(2, -32_769, 4, 2..2)]
    #[case::behind(4, 4, 4, 0..0)]
    fn lines_that_lie_on_the_picture(
        #[case] count: usize,
        #[case] origin: i64,
        #[case] size: u16,
        #[case] expected: Range<usize>,
    ) {
        assert_eq!(shown(count, origin, size), expected);
    }

    #[test]
    fn ps3_5_7_6_all_groups_are_drawn() {
        let planes = [
            plane(0x6000, [1, 1], [1, 1], &[1]),
            plane(0x6002, [1, 1], [2, 2], &[1]),
            plane(0x601E, [1, 1], [3, 3], &[1]),
        ];
        assert_eq!(drawn(&planes, 0, &[0; 12]), "#.../.#../..#.");
    }

    #[test]
    fn c_9_2_1_3_of_a_region_the_outline_is_drawn() {
        let region = plane(0x6000, [3, 4], [1, 1], &[0xFFF]);
        let kind = text(Tag(0x6000, 0x0040), *b"CS", "R");
        let filled = text(Tag(0x6000, 0x0040), *b"CS", "G");
        let at = region.windows(filled.len()).position(|bytes| bytes == filled).unwrap();
        let mut region = region;
        region[at..at + kind.len()].copy_from_slice(&kind);
        assert_eq!(drawn(&[region], 0, &[0; 12]), "####/#..#/####");
    }

    #[test]
    fn c_9_3_frames_of_an_overlay_lie_on_frames_of_the_image() {
        // Two frames of 12 bits without a gap, on the third and fourth frame of the image.
        let [head, tail] = {
            let whole = plane(0x6000, [3, 4], [1, 1], &[0x2001, 0x0000]);
            let at = whole.windows(4).position(|bytes| bytes == [0x00, 0x60, 0x40, 0x00]).unwrap();
            [whole[..at].to_vec(), whole[at..].to_vec()]
        };
        let frames = text(Tag(0x6000, 0x0015), *b"IS", "2");
        let elements = [head, frames, tail];
        let at = |bytes: &[u8]| bytes.windows(4).position(|tag| tag == [0x00, 0x60, 0x00, 0x01]);
        let split = at(&elements[2]).unwrap();
        let elements = [
            elements[0].clone(),
            elements[1].clone(),
            elements[2][..split].to_vec(),
            words(Tag(0x6000, 0x0051), &[3]),
            elements[2][split..].to_vec(),
        ];
        let frames: Vec<String> = (0..5).map(|frame| drawn(&elements, frame, &[0; 12])).collect();
        let none = "..../..../....";
        assert_eq!(frames, [none, none, "#.../..../....", ".#../..../....", none]);
    }

    #[test]
    fn a_plane_can_lie_in_unused_bits_of_the_pixels() {
        let attributes = [
            words(Tag(0x6000, 0x0010), &[3]),
            words(Tag(0x6000, 0x0011), &[4]),
            words(Tag(0x6000, 0x0100), &[16]),
            words(Tag(0x6000, 0x0102), &[12]),
        ];
        let native = [0x1000, 0x0FFF, 0x2000, 0, 0, 0x1FFF, 0, 0, 0, 0, 0, 0xF000];
        assert_eq!(drawn(&attributes, 7, &native), "#.../.#../...#");
    }

    #[rstest]
    #[case::empty_attributes(vec![words(Tag(0x6000, 0x0010), &[]), text(Tag(0x6000, 0x0040), *b"CS", "")], false)]
    #[case::no_bits(vec![words(Tag(0x6000, 0x0010), &[3]), words(Tag(0x6000, 0x0011), &[4])], false)]
    #[case::too_few_bits(vec![plane(0x6000, [300, 400], [1, 1], &[1])], true)]
    #[case::largest_plane(vec![plane(0x6000, [u16::MAX; 2], [1, 1], &[1])], true)]
    #[case::no_rows(vec![element(Tag(0x6000, 0x3000), *b"OW", &[1, 0])], true)]
    fn planes_that_contradict_themselves_are_told(
        #[case] elements: Vec<Vec<u8>>,
        #[case] expected: bool,
    ) {
        let description = PixelDescription { high_bit: u16::MAX, ..description(16, 12, 11, false) };
        let overlays = Overlays::read(&parse(&elements.concat()), &description);
        assert_eq!((overlays.has_unusable(), overlays.planes.len()), (expected, 0));
    }
}
