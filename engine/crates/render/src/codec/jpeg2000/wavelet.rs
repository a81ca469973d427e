//! The inverse wavelet transformations: 5-3 on integers, 9-7 on reals (ITU-T T.800 Annex F).
//!
//! Bands lie in one plane, the lower resolution in its corner. Lines are undone where the low half
//! stands beside the high half, so that neighbours lie side by side; rows one by one, columns
//! sixteen at a time.

use super::tile::Rect;

/// Columns that are undone together: a line of the cache.
const LANES: usize = 16;

/// Steps of the 9-7 filter (Table F.4).
const ALPHA: f32 = -1.586_134_3;
const BETA: f32 = -0.052_980_12;
const GAMMA: f32 = 0.882_911_1;
const DELTA: f32 = 0.443_506_85;
const K: f32 = 1.230_174_1;

/// A sample of a line, or one row of several columns.
pub(super) trait Element: Copy + Default {
    /// Turns the low and the high half of a line into its even and odd samples, or odd and even
    /// where the line begins with a high one.
    fn invert(low: &mut [Self], high: &mut [Self], begins_high: bool);
}

impl Element for i32 {
    fn invert(low: &mut [Self], high: &mut [Self], begins_high: bool) {
        if low.is_empty() {
            for sample in high.iter_mut() {
                *sample >>= 1;
            }
            return;
        }
        let ahead = usize::from(begins_high);
        lift(low, high, ahead, |sample, left, right| {
            *sample = sample.wrapping_sub(left.wrapping_add(*right).wrapping_add(2) >> 2);
        });
        lift(high, low, 1 - ahead, |sample, left, right| {
            *sample = sample.wrapping_add(left.wrapping_add(*right) >> 1);
        });
    }
}

impl Element for f32 {
    fn invert(low: &mut [Self], high: &mut [Self], begins_high: bool) {
        if low.is_empty() {
            for sample in high.iter_mut() {
                *sample *= 0.5;
            }
            return;
        }
        if high.is_empty() {
            return;
        }
        for sample in low.iter_mut() {
            *sample *= K;
        }
        for sample in high.iter_mut() {
            *sample *= 1.0 / K;
        }
        let ahead = usize::from(begins_high);
        for (step, is_low) in [(DELTA, true), (GAMMA, false), (BETA, true), (ALPHA, false)] {
            let undo =
                |sample: &mut Self, left: &Self, right: &Self| *sample -= step * (left + right);
            if is_low { lift(low, high, ahead, undo) } else { lift(high, low, 1 - ahead, undo) }
        }
    }
}

impl Element for [i32; LANES] {
    fn invert(low: &mut [Self], high: &mut [Self], begins_high: bool) {
        if low.is_empty() {
            high.iter_mut().flatten().for_each(|sample| *sample >>= 1);
            return;
        }
        let ahead = usize::from(begins_high);
        lift(low, high, ahead, |samples, left, right| {
            for ((sample, left), right) in samples.iter_mut().zip(left).zip(right) {
                *sample = sample.wrapping_sub(left.wrapping_add(*right).wrapping_add(2) >> 2);
            }
        });
        lift(high, low, 1 - ahead, |samples, left, right| {
            for ((sample, left), right) in samples.iter_mut().zip(left).zip(right) {
                *sample = sample.wrapping_add(left.wrapping_add(*right) >> 1);
            }
        });
    }
}

impl Element for [f32; LANES] {
    fn invert(low: &mut [Self], high: &mut [Self], begins_high: bool) {
        if low.is_empty() {
            high.iter_mut().flatten().for_each(|sample| *sample *= 0.5);
            return;
        }
        if high.is_empty() {
            return;
        }
        low.iter_mut().flatten().for_each(|sample| *sample *= K);
        high.iter_mut().flatten().for_each(|sample| *sample *= 1.0 / K);
        let ahead = usize::from(begins_high);
        for (step, is_low) in [(DELTA, true), (GAMMA, false), (BETA, true), (ALPHA, false)] {
            let undo = |samples: &mut Self, left: &Self, right: &Self| {
                for ((sample, left), right) in samples.iter_mut().zip(left).zip(right) {
                    *sample -= step * (left + right);
                }
            };
            if is_low { lift(low, high, ahead, undo) } else { lift(high, low, 1 - ahead, undo) }
        }
    }
}

/// Changes each target by the samples of the other half on its left and right: those at its own
/// place less one and its own place, or with `ahead` one further. Lines are mirrored at their ends.
#[inline]
fn lift<E>(targets: &mut [E], others: &[E], ahead: usize, undo: impl Fn(&mut E, &E, &E)) {
    let Some(last) = others.len().checked_sub(1) else { return };
    let start = 1 - ahead;
    let end = others.len().saturating_sub(ahead).max(start);
    for index in (0..start).chain(end..targets.len()) {
        let left = others.get((index + ahead).saturating_sub(1).min(last));
        let right = others.get((index + ahead).min(last));
        if let (Some(target), Some(left), Some(right)) = (targets.get_mut(index), left, right) {
            undo(target, left, right);
        }
    }
    let end = end.min(targets.len());
    let inner = targets.get_mut(start..end).unwrap_or_default();
    let left = others.get(start + ahead - 1..).unwrap_or_default();
    let right = others.get(start + ahead..).unwrap_or_default();
    for ((target, left), right) in inner.iter_mut().zip(left).zip(right) {
        undo(target, left, right);
    }
}

/// Undoes one decomposition: `plane` has rows of `stride` samples, and in its corner the four bands
/// of the resolution `rect`.
pub(super) fn invert<T>(plane: &mut [T], stride: usize, rect: &Rect)
where
    T: Element,
    [T; LANES]: Element,
{
    let (width, height) = (rect.width(), rect.height());
    if width == 0 || height == 0 || stride < width {
        return;
    }
    rows(plane, stride, rect);
    columns(plane, stride, rect);
}

/// How many samples of a range are low ones: the even.
fn low_count(start: usize, end: usize) -> usize {
    end.div_ceil(2) - start.div_ceil(2)
}

/// Puts the halves of a line back in turn.
fn interleave<E: Copy>(
    line: impl Iterator<Item = E>,
    mut place: impl FnMut(usize, E),
    first: usize,
) {
    line.enumerate().for_each(|(index, sample)| place(2 * index + first, sample));
}

fn rows<T: Element>(plane: &mut [T], stride: usize, rect: &Rect) {
    let begins_high = rect.left % 2 == 1;
    let (low_first, high_first) = (usize::from(begins_high), usize::from(!begins_high));
    let count = low_count(rect.left, rect.right);
    let mut line = vec![T::default(); rect.width()];
    for row in plane.chunks_mut(stride).take(rect.height()) {
        let Some(row) = row.get_mut(..line.len()) else { return };
        line.copy_from_slice(row);
        let (low, high) = line.split_at_mut(count);
        T::invert(low, high, begins_high);
        let places = row.get_mut(low_first..).unwrap_or_default();
        places.iter_mut().step_by(2).zip(&*low).for_each(|(place, sample)| *place = *sample);
        let places = row.get_mut(high_first..).unwrap_or_default();
        places.iter_mut().step_by(2).zip(&*high).for_each(|(place, sample)| *place = *sample);
    }
}

fn columns<T: Element>(plane: &mut [T], stride: usize, rect: &Rect)
where
    [T; LANES]: Element,
{
    let begins_high = rect.top % 2 == 1;
    let (low_first, high_first) = (usize::from(begins_high), usize::from(!begins_high));
    let count = low_count(rect.top, rect.bottom);
    let mut strip = vec![[T::default(); LANES]; rect.height()];
    for start in (0..rect.width()).step_by(LANES) {
        let lanes = LANES.min(rect.width() - start);
        let places = start..start + lanes;
        for (samples, row) in strip.iter_mut().zip(plane.chunks(stride)) {
            let row = row.get(places.clone()).unwrap_or_default();
            match row.first_chunk() {
                Some(row) => *samples = *row,
                None => samples.iter_mut().zip(row).for_each(|(place, sample)| *place = *sample),
            }
        }
        let (low, high) = strip.split_at_mut(count);
        <[T; LANES]>::invert(low, high, begins_high);
        let mut store = |index: usize, samples: [T; LANES]| {
            let from = index * stride + start;
            let row = plane.get_mut(from..from + lanes).unwrap_or_default();
            row.iter_mut().zip(samples).for_each(|(place, sample)| *place = sample);
        };
        interleave(low.iter().copied(), &mut store, low_first);
        interleave(high.iter().copied(), &mut store, high_first);
    }
}
