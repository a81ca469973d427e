//! JPEG (ITU-T T.81): which process a stream has, and what its components mean.

mod differences;
mod entropy;
mod extended;
mod header;
mod lossless;
mod scan;
mod scan_ends;

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
    let guarded = scan_ends::guarded(frame);
    let mut decoder = jpeg_decoder::Decoder::new(guarded.as_slice());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitmap::{Bitmap, Channels};
    use crate::codec::samples::tests::description;
    use rstest::rstest;

    const EOI: [u8; 2] = [0xFF, 0xD9];

    /// A stream of 64 × 64 pixels without its EOI, and what it is to be told as.
    fn coded(channels: Channels) -> (Vec<u8>, PixelDescription) {
        let count = 64 * 64 * channels.count();
        let texture = (0..count).map(|at| u8::try_from(at * 37 % 251).unwrap()).collect();
        let bitmap = Bitmap::new(64, 64, channels, texture).unwrap();
        let mut stream = Vec::new();
        crate::jpeg::encode(&bitmap, &mut stream).unwrap();
        let stream = stream.strip_suffix(&EOI).unwrap().to_vec();
        let (samples, photometric) = match channels {
            Channels::Gray => (1, Photometric::Monochrome2),
            Channels::Rgb => (3, Photometric::YbrFull422),
        };
        (stream, PixelDescription { rows: 64, ..description(64, samples, 8, photometric) })
    }

    #[rstest]
    fn a_scan_that_ends_early_is_damage(
        #[values(Channels::Gray, Channels::Rgb)] channels: Channels,
        #[values(2, 20)] share: usize,
    ) {
        let (stream, description) = coded(channels);
        let scan = stream.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
        let mut kept = stream.len() - (stream.len() - scan) / share;
        // Not within a stuffed byte.
        while stream[kept - 1] == 0xFF {
            kept -= 1;
        }
        let cut = [&stream[..kept], &EOI].concat();
        assert_eq!(decode(&description, &cut), Err(PreviewFault::Damaged));
    }

    #[rstest]
    #[case::nothing(&[], &[])]
    #[case::padding_behind(&[], &[0])]
    #[case::fill_bytes(&[0xFF, 0xFF], &[])]
    #[case::zeros_before(&[0, 0, 0, 0], &[])]
    #[case::a_last_restart(&[0xFF, 0xD0], &[])]
    fn what_writers_put_around_the_end_is_no_damage(
        #[case] before: &[u8],
        #[case] behind: &[u8],
        #[values(Channels::Gray, Channels::Rgb)] channels: Channels,
    ) {
        let (stream, description) = coded(channels);
        let native = decode(&description, &[&stream[..], before, &EOI, behind].concat()).unwrap();
        let whole = [&stream[..], &EOI].concat();
        let mut plain = jpeg_decoder::Decoder::new(whole.as_slice());
        if channels == Channels::Rgb {
            plain.set_color_transform(ColorTransform::YCbCr);
        }
        assert_eq!(native.bytes, plain.decode().unwrap());
    }
}
