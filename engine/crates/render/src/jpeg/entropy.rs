//! Huffman coding of quantised blocks.
//!
//! Standard: ITU-T T.81 F.1.2.

use super::tables::{CodeLengths, Tables, ZIGZAG};
use super::transform::{BLOCK_PIXELS, SIDE};

/// The most bytes that one block takes before stuffing: 64 codes of 16 bits with 11 more each.
const BLOCK_BYTES: usize = 216;

/// By place in zigzag order, where a coefficient stands by horizontal, then vertical frequency.
#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
const PLACES: [u8; BLOCK_PIXELS] = {
    let mut places = ZIGZAG;
    let mut at = 0;
    while at < BLOCK_PIXELS {
        places[at] = ZIGZAG[at] % 8 * 8 + ZIGZAG[at] / 8;
        at += 1;
    }
    places
};

/// The bits of a scan, before and after bytes are stuffed.
#[derive(Debug)]
pub(super) struct EntropyCoded {
    /// Whole bytes, not stuffed; what follows `length` is of no meaning.
    bytes: Vec<u8>,
    length: usize,
    /// The bits that make no whole byte yet, from the top.
    buffer: u64,
    count: u32,
}

impl EntropyCoded {
    /// With room for `blocks` blocks until [`Self::drain_into`].
    pub(super) fn new(blocks: usize) -> Self {
        Self { bytes: vec![0; (blocks + 1) * BLOCK_BYTES], length: 0, buffer: 0, count: 0 }
    }

    /// Appends the low `count` bits, 1 to 32.
    #[inline]
    fn push(&mut self, bits: u32, count: u32) {
        self.count += count;
        self.buffer |= u64::from(bits) << (64 - self.count);
        if let Some(place) = self.bytes.get_mut(self.length..self.length + 8) {
            place.copy_from_slice(&self.buffer.to_be_bytes());
        }
        let whole = self.count & !7;
        self.length += usize::try_from(whole / 8).unwrap_or(0);
        self.buffer <<= whole;
        self.count &= 7;
    }

    /// Moves whole bytes to `jpeg`, with a zero after each FFH (F.1.2.3).
    pub(super) fn drain_into(&mut self, jpeg: &mut Vec<u8>) {
        let (eights, rest) = self.bytes.get(..self.length).unwrap_or_default().as_chunks::<SIDE>();
        for eight in eights {
            if eight.contains(&0xFF) {
                stuff(eight, jpeg);
            } else {
                jpeg.extend_from_slice(eight);
            }
        }
        stuff(rest, jpeg);
        self.length = 0;
    }

    /// Fills the last byte up with ones and moves all to `jpeg`.
    pub(super) fn finish(mut self, jpeg: &mut Vec<u8>) {
        if self.count > 0 {
            let missing = 8 - self.count;
            self.push((1 << missing) - 1, missing);
        }
        self.drain_into(jpeg);
    }
}

fn stuff(bytes: &[u8], jpeg: &mut Vec<u8>) {
    for byte in bytes {
        jpeg.push(*byte);
        if *byte == 0xFF {
            jpeg.push(0);
        }
    }
}

/// A Huffman code.
#[derive(Debug, Clone, Copy, Default)]
struct Code {
    bits: u16,
    length: u16,
}

/// The codes of a table, by value (T.81 C.2).
fn codes(table: &CodeLengths) -> [Code; 256] {
    let mut codes = [Code::default(); 256];
    let (mut bits, mut values) = (0, table.values.iter());
    for (length, count) in (1_u16..).zip(table.counts) {
        for value in values.by_ref().take(usize::from(*count)) {
            if let Some(code) = codes.get_mut(usize::from(*value)) {
                *code = Code { bits, length };
            }
            bits += 1;
        }
        bits <<= 1;
    }
    codes
}

/// Codes the blocks of one component.
#[derive(Debug)]
pub(super) struct BlockCoder {
    dc: [Code; 256],
    ac: [Code; 256],
    last_dc: i16,
}

impl BlockCoder {
    pub(super) fn new(tables: &Tables) -> Self {
        Self { dc: codes(&tables.dc), ac: codes(&tables.ac), last_dc: 0 }
    }

    /// Codes a block of coefficients by horizontal, then vertical frequency.
    pub(super) fn code(&mut self, block: &[i16; BLOCK_PIXELS], out: &mut EntropyCoded) {
        let zigzag = PLACES.map(|place| block.get(usize::from(place)).copied().unwrap_or(0));
        let [dc, ..] = zigzag;
        push_value(&self.dc, 0, i32::from(dc) - i32::from(self.last_dc), out);
        self.last_dc = dc;
        // From one coefficient that is not zero to the next, whatever lies between.
        let mut left = non_zeros(&zigzag) & !1;
        let mut last = 0;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let mut zeros = place - last - 1;
            while zeros > 15 {
                push_code(&self.ac, 0xF0, out);
                zeros -= 16;
            }
            let value = zigzag.get(usize::try_from(place).unwrap_or(0)).copied().unwrap_or(0);
            push_value(&self.ac, zeros << 4, value.into(), out);
            last = place;
        }
        if last < 63 {
            push_code(&self.ac, 0, out);
        }
    }
}

/// A bit for each coefficient that is not zero, the first lowest.
#[inline]
fn non_zeros(coefficients: &[i16; BLOCK_PIXELS]) -> u64 {
    let flags = coefficients.map(|coefficient| u8::from(coefficient != 0));
    let eights = flags.as_chunks::<8>().0.iter().rev();
    eights.fold(0, |bits, eight| {
        // The product gathers the lowest bits of all eight bytes in the highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits << 8 | gathered
    })
}

#[inline]
fn push_code(codes: &[Code; 256], value: u8, out: &mut EntropyCoded) {
    let code = codes.get(usize::from(value)).copied().unwrap_or_default();
    out.push(code.bits.into(), code.length.into());
}

/// The code of `run` and of the size of a number, and the number itself (F.1.2.1.1).
#[inline]
fn push_value(codes: &[Code; 256], run: u32, number: i32, out: &mut EntropyCoded) {
    let size = 32 - number.unsigned_abs().leading_zeros();
    let code = codes.get(usize::try_from(run | size).unwrap_or(0)).copied().unwrap_or_default();
    // A number below zero is written one less: its ones' complement.
    let bits = (number + (number >> 31)).cast_unsigned() & ((1 << size) - 1);
    out.push(u32::from(code.bits) << size | bits, u32::from(code.length) + size);
}

#[cfg(test)]
mod tests {
    use super::super::tables::LUMINANCE;
    use super::*;

    fn coded(block: &[i16; BLOCK_PIXELS]) -> Vec<u8> {
        let mut out = EntropyCoded::new(1);
        BlockCoder::new(&LUMINANCE).code(block, &mut out);
        let mut bytes = Vec::new();
        out.finish(&mut bytes);
        bytes
    }

    #[test]
    fn a_block_of_zeros_is_two_codes() {
        // 00 | 1010 | 11
        assert_eq!(coded(&[0; BLOCK_PIXELS]), [0b0010_1011]);
    }

    #[test]
    fn long_runs_and_signs() {
        let mut block = [0; BLOCK_PIXELS];
        block[0] = -3;
        // The 18th in zigzag order, horizontal frequency 2 and vertical frequency 3.
        block[usize::from(PLACES[18])] = 5;
        // 011 00 | 11111111001 (16 zeros) | 1111001 (1 zero, size 3) 101 | 1010 | 11: with FF 00.
        let bits = "01100111111110011111001101101011";
        let expected: Vec<u8> =
            (0..4).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
        assert_eq!(coded(&block), expected);
    }

    #[test]
    fn the_largest_block_fits() {
        let block = [1023; BLOCK_PIXELS];
        let mut out = EntropyCoded::new(1);
        BlockCoder::new(&LUMINANCE).code(&block, &mut out);
        assert!(out.length <= BLOCK_BYTES, "{}", out.length);
    }

    #[test]
    fn a_zero_follows_each_ff() {
        let mut out = EntropyCoded::new(1);
        for _ in 0..4 {
            out.push(0x00FF_FF01, 24);
        }
        let mut bytes = Vec::new();
        out.finish(&mut bytes);
        assert_eq!(bytes, [0xFF, 0, 0xFF, 0, 1].repeat(4));
    }
}
