//! The colour of a segment: as the file recommends, else one that tells it from its neighbours.

/// Colours for segments without one, far apart from each other and from grey.
const DEFAULTS: [[u8; 3]; 12] = [
    [230, 57, 53],
    [67, 160, 71],
    [30, 136, 229],
    [253, 216, 53],
    [142, 36, 170],
    [0, 188, 212],
    [251, 140, 0],
    [216, 27, 96],
    [124, 214, 60],
    [92, 107, 220],
    [255, 171, 145],
    [0, 137, 123],
];

/// The colour of a segment that recommends none.
pub(super) fn default(number: u16) -> [u8; 3] {
    let at = usize::from(number.saturating_sub(1)) % DEFAULTS.len();
    DEFAULTS.get(at).copied().unwrap_or([u8::MAX; 3])
}

/// Recommended Display `CIELab` Value (0062,000D) as sRGB.
///
/// L* is 0 to 100 over 16 bits, a* and b* are −128 to 127; the white is that of the profile
/// connection space, D50.
///
/// Standard: DICOM PS3.3 C.10.7.1.1; ISO 15076-1 (`CIELab` to XYZ); IEC 61966-2-1 (sRGB).
pub(super) fn srgb(lab: [u16; 3]) -> [u8; 3] {
    const D50: [f64; 3] = [0.9642, 1.0, 0.8249];
    let lightness = f64::from(lab[0]) * 100.0 / 65_535.0;
    let chroma = |stored: u16| f64::from(stored) * 255.0 / 65_535.0 - 128.0;
    let y = (lightness + 16.0) / 116.0;
    let [x, z] = [y + chroma(lab[1]) / 500.0, y - chroma(lab[2]) / 200.0];
    let linear = |t: f64| {
        let cube = t.powi(3);
        if cube > 216.0 / 24_389.0 { cube } else { (116.0 * t - 16.0) * 27.0 / 24_389.0 }
    };
    let [x, y, z] = [linear(x) * D50[0], linear(y) * D50[1], linear(z) * D50[2]];
    // From D50 to the primaries of sRGB, adapted to its white by Bradford.
    let rgb = [
        3.133_856 * x - 1.616_867 * y - 0.490_615 * z,
        -0.978_768 * x + 1.916_142 * y + 0.033_454 * z,
        0.071_945 * x - 0.228_991 * y + 1.405_243 * z,
    ];
    rgb.map(|linear| {
        let linear = linear.clamp(0.0, 1.0);
        let coded = if linear <= 0.003_130_8 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 255, rounded"
        )]
        let level = (coded * 255.0).round() as u8;
        level
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    // Values of L*a*b* (D50) for the corners of sRGB are published by colour tools; stored as the
    // standard says: L × 65535 / 100, (a + 128) × 65535 / 255.
    #[rstest]
    #[case::black([0, 32_896, 32_896], [0, 0, 0])]
    #[case::white([65_535, 32_896, 32_896], [255, 255, 255])]
    #[case::middle_grey([34_882, 32_896, 32_896], [127, 127, 127])]
    #[case::red([35_581, 53_675, 50_843], [255, 0, 0])]
    #[case::green([57_551, 12_523, 53_711], [0, 255, 0])]
    #[case::blue([19_377, 50_455, 4_109], [0, 0, 255])]
    fn c_10_7_1_1_cielab(#[case] stored: [u16; 3], #[case] expected: [u8; 3]) {
        let found = srgb(stored);
        let near = found.iter().zip(expected).all(|(one, other)| one.abs_diff(other) <= 3);
        assert!(near, "{found:?} instead of {expected:?}");
    }

    #[test]
    fn segments_without_a_colour_differ() {
        let colours: std::collections::BTreeSet<_> = (1..=12).map(default).collect();
        assert_eq!(colours.len(), 12);
        assert_eq!(default(13), default(1));
        assert_eq!(default(0), default(1));
    }
}
