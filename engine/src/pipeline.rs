//! From a source to a ZIP: joins the stages, owns the threads.
//!
//! One thread takes from the source and feeds, the pool renders and compresses, the calling thread
//! writes. A sink that refuses bytes ends it all: the writer drops its end of the window, the feed stops.

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use model::{Notice, StudyInstanceUid};
use pacs::{Availability, InstanceSource, PacsError, PacsSettings, StopFlag};
use part10::{Limits, list_folder};
use rayon::{ThreadPool, ThreadPoolBuilder};
use render::LutCache;

use crate::assembly::Assembly;
use crate::error::PackError;
use crate::feeder::Feeder;
use crate::folder_source::FolderSource;
use crate::plan::study::wanted;
use crate::plan::{self, Plan};
use crate::progress::{Progress, Step};
use crate::report::{PackageReport, Phases};
use crate::request::{PackageRequest, Source, WHOLE_INSTANCE_BYTES};
use crate::sources::Sources;
use crate::usage::Usage;
use crate::window::window;

/// What every piece of work needs to know.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) as_stored: bool,
    pub(crate) previews_per_instance: u32,
    pub(crate) luts: LutCache,
    pub(crate) sources: Arc<Sources>,
    pub(crate) limits: Limits,
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
    let stop = StopFlag::default();
    let (plan, source) = prepare(request, &limits, &stop)?;
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
    let work = Work { plan: &plan, context: &context, source: &*source, stop };
    let retrieval = work.run(Arc::new(pool), options.jobs.get(), &mut assembly, progress)?;
    let written_at = started.elapsed();
    let availability =
        plan.availability.filter(|availability| *availability != Availability::Online);
    let of_refusal = || retrieval.as_ref().err().and_then(Availability::of_refusal);
    let availability = availability.or_else(of_refusal);
    let retrieval = retrieval.map_err(|source| request.source.failed(source));
    let mut report = match retrieval {
        // Without any instance the reason is that of the retrieval, unless the PACS only repeats that
        // what it sent was refused.
        Err(error) if assembly.received == 0 && !repeats_refusals(&error, &assembly.notices) => {
            return Err(request.source.not_online(availability, error));
        }
        Err(error) => {
            let mut report = assembly.finish()?;
            report.retrieval_error = Some(match availability {
                Some(availability) => format!(
                    "{error}. The study is {}: `esito recall` asks for the rest",
                    availability.as_term()
                ),
                None => error.to_string(),
            });
            report
        }
        Ok(()) if assembly.received == 0 && never_came(&assembly.notices) => {
            let error = request.source.delivers_nothing(plan.instances.len());
            return Err(request.source.not_online(availability, error));
        }
        Ok(()) => assembly.finish()?,
    };
    report.phases = Phases {
        plan_ms: planned_at.as_millis(),
        instances_ms: written_at.saturating_sub(planned_at).as_millis(),
        pages_ms: started.elapsed().saturating_sub(written_at).as_millis(),
    };
    report.usage = Usage::now().since(&before);
    Ok(report)
}

fn never_came(notices: &[Notice]) -> bool {
    !notices.is_empty() && notices.iter().all(|notice| matches!(notice, Notice::Missing(_)))
}

fn repeats_refusals(error: &PackError, notices: &[Notice]) -> bool {
    let PackError::Pacs { source, .. } = error else { return false };
    matches!(**source, PacsError::Failed { .. })
        && notices.iter().any(|notice| matches!(notice, Notice::Refused(..)))
}

/// Asks the source what there is.
fn prepare(
    request: &PackageRequest,
    limits: &Limits,
    stop: &StopFlag,
) -> Result<(Plan, Box<dyn InstanceSource>), PackError> {
    match &request.source {
        Source::Folder { folder, study } => {
            let listing = list_folder(folder, limits)?;
            let plan = plan::folder::plan(folder, study.as_ref(), &request.options, listing)?;
            let paths = plan.instances.iter().filter_map(|one| one.instance.path.clone()).collect();
            Ok((plan, Box::new(FolderSource { paths })))
        }
        Source::Pacs { pacs, study } => {
            let open =
                |pacs: &PacsSettings| pacs.open(stop).map_err(|error| request.source.failed(error));
            let opened = open(pacs)?;
            let planned = plan::study::plan(&opened, &pacs.name, study, &request.options)?;
            let plan::study::StudyPlan { plan, counts_more } = planned;
            let opened = if counts_more { open(&pacs.over_one())? } else { opened };
            Ok((plan, Box::new(opened)))
        }
    }
}

/// What the threads of one package share.
struct Work<'a> {
    plan: &'a Plan,
    context: &'a Arc<Context>,
    source: &'a dyn InstanceSource,
    stop: StopFlag,
}

/// Ends the waiting of a source when nobody writes any more.
struct StopAtEnd<'a>(&'a StopFlag);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Work<'_> {
    /// Runs to the last instance; gives how the source ended.
    fn run<W: Write>(
        &self,
        pool: Arc<ThreadPool>,
        jobs: usize,
        assembly: &mut Assembly<'_, W>,
        progress: &mut dyn Progress,
    ) -> Result<Result<(), PacsError>, PackError> {
        let instances = &self.plan.instances;
        let of_source_bytes = instances
            .iter()
            .map(|planned| {
                if planned.instance.bytes > 0 {
                    planned.instance.bytes
                } else {
                    planned.instance.native_bytes
                }
            })
            .fold(0, u64::saturating_add);
        let mut step =
            Step { of_instances: instances.len() as u64, of_source_bytes, ..Step::default() };
        // The pool must not end with the window: dropped results may still hold work for it.
        let (feed, results) = window(jobs * 3, assembly.options().effective_budget_bytes(), pool);
        let feeder = Feeder::new(feed, self.plan, self.context);
        thread::scope(|scope| {
            let stop_at_end = StopAtEnd(&self.stop);
            let reader = thread::Builder::new().name("esito-read".into());
            let reader = reader
                .spawn_scoped(scope, move || self.deliver(feeder))
                .map_err(|error| PackError::Bug(format!("no thread: {error}")))?;
            for result in results {
                let (outcome, claim) =
                    result.map_err(|_panic| PackError::Bug("a worker panicked".into()))?;
                if let Some(done) = assembly.write(outcome)? {
                    step.instances += 1;
                    step.source_bytes = step.source_bytes.saturating_add(done);
                }
                drop(claim);
                step.written_bytes = assembly.bytes_written();
                if !progress.step(step) {
                    return Err(PackError::Cancelled);
                }
            }
            drop(stop_at_end);
            reader.join().map_err(|_panic| PackError::Bug("the reading thread panicked".into()))
        })
    }

    fn deliver(&self, mut feeder: Feeder<'_>) -> Result<(), PacsError> {
        let study: &StudyInstanceUid = match self.plan.instances.first() {
            Some(planned) => &planned.instance.study,
            None => return Ok(()),
        };
        let delivered = self.source.retrieve(study, &wanted(self.plan), &mut feeder);
        feeder.finish();
        delivered
    }
}
