//! From a source to a ZIP: joins the stages, owns the threads.
//!
//! One thread asks a PACS what there is. Then one takes from the source and feeds, the pool renders and
//! compresses, the calling thread writes. A sink that refuses bytes ends it all: the writer drops its end of the
//! window, the feed stops.

use std::io::Write;
use std::sync::Arc;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use pacs::StopFlag;
use part10::{Limits, list_folder};
use rayon::{ThreadPool, ThreadPoolBuilder};
use render::LutCache;

use crate::assembly::Assembly;
use crate::error::PackError;
use crate::feeder::Feeder;
use crate::folder_source::feed_folder;
use crate::intake::{Intake, feed_shelf};
use crate::outcome::Outcome;
use crate::plan::{self, Plan};
use crate::progress::{Progress, Step};
use crate::report::{PackageReport, Phases};
use crate::request::{PackageRequest, Source, WHOLE_INSTANCE_BYTES};
use crate::retrieval::{self, Retrieval, Retrieved, retrieve};
use crate::shelf::Shelf;
use crate::sources::Sources;
use crate::stock::Stock;
use crate::study_failure::{StudyFailure, StudyFault};
use crate::usage::Usage;
use crate::window::{self, Closed, Feed, window};

/// How long nothing is said of the progress.
const TICK: Duration = Duration::from_millis(250);

/// How many instances are missed that no PACS lists: a count may be anything.
const MOST_UNLISTED: u64 = 10_000;

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
    let limits = Limits {
        in_memory_bytes: WHOLE_INSTANCE_BYTES,
        scratch: Some(options.temporary_folder.clone()),
        ..Limits::default()
    };
    let stop = StopFlag::default();
    // Whatever ends it, what was begun while the source was asked ends, too.
    let _stop_at_end = StopAtEnd(&stop);
    let prepared = prepare_watched(request, &limits, &stop, progress)?;
    let Prepared { plan, retrievals, mut failures } = prepared;
    let stock = if matches!(request.source, Source::Pacs { .. }) {
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
    let mut assembly = Assembly::new(sink, options, &plan, stock, progress);
    assembly.put_given_reports()?;
    let work = Work { plan: &plan, context: &context, retrievals: &retrievals, stop: &stop };
    let retrieved = work.run(Arc::new(pool), options.jobs.get(), &mut assembly)?;
    let written_at = started.elapsed();
    let unlisted = retrieval::lost_unlisted(&retrievals, &retrieved, &assembly.tallies);
    let (tallies, notices) = (&assembly.tallies, &assembly.notices);
    failures.extend(retrieval::failures(&retrievals, retrieved, tallies, notices));
    failures.sort_by_key(|failure| failure.study);
    assembly.miss(unlisted.min(MOST_UNLISTED));
    let is_for_refusals =
        |failure: &StudyFailure| matches!(failure.fault, StudyFault::AllRefused { .. });
    let is_nothing = assembly.received() == 0 && !options.may_be_without_instances();
    if is_nothing && !failures.iter().all(is_for_refusals) {
        return Err(PackError::Studies(failures));
    }
    let mut report = assembly.finish()?;
    report.failures = failures;
    report.phases = Phases {
        plan_ms: planned_at.as_millis(),
        instances_ms: written_at.saturating_sub(planned_at).as_millis(),
        pages_ms: started.elapsed().saturating_sub(written_at).as_millis(),
    };
    report.usage = Usage::now().since(&before);
    Ok(report)
}

/// What is known before the first byte is written.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// Without any the instances lie in a folder.
    pub(crate) retrievals: Vec<Retrieval>,
    pub(crate) failures: Vec<StudyFailure>,
}

/// Asks the source what there is. Where it `is_retrieved` next, that may begin meanwhile.
pub(crate) fn prepare(
    request: &PackageRequest,
    limits: &Limits,
    is_retrieved: bool,
    stop: &StopFlag,
) -> Result<Prepared, PackError> {
    match &request.source {
        Source::Folder { folder, studies } => {
            let listing = list_folder(folder, limits)?;
            let plan = plan::folder::plan(folder, studies, &request.options, listing)?;
            Ok(Prepared { plan, retrievals: Vec::new(), failures: Vec::new() })
        }
        Source::Pacs { studies } => {
            let planned = plan::studies::plan(studies, &request.options, is_retrieved, stop)?;
            let plan::studies::StudiesPlan { plan, retrievals, failures } = planned;
            Ok(Prepared { plan, retrievals, failures })
        }
    }
}

/// As [`prepare`] of what is retrieved next, and asks meanwhile whether the package is still wanted: a PACS may
/// take its time.
fn prepare_watched(
    request: &PackageRequest,
    limits: &Limits,
    stop: &StopFlag,
    progress: &mut dyn Progress,
) -> Result<Prepared, PackError> {
    if matches!(request.source, Source::Folder { .. }) {
        return prepare(request, limits, true, stop);
    }
    let (asking, asked) = bounded::<()>(0);
    thread::scope(|scope| {
        let ask = move || {
            // It goes when all is asked, whatever came of it.
            let _asking = asking;
            prepare(request, limits, true, stop)
        };
        let asker = thread::Builder::new().name("esito-plan".into()).spawn_scoped(scope, ask);
        let asker = asker.map_err(|error| PackError::Bug(format!("no thread: {error}")))?;
        while let Err(RecvTimeoutError::Timeout) = asked.recv_timeout(TICK) {
            if !progress.step(Step::default()) {
                stop.stop();
            }
        }
        let panicked = |_panic| PackError::Bug("the asking thread panicked".into());
        let prepared = asker.join().map_err(panicked)?;
        if stop.is_stopped() { Err(PackError::Cancelled) } else { prepared }
    })
}

/// What the threads of one package share.
struct Work<'a> {
    plan: &'a Plan,
    context: &'a Arc<Context>,
    retrievals: &'a [Retrieval],
    stop: &'a StopFlag,
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

impl Work<'_> {
    /// Runs to the last instance; gives how the source of each study ended.
    fn run<W: Write>(
        &self,
        pool: Arc<ThreadPool>,
        jobs: usize,
        assembly: &mut Assembly<'_, W>,
    ) -> Result<Retrieved, PackError> {
        let mut expected = Expectation::of(self.plan);
        let mut step = Step { of_instances: self.plan.instances.len() as u64, ..Step::default() };
        // The pool must not end with the window: dropped results may still hold work for it.
        let (feed, mut results) =
            window(jobs * 3, assembly.options().effective_budget_bytes(), pool);
        thread::scope(|scope| {
            let stop_at_end = StopAtEnd(self.stop);
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
                if !assembly.progress.step(step) {
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
        let Stock::Shelf(shelf) = &self.context.stock else {
            let feed = move || {
                // Whoever writes knows why nobody takes any more.
                let (Ok(()) | Err(Closed)) = feed_folder(self.plan, self.context, &mut feeder);
                Retrieved::new()
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
            let mut intake = Intake::new(self.plan, shelf, limits.clone(), &self.context.luts);
            let retrieved = retrieve(self.plan, self.retrievals, &mut intake);
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
