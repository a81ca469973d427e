//! 8-bit pictures to baseline JPEG.
//!
//! Own code, since no encoder in safe Rust was as fast. It has one quality, the Huffman tables that
//! T.81 proposes, and no subsampling: halved chroma blurs the coloured text and markers of
//! ultrasound screens.
//!
//! Standard: ITU-T T.81 Annexes A, B, F; JFIF 1.02.

mod entropy;
mod strip;
mod tables;
mod transform;

use model::PreviewFault;

use crate::bitmap::{Bitmap, Channels};
use entropy::{BlockCoder, EntropyCoded};
use strip::Strip;
use tables::{CHROMINANCE, LUMINANCE, Tables, ZIGZAG};
use transform::{BLOCK_PIXELS, Quantiser, SIDE};

/// The quality of previews, on the scale of the IJG.
pub const QUALITY: u8 = 90;

/// Writes `bitmap` as a baseline JPEG (JFIF) of quality [`QUALITY`] into `jpeg`, replacing what it
/// holds: the caller keeps one buffer and copies or swaps it.
///
/// # Errors
/// [`PreviewFault::Unsupported`] when the picture has no pixels.
pub fn encode(bitmap: &Bitmap, jpeg: &mut Vec<u8>) -> Result<(), PreviewFault> {
    jpeg.clear();
    if bitmap.width() == 0 || bitmap.height() == 0 {
        return Err(PreviewFault::Unsupported("no JPEG can be made of no pixels".into()));
    }
    let tables: &[&Tables] = match bitmap.channels() {
        Channels::Gray => &[&LUMINANCE],
        Channels::Rgb => &[&LUMINANCE, &CHROMINANCE],
    };
    let components: &[usize] = match bitmap.channels() {
        Channels::Gray => &[0],
        Channels::Rgb => &[0, 1, 1],
    };
    write_header(bitmap, tables, components, jpeg);
    write_scan(bitmap, tables, components, jpeg);
    jpeg.extend([0xFF, 0xD9]);
    Ok(())
}

/// Everything before the entropy-coded data. `components` name the tables that each one uses.
fn write_header(bitmap: &Bitmap, tables: &[&Tables], components: &[usize], jpeg: &mut Vec<u8>) {
    let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    jpeg.extend([0xFF, 0xD8]);
    // JFIF 1.02, square pixels, no thumbnail.
    segment(jpeg, 0xE0, &[b"JFIF\0", &[1, 2, 0, 0, 1, 0, 1, 0, 0]]);
    for (place, tables) in tables.iter().enumerate() {
        let steps = tables.steps(QUALITY);
        let zigzag = ZIGZAG.map(|at| steps.get(usize::from(at)).copied().unwrap_or(1));
        segment(jpeg, 0xDB, &[&[byte(place)], &zigzag]);
    }
    let ([h1, h0], [w1, w0]) = (bitmap.height().to_be_bytes(), bitmap.width().to_be_bytes());
    let numbered = || (1_u8..).zip(components.iter().map(|tables| byte(*tables)));
    let sampled: Vec<u8> =
        numbered().flat_map(|(identifier, tables)| [identifier, 0x11, tables]).collect();
    segment(jpeg, 0xC0, &[&[8, h1, h0, w1, w0, byte(components.len())], &sampled]);
    for (place, tables) in tables.iter().enumerate() {
        segment(jpeg, 0xC4, &[&[byte(place)], tables.dc.counts, tables.dc.values]);
        segment(jpeg, 0xC4, &[&[0x10 | byte(place)], tables.ac.counts, tables.ac.values]);
    }
    let selectors: Vec<u8> =
        numbered().flat_map(|(identifier, tables)| [identifier, tables << 4 | tables]).collect();
    segment(jpeg, 0xDA, &[&[byte(components.len())], &selectors, &[0, 63, 0]]);
}

/// A marker segment (T.81 B.1.1.4).
fn segment(jpeg: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    jpeg.extend([0xFF, marker]);
    jpeg.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    jpeg.extend(parts.iter().copied().flatten());
}

/// One component while it is coded.
struct Component {
    quantiser: Quantiser,
    coder: BlockCoder,
}

/// The entropy-coded data: one scan of all components, interleaved block by block.
fn write_scan(bitmap: &Bitmap, tables: &[&Tables], components: &[usize], jpeg: &mut Vec<u8>) {
    let mut components: Vec<Component> = components
        .iter()
        .filter_map(|place| tables.get(*place))
        .map(|tables| Component {
            quantiser: Quantiser::new(&tables.steps(QUALITY)),
            coder: BlockCoder::new(tables),
        })
        .collect();
    let width = usize::from(bitmap.width());
    let mut strip = Strip::new(width, components.len());
    let mut coded = EntropyCoded::new(strip.blocks() * components.len());
    let mut coefficients = [0; BLOCK_PIXELS];
    for lines in bitmap.data().chunks(SIDE * width * bitmap.channels().count()) {
        strip.fill(lines, bitmap.channels());
        for block in 0..strip.blocks() {
            for (plane, component) in components.iter_mut().enumerate() {
                component.quantiser.coefficients(strip.block(plane, block), &mut coefficients);
                component.coder.code(&coefficients, &mut coded);
            }
        }
        coded.drain_into(jpeg);
    }
    coded.finish(jpeg);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn decoded(jpeg: &[u8]) -> (jpeg_decoder::ImageInfo, Vec<u8>) {
        let mut decoder = jpeg_decoder::Decoder::new(jpeg);
        let pixels = decoder.decode().unwrap();
        (decoder.info().unwrap(), pixels)
    }

    fn largest_difference(left: &[u8], right: &[u8]) -> u8 {
        left.iter().zip(right).map(|(left, right)| left.abs_diff(*right)).max().unwrap()
    }

    #[rstest]
    #[case::whole_blocks(64, 48)]
    #[case::cut_blocks(61, 43)]
    #[case::one_pixel(1, 1)]
    #[case::one_line(300, 1)]
    fn gray_reads_back(#[case] width: u16, #[case] height: u16) {
        let data: Vec<u8> =
            (0..width * height).map(|at| u8::try_from(at % width * 200 / width).unwrap()).collect();
        let bitmap = Bitmap::new(width, height, Channels::Gray, data).unwrap();
        let mut jpeg = vec![1, 2, 3];
        encode(&bitmap, &mut jpeg).unwrap();
        let (info, pixels) = decoded(&jpeg);
        assert_eq!((info.width, info.height), (width, height));
        assert_eq!(info.pixel_format, jpeg_decoder::PixelFormat::L8);
        let difference = largest_difference(&pixels, bitmap.data());
        assert!(difference <= 8, "{difference}");
    }

    #[rstest]
    #[case::stripes(32)]
    #[case::cut_stripes(30)]
    fn colour_of_single_columns_is_not_blurred(#[case] side: u16) {
        let stripe = [[255, 0, 0], [0, 0, 255]].concat();
        let data = stripe.repeat(usize::from(side / 2 * side));
        let bitmap = Bitmap::new(side, side, Channels::Rgb, data).unwrap();
        let mut jpeg = Vec::new();
        encode(&bitmap, &mut jpeg).unwrap();
        let (info, pixels) = decoded(&jpeg);
        assert_eq!(info.pixel_format, jpeg_decoder::PixelFormat::RGB24);
        assert!(largest_difference(&pixels, bitmap.data()) <= 24);
    }

    #[test]
    fn a_picture_without_pixels_is_refused() {
        let bitmap = Bitmap::new(0, 4, Channels::Gray, Vec::new()).unwrap();
        assert!(encode(&bitmap, &mut Vec::new()).is_err());
    }

    proptest! {
        // Noise makes the longest codes and all of their bytes; the error is that of the steps.
        #[test]
        fn noise_of_any_contrast_reads_back(
            width in 1_u16..40,
            height in 1_u16..40,
            colour in any::<bool>(),
            contrast in 1_u8..=255,
            seed in any::<u64>(),
        ) {
            let channels = if colour { Channels::Rgb } else { Channels::Gray };
            let count = usize::from(width) * usize::from(height) * channels.count();
            let mut state = seed | 1;
            let mut noise = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[4]
            };
            let data: Vec<u8> =
                (0..count).map(|_| if noise() < 128 { 0 } else { noise() % contrast }).collect();
            let bitmap = Bitmap::new(width, height, channels, data).unwrap();
            let mut jpeg = Vec::new();
            encode(&bitmap, &mut jpeg).unwrap();
            let (info, pixels) = decoded(&jpeg);
            prop_assert_eq!((info.width, info.height), (width, height));
            let squares: u64 = pixels
                .iter()
                .zip(bitmap.data())
                .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
                .sum();
            // Steps reach 24 in grey and 20 in chroma: errors of a twelfth of their squares, on average of many pixels.
            let most = 150 * (pixels.len() as u64 + 64);
            prop_assert!(squares <= most, "{squares} of {}", pixels.len());
        }
    }
}
