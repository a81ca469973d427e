//! Grey frames of 8 bits.

use part10::{Photometric, PixelDescription};

pub(crate) fn grey(columns: u16, rows: u16) -> PixelDescription {
    PixelDescription {
        rows,
        columns,
        samples_per_pixel: 1,
        bits_allocated: 8,
        bits_stored: 8,
        high_bit: 7,
        signed: false,
        photometric: Photometric::Monochrome2,
        planar: false,
        frames: 1,
    }
}
