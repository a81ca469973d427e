//! JPEG 2000 (ITU-T T.800).
//!
//! The decoder is hayro-jpeg2000, which forbids unsafe code. It computes in `f32`: the reversible
//! path adds, subtracts and halves integers below 2²⁴, so it is exact for the 16 bits that DICOM
//! allows. It ignores the sign of components; that is put right here.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::NativeFrame;
use super::samples::{check_shape, contain};

/// SOC and SIZ, with which every codestream begins.
const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
/// Bit of Rsiz: the codestream uses the high-throughput block coder of T.814.
const HIGH_THROUGHPUT: u16 = 1 << 14;

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
) -> Result<NativeFrame, PreviewFault> {
    // DICOM demands bare codestreams; in a JP2 file only the codestream counts (PS3.5 A.4.4).
    let start = frame.windows(START.len()).position(|bytes| bytes == START);
    let codestream = start.and_then(|start| frame.get(start..)).ok_or(PreviewFault::Damaged)?;
    let header = Header::read(codestream)?;
    check_shape(description, header.size, header.components, header.precision)?;
    let photometric = header.photometric(&description.photometric)?;
    let settings =
        DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let image = Image::new(codestream, &settings).map_err(|_fault| PreviewFault::Damaged)?;
    if (image.width(), image.height()) != header.size {
        return Err(PreviewFault::Damaged);
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_fault| PreviewFault::Damaged)?;
    let components = decoded.components();
    let pixels = usize::from(description.rows) * usize::from(description.columns);
    if components.len() != header.components
        || components.iter().any(|component| component.samples().len() != pixels)
    {
        return Err(PreviewFault::Damaged);
    }
    let mut samples = vec![0; pixels * components.len()];
    for (index, component) in components.iter().enumerate() {
        let places = samples.iter_mut().skip(index).step_by(components.len());
        for (place, value) in places.zip(component.samples()) {
            *place = header.pattern(*value);
        }
    }
    let bytes = contain(description, header.precision, &samples);
    Ok(NativeFrame { bytes, photometric, planar: false })
}

/// What the main header says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    /// Columns and rows.
    size: (u32, u32),
    components: usize,
    /// Of all components: 1 to 38.
    precision: u16,
    signed: bool,
    /// Whether the first three components are transformed (Annex G).
    transformed: bool,
}

impl Header {
    fn read(codestream: &[u8]) -> Result<Self, PreviewFault> {
        let mut header = None;
        let mut rest = codestream.get(2..).unwrap_or_default();
        // The main header ends with the first tile-part (SOT).
        while let &[0xFF, marker, high, low, ref after @ ..] = rest {
            if marker == 0x90 {
                break;
            }
            let length = usize::from(u16::from_be_bytes([high, low]));
            let content_bytes = length.checked_sub(2).ok_or(PreviewFault::Damaged)?;
            let (content, after) =
                after.split_at_checked(content_bytes).ok_or(PreviewFault::Damaged)?;
            match (marker, &mut header) {
                (0x51, _) => header = Some(Self::size(content)?),
                // SGcod: progression order, layers, multiple component transformation.
                (0x52, Some(header)) => {
                    let &[_style, _order, _, _, transform, ..] = content else {
                        return Err(PreviewFault::Damaged);
                    };
                    header.transformed = transform != 0;
                }
                _ => {}
            }
            rest = after;
        }
        header.ok_or(PreviewFault::Damaged)
    }

    /// The SIZ segment (A.5.1).
    fn size(content: &[u8]) -> Result<Self, PreviewFault> {
        let (capabilities, rest) = content.split_first_chunk().ok_or(PreviewFault::Damaged)?;
        if u16::from_be_bytes(*capabilities) & HIGH_THROUGHPUT != 0 {
            return Err(PreviewFault::Unsupported("high-throughput JPEG 2000".into()));
        }
        let (grid, rest) = rest.split_first_chunk::<32>().ok_or(PreviewFault::Damaged)?;
        let mut grid = grid.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word));
        let mut next = || grid.next().unwrap_or(0);
        let (right, bottom, left, top) = (next(), next(), next(), next());
        let size = right.checked_sub(left).zip(bottom.checked_sub(top));
        let size = size.ok_or(PreviewFault::Damaged)?;
        let (count, rest) = rest.split_first_chunk().ok_or(PreviewFault::Damaged)?;
        let components = rest.as_chunks::<3>().0;
        let Some((first, others)) = components.split_first() else {
            return Err(PreviewFault::Damaged);
        };
        if usize::from(u16::from_be_bytes(*count)) != components.len() {
            return Err(PreviewFault::Damaged);
        }
        let [depth, 1, 1] = *first else {
            return Err(PreviewFault::Unsupported("JPEG 2000 with sampled components".into()));
        };
        if others.iter().any(|other| other != first) {
            return Err(PreviewFault::Unsupported("JPEG 2000 of unlike components".into()));
        }
        let (precision, signed) = (u16::from(depth & 0x7F) + 1, depth & 0x80 != 0);
        Ok(Self { size, components: components.len(), precision, signed, transformed: false })
    }

    /// What the decoded components are.
    ///
    /// Standard: DICOM PS3.5 8.2.4; PS3.3 C.7.6.3.1.2.
    fn photometric(&self, declared: &Photometric) -> Result<Photometric, PreviewFault> {
        match (declared, self.components) {
            // The decoder turns the transformation round; without one, what was coded was RGB.
            (Photometric::YbrRct | Photometric::YbrIct, 3) => Ok(Photometric::Rgb),
            (Photometric::YbrFull, 3) if self.transformed => Err(PreviewFault::Unsupported(
                "JPEG 2000 that transforms what is called YBR_FULL".into(),
            )),
            (
                Photometric::YbrFull422 | Photometric::YbrPartial422 | Photometric::YbrPartial420,
                _,
            ) => Err(PreviewFault::Unsupported("JPEG 2000 called chrominance-halved".into())),
            (declared, _) => Ok(declared.clone()),
        }
    }

    /// The bit pattern of a decoded value. The decoder has shifted all components to be unsigned.
    fn pattern(&self, value: f32) -> u16 {
        let span = 1_u32 << self.precision.min(16);
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let level = value.round() as i64;
        let level = level.clamp(0, i64::from(span) - 1);
        let middle = if self.signed { i64::from(span) / 2 } else { 0 };
        u16::try_from((level - middle).rem_euclid(i64::from(span))).unwrap_or(0)
    }
}
