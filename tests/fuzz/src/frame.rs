//! Compressed frames of arbitrary bytes.

use render::decode_frame;

use super::input::{Input, description};
use super::{FRAME_LIMITS, guarded};

/// RLE Lossless.
pub const RLE: &[&str] = &["1.2.840.10008.1.2.5"];
/// JPEG Baseline, Extended, Lossless and its first predictor.
pub const JPEG: &[&str] = &[
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
];
/// JPEG-LS, lossless and near-lossless.
pub const JPEG_LS: &[&str] = &["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"];
/// JPEG 2000 and High-Throughput JPEG 2000.
pub const JPEG_2000: &[&str] = &[
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
];
/// Deflated Image Frame.
pub const DEFLATED: &[&str] = &["1.2.840.10008.1.2.8.1"];

/// The first byte picks the transfer syntax, the next ones describe the pixels, the rest is the frame.
///
/// # Panics
/// When a decoded frame is not as large as its description says.
pub fn frame(syntaxes: &[&str], bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let syntax = syntaxes[usize::from(input.byte()) % syntaxes.len()];
    let (description, stream) = description(input.rest());
    let decoded = guarded(|| decode_frame(syntax, &description, stream, &FRAME_LIMITS));
    if let Some(Ok(native)) = decoded {
        let expected = native.describe(&description).frame_bytes();
        assert_eq!(native.bytes.len() as u64, expected, "{description:?}");
    }
}
