//! JPEG (ITU-T T.81): which process a stream has, and what its components mean.

mod differences;
mod entropy;
mod extended;
mod header;
mod lossless;
mod scan;

use jpeg_decoder::{ColorTransform, PixelFormat};
use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::NativeFrame;
use super::samples::{check_shape, contain, value_bits};
use header::{Header, Process};

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
) -> Result<NativeFrame, PreviewFault> {
    let header = Header::read(frame)?;
    let samples = header.components.len();
    check_shape(description, header.size(), samples, header.precision)?;
    match header.process {
        Process::Sequential | Process::Progressive if header.precision == 8 => {
            dct8(description, &header, frame)
        }
        Process::Sequential if header.precision == 12 => {
            let samples = extended::decode(&header, frame)?;
            let bytes = contain(description, value_bits(description, header.precision), &samples);
            let photometric = description.photometric.clone();
            Ok(NativeFrame { bytes, photometric, planar: false })
        }
        Process::Sequential | Process::Progressive => {
            Err(PreviewFault::Unsupported(format!("JPEG with {} bits", header.precision)))
        }
        Process::Lossless => {
            let samples = lossless::decode(&header, frame)?;
            let bytes = contain(description, value_bits(description, header.precision), &samples);
            // No lossless stream transforms its colours: they are what the attribute says.
            let photometric = description.photometric.clone();
            if matches!(photometric, Photometric::YbrFull422 | Photometric::YbrPartial422) {
                return Err(PreviewFault::Unsupported("JPEG lossless as YBR_FULL_422".into()));
            }
            Ok(NativeFrame { bytes, photometric, planar: false })
        }
    }
}

/// Baseline, extended and progressive streams of 8 bits. Colour becomes RGB.
fn dct8(
    description: &PixelDescription,
    header: &Header,
    frame: &[u8],
) -> Result<NativeFrame, PreviewFault> {
    let mut decoder = jpeg_decoder::Decoder::new(frame);
    let pixels = usize::from(header.columns) * usize::from(header.rows);
    let decoded_bytes = pixels * header.components.len();
    decoder.set_max_decoding_buffer_size(decoded_bytes);
    let is_colour = header.components.len() == 3;
    if is_colour {
        decoder.set_color_transform(if header.is_ybr(&description.photometric) {
            ColorTransform::YCbCr
        } else {
            ColorTransform::RGB
        });
    }
    let pixels = decoder.decode().map_err(|fault| match fault {
        jpeg_decoder::Error::Unsupported(feature) => {
            PreviewFault::Unsupported(format!("JPEG with {feature:?}"))
        }
        _ => PreviewFault::Damaged,
    })?;
    let expected = if is_colour { PixelFormat::RGB24 } else { PixelFormat::L8 };
    if decoder.info().map(|info| info.pixel_format) != Some(expected) {
        return Err(PreviewFault::Damaged);
    }
    let photometric = if is_colour { Photometric::Rgb } else { description.photometric.clone() };
    if pixels.len() != decoded_bytes {
        return Err(PreviewFault::Damaged);
    }
    let bytes = if description.bits_allocated == 8 {
        pixels
    } else {
        let samples: Vec<u16> = pixels.into_iter().map(u16::from).collect();
        contain(description, value_bits(description, 8), &samples)
    };
    Ok(NativeFrame { bytes, photometric, planar: false })
}
