//! PALETTE COLOR: one stored value looked up in three tables.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, PixelDescription};

use super::lookup_table::entries;
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
        let patterns = 0..u32::try_from(format.patterns()).unwrap_or(0);
        let colours = patterns
            .map(|pattern| {
                let stored = format.value(pattern);
                channels.each_ref().map(|channel| channel.at(stored))
            })
            .collect();
        Ok(Self { format, colours })
    }

    /// RGB of one native frame of `pixels` pixels.
    pub(super) fn frame(&self, native: &[u8], pixels: usize) -> Vec<u8> {
        let colour = |container| {
            let pattern = usize::try_from(self.format.pattern(container)).unwrap_or(0);
            self.colours.get(pattern).copied().unwrap_or_default()
        };
        match self.format.bits_allocated {
            16 => {
                let (words, _) = native.as_chunks();
                words.iter().flat_map(|word| colour(u16::from_le_bytes(*word).into())).collect()
            }
            1 => super::gray::unpack_bits(native, pixels)
                .into_iter()
                .flat_map(|bit| colour(bit.into()))
                .collect(),
            _ => native.iter().flat_map(|byte| colour((*byte).into())).collect(),
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
        let shift = match bits {
            8 => 0,
            16 => 8,
            _ => return Err(PreviewFault::Unsupported(format!("a palette of {bits} bits"))),
        };
        let entries = if dataset.has(segmented) {
            expand_segments(&segment_values(dataset, segmented, bits), count)?
        } else {
            entries(dataset, data, count)?
        };
        Ok(Self { first, entries, shift })
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
    if bits == 16 {
        return words;
    }
    words.into_iter().flat_map(u16::to_le_bytes).map(u16::from).collect()
}

/// Expands discrete and linear segments to `count` entries (0 means 65 536).
///
/// Indirect segments are refused: no file with them was met to check against.
///
/// Standard: DICOM PS3.3 C.7.9.2.
fn expand_segments(values: &[u16], count: u16) -> Result<Vec<u16>, PreviewFault> {
    const DISCRETE: u16 = 0;
    const LINEAR: u16 = 1;
    let damaged = || PreviewFault::Unsupported("a segmented palette contradicts itself".into());
    let count = if count == 0 { 1 << 16 } else { usize::from(count) };
    let mut entries: Vec<u16> = Vec::with_capacity(count);
    let mut rest = values;
    while entries.len() < count {
        let &[kind, length, ..] = rest else { return Err(damaged()) };
        rest = rest.get(2..).unwrap_or_default();
        let length = usize::from(length);
        if entries.len() + length > count {
            return Err(damaged());
        }
        match kind {
            DISCRETE => {
                let (segment, after) = rest.split_at_checked(length).ok_or_else(damaged)?;
                entries.extend(segment);
                rest = after;
            }
            LINEAR => {
                let (&end, after) = rest.split_first().ok_or_else(damaged)?;
                let start = *entries.last().ok_or_else(damaged)?;
                entries.extend((1..=length).map(|step| between(start, end, step, length)));
                rest = after;
            }
            _ => {
                return Err(PreviewFault::Unsupported(
                    "a segmented palette with indirect segments".into(),
                ));
            }
        }
    }
    Ok(entries)
}

/// The value `step` of `steps` steps from `start` to `end`, rounded to nearest.
fn between(start: u16, end: u16, step: usize, steps: usize) -> u16 {
    let (start, end) = (i64::from(start), i64::from(end));
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let steps = i64::try_from(steps).unwrap_or(i64::MAX).max(1);
    let moved = ((end - start) * step * 2 + steps).div_euclid(steps * 2);
    u16::try_from(start + moved).unwrap_or(u16::MAX)
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
        palette.frame(native, native.len())
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
    fn the_first_stored_value_can_be_negative() {
        let bytes = palette([3, 0xFFFF, 8], [&[0x0201, 3], &[0, 0], &[0, 0]]);
        let native = [-2_i16, -1, 0, 1, 2].map(i16::to_le_bytes).concat();
        let reds: Vec<u8> = colours(&bytes, 16, true, &native).into_iter().step_by(3).collect();
        assert_eq!(reds, [1, 1, 2, 3, 3]);
    }

    #[rstest]
    #[case::discrete(&[0, 3, 7, 8, 9], 3, &[7, 8, 9])]
    #[case::linear(&[0, 1, 0, 1, 4, 100], 5, &[0, 25, 50, 75, 100])]
    #[case::linear_down(&[0, 1, 10, 1, 3, 0], 4, &[10, 7, 3, 0])]
    fn segments(#[case] values: &[u16], #[case] count: u16, #[case] expected: &[u16]) {
        assert_eq!(expand_segments(values, count).unwrap(), expected);
    }

    #[rstest]
    #[case::too_long(&[0, 9, 7], 3)]
    #[case::linear_first(&[1, 3, 7], 3)]
    #[case::ends_early(&[0, 1, 7], 3)]
    #[case::discrete_cut(&[0, 3, 7], 3)]
    #[case::indirect(&[2, 1, 0, 0], 3)]
    #[case::empty_segments_for_ever(&[0, 0], 3)]
    fn damaged_segments(#[case] values: &[u16], #[case] count: u16) {
        assert!(expand_segments(values, count).is_err());
    }

    #[test]
    fn a_palette_without_tables_is_refused() {
        let description = description(8, 8, 7, false);
        assert!(Palette::prepare(&parse(&[]), &description).is_err());
    }
}
