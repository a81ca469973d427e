//! Where the stored value lies inside the bits allocated for a sample.

use std::borrow::Cow;

use model::PreviewFault;
use part10::PixelDescription;

/// Position and sign of the stored value in its container.
///
/// A *pattern* is the stored value as it stands in the container, shifted down and masked to Bits
/// Stored, its sign not yet extended.
///
/// Standard: DICOM PS3.5 §8.1.1, PS3.3 C.7.6.3.1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoredFormat {
    /// Bits Allocated: 1, 8, 12, 16 or 32.
    pub(super) bits_allocated: u16,
    /// Bits Stored: 1 to Bits Allocated.
    pub(super) bits_stored: u16,
    /// Bits below the stored value: High Bit + 1 − Bits Stored.
    pub(super) shift: u16,
    /// Two's complement.
    pub(super) signed: bool,
}

impl StoredFormat {
    pub(super) fn new(description: &PixelDescription) -> Result<Self, PreviewFault> {
        let PixelDescription { bits_allocated, bits_stored, high_bit, signed, .. } = *description;
        if !matches!(bits_allocated, 1 | 8 | 12 | 16 | 32) {
            return Err(PreviewFault::Unsupported(format!(
                "samples of {bits_allocated} bits are not rendered"
            )));
        }
        let shift = high_bit.checked_add(1).and_then(|end| end.checked_sub(bits_stored));
        match shift {
            Some(shift) if bits_stored > 0 && high_bit < bits_allocated => {
                Ok(Self { bits_allocated, bits_stored, shift, signed })
            }
            _ => Err(PreviewFault::Unsupported(
                "Bits Allocated, Bits Stored and High Bit contradict each other".into(),
            )),
        }
    }

    /// How many patterns there are: 2 to the power of Bits Stored.
    pub(super) fn patterns(self) -> u64 {
        1 << self.bits_stored
    }

    /// Bytes of a container once [`Self::containers`] has made it whole bytes: 1, 2 or 4.
    pub(super) fn container_bytes(self) -> usize {
        match self.bits_allocated {
            1 | 8 => 1,
            12 | 16 => 2,
            _ => 4,
        }
    }

    /// The samples of a native frame in containers of whole bytes, little-endian.
    ///
    /// Samples of 1 and 12 bits follow each other without a gap, the lowest bit first.
    ///
    /// Standard: DICOM PS3.5 §8.1.1, Annex D.
    pub(super) fn containers(self, native: &[u8], samples: usize) -> Cow<'_, [u8]> {
        match self.bits_allocated {
            1 => {
                let bits = native.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
                bits.take(samples).collect()
            }
            12 => {
                let pair = |bytes: &[u8]| {
                    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
                    [byte(0), byte(1) & 0x0F, byte(1) >> 4 | byte(2) << 4, byte(2) >> 4]
                };
                native.chunks(3).flat_map(pair).take(samples * 2).collect()
            }
            _ => native.into(),
        }
    }

    /// The pattern in a container.
    pub(super) fn pattern(self, container: u32) -> u32 {
        let mask = u32::MAX >> (32 - u32::from(self.bits_stored.clamp(1, 32)));
        (container >> self.shift) & mask
    }

    /// The stored value of a pattern.
    pub(super) fn value(self, pattern: u32) -> i64 {
        let unused = 64 - u32::from(self.bits_stored);
        let shifted = u64::from(pattern) << unused;
        if self.signed {
            shifted.cast_signed() >> unused
        } else {
            (shifted >> unused).cast_signed()
        }
    }

    /// The lowest and the highest stored value.
    pub(super) fn range(self) -> (i64, i64) {
        let patterns = self.patterns().cast_signed();
        if self.signed { (-patterns / 2, patterns / 2 - 1) } else { (0, patterns - 1) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use part10::Photometric;
    use rstest::rstest;

    pub(crate) fn description(
        bits_allocated: u16,
        bits_stored: u16,
        high_bit: u16,
        signed: bool,
    ) -> PixelDescription {
        PixelDescription {
            rows: 1,
            columns: 1,
            samples_per_pixel: 1,
            bits_allocated,
            bits_stored,
            high_bit,
            signed,
            photometric: Photometric::Monochrome2,
            planar: false,
            frames: 1,
        }
    }

    #[rstest]
    #[case::all_bits(16, 16, 15, false, 0xFFFE, 65_534)]
    #[case::all_bits_signed(16, 16, 15, true, 0xFFFE, -2)]
    #[case::bits_above_are_not_pixels(16, 12, 11, false, 0xF123, 0x123)]
    #[case::sign_is_the_high_bit(16, 12, 11, true, 0x0800, -2048)]
    #[case::bits_below_are_not_pixels(16, 12, 15, false, 0x123F, 0x123)]
    #[case::eight_in_sixteen(16, 8, 7, false, 0xAB12, 0x12)]
    #[case::one_bit(1, 1, 0, false, 1, 1)]
    #[case::ten_in_sixteen(16, 10, 9, true, 0x0200, -512)]
    #[case::twelve(12, 12, 11, true, 0x0FFF, -1)]
    #[case::thirty_two(32, 32, 31, true, 0xFFFF_FFFF, -1)]
    fn stored_values(
        #[case] allocated: u16,
        #[case] stored: u16,
        #[case] high: u16,
        #[case] signed: bool,
        #[case] container: u32,
        #[case] expected: i64,
    ) {
        let format = StoredFormat::new(&description(allocated, stored, high, signed)).unwrap();
        assert_eq!(format.value(format.pattern(container)), expected);
        let (lowest, highest) = format.range();
        assert!((lowest..=highest).contains(&expected));
    }

    #[rstest]
    #[case::high_bit_outside(16, 16, 16)]
    #[case::high_bit_below_bits_stored(16, 12, 10)]
    #[case::odd_container(24, 24, 23)]
    #[case::high_bit_at_its_limit(16, 12, u16::MAX)]
    fn contradictions_are_refused(#[case] allocated: u16, #[case] stored: u16, #[case] high: u16) {
        let format = StoredFormat::new(&description(allocated, stored, high, false));
        assert!(matches!(format, Err(PreviewFault::Unsupported(_))));
    }

    #[rstest]
    #[case::single_bits(1, &[0b0000_0101, 0b10], 10, &[1, 0, 1, 0, 0, 0, 0, 0, 0, 1])]
    #[case::twelve_bits(12, &[0x23, 0x61, 0x45], 2, &[0x23, 0x01, 0x56, 0x04])]
    #[case::twelve_bits_of_odd_count(12, &[0x23, 0x01], 1, &[0x23, 0x01])]
    #[case::whole_bytes(16, &[1, 2], 1, &[1, 2])]
    fn ps3_5_8_1_1_pixel_cells_lie_without_a_gap(
        #[case] allocated: u16,
        #[case] native: &[u8],
        #[case] samples: usize,
        #[case] expected: &[u8],
    ) {
        let format = StoredFormat::new(&description(allocated, 1, 0, false)).unwrap();
        assert_eq!(format.containers(native, samples), expected);
    }
}
