//! The logo: a PNG or JPEG, looked at just enough to be sure that it is one.
//!
//! SVG is refused: opened by itself it is a document that may hold script.

/// A picture that browsers show, with its size.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    bytes: Vec<u8>,
    is_png: bool,
    width: u32,
    height: u32,
}

/// Why a file cannot be the logo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogo {
    /// Neither of the two formats.
    #[error(
        "the logo is neither PNG nor JPEG: convert it (SVG is refused, since it may hold script)"
    )]
    Format,
    /// The bytes end before the size of the picture.
    #[error("the logo is damaged: its width and height cannot be read")]
    Damaged,
    /// Too many bytes.
    #[error("the logo has {0} bytes, more than {most}: every package carries it", most = MOST_BYTES)]
    TooLarge(usize),
    /// No pixels, or too many.
    #[error("the logo is {0} × {1} pixels: 1 to {most} in each direction", most = MOST_PIXELS)]
    Size(u32, u32),
}

/// The largest logo, in bytes.
const MOST_BYTES: usize = 512 << 10;
/// The widest and the tallest logo, in pixels.
const MOST_PIXELS: u32 = 4096;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

impl Logo {
    /// The largest logo, in bytes.
    pub const MOST_BYTES: usize = MOST_BYTES;

    /// Looks at the bytes of a file.
    ///
    /// # Errors
    /// [`InvalidLogo`] says what to do about it.
    pub fn new(bytes: Vec<u8>) -> Result<Self, InvalidLogo> {
        if bytes.len() > MOST_BYTES {
            return Err(InvalidLogo::TooLarge(bytes.len()));
        }
        let is_png = bytes.starts_with(PNG);
        let size = match bytes.as_slice() {
            _ if is_png => size_of_png(&bytes),
            [0xFF, 0xD8, 0xFF, ..] => size_of_jpeg(&bytes),
            _ => return Err(InvalidLogo::Format),
        };
        let (width, height) = size.ok_or(InvalidLogo::Damaged)?;
        if !(1..=MOST_PIXELS).contains(&width) || !(1..=MOST_PIXELS).contains(&height) {
            return Err(InvalidLogo::Size(width, height));
        }
        Ok(Self { bytes, is_png, width, height })
    }

    /// The file, byte for byte.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is a PNG; else it is a JPEG.
    pub fn is_png(&self) -> bool {
        self.is_png
    }

    /// Columns, in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Logo({} bytes, {} × {})", self.bytes.len(), self.width, self.height)
    }
}

/// The IHDR chunk comes first (PNG, 11.2.2).
fn size_of_png(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    (bytes.get(12..16)? == b"IHDR").then_some((number(16)?, number(20)?))
}

/// The frame header comes before the first scan (ITU-T T.81, B.2.2).
fn size_of_jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let mut at = 2_usize;
    loop {
        if *bytes.get(at)? != 0xFF {
            return None;
        }
        match *bytes.get(at.checked_add(1)?)? {
            0xFF => at = at.checked_add(1)?,
            // Baseline, extended and progressive: what browsers show.
            0xC0..=0xC2 => return Some((number(at + 7)?.into(), number(at + 5)?.into())),
            0xD9 | 0xDA => return None,
            _ => at = at.checked_add(2)?.checked_add(number(at + 2)?.into())?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{ColorType, Encoder};
    use proptest::prelude::*;
    use rstest::rstest;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        [PNG, &[0, 0, 0, 13], b"IHDR", &size, &[8, 2, 0, 0, 0]].concat()
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 80).encode(&[128; 12 * 5], 12, 5, ColorType::Luma).unwrap();
        bytes
    }

    #[test]
    fn both_formats_tell_their_size() {
        let logo = Logo::new(png(320, 80)).unwrap();
        assert_eq!((logo.is_png(), logo.width(), logo.height()), (true, 320, 80));
        let logo = Logo::new(jpeg()).unwrap();
        assert_eq!((logo.is_png(), logo.width(), logo.height()), (false, 12, 5));
        assert_eq!(logo.bytes(), jpeg());
    }

    #[rstest]
    #[case::svg(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), InvalidLogo::Format)]
    #[case::gif(b"GIF89a".to_vec(), InvalidLogo::Format)]
    #[case::empty(Vec::new(), InvalidLogo::Format)]
    #[case::cut(PNG.to_vec(), InvalidLogo::Damaged)]
    #[case::jpeg_without_frame(vec![0xFF, 0xD8, 0xFF, 0xD9], InvalidLogo::Damaged)]
    #[case::no_rows(png(10, 0), InvalidLogo::Size(10, 0))]
    #[case::wide(png(5000, 10), InvalidLogo::Size(5000, 10))]
    #[case::heavy([png(9, 9), vec![0; MOST_BYTES]].concat(), InvalidLogo::TooLarge(MOST_BYTES + 29))]
    fn refused(#[case] bytes: Vec<u8>, #[case] expected: InvalidLogo) {
        assert_eq!(Logo::new(bytes).unwrap_err(), expected);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(start in prop_oneof![Just(jpeg()), Just(png(3, 3))], at in 0_usize..400, byte: u8) {
            let mut bytes = start;
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _checked = Logo::new(bytes);
        }
    }
}
