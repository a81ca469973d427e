//! The pictures of the images that a report points to, made once more for its PDF, and those that a
//! document holds.
//!
//! They are the previews of the package, smaller where those are large. How many there are, and of
//! how many bytes, is bounded: a report without one still says which image it points to.

use std::num::NonZeroU32;

use media::report::{ImageKey, Picture};
use model::PreviewFault;
use part10::Limits;
use render::{Bitmap, Channels, LutCache};

use crate::body::{examine, read_frame};
use crate::picture::{Pictures, encode, guarded};
use crate::plan::{Expected, Planned};
use crate::request::WHOLE_INSTANCE_BYTES;
use crate::stock::Stock;

/// Pictures of one report, and of all reports of a package.
const PER_REPORT: u32 = 60;
const PER_PACKAGE: u32 = 600;
/// Bytes of the pictures of one report.
pub(crate) const BYTES: usize = 16 << 20;
/// A picture with a longer side is made smaller.
pub(crate) const LONGEST_SIDE: NonZeroU32 = NonZeroU32::new(1200).unwrap();

/// What may still be made.
#[derive(Debug)]
pub(crate) struct KeyImages {
    as_stored: bool,
    stock: Stock,
    luts: LutCache,
    left: u32,
    left_of_report: u32,
    bytes_of_report: usize,
}

/// The index of the frame that a report points to, from 0.
pub(crate) fn frame_index(key: &ImageKey) -> u32 {
    key.frame.unwrap_or(1).saturating_sub(1)
}

/// A picture that a document holds, made smaller where it is large.
///
/// # Errors
/// [`PreviewFault`] when it is no PNG or JPEG, damaged, or over the limits.
pub(crate) fn embedded(bytes: &[u8], longest: NonZeroU32) -> Result<Picture, PreviewFault> {
    let bitmap = guarded(|| render::decode_picture(bytes))?.thumbnail(longest, 1.0);
    Ok(of_bitmap(&bitmap, encode(&bitmap)?))
}

fn of_bitmap(bitmap: &Bitmap, jpeg: Vec<u8>) -> Picture {
    Picture {
        jpeg,
        width: bitmap.width().into(),
        height: bitmap.height().into(),
        is_grey: bitmap.channels() == Channels::Gray,
    }
}

impl KeyImages {
    pub(crate) fn new(as_stored: bool, stock: Stock) -> Self {
        Self {
            as_stored,
            stock,
            luts: LutCache::default(),
            left: PER_PACKAGE,
            left_of_report: PER_REPORT,
            bytes_of_report: 0,
        }
    }

    /// The next pictures are those of another report.
    pub(crate) fn begin_report(&mut self) {
        self.left_of_report = PER_REPORT;
        self.bytes_of_report = 0;
    }

    /// The picture of a frame; nothing when it cannot be made, or there are enough of them.
    pub(crate) fn picture(&mut self, planned: &Planned, index: u32) -> Option<Picture> {
        if self.left == 0 || self.left_of_report == 0 {
            return None;
        }
        self.left -= 1;
        self.left_of_report -= 1;
        let bitmap = self.bitmap(planned, index)?;
        let jpeg = encode(&bitmap).ok()?;
        self.bytes_of_report = self.bytes_of_report.saturating_add(jpeg.len());
        (self.bytes_of_report <= BYTES).then(|| of_bitmap(&bitmap, jpeg))
    }

    fn bitmap(&self, planned: &Planned, index: u32) -> Option<Bitmap> {
        let limits = Limits { in_memory_bytes: WHOLE_INSTANCE_BYTES, ..Limits::default() };
        let Expected { sop_instance, path, .. } = &planned.instance;
        let mut instance = self.stock.open(sop_instance, path.as_deref(), &limits)?;
        let body = examine(&mut instance, self.as_stored).ok()?;
        let (description, frames) = body.frames.as_ref().ok()?;
        let (mut pictures, first) =
            Pictures::open(&mut instance, &body.pixels, description, frames, &self.luts).ok()?;
        let native = if index == 0 {
            first.ok()?
        } else {
            let mut frame = Vec::new();
            read_frame(frames, &mut instance, index, &mut frame).ok()?;
            pictures.to_native(frame).ok()?
        };
        // As in the previews: by the range of the series, or that of the frames.
        pictures.set_range(planned.range);
        pictures.measure(&mut instance, frames).ok()?;
        let drawn = pictures.bitmap(index, &native, &[]).ok()?;
        Some(pictures.within(&drawn, LONGEST_SIDE))
    }
}
