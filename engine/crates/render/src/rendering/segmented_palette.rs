//! Segmented palettes: runs, ramps and repeats in place of a table of 65 536 entries.
//!
//! Standard: DICOM PS3.3 C.7.9.2.

use model::PreviewFault;

const DISCRETE: u16 = 0;
const LINEAR: u16 = 1;
const INDIRECT: u16 = 2;

/// Expands segments to `count` entries (0 means 65 536).
///
/// `values` are words, or bytes where entries have 8 `bits`.
///
/// # Errors
/// [`PreviewFault::Unsupported`] when the segments give fewer or more entries, or contradict
/// themselves.
pub(super) fn expand(values: &[u16], bits: u16, count: u16) -> Result<Vec<u16>, PreviewFault> {
    let count = if count == 0 { 1 << 16 } else { usize::from(count) };
    let mut entries: Vec<u16> = Vec::with_capacity(count);
    let mut rest = values;
    while entries.len() < count {
        let &[kind, length, ..] = rest else { return Err(damaged()) };
        if kind != INDIRECT {
            rest = add(rest, &mut entries, count)?;
            continue;
        }
        let (offset, after) =
            offset(rest.get(2..).unwrap_or_default(), bits).ok_or_else(damaged)?;
        let mut copied = values.get(offset..).ok_or_else(damaged)?;
        for _ in 0..length {
            // One indirect segment never points to another (C.7.9.2.3), and each segment copied
            // adds an entry, so this ends.
            let before = entries.len();
            copied = add(copied, &mut entries, count)?;
            if entries.len() == before {
                return Err(damaged());
            }
        }
        rest = after;
    }
    Ok(entries)
}

fn damaged() -> PreviewFault {
    PreviewFault::Unsupported("a segmented palette contradicts itself".into())
}

/// Adds the entries of the discrete or linear segment at the front; gives what follows it.
fn add<'a>(
    values: &'a [u16],
    entries: &mut Vec<u16>,
    count: usize,
) -> Result<&'a [u16], PreviewFault> {
    let &[kind, length, ..] = values else { return Err(damaged()) };
    let rest = values.get(2..).unwrap_or_default();
    let length = usize::from(length);
    if entries.len() + length > count {
        return Err(damaged());
    }
    match kind {
        DISCRETE => {
            let (segment, after) = rest.split_at_checked(length).ok_or_else(damaged)?;
            entries.extend(segment);
            Ok(after)
        }
        LINEAR => {
            let (&end, after) = rest.split_first().ok_or_else(damaged)?;
            let start = *entries.last().ok_or_else(damaged)?;
            entries.extend((1..=length).map(|step| between(start, end, step, length)));
            Ok(after)
        }
        _ => Err(damaged()),
    }
}

/// The place among the values that an indirect segment points to, and what follows its offset.
///
/// The offset counts bytes: 32 bits as two words, the lower one first.
fn offset(values: &[u16], bits: u16) -> Option<(usize, &[u16])> {
    let joined = |parts: &[u16], width: u32| {
        parts.iter().rev().fold(0_u64, |sum, part| sum << width | u64::from(*part))
    };
    if bits > 8 {
        let (parts, after) = values.split_at_checked(2)?;
        let bytes = joined(parts, 16);
        let word = bytes.is_multiple_of(2).then_some(bytes / 2)?;
        return Some((usize::try_from(word).ok()?, after));
    }
    let (parts, after) = values.split_at_checked(4)?;
    Some((usize::try_from(joined(parts, 8)).ok()?, after))
}

/// The value `step` of `steps` steps from `start` to `end`, rounded to nearest.
fn between(start: u16, end: u16, step: usize, steps: usize) -> u16 {
    let (start, end) = (i64::from(start), i64::from(end));
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let steps = i64::try_from(steps).unwrap_or(i64::MAX).max(1);
    let moved = ((end - start) * step * 2 + steps).div_euclid(steps * 2);
    u16::try_from(start + moved).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::c_7_9_2_1_discrete(&[0, 3, 7, 8, 9], 16, 3, &[7, 8, 9])]
    #[case::c_7_9_2_2_linear(&[0, 1, 0, 1, 4, 100], 16, 5, &[0, 25, 50, 75, 100])]
    #[case::c_7_9_2_2_linear_down(&[0, 1, 10, 1, 3, 0], 16, 4, &[10, 7, 3, 0])]
    #[case::c_7_9_2_3_indirect(&[0, 2, 7, 9, 1, 2, 13, 2, 2, 0, 0], 16, 8, &[7, 9, 11, 13, 7, 9, 11, 13])]
    #[case::c_7_9_2_3_offset_in_bytes(&[0, 1, 7, 0, 1, 9, 2, 1, 6, 0], 16, 3, &[7, 9, 9])]
    #[case::c_7_9_2_3_ramp_from_the_last_entry(&[0, 1, 0, 1, 2, 8, 2, 1, 6, 0], 16, 5, &[0, 4, 8, 8, 8])]
    #[case::c_7_9_2_3_bytes(&[0, 1, 7, 0, 1, 9, 2, 1, 3, 0, 0, 0], 8, 3, &[7, 9, 9])]
    fn segments(
        #[case] values: &[u16],
        #[case] bits: u16,
        #[case] count: u16,
        #[case] expected: &[u16],
    ) {
        assert_eq!(expand(values, bits, count).unwrap(), expected);
    }

    #[rstest]
    #[case::too_long(&[0, 9, 7], 3)]
    #[case::linear_first(&[1, 3, 7], 3)]
    #[case::ends_early(&[0, 1, 7], 3)]
    #[case::discrete_cut(&[0, 3, 7], 3)]
    #[case::indirect_to_itself(&[0, 1, 7, 2, 1, 6, 0], 3)]
    #[case::indirect_to_nowhere(&[0, 1, 7, 2, 1, 100, 0], 3)]
    #[case::indirect_to_half_a_word(&[0, 1, 7, 2, 1, 1, 0], 3)]
    #[case::unknown_kind(&[3, 1, 7], 3)]
    #[case::empty_segments_for_ever(&[0, 0], 3)]
    #[case::empty_repeats(&[0, 0, 2, 9, 0, 0], 3)]
    fn damaged_segments(#[case] values: &[u16], #[case] count: u16) {
        assert!(expand(values, 16, count).is_err());
    }
}
