//! Compressed frames to the bytes that an Explicit VR Little Endian file would hold.
//!
//! One decode serves the DICOM entry and the preview. Lossless streams come out bit by bit as they
//! went in; streams that a decoder is known to get wrong are refused.
//!
//! Invariant: pure functions of their input. Decoders of other people can panic on hostile input:
//! the caller wraps [`decode_frame`] in [`std::panic::catch_unwind`].

mod deflated;
mod jpeg;
mod jpeg2000;
mod jpeg_ls;
mod marker_segments;
mod rle;
mod samples;

use model::{PreviewFault, TransferSyntaxUid};
use part10::{Photometric, PixelDescription};

use crate::limits::Limits;
use crate::pixel_coding::{Decoder, pixel_coding};

/// One frame as it stands in Pixel Data of an Explicit VR Little Endian file.
#[derive(Clone, PartialEq, Eq)]
pub struct NativeFrame {
    /// `rows × columns × samples`, little-endian containers of Bits Allocated.
    pub bytes: Vec<u8>,
    /// Photometric Interpretation of `bytes`: that of the instance, or what decoding made of it
    /// (`YBR_RCT` becomes RGB, so does `YBR_FULL_422` of a JPEG).
    pub photometric: Photometric,
    /// Planar Configuration of `bytes`: colour-by-plane.
    pub planar: bool,
}

/// The pixels are patient data: only their amount is printed.
impl std::fmt::Debug for NativeFrame {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("NativeFrame")
            .field("bytes", &self.bytes.len())
            .field("photometric", &self.photometric)
            .field("planar", &self.planar)
            .finish()
    }
}

impl NativeFrame {
    /// The description of the instance with what decoding changed: what the uncompressed data set
    /// says, and what [`crate::Rendering::prepare`] wants.
    pub fn describe(&self, description: &PixelDescription) -> PixelDescription {
        PixelDescription {
            photometric: self.photometric.clone(),
            planar: self.planar,
            ..description.clone()
        }
    }
}

/// Decodes one frame.
///
/// `frame` is the whole compressed frame, its fragments joined. Rows, columns, samples and bits of
/// the stream must be those of the description.
///
/// Panics of decoders are not caught here.
///
/// # Errors
/// - [`PreviewFault::NoDecoder`]: see [`crate::can_decode`]
/// - [`PreviewFault::Damaged`]: the stream is no stream of its transfer syntax, or ends early
/// - [`PreviewFault::Unsupported`]: stream and description contradict each other, or the decoder is
///   known to be wrong for such streams
/// - [`PreviewFault::OverLimit`]: the frame passes `limits`
///
/// # Limits
/// Allocates the native frame and at most eight times its size while decoding; for JPEG 2000 with
/// the smallest code-blocks sixteen times.
pub fn decode_frame(
    transfer_syntax: &str,
    description: &PixelDescription,
    frame: &[u8],
    limits: &Limits,
) -> Result<NativeFrame, PreviewFault> {
    let no_decoder = || match TransferSyntaxUid::from_wire(transfer_syntax.as_bytes()) {
        Ok(uid) => PreviewFault::NoDecoder(uid),
        Err(fault) => PreviewFault::Unsupported(format!("the transfer syntax: {fault}")),
    };
    let coding = pixel_coding(transfer_syntax).ok_or_else(no_decoder)?;
    let decoder = coding.decoder.ok_or_else(no_decoder)?;
    let native_bytes = limits.native_bytes(description)?;
    let native = match decoder {
        Decoder::Native => {
            let whole_bytes = description.whole_frame_bits().div_ceil(8);
            if whole_bytes > native_bytes as u64 && frame.len() as u64 >= whole_bytes {
                let reason = "three samples a pixel where the data set says fewer";
                return Err(PreviewFault::Unsupported(reason.into()));
            }
            let bytes = frame.get(..native_bytes).ok_or(PreviewFault::MissingPixels)?.to_vec();
            let photometric = description.photometric.clone();
            NativeFrame { bytes, photometric, planar: description.planar }
        }
        Decoder::Jpeg => jpeg::decode(description, frame)?,
        Decoder::Jpeg2000 => jpeg2000::decode(description, frame)?,
        Decoder::JpegLs => jpeg_ls::decode(description, frame)?,
        Decoder::Deflate => deflated::decode(description, frame, native_bytes)?,
        Decoder::Rle => rle::decode(description, frame, native_bytes)?,
    };
    // A data set must tell the truth of its pixels: whole chrominances are not YBR_PARTIAL_420.
    if native.bytes.len() as u64 != native.describe(description).frame_bytes() {
        let reason = "the samples of the compressed frame are not as the data set says";
        return Err(PreviewFault::Unsupported(reason.into()));
    }
    Ok(native)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use rstest::rstest;
    use std::io::Write as _;

    const ENCAPSULATED_UNCOMPRESSED: &str = "1.2.840.10008.1.2.1.98";
    const DEFLATED: &str = "1.2.840.10008.1.2.8.1";

    /// Of four pixels, halved chrominances leave eight samples, whole ones twelve.
    #[rstest]
    #[case::halved(8, true)]
    #[case::halved_and_padded(9, true)]
    #[case::whole(12, false)]
    fn whole_chrominances_are_not_cut_to_halved_ones(
        #[values(ENCAPSULATED_UNCOMPRESSED, DEFLATED)] syntax: &str,
        #[case] bytes: u8,
        #[case] is_decoded: bool,
    ) {
        let description = samples::tests::description(4, 3, 8, Photometric::YbrFull422);
        let samples: Vec<u8> = (0..bytes).collect();
        let mut frame = samples.clone();
        if syntax == DEFLATED {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&samples).unwrap();
            frame = encoder.finish().unwrap();
        }
        let decoded = decode_frame(syntax, &description, &frame, &Limits::default());
        if is_decoded {
            assert_eq!(decoded.unwrap().bytes, samples[..8]);
        } else {
            assert!(matches!(decoded, Err(PreviewFault::Unsupported(_))), "{decoded:?}");
        }
    }
}
