//! What other people's decoders make of the same streams: dicom-pixeldata and image.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use dicom_object::OpenFileOptions;
use dicom_object::file::ReadPreamble;
use dicom_pixeldata::PixelDecoder as _;
use fixtures::{Options, Syntax, instance_bytes};
use part10::{Frames, Instance, PixelDescription};
use render::{Limits, LutCache, Rendering, decode_frame, encode_jpeg};
use rstest::rstest;

const SMALL: Options = Options { slices: Some(2), rows: Some(64), syntax: None, seed: 0 };

/// The first frame of a file, native, and its picture.
fn ours(bytes: Vec<u8>) -> (Vec<u8>, render::Bitmap) {
    let mut instance = Instance::from_bytes(bytes, &part10::Limits::default()).unwrap();
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    let frames = Frames::locate(&mut instance, &description).unwrap();
    let mut stored = Vec::new();
    frames.read(&mut instance, 0, &mut stored).unwrap();
    let (native, described) = if frames.fragments().is_some() {
        let syntax = instance.transfer_syntax().uid();
        let native = decode_frame(syntax, &description, &stored, &Limits::default()).unwrap();
        let described = native.describe(&description);
        (native.bytes, described)
    } else {
        (stored, description)
    };
    let cache = LutCache::default();
    let dataset = instance.dataset();
    let rendering = Rendering::prepare(&dataset, &described, &cache, &Limits::default()).unwrap();
    let bitmap = rendering.frame(0, &native).unwrap();
    (native, bitmap)
}

#[rstest]
#[case::rle_16_bit("ct", Syntax::Rle)]
#[case::rle_signed("ct-signed", Syntax::Rle)]
#[case::jpeg_lossless("ct", Syntax::JpegLossless)]
#[case::jpeg_lossless_12_bit("cr", Syntax::JpegLossless)]
#[case::explicit("mr", Syntax::Explicit)]
#[case::implicit("ct", Syntax::Implicit)]
#[case::deflated("ct", Syntax::Deflated)]
#[case::big_endian("ct", Syntax::BigEndian)]
fn dicom_pixeldata_decodes_the_same_samples(#[case] study: &str, #[case] syntax: Syntax) {
    let bytes = instance_bytes(study, 0, &Options { syntax: Some(syntax), ..SMALL }).unwrap();
    let theirs = OpenFileOptions::new()
        .read_preamble(ReadPreamble::Always)
        .from_reader(bytes.as_slice())
        .unwrap();
    let theirs = theirs.decode_pixel_data_frame(0).unwrap();
    let (native, _) = ours(bytes);
    let samples: Vec<u16> =
        native.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    assert_eq!(theirs.data_ow(), samples);
}

/// The mean error of a preview against the picture it was made from, as `image` decodes it.
#[rstest]
#[case::gray("ct")]
#[case::colour("sc")]
fn image_reads_the_preview(#[case] study: &str) {
    let (_, bitmap) = ours(instance_bytes(study, 0, &SMALL).unwrap());
    let mut jpeg = Vec::new();
    encode_jpeg(&bitmap, &mut jpeg).unwrap();
    let read = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((read.width(), read.height()), (bitmap.width().into(), bitmap.height().into()));
    let read = read.into_bytes();
    assert_eq!(read.len(), bitmap.data().len());
    let errors = read.iter().zip(bitmap.data()).map(|(one, other)| one.abs_diff(*other));
    let mean = errors.map(f64::from).sum::<f64>() / f64::from(u32::try_from(read.len()).unwrap());
    assert!(mean < 3.0, "mean error of {mean} levels");
}
