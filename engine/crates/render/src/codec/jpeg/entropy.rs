//! Huffman tables and the bits of entropy-coded segments.
//!
//! Standard: ITU-T T.81 Annex C, F.2.2.

use model::PreviewFault;

/// Codes up to this length are found in one look-up.
pub(super) const LOOKUP_BITS: u32 = 11;

/// A Huffman table.
#[derive(Debug, Clone)]
pub(super) struct HuffmanTable {
    /// By the next bits: length of the code × 256 + its value; 0 where the code is longer.
    lookup: Box<[u16; 1 << LOOKUP_BITS]>,
    /// For each length from 1 the first code that is longer, aligned to 16 bits.
    ends: [u32; 16],
    /// For each length: index of its first value − its first code.
    offsets: [i32; 16],
    values: Vec<u8>,
}

impl HuffmanTable {
    /// Reads one table of a DHT segment; gives its class and destination, and what follows it.
    fn read(content: &[u8]) -> Result<(u8, Self, &[u8]), PreviewFault> {
        let (&destination, rest) = content.split_first().ok_or(PreviewFault::Damaged)?;
        let (counts, rest) = rest.split_first_chunk::<16>().ok_or(PreviewFault::Damaged)?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (values, rest) = rest.split_at_checked(total).ok_or(PreviewFault::Damaged)?;
        Ok((destination, Self::new(*counts, values)?, rest))
    }

    /// Generates the codes (T.81 C.2).
    ///
    /// # Errors
    /// [`PreviewFault::Damaged`] when there are more codes than their lengths allow.
    fn new(counts: [u8; 16], values: &[u8]) -> Result<Self, PreviewFault> {
        let mut lookup = Box::new([0; 1 << LOOKUP_BITS]);
        let (mut ends, mut offsets) = ([0; 16], [0; 16]);
        let (mut code, mut index) = (0_u32, 0_i32);
        let mut unread = values.iter();
        let lengths = (1_u32..).zip(counts).zip(ends.iter_mut().zip(&mut offsets));
        for ((length, count), (end, offset)) in lengths {
            *offset = index - code.cast_signed();
            for value in unread.by_ref().take(count.into()) {
                if code >> length != 0 {
                    return Err(PreviewFault::Damaged);
                }
                if length <= LOOKUP_BITS {
                    let span = 1_usize << (LOOKUP_BITS - length);
                    let start = usize::try_from(code).unwrap_or(0) * span;
                    let entry = u16::try_from(length << 8).unwrap_or(0) | u16::from(*value);
                    if let Some(entries) = lookup.get_mut(start..start + span) {
                        entries.fill(entry);
                    }
                }
                code += 1;
                index += 1;
            }
            *end = code << (16 - length);
            code <<= 1;
        }
        Ok(Self { lookup, ends, offsets, values: values.to_vec() })
    }

    /// Length and value of the code that these bits begin with; length 0 when it is longer.
    #[inline]
    pub(super) fn short_code(&self, next: usize) -> (u8, u8) {
        let [length, value] = self.lookup.get(next).copied().unwrap_or(0).to_be_bytes();
        (length, value)
    }

    /// A code longer than the look-up: its length and value.
    #[cold]
    fn long_code(&self, next: u32) -> Option<(u32, u8)> {
        let mut lengths = (1_u32..).zip(self.ends).zip(self.offsets);
        let ((length, _), offset) = lengths.find(|((_, end), _)| next < *end)?;
        let code = (next >> (16 - length)).cast_signed();
        let index = usize::try_from(code + offset).ok()?;
        self.values.get(index).map(|value| (length, *value))
    }
}

/// The tables that the destinations hold at some place in the stream.
#[derive(Debug, Default)]
pub(super) struct HuffmanTables {
    pub(super) dc: [Option<HuffmanTable>; 4],
    pub(super) ac: [Option<HuffmanTable>; 4],
}

impl HuffmanTables {
    /// Takes over a DHT segment (T.81 B.2.4.2).
    pub(super) fn define(&mut self, content: &[u8]) -> Result<(), PreviewFault> {
        let mut rest = content;
        while !rest.is_empty() {
            let (destination, table, after) = HuffmanTable::read(rest)?;
            let class = match destination >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(PreviewFault::Damaged),
            };
            let slot = class.get_mut(usize::from(destination & 15)).ok_or(PreviewFault::Damaged)?;
            *slot = Some(table);
            rest = after;
        }
        Ok(())
    }
}

/// The bits of an entropy-coded segment, most significant first, without stuffed bytes.
///
/// Past its end come zeros; whoever reads asks [`Bits::has_ended`] from time to time.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The next bits, from the top. Below them may stand a part of `rest`.
    buffer: u64,
    /// How many bits of the buffer are taken from the stream.
    count: u32,
    /// How many of those are zeros past the end.
    past_end: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, buffer: 0, count: 0, past_end: 0 }
    }

    /// Whether more bits were consumed than there were.
    pub(super) fn has_ended(&self) -> bool {
        self.past_end > self.count
    }

    /// Makes at least 32 bits available.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some((next, _)) = self.rest.split_first_chunk() {
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
        while self.count <= 56 {
            let byte = match self.rest {
                [0xFF, 0x00, rest @ ..] => {
                    self.rest = rest;
                    0xFF
                }
                // A marker: nothing of this segment follows.
                [0xFF, ..] | [] => {
                    self.past_end += 8;
                    0
                }
                [byte, rest @ ..] => {
                    self.rest = rest;
                    *byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next `COUNT` bits, without consuming them, after [`Bits::refill`].
    #[inline]
    pub(super) fn next<const COUNT: u32>(&self) -> usize {
        usize::try_from(self.buffer >> (64 - COUNT)).unwrap_or(0)
    }

    #[inline]
    pub(super) fn consume(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.count -= bits;
    }

    /// Decodes one value (T.81 F.2.2.3) and leaves at least 16 bits for [`Bits::extended`].
    #[inline]
    pub(super) fn value(&mut self, table: &HuffmanTable) -> Result<u8, PreviewFault> {
        self.refill();
        let (length, value) = table.short_code(self.next::<LOOKUP_BITS>());
        if length != 0 {
            self.consume(length.into());
            return Ok(value);
        }
        let next = u32::try_from(self.buffer >> 48).unwrap_or(0);
        let (length, value) = table.long_code(next).ok_or(PreviewFault::Damaged)?;
        self.consume(length);
        Ok(value)
    }

    /// The signed number in the next `size` bits, at most 16 (T.81 F.2.2.1, RECEIVE and EXTEND).
    #[inline]
    pub(super) fn extended(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        let raw = i32::try_from(self.buffer >> (64 - size)).unwrap_or(0);
        self.consume(size);
        extend(raw, size)
    }

    /// Steps over a restart marker; what is left of the segment before it is dropped.
    ///
    /// # Errors
    /// [`PreviewFault::Damaged`] when no restart marker follows.
    pub(super) fn restart(&mut self) -> Result<(), PreviewFault> {
        if self.has_ended() {
            return Err(PreviewFault::Damaged);
        }
        // Bytes that were taken into the buffer ahead lie before the marker: the buffer stops there.
        let mut rest = self.rest;
        while let [first, after @ ..] = rest {
            match (first, after) {
                (0xFF, [0xD0..=0xD7, after @ ..]) => {
                    *self = Self::new(after);
                    return Ok(());
                }
                (0xFF, [0x00 | 0xFF, ..]) | (0..=0xFE, _) => rest = after,
                _ => break,
            }
        }
        Err(PreviewFault::Damaged)
    }

    /// What follows the segment, from its marker on.
    pub(super) fn after(&self) -> &'a [u8] {
        let marker = self.rest.windows(2).position(
            |pair| matches!(pair, [0xFF, second] if !matches!(second, 0x00 | 0xFF | 0xD0..=0xD7)),
        );
        marker.and_then(|at| self.rest.get(at..)).unwrap_or_default()
    }
}

/// What a number of `size` bits, 1 to 16, stands for (T.81 F.2.2.1, EXTEND).
#[inline]
pub(super) fn extend(raw: i32, size: u32) -> i32 {
    let half = 1 << (size - 1);
    if raw < half { raw - 2 * half + 1 } else { raw }
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

    /// Codes 0, 10, 1100, …, and one of 16 bits.
    fn table() -> HuffmanTable {
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[3], counts[15]) = (1, 1, 2, 3);
        HuffmanTable::new(counts, &[7, 8, 9, 10, 11, 12, 13]).unwrap()
    }

    #[test]
    fn codes_of_all_lengths_are_found() {
        // 0 | 10 | 1100 | 1101 | 1110000000000000 | 1110000000000010 | 0
        let mut bits = Bits::new(&[0b0101_1001, 0b1011_1100, 0, 0b0001_1100, 0, 0b0100_0000]);
        let values: Vec<u8> = (0..7).map(|_| bits.value(&table()).unwrap()).collect();
        assert_eq!(values, [7, 8, 9, 10, 11, 13, 7]);
        assert!(!bits.has_ended());
    }

    #[test]
    fn a_code_that_stands_for_nothing_is_damage() {
        assert_eq!(Bits::new(&[0xF0; 4]).value(&table()), Err(PreviewFault::Damaged));
    }

    #[test]
    fn more_codes_than_fit_are_damage() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(HuffmanTable::new(counts, &[1, 2, 3]).is_err());
    }

    #[test]
    fn the_end_is_noticed_only_past_the_last_bit() {
        let mut bits = Bits::new(&[0, 0, 0xFF, 0xD9]);
        for _ in 0..16 {
            bits.value(&table()).unwrap();
        }
        assert!(!bits.has_ended());
        bits.value(&table()).unwrap();
        assert!(bits.has_ended());
        assert_eq!(bits.after(), [0xFF, 0xD9]);
    }

    #[test]
    fn a_restart_drops_the_rest_of_the_segment() {
        let mut bits = Bits::new(&[0x00, 0x7F, 0xFF, 0xD3, 0x80]);
        bits.value(&table()).unwrap();
        bits.restart().unwrap();
        assert_eq!(bits.value(&table()), Ok(8));
        assert!(bits.restart().is_err());
    }

    proptest! {
        #[test]
        fn stuffed_bytes_read_as_they_were(bytes in prop::collection::vec(0xF0_u8.., 1..64)) {
            let stuffed: Vec<u8> = bytes
                .iter()
                .flat_map(|byte| if *byte == 0xFF { vec![0xFF, 0] } else { vec![*byte] })
                .collect();
            let mut bits = Bits::new(&stuffed);
            for byte in &bytes {
                bits.refill();
                prop_assert_eq!(u8::try_from(bits.buffer >> 56).unwrap(), *byte);
                bits.consume(8);
            }
            prop_assert!(!bits.has_ended());
        }

        #[test]
        fn numbers_are_extended_as_the_standard_says(size in 1_u32..=16, raw in any::<u16>()) {
            let raw = u32::from(raw) >> (16 - size);
            let bytes = (raw << (32 - size)).to_be_bytes();
            let stuffed: Vec<u8> = bytes
                .iter()
                .flat_map(|byte| if *byte == 0xFF { vec![0xFF, 0] } else { vec![*byte] })
                .collect();
            let mut bits = Bits::new(&stuffed);
            bits.refill();
            let raw = i32::try_from(raw).unwrap();
            let negative = raw < 1 << (size - 1);
            prop_assert_eq!(bits.extended(size), if negative { raw - (1 << size) + 1 } else { raw });
        }
    }
}
