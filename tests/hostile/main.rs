//! Arbitrary bytes against the promises of the engine, without libFuzzer: what it found is replayed,
//! and fixtures are damaged at random.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(
    dead_code,
    clippy::print_stderr,
    reason = "shared with the fuzz targets, which use the rest"
)]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use fixtures::{Options, Random, recipe};
use rstest::rstest;

/// A target and the bytes that once broke its promise, in hexadecimal, a line each.
const FINDINGS: &str = include_str!("findings.txt");

#[test]
fn what_was_found_stays_mended() {
    fuzz::watch_panics();
    let mut replayed = 0;
    for line in FINDINGS.lines().filter(|line| !line.starts_with('#')) {
        let (name, digits) = line.split_once(' ').expect("a target and bytes");
        let (_, target) =
            fuzz::TARGETS.iter().find(|(known, _)| *known == name).expect("a known target");
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        target(&bytes);
        replayed += 1;
    }
    assert!(replayed > 0, "nothing was replayed");
}

/// Each file is damaged so many times, with another seed for each.
const TIMES: u64 = 2000;

#[rstest]
#[case::pixels("ct")]
#[case::functional_groups("enhanced-mr")]
#[case::report("sr")]
#[case::presentation("gsps")]
#[case::tables("quirk-luts")]
#[case::palette("quirk-palette")]
#[case::private("quirk-private")]
#[case::single_bits("quirk-one-bit")]
fn damaged_fixtures_break_no_promise(#[case] study: &str) {
    fuzz::watch_panics();
    let options = Options { slices: Some(1), rows: Some(48), ..Options::default() };
    let files = recipe(study, &options).expect("a study");
    let file = files.last().expect("a file").bytes().expect("its bytes");
    fuzz::file(&file);
    for seed in 0..TIMES {
        let damaged = damage(&file, &mut Random::new(seed, 0));
        fuzz::file(&damaged);
        fuzz::directory(&damaged);
    }
}

/// The bytes with up to eight changes: a bit turned, a length of all ones, a run cut out or doubled.
fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..=random.next_u64() % 8 {
        let mut below = |limit: usize| {
            let limit = u64::try_from(limit.max(1)).expect("64 bits");
            usize::try_from(random.next_u64() % limit).expect("64 bits")
        };
        // Headers stand at the front: most changes go there.
        let reach = [damaged.len(), damaged.len().min(2048)][below(2)];
        let (at, run) = (below(reach), below(16));
        let end = (at + run).min(damaged.len());
        match below(4) {
            0 => damaged[at] ^= 1 << below(8),
            1 => damaged[at..end].fill(0xFF),
            2 => drop(damaged.drain(at..end)),
            _ => {
                let doubled = damaged[at..end].to_vec();
                damaged.splice(at..at, doubled);
            }
        }
    }
    damaged
}
