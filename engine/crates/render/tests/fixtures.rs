//! The fixture studies, rendered: one picture whatever the transfer syntax, no panic anywhere.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fixtures::{Options, Syntax};
use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, Limits, LutCache, NativeFrame, Rendering, decode_frame, encode_jpeg};
use rstest::rstest;

const SMALL: Options = Options { slices: Some(3), rows: Some(64), syntax: None, seed: 0 };

type Frame = (NativeFrame, Bitmap);

/// The frames of a file; `None` when it is no instance with pixels, a sentence for each fault.
fn frames(bytes: Vec<u8>) -> Option<Vec<Result<Frame, String>>> {
    let mut instance = Instance::from_bytes(bytes, &part10::Limits::default()).ok()?;
    instance.pixels()?;
    let description = match PixelDescription::read(&instance.dataset()) {
        Ok(description) => description,
        Err(fault) => return Some(vec![Err(fault.to_string())]),
    };
    let frames = match Frames::locate(&mut instance, &description) {
        Ok(frames) => frames,
        Err(fault) => return Some(vec![Err(fault.to_string())]),
    };
    let cache = LutCache::default();
    let limits = Limits::default();
    let mut one = |index| {
        let mut bytes = Vec::new();
        frames.read(&mut instance, index, &mut bytes).map_err(|fault| fault.to_string())?;
        let native = if frames.fragments().is_some() {
            let syntax = instance.transfer_syntax().uid();
            decode_frame(syntax, &description, &bytes, &limits)
        } else {
            let photometric = description.photometric.clone();
            Ok(NativeFrame { bytes, photometric, planar: description.planar })
        };
        let native = native.map_err(|fault| fault.to_string())?;
        let described = native.describe(&description);
        Rendering::prepare(&instance.dataset(), &described, &cache, &limits)
            .and_then(|rendering| rendering.frame(index, &native.bytes))
            .map(|bitmap| (native, bitmap))
            .map_err(|fault| fault.to_string())
    };
    Some((0..frames.count()).map(&mut one).collect())
}

fn study(name: &str, options: &Options) -> Vec<Vec<Result<Frame, String>>> {
    let files = fixtures::recipe(name, options).unwrap();
    files.iter().filter_map(|file| frames(file.bytes().unwrap())).collect()
}

#[rstest]
fn lossless_syntaxes_hold_the_same_pixels(
    #[values("ct", "ct-signed", "mr", "us", "enhanced-mr", "pt")] name: &str,
    #[values(Syntax::Implicit, Syntax::BigEndian, Syntax::Deflated, Syntax::Rle)] syntax: Syntax,
) {
    let expected = study(name, &SMALL);
    let found = study(name, &Options { syntax: Some(syntax), ..SMALL });
    assert!(expected.iter().flatten().all(Result::is_ok));
    assert_eq!(found, expected);
}

#[rstest]
fn jpeg_lossless_holds_the_same_pixels(#[values("ct", "ct-signed", "mr", "pt")] name: &str) {
    let expected = study(name, &SMALL);
    let found = study(name, &Options { syntax: Some(Syntax::JpegLossless), ..SMALL });
    assert!(expected.iter().flatten().all(Result::is_ok));
    assert_eq!(found, expected);
}

#[test]
fn jpeg_baseline_shows_nearly_the_same() {
    let expected = study("us", &SMALL);
    let found = study("us", &Options { syntax: Some(Syntax::JpegBaseline), ..SMALL });
    for (expected, found) in expected.iter().flatten().zip(found.iter().flatten()) {
        let (expected, found) =
            (expected.as_ref().unwrap().1.data(), found.as_ref().unwrap().1.data());
        let difference: u64 =
            expected.iter().zip(found).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        assert!(difference < 4 * u64::try_from(expected.len()).unwrap(), "{difference}");
    }
}

/// Every study that can be written: each frame becomes a JPEG or has a reason why not.
#[test]
fn each_fixture_is_shown_or_refused_with_a_reason() {
    let mut jpeg = Vec::new();
    let mut shown = 0;
    for recipe in fixtures::recipes() {
        let options = [SMALL, Options { rows: None, ..SMALL }, Options::default()];
        let options = options.iter().find(|options| fixtures::recipe(recipe.name, options).is_ok());
        for frame in study(recipe.name, options.unwrap()).into_iter().flatten() {
            match frame {
                Ok((_, bitmap)) => {
                    encode_jpeg(&bitmap, &mut jpeg).unwrap();
                    assert!(jpeg.starts_with(&[0xFF, 0xD8]), "{}", recipe.name);
                    shown += 1;
                }
                Err(reason) => assert!(!reason.is_empty(), "{}", recipe.name),
            }
        }
    }
    assert!(shown > 100, "{shown}");
}
