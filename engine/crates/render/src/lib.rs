//! Frames of pixel data to 8-bit previews.
//!
//! [`decode_frame`] turns a compressed frame into the bytes that an uncompressed file holds;
//! [`Rendering`] turns such bytes into an 8-bit [`Bitmap`]; [`encode_jpeg`] codes it.
//!
//! Invariant: pure CPU. Nothing here opens a file or starts a thread, and nothing is allocated
//! before [`Limits`] were asked.

mod bitmap;
mod codec;
mod embedded;
mod jpeg;
mod limits;
mod pixel_coding;
mod rendering;

pub use bitmap::{Bitmap, Channels};
pub use codec::{NativeFrame, decode_frame};
pub use embedded::decode_picture;
pub use jpeg::{QUALITY as JPEG_QUALITY, encode as encode_jpeg};
pub use limits::Limits;
pub use pixel_coding::{
    Decoder, PIXEL_CODINGS, PixelCoding, can_decode, is_lossless, pixel_coding,
};
pub use rendering::{
    LutCache, Rendering, Segment, Segmentation, SourceFrame, ValueRange, ValueSample, Window,
    sampled_frames, segments,
};
