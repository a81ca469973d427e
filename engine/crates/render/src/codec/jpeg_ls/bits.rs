//! The bits of a scan: after a byte FFH the next byte has seven (T.87 A.1).

use model::PreviewFault;

/// Bits, most significant first. Past the end come zeros; see [`Bits::has_ended`].
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    buffer: u64,
    count: u32,
    /// Zeros past the end that were put into the buffer.
    past_end: u32,
    /// The last byte put into the buffer was FFH.
    after_ff: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, buffer: 0, count: 0, past_end: 0, after_ff: false }
    }

    /// Whether more bits were consumed than there were.
    pub(super) fn has_ended(&self) -> bool {
        self.past_end > self.count
    }

    /// Makes at least 56 bits available.
    #[inline]
    fn refill(&mut self) {
        if self.count >= 56 {
            return;
        }
        if !self.after_ff
            && let Some((next, _)) = self.rest.split_first_chunk()
        {
            let next = u64::from_be_bytes(*next);
            if !has_ff(next) {
                self.buffer |= next >> self.count;
                let bytes = (63 - self.count) >> 3;
                self.rest =
                    self.rest.get(usize::try_from(bytes).unwrap_or(0)..).unwrap_or_default();
                self.count += bytes * 8;
                return;
            }
        }
        self.refill_bytewise();
    }

    fn refill_bytewise(&mut self) {
        // Bits that the quick way left below those that count would be mixed with others here.
        self.buffer &= !(u64::MAX >> self.count);
        while self.count <= 56 {
            let (bits, byte) = match (self.after_ff, self.rest) {
                (false, [0xFF, next, ..]) if *next >= 0x80 => (8, None),
                (_, [byte, ..]) if self.after_ff && *byte >= 0x80 => (8, None),
                (after_ff, [byte, rest @ ..]) => {
                    self.rest = rest;
                    (if after_ff { 7 } else { 8 }, Some(*byte))
                }
                (_, []) => (8, None),
            };
            match byte {
                Some(byte) => {
                    self.buffer |= u64::from(byte) << (64 - bits - self.count);
                    self.after_ff = byte == 0xFF;
                }
                None => self.past_end += bits,
            }
            self.count += bits;
        }
    }

    #[inline]
    fn consume(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.count -= bits;
    }

    /// One bit.
    #[inline]
    pub(super) fn bit(&mut self) -> bool {
        self.refill();
        let bit = self.buffer >> 63 == 1;
        self.consume(1);
        bit
    }

    /// A number of `size` bits, at most 31.
    #[inline]
    pub(super) fn number(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        self.refill();
        let number = i32::try_from(self.buffer >> (64 - size)).unwrap_or(0);
        self.consume(size);
        number
    }

    /// A limited Golomb code with parameter `k` (T.87 A.5.3).
    ///
    /// Codes are at most `limit` bits long; the escape holds `range_bits` bits.
    #[inline]
    pub(super) fn golomb(
        &mut self,
        k: u32,
        limit: u32,
        range_bits: u32,
    ) -> Result<i32, PreviewFault> {
        self.refill();
        let zeros = self.buffer.leading_zeros();
        let escape = limit.saturating_sub(range_bits + 1);
        if zeros > escape {
            return Err(PreviewFault::Damaged);
        }
        self.consume(zeros + 1);
        if zeros == escape {
            return Ok(self.number(range_bits) + 1);
        }
        let high = i32::try_from(zeros).unwrap_or(0).checked_shl(k).unwrap_or(0);
        Ok(high | self.number(k))
    }

    /// What follows the scan, from its marker on.
    pub(super) fn after(&self) -> &'a [u8] {
        let marker = self.rest.windows(2).position(|pair| matches!(pair, [0xFF, 0x80..=0xFF]));
        marker.and_then(|at| self.rest.get(at..)).unwrap_or_default()
    }
}

/// Whether one of the bytes is FFH.
fn has_ff(bytes: u64) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    (!bytes).wrapping_sub(LOW) & bytes & HIGH != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bits into bytes as T.87 A.1 says.
    fn stuffed(bits: &[bool]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = bits;
        while !rest.is_empty() {
            let room = if bytes.last() == Some(&0xFF) { 7 } else { 8 };
            let (now, later) = rest.split_at(room.min(rest.len()));
            let byte = now.iter().fold(0_u16, |byte, bit| byte << 1 | u16::from(*bit));
            bytes.push(u8::try_from(byte << (room - now.len())).unwrap());
            rest = later;
        }
        // A last byte FFH is followed by its stuffed bit, lest it begins a marker.
        if bytes.last() == Some(&0xFF) {
            bytes.push(0);
        }
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    proptest! {
        #[test]
        fn stuffed_bits_are_dropped(
            bits in prop::collection::vec(prop::bool::weighted(0.9), 1..500),
            steps in prop::collection::vec(1_usize..20, 500),
        ) {
            let bytes = stuffed(&bits);
            let mut reader = Bits::new(&bytes);
            let mut rest = bits.as_slice();
            for step in steps {
                let (now, later) = rest.split_at(step.min(rest.len()));
                let expected = now.iter().fold(0, |number, bit| number << 1 | i32::from(*bit));
                prop_assert_eq!(reader.number(u32::try_from(now.len()).unwrap()), expected);
                rest = later;
            }
            prop_assert!(!reader.has_ended());
            prop_assert_eq!(reader.after(), [0xFF, 0xD9]);
        }
    }

    #[test]
    fn golomb_codes_and_their_escape() {
        // 001 11 (k = 2) | 1 (k = 0) | 000001 0110 (limit 10, 4 bits: escape after 5 zeros)
        let mut bits = Bits::new(&[0b0011_1100, 0b0001_0110, 0xFF, 0xD9]);
        assert_eq!(bits.golomb(2, 32, 8), Ok(11));
        assert_eq!(bits.golomb(0, 32, 8), Ok(0));
        assert_eq!(bits.golomb(0, 10, 4), Ok(7));
    }

    #[test]
    fn more_zeros_than_a_code_has_are_damage() {
        assert_eq!(Bits::new(&[0; 16]).golomb(0, 32, 8), Err(PreviewFault::Damaged));
    }

    #[test]
    fn the_end_is_noticed() {
        let mut bits = Bits::new(&[0x80, 0xFF, 0xD9]);
        bits.number(8);
        assert!(!bits.has_ended());
        bits.bit();
        assert!(bits.has_ended());
    }
}
