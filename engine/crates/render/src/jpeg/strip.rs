//! Eight lines of a picture as planes of components, a multiple of eight samples wide.

use super::transform::{Block, ROUNDER, SIDE};
use crate::bitmap::Channels;

/// Subtracted from samples, so that zero is the middle (T.81 A.3.1).
const MIDDLE: f32 = 128.0;

/// Eight lines, level-shifted: one plane of grey, or three of luminance and chrominances.
///
/// What lies outside the picture repeats its last column and its last line.
#[derive(Debug)]
pub(super) struct Strip {
    /// Samples of a line in the picture.
    width: usize,
    /// Samples of a line here.
    stride: usize,
    planes: Vec<Vec<f32>>,
}

impl Strip {
    pub(super) fn new(width: usize, components: usize) -> Self {
        let stride = width.next_multiple_of(SIDE);
        Self { width, stride, planes: vec![vec![0.0; stride * SIDE]; components] }
    }

    /// How many blocks lie side by side.
    pub(super) fn blocks(&self) -> usize {
        self.stride / SIDE
    }

    /// Takes over one to eight lines of a picture.
    pub(super) fn fill(&mut self, lines: &[u8], channels: Channels) {
        let line_bytes = self.width * channels.count();
        let whole = lines.chunks_exact(line_bytes);
        let last = lines.rchunks_exact(line_bytes).next().unwrap_or_default();
        for (row, line) in whole.chain(std::iter::repeat(last)).take(SIDE).enumerate() {
            let range = row * self.stride..(row + 1) * self.stride;
            let mut planes =
                self.planes.iter_mut().filter_map(|plane| plane.get_mut(range.clone()));
            match (planes.next(), planes.next(), planes.next()) {
                (Some(luminance), Some(blue), Some(red)) => {
                    colour(line.as_chunks().0, luminance, blue, red);
                }
                (Some(gray), ..) => {
                    for (sample, level) in gray.iter_mut().zip(line) {
                        *sample = f32::from(*level) - MIDDLE;
                    }
                }
                (None, ..) => {}
            }
        }
        if self.width < self.stride {
            for line in self.planes.iter_mut().flat_map(|plane| plane.chunks_mut(self.stride)) {
                let (inside, outside) = line.split_at_mut(self.width);
                outside.fill(inside.last().copied().unwrap_or(0.0));
            }
        }
    }

    /// A block of one plane.
    #[inline]
    pub(super) fn block(&self, plane: usize, block: usize) -> Block {
        let mut rows = [[0.0; SIDE]; SIDE];
        let plane = self.planes.get(plane).and_then(|plane| plane.get(block * SIDE..));
        let lines = plane.unwrap_or_default().chunks(self.stride);
        for (row, line) in rows.iter_mut().zip(lines) {
            if let Some(samples) = line.first_chunk() {
                *row = *samples;
            }
        }
        rows
    }
}

/// Red, green, blue to luminance and chrominances (JFIF 1.02), as whole numbers: what a JPEG held
/// before was made of whole ones, and comes nearest to itself with them.
fn colour(pixels: &[[u8; 3]], luminance: &mut [f32], blue: &mut [f32], red: &mut [f32]) {
    let samples = luminance.iter_mut().zip(blue).zip(red);
    for (((luminance, blue), red), pixel) in samples.zip(pixels) {
        let [r, g, b] = pixel.map(f32::from);
        *luminance = nearest(0.299 * r + 0.587 * g + 0.114 * b - MIDDLE);
        *blue = nearest(-0.168_735_9 * r - 0.331_264_1 * g + 0.5 * b);
        *red = nearest(0.5 * r - 0.418_687_6 * g - 0.081_312_4 * b);
    }
}

/// The nearest whole number, for small ones: the sum has no room for a fraction.
#[inline]
fn nearest(value: f32) -> f32 {
    value + ROUNDER - ROUNDER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_the_nearest_whole_numbers() {
        let pixels: Vec<u8> =
            (0..=255).flat_map(|at: u8| [at, at.rotate_left(3), 255 - at]).collect();
        let mut strip = Strip::new(256, 3);
        strip.fill(&pixels, Channels::Rgb);
        let [luminance, blue, red] = strip.planes.as_slice() else { unreachable!() };
        let samples = luminance.iter().zip(blue).zip(red).zip(pixels.as_chunks::<3>().0);
        for (((luminance, blue), red), pixel) in samples {
            let [r, g, b] = pixel.map(f64::from);
            let y = 0.299 * r + 0.587 * g + 0.114 * b;
            let exact = [y - 128.0, (b - y) / 1.772, (r - y) / 1.402];
            for (found, exact) in [luminance, blue, red].into_iter().zip(exact) {
                assert!(
                    found.fract() == 0.0 && (f64::from(*found) - exact).abs() < 0.5001,
                    "{pixel:?}"
                );
            }
        }
    }
}
