//! Deflated Image Frame Compression: each frame a raw deflate stream (RFC 1951).
//!
//! Standard: DICOM PS3.5 A.4.13.

use std::io::Read;

use flate2::read::DeflateDecoder;
use model::PreviewFault;
use part10::PixelDescription;

use super::NativeFrame;

/// A frame of odd length may be padded before it is deflated.
const MOST_PADDING_BYTES: u64 = 1;

pub(super) fn decode(
    description: &PixelDescription,
    frame: &[u8],
    native_bytes: usize,
) -> Result<NativeFrame, PreviewFault> {
    let mut bytes = vec![0; native_bytes];
    let mut inflated = DeflateDecoder::new(frame);
    inflated.read_exact(&mut bytes).map_err(|_fault| PreviewFault::Damaged)?;
    let mut behind = Vec::new();
    // What cannot be inflated behind the frame is nothing of it.
    drop(inflated.take(MOST_PADDING_BYTES + 1).read_to_end(&mut behind));
    if behind.len() as u64 > MOST_PADDING_BYTES {
        let reason = "a deflated frame is longer than the data set says";
        return Err(PreviewFault::Unsupported(reason.into()));
    }
    let photometric = description.photometric.clone();
    Ok(NativeFrame { bytes, photometric, planar: description.planar })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::samples::tests::description;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use part10::Photometric;
    use std::io::Write;

    #[test]
    fn a_frame_is_inflated_to_its_size() {
        let description = description(4, 1, 16, Photometric::Monochrome2);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let stream = encoder.finish().unwrap();
        assert_eq!(decode(&description, &stream, 8).unwrap().bytes, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(decode(&description, &stream, 9), Err(PreviewFault::Damaged));
        assert_eq!(decode(&description, &stream[..4], 8), Err(PreviewFault::Damaged));
    }
}
