//! Structured values off the front of arbitrary bytes.

use part10::{Photometric, PixelDescription};

/// What is left of an input. Bytes beyond its end count as zero.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// So many bytes, or fewer at the end.
    pub(crate) fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

const SAMPLES: [u16; 3] = [1, 3, 4];
const BITS: [u16; 6] = [8, 16, 1, 32, 12, 64];
const PHOTOMETRICS: [&str; 10] = [
    "MONOCHROME2",
    "MONOCHROME1",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
    "PALETTE COLOR",
    "HSV",
];

fn pick<T: Clone>(from: &[T], at: u8) -> T {
    from[usize::from(at) % from.len()].clone()
}

/// A description of pixels that [`PixelDescription::read`] could have given, and the bytes after it.
pub fn description(bytes: &[u8]) -> (PixelDescription, &[u8]) {
    let mut input = Input::new(bytes);
    let (rows, columns) = (input.word().max(1), input.word().max(1));
    let samples_per_pixel = pick(&SAMPLES, input.byte());
    let bits_allocated = pick(&BITS, input.byte());
    let bits_stored = 1 + u16::from(input.byte()) % bits_allocated;
    let high_bit = input.byte().into();
    let photometric = Photometric::from_term(pick(&PHOTOMETRICS, input.byte()));
    let flags = input.byte();
    let description = PixelDescription {
        rows,
        columns,
        samples_per_pixel,
        bits_allocated,
        bits_stored,
        high_bit,
        signed: flags & 1 != 0,
        photometric,
        planar: samples_per_pixel > 1 && flags & 2 != 0,
        frames: 1 + u32::from(flags >> 4),
    };
    (description, input.rest())
}

/// The bytes that [`description`] takes for this one; frames beyond 16 and odd terms are not kept.
pub fn describe(description: &PixelDescription) -> Vec<u8> {
    let at = |found: Option<usize>| u8::try_from(found.unwrap_or_default()).unwrap_or_default();
    let small = |value: u16| u8::try_from(value).unwrap_or(u8::MAX);
    let term = description.photometric.as_term();
    let frames = u8::try_from(description.frames.saturating_sub(1).min(15)).unwrap_or(15);
    let mut bytes = [description.rows.to_le_bytes(), description.columns.to_le_bytes()].concat();
    bytes.extend([
        at(SAMPLES.iter().position(|samples| *samples == description.samples_per_pixel)),
        at(BITS.iter().position(|bits| *bits == description.bits_allocated)),
        small(description.bits_stored - 1),
        small(description.high_bit),
        at(PHOTOMETRICS.iter().position(|known| *known == term)),
        u8::from(description.signed) | u8::from(description.planar) << 1 | frames << 4,
    ]);
    bytes
}
