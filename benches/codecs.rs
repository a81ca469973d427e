//! Decoding one frame: codec × picture, by bytes of native pixels.
//!
//! Floor in the same run: copying the native frame. The fixtures write RLE, JPEG lossless and JPEG
//! baseline; the other streams come from encoders of DCMTK, GDCM and `OpenJPH`, and are not timed where
//! these are not installed. Beside other people's decoders: `make peers`.
//! Run: `cargo bench --bench codecs`.
#![expect(clippy::unwrap_used, reason = "without its input a bench has nothing to measure")]

use std::process::{Command, Stdio};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fixtures::{Options, Syntax};
use part10::{Frames, Instance, PixelDescription};
use render::{Limits, decode_frame};

/// Studies of 16-bit grey, small and large, and of RGB.
const STUDIES: [&str; 3] = ["ct", "cr", "us"];
const GRAY: [&str; 2] = ["ct", "cr"];
const HTJ2K: &str = "1.2.840.10008.1.2.4.201";

fn main() {
    divan::main();
}

/// The first instance of a fixture study.
fn fixture(study: &str, syntax: Option<Syntax>) -> Vec<u8> {
    let options = Options { slices: Some(1), syntax, ..Options::default() };
    let files = fixtures::recipe(study, &options).unwrap();
    files.first().unwrap().bytes().unwrap()
}

/// Those studies, if there is an encoder for them.
fn with<const N: usize>(encoder: &str, studies: [&'static str; N]) -> Vec<&'static str> {
    let mut version = Command::new(encoder);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    if version.status().is_ok() { studies.to_vec() } else { Vec::new() }
}

/// The first instance of a study, through somebody else's encoder.
fn encoded(study: &str, encoder: &str, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (plain, coded) = (folder.path().join("plain"), folder.path().join("coded"));
    std::fs::write(&plain, fixture(study, None)).unwrap();
    let mut command = Command::new(encoder);
    let status = command.args(options).args([&plain, &coded]).stdout(Stdio::null()).status();
    assert!(status.unwrap().success(), "{encoder} failed");
    std::fs::read(coded).unwrap()
}

#[divan::bench(args = STUDIES)]
fn floor_copy(bencher: Bencher<'_, '_>, study: &str) {
    let (_, description, frame) = first_frame(fixture(study, None));
    bencher
        .counter(BytesCount::new(description.frame_bytes()))
        .bench_local(|| black_box(&frame).clone());
}

/// The first frame as stored, its transfer syntax and its description.
fn first_frame(file: Vec<u8>) -> (String, PixelDescription, Vec<u8>) {
    let mut instance = Instance::from_bytes(file, &part10::Limits::default()).unwrap();
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    let frames = Frames::locate(&mut instance, &description).unwrap();
    let mut frame = Vec::new();
    frames.read(&mut instance, 0, &mut frame).unwrap();
    (instance.transfer_syntax().uid().to_owned(), description, frame)
}

/// Times the decoding of the first frame.
fn bench(bencher: Bencher<'_, '_>, file: Vec<u8>) {
    let (syntax, description, frame) = first_frame(file);
    let limits = Limits::default();
    bencher
        .counter(BytesCount::new(description.frame_bytes()))
        .bench_local(|| decode_frame(&syntax, &description, black_box(&frame), &limits).unwrap());
}

#[divan::bench(args = STUDIES)]
fn rle(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, fixture(study, Some(Syntax::Rle)));
}

#[divan::bench(args = STUDIES)]
fn jpeg_lossless(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, fixture(study, Some(Syntax::JpegLossless)));
}

#[divan::bench(args = ["us"])]
fn jpeg_baseline(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, fixture(study, Some(Syntax::JpegBaseline)));
}

#[divan::bench(args = with("dcmcjpeg", GRAY))]
fn jpeg_extended(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, encoded(study, "dcmcjpeg", &["+ee", "+q", "90"]));
}

#[divan::bench(args = with("dcmcjpls", STUDIES))]
fn jpeg_ls(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, encoded(study, "dcmcjpls", &["+el"]));
}

#[divan::bench(args = with("dcmcjpls", STUDIES))]
fn jpeg_ls_near_lossless(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, encoded(study, "dcmcjpls", &["+en", "+md", "2"]));
}

#[divan::bench(args = with("gdcmconv", STUDIES))]
fn jpeg_2000_reversible(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, encoded(study, "gdcmconv", &["--j2k"]));
}

#[divan::bench(args = with("gdcmconv", STUDIES))]
fn jpeg_2000_irreversible(bencher: Bencher<'_, '_>, study: &str) {
    bench(bencher, encoded(study, "gdcmconv", &["--j2k", "--lossy", "--irreversible", "-r", "8"]));
}

/// Grey by `ojph_compress`, which reads no DICOM.
#[divan::bench(args = with("ojph_compress", GRAY))]
fn htj2k_reversible(bencher: Bencher<'_, '_>, study: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (plain, coded) = (folder.path().join("plain.pgm"), folder.path().join("coded.j2c"));
    let (_, description, frame) = first_frame(fixture(study, None));
    let highest = (1_u32 << description.bits_stored) - 1;
    let mut file =
        format!("P5\n{} {}\n{highest}\n", description.columns, description.rows).into_bytes();
    // PNM stores the high byte first.
    file.extend(frame.as_chunks().0.iter().flat_map(|[low, high]| [*high, *low]));
    std::fs::write(&plain, file).unwrap();
    let mut command = Command::new("ojph_compress");
    command.args(["-reversible", "true", "-i"]).arg(&plain).arg("-o").arg(&coded);
    assert!(command.stdout(Stdio::null()).status().unwrap().success(), "ojph_compress failed");
    let coded = std::fs::read(coded).unwrap();
    let limits = Limits::default();
    let decode = || decode_frame(HTJ2K, &description, black_box(&coded), &limits).unwrap();
    assert_eq!(decode().bytes, frame);
    bencher.counter(BytesCount::new(description.frame_bytes())).bench_local(decode);
}
