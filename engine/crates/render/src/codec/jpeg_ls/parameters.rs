//! The parameters of a scan: given by the stream, or by default.
//!
//! Standard: ITU-T T.87 C.2.4.1.1, A.2.1.

use model::PreviewFault;

/// Coding parameters of an LSE segment; zero means the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Preset {
    highest: u16,
    thresholds: [u16; 3],
    reset: u16,
}

impl Preset {
    pub(super) fn read(words: &[u8]) -> Result<Self, PreviewFault> {
        let words: Vec<u16> =
            words.as_chunks().0.iter().map(|word| u16::from_be_bytes(*word)).collect();
        let &[highest, first, second, third, reset] = words.as_slice() else {
            return Err(PreviewFault::Damaged);
        };
        Ok(Self { highest, thresholds: [first, second, third], reset })
    }
}

/// Everything that the coding of samples depends on, under the names of the standard in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Highest sample value [MAXVAL].
    pub(super) highest: i32,
    /// Difference allowed for near-lossless coding [NEAR].
    pub(super) near: i32,
    /// Thresholds of the gradients [T1, T2, T3].
    pub(super) thresholds: [i32; 3],
    /// When the counters of a context are halved [RESET].
    pub(super) reset: i32,
    /// Number of values that an error can take [RANGE].
    pub(super) range: i32,
    /// Bits to write one of them [qbpp].
    pub(super) range_bits: u32,
    /// Longest code [LIMIT].
    pub(super) limit: u32,
}

impl Parameters {
    pub(super) fn new(precision: u16, near: u8, preset: &Preset) -> Result<Self, PreviewFault> {
        let allowed = (1_i32 << precision) - 1;
        let highest = match preset.highest {
            0 => allowed,
            highest => i32::from(highest),
        };
        let near = i32::from(near);
        let reset = if preset.reset == 0 { 64 } else { i32::from(preset.reset) };
        if highest > allowed || near > highest / 2 || reset < 3 {
            return Err(PreviewFault::Damaged);
        }
        // Sums of magnitudes then stay below 2^25.
        if reset > 255 {
            return Err(PreviewFault::Unsupported("JPEG-LS that rarely halves counters".into()));
        }
        let range = (highest + 2 * near) / (2 * near + 1) + 1;
        let sample_bits = bits_for(highest + 1).max(2);
        Ok(Self {
            highest,
            near,
            thresholds: thresholds(highest, near, preset.thresholds)?,
            reset,
            range,
            range_bits: bits_for(range),
            limit: 2 * (sample_bits + sample_bits.max(8)),
        })
    }
}

/// Bits to write `count` different values: the logarithm to base 2, rounded up.
fn bits_for(count: i32) -> u32 {
    32 - (count - 1).leading_zeros()
}

/// The thresholds given, or the default ones.
fn thresholds(highest: i32, near: i32, given: [u16; 3]) -> Result<[i32; 3], PreviewFault> {
    let defaults: [i32; 3] = if highest >= 128 {
        let factor = (highest.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
    } else {
        let factor = 256 / (highest + 1);
        [
            (3 / factor + 3 * near).max(2),
            (7 / factor + 5 * near).max(3),
            (21 / factor + 7 * near).max(4),
        ]
    };
    let mut lowest = near + 1;
    let mut thresholds = [0; 3];
    for ((threshold, default), given) in thresholds.iter_mut().zip(defaults).zip(given) {
        *threshold = match given {
            0 if (lowest..=highest).contains(&default) => default,
            0 => lowest,
            given if (lowest..=highest).contains(&i32::from(given)) => i32::from(given),
            _ => return Err(PreviewFault::Damaged),
        };
        lowest = *threshold;
    }
    Ok(thresholds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    // Defaults of T.87 Table C.3 for 8 bits; the others worked out from C.2.4.1.1.1 by hand.
    #[rstest]
    #[case::eight_bits(8, 0, [3, 7, 21], 256, 8, 32)]
    #[case::eight_bits_near(8, 3, [12, 22, 42], 38, 6, 32)]
    #[case::twelve_bits(12, 0, [18, 67, 276], 4096, 12, 48)]
    #[case::sixteen_bits(16, 0, [18, 67, 276], 65_536, 16, 64)]
    #[case::two_bits(2, 0, [2, 3, 3], 4, 2, 20)]
    fn defaults(
        #[case] precision: u16,
        #[case] near: u8,
        #[case] thresholds: [i32; 3],
        #[case] range: i32,
        #[case] range_bits: u32,
        #[case] limit: u32,
    ) {
        let parameters = Parameters::new(precision, near, &Preset::default()).unwrap();
        assert_eq!(parameters.thresholds, thresholds);
        assert_eq!((parameters.range, parameters.range_bits), (range, range_bits));
        assert_eq!(parameters.limit, limit);
    }

    #[test]
    fn presets_take_the_place_of_defaults() {
        let words = [0, 255, 0, 9, 0, 9, 0, 31, 0, 63];
        let preset = Preset::read(&words).unwrap();
        let parameters = Parameters::new(12, 0, &preset).unwrap();
        assert_eq!((parameters.highest, parameters.thresholds), (255, [9, 9, 31]));
        assert_eq!(parameters.reset, 63);
    }

    #[rstest]
    #[case::highest_beyond_precision(8, 0, [256, 0, 0, 0, 0])]
    #[case::near_beyond_half(8, 128, [0; 5])]
    #[case::thresholds_fall(8, 0, [0, 20, 10, 30, 0])]
    #[case::threshold_beyond_highest(8, 0, [0, 0, 0, 256, 0])]
    #[case::reset_too_small(8, 0, [0, 0, 0, 0, 2])]
    fn impossible(#[case] precision: u16, #[case] near: u8, #[case] words: [u16; 5]) {
        let preset = Preset::read(&words.map(u16::to_be_bytes).concat()).unwrap();
        assert_eq!(Parameters::new(precision, near, &preset), Err(PreviewFault::Damaged));
    }
}
