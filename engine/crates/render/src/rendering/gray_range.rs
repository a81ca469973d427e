//! The range of grey to show where the file names none.

use super::modality::Modality;
use super::stored_format::StoredFormat;
use super::voi::Voi;

/// Share of the pixels that may lie below the range, and as many above: single hot or dead pixels
/// and burnt-in markers must not decide about the contrast.
const TAIL: f64 = 0.001;

/// Stored values that mean "no pixel here" (0028,0120), (0028,0121).
///
/// Standard: DICOM PS3.3 C.7.5.1.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padding {
    /// Lowest padding value.
    pub(super) low: i64,
    /// Highest padding value, included.
    pub(super) high: i64,
}

/// The window for pixels without one: the full range where 8 bits or fewer are stored, otherwise
/// from the 0.1st to the 99.9th percentile of the frame without its padding.
///
/// `containers` are the containers of the frame as numbers, walked up to twice.
pub(super) fn window<I>(
    containers: impl Fn() -> I,
    format: StoredFormat,
    padding: Option<Padding>,
    modality: &Modality,
) -> Voi
where
    I: Iterator<Item = u32>,
{
    let (low, high) = match format.bits_stored {
        ..=8 => format.range(),
        9..=16 => percentiles_of_words(containers(), format, padding),
        _ => percentiles_of_wide(containers, format, padding),
    };
    let (low, high) = modality.range(low, high);
    Voi::Ramp { low, high }
}

fn is_padding(padding: Option<Padding>, value: i64) -> bool {
    padding.is_some_and(|padding| (padding.low..=padding.high).contains(&value))
}

fn percentiles_of_words(
    containers: impl Iterator<Item = u32>,
    format: StoredFormat,
    padding: Option<Padding>,
) -> (i64, i64) {
    let mut counts = vec![0_u64; 1 << 16];
    for container in containers {
        let pattern = usize::try_from(format.pattern(container)).unwrap_or(0);
        if let Some(count) = counts.get_mut(pattern) {
            *count += 1;
        }
    }
    let (lowest, highest) = format.range();
    let count_of = |value: i64| {
        if is_padding(padding, value) {
            return 0;
        }
        let pattern = usize::try_from(value.rem_euclid(highest - lowest + 1)).unwrap_or(0);
        counts.get(pattern).copied().unwrap_or(0)
    };
    let values = lowest..=highest;
    let bins = || values.clone().map(|value| (value, count_of(value)));
    between_tails(bins).unwrap_or((lowest, highest))
}

fn percentiles_of_wide<I: Iterator<Item = u32>>(
    containers: impl Fn() -> I,
    format: StoredFormat,
    padding: Option<Padding>,
) -> (i64, i64) {
    const BINS: i32 = 1 << 16;
    let values = || {
        containers()
            .map(|container| format.value(format.pattern(container)))
            .filter(|value| !is_padding(padding, *value))
    };
    let Some((lowest, highest)) = values().fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((lowest, highest)) => Some((value.min(lowest), value.max(highest))),
    }) else {
        return format.range();
    };
    // A bin is `step` values wide, so there are at most 65 536 of them.
    let step = (highest - lowest) / i64::from(BINS) + 1;
    let mut counts = vec![0_u64; 1 << 16];
    for value in values() {
        let bin = usize::try_from((value - lowest) / step).unwrap_or(0);
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    let bins = || (0..BINS).map(|bin| lowest + i64::from(bin) * step).zip(counts.iter().copied());
    let (low, high) = between_tails(bins).unwrap_or((lowest, highest));
    (low, high.saturating_add(step - 1).min(highest))
}

/// The first and last bin that are not wholly inside the tails; `None` when all are empty.
fn between_tails<I>(bins: impl Fn() -> I) -> Option<(i64, i64)>
where
    I: DoubleEndedIterator<Item = (i64, u64)>,
{
    let total: u64 = bins().map(|(_, count)| count).sum();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a number of pixels, at most 2^32"
    )]
    let tail = (total as f64 * TAIL) as u64;
    Some((past_tail(bins(), tail)?, past_tail(bins().rev(), tail)?))
}

/// The first bin with which more than `tail` pixels are passed.
fn past_tail(mut bins: impl Iterator<Item = (i64, u64)>, tail: u64) -> Option<i64> {
    let mut seen = 0;
    let found = bins.find(|(_, count)| {
        seen += count;
        seen > tail
    });
    found.map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::stored_format::tests::description;
    use rstest::rstest;

    fn range(values: &[i64], stored: u16, signed: bool, padding: Option<(i64, i64)>) -> (f64, f64) {
        let allocated = if stored > 16 { 32 } else { 16 };
        let format =
            StoredFormat::new(&description(allocated, stored, stored - 1, signed)).unwrap();
        let containers: Vec<u32> =
            values.iter().map(|value| (value & 0xFFFF_FFFF).try_into().unwrap()).collect();
        let padding = padding.map(|(low, high)| Padding { low, high });
        let voi = window(|| containers.iter().copied(), format, padding, &Modality::IDENTITY);
        let Voi::Ramp { low, high } = voi else { panic!("not a ramp: {voi:?}") };
        (low, high)
    }

    #[rstest]
    #[case::unsigned(&[5, 9, 700], 12, false, None, (5.0, 700.0))]
    #[case::signed(&[-5, 9, 700], 16, true, None, (-5.0, 700.0))]
    #[case::signed_inside_a_word(&[-5, 9, 700], 12, true, None, (-5.0, 700.0))]
    #[case::padding_does_not_count(&[-2000, 9, 700], 16, true, Some((-2000, -2000)), (9.0, 700.0))]
    #[case::padding_range(&[-2000, -1990, 9, 700], 16, true, Some((-2000, -1990)), (9.0, 700.0))]
    #[case::nothing_but_padding(&[0, 0], 12, false, Some((0, 0)), (0.0, 4095.0))]
    #[case::constant(&[7, 7], 12, false, None, (7.0, 7.0))]
    #[case::eight_bits_are_shown_whole(&[7, 8], 8, false, None, (0.0, 255.0))]
    #[case::wide(&[-70_000, 9, 70_000], 32, true, None, (-70_000.0, 70_000.0))]
    #[case::wide_extremes(&[i64::from(i32::MIN), i64::from(i32::MAX)], 32, true, None,
        (-2_147_483_648.0, 2_147_483_647.0))]
    #[case::wide_padding(&[-70_000, 9, 70_000], 32, true, Some((-70_000, -70_000)), (9.0, 70_000.0))]
    fn without_a_window(
        #[case] values: &[i64],
        #[case] stored: u16,
        #[case] signed: bool,
        #[case] padding: Option<(i64, i64)>,
        #[case] expected: (f64, f64),
    ) {
        assert_eq!(range(values, stored, signed, padding), expected);
    }

    #[rstest]
    #[case::words(12, 4000)]
    #[case::wide(32, 4_000_000)]
    fn one_hot_pixel_of_a_thousand_does_not_decide(#[case] stored: u16, #[case] hot: i64) {
        let mut values: Vec<i64> = (0..2000).map(|at| 100 + at % 100).collect();
        values.push(hot);
        let (low, high) = range(&values, stored, false, None);
        assert!((100.0..=101.0).contains(&low), "{low}");
        assert!((198.0..=260.0).contains(&high), "{high}");
    }
}
