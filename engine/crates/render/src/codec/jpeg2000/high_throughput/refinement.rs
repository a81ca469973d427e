//! The passes that refine a code-block by one bit plane (ITU-T T.814 clauses 7.4 and 7.5).
//!
//! Significance propagation reads its bits from the start of their segment, magnitude refinement from
//! its end.

use super::bits::{MagnitudeBits, WordBits};
use crate::codec::jpeg2000::coefficient_bits::SIGN_BIT;

/// Rows of a stripe, and columns whose signs follow their significances.
const STRIPE: usize = 4;

/// What is coded below the bit plane of a cleanup pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refinement<'a> {
    pub(super) bytes: &'a [u8],
    /// One: significance propagation; two: magnitude refinement, too.
    pub(super) passes: u16,
    /// The bit plane, 0 the lowest: that below the cleanup pass.
    pub(super) plane: u32,
    /// Whether a stripe does not look at the one below it.
    pub(super) is_causal: bool,
}

impl Refinement<'_> {
    /// Refines values of a cleanup pass: signs in the highest bit, magnitudes with a bit for halves below
    /// them, row by row.
    pub(super) fn apply(self, values: &mut [u32], size: [usize; 2]) {
        self.propagate(values, size);
        if self.passes > 1 {
            self.refine(values, size);
        }
    }

    /// Samples beside significant ones become significant, or do not.
    fn propagate(self, values: &mut [u32], [width, height]: [usize; 2]) {
        let mut bits = MagnitudeBits::new(self.bytes, 0);
        let mut found = Vec::with_capacity(STRIPE * STRIPE);
        for top in (0..height).step_by(STRIPE) {
            let rows = top..height.min(top + STRIPE);
            let seen = if self.is_causal { rows.end } else { height };
            for left in (0..width).step_by(STRIPE) {
                for column in left..width.min(left + STRIPE) {
                    for row in rows.clone() {
                        let place = row * width + column;
                        let is_open = values.get(place) == Some(&0)
                            && has_significant_neighbour(values, [width, seen], [column, row]);
                        if is_open && bits.take(1) == 1 {
                            found.push(place);
                            if let Some(value) = values.get_mut(place) {
                                *value = 3 << self.plane;
                            }
                        }
                    }
                }
                for place in found.drain(..) {
                    let sign = bits.take(1) * SIGN_BIT;
                    if let Some(value) = values.get_mut(place) {
                        *value |= sign;
                    }
                }
            }
        }
    }

    /// Samples of the cleanup pass get one more bit.
    fn refine(self, values: &mut [u32], [width, height]: [usize; 2]) {
        let mut bits = WordBits::of_refinement(self.bytes);
        let half = 1 << self.plane;
        for top in (0..height).step_by(STRIPE) {
            for column in 0..width {
                for row in top..height.min(top + STRIPE) {
                    let value = values.get_mut(row * width + column);
                    // Those that have just become significant have their half here already.
                    if let Some(value) = value.filter(|value| **value != 0 && **value & half == 0) {
                        *value = (*value ^ (bits.take(1) ^ 1) << (self.plane + 1)) | half;
                    }
                }
            }
        }
    }
}

/// Whether one of the eight samples around a place is significant, of the rows that are seen.
fn has_significant_neighbour(
    values: &[u32],
    [width, seen]: [usize; 2],
    [column, row]: [usize; 2],
) -> bool {
    let columns = column.saturating_sub(1)..width.min(column + 2);
    let mut rows = row.saturating_sub(1)..seen.min(row + 2);
    rows.any(|row| {
        let line = values.get(row * width + columns.start..row * width + columns.end);
        line.unwrap_or_default().iter().any(|value| *value != 0)
    })
}
