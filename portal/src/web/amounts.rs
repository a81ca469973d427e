//! Bytes and times to wait, as people say them.

use texts::{Language, Texts};

/// Steps of a thousand each, as browsers and shops count (IEC 80000-13 leaves these names to powers of ten).
const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];

/// `340 kB`, `3,4 MB`, `52 MB`: two digits are as much as anybody reads.
pub(crate) fn display_bytes(bytes: u64, text: Texts) -> String {
    // Tenths of the unit, rounded up: no file is smaller than what is said.
    let mut tenths = bytes.div_ceil(100);
    let mut unit = 0;
    while tenths > 9_990 && unit + 1 < UNITS.len() {
        tenths = tenths.div_ceil(1000);
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    let point = match text.language() {
        Language::Italian => ',',
        Language::English => '.',
    };
    match (tenths / 10, tenths % 10) {
        (whole, part @ 1..) if whole < 10 && unit > 0 => format!("{whole}{point}{part} {name}"),
        (whole, 0) => format!("{whole} {name}"),
        (whole, _) => format!("{} {name}", whole + 1),
    }
}

/// `ancora circa 2 minuti`: coarse enough not to jump.
pub(crate) fn display_wait(seconds: u64, text: Texts) -> String {
    match seconds {
        0..=9 => text.panel_left_moments().to_owned(),
        10..=55 => text.panel_left_seconds(seconds.div_ceil(10) * 10),
        56..=3_540 => text.panel_left_minutes(seconds.div_ceil(60)),
        _ => text.panel_left_hours(seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0 kB")]
    #[case(1, "1 kB")]
    #[case(999, "1 kB")]
    #[case(1_001, "2 kB")]
    #[case(340_000, "340 kB")]
    #[case(999_400, "1 MB")]
    #[case(1_000_000, "1 MB")]
    #[case(3_400_000, "3,4 MB")]
    #[case(9_950_000, "10 MB")]
    #[case(52_000_000, "52 MB")]
    #[case(52_000_001, "53 MB")]
    #[case(1_234_567_890, "1,3 GB")]
    #[case(u64::MAX, "18446745 TB")]
    fn sizes(#[case] bytes: u64, #[case] shown: &str) {
        assert_eq!(display_bytes(bytes, Language::Italian.texts()), shown);
    }

    #[rstest]
    #[case(0, "ancora pochi secondi")]
    #[case(12, "ancora circa 20 secondi")]
    #[case(56, "ancora circa un minuto")]
    #[case(61, "ancora circa 2 minuti")]
    #[case(3_541, "ancora circa un'ora")]
    #[case(7_300, "ancora circa 3 ore")]
    fn waits(#[case] seconds: u64, #[case] shown: &str) {
        assert_eq!(display_wait(seconds, Language::Italian.texts()), shown);
    }

    #[test]
    fn english_has_a_point() {
        let text = Language::English.texts();
        assert_eq!(display_bytes(3_400_000, text), "3.4 MB");
        assert_eq!(display_wait(60, text), "about a minute left");
    }
}
