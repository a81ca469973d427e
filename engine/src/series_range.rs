//! One range of grey for the images of a series that name no window.
//!
//! A stack of single images flickers when each is shown by its own range. So a few images, spread
//! through the series, are looked at beforehand.
//!
//! Invariant: the range depends on the plan alone, not on which image of the series comes first.

use std::collections::HashMap;

use media::numbering::{Ordinal, Place};
use part10::{Instance, Limits, PixelDescription, native_bytes};
use render::{LutCache, ValueRange, ValueSample, sampled_frames};

use crate::body::examine;
use crate::picture::{Pictures, lacks_range};
use crate::plan::{Expected, Plan, Planned};
use crate::request::WHOLE_INSTANCE_BYTES;
use crate::stock::Stock;

/// What images of a series must have in common to share a range.
type Kind = (Ordinal, Ordinal, PixelDescription);

/// The ranges of the series so far.
pub(crate) struct SeriesRanges<'a> {
    plan: &'a Plan,
    members: HashMap<(Ordinal, Ordinal), Vec<&'a Planned>>,
    ranges: HashMap<Kind, Option<ValueRange>>,
    limits: &'a Limits,
    luts: &'a LutCache,
    stock: &'a Stock,
}

impl<'a> SeriesRanges<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        limits: &'a Limits,
        luts: &'a LutCache,
        stock: &'a Stock,
    ) -> Self {
        Self { plan, members: HashMap::new(), ranges: HashMap::new(), limits, luts, stock }
    }

    /// What is shown of an image without a window; `None` when it has one, stands alone in its
    /// series, or has several frames: then it is measured by itself.
    pub(crate) fn range(&mut self, planned: &Planned, instance: &Instance) -> Option<ValueRange> {
        let description = needs_range(planned, instance, self.luts)?;
        let Place { study, series, .. } = planned.place;
        if self.members.is_empty() {
            for member in &self.plan.instances {
                let place = (member.place.study, member.place.series);
                self.members.entry(place).or_default().push(member);
            }
        }
        let members = self.members.get(&(study, series)).filter(|members| members.len() > 1)?;
        let (limits, luts, stock) = (self.limits, self.luts, self.stock);
        let kind = (study, series, description.clone());
        *self.ranges.entry(kind).or_insert_with(|| {
            let mut sample = ValueSample::default();
            let indices = sampled_frames(u32::try_from(members.len()).unwrap_or(u32::MAX));
            let sampled = indices.filter_map(|index| members.get(usize::try_from(index).ok()?));
            let sampled: Vec<_> = sampled.map(|member| &member.instance).collect();
            stock.wait_for(sampled.iter().map(|member| &member.sop_instance));
            for member in sampled {
                let opened = stock.open(&member.sop_instance, member.path.as_deref(), limits);
                opened.and_then(|opened| gather(member, opened, &description, luts, &mut sample));
            }
            sample.range()
        })
    }
}

/// What an image is like that is shown by the range of its series; `None` for all others.
pub(crate) fn needs_range(
    planned: &Planned,
    instance: &Instance,
    luts: &LutCache,
) -> Option<PixelDescription> {
    let description = PixelDescription::read(&instance.dataset()).ok()?;
    let needs =
        description.frames <= 1 && is_small(planned) && lacks_range(instance, &description, luts);
    needs.then_some(description)
}

fn is_small(planned: &Planned) -> bool {
    planned.instance.bytes.max(planned.instance.native_bytes) <= WHOLE_INSTANCE_BYTES
}

/// Gathers values of a member of the same kind; one that cannot be read has nothing to say here, and
/// is told of when its turn comes.
fn gather(
    member: &Expected,
    mut instance: Instance,
    description: &PixelDescription,
    luts: &LutCache,
    sample: &mut ValueSample,
) -> Option<()> {
    let dataset = instance.dataset();
    let is_same = PixelDescription::read(&dataset).ok().as_ref() == Some(description)
        && member.is(instance.identity());
    let bytes = native_bytes(&dataset, instance.transfer_syntax(), instance.length());
    if !is_same || bytes > WHOLE_INSTANCE_BYTES || instance.is_spooled() {
        return None;
    }
    let body = examine(&mut instance, true).ok()?;
    let (description, frames) = body.frames.ok()?;
    let (pictures, first) =
        Pictures::open(&mut instance, &body.pixels, &description, &frames, luts).ok()?;
    pictures.gather(0, &first.ok()?, sample);
    Some(())
}
