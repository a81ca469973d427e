//! The frames of one instance: native bytes out of stored ones, previews out of native ones.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use media::contents::MOST_WINDOWS;
use model::{PreviewFault, PreviewGap, Refusal, SopInstanceUid};
use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, LutCache, Rendering, ValueRange, ValueSample, Window, sampled_frames};
use sha2::{Digest as _, Sha256};
use zipstream::{PreparedEntry, store};

use crate::body::{Pixels, decoded_length, read_frame};
use crate::sources::{LastSource, Sources};

/// The longest side of the small picture of a series, in pixels.
const THUMBNAIL_PIXELS: NonZeroU32 = NonZeroU32::new(160).unwrap();

/// A JPEG, ready to be written.
#[derive(Debug)]
pub(crate) struct Jpeg {
    pub(crate) entry: PreparedEntry,
    pub(crate) sha256: [u8; 32],
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What it does not show.
    pub(crate) gap: Option<PreviewGap>,
}

/// The picture of a frame.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) bitmap: Bitmap,
    /// What it does not show.
    pub(crate) gap: Option<PreviewGap>,
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
    /// Where a segmentation finds the images that it was drawn on.
    sources: Option<Arc<Sources>>,
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
            sources: None,
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

    /// Whether an entry can hold the decoded frames: the first can be decoded, and all of them have a
    /// place in one element. Chrominances that are halved in the stream are whole then.
    pub(crate) fn fits_decoded(&self) -> bool {
        self.decodes && decoded_length(&self.native).is_some()
    }

    /// The same, laid over images of the package where it is a segmentation.
    pub(crate) fn with_sources(mut self, sources: &Arc<Sources>) -> Self {
        self.sources = Some(Arc::clone(sources));
        self
    }

    /// Whether the pixels decide which values are black and white.
    pub(crate) fn lacks_range(&self) -> bool {
        self.rendering.as_ref().is_ok_and(Rendering::lacks_range)
    }

    /// Gathers values of a native frame that has no window.
    pub(crate) fn gather(&self, index: u32, native: &[u8], sample: &mut ValueSample) {
        if let Ok(rendering) = &self.rendering {
            // A frame that is too short is told of when it is shown.
            drop(guarded(|| rendering.sample(index, native, sample)));
        }
    }

    /// Shows all frames without a window by one range.
    pub(crate) fn set_range(&mut self, range: Option<ValueRange>) {
        if let (Ok(rendering), Some(range)) = (&mut self.rendering, range) {
            rendering.set_range(range);
        }
    }

    /// Measures the range over frames spread through the instance, where one is needed.
    ///
    /// # Errors
    /// [`Refusal`] when the bytes of a frame are not there.
    pub(crate) fn measure(
        &mut self,
        instance: &mut Instance,
        frames: &Frames,
    ) -> Result<(), Refusal> {
        if !self.lacks_range() {
            return Ok(());
        }
        let mut sample = ValueSample::default();
        for index in sampled_frames(frames.count()) {
            let mut frame = Vec::new();
            read_frame(frames, instance, index, &mut frame)?;
            if let Ok(native) = self.to_native(frame) {
                self.gather(index, &native, &mut sample);
            }
        }
        self.set_range(sample.range());
        Ok(())
    }

    /// The other frames that a segmentation shows at the place of frame `index`.
    pub(crate) fn others_there(&self, index: u32) -> Vec<u32> {
        let segmentation = self.rendering.as_ref().ok().and_then(Rendering::segmentation);
        segmentation.map(|segmentation| segmentation.others_there(index)).unwrap_or_default()
    }

    /// What frame `index` of a segmentation is shown over, if the package has it.
    pub(crate) fn first_source(&self, index: u32) -> Option<(&SopInstanceUid, u32)> {
        let segmentation = self.rendering.as_ref().ok()?.segmentation()?;
        let source = segmentation.sources(index).first()?;
        Some((&source.sop_instance, source.frame))
    }

    /// Whether it is a segmentation, which takes memory for the image it lies on.
    pub(crate) fn is_segmentation(&self) -> bool {
        self.rendering.as_ref().is_ok_and(|rendering| rendering.segmentation().is_some())
    }

    /// The picture of a native frame; `index` counts from 0. `others` are native frames of a
    /// segmentation that show the same place.
    pub(crate) fn bitmap(
        &self,
        index: u32,
        native: &[u8],
        others: &[(u32, &[u8])],
    ) -> Result<Drawn, PreviewFault> {
        self.bitmap_after(index, native, others, &mut LastSource::default())
    }

    /// As [`Pictures::bitmap`]; the image that the frame before lay on is not opened once more.
    pub(crate) fn bitmap_after(
        &self,
        index: u32,
        native: &[u8],
        others: &[(u32, &[u8])],
        last: &mut LastSource,
    ) -> Result<Drawn, PreviewFault> {
        let rendering = self.rendering.as_ref().map_err(Clone::clone)?;
        let segmentation = rendering.segmentation();
        let under = match (segmentation, &self.sources) {
            (Some(segmentation), Some(sources)) => sources.picture(segmentation, index, last),
            _ => None,
        };
        let bitmap = guarded(|| rendering.frame_over(index, native, others, under))?;
        let gap = if segmentation.is_some() && under.is_none() {
            Some(PreviewGap::SegmentedImage)
        } else {
            rendering.lacks_overlay().then_some(PreviewGap::Overlay)
        };
        Ok(Drawn { bitmap, gap })
    }

    /// What the file says of the windows in use, as many as a page can tell of and one more.
    pub(crate) fn windows(&self) -> Vec<Window> {
        let most = MOST_WINDOWS + 1;
        self.rendering.as_ref().map(|rendering| rendering.windows(most)).unwrap_or_default()
    }

    fn pixel_height_over_width(&self) -> f64 {
        self.rendering.as_ref().map_or(1.0, Rendering::pixel_height_over_width)
    }

    /// The small picture of the series.
    pub(crate) fn thumbnail(&self, drawn: &Drawn) -> FrameOutcome {
        let ratio = self.pixel_height_over_width();
        jpeg(&drawn.bitmap.thumbnail(THUMBNAIL_PIXELS, ratio), drawn.gap)
    }

    /// The preview, its pixels made square.
    pub(crate) fn preview(&self, drawn: &Drawn) -> FrameOutcome {
        match drawn.bitmap.with_square_pixels(self.pixel_height_over_width()) {
            Some(square) => jpeg(&square, drawn.gap),
            None => jpeg(&drawn.bitmap, drawn.gap),
        }
    }

    /// The picture with square pixels, its longest side no longer than so many pixels.
    pub(crate) fn within(&self, drawn: &Drawn, longest: NonZeroU32) -> Bitmap {
        drawn.bitmap.thumbnail(longest, self.pixel_height_over_width())
    }
}

/// Whether the pixels of an image decide which values are black and white.
pub(crate) fn lacks_range(
    instance: &Instance,
    description: &PixelDescription,
    cache: &LutCache,
) -> bool {
    let limits = render::Limits::default();
    let rendering =
        guarded(|| Rendering::prepare(&instance.dataset(), description, cache, &limits));
    rendering.is_ok_and(|rendering| rendering.lacks_range())
}

/// Codes a picture as JPEG.
pub(crate) fn encode(bitmap: &Bitmap) -> Result<Vec<u8>, PreviewFault> {
    let mut bytes = Vec::with_capacity(bitmap.data().len() / 4 + 1024);
    guarded(|| render::encode_jpeg(bitmap, &mut bytes))?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// A JPEG of a picture, ready to be written.
fn jpeg(bitmap: &Bitmap, gap: Option<PreviewGap>) -> FrameOutcome {
    let bytes = encode(bitmap)?;
    Ok(Jpeg {
        sha256: Sha256::digest(&bytes).into(),
        entry: store(bytes),
        width: bitmap.width().into(),
        height: bitmap.height().into(),
        gap,
    })
}

/// Codecs of other people meet hostile data here: a panic costs the frame, not the package.
pub(crate) fn guarded<T>(
    work: impl FnOnce() -> Result<T, PreviewFault>,
) -> Result<T, PreviewFault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(PreviewFault::Damaged))
}
