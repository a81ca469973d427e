//! PALETTE COLOR: one stored value looked up in three tables.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, PixelDescription};

use super::lookup_table::entries;
use super::segmented_palette;
use super::stored_format::StoredFormat;

const TABLES: [(Tag, Tag, Tag); 3] = [
    (
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ),
    (
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ),
    (
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ),
];

/// Colours by pattern of the stored value.
///
/// Standard: DICOM PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9.
#[derive(Debug)]
pub(super) struct Palette {
    format: StoredFormat,
    colours: Box<[[u8; 3]]>,
    /// The lowest stored value that the tables are for.
    first: i64,
}

impl Palette {
    pub(super) fn prepare(
        dataset: &Dataset<'_>,
        description: &PixelDescription,
    ) -> Result<Self, PreviewFault> {
        let format = StoredFormat::new(description)?;
        if format.bits_allocated > 16 || description.samples_per_pixel != 1 {
            return Err(PreviewFault::Unsupported("a palette needs one sample of 16 bits".into()));
        }
        let channels = TABLES.map(|tags| Channel::read(dataset, tags, format.signed));
        let [red, green, blue] = channels;
        let mut channels = [red?, green?, blue?];
        // Some writers label tables of 8-bit values as 16-bit; all of them would be black.
        if channels.iter().all(|channel| channel.entries.iter().all(|entry| *entry < 256)) {
            for channel in &mut channels {
                channel.shift = 0;
            }
        }
        // Others label tables of 16-bit values as 8-bit; nearly all of them would be white.
        if channels.iter().any(Channel::is_wider_than_told) {
            for channel in &mut channels {
                channel.shift = 8;
            }
        }
        let patterns = 0..u32::try_from(format.patterns()).unwrap_or(0);
        let colours = patterns
            .map(|pattern| {
                let stored = format.value(pattern);
                channels.each_ref().map(|channel| channel.at(stored))
            })
            .collect();
        let first = channels.iter().map(|channel| channel.first).min().unwrap_or(0);
        Ok(Self { format, colours, first })
    }

    /// RGB of one native frame of `pixels` pixels.
    pub(super) fn frame(&self, native: &[u8], pixels: usize) -> Vec<u8> {
        let mut picture = vec![0; pixels * 3];
        let pairs = picture.as_chunks_mut().0.iter_mut();
        self.patterns(native, pixels, pairs, |pattern, pixel| *pixel = self.colour(pattern));
        picture
    }

    /// RGB of a frame of which the palette is for the higher stored values only: below its first
    /// value a pixel has the grey level in `levels`.
    ///
    /// Standard: DICOM PS3.3 C.7.6.23 (Supplemental Palette Color Lookup Table).
    pub(super) fn over(&self, levels: &[u8], native: &[u8]) -> Vec<u8> {
        let mut picture = vec![0; levels.len() * 3];
        let pixels = picture.as_chunks_mut().0.iter_mut().zip(levels);
        self.patterns(native, levels.len(), pixels, |pattern, (pixel, level)| {
            let is_gray = self.format.value(pattern) < self.first;
            *pixel = if is_gray { [*level; 3] } else { self.colour(pattern) };
        });
        picture
    }

    /// The lowest stored value that the palette is for.
    pub(super) fn first(&self) -> i64 {
        self.first
    }

    /// The colour of a stored value that is not negative.
    pub(super) fn of(&self, stored: u16) -> [u8; 3] {
        self.colour(stored.into())
    }

    fn colour(&self, pattern: u32) -> [u8; 3] {
        let at = usize::try_from(pattern).unwrap_or(0);
        self.colours.get(at).copied().unwrap_or_default()
    }

    /// Calls `paint` with the pattern of each container and what of `pixels` belongs to it.
    fn patterns<T>(
        &self,
        native: &[u8],
        samples: usize,
        pixels: impl Iterator<Item = T>,
        paint: impl Fn(u32, T),
    ) {
        let native = self.format.containers(native, samples);
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
}

/// One of the three tables.
#[derive(Debug)]
struct Channel {
    first: i64,
    entries: Vec<u16>,
    /// Bits below the 8 that are shown.
    shift: u16,
}

impl Channel {
    fn read(
        dataset: &Dataset<'_>,
        (descriptor_tag, data, segmented): (Tag, Tag, Tag),
        signed: bool,
    ) -> Result<Self, PreviewFault> {
        let &[count, first, bits] = dataset.u16s(descriptor_tag).as_slice() else {
            return Err(PreviewFault::Unsupported("a palette has no usable descriptor".into()));
        };
        let vr = dataset.element(descriptor_tag).map(|element| element.vr);
        let signed = signed || vr == Some(VR::SS);
        let first = if signed { i64::from(first.cast_signed()) } else { i64::from(first) };
        // The standard has 8 and 16; depths between them are met.
        let shift = match bits {
            8..=16 => bits - 8,
            _ => return Err(PreviewFault::Unsupported(format!("a palette of {bits} bits"))),
        };
        let entries = if dataset.has(segmented) {
            segmented_palette::expand(&segment_values(dataset, segmented, bits), bits, count)?
        } else {
            entries(dataset, data, count)?
        };
        Ok(Self { first, entries, shift })
    }

    /// Whether there is an entry that the bits of the descriptor do not hold.
    fn is_wider_than_told(&self) -> bool {
        self.entries.iter().any(|entry| entry >> self.shift > 255)
    }

    fn at(&self, stored: i64) -> u8 {
        let last = self.entries.len().saturating_sub(1);
        let index = usize::try_from(stored - self.first).unwrap_or(0).min(last);
        let entry = self.entries.get(index).copied().unwrap_or(0) >> self.shift;
        u8::try_from(entry).unwrap_or(u8::MAX)
    }
}

/// The values of segmented data: words, or bytes where entries have 8 bits.
fn segment_values(dataset: &Dataset<'_>, tag: Tag, bits: u16) -> Vec<u16> {
    let words = dataset.u16s(tag);
    if bits > 8 {
        return words;
    }
    words.into_iter().flat_map(u16::to_le_bytes).map(u16::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{parse, words};
    use crate::rendering::stored_format::tests::description;
    use rstest::rstest;

    fn palette(descriptor: [u16; 3], tables: [&[u16]; 3]) -> Vec<u8> {
        let descriptors = TABLES.map(|(tag, _, _)| words(tag, &descriptor)).concat();
        let [red, green, blue] = tables;
        let data = [words(TABLES[0].1, red), words(TABLES[1].1, green), words(TABLES[2].1, blue)];
        [descriptors, data.concat()].concat()
    }

    fn colours(bytes: &[u8], stored: u16, signed: bool, native: &[u8]) -> Vec<u8> {
        let description = description(stored.next_multiple_of(8), stored, stored - 1, signed);
        let palette = Palette::prepare(&parse(bytes), &description).unwrap();
        palette.frame(native, native.len() / usize::from(description.bits_allocated / 8))
    }

    #[test]
    fn sixteen_bit_tables_show_their_high_byte() {
        let bytes = palette([2, 0, 16], [&[0, 0xFF00], &[0x1234, 0x8000], &[0xFFFF, 1]]);
        assert_eq!(colours(&bytes, 8, false, &[0, 1, 9]), [0, 0x12, 255, 255, 128, 0, 255, 128, 0]);
    }

    #[test]
    fn eight_bit_tables_are_packed() {
        let bytes = palette([2, 0, 8], [&[0x0201], &[0x0403], &[0x0605]]);
        assert_eq!(colours(&bytes, 8, false, &[0, 1]), [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn sixteen_bit_tables_that_hold_only_bytes_are_shown_as_bytes() {
        let bytes = palette([2, 0, 16], [&[1, 255], &[0, 0], &[0, 7]]);
        assert_eq!(colours(&bytes, 8, false, &[0, 1]), [1, 0, 0, 255, 0, 7]);
    }

    #[test]
    fn eight_bit_tables_that_hold_words_show_their_high_byte() {
        let bytes = palette([3, 0, 8], [&[0, 0x0800, 0x3F00], &[0, 0, 0], &[0xFF00, 0, 0x0100]]);
        assert_eq!(colours(&bytes, 8, false, &[0, 1, 2]), [0, 0, 255, 8, 0, 0, 63, 0, 1]);
    }

    #[test]
    fn the_first_stored_value_can_be_negative() {
        let bytes = palette([3, 0xFFFF, 8], [&[0x0201, 3], &[0, 0], &[0, 0]]);
        let native = [-2_i16, -1, 0, 1, 2].map(i16::to_le_bytes).concat();
        let reds: Vec<u8> = colours(&bytes, 16, true, &native).into_iter().step_by(3).collect();
        assert_eq!(reds, [1, 1, 2, 3, 3]);
    }

    #[rstest]
    #[case::ten(10, &[0, 0x3FF, 0x200], [0, 255, 128])]
    #[case::twelve(12, &[0, 0xFFF, 0x800], [0, 255, 128])]
    fn c_7_6_3_1_5_depths_between_8_and_16_show_their_high_bits(
        #[case] bits: u16,
        #[case] table: &[u16],
        #[case] expected: [u8; 3],
    ) {
        let bytes = palette([3, 0, bits], [table, table, table]);
        let reds: Vec<u8> = colours(&bytes, 8, false, &[0, 1, 2]).into_iter().step_by(3).collect();
        assert_eq!(reds, expected);
    }

    #[test]
    fn c_7_6_23_values_below_a_supplemental_palette_stay_grey() {
        let bytes = palette([2, 100, 8], [&[0x0201], &[0x0403], &[0x0605]]);
        let description = description(16, 12, 11, false);
        let palette = Palette::prepare(&parse(&bytes), &description).unwrap();
        let native = [99_u16, 100, 4000].map(u16::to_le_bytes).concat();
        assert_eq!(palette.over(&[77, 78, 79], &native), [77, 77, 77, 1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn a_palette_without_tables_is_refused() {
        let description = description(8, 8, 7, false);
        assert!(Palette::prepare(&parse(&[]), &description).is_err());
    }
}
