//! Finds the last block of a deflate body and the bit where it ends, without decoding it.
//!
//! libdeflate always ends a body. To join bodies, the end mark of each must be taken back, and the
//! mark stands in the header of the last block, which can begin at any bit. The codes have to be
//! read to get there, but no byte has to be produced, and a run of literals is one look-up.
//!
//! Standard: RFC 1951 §3.2.3 to 3.2.7.

/// Codes up to this length are read with one look-up.
const TABLE_BITS: usize = 11;
const TABLE_MASK: u64 = (1 << TABLE_BITS) - 1;
/// The longest code of the format.
const MAX_CODE_BITS: usize = 15;
/// The order in which a block gives the lengths of the code for lengths.
const CODE_LENGTH_SYMBOLS: [usize; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK: usize = 256;
const LITERAL_SYMBOLS: usize = 288;
const DISTANCE_SYMBOLS: usize = 32;

/// Where the last block begins and ends, in bits from the start of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastBlock {
    /// The bit of its header that says "last".
    pub(crate) final_bit: usize,
    /// The first bit behind it.
    pub(crate) end: usize,
}

/// Finds the last block; `None` when the bytes are no complete deflate body.
pub(crate) fn last_block(body: &[u8]) -> Option<LastBlock> {
    let mut bits = Bits { body, position: 0 };
    loop {
        let final_bit = bits.position;
        let is_final = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => bits.skip_stored()?,
            1 => bits.skip_codes(&Codes::fixed()?)?,
            2 => {
                let codes = bits.take_codes()?;
                bits.skip_codes(&codes)?;
            }
            _ => return None,
        }
        let end = bits.position;
        if end > body.len().checked_mul(8)? {
            return None;
        }
        if is_final {
            return Some(LastBlock { final_bit, end });
        }
    }
}

/// A place in a body, in bits; bits behind the end read as zero.
struct Bits<'a> {
    body: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    /// At least 57 bits from here on.
    #[inline]
    fn peek(&self) -> u64 {
        let rest = self.body.get(self.position / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        word >> (self.position % 8)
    }

    /// The next bits, at most 16, as a number; `None` behind the end.
    fn take(&mut self, bits: usize) -> Option<usize> {
        let value = usize::try_from(self.peek() & ((1 << bits) - 1)).ok()?;
        self.position += bits;
        (self.position <= self.body.len() * 8).then_some(value)
    }

    fn skip_stored(&mut self) -> Option<()> {
        self.position = self.position.next_multiple_of(8);
        let bytes = self.take(16)?;
        let complement = self.take(16)?;
        self.position += bytes * 8;
        (bytes ^ complement == 0xFFFF).then_some(())
    }

    /// Skips to behind the end-of-block code.
    fn skip_codes(&mut self, codes: &Codes) -> Option<()> {
        let end = self.body.len() * 8;
        while self.position < end {
            let word = self.peek();
            match codes.literals.look_up(word)? {
                step @ Step { kind: Kind::Go, .. } => self.position += step.bits(),
                step @ Step { kind: Kind::Distance, .. } => {
                    let distance = codes.distances.look_up(word >> step.bits)?;
                    self.position += step.bits() + distance.bits();
                }
                step @ Step { kind: Kind::End, .. } => {
                    self.position += step.bits();
                    return Some(());
                }
            }
        }
        None
    }

    /// Reads the codes of a block that brings its own (RFC 1951 §3.2.7).
    fn take_codes(&mut self) -> Option<Codes> {
        let literals = self.take(5)? + 257;
        let distances = self.take(5)? + 1;
        let code_lengths = self.take(4)? + 4;
        let mut lengths = [0; CODE_LENGTH_SYMBOLS.len()];
        for symbol in CODE_LENGTH_SYMBOLS.iter().take(code_lengths) {
            *lengths.get_mut(*symbol)? = self.take(3)?;
        }
        let code = Code::new(&lengths)?;

        let mut lengths = [0; LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
        let mut filled = 0;
        while filled < literals + distances {
            let (symbol, bits) = code.read(self.peek())?;
            self.position += bits;
            let (length, repeat) = match symbol {
                0..=15 => (symbol, 1),
                16 => (*lengths.get(filled.checked_sub(1)?)?, 3 + self.take(2)?),
                17 => (0, 3 + self.take(3)?),
                _ => (0, 11 + self.take(7)?),
            };
            lengths.get_mut(filled..filled + repeat)?.fill(length);
            filled += repeat;
        }
        if filled != literals + distances {
            return None;
        }
        let (literals, rest) = lengths.split_at_checked(literals)?;
        Codes::new(literals, rest.get(..distances)?)
    }
}

/// The codes of a block.
struct Codes {
    literals: Table,
    distances: Table,
}

impl Codes {
    fn new(literals: &[usize], distances: &[usize]) -> Option<Self> {
        Some(Self {
            literals: Table::new(literals, literal_step)?.with_runs(),
            distances: Table::new(distances, distance_step)?,
        })
    }

    /// The codes every reader knows (RFC 1951 §3.2.6).
    fn fixed() -> Option<Self> {
        let mut lengths = [8; LITERAL_SYMBOLS];
        lengths.get_mut(144..256)?.fill(9);
        lengths.get_mut(256..280)?.fill(7);
        Self::new(&lengths, &[5; DISTANCE_SYMBOLS])
    }
}

/// What stands behind a code, and how many bits code and extra bits take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    /// At most 28.
    bits: u8,
    kind: Kind,
}

impl Step {
    fn new(bits: usize, kind: Kind) -> Option<Self> {
        Some(Self { bits: u8::try_from(bits).ok()?, kind })
    }

    fn bits(self) -> usize {
        usize::from(self.bits)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Another code of this sort.
    Go,
    /// A distance.
    Distance,
    /// The next block.
    End,
}

/// RFC 1951 §3.2.5: a literal, the end of the block, or a length with 0 to 5 extra bits.
fn literal_step(symbol: usize, code_bits: usize) -> Option<Step> {
    let (extra, kind) = match symbol {
        0..END_OF_BLOCK => (0, Kind::Go),
        END_OF_BLOCK => (0, Kind::End),
        265..=284 => ((symbol - 261) / 4, Kind::Distance),
        _ => (0, Kind::Distance),
    };
    Step::new(code_bits + extra, kind)
}

/// RFC 1951 §3.2.5: a distance with 0 to 13 extra bits.
fn distance_step(symbol: usize, code_bits: usize) -> Option<Step> {
    Step::new(code_bits + (symbol / 2).saturating_sub(1), Kind::Go)
}

/// A code with a look-up table of its short words.
struct Table {
    code: Code,
    step: fn(usize, usize) -> Option<Step>,
    short: Box<[Option<Step>; 1 << TABLE_BITS]>,
}

impl Table {
    fn new(lengths: &[usize], step: fn(usize, usize) -> Option<Step>) -> Option<Self> {
        let code = Code::new(lengths)?;
        let mut short = Box::new([None; 1 << TABLE_BITS]);
        for (symbol, word, bits) in code.words() {
            if bits <= TABLE_BITS {
                let reversed = word.reverse_bits() >> (usize::BITS as usize - bits);
                for slot in short.get_mut(reversed..)?.iter_mut().step_by(1 << bits) {
                    *slot = step(symbol, bits);
                }
            }
        }
        Some(Self { code, step, short })
    }

    /// Makes one step of literals that follow each other within the reach of the table.
    fn with_runs(mut self) -> Self {
        let single = self.short.clone();
        for slot in 0..self.short.len() {
            let mut run = 0;
            while let Some(Some(step @ Step { kind: Kind::Go, .. })) = single.get(slot >> run)
                && run + step.bits() <= TABLE_BITS
            {
                run += step.bits();
            }
            if run > 0
                && let Some(step) = self.short.get_mut(slot)
            {
                *step = Step::new(run, Kind::Go);
            }
        }
        self
    }

    #[inline]
    fn look_up(&self, word: u64) -> Option<Step> {
        let slot = usize::try_from(word & TABLE_MASK).ok()?;
        match self.short.get(slot)? {
            Some(step) => Some(*step),
            None => self.code.read(word).and_then(|(symbol, bits)| (self.step)(symbol, bits)),
        }
    }
}

/// A Huffman code, given by the length of each symbol's word (RFC 1951 §3.2.2).
struct Code {
    /// How many words have this length.
    counts: [usize; MAX_CODE_BITS + 1],
    /// The symbols in the order of their words.
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Option<Self> {
        let mut counts = [0; MAX_CODE_BITS + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            *counts.get_mut(*length)? += 1;
        }
        // More words than the lengths have room for would be read as others.
        let room =
            counts.iter().skip(1).try_fold(1_usize, |room, count| (room * 2).checked_sub(*count));
        room?;
        let mut symbols: Vec<usize> =
            (0..lengths.len()).filter(|symbol| lengths.get(*symbol) > Some(&0)).collect();
        symbols.sort_by_key(|symbol| lengths.get(*symbol).copied());
        Some(Self { counts, symbols })
    }

    /// Every symbol with its word and the word's length.
    fn words(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let mut word = 0;
        let lengths = self.counts.iter().enumerate().skip(1);
        let words = lengths.flat_map(move |(bits, count)| {
            let first = word << 1;
            word = first + count;
            (first..word).map(move |word| (word, bits))
        });
        self.symbols.iter().zip(words).map(|(symbol, (word, bits))| (*symbol, word, bits))
    }

    /// The symbol whose word comes next, and its length; bit by bit.
    fn read(&self, bits: u64) -> Option<(usize, usize)> {
        let (mut word, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for (length, count) in self.counts.iter().enumerate().skip(1) {
            word = word << 1 | usize::from(bits >> (length - 1) & 1 == 1);
            first <<= 1;
            let place = word.checked_sub(first)?;
            if place < *count {
                return Some((*self.symbols.get(index + place)?, length));
            }
            index += count;
            first += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use libdeflater::{CompressionLvl, Compressor, Decompressor};
    use proptest::prelude::*;

    use super::*;

    fn libdeflate(level: i32, bytes: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
        let mut body = vec![0; compressor.deflate_compress_bound(bytes.len())];
        let written = compressor.deflate_compress(bytes, &mut body).unwrap();
        body.truncate(written);
        body
    }

    fn zlib(level: u32, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// The bits found are the right ones when the body, its end mark taken back, goes on behind
    /// them with an empty last block and still decodes to the same bytes.
    fn assert_ends_there(body: &[u8], bytes: &[u8]) {
        let last = last_block(body).unwrap();
        assert_eq!(last.end.div_ceil(8), body.len());
        let mut open = body.to_vec();
        assert_eq!(open[last.final_bit / 8] >> (last.final_bit % 8) & 1, 1);
        open[last.final_bit / 8] &= !(1 << (last.final_bit % 8));
        // A last block with fixed codes and nothing in it: bits 1, 1, 0, then seven zeros.
        open.resize((last.end + 10).div_ceil(8), 0);
        for bit in [last.end, last.end + 1] {
            open[bit / 8] |= 1 << (bit % 8);
        }
        let mut decoded = vec![0; bytes.len()];
        assert_eq!(Decompressor::new().deflate_decompress(&open, &mut decoded), Ok(bytes.len()));
        assert_eq!(decoded, bytes);
    }

    fn assert_every_compressor(bytes: &[u8]) {
        for level in [0, 1, 2, 6, 12] {
            assert_ends_there(&libdeflate(level, bytes), bytes);
        }
        for level in [0, 1, 6] {
            assert_ends_there(&zlib(level, bytes), bytes);
        }
    }

    /// Bytes in which high values are rare, so that some codes are longer than the table.
    fn skewed(bytes: usize) -> Vec<u8> {
        let mut state = 5_u64;
        let step = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let [high, low, ..] = state.to_be_bytes();
            low >> (high.trailing_ones() + 1).min(7)
        };
        std::iter::repeat_with(step).take(bytes).collect()
    }

    #[test]
    fn bodies_of_many_blocks_end_where_they_end() {
        let mut bytes = skewed(700_000);
        bytes.extend_from_within(..100_000);
        bytes.extend((0..=255_u8).cycle().flat_map(|value| [value; 300]).take(200_000));
        assert_every_compressor(&bytes);
    }

    #[test]
    fn codes_longer_than_the_table_are_read() {
        // One word of each length, and two of the longest.
        let lengths: Vec<usize> = (1..=MAX_CODE_BITS).chain([MAX_CODE_BITS]).collect();
        let table = Table::new(&lengths, literal_step).unwrap();
        let words: Vec<_> = table.code.words().collect();
        assert_eq!(words.len(), lengths.len());
        for (symbol, word, bits) in words {
            assert_eq!(bits, lengths[symbol]);
            let next = (word as u64).reverse_bits() >> (64 - bits);
            let step = Step::new(bits, Kind::Go);
            assert_eq!(table.look_up(next), step);
            assert_eq!(table.look_up(next | u64::MAX << bits), step);
        }
    }

    #[test]
    fn what_is_no_whole_body_has_no_last_block() {
        let body = libdeflate(1, &skewed(20_000));
        for end in (0..body.len()).step_by(97).chain([body.len() - 1]) {
            assert_eq!(last_block(&body[..end]), None, "cut at {end}");
        }
        for wrong in [&[0x07][..], &[0x01, 5, 0, 0, 0], &[0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]] {
            assert_eq!(last_block(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_body_ends_where_it_ends(
            alphabet in 1_u16..=256,
            seeds in proptest::collection::vec(any::<u16>(), 0..4_000),
        ) {
            let bytes: Vec<u8> =
                seeds.iter().map(|seed| u8::try_from(seed % alphabet).unwrap()).collect();
            assert_every_compressor(&bytes);
        }

        #[test]
        fn no_bytes_make_it_panic_or_hang(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            if let Some(last) = last_block(&bytes) {
                prop_assert!(last.final_bit < last.end && last.end <= bytes.len() * 8);
            }
        }
    }
}
