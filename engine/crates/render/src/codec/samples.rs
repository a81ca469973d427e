//! Decoded samples into the containers of native pixel data.

use model::PreviewFault;
use part10::PixelDescription;

/// What all codecs of whole samples demand of a description before they decode.
///
/// # Errors
/// [`PreviewFault::Unsupported`] when stream and description do not fit together.
pub(super) fn check_shape(
    description: &PixelDescription,
    (columns, rows): (u32, u32),
    samples: usize,
    precision: u16,
) -> Result<(), PreviewFault> {
    let unsupported = |what: &str| Err(PreviewFault::Unsupported(what.to_owned()));
    if (columns, rows) != (u32::from(description.columns), u32::from(description.rows)) {
        return unsupported("the compressed frame is not of Rows × Columns");
    }
    if samples != usize::from(description.samples_per_pixel) {
        return unsupported("the compressed frame has not Samples per Pixel components");
    }
    if precision > description.bits_allocated {
        return unsupported("the compressed samples are wider than Bits Allocated");
    }
    if !matches!(description.bits_allocated, 1 | 8 | 16) {
        return unsupported("compressed samples in containers of other than 1, 8 or 16 bits");
    }
    if description.high_bit + 1 != description.bits_stored {
        return unsupported("compressed samples that do not begin at the lowest bit");
    }
    Ok(())
}

/// How many bits a value has in a stream that knows no sign.
///
/// Writers exist that code with as few bits as the highest value needs: then the sign stands above
/// them, as Bits Stored says.
pub(super) fn value_bits(description: &PixelDescription, precision: u16) -> u16 {
    precision.max(description.bits_stored)
}

/// Writes samples as containers of Bits Allocated, little-endian.
///
/// Samples carry the bit pattern; where the description says two's complement the sign, the highest
/// of `value_bits` bits, is extended,
/// whatever the stream said: Pixel Representation governs (PS3.5 8.2.4). A stream may be wider than
/// Bits Stored: what lies above, overlays of old, is kept.
pub(super) fn contain(description: &PixelDescription, value_bits: u16, samples: &[u16]) -> Vec<u8> {
    let unused = 16 - value_bits.clamp(1, 16);
    let signed = description.signed;
    let widen = |sample: u16| {
        if signed { ((sample << unused).cast_signed() >> unused).cast_unsigned() } else { sample }
    };
    if description.bits_allocated == 1 {
        let pack =
            |bits: &[u16]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit != 0));
        samples.chunks(8).map(pack).collect()
    } else if description.bits_allocated == 8 {
        samples.iter().map(|sample| widen(*sample).to_le_bytes()[0]).collect()
    } else {
        // Not flat_map: the compiler vectorises this.
        let mut bytes = vec![0; samples.len() * 2];
        for (word, sample) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
            *word = widen(*sample).to_le_bytes();
        }
        bytes
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use part10::Photometric;
    use rstest::rstest;

    pub(crate) fn description(
        columns: u16,
        samples_per_pixel: u16,
        bits: u16,
        photometric: Photometric,
    ) -> PixelDescription {
        PixelDescription {
            rows: 1,
            columns,
            samples_per_pixel,
            bits_allocated: bits,
            bits_stored: bits,
            high_bit: bits - 1,
            signed: false,
            photometric,
            planar: false,
            frames: 1,
        }
    }

    fn stored(bits_allocated: u16, bits_stored: u16, signed: bool) -> PixelDescription {
        let whole = description(1, 1, bits_allocated, Photometric::Monochrome2);
        PixelDescription { bits_stored, high_bit: bits_stored - 1, signed, ..whole }
    }

    #[rstest]
    #[case::bytes(stored(8, 8, false), 8, 0xAB, &[0xAB])]
    #[case::words_little_endian(stored(16, 12, false), 12, 0x0ABC, &[0xBC, 0x0A])]
    #[case::narrow_stream_in_words(stored(16, 8, false), 8, 0xAB, &[0xAB, 0])]
    #[case::sign_is_extended(stored(16, 12, true), 12, 0x0800, &[0x00, 0xF8])]
    #[case::signed_bytes(stored(8, 8, true), 8, 0x80, &[0x80])]
    #[case::wide_stream_is_kept(stored(16, 12, false), 16, 0x1FFF, &[0xFF, 0x1F])]
    #[case::wide_signed_stream_is_kept(stored(16, 12, true), 16, 0xF000, &[0x00, 0xF0])]
    fn containers(
        #[case] description: PixelDescription,
        #[case] precision: u16,
        #[case] sample: u16,
        #[case] expected: &[u8],
    ) {
        assert_eq!(contain(&description, precision, &[sample]), expected);
    }

    #[test]
    fn a_stream_of_fewer_bits_than_stored_holds_no_sign() {
        let description = stored(16, 12, true);
        assert_eq!(contain(&description, value_bits(&description, 7), &[0x7F]), [0x7F, 0]);
        assert_eq!(contain(&description, value_bits(&description, 12), &[0xFFF]), [0xFF, 0xFF]);
    }

    #[test]
    fn single_bits_are_packed_lowest_first() {
        let description = description(10, 1, 1, Photometric::Monochrome2);
        let bytes = contain(&description, 1, &[1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(bytes, [0b0000_0101, 0b0000_0010]);
    }

    #[rstest]
    #[case::as_described((2, 1), 1, 12, true)]
    #[case::wider((3, 1), 1, 12, false)]
    #[case::turned((1, 2), 1, 12, false)]
    #[case::colour((2, 1), 3, 12, false)]
    #[case::too_precise((2, 1), 1, 17, false)]
    fn shapes(
        #[case] size: (u32, u32),
        #[case] samples: usize,
        #[case] precision: u16,
        #[case] fits: bool,
    ) {
        let description = PixelDescription { columns: 2, ..stored(16, 12, false) };
        assert_eq!(check_shape(&description, size, samples, precision).is_ok(), fits);
    }
}
