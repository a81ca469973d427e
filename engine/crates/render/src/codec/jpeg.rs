//! JPEG (ITU-T T.81): which process a stream has, and what its components mean.

mod header;

use jpeg_decoder::{ColorTransform, PixelFormat};
use model::PreviewFault;
use part10::{Photometric, PixelDescription};

use super::NativeFrame;
use super::samples::{check_shape, contain};
use header::{Header, Process};

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
    native_bytes: usize,
) -> Result<NativeFrame, PreviewFault> {
    let header = Header::read(frame)?;
    let samples = header.components.len();
    check_shape(description, header.size(), samples, header.precision)?;
    match header.process {
        Process::Dct if header.precision == 8 => dct8(description, &header, frame, native_bytes),
        Process::Dct => Err(PreviewFault::Unsupported("JPEG with 12 bits per sample".into())),
        Process::Lossless => Err(PreviewFault::Unsupported("JPEG lossless".into())),
    }
}

/// Baseline, extended and progressive streams of 8 bits. Colour becomes RGB.
fn dct8(
    description: &PixelDescription,
    header: &Header,
    frame: &[u8],
    native_bytes: usize,
) -> Result<NativeFrame, PreviewFault> {
    let mut decoder = jpeg_decoder::Decoder::new(frame);
    decoder.set_max_decoding_buffer_size(native_bytes);
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
    let bytes = if description.bits_allocated == 8 && description.bits_stored == 8 {
        pixels
    } else {
        let samples: Vec<u16> = pixels.into_iter().map(u16::from).collect();
        contain(description, 8, &samples)?
    };
    if bytes.len() != native_bytes && description.photometric != Photometric::YbrFull422 {
        return Err(PreviewFault::Damaged);
    }
    Ok(NativeFrame { bytes, photometric, planar: false })
}
