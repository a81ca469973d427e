//! The lookup tables of the Modality LUT and VOI LUT Sequences.

use std::sync::Arc;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::Dataset;

/// A table from consecutive integers to unsigned values. Clones share its entries.
///
/// Standard: DICOM PS3.3 C.11.1.1, C.11.2.1.1.
#[derive(Debug, Clone)]
pub(super) struct LookupTable {
    /// The input that the first entry stands for.
    first: i64,
    /// The highest output: 2^bits − 1, of the bits that the descriptor tells, or of those that the
    /// largest entry has where they are more. Writers exist that tell 8 and store 12.
    pub(super) highest: u16,
    /// At least one entry, none above `highest`.
    entries: Arc<[u16]>,
}

impl PartialEq for LookupTable {
    fn eq(&self, other: &Self) -> bool {
        // Frames mostly share one: then 128 KiB need not be compared.
        (self.first, self.highest) == (other.first, other.highest)
            && (Arc::ptr_eq(&self.entries, &other.entries) || self.entries == other.entries)
    }
}

impl LookupTable {
    /// Reads the first item of a LUT sequence; `None` when there is none, or it holds no table.
    ///
    /// `negative_inputs` says that the values looked up can be below zero: then the second value of
    /// the descriptor is signed although many writers label it US.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] when descriptor and data contradict each other.
    pub(super) fn read(
        dataset: &Dataset<'_>,
        sequence: Tag,
        negative_inputs: bool,
    ) -> Result<Option<Self>, PreviewFault> {
        let Some(item) = dataset.item(sequence) else { return Ok(None) };
        let Some(descriptor) = item.element(tags::LUT_DESCRIPTOR) else { return Ok(None) };
        // Some writers put a sequence of empty elements into every file.
        if descriptor.value.is_empty() {
            return Ok(None);
        }
        let signed = negative_inputs || descriptor.vr == VR::SS;
        let &[count, first, bits] = item.u16s(tags::LUT_DESCRIPTOR).as_slice() else {
            return Err(PreviewFault::Unsupported("a LUT Descriptor has not three values".into()));
        };
        let first = if signed { i64::from(first.cast_signed()) } else { i64::from(first) };
        let entries = entries(&item, tags::LUT_DATA, count)?;
        if !(1..=16).contains(&bits) {
            return Err(PreviewFault::Unsupported(format!("a LUT of {bits} bits per entry")));
        }
        let largest = entries.iter().copied().max().unwrap_or(0);
        let needed = u16::MAX.checked_shr(largest.leading_zeros()).unwrap_or(0);
        let highest = needed.max(u16::MAX >> (16 - bits));
        Ok(Some(Self { first, highest, entries: entries.into() }))
    }

    /// Whether both hold the same entries in the same memory.
    #[cfg(test)]
    pub(super) fn shares_entries(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }

    /// The entry for an input; inputs outside take the nearest entry.
    pub(super) fn at(&self, input: i64) -> u16 {
        let last = self.entries.len().saturating_sub(1);
        let index = usize::try_from(input.saturating_sub(self.first)).unwrap_or(0).min(last);
        self.entries.get(index).copied().unwrap_or(0)
    }

    /// The lowest and highest entry for inputs from `low` to `high`.
    pub(super) fn range(&self, low: i64, high: i64) -> (u16, u16) {
        let outside = [self.at(low), self.at(high)];
        let index = |input: i64| usize::try_from(input.saturating_sub(self.first)).unwrap_or(0);
        let last = self.entries.len().saturating_sub(1);
        let inside = self.entries.get(index(low)..=index(high).min(last)).unwrap_or_default();
        let entries = || inside.iter().chain(&outside).copied();
        (entries().min().unwrap_or(0), entries().max().unwrap_or(0))
    }
}

/// The `count` entries (0 means 65 536) of table data, one a word or packed two a word.
///
/// Tables of 8 bits are packed low byte first (PS3.3 C.7.6.3.1.6); writers exist that put each of
/// their entries in a word.
pub(super) fn entries(item: &Dataset<'_>, data: Tag, count: u16) -> Result<Vec<u16>, PreviewFault> {
    let count = if count == 0 { 1 << 16 } else { usize::from(count) };
    let mut words = item.u16s(data);
    if words.len() < count && words.len() * 2 >= count {
        words = words.into_iter().flat_map(u16::to_le_bytes).map(u16::from).collect();
    }
    if words.len() < count {
        return Err(PreviewFault::Unsupported("a LUT is shorter than its descriptor says".into()));
    }
    words.truncate(count);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, words};
    use rstest::rstest;

    fn table(
        descriptor: [u16; 3],
        data: &[u16],
        negative: bool,
    ) -> Result<LookupTable, PreviewFault> {
        let bytes = sequence(
            tags::VOILUT_SEQUENCE,
            &[item(&[words(tags::LUT_DESCRIPTOR, &descriptor), words(tags::LUT_DATA, data)])],
        );
        let table = LookupTable::read(&parse(&bytes), tags::VOILUT_SEQUENCE, negative);
        table.map(Option::unwrap)
    }

    #[rstest]
    #[case::below_takes_the_first(-5, 10)]
    #[case::first(100, 10)]
    #[case::inside(101, 20)]
    #[case::above_takes_the_last(9_999, 30)]
    fn inputs_outside_take_the_nearest_entry(#[case] input: i64, #[case] expected: u16) {
        let table = table([3, 100, 8], &[10, 20, 30], false).unwrap();
        assert_eq!(table.at(input), expected);
    }

    #[test]
    fn the_first_input_is_signed_when_inputs_can_be_negative() {
        let table = table([2, 0xFC00, 12], &[1, 4095], true).unwrap();
        assert_eq!((table.at(-1024), table.at(-1023)), (1, 4095));
    }

    #[test]
    fn entries_of_eight_bits_may_be_packed_low_byte_first() {
        let table = table([4, 0, 8], &[0x0201, 0x0403], false).unwrap();
        assert_eq!([0, 1, 2, 3].map(|input| table.at(input)), [1, 2, 3, 4]);
    }

    #[rstest]
    #[case::all((0, 9), (10, 90))]
    #[case::inside((1, 2), (30, 90))]
    #[case::below((-9, -5), (10, 10))]
    #[case::above((7, 9), (20, 20))]
    fn the_range_is_that_of_the_inputs(#[case] inputs: (i64, i64), #[case] expected: (u16, u16)) {
        let table = table([4, 0, 8], &[10, 90, 30, 20], false).unwrap();
        assert_eq!(table.range(inputs.0, inputs.1), expected);
    }

    #[test]
    fn zero_entries_means_65536() {
        let data: Vec<u16> = (0..=u16::MAX).collect();
        let table = table([0, 0, 16], &data, false).unwrap();
        assert_eq!(table.at(65_535), 65_535);
    }

    #[rstest]
    #[case::as_told([2, 0, 12], &[0, 0xFFF], 0xFFF)]
    #[case::fewer_than_told([2, 0, 16], &[0, 0xFF], 0xFFFF)]
    #[case::more_than_told([2, 0, 8], &[0x80, 0x9FF], 0xFFF)]
    #[case::all_bits([2, 0, 8], &[0, 0xFFFF], 0xFFFF)]
    #[case::only_zeros([2, 0, 8], &[0, 0], 0xFF)]
    fn the_bits_are_those_that_the_entries_have(
        #[case] descriptor: [u16; 3],
        #[case] data: &[u16],
        #[case] highest: u16,
    ) {
        let table = table(descriptor, data, false).unwrap();
        assert_eq!((table.highest, [table.at(0), table.at(1)].as_slice()), (highest, data));
    }

    #[rstest]
    #[case::short([3, 0, 16], &[1])]
    #[case::bits_of_zero([1, 0, 0], &[1])]
    #[case::bits_over_sixteen([1, 0, 17], &[1])]
    fn contradictions_are_refused(#[case] descriptor: [u16; 3], #[case] data: &[u16]) {
        assert!(matches!(table(descriptor, data, false), Err(PreviewFault::Unsupported(_))));
    }
}
