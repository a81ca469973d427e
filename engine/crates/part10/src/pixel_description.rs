//! The attributes of the Image Pixel module that say how frames are laid out (PS3.3 C.7.6.3).

use dicom_core::Tag;

use crate::dataset::Dataset;

const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
const PHOTOMETRIC_INTERPRETATION: Tag = Tag(0x0028, 0x0004);
const PLANAR_CONFIGURATION: Tag = Tag(0x0028, 0x0006);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);
const ROWS: Tag = Tag(0x0028, 0x0010);
const COLUMNS: Tag = Tag(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
const BITS_STORED: Tag = Tag(0x0028, 0x0101);
const HIGH_BIT: Tag = Tag(0x0028, 0x0102);
const PIXEL_REPRESENTATION: Tag = Tag(0x0028, 0x0103);
/// Bytes of a Photometric Interpretation (CS), which has 16 at most: faults of frames quote it.
const MOST_OF_TERM: usize = 64;

/// Why the layout of the pixels cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PixelDescriptionError {
    /// An attribute that the layout depends on is absent or empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An attribute has a value that no image can have.
    #[error("{0} has an impossible value")]
    Impossible(&'static str),
}

/// Photometric Interpretation (0028,0004).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Photometric {
    /// Grey, the lowest value white.
    Monochrome1,
    /// Grey, the lowest value black.
    Monochrome2,
    /// One sample, looked up in three tables.
    PaletteColor,
    /// Red, green, blue.
    Rgb,
    /// Luminance and two chrominances, each at full resolution.
    YbrFull,
    /// The chrominances at half the horizontal resolution.
    YbrFull422,
    /// The chrominances at half the horizontal resolution, in the range of television (retired).
    YbrPartial422,
    /// The chrominances at half the resolution in both directions.
    YbrPartial420,
    /// Irreversible colour transformation of JPEG 2000.
    YbrIct,
    /// Reversible colour transformation of JPEG 2000.
    YbrRct,
    /// Something else, as written.
    Other(Box<str>),
}

impl Photometric {
    /// Reads the defined term.
    pub fn from_term(term: &str) -> Self {
        match term {
            "MONOCHROME1" => Self::Monochrome1,
            "MONOCHROME2" => Self::Monochrome2,
            "PALETTE COLOR" => Self::PaletteColor,
            "RGB" => Self::Rgb,
            "YBR_FULL" => Self::YbrFull,
            "YBR_FULL_422" => Self::YbrFull422,
            "YBR_PARTIAL_422" => Self::YbrPartial422,
            "YBR_PARTIAL_420" => Self::YbrPartial420,
            "YBR_ICT" => Self::YbrIct,
            "YBR_RCT" => Self::YbrRct,
            other => Self::Other(other.into()),
        }
    }

    /// The defined term.
    pub fn as_term(&self) -> &str {
        match self {
            Self::Monochrome1 => "MONOCHROME1",
            Self::Monochrome2 => "MONOCHROME2",
            Self::PaletteColor => "PALETTE COLOR",
            Self::Rgb => "RGB",
            Self::YbrFull => "YBR_FULL",
            Self::YbrFull422 => "YBR_FULL_422",
            Self::YbrPartial422 => "YBR_PARTIAL_422",
            Self::YbrPartial420 => "YBR_PARTIAL_420",
            Self::YbrIct => "YBR_ICT",
            Self::YbrRct => "YBR_RCT",
            Self::Other(term) => term,
        }
    }
}

/// How the frames of an instance are laid out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PixelDescription {
    /// Rows (0028,0010).
    pub rows: u16,
    /// Columns (0028,0011).
    pub columns: u16,
    /// Samples per Pixel (0028,0002).
    pub samples_per_pixel: u16,
    /// Bits Allocated (0028,0100).
    pub bits_allocated: u16,
    /// Bits Stored (0028,0101), never more than allocated.
    pub bits_stored: u16,
    /// High Bit (0028,0102).
    pub high_bit: u16,
    /// Pixel Representation (0028,0103): two's complement.
    pub signed: bool,
    /// Photometric Interpretation (0028,0004).
    pub photometric: Photometric,
    /// Planar Configuration (0028,0006): colour-by-plane instead of colour-by-pixel.
    pub planar: bool,
    /// Number of Frames (0028,0008), at least 1.
    pub frames: u32,
}

impl PixelDescription {
    /// Reads the attributes; those with only one sensible value may be absent.
    ///
    /// # Errors
    /// [`PixelDescriptionError`] when rows, columns, bits allocated or photometric interpretation
    /// are absent, or a value that no image can have.
    pub fn read(dataset: &Dataset<'_>) -> Result<Self, PixelDescriptionError> {
        use PixelDescriptionError::{Impossible, Missing};
        let needed = |tag, name| dataset.u16(tag).ok_or(Missing(name));
        let rows = needed(ROWS, "Rows (0028,0010)")?;
        let columns = needed(COLUMNS, "Columns (0028,0011)")?;
        let bits_allocated = needed(BITS_ALLOCATED, "Bits Allocated (0028,0100)")?;
        let samples_per_pixel = dataset.u16(SAMPLES_PER_PIXEL).unwrap_or(1);
        let name = "Photometric Interpretation (0028,0004)";
        let photometric = dataset.bytes(PHOTOMETRIC_INTERPRETATION).ok_or(Missing(name))?;
        if photometric.len() > MOST_OF_TERM {
            return Err(Impossible(name));
        }
        let photometric = dataset.text(PHOTOMETRIC_INTERPRETATION).ok_or(Missing(name))?;
        let bits_stored = dataset.u16(BITS_STORED).unwrap_or(bits_allocated);
        let frames = match dataset.i64(NUMBER_OF_FRAMES) {
            None | Some(0) => 1,
            Some(frames) => u32::try_from(frames)
                .map_err(|_error| Impossible("Number of Frames (0028,0008)"))?,
        };
        if rows == 0 || columns == 0 {
            return Err(Impossible("Rows or Columns"));
        }
        if !matches!(bits_allocated, 1 | 8 | 12 | 16 | 32 | 64) {
            return Err(Impossible("Bits Allocated (0028,0100)"));
        }
        if !matches!(samples_per_pixel, 1 | 3 | 4) {
            return Err(Impossible("Samples per Pixel (0028,0002)"));
        }
        if bits_stored == 0 || bits_stored > bits_allocated {
            return Err(Impossible("Bits Stored (0028,0101)"));
        }
        Ok(Self {
            rows,
            columns,
            samples_per_pixel,
            bits_allocated,
            bits_stored,
            high_bit: dataset.u16(HIGH_BIT).unwrap_or(bits_stored - 1),
            signed: dataset.u16(PIXEL_REPRESENTATION) == Some(1),
            photometric: Photometric::from_term(&photometric),
            planar: samples_per_pixel > 1 && dataset.u16(PLANAR_CONFIGURATION) == Some(1),
            frames,
        })
    }

    /// Pixels of a frame: rows × columns, at most 2³².
    pub fn pixels(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }

    /// Bits of a native frame. Frames of 1 or 12 bits need not end on a byte.
    ///
    /// Standard: DICOM PS3.5 §8.1.1, §8.2; `YBR_FULL_422` and `YBR_PARTIAL_422` store two samples a pixel (PS3.3
    /// C.7.6.3.1.2), `YBR_PARTIAL_420` one and a half.
    pub fn frame_bits(&self) -> u64 {
        let samples = self.samples();
        let stored = match self.photometric {
            Photometric::YbrFull422 | Photometric::YbrPartial422 if self.samples_per_pixel == 3 => {
                samples / 3 * 2
            }
            Photometric::YbrPartial420 if self.samples_per_pixel == 3 => samples / 2,
            _ => samples,
        };
        stored * u64::from(self.bits_allocated)
    }

    /// Bits of a native frame that has every sample of every pixel: what decoding makes of one whose
    /// chrominances are halved.
    pub fn whole_frame_bits(&self) -> u64 {
        self.samples() * u64::from(self.bits_allocated)
    }

    fn samples(&self) -> u64 {
        self.pixels() * u64::from(self.samples_per_pixel)
    }

    /// Bytes of a native frame, the last one possibly shared with the next frame.
    pub fn frame_bytes(&self) -> u64 {
        self.frame_bits().div_ceil(8)
    }
}
