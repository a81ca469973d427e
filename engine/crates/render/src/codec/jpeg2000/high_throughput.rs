//! Code-blocks of the high-throughput block coder (ITU-T T.814): the cleanup pass, and [`refinement`].
//!
//! Coefficients come in quads of two columns by two rows, quads in pairs. A code word says which
//! samples of a quad are significant, a length how many bits they have at most, and the bits
//! themselves stand in a stream of their own.
//!
//! A code-block has one cleanup pass, and at most two passes that refine it by one bit plane.

mod bits;
mod code_words;
mod refinement;

use model::PreviewFault;

use super::parameters::style;
use super::tile::Block;
use bits::{CleanupBits, WordBits};
use code_words::{FIRST, OTHERS, Quad};
use refinement::Refinement;

/// Working memory for one code-block after the other.
#[derive(Debug, Default)]
pub(super) struct QuadDecoder {
    /// Sign and magnitude with a bit for halves, row by row.
    values: Vec<u32>,
    /// 2μ - 1 of the bottom samples of the quads above and at hand, with one more on the left and two
    /// on the right.
    above: Vec<u32>,
    current: Vec<u32>,
    /// Which samples of the quads above and at hand are significant, one more on each side.
    significant_above: Vec<u8>,
    significant: Vec<u8>,
}

/// Two neighbouring quads and the bounds of their exponents.
type Pair = [(Quad, u32); 2];

impl QuadDecoder {
    /// Decodes a code-block of `planes` bit planes: signs in the highest bit, magnitudes with a bit
    /// for halves below them, row by row.
    ///
    /// # Errors
    /// [`PreviewFault::Damaged`]; [`PreviewFault::Unsupported`] for more than one cleanup pass.
    pub(super) fn decode(
        &mut self,
        block: &Block,
        bytes: &[u8],
        (planes, style): (u8, u8),
    ) -> Result<&[u32], PreviewFault> {
        let (width, height) = (block.width, block.height);
        let quads = width.div_ceil(2);
        self.values.clear();
        self.values.resize(width * height, 0);
        self.above.clear();
        self.above.resize(2 * quads + 4, 0);
        self.current.clone_from(&self.above);
        self.significant_above.clear();
        self.significant_above.resize(quads + 3, 0);
        self.significant.clone_from(&self.significant_above);
        let [cleanup, refinement @ ..] = block.segments.as_slice() else {
            return Ok(&self.values);
        };
        if refinement.len() > 1 || style & (style::TERMINATE | style::BYPASS | style::RESET) != 0 {
            let what = "HTJ2K with several cleanup passes a code-block";
            return Err(PreviewFault::Unsupported(what.into()));
        }
        if cleanup.bytes == 0 {
            return Ok(&self.values);
        }
        // The plane of the cleanup pass, 0 the lowest.
        let plane = planes.checked_sub(block.zero_planes).and_then(|coded| coded.checked_sub(1));
        let plane = u32::from(plane.ok_or(PreviewFault::Damaged)?);
        let longest = (u32::from(block.zero_planes) + 2).min(30_u32.saturating_sub(plane));
        let segment = bytes.get(..cleanup.bytes).ok_or(PreviewFault::Damaged)?;
        let mut bits = CleanupBits::new(segment)?;
        for top in (0..height).step_by(2) {
            self.current.fill(0);
            self.significant.fill(0);
            for quad in (0..quads).step_by(2) {
                let pair = self.pair(&mut bits, quad, top == 0, quad + 1 < quads);
                for (index, (content, bound)) in (quad..).zip(pair) {
                    if content.significant == 0 {
                        continue;
                    }
                    if bound > longest {
                        return Err(PreviewFault::Damaged);
                    }
                    self.samples(
                        &mut bits,
                        (content, bound),
                        [2 * index, top],
                        [width, height],
                        plane,
                    );
                }
            }
            std::mem::swap(&mut self.above, &mut self.current);
            std::mem::swap(&mut self.significant_above, &mut self.significant);
        }
        if let Some(segment) = refinement.first()
            && segment.bytes > 0
        {
            let start = cleanup.bytes;
            let end = start.checked_add(segment.bytes).ok_or(PreviewFault::Damaged)?;
            let bytes = bytes.get(start..end).ok_or(PreviewFault::Damaged)?;
            let plane = plane.checked_sub(1).ok_or(PreviewFault::Damaged)?;
            let is_causal = style & style::CAUSAL != 0;
            let passes = segment.passes;
            Refinement { bytes, passes, plane, is_causal }.apply(&mut self.values, [width, height]);
        }
        Ok(&self.values)
    }

    /// Code words and exponent bounds of two quads (7.3.5 and 7.3.6).
    fn pair(
        &mut self,
        bits: &mut CleanupBits<'_>,
        first: usize,
        is_first_row: bool,
        has_second: bool,
    ) -> Pair {
        let one = self.quad(bits, first, is_first_row);
        let other = if has_second { self.quad(bits, first + 1, is_first_row) } else { Quad::NONE };
        let both = one.offset & other.offset == 1;
        let is_long = is_first_row && both && bits.events.next();
        let bounds = match (one.offset, other.offset) {
            (0, 0) => [0, 0],
            (1, 1) if is_first_row && !is_long => lengths_of_first_row(&mut bits.words),
            offsets => lengths(&mut bits.words, [offsets.0 == 1, offsets.1 == 1]),
        };
        let more = if is_long { 2 } else { 0 };
        let bound = |index: usize, quad: Quad, length: u32| {
            let predicted = if is_first_row { 1 } else { self.predicted(index, quad) };
            predicted + length + more
        };
        [(one, bound(first, one, bounds[0])), (other, bound(first + 1, other, bounds[1]))]
    }

    /// The code word of one quad: in a context without significance, only after an event.
    #[inline]
    fn quad(&mut self, bits: &mut CleanupBits<'_>, index: usize, is_first_row: bool) -> Quad {
        let at = |row: &[u8], index: usize| row.get(index).copied().unwrap_or(0);
        // Both rows have one quad more on the left.
        let left = at(&self.significant, index);
        let (context, table) = if is_first_row {
            ((left | left >> 1) & 1 | left >> 1 & 6, &FIRST)
        } else {
            let above_left = at(&self.significant_above, index);
            let above = at(&self.significant_above, index + 1);
            let above_right = at(&self.significant_above, index + 2);
            let context = (above_left >> 3 | above >> 1) & 1
                | ((left >> 2 | left >> 3) & 1) << 1
                | ((above >> 3 | above_right >> 1) & 1) << 2;
            (context, &OTHERS)
        };
        if context == 0 && !bits.events.next() {
            return Quad::NONE;
        }
        let word = bits.words.peek() & 0x7F;
        let place = usize::from(context) << 7 | usize::try_from(word).unwrap_or(0);
        let quad = table.get(place).copied().unwrap_or(Quad::NONE);
        bits.words.skip(quad.length.into());
        if let Some(place) = self.significant.get_mut(index + 1) {
            *place = quad.significant;
        }
        quad
    }

    /// The exponent predicted from the samples above (7.3.7).
    #[inline]
    fn predicted(&self, index: usize, quad: Quad) -> u32 {
        if quad.significant.count_ones() < 2 {
            return 1;
        }
        let above = self.above.get(2 * index..2 * index + 4).unwrap_or_default();
        let largest = above.iter().fold(2, |all, value| all | value);
        largest.ilog2()
    }

    /// Signs and magnitudes of the samples of a quad (7.3.8).
    #[inline]
    fn samples(
        &mut self,
        bits: &mut CleanupBits<'_>,
        (quad, bound): (Quad, u32),
        [left, top]: [usize; 2],
        [width, height]: [usize; 2],
        plane: u32,
    ) {
        for sample in 0..4_usize {
            if quad.significant >> sample & 1 == 0 {
                continue;
            }
            let count = bound - u32::from(quad.known >> sample & 1);
            let read = bits.magnitudes.take(count) | u32::from(quad.leading >> sample & 1) << count;
            // The lowest bit is the sign; the others are the magnitude less one.
            let doubled = read | 1;
            let value = read << 31 | (doubled + 2) << plane;
            let (column, row) = (left + sample / 2, top + sample % 2);
            let is_inside = column < width && row < height;
            if is_inside && let Some(place) = self.values.get_mut(row * width + column) {
                *place = value;
            }
            let is_bottom = sample % 2 == 1;
            if is_bottom && let Some(place) = self.current.get_mut(column + 1) {
                *place = doubled;
            }
        }
    }
}

/// Prefix of a length (T.814 Table 3): bits, value, and bits of its suffix.
#[inline]
fn prefix(words: &mut WordBits<'_>) -> (u32, u32) {
    let (bits, value, suffix) = match words.peek() & 7 {
        0 => (3, 5, 5),
        4 => (3, 3, 1),
        2 | 6 => (2, 2, 0),
        _ => (1, 1, 0),
    };
    words.skip(bits);
    (value, suffix)
}

#[inline]
fn suffix(words: &mut WordBits<'_>, (value, bits): (u32, u32)) -> (u32, bool) {
    let suffix = words.take(bits);
    (value + suffix, bits == 5 && suffix >= 28)
}

/// The longest suffixes go on.
#[inline]
fn extension(words: &mut WordBits<'_>, (value, goes_on): (u32, bool)) -> u32 {
    if goes_on { value + 4 * words.take(4) } else { value }
}

/// Lengths of two quads, those that have one: prefixes, then suffixes, then extensions.
#[inline]
fn lengths(words: &mut WordBits<'_>, present: [bool; 2]) -> [u32; 2] {
    let prefixes = present.map(|present| if present { prefix(words) } else { (0, 0) });
    let suffixes = prefixes.map(|prefix| suffix(words, prefix));
    suffixes.map(|suffix| extension(words, suffix))
}

/// In the first row, where not both are longer than 2: after a long one, a bit tells 1 from 2.
fn lengths_of_first_row(words: &mut WordBits<'_>) -> [u32; 2] {
    let first = prefix(words);
    if first.0 <= 2 {
        let second = prefix(words);
        let suffixes = [first, second].map(|prefix| suffix(words, prefix));
        return suffixes.map(|suffix| extension(words, suffix));
    }
    let second = words.take(1) + 1;
    let first = suffix(words, first);
    [extension(words, first), second]
}
