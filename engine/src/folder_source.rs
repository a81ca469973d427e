//! A folder as a source of instances: the files of the plan, one after the other.

use std::fs::File;

use model::Refusal;
use part10::Instance;

use crate::admission::{Admission, Announced, Verdict};
use crate::feeder::Feeder;
use crate::outcome::Outcome;
use crate::pipeline::Context;
use crate::plan::{Plan, Planned};
use crate::window::Closed;

/// Feeds the files of a plan, in its order.
pub(crate) fn feed_folder(
    plan: &Plan,
    context: &Context,
    feeder: &mut Feeder<'_>,
) -> Result<(), Closed> {
    let mut admission = Admission::new(plan);
    for planned in &plan.instances {
        feed_file(planned, context, &mut admission, feeder)?;
    }
    admission.losses().into_iter().try_for_each(|lost| feeder.outcome(lost))
}

fn feed_file(
    planned: &Planned,
    context: &Context,
    admission: &mut Admission<'_>,
    feeder: &mut Feeder<'_>,
) -> Result<(), Closed> {
    let sop_instance = planned.instance.sop_instance.clone();
    let Some(path) = &planned.instance.path else { return Ok(()) };
    let opened =
        File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    let (file, bytes) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            admission.refuse(sop_instance, Refusal::Unreadable(error.to_string()));
            return Ok(());
        }
    };
    let claim = feeder.claim(Some(&planned.instance), bytes)?;
    let opened = Instance::from_file(file, &context.limits);
    let announced = Announced { sop_instance, bytes, crc32: 0 };
    match admission.decide(announced, opened.as_ref().map_err(Clone::clone)) {
        Err(error) => feeder.outcome(Outcome::Failed(error)).and(Err(Closed)),
        Ok(Verdict::In(planned)) => match opened {
            Ok(instance) => feeder.instance(claim, *planned, instance),
            Err(_) => Ok(()),
        },
        Ok(Verdict::Refused) => Ok(()),
        Ok(Verdict::RefusedBeside(notice)) => feeder.outcome(Outcome::Beside(notice)),
    }
}
