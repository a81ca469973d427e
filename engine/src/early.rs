//! Work on an instance from a PACS before its turn.
//!
//! A PACS may send the first image of the plan last. So what is there already is worked on while
//! nothing else is to be done, and only written in its turn; the bodies of the result lie in the file of
//! the shelf until then.
//!
//! Invariant: work never waits for other work, whoever waits for a result is no worker.

use std::collections::HashMap;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use part10::Instance;
use render::LutCache;
use zipstream::PreparedEntry;

use crate::error::PackError;
use crate::outcome::{Outcome, WholeInstance};
use crate::plan::Planned;
use crate::references::may_point;
use crate::request::WHOLE_INSTANCE_BYTES;
use crate::series_range::needs_range;
use crate::shelf::{Extent, Shelf};
use crate::window::Panicked;

/// A result whose bodies lie in the file of the shelf.
pub(crate) struct Stowed {
    outcome: Outcome,
    /// Where they lie, and how many bytes are in memory all the same.
    bodies: Option<(Extent, u64)>,
}

/// The results of what was begun early, by the index in the plan.
pub(crate) type Begun = HashMap<usize, Receiver<Result<Stowed, Panicked>>>;

/// Whether an instance can be worked on by itself, whatever else the study holds.
pub(crate) fn stands_alone(planned: &Planned, instance: &Instance, luts: &LutCache) -> bool {
    let size = planned.instance.bytes.max(planned.instance.native_bytes);
    size <= WHOLE_INSTANCE_BYTES
        && !instance.is_spooled()
        && !may_point(Some(&instance.identity().sop_class))
        && needs_range(planned, instance, luts).is_none()
}

/// Tells the shelf at its end that a piece of early work is done, however it ended.
pub(crate) struct Working(Arc<Shelf>);

impl Working {
    pub(crate) fn on(shelf: &Arc<Shelf>) -> Self {
        Self(Arc::clone(shelf))
    }

    /// Puts the bodies of a result away.
    pub(crate) fn stow(self, mut outcome: Outcome) -> Stowed {
        let Outcome::Whole(whole) = &mut outcome else { return Stowed { outcome, bodies: None } };
        let mut bodies = Vec::new();
        for entry in entries(whole) {
            bodies.extend(entry.take_body().into_iter().flatten());
        }
        let held = whole.facts.instance.in_memory().len() as u64;
        match self.0.stow(&bodies, held) {
            Ok(extent) => Stowed { outcome, bodies: Some((extent, held)) },
            Err(error) => Stowed { outcome: Outcome::Failed(error), bodies: None },
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.is_worked_on();
    }
}

impl Stowed {
    /// Bytes that the result takes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        self.bodies.map_or(0, |(extent, held)| extent.bytes().saturating_add(held))
    }

    /// The result as it was.
    pub(crate) fn fetch(self, shelf: &Shelf) -> Outcome {
        let Self { mut outcome, bodies } = self;
        let (Outcome::Whole(whole), Some((extent, held))) = (&mut outcome, bodies) else {
            return outcome;
        };
        match shelf.fetch(extent, held) {
            Ok(bodies) => {
                let mut rest = bodies.as_slice();
                for entry in entries(whole) {
                    let length = usize::try_from(entry.facts().compressed_bytes);
                    let Some((body, behind)) = length.ok().and_then(|at| rest.split_at_checked(at))
                    else {
                        return Outcome::Failed(PackError::Bug("a body is too short".into()));
                    };
                    entry.put_body(vec![body.to_vec()]);
                    rest = behind;
                }
                outcome
            }
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn entries(whole: &mut WholeInstance) -> impl Iterator<Item = &mut PreparedEntry> {
    let pictures = whole.frames.iter_mut().filter_map(|frame| frame.as_mut().ok());
    let pictures = pictures.chain(&mut whole.thumbnail).map(|jpeg| &mut jpeg.entry);
    std::iter::once(&mut whole.entry).chain(pictures)
}
