//! From a folder to a ZIP: joins the stages, owns the threads.
//!
//! One thread reads and feeds, the pool renders and compresses, the calling thread writes. A sink
//! that refuses bytes ends it all: the writer drops its end of the window, the feed stops.

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use dicom_core::Tag;
use media::dicomdir::{Content, RecordType};
use model::Refusal;
use part10::{Instance, Limits, OpenError, list_folder};
use rayon::{ThreadPool, ThreadPoolBuilder};
use render::LutCache;

use crate::assembly::Assembly;
use crate::error::PackError;
use crate::outcome::{Loss, Outcome};
use crate::plan::{Plan, Planned, plan};
use crate::progress::{Progress, Step};
use crate::report::{PackageReport, Phases};
use crate::request::{PackageRequest, WHOLE_INSTANCE_BYTES};
use crate::series_range::SeriesRanges;
use crate::sources::{SOURCE_BYTES, Sources, is_segmentation};
use crate::usage::Usage;
use crate::window::{Closed, Feed, window};
use crate::{streamed, whole};

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);

/// What every piece of work needs to know.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) as_stored: bool,
    pub(crate) previews_per_instance: u32,
    pub(crate) luts: LutCache,
    pub(crate) sources: Arc<Sources>,
    limits: Limits,
}

/// Packages a study into `sink`, front to back.
///
/// # Errors
/// [`PackError`]: there is no package, and what was written to `sink` is no whole ZIP. Faults of
/// single instances are in the report, and the package says so itself.
/// # Limits
/// Memory: [`crate::Options::budget_bytes`] and a few hundred bytes for each instance, plus the
/// work on the largest single frame.
pub fn pack<W: Write>(
    request: &PackageRequest,
    sink: W,
    progress: &mut dyn Progress,
) -> Result<PackageReport, PackError> {
    let started = Instant::now();
    let before = Usage::now();
    let options = &request.options;
    let limits = Limits { in_memory_bytes: WHOLE_INSTANCE_BYTES, ..Limits::default() };
    let listing = list_folder(&request.folder, &limits)?;
    let plan = plan(request, listing)?;
    let planned_at = started.elapsed();
    let pool = ThreadPoolBuilder::new()
        .num_threads(options.jobs.get())
        .thread_name(|index| format!("esito-work-{index}"))
        .build()
        .map_err(|error| PackError::Bug(error.to_string()))?;
    let luts = LutCache::default();
    let context = Arc::new(Context {
        as_stored: plan.as_stored,
        previews_per_instance: options.previews_per_instance,
        sources: Arc::new(Sources::of(&plan, &limits, &luts)),
        luts,
        limits,
    });
    let mut assembly = Assembly::new(sink, options, &plan);
    run(&plan, &context, Arc::new(pool), options.jobs.get(), &mut assembly, progress)?;
    let written_at = started.elapsed();
    let mut report = assembly.finish(&plan)?;
    report.phases = Phases {
        plan_ms: planned_at.as_millis(),
        instances_ms: written_at.saturating_sub(planned_at).as_millis(),
        pages_ms: started.elapsed().saturating_sub(written_at).as_millis(),
    };
    report.usage = Usage::now().since(&before);
    Ok(report)
}

fn run<W: Write>(
    plan: &Plan,
    context: &Arc<Context>,
    pool: Arc<ThreadPool>,
    jobs: usize,
    assembly: &mut Assembly<'_, W>,
    progress: &mut dyn Progress,
) -> Result<(), PackError> {
    let of_source_bytes = plan.instances.iter().map(|planned| planned.instance.bytes).sum();
    let mut step =
        Step { of_instances: plan.instances.len() as u64, of_source_bytes, ..Step::default() };
    // The pool must not end with the window: dropped results may still hold work for it.
    let (feed, results) = window(jobs * 3, assembly.options().effective_budget_bytes(), pool);
    thread::scope(|scope| {
        let feeder = thread::Builder::new().name("esito-read".into());
        let spawned = feeder.spawn_scoped(scope, move || feed_all(&feed, plan, context));
        spawned.map_err(|error| PackError::Bug(format!("no thread: {error}")))?;
        for result in results {
            let (outcome, claim) =
                result.map_err(|_panic| PackError::Bug("a worker panicked".into()))?;
            if let Some(done) = assembly.write(outcome)? {
                step.instances += 1;
                step.source_bytes += done;
            }
            drop(claim);
            step.written_bytes = assembly.bytes_written();
            if !progress.step(step) {
                return Err(PackError::Cancelled);
            }
        }
        Ok(())
    })
}

fn feed_all(feed: &Feed<Outcome>, plan: &Plan, context: &Arc<Context>) {
    let mut ranges = SeriesRanges::new(plan, &context.limits, &context.luts);
    for planned in &plan.instances {
        if feed_one(feed, planned.clone(), &mut ranges, context) == Err(Closed) {
            break;
        }
    }
}

fn feed_one(
    feed: &Feed<Outcome>,
    mut planned: Planned,
    ranges: &mut SeriesRanges<'_>,
    context: &Arc<Context>,
) -> Result<(), Closed> {
    let size = planned.instance.bytes.max(planned.instance.native_bytes);
    let is_whole = size <= WHOLE_INSTANCE_BYTES;
    // The file, its compressed form, the pictures.
    let is_segmentation = is_segmentation(planned.instance.identity.sop_class.as_str());
    let of_source = if is_segmentation { SOURCE_BYTES } else { 0 };
    let of_whole = (size.saturating_mul(5) / 2).saturating_add(of_source);
    let claim = feed.claim(if is_whole { of_whole } else { 0 })?;
    let instance = match Instance::open(&planned.instance.path, &context.limits) {
        Ok(instance) => instance,
        Err(OpenError::Temporary(message)) => {
            let folder = std::env::temp_dir().display().to_string();
            let source = std::io::Error::other(message);
            let failed = Outcome::Failed(PackError::Temporary { folder, source });
            return feed.submit(claim, move || failed);
        }
        Err(error) => {
            let refusal = match error {
                OpenError::Refused(refusal) => refusal,
                other => Refusal::Malformed(other.to_string()),
            };
            return feed.submit(claim, move || Outcome::Lost(planned, Loss::Refused(refusal)));
        }
    };
    if let Err(refusal) = check_still_listed(&instance, &planned) {
        return feed.submit(claim, move || Outcome::Lost(planned, Loss::Refused(refusal)));
    }
    if !is_listable(&instance) {
        return feed.submit(claim, move || Outcome::Lost(planned, Loss::LeftOut));
    }
    planned.range = ranges.range(&planned, &instance);
    if is_whole && !instance.is_spooled() {
        let context = Arc::clone(context);
        return feed.submit(claim, move || whole::work(planned, instance, &context));
    }
    drop(claim);
    streamed::feed(feed, planned, instance, context)
}

/// Elements out of order, or a file that somebody replaced, can say something else than the listing
/// saw, by which patient and study were checked.
pub(crate) fn check_still_listed(instance: &Instance, planned: &Planned) -> Result<(), Refusal> {
    let (found, listed) = (instance.identity(), &planned.instance.identity);
    let patient_id = instance.dataset().text(PATIENT_ID).unwrap_or_default();
    if patient_id != planned.instance.patient_id {
        return Err(Refusal::ForeignPatient);
    }
    if found.study != listed.study {
        return Err(Refusal::ForeignStudy);
    }
    if found != listed {
        return Err(Refusal::Malformed("its UIDs contradict each other".into()));
    }
    Ok(())
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
