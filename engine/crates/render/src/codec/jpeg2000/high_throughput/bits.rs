//! The three interleaved bit streams of a cleanup segment (ITU-T T.814 clause 7.1).

use model::PreviewFault;

/// Suffix lengths: the last two bytes count at most so much.
const MAX_SUFFIX_BYTES: usize = 4079;

/// A cleanup segment taken apart.
#[derive(Debug)]
pub(super) struct CleanupBits<'a> {
    pub(super) magnitudes: MagnitudeBits<'a>,
    pub(super) events: Events<'a>,
    pub(super) words: WordBits<'a>,
}

impl<'a> CleanupBits<'a> {
    /// # Errors
    /// [`PreviewFault::Damaged`] when the lengths cannot be.
    pub(super) fn new(segment: &'a [u8]) -> Result<Self, PreviewFault> {
        let (rest, [low, high]) = segment.split_last_chunk().ok_or(PreviewFault::Damaged)?;
        let suffix_bytes = usize::from(*high) << 4 | usize::from(*low & 15);
        if !(2..=MAX_SUFFIX_BYTES).contains(&suffix_bytes) {
            return Err(PreviewFault::Damaged);
        }
        let prefix = segment.len().checked_sub(suffix_bytes).ok_or(PreviewFault::Damaged)?;
        let (magnitudes, suffix) = segment.split_at(prefix);
        let both = rest.get(prefix..).unwrap_or_default();
        // The last byte but one is shared: its low half belongs to the length.
        let events = suffix.get(..suffix_bytes - 1).unwrap_or_default();
        Ok(Self {
            magnitudes: MagnitudeBits::new(magnitudes, 0xFF),
            events: Events { bytes: events, position: 0, byte: 0, left: 0, state: 0, run: None },
            words: WordBits::new(both, *low),
        })
    }
}

/// Signs and magnitudes: forwards, lowest bit first.
#[derive(Debug)]
pub(super) struct MagnitudeBits<'a> {
    bytes: &'a [u8],
    /// What comes for ever behind the bytes.
    filler: u8,
    buffer: u64,
    count: u32,
    after_ff: bool,
}

impl<'a> MagnitudeBits<'a> {
    pub(super) fn new(bytes: &'a [u8], filler: u8) -> Self {
        Self { bytes, filler, buffer: 0, count: 0, after_ff: false }
    }

    #[inline]
    fn fill(&mut self) {
        while self.count <= 32 {
            // Four bytes without FF among and before them are as they are.
            if let (false, Some((word, rest))) = (self.after_ff, self.bytes.split_first_chunk()) {
                let word = u32::from_le_bytes(*word);
                let inverted = !word;
                let has_ff = inverted.wrapping_sub(0x0101_0101) & word & 0x8080_8080 != 0;
                if !has_ff && self.count <= 32 {
                    self.buffer |= u64::from(word) << self.count;
                    self.count += 32;
                    self.bytes = rest;
                    continue;
                }
            }
            let byte = match self.bytes.split_first() {
                Some((byte, rest)) => {
                    self.bytes = rest;
                    *byte
                }
                None => self.filler,
            };
            self.buffer |= u64::from(byte) << self.count;
            self.count += if self.after_ff { 7 } else { 8 };
            self.after_ff = byte == 0xFF;
        }
    }

    /// Up to 31 bits.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if self.count < 32 {
            self.fill();
        }
        let bits = u32::try_from(self.buffer & ((1 << count) - 1)).unwrap_or(0);
        self.buffer >>= count;
        self.count -= count;
        bits
    }
}

/// Code words: backwards from the end, lowest bit first.
#[derive(Debug)]
pub(super) struct WordBits<'a> {
    bytes: &'a [u8],
    buffer: u64,
    count: u32,
    /// The byte before was above 8F: then 7F is followed by a stuffed bit.
    after_high: bool,
}

impl<'a> WordBits<'a> {
    fn new(bytes: &'a [u8], first: u8) -> Self {
        let bits = first >> 4;
        let count = if bits & 7 == 7 { 3 } else { 4 };
        Self { bytes, buffer: u64::from(bits), count, after_high: first | 15 > 0x8F }
    }

    /// The bits of a magnitude refinement pass, which begin with the last byte (7.1.5).
    pub(super) fn of_refinement(bytes: &'a [u8]) -> Self {
        Self { bytes, buffer: 0, count: 0, after_high: true }
    }

    #[inline]
    fn fill(&mut self) {
        while self.count <= 48 {
            let byte = match self.bytes.split_last() {
                Some((byte, rest)) => {
                    self.bytes = rest;
                    *byte
                }
                None => 0,
            };
            self.buffer |= u64::from(byte) << self.count;
            self.count += if self.after_high && byte & 0x7F == 0x7F { 7 } else { 8 };
            self.after_high = byte > 0x8F;
        }
    }

    /// The next seven bits and more; enough for the words and lengths of two quads.
    #[inline]
    pub(super) fn peek(&mut self) -> u32 {
        if self.count < 32 {
            self.fill();
        }
        u32::try_from(self.buffer & 0xFFFF_FFFF).unwrap_or(0)
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer >>= count;
        self.count = self.count.saturating_sub(count);
    }

    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let bits = self.peek() & ((1 << count) - 1);
        self.skip(count);
        bits
    }
}

/// Exponents of the run lengths by state (T.814 Table 2).
const RUN_EXPONENTS: [u8; 13] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5];

/// Events of quads without significant neighbours, by run lengths (MEL, T.814 7.1.3).
#[derive(Debug)]
pub(super) struct Events<'a> {
    bytes: &'a [u8],
    position: usize,
    byte: u8,
    left: u8,
    state: u8,
    /// How many events without significance come, and whether one with it follows.
    run: Option<(u32, bool)>,
}

impl Events<'_> {
    fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            let is_last = self.position + 1 >= self.bytes.len();
            let byte = self.bytes.get(self.position).copied().unwrap_or(0xFF);
            self.byte = if is_last { byte | 15 } else { byte };
            self.position += 1;
        }
        self.left -= 1;
        u32::from(self.byte >> self.left & 1)
    }

    /// Whether the next event is one of significance.
    pub(super) fn next(&mut self) -> bool {
        let (zeros, ends) = if let Some(run) = self.run {
            run
        } else {
            let exponent = RUN_EXPONENTS.get(usize::from(self.state)).copied().unwrap_or(5);
            if self.bit() == 1 {
                self.state = (self.state + 1).min(12);
                (1 << exponent, false)
            } else {
                self.state = self.state.saturating_sub(1);
                ((0..exponent).fold(0, |run, _| run << 1 | self.bit()), true)
            }
        };
        if zeros == 0 {
            self.run = None;
            return true;
        }
        self.run = if zeros == 1 && !ends { None } else { Some((zeros - 1, ends)) };
        false
    }
}
