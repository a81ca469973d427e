//! Takes instances from a source in any order, checks that each belongs into the package, and feeds
//! them to the window.
//!
//! Invariant: what came is compared with what was asked for: an instance of another study or patient
//! never reaches the package.

use std::collections::HashMap;
use std::sync::Arc;

use dicom_core::Tag;
use media::dicomdir::{Content, RecordType};
use media::numbering::Numbering;
use model::{Notice, Refusal, SopInstanceUid, Subject};
use pacs::{Received, ReceivedBody, Receiver, Taken};
use part10::{Instance, OpenError, native_bytes};

use crate::error::PackError;
use crate::outcome::{Loss, Outcome};
use crate::pipeline::Context;
use crate::plan::{Expected, Plan, Planned};
use crate::request::WHOLE_INSTANCE_BYTES;
use crate::series_range::SeriesRanges;
use crate::sources::{SOURCE_BYTES, is_segmentation};
use crate::window::{Closed, Feed};
use crate::{streamed, whole};

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);
/// Instances that nobody listed and that are not for this package: each is named, up to so many.
const MOST_UNLISTED: usize = 10_000;

/// What became of an instance so far.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Missing,
    /// It came and cannot be used; a better copy may still come.
    Refused(Refusal),
    /// It is in: length of its file and CRC-32 of its data set, to compare another one with.
    Fed(u64, u32),
}

/// Takes the instances of one package.
pub(crate) struct Feeder<'a> {
    feed: Feed<Outcome>,
    plan: &'a Plan,
    context: &'a Arc<Context>,
    places: HashMap<SopInstanceUid, usize>,
    /// By the index in the plan, and behind it those that it does not have.
    states: Vec<State>,
    numbering: Numbering,
    ranges: SeriesRanges<'a>,
    /// The Patient ID that the instances must have, once it is known.
    patient_id: Option<String>,
}

impl<'a> Feeder<'a> {
    pub(crate) fn new(feed: Feed<Outcome>, plan: &'a Plan, context: &'a Arc<Context>) -> Self {
        let places = plan
            .instances
            .iter()
            .enumerate()
            .map(|(index, planned)| (planned.instance.sop_instance.clone(), index))
            .collect();
        let states = vec![State::Missing; plan.instances.len()];
        let numbering = plan.numbering.clone();
        let ranges = SeriesRanges::new(plan, &context.limits, &context.luts);
        Self { feed, plan, context, places, states, numbering, ranges, patient_id: None }
    }

    /// Names what never came or could not be used.
    pub(crate) fn finish(self) {
        for (planned, state) in self.plan.instances.iter().zip(self.states) {
            let loss = match state {
                State::Missing => Loss::Missing,
                State::Refused(refusal) => Loss::Refused(refusal),
                State::Fed(..) => continue,
            };
            if submit(&self.feed, Outcome::Lost(planned.clone(), loss)).is_err() {
                return;
            }
        }
    }

    fn take(&mut self, received: Received) -> Result<Taken, Closed> {
        let known = self.places.get(&received.sop_instance).copied();
        if let Some(State::Fed(bytes, crc32)) = known.and_then(|index| self.states.get(index)) {
            let identical = (*bytes, *crc32) == (received.bytes, received.crc32);
            if !identical {
                let subject = subject(&received.sop_instance);
                submit(&self.feed, Outcome::Beside(Notice::Duplicate { subject, identical }))?;
            }
            return Ok(Taken::Accepted);
        }
        let expected = known.and_then(|index| self.plan.instances.get(index));
        let foretold = expected.map_or(0, |planned| planned.instance.native_bytes);
        let class = expected.and_then(|planned| planned.instance.sop_class.as_ref());
        let of_source = if class.is_some_and(|class| is_segmentation(class.as_str())) {
            SOURCE_BYTES
        } else {
            0
        };
        // The file, its compressed form, the pictures.
        let size = received.bytes.max(foretold);
        let in_work = |size: u64| {
            if size <= WHOLE_INSTANCE_BYTES { size * 5 / 2 + of_source } else { 0 }
        };
        let mut claim = self.feed.claim(in_work(size))?;
        let (announced, bytes, crc32) = (received.sop_instance, received.bytes, received.crc32);
        let opened = match received.body {
            ReceivedBody::Memory(bytes) => Instance::from_bytes(bytes, &self.context.limits),
            ReceivedBody::File(file) => Instance::from_file(file, &self.context.limits),
        };
        let instance = match opened {
            Ok(instance) => instance,
            Err(OpenError::Temporary(message)) => {
                let folder = std::env::temp_dir().display().to_string();
                let source = std::io::Error::other(message);
                submit(&self.feed, Outcome::Failed(PackError::Temporary { folder, source }))?;
                return Ok(Taken::Stop);
            }
            Err(OpenError::Refused(refusal)) => return self.refuse(announced, refusal),
            Err(other) => return self.refuse(announced, Refusal::Malformed(other.to_string())),
        };
        let mut planned = match self.check(&announced, &instance, bytes) {
            Ok(planned) => planned,
            Err(refusal) => return self.refuse(announced, refusal),
        };
        self.set(planned.instance.sop_instance.clone(), State::Fed(bytes, crc32));
        if !is_listable(&instance) {
            let class = instance.identity().sop_class.clone();
            submit(&self.feed, Outcome::Lost(planned, Loss::LeftOut(class)))?;
            return Ok(Taken::Accepted);
        }
        planned.range = self.ranges.range(&planned, &instance);
        let size = bytes.max(planned.instance.native_bytes);
        if size <= WHOLE_INSTANCE_BYTES && !instance.is_spooled() {
            if in_work(size) > in_work(bytes.max(foretold)) {
                drop(claim);
                claim = self.feed.claim(in_work(size))?;
            }
            let context = Arc::clone(self.context);
            self.feed.submit(claim, move || whole::work(planned, instance, &context))?;
        } else {
            drop(claim);
            streamed::feed(&self.feed, planned, instance, self.context)?;
        }
        Ok(Taken::Accepted)
    }

    /// The plan of an instance that belongs into the package.
    fn check(
        &mut self,
        announced: &SopInstanceUid,
        instance: &Instance,
        bytes: u64,
    ) -> Result<Planned, Refusal> {
        let found = instance.identity();
        if found.sop_instance != *announced {
            return Err(Refusal::Malformed("its UIDs contradict each other".into()));
        }
        let first = self.plan.instances.first();
        let listed = self.places.get(announced).and_then(|index| self.plan.instances.get(*index));
        let like = listed.or(first).ok_or(Refusal::ForeignStudy)?;
        let patient_id = instance.dataset().text(PATIENT_ID).unwrap_or_default();
        match like.instance.patient_id.as_ref().or(self.patient_id.as_ref()) {
            Some(expected) if patient_id != *expected => return Err(Refusal::ForeignPatient),
            Some(_) => {}
            None => self.patient_id = Some(patient_id.clone()),
        }
        if found.study != like.instance.study {
            return Err(Refusal::ForeignStudy);
        }
        let native = native_bytes(&instance.dataset(), instance.transfer_syntax(), bytes);
        if let Some(listed) = listed {
            if !listed.instance.is(found) {
                return Err(Refusal::Malformed("its UIDs contradict each other".into()));
            }
            let mut planned = listed.clone();
            planned.instance.bytes = bytes;
            planned.instance.native_bytes = native;
            return Ok(planned);
        }
        let place = self
            .numbering
            .place(&found.study, &found.series)
            .map_err(|error| Refusal::OverLimit(error.to_string()))?;
        let instance = Expected {
            origin: None,
            path: None,
            bytes,
            native_bytes: native,
            patient_id: Some(patient_id),
            study: found.study.clone(),
            series: found.series.clone(),
            sop_instance: found.sop_instance.clone(),
            sop_class: Some(found.sop_class.clone()),
            transfer_syntaxes: Vec::new(),
        };
        Ok(Planned { instance, place, is_thumbnail: false, range: None, is_listed: false })
    }

    fn set(&mut self, sop_instance: SopInstanceUid, state: State) {
        let index = *self.places.entry(sop_instance).or_insert(self.states.len());
        match self.states.get_mut(index) {
            Some(place) => *place = state,
            None => self.states.push(state),
        }
    }

    /// A listed instance may come again, better; what nobody listed is named at once.
    fn refuse(&mut self, announced: SopInstanceUid, refusal: Refusal) -> Result<Taken, Closed> {
        let is_listed =
            self.places.get(&announced).is_some_and(|index| *index < self.plan.instances.len());
        let unlisted = self.states.len() - self.plan.instances.len();
        if !is_listed && !self.places.contains_key(&announced) && unlisted < MOST_UNLISTED {
            let notice = Notice::Refused(subject(&announced), refusal.clone());
            submit(&self.feed, Outcome::Beside(notice))?;
        }
        if is_listed || unlisted < MOST_UNLISTED {
            self.set(announced, State::Refused(refusal));
        }
        Ok(Taken::Refused)
    }
}

impl Receiver for Feeder<'_> {
    fn receive(&mut self, received: Received) -> Taken {
        self.take(received).unwrap_or(Taken::Stop)
    }

    fn fail(&mut self, sop_instance: SopInstanceUid, reason: String) -> Taken {
        self.refuse(sop_instance, Refusal::Unreadable(reason)).unwrap_or(Taken::Stop)
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        let state = self.places.get(sop_instance).and_then(|index| self.states.get(*index));
        !matches!(state, Some(State::Fed(..)))
    }
}

fn submit(feed: &Feed<Outcome>, outcome: Outcome) -> Result<(), Closed> {
    feed.submit(feed.claim(0)?, move || outcome)
}

fn subject(sop_instance: &SopInstanceUid) -> Subject {
    Subject { sop_instance: Some(sop_instance.clone()), ..Subject::default() }
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
