//! The forward DCT and quantisation.
//!
//! Standard: ITU-T T.81 A.3.3, A.3.4. The DCT is the scaled one of Arai, Agui and Nakajima (1988):
//! five multiplications for eight samples; what it leaves to be scaled goes into the quantisation.

/// Samples and coefficients of a block are 8 × 8.
pub(super) const SIDE: usize = 8;
pub(super) const BLOCK_PIXELS: usize = SIDE * SIDE;

/// Added to a small number, it leaves the number, rounded, in the low bits of the sum.
pub(super) const ROUNDER: f32 = 12_582_912.0;

/// Rows of samples, or of coefficients.
pub(super) type Block = [[f32; SIDE]; SIDE];

/// What the coefficients of a component are multiplied by.
#[derive(Debug)]
pub(super) struct Quantiser {
    /// By horizontal, then vertical frequency.
    factors: Block,
}

impl Quantiser {
    /// `steps` are row-major: by vertical, then horizontal frequency.
    pub(super) fn new(steps: &[u8; BLOCK_PIXELS]) -> Self {
        let mut factors = [[0.0; SIDE]; SIDE];
        for (horizontal, (scale, column)) in scales().iter().zip(&mut factors).enumerate() {
            let steps = steps.iter().skip(horizontal).step_by(SIDE);
            for ((factor, other_scale), step) in column.iter_mut().zip(scales()).zip(steps) {
                let exact = 1.0 / (scale * other_scale * f64::from(*step) * 8.0);
                #[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest f32")]
                let rounded = exact as f32;
                *factor = rounded;
            }
        }
        Self { factors }
    }

    /// The quantised coefficients of a block, by horizontal, then vertical frequency.
    #[inline]
    pub(super) fn coefficients(&self, mut block: Block, out: &mut [i16; BLOCK_PIXELS]) {
        let mut turned = [[0.0; SIDE]; SIDE];
        columns(&mut block);
        transpose(&block, &mut turned);
        columns(&mut turned);
        quantise(&turned, &self.factors, out);
    }
}

/// By frequency: how many times too large the scaled DCT is.
fn scales() -> [f64; SIDE] {
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0].map(|frequency: f64| {
        let angle = frequency * std::f64::consts::PI / 16.0;
        if frequency == 0.0 { 1.0 } else { angle.cos() * std::f64::consts::SQRT_2 }
    })
}

/// The scaled DCT of each column.
// Apart from its caller, or the compiler mixes it with the transposition and vectorises neither.
#[inline(never)]
#[expect(
    clippy::indexing_slicing,
    reason = "eight arrays of eight in step: a form that the compiler vectorises"
)]
fn columns(block: &mut Block) {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = block;
    for i in 0..SIDE {
        let (sum0, difference0) = (r0[i] + r7[i], r0[i] - r7[i]);
        let (sum1, difference1) = (r1[i] + r6[i], r1[i] - r6[i]);
        let (sum2, difference2) = (r2[i] + r5[i], r2[i] - r5[i]);
        let (sum3, difference3) = (r3[i] + r4[i], r3[i] - r4[i]);
        // Even frequencies: a DCT of four.
        let (outer, outer_difference) = (sum0 + sum3, sum0 - sum3);
        let (inner, inner_difference) = (sum1 + sum2, sum1 - sum2);
        let turned = (inner_difference + outer_difference) * COS_4;
        r0[i] = outer + inner;
        r4[i] = outer - inner;
        r2[i] = outer_difference + turned;
        r6[i] = outer_difference - turned;
        // Odd frequencies.
        let (low, middle, high) =
            (difference3 + difference2, difference2 + difference1, difference1 + difference0);
        let shared = (low - high) * COS_6;
        let low = low * COS_2_LESS_COS_6 + shared;
        let high = high * COS_2_AND_COS_6 + shared;
        let middle = middle * COS_4;
        let (above, below) = (difference0 + middle, difference0 - middle);
        r5[i] = below + low;
        r3[i] = below - low;
        r1[i] = above + high;
        r7[i] = above - high;
    }
}

/// cos(4π/16).
const COS_4: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// cos(6π/16).
const COS_6: f32 = 0.382_683_43;
/// cos(2π/16) − cos(6π/16).
const COS_2_LESS_COS_6: f32 = 0.541_196_1;
/// cos(2π/16) + cos(6π/16).
const COS_2_AND_COS_6: f32 = 1.306_563;

#[inline(never)]
fn transpose(block: &Block, turned: &mut Block) {
    for (place, out) in turned.iter_mut().enumerate() {
        for (value, row) in out.iter_mut().zip(block) {
            *value = row.get(place).copied().unwrap_or(0.0);
        }
    }
}

/// Multiplies and rounds to the nearest whole number.
#[inline(never)]
fn quantise(block: &Block, factors: &Block, out: &mut [i16; BLOCK_PIXELS]) {
    let rows = out.as_chunks_mut::<SIDE>().0.iter_mut().zip(block).zip(factors);
    for ((out, values), factors) in rows {
        for ((coefficient, value), factor) in out.iter_mut().zip(values).zip(factors) {
            let bits = (value * factor + ROUNDER).to_bits().cast_signed();
            let rounded = bits - ROUNDER.to_bits().cast_signed();
            #[expect(clippy::cast_possible_truncation, reason = "limited to what fits")]
            let narrow = rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            *coefficient = narrow;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A.3.3, written out.
    #[test]
    fn the_coefficients_are_those_of_the_standard() {
        let mut samples = [[0.0_f32; SIDE]; SIDE];
        for (at, sample) in (0_u16..).zip(samples.iter_mut().flatten()) {
            *sample = f32::from(at * 89 % 256) - 128.0;
        }
        let mut found = [0; BLOCK_PIXELS];
        Quantiser::new(&[1; BLOCK_PIXELS]).coefficients(samples, &mut found);
        let scale = |frequency: u8| if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |place: u8, frequency: u8| {
            (f64::from(2 * place + 1) * f64::from(frequency) * std::f64::consts::PI / 16.0).cos()
        };
        for (at, coefficient) in (0_u8..).zip(found) {
            let (horizontal, vertical) = (at / 8, at % 8);
            let term = |(place, sample): (u8, f32)| {
                f64::from(sample) * wave(place % 8, horizontal) * wave(place / 8, vertical)
            };
            let sum: f64 = (0_u8..).zip(samples.into_iter().flatten()).map(term).sum();
            let exact = sum * scale(horizontal) * scale(vertical) / 4.0;
            assert!((f64::from(coefficient) - exact).abs() <= 0.501, "{at}: {coefficient} {exact}");
        }
    }

    #[test]
    fn steps_divide_by_vertical_and_horizontal_frequency() {
        let mut steps = [1; BLOCK_PIXELS];
        steps[1] = 50;
        // A ramp to the right has horizontal frequencies only.
        let ramp = [[-70.0, -50.0, -30.0, -10.0, 10.0, 30.0, 50.0, 70.0]; SIDE];
        let mut fine = [0; BLOCK_PIXELS];
        Quantiser::new(&[1; BLOCK_PIXELS]).coefficients(ramp, &mut fine);
        let mut coarse = [0; BLOCK_PIXELS];
        Quantiser::new(&steps).coefficients(ramp, &mut coarse);
        assert_eq!(coarse[8], (fine[8] - 25) / 50);
        assert_eq!((coarse[24], coarse[1]), (fine[24], 0));
    }
}
