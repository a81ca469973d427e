//! The extended sequential process with 12 bits per sample, one component.
//!
//! Standard: ITU-T T.81 Annex F, A.3.3 (inverse DCT), A.3.6 (zigzag).

use model::PreviewFault;

use super::entropy::{Bits, HuffmanTable};
use super::header::Header;
use super::scan::{Definitions, Scan};
use crate::codec::marker_segments::Segments;

/// Samples and coefficients of a block are 8 × 8.
const SIDE: usize = 8;
const BLOCK: usize = SIDE * SIDE;

/// Row-major place of each coefficient in zigzag order.
const ZIGZAG: [u8; BLOCK] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Decodes to samples, row-major.
///
/// # Errors
/// [`PreviewFault::Damaged`]; [`PreviewFault::Unsupported`] for colour.
pub(super) fn decode(header: &Header, stream: &[u8]) -> Result<Vec<u16>, PreviewFault> {
    let [component] = header.components.as_slice() else {
        return Err(PreviewFault::Unsupported("JPEG of 12 bits in colour".into()));
    };
    let mut definitions = Definitions::default();
    let mut segments = Segments::of(stream)?;
    let scan = definitions.next_scan(header, &mut segments)?.ok_or(PreviewFault::Damaged)?;
    let steps = definitions.quantisation.get(usize::from(component.quantisation));
    let steps = steps.and_then(Option::as_ref).ok_or(PreviewFault::Damaged)?;
    let mut blocks = Blocks::new(&definitions, &scan, steps)?;
    let (columns, rows) = (usize::from(header.columns), usize::from(header.rows));
    let mut samples = vec![0; columns * rows];
    let bases = cosine_bases();
    let middle = f32::from(1_u16 << (header.precision - 1));
    let highest = f32::from(u16::MAX >> (16 - header.precision));
    for band in samples.chunks_mut(columns * SIDE) {
        for left in (0..columns).step_by(SIDE) {
            let block = inverse_dct(&blocks.next()?, &bases);
            for (line, values) in band.chunks_mut(columns).zip(block.as_chunks::<SIDE>().0) {
                for (sample, value) in line.iter_mut().skip(left).zip(values) {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "clamped to the range of the precision"
                    )]
                    let level = (value + middle + 0.5).clamp(0.0, highest) as u16;
                    *sample = level;
                }
            }
        }
    }
    Ok(samples)
}

/// The blocks of a scan, dequantised.
struct Blocks<'a, 't> {
    bits: Bits<'a>,
    dc: &'t HuffmanTable,
    ac: &'t HuffmanTable,
    /// In zigzag order.
    steps: &'t [u16; BLOCK],
    last_dc: i32,
    restart_interval: usize,
    until_restart: usize,
}

impl<'a, 't> Blocks<'a, 't> {
    fn new(
        definitions: &'t Definitions,
        scan: &Scan<'a>,
        steps: &'t [u16; BLOCK],
    ) -> Result<Self, PreviewFault> {
        let [component] = scan.components.as_slice() else { return Err(PreviewFault::Damaged) };
        let table = |class: &'t [Option<HuffmanTable>; 4], place: usize| {
            class.get(place).and_then(Option::as_ref).ok_or(PreviewFault::Damaged)
        };
        Ok(Self {
            bits: Bits::new(scan.data),
            dc: table(&definitions.huffman.dc, component.dc)?,
            ac: table(&definitions.huffman.ac, component.ac)?,
            steps,
            last_dc: 0,
            restart_interval: definitions.restart_interval,
            until_restart: definitions.restart_interval,
        })
    }

    /// The next block, row-major.
    fn next(&mut self) -> Result<[f32; BLOCK], PreviewFault> {
        if self.restart_interval > 0 {
            if self.until_restart == 0 {
                self.bits.restart()?;
                self.last_dc = 0;
                self.until_restart = self.restart_interval;
            }
            self.until_restart -= 1;
        }
        if self.bits.has_ended() {
            return Err(PreviewFault::Damaged);
        }
        let mut block = [0.0; BLOCK];
        let mut set = |zigzag: usize, coefficient: i32| {
            let place = ZIGZAG.get(zigzag).map(|place| usize::from(*place));
            let slot = place.and_then(|place| block.get_mut(place));
            let step = self.steps.get(zigzag).copied().unwrap_or(0);
            if let Some(slot) = slot {
                #[expect(clippy::cast_precision_loss, reason = "real coefficients have 16 bits")]
                let value = coefficient as f32 * f32::from(step);
                *slot = value;
            }
        };
        let size = self.bits.value(self.dc)?;
        if size > 15 {
            return Err(PreviewFault::Damaged);
        }
        self.last_dc = self.last_dc.wrapping_add(self.bits.extended(size.into()));
        set(0, self.last_dc);
        let mut place = 1;
        while place < BLOCK {
            let code = self.bits.value(self.ac)?;
            let (zeros, size) = (usize::from(code >> 4), code & 15);
            match (zeros, size) {
                (15, 0) => place += 16,
                (_, 0) => break,
                _ => {
                    place += zeros;
                    if place >= BLOCK {
                        return Err(PreviewFault::Damaged);
                    }
                    set(place, self.bits.extended(size.into()));
                    place += 1;
                }
            }
        }
        Ok(block)
    }
}

/// By frequency: the cosine at each place, scaled by C(u) / 2 of A.3.3.
fn cosine_bases() -> [[f32; SIDE]; SIDE] {
    let mut bases = [[0.0; SIDE]; SIDE];
    for (frequency, basis) in (0_u8..).zip(&mut bases) {
        let scale = if frequency == 0 { std::f64::consts::FRAC_1_SQRT_2 / 2.0 } else { 0.5 };
        for (place, value) in (0_u8..).zip(basis) {
            let angle =
                f64::from(2 * place + 1) * f64::from(frequency) * std::f64::consts::PI / 16.0;
            #[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest f32")]
            let cosine = (scale * angle.cos()) as f32;
            *value = cosine;
        }
    }
    bases
}

/// The inverse DCT of a block, by rows and then by columns.
fn inverse_dct(block: &[f32; BLOCK], bases: &[[f32; SIDE]; SIDE]) -> [f32; BLOCK] {
    let mut halfway = [[0.0; SIDE]; SIDE];
    for (row, out) in block.as_chunks::<SIDE>().0.iter().zip(&mut halfway) {
        add_weighted(row, bases, out);
    }
    // Columns: each row of the half-way result is spread over all rows by its vertical frequency.
    let mut samples = [0.0; BLOCK];
    for (place, out) in samples.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
        for (row, basis) in halfway.iter().zip(bases) {
            let weight = basis.get(place).copied().unwrap_or(0.0);
            for (sum, value) in out.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    samples
}

/// Adds up the bases, each times its coefficient.
fn add_weighted(coefficients: &[f32; SIDE], bases: &[[f32; SIDE]; SIDE], out: &mut [f32; SIDE]) {
    for (coefficient, basis) in coefficients.iter().zip(bases) {
        for (sum, value) in out.iter_mut().zip(basis) {
            *sum += coefficient * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_holds_each_place_once() {
        let mut places = ZIGZAG;
        places.sort_unstable();
        assert!(places.iter().enumerate().all(|(index, place)| usize::from(*place) == index));
    }

    #[test]
    fn a_dc_coefficient_is_eight_times_the_mean() {
        let mut block = [0.0; BLOCK];
        block[0] = 800.0;
        let samples = inverse_dct(&block, &cosine_bases());
        assert!(samples.iter().all(|sample| (sample - 100.0).abs() < 1e-3));
    }

    // The inverse of A.3.3, written out.
    #[test]
    fn the_inverse_dct_is_that_of_the_standard() {
        let coefficient = |place: u8| f32::from((u16::from(place) * 37) % 101) - 50.0;
        let mut block = [0.0; BLOCK];
        for (place, value) in (0_u8..).zip(&mut block) {
            *value = coefficient(place);
        }
        let scale = |frequency: u8| if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |place: u8, frequency: u8| {
            let angle = f64::from(2 * place + 1) * f64::from(frequency) / 16.0;
            (angle * std::f64::consts::PI).cos()
        };
        for (place, sample) in (0_u8..).zip(inverse_dct(&block, &cosine_bases())) {
            let (row, column) = (place / 8, place % 8);
            let term = |at: u8| {
                let (high, across) = (at / 8, at % 8);
                let waves = wave(row, high) * wave(column, across);
                scale(high) * scale(across) * f64::from(coefficient(at)) * waves
            };
            let sum: f64 = (0..64).map(term).sum();
            assert!((f64::from(sample) - sum / 4.0).abs() < 1e-3);
        }
    }
}
