//! The range of values to show where the file names none.
//!
//! It is measured once, over frames spread through the instance or through its series, so that a
//! cine or a stack does not flicker.

/// Share of the values that may lie below the range, and as many above: single hot or dead pixels
/// and burnt-in markers must not decide about the contrast.
const TAIL: f64 = 0.001;
/// Values looked at in one frame.
const VALUES_OF_FRAME: usize = 1 << 16;
/// Frames looked at.
const FRAMES: u32 = 8;

/// Values of the modality, gathered from frames without a window.
///
/// Holds at most 65 536 values a frame.
#[derive(Debug, Clone, Default)]
pub struct ValueSample {
    values: Vec<f64>,
}

/// The values that are shown as black and as white where the file names no window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueRange {
    /// In units of the modality, finite.
    pub low: f64,
    /// At least `low`, finite.
    pub high: f64,
}

/// The frames of `count` to be sampled: at most 8, spread evenly, the first and last among them.
pub fn sampled_frames(count: u32) -> impl Iterator<Item = u32> {
    let taken = count.min(FRAMES);
    let last = u64::from(count.saturating_sub(1));
    (0..u64::from(taken)).map(move |at| {
        let frame = at * last / u64::from(taken.saturating_sub(1).max(1));
        u32::try_from(frame).unwrap_or(u32::MAX)
    })
}

impl ValueSample {
    /// Gathers from `values`, one for each pixel of a frame of this many columns; `None` stands for
    /// a pixel that is padding or no number.
    pub(super) fn add<I>(&mut self, values: I, columns: usize)
    where
        I: ExactSizeIterator<Item = Option<f64>>,
    {
        let step = step(values.len(), columns);
        self.values.extend(values.step_by(step).flatten().filter(|value| value.is_finite()));
    }

    /// From the 0.1st to the 99.9th percentile; `None` when nothing was gathered.
    pub fn range(mut self) -> Option<ValueRange> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number of values, below 2^32"
        )]
        let tail = (self.values.len() as f64 * TAIL) as usize;
        let last = self.values.len().checked_sub(1)?;
        let (_, low, _) = self.values.select_nth_unstable_by(tail, f64::total_cmp);
        let low = *low;
        let (_, high, _) = self.values.select_nth_unstable_by(last - tail, f64::total_cmp);
        Some(ValueRange { low, high: *high })
    }
}

/// Every how manieth pixel is looked at: no divisor of the columns, or whole columns would be left
/// out.
fn step(pixels: usize, columns: usize) -> usize {
    let mut step = pixels.div_ceil(VALUES_OF_FRAME).max(1);
    while step > 1 && common_divisor(step, columns.max(1)) > 1 {
        step += 1;
    }
    step
}

fn common_divisor(mut one: usize, mut other: usize) -> usize {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn range(values: &[f64], columns: usize) -> Option<(f64, f64)> {
        let mut sample = ValueSample::default();
        sample.add(values.iter().map(|value| Some(*value)), columns);
        sample.range().map(|range| (range.low, range.high))
    }

    #[rstest]
    #[case::all(&[5.0, -9.0, 700.0], Some((-9.0, 700.0)))]
    #[case::constant(&[7.0, 7.0], Some((7.0, 7.0)))]
    #[case::no_numbers(&[f64::NAN, f64::INFINITY], None)]
    #[case::nothing(&[], None)]
    fn lowest_and_highest_of_few(#[case] values: &[f64], #[case] expected: Option<(f64, f64)>) {
        assert_eq!(range(values, values.len()), expected);
    }

    #[test]
    fn one_hot_pixel_of_a_thousand_does_not_decide() {
        let mut values: Vec<f64> = (0..2000).map(|at| f64::from(100 + at % 100)).collect();
        values.push(4000.0);
        values.push(-4000.0);
        assert_eq!(range(&values, 2002), Some((100.0, 199.0)));
    }

    #[test]
    fn every_column_of_a_large_frame_is_seen() {
        // 8 of 2048 columns are bright: one pixel of 256. A sample of whole columns has none.
        let values =
            (0..2048 * 2048).map(|at| Some(if (1..9).contains(&(at % 2048)) { 9.0 } else { 1.0 }));
        let mut sample = ValueSample::default();
        sample.add(values, 2048);
        let bright = sample.values.iter().filter(|value| **value > 5.0).count();
        let one_of = sample.values.len() / bright;
        assert!((230..=280).contains(&one_of), "one of {one_of}");
        assert!(sample.values.len() <= VALUES_OF_FRAME);
    }

    #[test]
    fn frames_of_an_instance_share_one_range() {
        let mut sample = ValueSample::default();
        for frame in [[1.0, 2.0], [10.0, 20.0]] {
            sample.add(frame.into_iter().map(Some), 2);
        }
        assert_eq!(sample.range(), Some(ValueRange { low: 1.0, high: 20.0 }));
    }

    #[rstest]
    #[case::none(0, &[])]
    #[case::one(1, &[0])]
    #[case::few(3, &[0, 1, 2])]
    #[case::eight(8, &[0, 1, 2, 3, 4, 5, 6, 7])]
    #[case::many(200, &[0, 28, 56, 85, 113, 142, 170, 199])]
    fn frames_that_are_sampled(#[case] count: u32, #[case] expected: &[u32]) {
        assert_eq!(sampled_frames(count).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_billion_frames_are_no_more_work() {
        assert_eq!(sampled_frames(u32::MAX).last(), Some(u32::MAX - 1));
    }
}
