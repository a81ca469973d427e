//! From code-blocks to samples: dequantization, wavelets, components.
//!
//! Standard: ITU-T T.800 Annex E (dequantization), F (wavelets), G (components), H (regions).

use model::PreviewFault;

use super::codestream::Size;
use super::coefficient_bits::{BlockDecoder, SIGN_BIT};
use super::high_throughput::QuadDecoder;
use super::parameters::style;
use super::tile::{Band, Block, Component, Tile};
use super::wavelet;

/// Wavelet coefficients of one component, then its samples, row by row.
#[derive(Debug)]
enum Plane {
    /// Of the reversible path.
    Integers(Vec<i32>),
    /// Of the irreversible path.
    Reals(Vec<f32>),
}

/// Decodes one tile after the other.
#[derive(Debug, Default)]
pub(super) struct TileDecoder {
    blocks: BlockDecoder,
    quads: QuadDecoder,
    /// Bytes of a code-block that came in several packets.
    joined: Vec<u8>,
    planes: Vec<Plane>,
}

impl TileDecoder {
    /// Decodes the components of a tile, whose packets lie in `data`.
    ///
    /// # Errors
    /// [`PreviewFault::Damaged`], [`PreviewFault::Unsupported`]
    pub(super) fn decode(
        &mut self,
        tile: &Tile,
        data: &[u8],
        is_transformed: bool,
    ) -> Result<(), PreviewFault> {
        self.planes.clear();
        for component in &tile.components {
            let mut plane = if component.parameters.reversible {
                Plane::Integers(vec![0; component.rect.area()])
            } else {
                Plane::Reals(vec![0.0; component.rect.area()])
            };
            self.coefficients(component, data, &mut plane)?;
            let stride = component.rect.width();
            for resolution in component.resolutions.iter().skip(1) {
                match &mut plane {
                    Plane::Integers(samples) => wavelet::invert(samples, stride, &resolution.rect),
                    Plane::Reals(samples) => wavelet::invert(samples, stride, &resolution.rect),
                }
            }
            self.planes.push(plane);
        }
        if is_transformed && let Some(planes) = self.planes.first_chunk_mut() {
            join_colours(planes);
        }
        Ok(())
    }

    /// Decodes all code-blocks of a component into its plane.
    fn coefficients(
        &mut self,
        component: &Component,
        data: &[u8],
        plane: &mut Plane,
    ) -> Result<(), PreviewFault> {
        let stride = component.rect.width();
        for resolution in &component.resolutions {
            for precinct in &resolution.precincts {
                for (band, precinct) in resolution.bands.iter().zip(&precinct.bands) {
                    for block in precinct.blocks.iter().filter(|block| block.is_included) {
                        self.block(component, band, block, data, (plane, stride))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn block(
        &mut self,
        component: &Component,
        band: &Band,
        block: &Block,
        data: &[u8],
        (plane, stride): (&mut Plane, usize),
    ) -> Result<(), PreviewFault> {
        let bytes = match block.chunks.as_slice() {
            [] => &[],
            [chunk] => data.get(chunk.clone()).unwrap_or_default(),
            chunks => {
                self.joined.clear();
                for chunk in chunks {
                    self.joined.extend_from_slice(data.get(chunk.clone()).unwrap_or_default());
                }
                &self.joined
            }
        };
        let style = component.parameters.style;
        let values = if style & style::HIGH_THROUGHPUT == 0 {
            self.blocks.decode(block, bytes, (band.kind, band.planes, style))?
        } else {
            self.quads.decode(block, bytes, (band.planes, style))?
        };
        let shift = component.parameters.region_shift;
        let [column, row] = block.place;
        let first = row * stride + column;
        let places = |row: usize| first + row * stride..first + row * stride + block.width;
        let rows = values.chunks(block.width.max(1)).enumerate();
        match plane {
            Plane::Integers(samples) => {
                for (row, values) in rows {
                    let places = samples.get_mut(places(row)).unwrap_or_default();
                    for (place, value) in places.iter_mut().zip(values) {
                        let magnitude = (unshifted(*value, shift) >> 1).cast_signed();
                        *place = if value & SIGN_BIT == 0 { magnitude } else { -magnitude };
                    }
                }
            }
            Plane::Reals(samples) => {
                let step = band.step * 0.5;
                for (row, values) in rows {
                    let places = samples.get_mut(places(row)).unwrap_or_default();
                    for (place, value) in places.iter_mut().zip(values) {
                        let magnitude = real(unshifted(*value, shift).cast_signed()) * step;
                        *place = if value & SIGN_BIT == 0 { magnitude } else { -magnitude };
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the tile into the image: bit patterns of the samples, component beside component.
    ///
    /// Samples beyond the precision of the stream, which quantization makes, become the nearest one.
    pub(super) fn store(&self, tile: &Tile, size: &Size, samples: &mut [u16]) {
        let [left, top, ..] = size.area;
        let [columns, _] = size.extent();
        let count = size.components;
        let bits = size.precision.min(16);
        let middle = 1_i32 << (bits - 1);
        let (shift, lowest) = if size.signed { (0, -middle) } else { (middle, 0) };
        let highest = lowest + (2 * middle - 1);
        let mask = (1_u32 << bits) - 1;
        let pattern = |sample: i32| {
            let level = sample.saturating_add(shift).clamp(lowest, highest).cast_unsigned() & mask;
            u16::try_from(level).unwrap_or(0)
        };
        let rows = samples.chunks_exact_mut(columns * count).skip(tile.rect.top - top);
        let first = (tile.rect.left - left) * count;
        for (row, samples) in rows.take(tile.rect.height()).enumerate() {
            let samples = samples.get_mut(first..).unwrap_or_default();
            let source = row * tile.rect.width()..(row + 1) * tile.rect.width();
            for (component, plane) in self.planes.iter().enumerate() {
                let places = samples.iter_mut().skip(component).step_by(count);
                match plane {
                    Plane::Integers(plane) => {
                        let plane = plane.get(source.clone()).unwrap_or_default();
                        places.zip(plane).for_each(|(place, sample)| *place = pattern(*sample));
                    }
                    Plane::Reals(plane) => {
                        let plane = plane.get(source.clone()).unwrap_or_default();
                        places
                            .zip(plane)
                            .for_each(|(place, sample)| *place = pattern(rounded(*sample)));
                    }
                }
            }
        }
    }
}

/// Undoes the shift of a region of interest (H.1): what reaches above it was shifted up.
#[inline]
fn unshifted(value: u32, shift: u8) -> u32 {
    let magnitude = value & !SIGN_BIT;
    if shift > 0 && magnitude >> 1 >= 1 << shift { magnitude >> shift } else { magnitude }
}

#[inline]
#[expect(clippy::cast_precision_loss, reason = "what the 24 bits lose is below the quantization")]
fn real(value: i32) -> f32 {
    value as f32
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn rounded(value: f32) -> i32 {
    value.round_ties_even() as i32
}

/// The inverse of the reversible or the irreversible transformation of three components (G.2, G.3).
fn join_colours(planes: &mut [Plane; 3]) {
    match planes {
        [Plane::Integers(first), Plane::Integers(second), Plane::Integers(third)] => {
            for ((first, second), third) in first.iter_mut().zip(second).zip(third) {
                let (luma, blue, red) = (*first, *second, *third);
                let green = luma.wrapping_sub(blue.wrapping_add(red) >> 2);
                *first = red.wrapping_add(green);
                *second = green;
                *third = blue.wrapping_add(green);
            }
        }
        [Plane::Reals(first), Plane::Reals(second), Plane::Reals(third)] => {
            for ((first, second), third) in first.iter_mut().zip(second).zip(third) {
                let (luma, blue, red) = (*first, *second, *third);
                *first = luma + 1.402 * red;
                *second = luma - 0.344_136 * blue - 0.714_136 * red;
                *third = luma + 1.772 * blue;
            }
        }
        _ => {}
    }
}
