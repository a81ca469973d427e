//! An instance small enough to be worked on as a whole, on one worker.

use std::sync::Arc;

use model::{PreviewFault, Refusal};
use part10::{END_OF_FRAGMENTS, EXPLICIT_VR_LITTLE_ENDIAN, Instance};
use render::{ValueRange, ValueSample, sampled_frames};
use sha2::{Digest as _, Sha256};
use zipstream::{PreparedEntry, Search, deflate, store_parts};

use crate::body::{
    Body, Pixels, examine, head_as_stored, head_decoded, read_frame, syntax_as_stored,
};
use crate::outcome::{InstanceFacts, Loss, Outcome, WholeInstance};
use crate::picture::{FrameOutcome, Jpeg, Pictures};
use crate::pipeline::Context;
use crate::plan::Planned;
use crate::sources::LastSource;

/// Makes entry and previews of an instance.
pub(crate) fn work(planned: Planned, instance: Instance, context: &Arc<Context>) -> Outcome {
    match try_work(planned.clone(), instance, context) {
        Ok(whole) => Outcome::Whole(Box::new(whole)),
        Err(refusal) => Outcome::Lost(planned, Loss::Refused(refusal)),
    }
}

fn try_work(
    planned: Planned,
    mut instance: Instance,
    context: &Context,
) -> Result<WholeInstance, Refusal> {
    let body = examine(&mut instance, context.as_stored)?;
    let tail = instance.tail(body.pixels_end)?;
    let natives = native_frames(&mut instance, &body, planned.range, context)?;
    let all_decoded = body.decode
        && natives.pictures.as_ref().is_some_and(Pictures::fits_decoded)
        && natives.frames.iter().all(Result::is_ok);
    let samples = body.frames.as_ref().map_or(3, |(description, _)| description.samples_per_pixel);
    let (written, (frames, thumbnail)) = rayon::join(
        || {
            if all_decoded {
                decoded_entry(&instance, &natives, &tail, samples)
            } else {
                entry_as_stored(&instance, &body, &tail, samples)
            }
        },
        || previews(&natives, &planned),
    );
    let (entry, sha256, transfer_syntax) = written?;
    let frame_count = (body.pixels != Pixels::None).then_some(body.frame_count);
    let kept_compressed = !context.as_stored && transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN;
    let instance = instance.without_body();
    let windows = natives.pictures.as_ref().map(Pictures::windows).unwrap_or_default();
    let facts =
        InstanceFacts { planned, instance, transfer_syntax, frame_count, windows, kept_compressed };
    Ok(WholeInstance { facts, entry, sha256, frames, thumbnail })
}

/// The frames of an instance, native, from the first; and how to show them.
struct Natives {
    frames: Vec<Result<Vec<u8>, PreviewFault>>,
    /// How many of them are shown.
    shown: usize,
    pictures: Option<Pictures>,
}

fn native_frames(
    instance: &mut Instance,
    body: &Body,
    range: Option<ValueRange>,
    context: &Context,
) -> Result<Natives, Refusal> {
    let (description, frames) = match &body.frames {
        Ok(found) => found,
        Err(_) if body.pixels == Pixels::None => {
            return Ok(Natives { frames: Vec::new(), shown: 0, pictures: None });
        }
        Err(fault) => {
            return Ok(Natives { frames: vec![Err(fault.clone())], shown: 1, pictures: None });
        }
    };
    let shown = frames.count().min(context.previews_per_instance);
    let wanted = if body.decode { frames.count() } else { shown };
    let (pictures, first) =
        Pictures::open(instance, &body.pixels, description, frames, &context.luts)?;
    let mut pictures = pictures.with_sources(&context.sources);
    let mut natives = vec![first];
    for index in 1..wanted {
        let mut frame = Vec::new();
        read_frame(frames, instance, index, &mut frame)?;
        natives.push(pictures.to_native(frame));
    }
    if pictures.lacks_range() {
        let measured = || {
            let mut sample = ValueSample::default();
            for index in sampled_frames(shown) {
                let native = usize::try_from(index).ok().and_then(|index| natives.get(index));
                if let Some(Ok(native)) = native {
                    pictures.gather(index, native, &mut sample);
                }
            }
            sample.range()
        };
        let range = range.or_else(measured);
        pictures.set_range(range);
    }
    let shown = usize::try_from(shown).unwrap_or(usize::MAX);
    Ok(Natives { frames: natives, shown, pictures: Some(pictures) })
}

fn previews(natives: &Natives, planned: &Planned) -> (Vec<FrameOutcome>, Option<Jpeg>) {
    let middle = natives.shown / 2;
    let mut thumbnail = None;
    let mut last = LastSource::default();
    let preview = |index: usize| -> FrameOutcome {
        let native = natives.frames.get(index).ok_or(PreviewFault::MissingPixels)?;
        let native = native.as_ref().map_err(Clone::clone)?;
        let pictures = natives.pictures.as_ref().ok_or(PreviewFault::MissingPixels)?;
        let frame = u32::try_from(index).unwrap_or(u32::MAX);
        let others = pictures.others_there(frame).into_iter().filter_map(|other| {
            let native = natives.frames.get(usize::try_from(other).ok()?)?;
            Some((other, native.as_ref().ok()?.as_slice()))
        });
        let others: Vec<_> = others.collect();
        let drawn = pictures.bitmap_after(frame, native, &others, &mut last)?;
        if planned.is_thumbnail && index == middle {
            thumbnail = pictures.thumbnail(&drawn).ok();
        }
        pictures.preview(&drawn)
    };
    let source =
        |index: &usize| natives.pictures.as_ref()?.first_source(u32::try_from(*index).ok()?);
    let outcomes = in_order_of(source, natives.frames.len().min(natives.shown), preview);
    (outcomes, thumbnail)
}

/// Works on so many in the order of their keys, and gives what becomes of them in their own.
fn in_order_of<K: Ord, T>(
    key: impl FnMut(&usize) -> K,
    count: usize,
    mut work: impl FnMut(usize) -> T,
) -> Vec<T> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(key);
    let mut done: Vec<_> = order.into_iter().map(|index| (index, work(index))).collect();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

type Written = (PreparedEntry, [u8; 32], String);

/// Repeats of three bytes pay where a pixel has several samples, and in text.
pub(crate) fn search_for(samples_per_pixel: u16) -> Search {
    if samples_per_pixel == 1 { Search::FourBytes } else { Search::ThreeBytes }
}

fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn decoded_entry(
    instance: &Instance,
    natives: &Natives,
    tail: &[u8],
    samples: u16,
) -> Result<Written, Refusal> {
    let Some(pictures) = &natives.pictures else {
        return Err(Refusal::Malformed("it has no frames".into()));
    };
    let head = head_decoded(instance, &pictures.native)?;
    let mut parts: Vec<&[u8]> = vec![&head];
    parts.extend(natives.frames.iter().flatten().map(Vec::as_slice));
    let pixel_bytes: usize = natives.frames.iter().flatten().map(Vec::len).sum();
    if pixel_bytes % 2 == 1 {
        parts.push(&[0]);
    }
    parts.push(tail);
    let entry = deflate(search_for(samples), &parts);
    Ok((entry, sha256_of(&parts), EXPLICIT_VR_LITTLE_ENDIAN.to_owned()))
}

fn entry_as_stored(
    instance: &Instance,
    body: &Body,
    tail: &[u8],
    samples: u16,
) -> Result<Written, Refusal> {
    let head = head_as_stored(instance, &body.pixels)?;
    let syntax = syntax_as_stored(instance, &body.pixels).to_owned();
    match &body.pixels {
        Pixels::None => {
            let parts: [&[u8]; 1] = [&head];
            Ok((deflate(search_for(3), &parts), sha256_of(&parts), syntax))
        }
        Pixels::Native(range) => {
            let pixels = instance.pixels_in_memory(range.clone())?;
            let parts: [&[u8]; 3] = [&head, &pixels, tail];
            Ok((deflate(search_for(samples), &parts), sha256_of(&parts), syntax))
        }
        Pixels::Fragments(range) => {
            let items = instance.pixels_in_memory(range.clone())?;
            let parts: [&[u8]; 4] = [&head, &items, &END_OF_FRAGMENTS, tail];
            let sha256 = sha256_of(&parts);
            let owned = parts.iter().map(|part| part.to_vec()).collect();
            Ok((store_parts(owned), sha256, syntax))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_visited_by_their_source_and_stay_in_their_own_order() {
        let sources = ["b", "a", "b", "a", "c"];
        let mut visited = Vec::new();
        let work = |index: usize| {
            visited.push(index);
            sources[index].to_owned()
        };
        let outcomes = in_order_of(|index: &usize| sources[*index], sources.len(), work);
        assert_eq!(outcomes, sources);
        assert_eq!(visited, [1, 3, 0, 2, 4]);
    }
}
