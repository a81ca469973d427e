//! Feeds instances to the window, each in a piece or, where it is large, frame by frame.

use std::sync::Arc;

use dicom_core::Tag;
use media::dicomdir::{Content, RecordType};
use part10::Instance;

use crate::early::{Begun, Working};
use crate::error::PackError;
use crate::outcome::{Loss, Outcome};
use crate::pipeline::Context;
use crate::plan::{Expected, Plan, Planned};
use crate::request::WHOLE_INSTANCE_BYTES;
use crate::series_range::SeriesRanges;
use crate::shelf::Shelf;
use crate::sources::SOURCE_BYTES;
use crate::window::{Claim, Closed, Feed};
use crate::{streamed, whole};

const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);

/// Feeds the instances of one package.
pub(crate) struct Feeder<'a> {
    feed: Feed<Outcome>,
    context: &'a Arc<Context>,
    ranges: SeriesRanges<'a>,
    begun: Begun,
}

impl<'a> Feeder<'a> {
    pub(crate) fn new(feed: Feed<Outcome>, plan: &'a Plan, context: &'a Arc<Context>) -> Self {
        let ranges = SeriesRanges::new(plan, &context.limits, &context.luts, &context.stock);
        Self { feed, context, ranges, begun: Begun::new() }
    }

    /// Claims what an instance of so many bytes takes, whole or native.
    pub(crate) fn claim(&self, like: Option<&Expected>, bytes: u64) -> Result<Claim, Closed> {
        self.feed.claim(in_work(like, bytes))
    }

    /// Feeds an instance that is for the package.
    pub(crate) fn instance(
        &mut self,
        mut claim: Claim,
        mut planned: Planned,
        instance: Instance,
    ) -> Result<(), Closed> {
        if !is_listable(&instance) {
            let class = instance.identity().sop_class.clone();
            return self.outcome(Outcome::Lost(planned, Loss::LeftOut(class)));
        }
        planned.range = self.ranges.range(&planned, &instance);
        let size = planned.instance.bytes.max(planned.instance.native_bytes);
        if size <= WHOLE_INSTANCE_BYTES && !instance.is_spooled() {
            let needed = in_work(Some(&planned.instance), size);
            if needed > claim.bytes() {
                drop(claim);
                claim = self.feed.claim(needed)?;
            }
            let context = Arc::clone(self.context);
            self.feed.submit(claim, move || whole::work(planned, instance, &context))
        } else {
            drop(claim);
            streamed::feed(&self.feed, planned, instance, self.context)
        }
    }

    /// Begins to work on an instance before its turn.
    pub(crate) fn begin(
        &mut self,
        index: usize,
        planned: Planned,
        instance: Instance,
        shelf: &Arc<Shelf>,
    ) -> Result<(), Closed> {
        let size = planned.instance.bytes.max(planned.instance.native_bytes);
        let claim = self.feed.claim(in_work(None, size))?;
        let (working, context) = (Working::on(shelf), Arc::clone(self.context));
        let place =
            self.feed.begin(claim, move || working.stow(whole::work(planned, instance, &context)));
        self.begun.insert(index, place);
        Ok(())
    }

    /// Feeds the result of what was begun before its turn.
    pub(crate) fn begun(&mut self, index: usize, shelf: &Arc<Shelf>) -> Result<(), Closed> {
        let bug = |sentence: &str| Outcome::Failed(PackError::Bug(sentence.into()));
        let Some(place) = self.begun.remove(&index) else {
            return self.outcome(bug("an instance was not begun"));
        };
        let Ok(Ok(stowed)) = place.recv() else { return self.outcome(bug("a worker panicked")) };
        let claim = self.feed.claim(stowed.bytes())?;
        let shelf = Arc::clone(shelf);
        self.feed.submit(claim, move || stowed.fetch(&shelf))
    }

    /// Feeds what needs no work.
    pub(crate) fn outcome(&self, outcome: Outcome) -> Result<(), Closed> {
        self.feed.submit(self.feed.claim(0)?, move || outcome)
    }
}

/// The file, its compressed form, the pictures, and the image under a segmentation; a large instance
/// claims for itself.
fn in_work(expected: Option<&Expected>, bytes: u64) -> u64 {
    let size = bytes.max(expected.map_or(0, |expected| expected.native_bytes));
    if size > WHOLE_INSTANCE_BYTES {
        return 0;
    }
    let is_segmentation = expected.is_some_and(Expected::is_segmentation);
    size * 5 / 2 + if is_segmentation { SOURCE_BYTES } else { 0 }
}

/// Whether a directory record can reference the instance; otherwise it has no place in a File-set.
fn is_listable(instance: &Instance) -> bool {
    let content = if instance.pixels().is_some() {
        Content::PixelData
    } else if instance.dataset().has(ENCAPSULATED_DOCUMENT) {
        Content::EncapsulatedDocument
    } else {
        Content::Other
    };
    RecordType::of(instance.identity().sop_class.as_str(), content).is_some()
}
