//! An instance too large to hold: its bytes go through the window piece by piece.
//!
//! The feeding thread reads, the workers decode, compress and render, the writing thread collects
//! the pieces of the entry in a temporary file until its size and CRC-32 are known. Previews go out
//! as they come.

use std::ops::Range;
use std::sync::Arc;

use model::{PreviewFault, Refusal};
use part10::{END_OF_FRAGMENTS, EXPLICIT_VR_LITTLE_ENDIAN, Frames, Instance};
use rayon::prelude::*;
use zipstream::{DeflatedChunk, Search, deflate_chunk};

use crate::body::{
    Body, Pixels, examine, head_as_stored, head_decoded, read_frame, syntax_as_stored,
};
use crate::outcome::{AsStored, InstanceFacts, Loss, Outcome, Piece, StreamedInstance};
use crate::picture::{FrameOutcome, Jpeg, Pictures};
use crate::pipeline::Context;
use crate::plan::Planned;
use crate::sources::SOURCE_BYTES;
use crate::whole::search_for;
use crate::window::{Closed, Feed};

/// Bytes of a piece that holds no frame, and of a part that one worker compresses.
const PIECE_BYTES: u64 = 1 << 20;

/// Smaller frames are no pieces of their own: each would cost a deflate block and its headers.
const LEAST_PIECE_BYTES: u64 = 64 << 10;

/// Why feeding an instance ended early.
enum Ended {
    /// The instance is damaged. Its pieces so far are dropped by the writer.
    Refused(Refusal),
    /// Nobody writes any more.
    Closed,
}

impl From<Closed> for Ended {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Feeds an instance, piece by piece.
pub(crate) fn feed(
    window: &Feed<Outcome>,
    planned: Planned,
    instance: Instance,
    context: &Arc<Context>,
) -> Result<(), Closed> {
    match try_feed(window, planned.clone(), instance, context) {
        Ok(()) => Ok(()),
        Err(Ended::Closed) => Err(Closed),
        Err(Ended::Refused(refusal)) => {
            let lost = Outcome::Lost(planned, Loss::Refused(refusal));
            window.submit(window.claim(0)?, move || lost)
        }
    }
}

fn try_feed(
    window: &Feed<Outcome>,
    planned: Planned,
    mut instance: Instance,
    context: &Arc<Context>,
) -> Result<(), Ended> {
    let body = examine(&mut instance, context.as_stored)?;
    // What stands behind the pixels is in memory to the end, as the header is.
    let behind = instance.length().saturating_sub(body.pixels_end);
    let held = window.hold((instance.in_memory().len() as u64).saturating_add(behind))?;
    let tail = instance.tail(body.pixels_end)?;
    let description = body.frames.as_ref().ok().map(|(description, _)| description);
    let shown = Shown::prepare(&mut instance, &body, &planned, context)?;
    let decode = body.decode && shown.fits_decoded();
    let deflated = decode || !matches!(body.pixels, Pixels::Fragments(_));
    let frame_count = body.frame_count;
    let begun = planned.clone();
    let begin = Outcome::Begin { planned: begun, frame_count, deflated };
    window.submit(window.claim(0)?, move || begin)?;
    let samples = description.map_or(3, |description| description.samples_per_pixel);
    let pieces = Pieces { window, search: deflated.then(|| search_for(samples)) };
    if decode {
        feed_decoded(&pieces, &mut instance, &shown)?;
    } else {
        feed_as_stored(&pieces, &mut instance, &body, &shown)?;
    }
    pieces.parts(&tail)?;
    let frame_count = (body.pixels != Pixels::None).then_some(frame_count);
    let stored_syntax = syntax_as_stored(&instance, &body.pixels).to_owned();
    let as_stored = match &body.pixels {
        Pixels::Fragments(items) if decode => Some(AsStored {
            head: head_as_stored(&instance, &body.pixels)?,
            items: items.clone(),
            tail,
            transfer_syntax: stored_syntax.clone(),
        }),
        _ => None,
    };
    let transfer_syntax = if decode { EXPLICIT_VR_LITTLE_ENDIAN.to_owned() } else { stored_syntax };
    let kept_compressed = !context.as_stored && transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN;
    let windows = shown.pictures.as_ref().map(|pictures| pictures.windows()).unwrap_or_default();
    let facts =
        InstanceFacts { planned, instance, transfer_syntax, frame_count, windows, kept_compressed };
    let end = Outcome::End(Box::new(StreamedInstance { facts, as_stored }));
    window.submit(held, move || end)?;
    Ok(())
}

/// The frames of the instance that are still to be shown.
struct Shown {
    frames: Option<Frames>,
    pictures: Result<Arc<Pictures>, PreviewFault>,
    /// Frames with a preview.
    count: u32,
    /// The frame that stands for the series.
    thumbnail: Option<u32>,
    /// Bytes that work on one frame takes.
    frame_cost: u64,
}

impl Shown {
    fn prepare(
        instance: &mut Instance,
        body: &Body,
        planned: &Planned,
        context: &Context,
    ) -> Result<Self, Refusal> {
        let (description, frames) = match &body.frames {
            Ok((description, frames)) => (description, frames.clone()),
            Err(fault) => {
                let pictures = Err(fault.clone());
                return Ok(Self {
                    frames: None,
                    pictures,
                    count: 1,
                    thumbnail: None,
                    frame_cost: 0,
                });
            }
        };
        let (pictures, _) =
            Pictures::open(instance, &body.pixels, description, &frames, &context.luts)?;
        let mut pictures = pictures.with_sources(&context.sources);
        pictures.measure(instance, &frames)?;
        let of_source = if pictures.is_segmentation() { SOURCE_BYTES } else { 0 };
        let count = frames.count().min(context.previews_per_instance);
        let native_bytes = pictures.native.frame_bytes();
        Ok(Self {
            frames: Some(frames),
            // Native, its deflated form, the picture, the JPEG.
            frame_cost: (native_bytes.saturating_mul(5) / 2).saturating_add(of_source),
            pictures: Ok(Arc::new(pictures)),
            count,
            thumbnail: planned.is_thumbnail.then_some(count / 2),
        })
    }

    /// Whether the entry can hold the decoded frames.
    fn fits_decoded(&self) -> bool {
        self.pictures.as_ref().is_ok_and(|pictures| pictures.fits_decoded())
    }
}

/// What a worker makes of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FrameWork {
    index: u32,
    /// How the native frame is compressed when it is the next piece of the entry.
    piece: Option<Search>,
    is_shown: bool,
    is_thumbnail: bool,
}

/// Feeds the pieces of one instance.
struct Pieces<'a> {
    window: &'a Feed<Outcome>,
    /// How the entry is compressed, unless it is stored.
    search: Option<Search>,
}

impl Pieces<'_> {
    /// Bytes of the entry that are no frame.
    fn bytes(&self, bytes: Vec<u8>) -> Result<(), Closed> {
        if bytes.is_empty() {
            return Ok(());
        }
        let claim = self.window.claim(bytes.len() as u64 * 2)?;
        let search = self.search;
        self.window.submit(claim, move || {
            let chunks = search.map(|search| deflate_chunks(search, &bytes)).unwrap_or_default();
            Outcome::Piece(Piece { bytes, chunks, ..Piece::default() })
        })
    }

    /// Many such bytes, in pieces.
    fn parts(&self, bytes: &[u8]) -> Result<(), Closed> {
        let size = usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX);
        bytes.chunks(size).try_for_each(|part| self.bytes(part.to_vec()))
    }

    /// A range of the pixel data, in pieces.
    fn range(&self, instance: &mut Instance, range: Range<u64>) -> Result<(), Ended> {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + PIECE_BYTES);
            let mut bytes = Vec::new();
            instance.read_pixels_into(at..end, &mut bytes)?;
            self.bytes(bytes)?;
            at = end;
        }
        Ok(())
    }

    /// A frame.
    fn frame(&self, instance: &mut Instance, shown: &Shown, work: FrameWork) -> Result<(), Ended> {
        let (Some(frames), Ok(pictures)) = (&shown.frames, &shown.pictures) else { return Ok(()) };
        let claim = self.window.claim(shown.frame_cost)?;
        let mut frame = Vec::new();
        read_frame(frames, instance, work.index, &mut frame)?;
        let pictures = Arc::clone(pictures);
        self.window.submit(claim, move || Outcome::Piece(work.on(&pictures, frame)))?;
        Ok(())
    }
}

impl FrameWork {
    fn on(self, pictures: &Pictures, frame: Vec<u8>) -> Piece {
        let native = match pictures.to_native(frame) {
            Ok(native) => native,
            Err(fault) => {
                let preview = self.is_shown.then_some(Err(fault));
                return Piece { preview, undecodable: self.piece.is_some(), ..Piece::default() };
            }
        };
        let (chunks, (preview, thumbnail)) = rayon::join(
            || self.piece.map(|search| deflate_chunks(search, &native)).unwrap_or_default(),
            || self.previews(pictures, &native),
        );
        let bytes = if self.piece.is_some() { native } else { Vec::new() };
        Piece { bytes, chunks, preview, thumbnail, undecodable: false }
    }

    fn previews(self, pictures: &Pictures, native: &[u8]) -> (Option<FrameOutcome>, Option<Jpeg>) {
        if !self.is_shown {
            return (None, None);
        }
        match pictures.bitmap(self.index, native, &[]) {
            Ok(drawn) => {
                let thumbnail =
                    self.is_thumbnail.then(|| pictures.thumbnail(&drawn).ok()).flatten();
                (Some(pictures.preview(&drawn)), thumbnail)
            }
            Err(fault) => (Some(Err(fault)), None),
        }
    }
}

fn deflate_chunks(search: Search, bytes: &[u8]) -> Vec<DeflatedChunk> {
    let size = usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX);
    bytes.par_chunks(size).map(|part| deflate_chunk(search, part)).collect()
}

fn feed_decoded(pieces: &Pieces<'_>, instance: &mut Instance, shown: &Shown) -> Result<(), Ended> {
    let (Some(frames), Ok(pictures)) = (&shown.frames, &shown.pictures) else { return Ok(()) };
    pieces.bytes(head_decoded(instance, &pictures.native)?)?;
    let frame_bytes = pictures.native.frame_bytes();
    for index in 0..frames.count() {
        pieces.frame(instance, shown, shown.work(index, pieces.search))?;
    }
    if frame_bytes.saturating_mul(frames.count().into()) % 2 == 1 {
        pieces.bytes(vec![0])?;
    }
    Ok(())
}

fn feed_as_stored(
    pieces: &Pieces<'_>,
    instance: &mut Instance,
    body: &Body,
    shown: &Shown,
) -> Result<(), Ended> {
    pieces.bytes(head_as_stored(instance, &body.pixels)?)?;
    match &body.pixels {
        Pixels::None => return Ok(()),
        Pixels::Native(range) => {
            let whole_bytes = body
                .frames
                .as_ref()
                .ok()
                .filter(|(description, _)| description.frame_bits().is_multiple_of(8))
                .map(|(description, _)| description.frame_bytes());
            if let Some(frame_bytes) = whole_bytes.filter(|bytes| *bytes >= LEAST_PIECE_BYTES) {
                // Frames without preview are no more than bytes.
                for index in 0..shown.count {
                    pieces.frame(instance, shown, shown.work(index, pieces.search))?;
                }
                let frames_end = frame_bytes.saturating_mul(shown.count.into());
                pieces.range(instance, range.start.saturating_add(frames_end)..range.end)?;
                return Ok(());
            }
            pieces.range(instance, range.clone())?;
        }
        Pixels::Fragments(range) => {
            pieces.range(instance, range.clone())?;
            pieces.bytes(END_OF_FRAGMENTS.to_vec())?;
        }
    }
    shown.feed_previews(pieces, instance)
}

impl Shown {
    fn work(&self, index: u32, piece: Option<Search>) -> FrameWork {
        FrameWork {
            index,
            piece,
            is_shown: index < self.count,
            is_thumbnail: self.thumbnail == Some(index),
        }
    }

    /// Feeds the previews of an entry whose pieces are not its frames.
    fn feed_previews(&self, pieces: &Pieces<'_>, instance: &mut Instance) -> Result<(), Ended> {
        if let Err(fault) = &self.pictures {
            let preview = Some(Err(fault.clone()));
            let piece = Piece { preview, ..Piece::default() };
            pieces.window.submit(pieces.window.claim(0)?, move || Outcome::Piece(piece))?;
        }
        for index in 0..self.frames.as_ref().map_or(0, |_| self.count) {
            pieces.frame(instance, self, self.work(index, None))?;
        }
        Ok(())
    }
}
