//! Takes what a PACS sends: each instance is checked at once, and put on the shelf; and feeds the window
//! from there, in the order of the plan.

use std::collections::HashSet;
use std::sync::Arc;

use model::{Notice, Refusal, SopInstanceUid};
use pacs::{Received, ReceivedBody, Receiver, Taken};
use part10::{DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, Instance, Limits, OpenError};
use render::LutCache;

use crate::admission::{Admission, Announced, Copy, Verdict};
use crate::early::stands_alone;
use crate::error::PackError;
use crate::feeder::Feeder;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::references;
use crate::shelf::{Arrival, Remainder, Shelf, Stored, Turn, reopened};
use crate::window::Closed;

/// The file meta information names its transfer syntax within so many bytes.
const META_BYTES: usize = 64 << 10;
/// What is told of instances that nobody listed, and of duplicates.
const MOST_NOTICES: usize = 10_000;

/// Takes the instances of one package.
pub(crate) struct Intake<'a> {
    admission: Admission<'a>,
    shelf: &'a Shelf,
    limits: Limits,
    luts: &'a LutCache,
    notices: Vec<Notice>,
    failure: Option<PackError>,
}

/// An instance that was opened; its file, where that does not lie in it.
struct Opened {
    instance: Instance,
    beside: Option<Stored>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        shelf: &'a Shelf,
        limits: Limits,
        luts: &'a LutCache,
    ) -> Self {
        let (notices, failure) = (Vec::new(), None);
        Self { admission: Admission::new(plan), shelf, limits, luts, notices, failure }
    }

    /// Tells the shelf that no more instances come.
    pub(crate) fn end(mut self) {
        // The order of arrival must not show.
        self.notices.sort_by_cached_key(|notice| format!("{notice:?}"));
        let Self { admission, shelf, notices, failure, .. } = self;
        shelf.end(Remainder { losses: admission.losses(), notices, failure });
    }

    fn tell(&mut self, notice: Notice) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(notice);
        }
    }

    fn take(&mut self, received: Received) -> Result<Taken, PackError> {
        let Received { sop_instance, bytes, crc32, body } = received;
        let announced = Announced { sop_instance, bytes, crc32 };
        match self.admission.copy(&announced) {
            Copy::First => {}
            Copy::Identical => return Ok(Taken::Accepted),
            Copy::Different => {
                let opened = open(body, &self.limits).ok();
                let copy = opened.as_ref().map(|opened| &opened.instance);
                if let Some(notice) = self.admission.conflict(&announced.sop_instance, copy) {
                    self.tell(notice);
                }
                return Ok(Taken::Accepted);
            }
        }
        let opened = open(body, &self.limits);
        // Some send the whole study when they are asked for some instances.
        let class = opened.as_ref().ok().map(|opened| &opened.instance.identity().sop_class);
        let is_wanted = class.is_none_or(|class| self.admission.wants(&announced, class));
        if !is_wanted {
            return Ok(Taken::Accepted);
        }
        let verdict = self.admission.decide(
            announced,
            opened.as_ref().map(|opened| &opened.instance).map_err(Clone::clone),
        )?;
        let (planned, opened) = match (verdict, opened) {
            (Verdict::In(planned), Ok(opened)) => (planned, opened),
            (Verdict::RefusedBeside(notice), _) => {
                self.tell(notice);
                return Ok(Taken::Refused);
            }
            _ => return Ok(Taken::Refused),
        };
        let arrival = Arrival {
            points_to: pointed_to(&opened.instance),
            stands_alone: stands_alone(&planned, &opened.instance, self.luts),
        };
        let inside = || opened.instance.into_file().map(Stored::Memory);
        let Some(stored) = opened.beside.or_else(inside) else {
            return Err(PackError::Bug("an instance is not in memory as it came".into()));
        };
        let is_in = self.shelf.put(planned, stored, &arrival)?;
        Ok(if is_in { Taken::Accepted } else { Taken::Stop })
    }
}

impl Receiver for Intake<'_> {
    fn receive(&mut self, received: Received) -> Taken {
        self.take(received).unwrap_or_else(|error| {
            self.failure = Some(error);
            Taken::Stop
        })
    }

    fn fail(&mut self, sop_instance: SopInstanceUid, reason: String) -> Taken {
        if let Verdict::RefusedBeside(notice) =
            self.admission.refuse(sop_instance, Refusal::Unreadable(reason))
        {
            self.tell(notice);
        }
        Taken::Refused
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        self.admission.is_missing(sop_instance)
    }
}

fn pointed_to(instance: &Instance) -> HashSet<SopInstanceUid> {
    if references::may_point(Some(&instance.identity().sop_class)) {
        references::instances(&instance.dataset())
    } else {
        HashSet::new()
    }
}

fn open(body: ReceivedBody, limits: &Limits) -> Result<Opened, OpenError> {
    match body {
        ReceivedBody::Memory(file) => {
            // What is inflated is the file no more.
            let beside = is_deflated(&file).then(|| Stored::Memory(file.clone()));
            let instance = Instance::from_bytes(file, limits)?;
            if beside.is_none() && instance.transfer_syntax().deflated {
                let reason = "its file meta information is longer than any";
                return Err(Refusal::Malformed(reason.into()).into());
            }
            Ok(Opened { instance, beside })
        }
        ReceivedBody::File(file) => {
            let again = reopened(&file)
                .map_err(|error| OpenError::temporary(&limits.scratch_folder(), &error))?;
            let instance = Instance::from_file(again, limits)?;
            Ok(Opened { instance, beside: Some(Stored::File(file)) })
        }
    }
}

fn is_deflated(file: &[u8]) -> bool {
    let head = file.get(..META_BYTES).unwrap_or(file);
    let uid = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.as_bytes();
    head.windows(uid.len()).any(|window| window == uid)
}

/// Feeds what is on the shelf in its turn, and at the end what is to be told.
pub(crate) fn feed_shelf(
    plan: &Plan,
    shelf: &Arc<Shelf>,
    limits: &Limits,
    feeder: &mut Feeder<'_>,
) -> Result<(), Closed> {
    let mut numbering = plan.numbering.clone();
    loop {
        let turn = match shelf.next() {
            Ok(Some(turn)) => turn,
            Ok(None) => break,
            Err(error) => return feeder.outcome(Outcome::Failed(error)),
        };
        match turn {
            Turn::Now(mut planned, stored) => {
                if !planned.is_listed
                    && let Ok(place) =
                        numbering.place(&planned.instance.study, &planned.instance.series)
                {
                    planned.place = place;
                }
                let claim = feeder.claim(Some(&planned.instance), planned.instance.bytes)?;
                let Some(instance) = open_again(stored, limits, feeder)? else { return Ok(()) };
                if planned.instance.is_segmentation() {
                    shelf.wait_for(&pointed_to(&instance));
                }
                feeder.instance(claim, *planned, instance)?;
            }
            Turn::Early(index, planned, stored) => {
                let Some(instance) = open_again(stored, limits, feeder)? else { return Ok(()) };
                feeder.begin(index, *planned, instance, shelf)?;
            }
            Turn::Begun(index) => feeder.begun(index, shelf)?,
        }
    }
    let Remainder { losses, notices, failure } = shelf.remainder();
    let notices = notices.into_iter().map(Outcome::Beside);
    let told = failure.map(Outcome::Failed).into_iter().chain(notices).chain(losses);
    for outcome in told {
        feeder.outcome(outcome)?;
    }
    Ok(())
}

/// Opens what was opened before; `None` where that fails and is told.
fn open_again(
    stored: Stored,
    limits: &Limits,
    feeder: &Feeder<'_>,
) -> Result<Option<Instance>, Closed> {
    let error = match stored.open(limits) {
        Ok(instance) => return Ok(Some(instance)),
        Err(error) => error,
    };
    let bug = PackError::Bug(format!("an instance cannot be opened again: {error}"));
    feeder.outcome(Outcome::Failed(bug))?;
    Ok(None)
}
