//! What a tile is made of: components, resolutions, bands, precincts and code-blocks.
//!
//! Standard: ITU-T T.800 Annex B.
//! Invariant: what is allocated follows from the area of the tile, whatever the headers say.

use std::ops::Range;

use model::PreviewFault;

use super::codestream::Size;
use super::parameters::{ComponentParameters, Parameters};
use super::tag_tree::TagTree;

/// Bits of a coefficient: what 32 bits hold beside a sign and a half.
const MAX_PLANES: u8 = 30;
/// Precincts and code-blocks are no smaller than so many samples on average, apart from a few.
const SAMPLES_PER_PRECINCT: usize = 64;
const FEW_PRECINCTS: usize = 1024;
const SAMPLES_PER_BLOCK: usize = 8;
const FEW_BLOCKS: usize = 16_384;

/// A rectangle on the grid of a tile, a component, a resolution or a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Rect {
    pub(super) fn width(&self) -> usize {
        self.right.saturating_sub(self.left)
    }

    pub(super) fn height(&self) -> usize {
        self.bottom.saturating_sub(self.top)
    }

    pub(super) fn area(&self) -> usize {
        self.width().saturating_mul(self.height())
    }

    fn map(self, x: impl Fn(usize) -> usize, y: impl Fn(usize) -> usize) -> Self {
        let Self { left, top, right, bottom } = self;
        Self { left: x(left), top: y(top), right: x(right), bottom: y(bottom) }
    }

    /// Every 2ⁿth sample (B-14).
    pub(super) fn reduced(self, levels: u8) -> Self {
        let reduce = |value: usize| value.div_ceil(power(levels));
        self.map(reduce, reduce)
    }

    /// The samples of one band of a decomposition (B-15).
    fn band(self, kind: Kind, level: u8) -> Self {
        let half = power(level) / 2;
        let [x, y] = kind.is_high();
        let offset = |is_high: bool| if is_high { half } else { 0 };
        let reduce = |value: usize, by: usize| value.saturating_sub(by).div_ceil(power(level));
        self.map(|value| reduce(value, offset(x)), |value| reduce(value, offset(y)))
    }

    fn overlap(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    fn is_empty(&self) -> bool {
        self.area() == 0
    }
}

/// 2ⁿ for the exponents of a codestream, at most 47.
fn power(exponent: u8) -> usize {
    1 << exponent
}

/// The cells of a grid from 0 with this spacing that a range touches.
fn cells(range: Range<usize>, exponent: u8) -> Range<usize> {
    let size = power(exponent);
    let end = if range.is_empty() { range.start / size } else { range.end.div_ceil(size) };
    range.start / size..end
}

/// Which half of the frequencies a band holds, across and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    LowLow,
    HighLow,
    LowHigh,
    HighHigh,
}

impl Kind {
    /// Across and down.
    fn is_high(self) -> [bool; 2] {
        match self {
            Self::LowLow => [false, false],
            Self::HighLow => [true, false],
            Self::LowHigh => [false, true],
            Self::HighHigh => [true, true],
        }
    }

    /// log₂ of the gain (Table E.1).
    fn gain(self) -> u8 {
        self.is_high().into_iter().map(u8::from).sum()
    }
}

/// A segment of a code-block: passes whose bytes end together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) passes: u16,
    pub(super) bytes: usize,
    /// How many passes it holds at most.
    pub(super) capacity: u16,
}

/// A code-block, and what the packets brought for it.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Place in the plane of the component.
    pub(super) place: [usize; 2],
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) is_included: bool,
    /// Bit planes above those that are coded.
    pub(super) zero_planes: u8,
    /// Lblock (B.10.7.1).
    pub(super) length_bits: u8,
    pub(super) segments: Vec<Segment>,
    /// Where its bytes lie in the packets of the tile.
    pub(super) chunks: Vec<Range<usize>>,
}

/// The code-blocks of one band in one precinct.
#[derive(Debug)]
pub(super) struct PrecinctBand {
    pub(super) blocks: Vec<Block>,
    pub(super) across: usize,
    pub(super) inclusion: TagTree,
    pub(super) zero_planes: TagTree,
}

#[derive(Debug)]
pub(super) struct Precinct {
    /// Where it begins on the reference grid: top, then left.
    pub(super) start: [usize; 2],
    pub(super) layers: u16,
    pub(super) bands: Vec<PrecinctBand>,
}

/// One band of a resolution.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Band {
    pub(super) kind: Kind,
    rect: Rect,
    /// Place of its first sample in the plane.
    place: [usize; 2],
    /// Bit planes of its coefficients (E-2), and those of a shifted region.
    pub(super) planes: u8,
    /// What a quantized step is worth (E-3); 1 on the reversible path.
    pub(super) step: f32,
}

#[derive(Debug)]
pub(super) struct Resolution {
    pub(super) rect: Rect,
    pub(super) bands: Vec<Band>,
    pub(super) precincts: Vec<Precinct>,
}

#[derive(Debug)]
pub(super) struct Component {
    pub(super) rect: Rect,
    pub(super) parameters: ComponentParameters,
    /// From the lowest.
    pub(super) resolutions: Vec<Resolution>,
}

#[derive(Debug)]
pub(super) struct Tile {
    pub(super) rect: Rect,
    pub(super) components: Vec<Component>,
}

impl Tile {
    /// The empty tile at `index`, counted row by row.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] where coefficients are wider or precincts smaller than this
    /// decoder takes; [`PreviewFault::Damaged`].
    pub(super) fn new(
        size: &Size,
        index: usize,
        parameters: &Parameters,
    ) -> Result<Self, PreviewFault> {
        let [across, _] = size.tiles();
        let [width, height, left, top] = size.tile;
        let (left, top) = (left + width * (index % across), top + height * (index / across));
        let tile = Rect { left, top, right: left + width, bottom: top + height };
        let [left, top, right, bottom] = size.area;
        let rect = tile.overlap(Rect { left, top, right, bottom });
        let components = parameters
            .components
            .iter()
            .map(|component| Component::new(rect, component, size.precision))
            .collect::<Result<_, _>>()?;
        Ok(Self { rect, components })
    }
}

/// How many precincts and code-blocks a component may still be divided into.
#[derive(Debug)]
struct Allowance {
    precincts: usize,
    blocks: usize,
}

fn take(left: &mut usize, count: usize, what: &str) -> Result<(), PreviewFault> {
    *left = left.checked_sub(count).ok_or_else(|| PreviewFault::Unsupported(what.into()))?;
    Ok(())
}

impl Component {
    fn new(
        rect: Rect,
        parameters: &ComponentParameters,
        precision: u16,
    ) -> Result<Self, PreviewFault> {
        let mut component = Self { rect, parameters: parameters.clone(), resolutions: Vec::new() };
        let mut allowance = Allowance {
            precincts: rect.area() / SAMPLES_PER_PRECINCT + FEW_PRECINCTS,
            blocks: rect.area() / SAMPLES_PER_BLOCK + FEW_BLOCKS,
        };
        for index in 0..=parameters.levels {
            let resolution = component.resolution(index, precision, &mut allowance)?;
            component.resolutions.push(resolution);
        }
        Ok(component)
    }

    fn resolution(
        &self,
        index: u8,
        precision: u16,
        allowance: &mut Allowance,
    ) -> Result<Resolution, PreviewFault> {
        let parameters = &self.parameters;
        let reduction = parameters.levels - index;
        let rect = self.rect.reduced(reduction);
        let (level, kinds): (u8, &[Kind]) = if index == 0 {
            (reduction, &[Kind::LowLow])
        } else {
            (reduction + 1, &[Kind::HighLow, Kind::LowHigh, Kind::HighHigh])
        };
        // The lower resolution lies in the corner of the plane.
        let lower = self.rect.reduced(level);
        let first_band = if index == 0 { 0 } else { 3 * usize::from(index) - 2 };
        let bands = kinds
            .iter()
            .enumerate()
            .map(|(band, &kind)| {
                let (exponent, mantissa) = parameters.step(first_band + band, level)?;
                let planes = (parameters.guard_bits + exponent).saturating_sub(1);
                let planes = planes.saturating_add(parameters.region_shift);
                if planes > MAX_PLANES {
                    let what = "JPEG 2000 coefficients of more than 30 bits";
                    return Err(PreviewFault::Unsupported(what.into()));
                }
                let range = f32::from(precision) + f32::from(kind.gain()) - f32::from(exponent);
                let step = if parameters.reversible {
                    1.0
                } else {
                    range.exp2() * (1.0 + f32::from(mantissa) / 2048.0)
                };
                let rect = if index == 0 { rect } else { self.rect.band(kind, level) };
                let [high_x, high_y] = kind.is_high();
                let place = [
                    if high_x { lower.width() } else { 0 },
                    if high_y { lower.height() } else { 0 },
                ];
                Ok(Band { kind, rect, place, planes, step })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut resolution = Resolution { rect, bands, precincts: Vec::new() };
        resolution.divide(parameters, index, allowance)?;
        self.place_on_grid(&mut resolution, index);
        Ok(resolution)
    }

    /// Where precincts begin on the reference grid, which position progressions go by (B.12.1).
    fn place_on_grid(&self, resolution: &mut Resolution, index: u8) {
        let [width, height] = self.parameters.precinct(index.into());
        let reduction = self.parameters.levels - index;
        let columns = cells(resolution.rect.left..resolution.rect.right, width);
        let rows = cells(resolution.rect.top..resolution.rect.bottom, height);
        let places = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        for (precinct, (row, column)) in resolution.precincts.iter_mut().zip(places) {
            precinct.start = [
                (row * power(height + reduction)).max(self.rect.top),
                (column * power(width + reduction)).max(self.rect.left),
            ];
        }
    }
}

impl Resolution {
    /// Divides the bands into precincts (B.6) and code-blocks (B.7).
    fn divide(
        &mut self,
        parameters: &ComponentParameters,
        index: u8,
        allowance: &mut Allowance,
    ) -> Result<(), PreviewFault> {
        let [width, height] = parameters.precinct(index.into());
        if self.rect.is_empty() {
            return Ok(());
        }
        let columns = cells(self.rect.left..self.rect.right, width);
        let rows = cells(self.rect.top..self.rect.bottom, height);
        let count = columns.len().saturating_mul(rows.len());
        take(&mut allowance.precincts, count, "JPEG 2000 with precincts of a few samples")?;
        // Bands above the lowest have half the samples of their resolution.
        let halved = u8::from(index > 0);
        let [width, height] = [width - halved, height - halved];
        let block = [parameters.block[0].min(width), parameters.block[1].min(height)];
        for row in rows {
            for column in columns.clone() {
                let cell = Rect {
                    left: column * power(width),
                    top: row * power(height),
                    right: (column + 1) * power(width),
                    bottom: (row + 1) * power(height),
                };
                let bands = self.bands.iter().map(|band| band.precinct(cell, block, allowance));
                let bands = bands.collect::<Result<_, _>>()?;
                self.precincts.push(Precinct { start: [0; 2], layers: 0, bands });
            }
        }
        Ok(())
    }
}

impl Band {
    fn precinct(
        &self,
        cell: Rect,
        block: [u8; 2],
        allowance: &mut Allowance,
    ) -> Result<PrecinctBand, PreviewFault> {
        let rect = self.rect.overlap(cell);
        let (columns, rows) = if rect.is_empty() {
            (0..0, 0..0)
        } else {
            (cells(rect.left..rect.right, block[0]), cells(rect.top..rect.bottom, block[1]))
        };
        let count = columns.len().saturating_mul(rows.len());
        take(&mut allowance.blocks, count, "JPEG 2000 with code-blocks of a few samples")?;
        let mut blocks = Vec::with_capacity(count);
        for row in rows.clone() {
            for column in columns.clone() {
                let cell = Rect {
                    left: column * power(block[0]),
                    top: row * power(block[1]),
                    right: (column + 1) * power(block[0]),
                    bottom: (row + 1) * power(block[1]),
                };
                let samples = rect.overlap(cell);
                let place = [
                    self.place[0] + (samples.left - self.rect.left),
                    self.place[1] + (samples.top - self.rect.top),
                ];
                blocks.push(Block {
                    place,
                    width: samples.width(),
                    height: samples.height(),
                    length_bits: 3,
                    ..Block::default()
                });
            }
        }
        let tree = || TagTree::new(columns.len(), rows.len());
        Ok(PrecinctBand { blocks, across: columns.len(), inclusion: tree(), zero_planes: tree() })
    }
}
