//! Pictures, previews and decoded pixels against other people's decoders: modality by transfer syntax
//! over fixtures, and every real file.
//!
//! Invariant: our frames come from `render_frame`, as a program; all judging is done in `tests/judges`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, clippy::panic, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::json;
use support::{Workplace, files_below, judges, run, samples};

/// Fixtures that differ in the kind of their pixels.
const STUDIES: [&str; 8] =
    ["ct", "ct-signed", "cr", "us", "pt", "quirk-signed-8", "quirk-palette", "quirk-luts"];
/// Fixtures whose pixels no compression is tried on, with how many files they have.
const PLAIN_STUDIES: [(&str, usize); 22] = [
    ("mr", 8),
    ("mg", 4),
    ("us-ybr", 1),
    ("enhanced-mr", 1),
    ("quirk-12bit", 3),
    ("quirk-planar", 1),
    ("quirk-one-bit", 1),
    ("quirk-overlay", 1),
    ("quirk-overlay-places", 3),
    ("quirk-overlay-frames", 1),
    ("quirk-segmentation", 6),
    ("quirk-no-window", 4),
    ("quirk-no-window-cine", 1),
    ("quirk-sigmoid", 2),
    ("quirk-windows", 3),
    ("quirk-palette-segmented", 1),
    ("quirk-float", 4),
    ("quirk-supplemental", 1),
    ("quirk-12bit-cells", 2),
    ("quirk-ybr-partial", 1),
    ("quirk-not-square", 3),
    ("quirk-angiography", 1),
];
/// How many tests the real files are spread over, so that they run side by side.
const SHARDS: usize = 4;

/// The program that renders frames, built as `cargo nextest run --workspace` builds it.
fn renderer() -> PathBuf {
    let built = run::program(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--workspace", "--example", "render_frame"])
        .finish();
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    let folder = Path::new(env!("CARGO_BIN_EXE_esito")).parent().expect("a folder");
    folder.join("examples/render_frame")
}

/// Packages each file alone and has pictures, previews and decoded pixels judged.
#[track_caller]
fn judge(files: &[(String, PathBuf)], least_right: usize) {
    let place = Workplace::empty();
    let mut jobs = String::new();
    for (number, (name, file)) in files.iter().enumerate() {
        let source = place.beside(&number.to_string());
        let package = place.target().join(format!("{number}.zip"));
        fs::create_dir(&source).expect("the source folder");
        fs::copy(file, source.join("f")).expect("a copy");
        run::esito(&["package", "--transfer-syntax", "uncompressed", "--folder"])
            .arg(&source)
            .arg("--out")
            .arg(&package)
            .finish()
            .expect_code(&[0, 3, 4]);
        let package = package.exists().then_some(package);
        let job = json!({ "name": name, "file": file, "package": package });
        writeln!(jobs, "{job}").expect("a string");
    }
    let list = place.beside("jobs");
    fs::write(&list, jobs).expect("the list of jobs");
    let judged = judges::script("pixels.py").arg(renderer()).arg(list).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    println!("{text}");
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    let right = text.lines().last().and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    assert!(right >= Some(least_right), "only {right:?} files are known to be right\n{text}");
}

fn named(folder: &Path) -> Vec<(String, PathBuf)> {
    let name =
        |file: &Path| file.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
    files_below(folder).into_iter().map(|file| (name(&file), file)).collect()
}

#[rstest]
#[case::implicit("implicit")]
#[case::big_endian("big-endian")]
#[case::deflated("deflated")]
#[case::encapsulated_uncompressed("encapsulated")]
#[case::rle("rle")]
#[case::jpeg_lossless("jpeg-lossless")]
fn each_kind_of_pixels_in_our_syntaxes(#[case] syntax: &str) {
    let place = Workplace::empty();
    for study in STUDIES {
        let options = ["--study", study, "--slices", "1", "--rows", "96", "--syntax", syntax];
        place.add_study(&options, study);
    }
    judge(&named(&place.source()), STUDIES.len());
}

#[rstest]
#[case::first(0)]
#[case::second(1)]
fn kinds_of_pixels_that_nobody_compresses(#[case] half: usize) {
    let place = Workplace::empty();
    let mut files = 0;
    for (study, count) in PLAIN_STUDIES.into_iter().skip(half).step_by(2) {
        place.add_study(&["--study", study, "--slices", "1", "--rows", "96"], study);
        files += count;
    }
    judge(&named(&place.source()), files);
}

/// What no file alone shows: one range for a series without window, segments over their images.
#[rstest]
#[case::one_range_for_a_series("quirk-no-window", 4)]
#[case::segments_over_their_images("quirk-segmentation", 15)]
fn pictures_that_need_other_files(#[case] study: &str, #[case] pictures: usize) {
    let place = Workplace::with_study(&["--study", study]);
    place.package(&[]).expect_code(&[0]);
    let script = judges::script("package_pictures.py").arg(place.zip());
    let judged = script.args(["--least", &pictures.to_string()]).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
}

/// DCMTK, GDCM, `OpenJPEG` and `OpenJPH` write what the fixtures cannot.
#[test]
fn each_kind_of_pixels_in_the_syntaxes_of_others() {
    let place = Workplace::empty();
    for study in STUDIES {
        place.add_study(&["--study", study, "--slices", "1", "--rows", "96"], study);
    }
    let out = place.beside("foreign");
    fs::create_dir(&out).expect("a folder");
    let written = judges::script("foreign_encoders.py").arg(place.source()).arg(&out).finish();
    let text = String::from_utf8_lossy(&written.stdout);
    println!("{text}");
    assert_eq!(written.code, Some(0), "an encoder wrote nothing: {text}{}", written.stderr);
    let files = named(&out);
    // Where programs are missing and may be, what the others wrote.
    let least = if text.contains("is not installed") { files.len() * 3 / 4 } else { 70 };
    judge(&files, least);
}

#[rstest]
fn every_real_file(#[values(0, 1, 2, 3)] shard: usize) {
    let Some(root) = samples() else { return };
    let is_sample =
        |(name, _): &(String, PathBuf)| !["CATALOG.json", "README.md"].contains(&name.as_str());
    let files = named(&root).into_iter().filter(is_sample);
    let mine: Vec<_> = files.skip(shard).step_by(SHARDS).collect();
    judge(&mine, mine.len() / 3);
}

/// The judge itself: a picture or preview spoiled in one way is noticed.
#[test]
fn the_judge_of_pixels_notices_every_spoiled_picture() {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "1", "--rows", "64"]);
    place.package(&["--transfer-syntax", "uncompressed"]).expect_code(&[0]);
    let file = files_below(&place.source()).into_iter().next().expect("a file");
    let judged =
        judges::script("pixel_mutations.py").arg(renderer()).arg(file).arg(place.zip()).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    assert!(text.contains(" 0 failed"), "{text}");
}
