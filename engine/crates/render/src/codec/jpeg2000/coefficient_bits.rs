//! Code-blocks of the block coder of JPEG 2000 Part 1: coefficients bit plane by bit plane.
//!
//! Standard: ITU-T T.800 Annex D.
//!
//! Four rows of a code-block make a stripe, and one word says all that contexts need of one column
//! of it: bits 0 to 17 which of its samples and their neighbours (six rows of three) are
//! significant, 18 to 23 which of its own column (six rows) are negative, 24 to 27 which have been
//! visited in this bit plane, 28 to 31 which have been refined before.

use model::PreviewFault;

use super::arithmetic::{Arithmetic, Contexts, MAGNITUDE, RUN, Raw, SIGN, Source, UNIFORM};
use super::parameters::style;
use super::tile::{Block, Kind};

/// Bit 0 of three rows: the samples around the first one of a column, and itself.
const NEIGHBOURHOOD: u32 = 0x1FF;
const ITSELF: u32 = 0x10;
const AROUND: u32 = NEIGHBOURHOOD & !ITSELF;
const ALL_AROUND: u32 = 0x3_FFFF;
const NEGATIVE: u32 = 18;
const VISITED: u32 = 24;
const REFINED: u32 = 28;
const ALL_VISITED: u32 = 0xF << VISITED;
/// Which samples of a column are significant themselves.
const THEMSELVES: u32 = ITSELF | ITSELF << 3 | ITSELF << 6 | ITSELF << 9;
/// The sign of a coefficient; below it magnitudes with one bit for halves.
pub(super) const SIGN_BIT: u32 = 1 << 31;

/// Contexts of significance (Table D.1) by neighbourhood.
static SIGNIFICANCE: [[u8; 512]; 3] =
    [significance(Kind::LowLow), significance(Kind::HighLow), significance(Kind::HighHigh)];
/// Context and flip of a sign (Tables D.2 and D.3): bits 0 to 3 which of left, right, above and
/// below are significant, 4 to 7 which are negative.
static SIGNS: [(u8, u8); 256] = signs();

#[expect(clippy::indexing_slicing, reason = "computed at compile time")]
const fn significance(kind: Kind) -> [u8; 512] {
    let mut table = [0; 512];
    let mut around: usize = 0;
    while around < 512 {
        let across = (around >> 3 & 1) + (around >> 5 & 1);
        let down = (around >> 1 & 1) + (around >> 7 & 1);
        let diagonal = (around & 1) + (around >> 2 & 1) + (around >> 6 & 1) + (around >> 8 & 1);
        let (across, down) =
            if matches!(kind, Kind::HighLow) { (down, across) } else { (across, down) };
        table[around] = if matches!(kind, Kind::HighHigh) {
            match (diagonal, across + down) {
                (3.., _) => 8,
                (2, 1..) => 7,
                (2, 0) => 6,
                (1, 2..) => 5,
                (1, 1) => 4,
                (1, 0) => 3,
                (_, 2..) => 2,
                (_, 1) => 1,
                _ => 0,
            }
        } else {
            match (across, down, diagonal) {
                (2, _, _) => 8,
                (1, 1.., _) => 7,
                (1, 0, 1..) => 6,
                (1, 0, 0) => 5,
                (_, 2, _) => 4,
                (_, 1, _) => 3,
                (_, _, 2..) => 2,
                (_, _, 1) => 1,
                _ => 0,
            }
        };
        around += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "computed at compile time")]
const fn signs() -> [(u8, u8); 256] {
    /// -1, 0 or 1 of two neighbours: `first` is the bit of the first of them.
    const fn contribution(index: usize, first: usize) -> i32 {
        let mut sum = 0;
        let mut neighbour = first;
        while neighbour < first + 2 {
            if index >> neighbour & 1 == 1 {
                sum += if index >> (neighbour + 4) & 1 == 1 { -1 } else { 1 };
            }
            neighbour += 1;
        }
        if sum > 1 {
            1
        } else if sum < -1 {
            -1
        } else {
            sum
        }
    }
    let mut table = [(SIGN, 0); 256];
    let mut index = 0;
    while index < 256 {
        table[index] = match (contribution(index, 0), contribution(index, 2)) {
            (1, 1) => (SIGN + 4, 0),
            (1, 0) => (SIGN + 3, 0),
            (1, _) => (SIGN + 2, 0),
            (0, 1) => (SIGN + 1, 0),
            (0, 0) => (SIGN, 0),
            (0, _) => (SIGN + 1, 1),
            (_, 1) => (SIGN + 2, 1),
            (_, 0) => (SIGN + 3, 1),
            _ => (SIGN + 4, 1),
        };
        index += 1;
    }
    table
}

/// Working memory for one code-block after the other.
#[derive(Debug, Default)]
pub(super) struct BlockDecoder {
    width: usize,
    height: usize,
    /// A word for each column of each stripe, one column and one stripe more on each side.
    flags: Vec<u32>,
    /// Sign and magnitude with halves, row by row.
    values: Vec<u32>,
}

impl BlockDecoder {
    /// Decodes a code-block of `planes` bit planes: signs in the highest bit, magnitudes with a bit
    /// for halves below them, row by row.
    ///
    /// # Errors
    /// [`PreviewFault::Damaged`] where the passes do not fit the bit planes.
    pub(super) fn decode(
        &mut self,
        block: &Block,
        bytes: &[u8],
        (kind, planes, style): (Kind, u8, u8),
    ) -> Result<&[u32], PreviewFault> {
        self.width = block.width;
        self.height = block.height;
        self.flags.clear();
        self.flags.resize((self.width + 2) * (self.height.div_ceil(4) + 2), 0);
        self.values.clear();
        self.values.resize(self.width * self.height, 0);
        let planes = planes.checked_sub(block.zero_planes).ok_or(PreviewFault::Damaged)?;
        let passes: u32 = block.segments.iter().map(|segment| u32::from(segment.passes)).sum();
        // The first bit plane has one pass, each other one three.
        if passes > (3 * u32::from(planes)).saturating_sub(2) {
            return Err(PreviewFault::Damaged);
        }
        let is_causal = style & style::CAUSAL != 0;
        let mut pass = 2;
        let mut contexts = Contexts::default();
        let mut rest = bytes;
        for segment in &block.segments {
            let (bytes, after) =
                rest.split_at_checked(segment.bytes).ok_or(PreviewFault::Damaged)?;
            rest = after;
            let mut arithmetic = Arithmetic::new(bytes, contexts);
            let mut raw = Raw::new(bytes);
            for _ in 0..segment.passes {
                let plane = u32::from(planes) - pass / 3;
                let is_raw = style & style::BYPASS != 0 && pass >= 12 && pass % 3 != 2;
                let layout = Layout { plane, is_causal };
                match (pass % 3, is_raw) {
                    (0, false) => self.significance_pass(&mut arithmetic, kind, layout),
                    (0, true) => self.significance_pass(&mut raw, kind, layout),
                    (1, false) => self.refinement_pass(&mut arithmetic, plane),
                    (1, true) => self.refinement_pass(&mut raw, plane),
                    _ => {
                        self.cleanup_pass(&mut arithmetic, kind, layout);
                        if style & style::SYMBOLS != 0 {
                            let symbol =
                                (0..4).fold(0, |bits, _| bits << 1 | arithmetic.decide(UNIFORM));
                            if symbol != 0b1010 {
                                return Err(PreviewFault::Damaged);
                            }
                        }
                    }
                }
                if style & style::RESET != 0 {
                    arithmetic.contexts = Contexts::default();
                }
                pass += 1;
            }
            contexts = arithmetic.contexts;
        }
        Ok(&self.values)
    }
}

/// What a pass is to know of its bit plane and its block.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Place of the bit in the values.
    plane: u32,
    /// Whether contexts do not look into the next stripe (D.7).
    is_causal: bool,
}

#[expect(
    clippy::indexing_slicing,
    reason = "the hot loops: flags have a border of one on each side of the columns and stripes"
)]
impl BlockDecoder {
    fn stripes(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let height = self.height;
        (0..height.div_ceil(4)).map(move |stripe| (stripe, (height - 4 * stripe).min(4)))
    }

    /// Samples that have significant neighbours (D.3.1).
    fn significance_pass<S: Source + Copy>(&mut self, source: &mut S, kind: Kind, layout: Layout) {
        let mut bits = *source;
        let table = significance_table(kind);
        for (stripe, rows) in self.stripes() {
            for column in 0..self.width {
                let index = self.index(stripe, column);
                let mut flags = self.flags[index];
                if flags & ALL_AROUND == 0 {
                    continue;
                }
                for row in 0..rows {
                    let around = flags >> (3 * row) & NEIGHBOURHOOD;
                    if around & ITSELF != 0 || around & AROUND == 0 {
                        continue;
                    }
                    if bits.decide(table[around as usize]) == 1 {
                        self.becomes_significant(
                            &mut bits,
                            &mut flags,
                            (stripe, column, row),
                            layout,
                        );
                    }
                    flags |= 1 << (VISITED as usize + row);
                }
                self.flags[index] = flags;
            }
        }
        *source = bits;
    }

    /// Samples that are significant since an earlier bit plane (D.3.3).
    fn refinement_pass<S: Source + Copy>(&mut self, source: &mut S, plane: u32) {
        let mut bits = *source;
        for (stripe, rows) in self.stripes() {
            for column in 0..self.width {
                let index = self.index(stripe, column);
                let mut flags = self.flags[index];
                if flags & THEMSELVES == 0 {
                    continue;
                }
                for row in 0..rows {
                    let around = flags >> (3 * row) & NEIGHBOURHOOD;
                    if around & ITSELF == 0 || flags >> (VISITED as usize + row) & 1 == 1 {
                        continue;
                    }
                    let refined = 1 << (REFINED as usize + row);
                    let context = if flags & refined != 0 {
                        MAGNITUDE + 2
                    } else {
                        MAGNITUDE + u8::from(around & AROUND != 0)
                    };
                    let bit = bits.decide(context);
                    let value = &mut self.values[(4 * stripe + row) * self.width + column];
                    *value = (*value ^ (bit ^ 1) << plane) | 1 << (plane - 1);
                    flags |= refined;
                }
                self.flags[index] = flags;
            }
        }
        *source = bits;
    }

    /// All samples that neither of the other passes looked at (D.3.4).
    fn cleanup_pass(&mut self, source: &mut Arithmetic<'_>, kind: Kind, layout: Layout) {
        let mut bits = *source;
        let table = significance_table(kind);
        for (stripe, rows) in self.stripes() {
            for column in 0..self.width {
                let index = self.index(stripe, column);
                let mut flags = self.flags[index];
                let mut first = 0;
                if rows == 4 && flags & ALL_AROUND == 0 {
                    if bits.decide(RUN) == 0 {
                        continue;
                    }
                    first = (bits.decide(UNIFORM) << 1 | bits.decide(UNIFORM)) as usize;
                    self.becomes_significant(
                        &mut bits,
                        &mut flags,
                        (stripe, column, first),
                        layout,
                    );
                    first += 1;
                }
                for row in first..rows {
                    let around = flags >> (3 * row) & NEIGHBOURHOOD;
                    if around & ITSELF != 0 || flags >> (VISITED as usize + row) & 1 == 1 {
                        continue;
                    }
                    if bits.decide(table[around as usize]) == 1 {
                        self.becomes_significant(
                            &mut bits,
                            &mut flags,
                            (stripe, column, row),
                            layout,
                        );
                    }
                }
                self.flags[index] = flags & !ALL_VISITED;
            }
        }
        *source = bits;
    }

    #[inline]
    fn index(&self, stripe: usize, column: usize) -> usize {
        (stripe + 1) * (self.width + 2) + column + 1
    }

    /// Reads the sign of a sample and tells its neighbours (D.3.2). `flags` are those of its column.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the source must stay in registers")]
    fn becomes_significant<S: Source>(
        &mut self,
        bits: &mut S,
        flags: &mut u32,
        (stripe, column, row): (usize, usize, usize),
        layout: Layout,
    ) {
        let index = self.index(stripe, column);
        let around = *flags >> (3 * row);
        let own = NEGATIVE as usize + row + 1;
        let (left, right) = (self.flags[index - 1] >> own & 1, self.flags[index + 1] >> own & 1);
        let neighbours = (around >> 3 & 1)
            | (around >> 5 & 1) << 1
            | (around >> 1 & 1) << 2
            | (around >> 7 & 1) << 3
            | left << 4
            | right << 5
            | (*flags >> (own - 1) & 1) << 6
            | (*flags >> (own + 1) & 1) << 7;
        let (context, flip) = SIGNS[(neighbours & 255) as usize];
        let negative = bits.sign(context, flip.into());
        let value = negative << 31 | 1 << layout.plane | 1 << (layout.plane - 1);
        self.values[(4 * stripe + row) * self.width + column] = value;
        *flags |= ITSELF << (3 * row) | negative << own;
        self.flags[index - 1] |= ITSELF << 1 << (3 * row);
        self.flags[index + 1] |= ITSELF >> 1 << (3 * row);
        let stride = self.width + 2;
        if row == 0 && !layout.is_causal {
            // The sixth row of the stripe above.
            self.flags[index - stride - 1] |= 1 << 17;
            self.flags[index - stride] |= 1 << 16 | negative << (NEGATIVE + 5);
            self.flags[index - stride + 1] |= 1 << 15;
        }
        if row == 3 {
            // The first row of the stripe below.
            self.flags[index + stride - 1] |= 1 << 2;
            self.flags[index + stride] |= 1 << 1 | negative << NEGATIVE;
            self.flags[index + stride + 1] |= 1;
        }
    }
}

fn significance_table(kind: Kind) -> &'static [u8; 512] {
    let [others, high_low, high_high] = &SIGNIFICANCE;
    match kind {
        Kind::LowLow | Kind::LowHigh => others,
        Kind::HighLow => high_low,
        Kind::HighHigh => high_high,
    }
}
