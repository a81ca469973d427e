//! The MQ arithmetic decoder (ITU-T T.800 Annex C), and bits that bypass it (D.6).

/// Probability of the less likely symbol; next states after either symbol; whether the less likely
/// one swaps them (Table C.2).
const PROBABILITIES: [(u16, u8, u8, bool); 47] = [
    (0x5601, 1, 1, true),
    (0x3401, 2, 6, false),
    (0x1801, 3, 9, false),
    (0x0AC1, 4, 12, false),
    (0x0521, 5, 29, false),
    (0x0221, 38, 33, false),
    (0x5601, 7, 6, true),
    (0x5401, 8, 14, false),
    (0x4801, 9, 14, false),
    (0x3801, 10, 14, false),
    (0x3001, 11, 17, false),
    (0x2401, 12, 18, false),
    (0x1C01, 13, 20, false),
    (0x1601, 29, 21, false),
    (0x5601, 15, 14, true),
    (0x5401, 16, 14, false),
    (0x5101, 17, 15, false),
    (0x4801, 18, 16, false),
    (0x3801, 19, 17, false),
    (0x3401, 20, 18, false),
    (0x3001, 21, 19, false),
    (0x2801, 22, 19, false),
    (0x2401, 23, 20, false),
    (0x2201, 24, 21, false),
    (0x1C01, 25, 22, false),
    (0x1801, 26, 23, false),
    (0x1601, 27, 24, false),
    (0x1401, 28, 25, false),
    (0x1201, 29, 26, false),
    (0x1101, 30, 27, false),
    (0x0AC1, 31, 28, false),
    (0x09C1, 32, 29, false),
    (0x08A1, 33, 30, false),
    (0x0521, 34, 31, false),
    (0x0441, 35, 32, false),
    (0x02A1, 36, 33, false),
    (0x0221, 37, 34, false),
    (0x0141, 38, 35, false),
    (0x0111, 39, 36, false),
    (0x0085, 40, 37, false),
    (0x0049, 41, 38, false),
    (0x0025, 42, 39, false),
    (0x0015, 43, 40, false),
    (0x0009, 44, 41, false),
    (0x0005, 45, 42, false),
    (0x0001, 45, 43, false),
    (0x5601, 46, 46, false),
];

/// A state of [`PROBABILITIES`] with its more likely symbol in the lowest bit.
#[derive(Debug, Clone, Copy)]
struct State {
    probability: u16,
    after_likely: u8,
    after_unlikely: u8,
}

/// 94 states, and room so that seven bits cannot lie outside.
const STATES: [State; 128] = states();

#[expect(clippy::indexing_slicing, reason = "computed at compile time")]
const fn states() -> [State; 128] {
    let mut states = [State { probability: 0x5601, after_likely: 0, after_unlikely: 0 }; 128];
    let mut index = 0;
    while index < PROBABILITIES.len() {
        let (probability, likely, unlikely, swaps) = PROBABILITIES[index];
        states[2 * index] = State {
            probability,
            after_likely: 2 * likely,
            after_unlikely: 2 * unlikely + swaps as u8,
        };
        states[2 * index + 1] = State {
            probability,
            after_likely: 2 * likely + 1,
            after_unlikely: 2 * unlikely + !swaps as u8,
        };
        index += 1;
    }
    states
}

/// Contexts of the coefficient bits (Table D.1 to D.4): where each kind begins.
pub(super) const SIGN: u8 = 9;
pub(super) const MAGNITUDE: u8 = 14;
pub(super) const RUN: u8 = 17;
pub(super) const UNIFORM: u8 = 18;

/// The adaptive states of all contexts, which outlast a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contexts([u8; 32]);

impl Default for Contexts {
    /// Table D.7.
    fn default() -> Self {
        let state = |context| match context {
            0 => 2 * 4,
            RUN => 2 * 3,
            UNIFORM => 2 * 46,
            _ => 0,
        };
        let mut states = [0; 32];
        (0..).zip(&mut states).for_each(|(context, place)| *place = state(context));
        Self(states)
    }
}

/// Where the bits of a coding pass come from.
pub(super) trait Source {
    fn decide(&mut self, context: u8) -> u32;
    /// The sign: `context` from [`SIGN`], and whether the symbol stands for the other sign.
    fn sign(&mut self, context: u8, flip: u32) -> u32;
}

/// The arithmetic decoder over one segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arithmetic<'a> {
    bytes: &'a [u8],
    position: usize,
    interval: u32,
    code: u32,
    shifts: u32,
    pub(super) contexts: Contexts,
}

impl<'a> Arithmetic<'a> {
    /// INITDEC (C.3.5).
    pub(super) fn new(bytes: &'a [u8], contexts: Contexts) -> Self {
        let first = bytes.first().copied().unwrap_or(0xFF);
        let code = u32::from(first) << 16;
        let mut decoder = Self { bytes, position: 0, interval: 0x8000, code, shifts: 0, contexts };
        decoder.byte_in();
        decoder.code <<= 7;
        decoder.shifts -= 7;
        decoder
    }

    /// BYTEIN (C.3.4). Behind the segment come ones for ever.
    #[inline]
    fn byte_in(&mut self) {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or(0xFF);
        let next = u32::from(byte(self.position + 1));
        if byte(self.position) != 0xFF {
            self.position += 1;
            self.code += next << 8;
            self.shifts = 8;
        } else if next > 0x8F {
            self.code += 0xFF00;
            self.shifts = 8;
        } else {
            self.position += 1;
            self.code += next << 9;
            self.shifts = 7;
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the registers must stay in registers: 1.3 × faster")]
    fn renormalize(&mut self) {
        loop {
            if self.shifts == 0 {
                self.byte_in();
            }
            let wanted = self.interval.leading_zeros() - 16;
            let count = wanted.min(self.shifts);
            self.interval <<= count;
            self.code <<= count;
            self.shifts -= count;
            if self.interval & 0x8000 != 0 {
                return;
            }
        }
    }
}

impl Source for Arithmetic<'_> {
    /// DECODE (C.3.2).
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        clippy::inline_always,
        reason = "the hottest loop: contexts are below 32, states below 128"
    )]
    fn decide(&mut self, context: u8) -> u32 {
        let place = usize::from(context & 31);
        let index = self.contexts.0[place];
        let state = &STATES[usize::from(index & 127)];
        let likely = u32::from(index & 1);
        let probability = u32::from(state.probability);
        self.interval -= probability;
        let (decision, next) = if self.code >> 16 >= probability {
            self.code -= probability << 16;
            if self.interval & 0x8000 != 0 {
                return likely;
            }
            if self.interval >= probability {
                (likely, state.after_likely)
            } else {
                (1 - likely, state.after_unlikely)
            }
        } else {
            let is_likely = self.interval < probability;
            self.interval = probability;
            if is_likely {
                (likely, state.after_likely)
            } else {
                (1 - likely, state.after_unlikely)
            }
        };
        self.contexts.0[place] = next;
        self.renormalize();
        decision
    }

    #[inline]
    fn sign(&mut self, context: u8, flip: u32) -> u32 {
        self.decide(context) ^ flip
    }
}

/// Bits as they are; after a byte of FF comes one of seven bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a> {
    bytes: &'a [u8],
    position: usize,
    byte: u8,
    left: u8,
}

impl<'a> Raw<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, byte: 0, left: 0 }
    }
}

impl Source for Raw<'_> {
    fn decide(&mut self, _context: u8) -> u32 {
        if self.left == 0 {
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = self.bytes.get(self.position).copied().unwrap_or(0xFF);
            self.position += 1;
        }
        self.left -= 1;
        u32::from(self.byte >> self.left & 1)
    }

    fn sign(&mut self, context: u8, _flip: u32) -> u32 {
        self.decide(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test sequence of ITU-T T.88 H.2, which describes the same coder.
    #[test]
    fn the_test_sequence_of_the_standard() {
        const CODED: [u8; 30] = [
            0x84, 0xC7, 0x3B, 0xFC, 0xE1, 0xA1, 0x43, 0x04, 0x02, 0x20, 0x00, 0x00, 0x41, 0x0D,
            0xBB, 0x86, 0xF4, 0x31, 0x7F, 0xFF, 0x88, 0xFF, 0x37, 0x47, 0x1A, 0xDB, 0x6A, 0xDF,
            0xFF, 0xAC,
        ];
        const PLAIN: [u8; 32] = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87, 0x2A, 0xAA, 0xAA,
            0xAA, 0xAA, 0x82, 0xC0, 0x20, 0x00, 0xFC, 0xD7, 0x9E, 0xF6, 0xBF, 0x7F, 0xED, 0x90,
            0x4F, 0x46, 0xA3, 0xBF,
        ];
        let mut decoder = Arithmetic::new(&CODED, Contexts([0; 32]));
        for expected in PLAIN {
            let byte = (0..8).fold(0, |byte, _| byte << 1 | decoder.decide(1));
            assert_eq!(byte, u32::from(expected));
        }
    }
}
