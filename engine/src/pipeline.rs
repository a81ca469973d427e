//! From a source to a ZIP: joins the stages, owns the threads.
//!
//! One thread takes from the source and feeds, the pool renders and compresses, the calling thread
//! writes. A sink that refuses bytes ends it all: the writer drops its end of the window, the feed stops.

use std::io::Write;
use std::sync::Arc;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use model::{Notice, StudyInstanceUid};
use pacs::{Availability, InstanceSource as _, Pacs, PacsError, PacsSettings, StopFlag};
use part10::{Limits, list_folder};
use rayon::{ThreadPool, ThreadPoolBuilder};
use render::LutCache;

use crate::assembly::Assembly;
use crate::error::PackError;
use crate::feeder::Feeder;
use crate::folder_source::feed_folder;
use crate::intake::{Intake, feed_shelf};
use crate::outcome::Outcome;
use crate::plan::study::wanted;
use crate::plan::{self, Plan};
use crate::progress::{Progress, Step};
use crate::report::{PackageReport, Phases};
use crate::request::{PackageRequest, Source, WHOLE_INSTANCE_BYTES};
use crate::shelf::Shelf;
use crate::sources::Sources;
use crate::stock::Stock;
use crate::usage::Usage;
use crate::window::{self, Closed, Feed, window};

/// How long nothing is said of the progress.
const TICK: Duration = Duration::from_millis(250);

/// What every piece of work needs to know.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) as_stored: bool,
    pub(crate) previews_per_instance: u32,
    pub(crate) luts: LutCache,
    pub(crate) stock: Stock,
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
    let (plan, pacs) = prepare(request, &limits, &stop)?;
    let stock = if pacs.is_some() {
        let (bytes, folder) = (options.spool_bytes, options.temporary_folder.clone());
        let shelf = Shelf::new(&plan, &limits, bytes, folder).with_workers(options.jobs.get());
        Stock::Shelf(Arc::new(shelf))
    } else {
        Stock::Folder
    };
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
        sources: Arc::new(Sources::of(&plan, stock.clone(), &limits, &luts)),
        stock: stock.clone(),
        luts,
        limits,
    });
    let mut assembly = Assembly::new(sink, options, &plan, stock);
    let work = Work { plan: &plan, context: &context, pacs: pacs.as_ref(), stop };
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
) -> Result<(Plan, Option<Pacs>), PackError> {
    match &request.source {
        Source::Folder { folder, study } => {
            let listing = list_folder(folder, limits)?;
            let plan = plan::folder::plan(folder, study.as_ref(), &request.options, listing)?;
            Ok((plan, None))
        }
        Source::Pacs { pacs, study } => {
            let open = |pacs: &PacsSettings| {
                pacs.open_to_retrieve(stop).map_err(|error| request.source.failed(error))
            };
            let opened = open(pacs)?;
            let planned = plan::study::plan(&opened, &pacs.name, study, &request.options)?;
            let plan::study::StudyPlan { plan, counts_more } = planned;
            let opened = if counts_more { open(&pacs.over_one())? } else { opened };
            Ok((plan, Some(opened)))
        }
    }
}

/// What the threads of one package share.
struct Work<'a> {
    plan: &'a Plan,
    context: &'a Arc<Context>,
    /// Without one the instances lie in a folder.
    pacs: Option<&'a Pacs>,
    stop: StopFlag,
}

/// Ends the waiting of a source when nobody writes any more.
struct StopAtEnd<'a>(&'a StopFlag);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Nobody takes from the shelf behind this.
struct CloseAtEnd<'a>(&'a Shelf);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

type Retrieved = Result<(), PacsError>;

impl Work<'_> {
    /// Runs to the last instance; gives how the source ended.
    fn run<W: Write>(
        &self,
        pool: Arc<ThreadPool>,
        jobs: usize,
        assembly: &mut Assembly<'_, W>,
        progress: &mut dyn Progress,
    ) -> Result<Retrieved, PackError> {
        let mut expected = Expectation::of(self.plan);
        let mut step = Step { of_instances: self.plan.instances.len() as u64, ..Step::default() };
        // The pool must not end with the window: dropped results may still hold work for it.
        let (feed, mut results) =
            window(jobs * 3, assembly.options().effective_budget_bytes(), pool);
        thread::scope(|scope| {
            let stop_at_end = StopAtEnd(&self.stop);
            let reader = self.start(scope, feed)?;
            loop {
                match results.step(TICK) {
                    window::Step::Result(result) => {
                        let (outcome, claim) =
                            result.map_err(|_panic| PackError::Bug("a worker panicked".into()))?;
                        if let Some(done) = assembly.write(outcome)? {
                            step.instances += 1;
                            step.source_bytes = step.source_bytes.saturating_add(done);
                        }
                        drop(claim);
                        step.written_bytes = assembly.bytes_written();
                    }
                    window::Step::Waiting => {}
                    window::Step::End => break,
                }
                if let Stock::Shelf(shelf) = &self.context.stock {
                    (step.received_instances, step.received_bytes) = shelf.came();
                }
                step.of_source_bytes = expected.bytes(&step);
                if !progress.step(step) {
                    return Err(PackError::Cancelled);
                }
            }
            drop(results);
            drop(stop_at_end);
            reader.join().map_err(|_panic| PackError::Bug("the reading thread panicked".into()))
        })
    }

    /// Starts what reads and feeds.
    fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        feed: Feed<Outcome>,
    ) -> Result<ScopedJoinHandle<'scope, Retrieved>, PackError> {
        let failed = |error| PackError::Bug(format!("no thread: {error}"));
        let thread = |name: &str| thread::Builder::new().name(name.into());
        let mut feeder = Feeder::new(feed, self.plan, self.context);
        let (Some(pacs), Stock::Shelf(shelf)) = (self.pacs, &self.context.stock) else {
            let feed = move || {
                // Whoever writes knows why nobody takes any more.
                let (Ok(()) | Err(Closed)) = feed_folder(self.plan, self.context, &mut feeder);
                Ok(())
            };
            return thread("esito-read").spawn_scoped(scope, feed).map_err(failed);
        };
        let limits = &self.context.limits;
        let feed = move || {
            let _close = CloseAtEnd(shelf);
            let (Ok(()) | Err(Closed)) = feed_shelf(self.plan, shelf, limits, &mut feeder);
        };
        thread("esito-feed").spawn_scoped(scope, feed).map_err(failed)?;
        let read = move || {
            let mut intake = Intake::new(self.plan, shelf, *limits, &self.context.luts);
            let study: Option<&StudyInstanceUid> =
                self.plan.instances.first().map(|planned| &planned.instance.study);
            let wanted = wanted(self.plan);
            let retrieved =
                study.map_or(Ok(()), |study| pacs.retrieve(study, &wanted, &mut intake));
            intake.end();
            retrieved
        };
        thread("esito-read").spawn_scoped(scope, read).map_err(|error| {
            shelf.close();
            failed(error)
        })
    }
}

/// How many bytes the source has, as far as that is known.
struct Expectation {
    /// Bytes of the instances that say how long they are, and how many these are.
    told: (u64, u64),
    instances: u64,
}

impl Expectation {
    fn of(plan: &Plan) -> Self {
        let mut told = (0_u64, 0);
        for planned in &plan.instances {
            let bytes = match planned.instance.bytes {
                0 => planned.instance.native_bytes,
                bytes => bytes,
            };
            told = (told.0.saturating_add(bytes), told.1 + u64::from(bytes > 0));
        }
        Self { told, instances: plan.instances.len() as u64 }
    }

    /// An instance of unknown size is as long as the mean of those that came.
    fn bytes(&mut self, step: &Step) -> u64 {
        let (bytes, count) = self.told;
        let mean = step.received_bytes.checked_div(step.received_instances).unwrap_or(0);
        let untold = self.instances.saturating_sub(count).saturating_mul(mean);
        bytes.saturating_add(untold).max(step.source_bytes).max(step.received_bytes)
    }
}
