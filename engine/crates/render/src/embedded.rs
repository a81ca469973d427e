//! Pictures that documents hold: PNG and JPEG, as clinical documents embed them.

use std::io::Cursor;

use jpeg_decoder::PixelFormat;
use model::PreviewFault;
use png::{ColorType, Transformations};

use crate::bitmap::{Bitmap, Channels};

/// The largest picture, in pixels: a decoder holds some ten bytes for each.
const MAX_PIXELS: u64 = 6_000_000;
/// What a PNG begins with (PNG, 5.2).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Decodes a PNG or a JPEG to 8 bits; what is transparent lies on white.
///
/// # Errors
/// [`PreviewFault::Unsupported`] for another format, [`PreviewFault::OverLimit`] before anything is
/// allocated for more than 6 000 000 pixels, [`PreviewFault::Damaged`] else.
pub fn decode_picture(bytes: &[u8]) -> Result<Bitmap, PreviewFault> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => decode_jpeg(bytes),
        _ if bytes.starts_with(PNG) => decode_png(bytes),
        _ => Err(PreviewFault::Unsupported("neither PNG nor JPEG".to_owned())),
    }
}

/// The size of a picture that is not too large.
fn size(width: u32, height: u32) -> Result<(u16, u16), PreviewFault> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PreviewFault::OverLimit);
    }
    let side = |side: u32| u16::try_from(side).map_err(|_long| PreviewFault::OverLimit);
    Ok((side(width)?, side(height)?))
}

fn decode_jpeg(bytes: &[u8]) -> Result<Bitmap, PreviewFault> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.read_info().map_err(|_broken| PreviewFault::Damaged)?;
    let info = decoder.info().ok_or(PreviewFault::Damaged)?;
    let (width, height) = size(info.width.into(), info.height.into())?;
    let channels = match info.pixel_format {
        PixelFormat::L8 => Channels::Gray,
        PixelFormat::RGB24 => Channels::Rgb,
        format => return Err(PreviewFault::Unsupported(format!("JPEG of format {format:?}"))),
    };
    let pixels = decoder.decode().map_err(|_broken| PreviewFault::Damaged)?;
    Bitmap::new(width, height, channels, pixels)
}

fn decode_png(bytes: &[u8]) -> Result<Bitmap, PreviewFault> {
    let limits = png::Limits { bytes: 64 << 20 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_broken| PreviewFault::Damaged)?;
    let (width, height) = size(reader.info().width, reader.info().height)?;
    let bytes = reader.output_buffer_size().ok_or(PreviewFault::OverLimit)?;
    let mut pixels = vec![0; bytes];
    let frame = reader.next_frame(&mut pixels).map_err(|_broken| PreviewFault::Damaged)?;
    pixels.truncate(frame.buffer_size());
    let (channels, pixels) = match frame.color_type {
        ColorType::Grayscale => (Channels::Gray, pixels),
        ColorType::Rgb => (Channels::Rgb, pixels),
        ColorType::GrayscaleAlpha => (Channels::Gray, on_white::<2>(&pixels)),
        ColorType::Rgba => (Channels::Rgb, on_white::<4>(&pixels)),
        ColorType::Indexed => return Err(PreviewFault::Damaged),
    };
    Bitmap::new(width, height, channels, pixels)
}

/// Pixels whose last sample is their opacity, laid on white.
fn on_white<const SAMPLES: usize>(pixels: &[u8]) -> Vec<u8> {
    let (chunks, _) = pixels.as_chunks::<SAMPLES>();
    let laid = |pixel: &[u8; SAMPLES]| {
        let alpha = pixel.last().copied().map_or(255, u32::from);
        let samples = pixel.map(move |sample| {
            let value = (u32::from(sample) * alpha + 255 * (255 - alpha) + 127) / 255;
            u8::try_from(value).unwrap_or(u8::MAX)
        });
        samples.into_iter().take(SAMPLES - 1)
    };
    chunks.iter().flat_map(laid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn png(color: ColorType, width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(color);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        bytes
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        let bitmap = Bitmap::new(16, 8, Channels::Gray, vec![200; 128]).unwrap();
        crate::encode_jpeg(&bitmap, &mut bytes).unwrap();
        bytes
    }

    #[rstest]
    #[case::grey(ColorType::Grayscale, &[0, 9], Channels::Gray, &[0, 9])]
    #[case::colour(ColorType::Rgb, &[1, 2, 3, 4, 5, 6], Channels::Rgb, &[1, 2, 3, 4, 5, 6])]
    #[case::transparent(ColorType::GrayscaleAlpha, &[0, 0, 0, 255], Channels::Gray, &[255, 0])]
    #[case::half(
        ColorType::Rgba,
        &[0, 100, 255, 128, 7, 8, 9, 255],
        Channels::Rgb,
        &[127, 177, 255, 7, 8, 9]
    )]
    fn png_of_two_pixels(
        #[case] color: ColorType,
        #[case] pixels: &[u8],
        #[case] channels: Channels,
        #[case] expected: &[u8],
    ) {
        let bitmap = decode_picture(&png(color, 2, 1, pixels)).unwrap();
        assert_eq!((bitmap.width(), bitmap.height(), bitmap.channels()), (2, 1, channels));
        assert_eq!(bitmap.data(), expected);
    }

    #[test]
    fn a_jpeg_comes_out() {
        let bitmap = decode_picture(&jpeg()).unwrap();
        assert_eq!((bitmap.width(), bitmap.height()), (16, 8));
        assert!(bitmap.data().iter().all(|value| value.abs_diff(200) <= 2));
    }

    #[test]
    fn other_formats_and_endless_pictures_are_refused() {
        for bytes in [&b"GIF89a"[..], b"<svg/>", b""] {
            assert!(matches!(decode_picture(bytes), Err(PreviewFault::Unsupported(_))));
        }
        let mut wide = png(ColorType::Grayscale, 2, 1, &[0, 9]);
        // IHDR says 60 000 x 60 000; its checksum is made anew.
        wide[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let mut checksum = u32::MAX;
        for byte in &wide[12..29] {
            checksum ^= u32::from(*byte);
            for _ in 0..8 {
                checksum = checksum >> 1 ^ (0xEDB8_8320 * (checksum & 1));
            }
        }
        wide[29..33].copy_from_slice(&(!checksum).to_be_bytes());
        assert_eq!(decode_picture(&wide), Err(PreviewFault::OverLimit));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(
            start in prop_oneof![Just(jpeg()), Just(png(ColorType::Rgb, 2, 1, &[1; 6]))],
            at in 0_usize..400,
            byte: u8,
        ) {
            let mut bytes = start;
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _decoded = decode_picture(&bytes);
        }
    }
}
