//! What the decoder has learnt about errors in similar surroundings.
//!
//! Standard: ITU-T T.87 A.6, A.7.2.

use super::parameters::Parameters;

/// The statistics of regular samples [A, B, C, N of the standard].
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// Sum of the magnitudes of errors [A].
    magnitudes: i32,
    /// Sum of errors [B].
    bias: i32,
    /// What is added to predictions [C].
    pub(super) correction: i32,
    /// How many errors were counted [N].
    count: i32,
}

impl Context {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let magnitudes = ((parameters.range + 32) / 64).max(2);
        Self { magnitudes, bias: 0, correction: 0, count: 1 }
    }

    /// The Golomb parameter (A.5.1).
    #[inline]
    pub(super) fn golomb_parameter(&self) -> u32 {
        golomb_parameter(self.count, self.magnitudes)
    }

    /// The error that a code stands for (A.5.2, reversed).
    #[inline]
    pub(super) fn error(&self, code: i32, k: u32, near: i32) -> i32 {
        let error = if code & 1 == 0 { code >> 1 } else { -((code + 1) >> 1) };
        if k == 0 && near == 0 && 2 * self.bias <= -self.count { -error - 1 } else { error }
    }

    /// Counts an error (A.6.1, A.6.2).
    #[inline]
    pub(super) fn update(&mut self, error: i32, parameters: &Parameters) {
        self.bias += error * (2 * parameters.near + 1);
        self.magnitudes += error.abs();
        if self.count == parameters.reset {
            self.magnitudes >>= 1;
            self.bias = if self.bias >= 0 { self.bias >> 1 } else { -((1 - self.bias) >> 1) };
            self.count >>= 1;
        }
        self.count += 1;
        if self.bias <= -self.count {
            self.bias = (self.bias + self.count).max(1 - self.count);
            self.correction = (self.correction - 1).max(-128);
        } else if self.bias > 0 {
            self.bias = (self.bias - self.count).min(0);
            self.correction = (self.correction + 1).min(127);
        }
    }
}

/// The statistics of samples that end a run [A, N, `Nn` of the standard].
#[derive(Debug, Clone, Copy)]
pub(super) struct RunContext {
    /// 1 when the neighbours are alike, 0 otherwise [`RItype`].
    kind: i32,
    magnitudes: i32,
    count: i32,
    /// How many of the errors were below zero [Nn].
    negative: i32,
}

impl RunContext {
    pub(super) fn new(parameters: &Parameters, alike: bool) -> Self {
        let magnitudes = ((parameters.range + 32) / 64).max(2);
        Self { kind: i32::from(alike), magnitudes, count: 1, negative: 0 }
    }

    #[inline]
    pub(super) fn golomb_parameter(&self) -> u32 {
        golomb_parameter(self.count, self.magnitudes + self.kind * (self.count >> 1))
    }

    /// The error that a code stands for, counted (A.7.2.1 reversed, A.7.2.2).
    #[inline]
    pub(super) fn error(&mut self, code: i32, k: u32, parameters: &Parameters) -> i32 {
        let doubled = code + self.kind;
        let odd = doubled & 1 == 1;
        let magnitude = (doubled + 1) >> 1;
        let odd_is_negative = k != 0 || 2 * self.negative >= self.count;
        let is_negative = odd == odd_is_negative;
        if is_negative && magnitude != 0 {
            self.negative += 1;
        }
        self.magnitudes += (code + 1 - self.kind) >> 1;
        if self.count == parameters.reset {
            self.magnitudes >>= 1;
            self.count >>= 1;
            self.negative >>= 1;
        }
        self.count += 1;
        if is_negative { -magnitude } else { magnitude }
    }
}

/// The least k with count × 2^k ≥ magnitudes; the count is 1 to 255, the magnitudes are below 2²⁵.
#[inline]
fn golomb_parameter(count: i32, magnitudes: i32) -> u32 {
    // With as many digits as the magnitudes, the count is below them or it is not.
    let k = count.leading_zeros().saturating_sub(magnitudes.leading_zeros());
    k + u32::from(count << k < magnitudes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_golomb_parameter_is_the_least(count in 1..256, magnitudes in 0..1 << 25) {
            let least = (0..32).find(|k| i64::from(count) << k >= i64::from(magnitudes));
            prop_assert_eq!(Some(golomb_parameter(count, magnitudes)), least);
        }
    }
}
