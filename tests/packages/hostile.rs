//! The shapes of published vulnerabilities: bounded memory, no crash, a notice or refusal for what is
//! spoiled, and the sound slice beside it in the package.

use rstest::rstest;

use crate::support::{Workplace, judges, report, run};

/// What the program may take for some small files, in MiB.
const SMALL: u64 = 48;
/// … and for an instance that inflates to more than its budget.
const BEYOND_THE_BUDGET: u64 = 144;

#[rstest]
#[case::out_of_bounds_meta("hostile-meta", 3, 1, 1, SMALL)]
#[case::polyglot_preamble("hostile-preamble", 0, 2, 2, SMALL)]
#[case::deflate_bomb("hostile-inflation", 0, 2, 5, BEYOND_THE_BUDGET)]
#[case::overflowing_dimensions("hostile-dimensions", 0, 4, 1, SMALL)]
#[case::overflowing_frames("hostile-frames", 0, 2, 1, SMALL)]
#[case::palette_out_of_bounds("hostile-palette", 0, 2, 1, SMALL)]
#[case::lut_out_of_bounds("hostile-lut", 0, 2, 1, SMALL)]
#[case::rle_out_of_bounds("hostile-rle", 0, 3, 1, SMALL)]
#[case::nesting("hostile-nesting", 3, 1, 1, SMALL)]
#[case::paths_as_uids("hostile-paths", 3, 1, 1, SMALL)]
fn harm_no_one_but_themselves(
    #[case] study: &str,
    #[case] code: i32,
    #[case] packaged: u64,
    #[case] rendered: u64,
    #[case] most_mib: u64,
) {
    let place = Workplace::with_study(&["--study", study]);
    let run = place.package(&["--transfer-syntax", "uncompressed"]).expect_code(&[code]);
    let told = report::read(&place.report());
    let counted = report::files(&told);
    assert_eq!(counted.packaged, packaged, "{told}");
    assert_eq!(counted.accounted(), counted.found);
    assert_eq!(told["counts"]["rendered"], rendered, "{told}");
    let peak_mib = told["usage"]["peak_rss_bytes"].as_u64().map_or(0, |bytes| bytes >> 20);
    let peak_mib = peak_mib.max(run.peak_kib >> 10);
    println!("peak {peak_mib} MiB");
    assert!((1..=most_mib).contains(&peak_mib), "{peak_mib} MiB, not {most_mib}");
    judges::judge(&place.zip(), &place.source(), &["--real"]);
}

/// The preamble of the package's files is empty: nothing in it can be run (PS3.10 §7.1).
#[test]
fn no_preamble_is_taken_over() {
    let place = Workplace::with_study(&["--study", "hostile-preamble"]);
    let source = place.source().join("ct/000002.dcm");
    assert!(std::fs::read(source).expect("the file").starts_with(b"MZ"));
    place.package(&[]).expect_code(&[0]);
    let unzipped =
        run::program("unzip").arg("-p").arg(place.zip()).arg("*/STUDIES/*/IM000002").finish();
    assert_eq!(unzipped.stdout[..132], [&[0; 128][..], b"DICM"].concat());
}
