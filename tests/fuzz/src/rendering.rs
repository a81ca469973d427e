//! Pixels of arbitrary description and bytes, under arbitrary attributes that say how they are shown.

use part10::{Dataset, Encoding};
use render::{Channels, LutCache, Rendering, encode_jpeg};

use super::FRAME_LIMITS;
use super::input::{Input, description};

/// Frames of more pixels say nothing new and cost time.
const MOST_PIXELS: u64 = 1 << 16;

/// A description, the length of a data set in Explicit VR Little Endian, the data set; the rest,
/// repeated, are the pixels.
///
/// # Panics
/// When a picture is not as large as the frame, or cannot be made a JPEG.
pub fn rendering(bytes: &[u8]) {
    let (description, rest) = description(bytes);
    let mut input = Input::new(rest);
    let length = input.word();
    let Ok(dataset) = Dataset::parse(input.take(length.into()), Encoding::EXPLICIT_LE) else {
        return;
    };
    let Ok(rendering) =
        Rendering::prepare(&dataset, &description, &LutCache::default(), &FRAME_LIMITS)
    else {
        return;
    };
    assert!(rendering.pixel_height_over_width() > 0.0);
    if description.pixels() > MOST_PIXELS {
        return;
    }
    let frame_bytes = usize::try_from(description.frame_bytes()).expect("within the limits");
    let pixels = input.rest();
    let native: Vec<u8> = pixels.iter().copied().cycle().take(frame_bytes).collect();
    for index in 0..description.frames.min(3) {
        let Ok(picture) = rendering.frame(index, &native) else { continue };
        let samples = match picture.channels() {
            Channels::Gray => 1,
            Channels::Rgb => 3,
        };
        assert_eq!(picture.data().len() as u64, description.pixels() * samples);
        let mut jpeg = Vec::new();
        encode_jpeg(&picture, &mut jpeg).expect("a picture with pixels");
    }
}
