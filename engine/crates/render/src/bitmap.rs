//! 8-bit pictures, and small ones made from them.

use std::num::NonZeroU32;

use model::PreviewFault;

/// What one pixel of a [`Bitmap`] consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// One byte: 0 black, 255 white.
    Gray,
    /// Three bytes: red, green, blue (sRGB as far as DICOM says).
    Rgb,
}

impl Channels {
    /// Bytes per pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
        }
    }
}

/// An 8-bit picture: `height × width × channels`, row-major, without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u16,
    height: u16,
    channels: Channels,
    data: Vec<u8>,
}

/// The pixels are patient data: only their shape is printed.
impl std::fmt::Debug for Bitmap {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Bitmap({} × {} {:?})", self.width, self.height, self.channels)
    }
}

impl Bitmap {
    /// # Errors
    /// [`PreviewFault::MissingPixels`] when `data` is not exactly `height × width × channels`.
    pub fn new(
        width: u16,
        height: u16,
        channels: Channels,
        data: Vec<u8>,
    ) -> Result<Self, PreviewFault> {
        let expected = usize::from(width) * usize::from(height) * channels.count();
        if data.len() != expected {
            return Err(PreviewFault::MissingPixels);
        }
        Ok(Self { width, height, channels, data })
    }

    /// Pixels per row.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u16 {
        self.height
    }

    /// Gray or colour.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// The pixels.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The picture reduced by averaging so that its longest side, as seen, is `longest` pixels.
    ///
    /// `pixel_height_over_width` is 1 for square pixels; otherwise the small picture is made square
    /// (see [`crate::Rendering::pixel_height_over_width`]). A picture that is small already is
    /// returned as it is unless its pixels are not square.
    #[must_use]
    pub fn thumbnail(&self, longest: NonZeroU32, pixel_height_over_width: f64) -> Self {
        let (width, height) = self.size_within(longest, pixel_height_over_width);
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = spans(self.width, width);
        let rows = spans(self.height, height);
        let channels = self.channels.count();
        let stride = usize::from(self.width) * channels;
        let mut data = Vec::with_capacity(usize::from(width) * usize::from(height) * channels);
        let mut sums = vec![0_u32; stride];
        for &(top, bottom) in &rows {
            sums.fill(0);
            for row in self.data.chunks_exact(stride).take(bottom).skip(top) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += u32::from(*value);
                }
            }
            for &(left, right) in &columns {
                let box_of_pixels = sums.get(left * channels..right * channels).unwrap_or_default();
                let area = u64::try_from((right - left) * (bottom - top)).unwrap_or(u64::MAX);
                for channel in 0..channels {
                    let values = box_of_pixels.iter().skip(channel).step_by(channels);
                    let sum: u64 = values.map(|value| u64::from(*value)).sum();
                    data.push(u8::try_from((sum + area / 2) / area).unwrap_or(u8::MAX));
                }
            }
        }
        Self { width, height, channels: self.channels, data }
    }

    /// The picture stretched along one side so that its pixels are square; `None` where they are
    /// already, to a hundredth, or would grow to more than four times as many.
    #[must_use]
    pub fn with_square_pixels(&self, pixel_height_over_width: f64) -> Option<Self> {
        let ratio = pixel_height_over_width;
        let is_usable = (0.25..=4.0).contains(&ratio) && !(0.99..=1.01).contains(&ratio);
        let stretch = ratio.max(1.0 / ratio);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and four times a u16"
        )]
        let longer = |side: u16| (f64::from(side) * stretch).round() as u32;
        if !is_usable {
            return None;
        }
        let (width, height) = if ratio > 1.0 {
            (self.width, u16::try_from(longer(self.height)).ok()?)
        } else {
            (u16::try_from(longer(self.width)).ok()?, self.height)
        };
        let channels = self.channels.count();
        let stride = usize::from(self.width) * channels;
        let columns = between(self.width, width);
        let mut data = Vec::with_capacity(usize::from(width) * usize::from(height) * channels);
        let row_of = |row: usize| self.data.get(row * stride..(row + 1) * stride);
        for (above, below, down) in between(self.height, height) {
            let (above, below) = (row_of(above)?, row_of(below)?);
            for &(left, right, across) in &columns {
                for channel in 0..channels {
                    let level = |row: &[u8], column: usize| {
                        u32::from(row.get(column * channels + channel).copied().unwrap_or(0))
                    };
                    let mix =
                        |one: u32, other: u32, share: u32| one * (256 - share) + other * share;
                    let top = mix(level(above, left), level(above, right), across);
                    let bottom = mix(level(below, left), level(below, right), across);
                    let sum = mix(top, bottom, down);
                    data.push(u8::try_from((sum + (1 << 15)) >> 16).unwrap_or(u8::MAX));
                }
            }
        }
        Some(Self { width, height, channels: self.channels, data })
    }

    /// Width and height with square pixels, at most `longest` and at least 1.
    fn size_within(&self, longest: NonZeroU32, pixel_height_over_width: f64) -> (u16, u16) {
        let usable = pixel_height_over_width.is_finite() && pixel_height_over_width > 0.0;
        let ratio = if usable { pixel_height_over_width } else { 1.0 };
        let (width, height) = (f64::from(self.width), f64::from(self.height) * ratio);
        let scale = (f64::from(longest.get()) / width.max(height)).min(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the range of u16"
        )]
        let side = |length: f64| (length * scale).round().clamp(1.0, f64::from(u16::MAX)) as u16;
        (side(width), side(height))
    }
}

/// For each of `to` output pixels the two input pixels that it lies between, and how much of 256 the
/// second one has.
fn between(from: u16, to: u16) -> Vec<(usize, usize, u32)> {
    let (from, to) = (u64::from(from), u64::from(to.max(1)));
    let place = |index: u64| {
        // The middle of an output pixel in 256ths of input pixels, counted from the middle of the
        // first one.
        let at = ((index * 2 + 1) * from * 128 / to).saturating_sub(128);
        let first = (at / 256).min(from.saturating_sub(1));
        let second = (first + 1).min(from.saturating_sub(1));
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        (whole(first), whole(second), u32::try_from(at % 256).unwrap_or(0))
    };
    (0..to).map(place).collect()
}

/// For each of `to` output pixels the half-open range of input pixels that it averages.
fn spans(from: u16, to: u16) -> Vec<(usize, usize)> {
    let (from, to) = (usize::from(from), usize::from(to));
    (0..to)
        .map(|index| {
            let start = index * from / to;
            (start, ((index + 1) * from / to).max(start + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn longest(pixels: u32) -> NonZeroU32 {
        NonZeroU32::new(pixels).unwrap()
    }

    #[test]
    fn a_bitmap_holds_exactly_its_pixels() {
        assert!(Bitmap::new(2, 2, Channels::Gray, vec![0; 4]).is_ok());
        let short = Bitmap::new(2, 2, Channels::Rgb, vec![0; 11]);
        assert_eq!(short, Err(PreviewFault::MissingPixels));
    }

    #[test]
    fn debug_shows_no_pixels() {
        let bitmap = Bitmap::new(2, 1, Channels::Gray, vec![77, 78]).unwrap();
        assert_eq!(format!("{bitmap:?}"), "Bitmap(2 × 1 Gray)");
    }

    #[rstest]
    #[case::square(512, 512, 1.0, (160, 160))]
    #[case::portrait(2500, 3000, 1.0, (133, 160))]
    #[case::small_stays(100, 50, 1.0, (100, 50))]
    #[case::flat_pixels(720, 480, 8.0 / 9.0, (160, 95))]
    #[case::tall_pixels(100, 100, 2.0, (80, 160))]
    #[case::sliver(10_000, 1, 1.0, (160, 1))]
    #[case::ratio_that_is_none(320, 160, f64::NAN, (160, 80))]
    fn the_longest_side_as_seen_fits(
        #[case] width: u16,
        #[case] height: u16,
        #[case] ratio: f64,
        #[case] expected: (u16, u16),
    ) {
        let data = vec![9; usize::from(width) * usize::from(height)];
        let small = Bitmap::new(width, height, Channels::Gray, data)
            .unwrap()
            .thumbnail(longest(160), ratio);
        assert_eq!((small.width(), small.height()), expected);
        assert!(small.data().iter().all(|value| *value == 9));
    }

    #[rstest]
    #[case::square(1.0, None)]
    #[case::nearly_square(1.005, None)]
    #[case::absurd(50.0, None)]
    #[case::no_number(f64::NAN, None)]
    #[case::tall(2.0, Some((2, 4, vec![0, 100, 50, 139, 150, 216, 200, 255])))]
    #[case::flat(0.5, Some((4, 2, vec![0, 25, 75, 100, 200, 214, 241, 255])))]
    fn pixels_are_made_square_by_stretching(
        #[case] ratio: f64,
        #[case] expected: Option<(u16, u16, Vec<u8>)>,
    ) {
        let bitmap = Bitmap::new(2, 2, Channels::Gray, vec![0, 100, 200, 255]).unwrap();
        let square = bitmap.with_square_pixels(ratio);
        assert_eq!(square.map(|square| (square.width, square.height, square.data)), expected);
    }

    #[test]
    fn a_thumbnail_averages_each_channel() {
        let data = vec![0, 10, 255, 4, 20, 255, 4, 30, 255, 8, 40, 255];
        let small = Bitmap::new(2, 2, Channels::Rgb, data).unwrap().thumbnail(longest(1), 1.0);
        assert_eq!(small.data(), [4, 25, 255]);
    }
}
