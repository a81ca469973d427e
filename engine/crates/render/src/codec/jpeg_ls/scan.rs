//! Lines of samples, in regular and run mode.
//!
//! Standard: ITU-T T.87 Annex A (one component), Annex B (several).

use model::PreviewFault;

use super::bits::Bits;
use super::context::{Context, RunContext};
use super::parameters::Parameters;

/// Lengths of the parts of a run, as powers of two (T.87 A.2.1, J).
const RUN_ORDERS: [u8; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];

/// Contexts of regular samples: (9³ + 1) / 2, the one of equal gradients unused.
const CONTEXTS: usize = 365;

/// A line with a sample before its first and one after its last.
///
/// What stands there is what the standard says of neighbours outside the image (A.2.2).
type Line = Vec<i32>;

/// The two lines at hand of one component, and where it stands in the table of run lengths.
#[derive(Debug)]
struct Lines {
    above: Line,
    current: Line,
    run_index: usize,
}

impl Lines {
    fn new(columns: usize) -> Self {
        Self { above: vec![0; columns + 2], current: vec![0; columns + 2], run_index: 0 }
    }

    /// Moves one line down.
    fn advance(&mut self) {
        std::mem::swap(&mut self.above, &mut self.current);
        if let [.., last, after] = self.above.as_mut_slice() {
            *after = *last;
        }
        if let ([before, ..], [_, first, ..]) = (self.current.as_mut_slice(), &*self.above) {
            *before = *first;
        }
    }

    /// Copies the finished line to every `step`th place.
    fn store(&self, places: &mut [u16], step: usize) {
        let samples = self.current.iter().skip(1);
        for (place, sample) in places.iter_mut().step_by(step).zip(samples) {
            *place = u16::try_from(*sample).unwrap_or(0);
        }
    }

    /// The neighbours of the sample at `x`, which counts from 1.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "the hot loop: x is 1 to columns, the lines have columns + 2 samples"
    )]
    fn neighbours(&self, x: usize) -> Neighbours {
        Neighbours {
            left: self.current[x - 1],
            corner: self.above[x - 1],
            above: self.above[x],
            above_right: self.above[x + 1],
        }
    }

    /// The neighbours of the sample at `x`, after `sample` with those that it had.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "as in neighbours")]
    fn neighbours_after(&self, around: Neighbours, sample: i32, x: usize) -> Neighbours {
        let Neighbours { above: corner, above_right: above, .. } = around;
        Neighbours { left: sample, corner, above, above_right: self.above[x + 1] }
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "as in neighbours")]
    fn set(&mut self, x: usize, sample: i32) {
        self.current[x] = sample;
    }
}

/// Ra, Rc, Rb and Rd of the standard.
#[derive(Debug, Clone, Copy)]
struct Neighbours {
    left: i32,
    corner: i32,
    above: i32,
    above_right: i32,
}

impl Neighbours {
    /// Whether a run begins: no gradient passes the allowed difference (A.3.2).
    #[inline]
    fn are_flat(self, near: i32) -> bool {
        let Self { left, corner, above, above_right } = self;
        (above_right - above).abs() <= near
            && (above - corner).abs() <= near
            && (corner - left).abs() <= near
    }

    /// The edge-detecting prediction (A.4.1).
    #[inline]
    fn predicted(self) -> i32 {
        let Self { left, corner, above, .. } = self;
        // The median of left, above and the plane through all three.
        let (low, high) = (left.min(above), left.max(above));
        (left + above - corner).clamp(low, high)
    }
}

/// Decodes the entropy-coded data of one scan.
#[derive(Debug)]
pub(super) struct ScanDecoder<'a> {
    parameters: Parameters,
    bits: Bits<'a>,
    columns: usize,
    contexts: Vec<Context>,
    /// For neighbours that differ, and that are alike.
    run_contexts: [RunContext; 2],
}

impl<'a> ScanDecoder<'a> {
    pub(super) fn new(parameters: Parameters, data: &'a [u8], columns: u16) -> Self {
        let run_contexts = [false, true].map(|alike| RunContext::new(&parameters, alike));
        let contexts = vec![Context::new(&parameters); CONTEXTS];
        Self { parameters, bits: Bits::new(data), columns: columns.into(), contexts, run_contexts }
    }

    /// What follows the scan.
    pub(super) fn after(&self) -> &'a [u8] {
        self.bits.after()
    }

    /// One component on its own; `samples` holds `total` components by pixel.
    pub(super) fn plane(
        &mut self,
        samples: &mut [u16],
        component: usize,
        total: usize,
    ) -> Result<(), PreviewFault> {
        let mut lines = Lines::new(self.columns);
        for places in samples.chunks_exact_mut(self.columns * total) {
            lines.advance();
            self.line(&mut lines)?;
            lines.store(places.get_mut(component..).unwrap_or_default(), total);
        }
        Ok(())
    }

    /// A line of each component in turn (B.2).
    pub(super) fn interleaved_lines(
        &mut self,
        samples: &mut [u16],
        total: usize,
    ) -> Result<(), PreviewFault> {
        let mut components: Vec<Lines> = (0..total).map(|_| Lines::new(self.columns)).collect();
        for places in samples.chunks_exact_mut(self.columns * total) {
            for (component, lines) in components.iter_mut().enumerate() {
                lines.advance();
                self.line(lines)?;
                lines.store(places.get_mut(component..).unwrap_or_default(), total);
            }
        }
        Ok(())
    }

    /// A sample of each of three components in turn (B.3).
    pub(super) fn interleaved_samples(&mut self, samples: &mut [u16]) -> Result<(), PreviewFault> {
        let mut components = [0; 3].map(|_: i32| Lines::new(self.columns));
        let mut run_index = 0;
        for places in samples.chunks_exact_mut(self.columns * 3) {
            components.iter_mut().for_each(Lines::advance);
            let mut x = 1;
            while x <= self.columns {
                let neighbours = components.each_ref().map(|lines| lines.neighbours(x));
                if neighbours.iter().all(|around| around.are_flat(self.parameters.near)) {
                    let length = self.run_length(&mut run_index, self.columns + 1 - x)?;
                    for (lines, around) in components.iter_mut().zip(neighbours) {
                        fill(lines, x, length, around.left);
                    }
                    x += length;
                    if x <= self.columns {
                        for (lines, around) in components.iter_mut().zip(neighbours) {
                            let above = lines.neighbours(x).above;
                            let sample = self.run_end(around.left, above, false, run_index)?;
                            lines.set(x, sample);
                        }
                        run_index = run_index.saturating_sub(1);
                        x += 1;
                    }
                } else {
                    for (lines, around) in components.iter_mut().zip(neighbours) {
                        lines.set(x, self.regular(around)?);
                    }
                    x += 1;
                }
            }
            if self.bits.has_ended() {
                return Err(PreviewFault::Damaged);
            }
            for (component, lines) in components.iter().enumerate() {
                lines.store(places.get_mut(component..).unwrap_or_default(), 3);
            }
        }
        Ok(())
    }

    /// One line of one component.
    fn line(&mut self, lines: &mut Lines) -> Result<(), PreviewFault> {
        let near = self.parameters.near;
        let mut x = 1;
        while x <= self.columns {
            let mut around = lines.neighbours(x);
            while !around.are_flat(near) {
                let sample = self.regular(around)?;
                lines.set(x, sample);
                x += 1;
                if x > self.columns {
                    return self.ended();
                }
                around = lines.neighbours_after(around, sample, x);
            }
            let length = self.run_length(&mut lines.run_index, self.columns + 1 - x)?;
            fill(lines, x, length, around.left);
            x += length;
            if x <= self.columns {
                let above = lines.neighbours(x).above;
                let alike = (around.left - above).abs() <= near;
                let sample = self.run_end(around.left, above, alike, lines.run_index)?;
                lines.set(x, sample);
                lines.run_index = lines.run_index.saturating_sub(1);
                x += 1;
            }
        }
        self.ended()
    }

    /// A line is through: whether its bits were there.
    fn ended(&self) -> Result<(), PreviewFault> {
        if self.bits.has_ended() { Err(PreviewFault::Damaged) } else { Ok(()) }
    }

    /// A sample in regular mode (A.3 to A.6).
    #[inline]
    fn regular(&mut self, around: Neighbours) -> Result<i32, PreviewFault> {
        let Neighbours { left, corner, above, above_right } = around;
        let gradients = [above_right - above, above - corner, corner - left];
        let [first, second, third] = gradients.map(|gradient| self.quantised(gradient));
        let signed_index = first * 81 + second * 9 + third;
        let sign = if signed_index < 0 { -1 } else { 1 };
        let index = usize::try_from(signed_index.abs()).unwrap_or(0);
        let context = self.contexts.get_mut(index).ok_or(PreviewFault::Damaged)?;
        let parameters = &self.parameters;
        let corrected = around.predicted() + sign * context.correction;
        let predicted = corrected.clamp(0, parameters.highest);
        let k = context.golomb_parameter();
        let code = self.bits.golomb(k, parameters.limit, parameters.range_bits)?;
        let error = context.error(code, k, parameters.near);
        if error.abs() > parameters.range {
            return Err(PreviewFault::Damaged);
        }
        context.update(error, parameters);
        Ok(reconstructed(predicted, sign * error, parameters))
    }

    /// The region of a gradient, −4 to 4 (A.3.3).
    #[inline]
    fn quantised(&self, gradient: i32) -> i32 {
        let [first, second, third] = self.parameters.thresholds;
        let magnitude = gradient.abs();
        let region = i32::from(magnitude > self.parameters.near)
            + i32::from(magnitude >= first)
            + i32::from(magnitude >= second)
            + i32::from(magnitude >= third);
        if gradient < 0 { -region } else { region }
    }

    /// How many samples a run has; less than `left` when a sample that ends it follows (A.7.1).
    fn run_length(&mut self, run_index: &mut usize, left: usize) -> Result<usize, PreviewFault> {
        let mut length = 0;
        while self.bits.bit() {
            let part = 1 << run_order(*run_index);
            if length + part > left {
                return Ok(left);
            }
            length += part;
            *run_index = (*run_index + 1).min(RUN_ORDERS.len() - 1);
            if length == left {
                return Ok(left);
            }
        }
        let rest = self.bits.number(run_order(*run_index));
        length += usize::try_from(rest).unwrap_or(0);
        if length < left { Ok(length) } else { Err(PreviewFault::Damaged) }
    }

    /// The sample that ends a run (A.7.2).
    fn run_end(
        &mut self,
        left: i32,
        above: i32,
        alike: bool,
        run_index: usize,
    ) -> Result<i32, PreviewFault> {
        let parameters = &self.parameters;
        let [differing, equal] = &mut self.run_contexts;
        let context = if alike { equal } else { differing };
        let predicted = if alike { left } else { above };
        let sign = if !alike && left > above { -1 } else { 1 };
        let k = context.golomb_parameter();
        let limit = parameters.limit - run_order(run_index) - 1;
        let code = self.bits.golomb(k, limit, parameters.range_bits)?;
        let error = context.error(code, k, parameters);
        if error.abs() > parameters.range {
            return Err(PreviewFault::Damaged);
        }
        Ok(reconstructed(predicted, sign * error, parameters))
    }
}

fn run_order(run_index: usize) -> u32 {
    RUN_ORDERS.get(run_index).copied().unwrap_or(0).into()
}

fn fill(lines: &mut Lines, x: usize, length: usize, sample: i32) {
    lines.current.get_mut(x..x + length).unwrap_or_default().fill(sample);
}

/// Prediction and error to a sample, modulo the range (A.4.5, A.8).
#[inline]
fn reconstructed(predicted: i32, error: i32, parameters: &Parameters) -> i32 {
    let step = 2 * parameters.near + 1;
    let sample = predicted + error * step;
    let sample = if sample < -parameters.near {
        sample + parameters.range * step
    } else if sample > parameters.highest + parameters.near {
        sample - parameters.range * step
    } else {
        sample
    };
    sample.clamp(0, parameters.highest)
}
