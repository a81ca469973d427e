//! The frames of one instance: native bytes out of stored ones, previews out of native ones.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};

use model::{PreviewFault, Refusal};
use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, LutCache, Rendering};
use sha2::{Digest as _, Sha256};
use zipstream::{PreparedEntry, store};

use crate::body::{Pixels, read_frame};

/// The longest side of the small picture of a series, in pixels.
const THUMBNAIL_PIXELS: NonZeroU32 = NonZeroU32::new(160).unwrap();

/// A JPEG, ready to be written.
#[derive(Debug)]
pub(crate) struct Jpeg {
    pub(crate) entry: PreparedEntry,
    pub(crate) sha256: [u8; 32],
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// What became of the preview of a frame.
pub(crate) type FrameOutcome = Result<Jpeg, PreviewFault>;

/// Everything that is the same for all frames of an instance.
#[derive(Debug)]
pub(crate) struct Pictures {
    stored: PixelDescription,
    /// What the frames are once decoded.
    pub(crate) native: PixelDescription,
    transfer_syntax: String,
    compressed: bool,
    /// Whether the first frame could be decoded.
    decodes: bool,
    rendering: Result<Rendering, PreviewFault>,
    limits: render::Limits,
}

impl Pictures {
    /// Prepares an instance; the first frame of a compressed one is decoded to see what it becomes.
    ///
    /// Gives the native bytes of the first frame back, which need not be read and decoded again.
    ///
    /// # Errors
    /// [`Refusal`] when the bytes of the first frame are not there.
    pub(crate) fn open(
        instance: &mut Instance,
        pixels: &Pixels,
        description: &PixelDescription,
        frames: &Frames,
        cache: &LutCache,
    ) -> Result<(Self, Result<Vec<u8>, PreviewFault>), Refusal> {
        let mut first_frame = Vec::new();
        read_frame(frames, instance, 0, &mut first_frame)?;
        let dataset = &instance.dataset();
        let compressed = matches!(pixels, Pixels::Fragments(_));
        let mut pictures = Self {
            native: description.clone(),
            stored: description.clone(),
            transfer_syntax: instance.transfer_syntax().uid().to_owned(),
            compressed,
            decodes: false,
            rendering: Err(PreviewFault::Damaged),
            limits: render::Limits::default(),
        };
        let native = if compressed {
            pictures.decode(&first_frame).map(|(bytes, native)| {
                pictures.native = native;
                bytes
            })
        } else {
            Ok(first_frame)
        };
        pictures.decodes = native.is_ok();
        pictures.rendering = match &native {
            Ok(_) => {
                guarded(|| Rendering::prepare(dataset, &pictures.native, cache, &pictures.limits))
            }
            Err(fault) => Err(fault.clone()),
        };
        Ok((pictures, native))
    }

    /// The native bytes of a stored frame.
    ///
    /// # Errors
    /// [`PreviewFault`] when it cannot be decoded, or not to the same kind of pixels as the first.
    pub(crate) fn to_native(&self, frame: Vec<u8>) -> Result<Vec<u8>, PreviewFault> {
        if !self.compressed {
            return Ok(frame);
        }
        let (bytes, native) = self.decode(&frame)?;
        if native != self.native {
            let reason = "the frames of the instance decode to different kinds of pixels";
            return Err(PreviewFault::Unsupported(reason.into()));
        }
        Ok(bytes)
    }

    fn decode(&self, frame: &[u8]) -> Result<(Vec<u8>, PixelDescription), PreviewFault> {
        let decoded = guarded(|| {
            render::decode_frame(&self.transfer_syntax, &self.stored, frame, &self.limits)
        })?;
        let native = decoded.describe(&self.stored);
        Ok((decoded.bytes, native))
    }

    /// Whether frames can be made native: those of an uncompressed instance are.
    pub(crate) fn is_usable(&self) -> bool {
        !self.compressed || self.decodes
    }

    /// The picture of a native frame; `index` counts from 0.
    pub(crate) fn bitmap(&self, index: u32, native: &[u8]) -> Result<Bitmap, PreviewFault> {
        let rendering = self.rendering.as_ref().map_err(Clone::clone)?;
        guarded(|| rendering.frame(index, native))
    }

    /// The small picture of the series.
    pub(crate) fn thumbnail(&self, bitmap: &Bitmap) -> FrameOutcome {
        let ratio = self.rendering.as_ref().map_or(1.0, Rendering::pixel_height_over_width);
        jpeg(&bitmap.thumbnail(THUMBNAIL_PIXELS, ratio))
    }
}

/// Codes a picture as JPEG.
pub(crate) fn jpeg(bitmap: &Bitmap) -> FrameOutcome {
    let mut bytes = Vec::with_capacity(bitmap.data().len() / 4 + 1024);
    guarded(|| render::encode_jpeg(bitmap, &mut bytes))?;
    bytes.shrink_to_fit();
    Ok(Jpeg {
        sha256: Sha256::digest(&bytes).into(),
        entry: store(bytes),
        width: bitmap.width().into(),
        height: bitmap.height().into(),
    })
}

/// Codecs of other people meet hostile data here: a panic costs the frame, not the package.
fn guarded<T>(work: impl FnOnce() -> Result<T, PreviewFault>) -> Result<T, PreviewFault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(PreviewFault::Damaged))
}
