//! Colour frames: RGB and YBR, by pixel or by plane, to 8-bit RGB.

use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::stored_format::StoredFormat;

/// How the three samples of a pixel stand for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Rgb,
    YbrFull,
    /// Two luminances, then the chrominances that they share.
    YbrFull422,
    /// The same with luminances from 16 to 235 and chrominances from 16 to 240 (retired).
    YbrPartial422,
}

/// How to show the frames of a colour instance.
#[derive(Debug)]
pub(super) struct Colour {
    format: StoredFormat,
    model: Model,
    planar: bool,
}

impl Colour {
    pub(super) fn prepare(description: &PixelDescription) -> Result<Self, PreviewFault> {
        let format = StoredFormat::new(description)?;
        let unsupported = |what: String| Err(PreviewFault::Unsupported(what));
        if description.samples_per_pixel != 3 {
            return unsupported(format!(
                "{} with {} samples per pixel",
                description.photometric.as_term(),
                description.samples_per_pixel
            ));
        }
        let model = match description.photometric {
            // After decoding, JPEG 2000 frames are RGB whatever the transformation was; native
            // frames have no such transformation (PS3.3 C.7.6.3.1.2).
            Photometric::Rgb => Model::Rgb,
            Photometric::YbrFull => Model::YbrFull,
            Photometric::YbrFull422 if !description.planar => Model::YbrFull422,
            Photometric::YbrPartial422 if !description.planar => Model::YbrPartial422,
            _ => {
                return unsupported(format!(
                    "uncompressed pixels in {}",
                    description.photometric.as_term()
                ));
            }
        };
        if format.signed || format.bits_allocated < 8 {
            return unsupported("colour with signed or single-bit samples".into());
        }
        if model != Model::Rgb && (format.bits_allocated, format.bits_stored) != (8, 8) {
            return unsupported("YBR with other than 8 bits".into());
        }
        let is_halved = matches!(model, Model::YbrFull422 | Model::YbrPartial422);
        if is_halved && description.columns % 2 == 1 {
            return unsupported("halved chrominance with an odd number of columns".into());
        }
        Ok(Self { format, model, planar: description.planar })
    }

    /// RGB of one native frame of `pixels` pixels.
    pub(super) fn frame(&self, native: &[u8], pixels: usize) -> Vec<u8> {
        let mut samples = self.to_eight_bits(native);
        if self.planar {
            samples = interleaved(&samples, pixels);
        }
        match self.model {
            Model::Rgb => samples,
            Model::YbrFull => {
                for pixel in samples.as_chunks_mut().0 {
                    *pixel = FULL.rgb(*pixel);
                }
                samples
            }
            Model::YbrFull422 => paired(&samples, |pixel| FULL.rgb(pixel)),
            Model::YbrPartial422 => paired(&samples, |pixel| PARTIAL.rgb(pixel)),
        }
    }

    /// Samples of any width scaled to 8 bits, rounded to nearest.
    fn to_eight_bits(&self, native: &[u8]) -> Vec<u8> {
        let format = self.format;
        if (format.bits_allocated, format.bits_stored) == (8, 8) {
            return native.to_vec();
        }
        let highest = format.patterns() - 1;
        let scale = |container| {
            let scaled = (u64::from(format.pattern(container)) * 255 + highest / 2) / highest;
            u8::try_from(scaled).unwrap_or(u8::MAX)
        };
        match format.bits_allocated {
            32 => {
                native.as_chunks().0.iter().map(|long| scale(u32::from_le_bytes(*long))).collect()
            }
            16 => {
                let (words, _) = native.as_chunks();
                words.iter().map(|word| scale(u16::from_le_bytes(*word).into())).collect()
            }
            _ => native.iter().map(|byte| scale((*byte).into())).collect(),
        }
    }
}

/// Colour-by-plane to colour-by-pixel.
fn interleaved(planes: &[u8], pixels: usize) -> Vec<u8> {
    let (red, rest) = planes.split_at(pixels.min(planes.len()));
    let (green, blue) = rest.split_at(pixels.min(rest.len()));
    let pixels = red.iter().zip(green).zip(blue);
    pixels.flat_map(|((red, green), blue)| [*red, *green, *blue]).collect()
}

/// Pairs of pixels that share their chrominances, each turned into a colour.
fn paired(samples: &[u8], colour: impl Fn([u8; 3]) -> [u8; 3]) -> Vec<u8> {
    let (pairs, _) = samples.as_chunks();
    let colours =
        |&[first, second, cb, cr]: &[u8; 4]| [colour([first, cb, cr]), colour([second, cb, cr])];
    pairs.iter().flat_map(colours).flatten().collect()
}

/// Luminance and chrominances to RGB, in 1/65536.
struct Conversion {
    /// The luminance that is black.
    black: i32,
    luminance: i32,
    cr_of_red: i32,
    cb_of_green: i32,
    cr_of_green: i32,
    cb_of_blue: i32,
}

/// Full range.
///
/// Standard: DICOM PS3.3 C.7.6.3.1.2, the inverse of ITU-R BT.601 at full range.
const FULL: Conversion = Conversion {
    black: 0,
    luminance: 1 << 16,
    cr_of_red: 91_881,
    cb_of_green: -22_554,
    cr_of_green: -46_802,
    cb_of_blue: 116_130,
};

/// Partial range, as television has it: luminances from 16 to 235, chrominances from 16 to 240.
///
/// Standard: ITU-R BT.601 (DICOM PS3.3 C.7.6.3.1.2, until 2017).
const PARTIAL: Conversion = Conversion {
    black: 16,
    luminance: 76_309,
    cr_of_red: 104_597,
    cb_of_green: -25_675,
    cr_of_green: -53_279,
    cb_of_blue: 132_201,
};

impl Conversion {
    fn rgb(&self, [luminance, cb, cr]: [u8; 3]) -> [u8; 3] {
        const HALF: i32 = 1 << 15;
        let luminance = (i32::from(luminance) - self.black) * self.luminance + HALF;
        let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
        let level = |sum: i32| u8::try_from((sum >> 16).clamp(0, 255)).unwrap_or(u8::MAX);
        [
            level(luminance + self.cr_of_red * cr),
            level(luminance + self.cb_of_green * cb + self.cr_of_green * cr),
            level(luminance + self.cb_of_blue * cb),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::stored_format::tests::description;
    use rstest::rstest;

    fn colour(photometric: Photometric, bits: (u16, u16), planar: bool) -> PixelDescription {
        let (allocated, stored) = bits;
        PixelDescription {
            samples_per_pixel: 3,
            columns: 2,
            photometric,
            planar,
            ..description(allocated, stored, stored - 1, false)
        }
    }

    // R = Y + 1.402 (Cr - 128), G = Y - 0.344136 (Cb - 128) - 0.714136 (Cr - 128),
    // B = Y + 1.772 (Cb - 128), by hand.
    #[rstest]
    #[case::gray([77, 128, 128], [77, 77, 77])]
    #[case::red([76, 85, 255], [254, 0, 0])]
    #[case::blue([29, 255, 107], [0, 0, 254])]
    #[case::green([150, 44, 21], [0, 255, 1])]
    #[case::clamped([255, 255, 255], [255, 121, 255])]
    fn ybr_full(#[case] ybr: [u8; 3], #[case] expected: [u8; 3]) {
        assert_eq!(FULL.rgb(ybr), expected);
    }

    #[rstest]
    #[case::by_pixel(false, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])]
    #[case::by_plane(true, [1, 4, 2, 5, 3, 6], [1, 2, 3, 4, 5, 6])]
    fn planar_configuration(#[case] planar: bool, #[case] native: [u8; 6], #[case] rgb: [u8; 6]) {
        let colour = Colour::prepare(&colour(Photometric::Rgb, (8, 8), planar)).unwrap();
        assert_eq!(colour.frame(&native, 2), rgb);
    }

    #[test]
    fn two_pixels_of_422_share_their_chrominances() {
        let colour = Colour::prepare(&colour(Photometric::YbrFull422, (8, 8), false)).unwrap();
        assert_eq!(colour.frame(&[76, 10, 128, 128], 2), [76, 76, 76, 10, 10, 10]);
        assert_eq!(colour.frame(&[76, 76, 85, 255], 2), [254, 0, 0, 254, 0, 0]);
    }

    // R = 1.1644 (Y - 16) + 1.5960 (Cr - 128), G = 1.1644 (Y - 16) - 0.3918 (Cb - 128) - 0.8130 (Cr - 128),
    // B = 1.1644 (Y - 16) + 2.0172 (Cb - 128), by hand.
    #[rstest]
    #[case::black([16, 128, 128], [0, 0, 0])]
    #[case::white([235, 128, 128], [255, 255, 255])]
    #[case::below_black([0, 128, 128], [0, 0, 0])]
    #[case::grey([126, 128, 128], [128, 128, 128])]
    #[case::red([81, 90, 240], [254, 0, 0])]
    #[case::olive([110, 90, 146], [138, 110, 33])]
    fn c_7_6_3_1_2_ybr_partial_422(#[case] ybr: [u8; 3], #[case] expected: [u8; 3]) {
        let colour = Colour::prepare(&colour(Photometric::YbrPartial422, (8, 8), false)).unwrap();
        let [luminance, cb, cr] = ybr;
        let found = colour.frame(&[luminance, luminance, cb, cr], 2);
        assert_eq!(found, [expected, expected].concat());
    }

    #[rstest]
    #[case::sixteen(16, 16, &[0, 0x8000, 0xFFFF], [0, 128, 255])]
    #[case::ten_in_sixteen(16, 10, &[0, 512, 1023], [0, 128, 255])]
    #[case::eight_in_sixteen(16, 8, &[0, 200, 255], [0, 200, 255])]
    fn wide_samples_are_scaled(
        #[case] allocated: u16,
        #[case] stored: u16,
        #[case] samples: &[u16],
        #[case] expected: [u8; 3],
    ) {
        let colour =
            Colour::prepare(&colour(Photometric::Rgb, (allocated, stored), false)).unwrap();
        let native: Vec<u8> = samples.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(colour.frame(&native, 1), expected);
    }

    #[test]
    fn samples_of_32_bits_are_scaled() {
        let colour = Colour::prepare(&colour(Photometric::Rgb, (32, 32), false)).unwrap();
        let native = [0, 0x8000_0000, u32::MAX].map(u32::to_le_bytes).concat();
        assert_eq!(colour.frame(&native, 1), [0, 128, 255]);
    }

    #[rstest]
    #[case::four_samples(PixelDescription { samples_per_pixel: 4, ..colour(Photometric::Rgb, (8, 8), false) })]
    #[case::one_sample(PixelDescription { samples_per_pixel: 1, ..colour(Photometric::Rgb, (8, 8), false) })]
    #[case::signed(PixelDescription { signed: true, ..colour(Photometric::Rgb, (8, 8), false) })]
    #[case::cmyk(colour(Photometric::Other("CMYK".into()), (8, 8), false))]
    #[case::native_rct(colour(Photometric::YbrRct, (8, 8), false))]
    #[case::wide_ybr(colour(Photometric::YbrFull, (16, 12), false))]
    #[case::odd_422(PixelDescription { columns: 3, ..colour(Photometric::YbrFull422, (8, 8), false) })]
    fn what_is_not_rendered_is_refused(#[case] description: PixelDescription) {
        assert!(matches!(Colour::prepare(&description), Err(PreviewFault::Unsupported(_))));
    }
}
