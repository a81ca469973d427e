//! Streams of other people's encoders, decoded to what was coded.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use part10::{Photometric, PixelDescription};
use render::{Limits, decode_frame};
use rstest::rstest;

const STREAMS: &str = include_str!("streams.txt");

const EXTENDED: &str = "1.2.840.10008.1.2.4.51";
const LOSSLESS: &str = "1.2.840.10008.1.2.4.57";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const NEAR_LOSSLESS: &str = "1.2.840.10008.1.2.4.81";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
const HTJ2K: &str = "1.2.840.10008.1.2.4.201";

fn stream(name: &str) -> Vec<u8> {
    let line = STREAMS.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = line.unwrap_or_else(|| panic!("no stream {name}"));
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn description(columns: u16, rows: u16, bits_stored: u16, signed: bool) -> PixelDescription {
    PixelDescription {
        rows,
        columns,
        samples_per_pixel: 1,
        bits_allocated: bits_stored.next_multiple_of(8),
        bits_stored,
        high_bit: bits_stored - 1,
        signed,
        photometric: Photometric::Monochrome2,
        planar: false,
        frames: 1,
    }
}

fn colour(columns: u16, rows: u16, photometric: Photometric) -> PixelDescription {
    let grey = description(columns, rows, 8, false);
    PixelDescription { samples_per_pixel: 3, photometric, ..grey }
}

/// Places as (column, row), row by row.
fn places(columns: i32, rows: i32) -> impl Iterator<Item = (i32, i32)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (column, row)))
}

/// 12 bits: texture, and a flat part that makes runs.
fn texture((x, y): (i32, i32)) -> i32 {
    if x > 8 { 2000 } else { (x * 37 + y * 91 + x * y * 5) % 4096 }
}

fn texture_colour(place: (i32, i32)) -> [i32; 3] {
    let grey = texture(place);
    [grey % 256, grey / 3 % 256, grey / 5 % 256]
}

/// 12 bits: a ramp with an edge.
fn ramp((x, y): (i32, i32)) -> i32 {
    x * 40 + y * 25 + x * y % 7 + if x > 20 { 1000 } else { 0 }
}

fn words(values: impl Iterator<Item = i32>) -> Vec<u8> {
    values.flat_map(|value| i16::try_from(value).unwrap().to_le_bytes()).collect()
}

fn bytes(values: impl Iterator<Item = [i32; 3]>) -> Vec<u8> {
    values.flatten().map(|value| u8::try_from(value).unwrap()).collect()
}

fn decoded(name: &str, syntax: &str, description: &PixelDescription) -> (Vec<u8>, Photometric) {
    let frame = decode_frame(syntax, description, &stream(name), &Limits::default()).unwrap();
    assert!(!frame.planar);
    (frame.bytes, frame.photometric)
}

#[rstest]
fn each_predictor_of_jpeg_lossless(#[values(1, 2, 3, 4, 5, 6, 7)] predictor: u8) {
    let name = format!("JPEG_LOSSLESS_{predictor}");
    let (native, _) = decoded(&name, LOSSLESS, &description(13, 11, 12, false));
    assert_eq!(native, words(places(13, 11).map(texture)));
}

#[rstest]
#[case::jpeg_lossless("JPEG_LOSSLESS_RGB", LOSSLESS)]
#[case::jpeg_ls_by_line("JPEG_LS_LINES", JPEG_LS)]
#[case::jpeg_ls_by_sample("JPEG_LS_SAMPLES", JPEG_LS)]
#[case::jpeg_ls_by_plane("JPEG_LS_PLANES", JPEG_LS)]
fn interleaved_colour(#[case] name: &str, #[case] syntax: &str) {
    let description = colour(13, 11, Photometric::Rgb);
    let (native, photometric) = decoded(name, syntax, &description);
    assert_eq!(native, bytes(places(13, 11).map(texture_colour)));
    assert_eq!(photometric, Photometric::Rgb);
}

#[test]
fn jpeg_ls_with_presets() {
    let (native, _) = decoded("JPEG_LS_12", JPEG_LS, &description(13, 11, 12, false));
    assert_eq!(native, words(places(13, 11).map(texture)));
}

#[rstest]
#[case::jpeg_ls_near_lossless("JPEG_LS_NEAR_3", NEAR_LOSSLESS, 3)]
#[case::jpeg_of_12_bits("JPEG_EXTENDED_12", EXTENDED, 2)]
fn lossy_streams_stay_within_their_error(
    #[case] name: &str,
    #[case] syntax: &str,
    #[case] allowed: u16,
) {
    let (native, _) = decoded(name, syntax, &description(13, 11, 12, false));
    let (native, _) = native.as_chunks();
    let errors: Vec<u16> = native
        .iter()
        .zip(places(13, 11).map(texture))
        .map(|(word, value)| u16::from_le_bytes(*word).abs_diff(value.try_into().unwrap()))
        .collect();
    assert_eq!(errors.len(), 13 * 11);
    assert!(errors.iter().all(|error| *error <= allowed), "{errors:?}");
}

#[test]
fn jpeg_2000_without_sign() {
    let (native, _) = decoded("JPEG_2000_UNSIGNED_12", JPEG_2000, &description(33, 32, 12, false));
    assert_eq!(native, words(places(33, 32).map(ramp)));
}

#[test]
fn jpeg_2000_with_sign() {
    let (native, _) = decoded("JPEG_2000_SIGNED_16", JPEG_2000, &description(33, 32, 16, true));
    assert_eq!(native, words(places(33, 32).map(|place| ramp(place) - 2000)));
}

/// The bits are those of the stream, whatever the attribute says that they mean (PS3.5 8.2.4).
#[test]
fn jpeg_2000_with_a_sign_that_the_data_set_denies() {
    let (native, _) = decoded("JPEG_2000_SIGNED_16", JPEG_2000, &description(33, 32, 16, false));
    assert_eq!(native, words(places(33, 32).map(|place| ramp(place) - 2000)));
}

#[test]
fn htj2k_of_12_bits() {
    let (native, _) = decoded("HTJ2K_12", HTJ2K, &description(33, 32, 12, false));
    assert_eq!(native, words(places(33, 32).map(ramp)));
}

#[test]
fn htj2k_turns_its_colour_transformation_round() {
    let (native, photometric) = decoded("HTJ2K_RCT", HTJ2K, &colour(33, 32, Photometric::YbrRct));
    assert_eq!(native, bytes(places(33, 32).map(|(x, y)| [x * 7, y * 8, x + y * 2])));
    assert_eq!(photometric, Photometric::Rgb);
}

#[test]
fn jpeg_2000_turns_its_colour_transformation_round() {
    let description = colour(33, 32, Photometric::YbrRct);
    let (native, photometric) = decoded("JPEG_2000_RCT", JPEG_2000, &description);
    assert_eq!(native, bytes(places(33, 32).map(|(x, y)| [x * 7, y * 8, x + y * 2])));
    assert_eq!(photometric, Photometric::Rgb);
}

/// Truncated or with one byte changed, a stream ends in a frame of the right size or in a fault.
#[test]
fn damaged_streams_neither_panic_nor_change_the_size() {
    for line in STREAMS.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(' ').next().unwrap();
        let (syntax, description) = match name.split('_').nth(1).unwrap() {
            _ if name.ends_with("RCT") => (JPEG_2000, colour(33, 32, Photometric::YbrRct)),
            _ if name.starts_with("HTJ2K") => (HTJ2K, description(33, 32, 16, true)),
            "2000" => (JPEG_2000, description(33, 32, 16, true)),
            "LS" if name.ends_with('S') => (JPEG_LS, colour(13, 11, Photometric::Rgb)),
            "LS" => (JPEG_LS, description(13, 11, 12, false)),
            _ if name.ends_with("RGB") => (LOSSLESS, colour(13, 11, Photometric::Rgb)),
            _ => (LOSSLESS, description(13, 11, 12, false)),
        };
        let whole = stream(name);
        let check = |damaged: &[u8]| {
            if let Ok(frame) = decode_frame(syntax, &description, damaged, &Limits::default()) {
                assert_eq!(frame.bytes.len() as u64, description.frame_bytes(), "{name}");
            }
        };
        for place in 0..whole.len() {
            check(&whole[..place]);
            for flip in [0x01, 0x10, 0x80, 0xFF] {
                let mut damaged = whole.clone();
                damaged[place] ^= flip;
                check(&damaged);
            }
        }
    }
}
