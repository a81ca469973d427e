//! 8-bit pictures to baseline JPEG.
//!
//! Colour is coded 4:4:4: halved chroma blurs the coloured text and markers of ultrasound screens.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use model::PreviewFault;

use crate::bitmap::{Bitmap, Channels};

/// The quality of previews, on the scale of the IJG.
pub const QUALITY: u8 = 90;

/// Writes `bitmap` as a baseline JPEG (JFIF) of quality [`QUALITY`] into `jpeg`, replacing what it
/// holds: the caller keeps one buffer and copies or swaps it.
///
/// Standard: ITU-T T.81, JFIF 1.02.
///
/// # Errors
/// [`PreviewFault::Unsupported`] when the picture has no pixels.
pub fn encode(bitmap: &Bitmap, jpeg: &mut Vec<u8>) -> Result<(), PreviewFault> {
    jpeg.clear();
    let color_type = match bitmap.channels() {
        Channels::Gray => ColorType::Luma,
        Channels::Rgb => ColorType::Rgb,
    };
    let mut encoder = Encoder::new(&mut *jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
    encoder
        .encode(bitmap.data(), bitmap.width(), bitmap.height(), color_type)
        .map_err(|fault| PreviewFault::Unsupported(format!("no JPEG can be made of it: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(jpeg: &[u8]) -> (jpeg_decoder::ImageInfo, Vec<u8>) {
        let mut decoder = jpeg_decoder::Decoder::new(jpeg);
        let pixels = decoder.decode().unwrap();
        (decoder.info().unwrap(), pixels)
    }

    fn largest_difference(left: &[u8], right: &[u8]) -> u8 {
        left.iter().zip(right).map(|(left, right)| left.abs_diff(*right)).max().unwrap()
    }

    #[test]
    fn gray_reads_back() {
        let data: Vec<u8> = (0..64 * 48_u16).map(|at| (at % 64) as u8 * 3).collect();
        let bitmap = Bitmap::new(64, 48, Channels::Gray, data).unwrap();
        let mut jpeg = vec![1, 2, 3];
        encode(&bitmap, &mut jpeg).unwrap();
        let (info, pixels) = decoded(&jpeg);
        assert_eq!((info.width, info.height), (64, 48));
        assert_eq!(info.pixel_format, jpeg_decoder::PixelFormat::L8);
        assert!(largest_difference(&pixels, bitmap.data()) <= 6);
    }

    #[test]
    fn colour_of_single_columns_is_not_blurred() {
        let stripe = [[255, 0, 0], [0, 0, 255]].concat();
        let bitmap = Bitmap::new(32, 32, Channels::Rgb, stripe.repeat(16 * 32)).unwrap();
        let mut jpeg = Vec::new();
        encode(&bitmap, &mut jpeg).unwrap();
        let (_, pixels) = decoded(&jpeg);
        assert!(largest_difference(&pixels, bitmap.data()) <= 24);
    }

    #[test]
    fn a_picture_without_pixels_is_refused() {
        let bitmap = Bitmap::new(0, 4, Channels::Gray, Vec::new()).unwrap();
        assert!(encode(&bitmap, &mut Vec::new()).is_err());
    }
}
