//! Asks for a study that is not online, and waits until it is.
//!
//! A PACS is asked by retrieving one instance of each series, which makes it fetch them from where they
//! are; or over HTTP, where a site has another system for that. Then it is looked at, ever more seldom.

mod hook;

use std::time::{Duration, Instant};

pub use hook::{Hook, HookAddress, HookMethod, InvalidHookAddress};

use crate::dimse::status::Status;
use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::protocol::{Pacs, Peer};
use crate::query::{Availability, StudyReference, StudySummary};
use crate::settings::PacsSettings;
use crate::source::{Received, Receiver, StudyQuery as _, Taken, Wanted};

/// How often a wait looks whether it should go on.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How a study is asked for, and how long is waited.
#[derive(Debug, Clone)]
pub struct RecallSettings {
    /// How it is asked for.
    pub ask: RecallAsk,
    /// Until it is looked at for the first time; each later wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// When it is given up.
    pub total: Duration,
}

impl Default for RecallSettings {
    fn default() -> Self {
        Self {
            ask: RecallAsk::Retrieve,
            first_wait: Duration::from_secs(15),
            longest_wait: Duration::from_mins(10),
            total: Duration::from_hours(4),
        }
    }
}

impl RecallSettings {
    /// How long is waited after so many looks.
    pub fn wait_after(&self, looks: u32) -> Duration {
        let factor = 1_u32.checked_shl(looks).unwrap_or(u32::MAX);
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

/// How a study is asked for.
#[derive(Debug, Clone)]
pub enum RecallAsk {
    /// By retrieving one instance of each series from the PACS.
    Retrieve,
    /// By a request over HTTP.
    Hook(Box<Hook>),
}

/// What happens meanwhile.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecallStep {
    /// The study was asked for; a PACS that refuses may fetch it all the same.
    Asked {
        /// What it answered, if that was no success.
        refusal: Option<PacsError>,
    },
    /// It is not online, and is looked at again later.
    Waiting {
        /// What is known of it; `None` if the PACS did not answer.
        availability: Option<Availability>,
        /// When it is looked at again.
        next: Duration,
    },
}

/// Why a study is not online.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecallError {
    /// The PACS does not know it.
    #[error("the PACS knows no such study: check UID and Patient ID, or name another PACS")]
    NoSuchStudy,
    /// It will not come back.
    #[error("the study is UNAVAILABLE: the PACS cannot deliver it at all")]
    Unavailable,
    /// Time is over.
    #[error(
        "the study is still {} after {} s: ask later, or raise `recall.total`",
        .availability.as_term(), .waited.as_secs()
    )]
    Late {
        /// What is known of it.
        availability: Availability,
        /// How long was waited.
        waited: Duration,
    },
    /// The request over HTTP failed.
    #[error("the recall hook fails: {0}")]
    Hook(PacsError),
    /// The PACS cannot be asked.
    #[error(transparent)]
    Pacs(#[from] PacsError),
}

/// Asks for a study and waits until it is online; at once if it is. `watch` is told of each step.
///
/// # Errors
/// [`RecallError`]; [`PacsError::Stopped`] in it when the flag is raised.
pub fn recall(
    settings: &PacsSettings,
    study: &StudyReference,
    stop: &StopFlag,
    watch: &mut dyn FnMut(RecallStep),
) -> Result<(), RecallError> {
    let pacs = settings.open(stop)?;
    let recall = &settings.recall;
    let begun = Instant::now();
    let Some(summary) = study.find(&pacs)? else { return Err(RecallError::NoSuchStudy) };
    let mut known = look(&pacs, &summary)?;
    match known {
        Availability::Online => return Ok(()),
        Availability::Unavailable => return Err(RecallError::Unavailable),
        Availability::Nearline | Availability::Offline => {}
    }
    let refusal = ask_by(settings, &pacs, &summary, stop)?;
    watch(RecallStep::Asked { refusal });
    let mut looks = 0;
    let mut told = Some(known);
    loop {
        let left = recall.total.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(RecallError::Late { availability: known, waited: begun.elapsed() });
        }
        let next = recall.wait_after(looks).min(left);
        watch(RecallStep::Waiting { availability: told, next });
        pause(next, stop)?;
        looks += 1;
        told = match again(&pacs, study) {
            Ok(availability) => Some(availability),
            Err(PacsError::Stopped) => return Err(PacsError::Stopped.into()),
            // It may be back the next time.
            Err(_) => None,
        };
        match told {
            Some(Availability::Online) => return Ok(()),
            Some(Availability::Unavailable) => return Err(RecallError::Unavailable),
            Some(availability) => known = availability,
            None => {}
        }
    }
}

/// What is known of a study now; nobody waits.
///
/// # Errors
/// [`RecallError::NoSuchStudy`] and [`RecallError::Pacs`].
pub fn availability(
    settings: &PacsSettings,
    study: &StudyReference,
    stop: &StopFlag,
) -> Result<Availability, RecallError> {
    let pacs = settings.open(stop)?;
    let summary = study.find(&pacs)?.ok_or(RecallError::NoSuchStudy)?;
    Ok(look(&pacs, &summary)?)
}

/// Asks for a study that is not online; nobody waits. Gives what a PACS that refuses answers: it may fetch it all
/// the same.
///
/// # Errors
/// [`RecallError`], but for what comes of waiting.
pub fn ask_for(
    settings: &PacsSettings,
    study: &StudyReference,
    stop: &StopFlag,
) -> Result<Option<PacsError>, RecallError> {
    let pacs = settings.open(stop)?;
    let summary = study.find(&pacs)?.ok_or(RecallError::NoSuchStudy)?;
    ask_by(settings, &pacs, &summary, stop)
}

fn ask_by(
    settings: &PacsSettings,
    pacs: &Pacs,
    summary: &StudySummary,
    stop: &StopFlag,
) -> Result<Option<PacsError>, RecallError> {
    match &settings.recall.ask {
        RecallAsk::Retrieve => Ok(ask(pacs, summary)?),
        RecallAsk::Hook(hook) => {
            hook.call(summary, stop).map_err(RecallError::Hook)?;
            Ok(None)
        }
    }
}

fn pause(time: Duration, stop: &StopFlag) -> Result<(), PacsError> {
    let begun = Instant::now();
    loop {
        if stop.is_stopped() {
            return Err(PacsError::Stopped);
        }
        let left = time.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK_EVERY));
    }
}

fn again(pacs: &Pacs, study: &StudyReference) -> Result<Availability, PacsError> {
    match study.find(pacs)? {
        Some(summary) => look(pacs, &summary),
        None => Ok(Availability::Unavailable),
    }
}

/// What the PACS says of a study; one that says nothing is tried with an instance.
fn look(pacs: &Pacs, summary: &StudySummary) -> Result<Availability, PacsError> {
    if let Some(availability) = summary.availability {
        return Ok(availability);
    }
    let wanted = one_of_each_series(pacs, summary)?;
    let Some(first) = wanted.first() else { return Ok(Availability::Nearline) };
    match try_out(pacs, summary, std::slice::from_ref(first)) {
        Ok(true) => Ok(Availability::Online),
        // B000H: all that it would send failed, and we refuse nothing here.
        Ok(false) | Err(PacsError::Failed { status: Status(0xB000), .. }) => {
            Ok(Availability::Nearline)
        }
        Err(error) => Availability::of_refusal(&error).ok_or(error),
    }
}

/// Retrieves one instance of each series; gives what a PACS that refuses answers.
fn ask(pacs: &Pacs, summary: &StudySummary) -> Result<Option<PacsError>, PacsError> {
    let wanted = one_of_each_series(pacs, summary)?;
    match try_out(pacs, summary, &wanted) {
        Ok(_) => Ok(None),
        Err(PacsError::Stopped) => Err(PacsError::Stopped),
        Err(error) if error.is_local() || error.is_unreachable() => Err(error),
        // One that fetches a study before it answers is silent for longer than we wait.
        Err(error) => Ok(Some(error)),
    }
}

fn one_of_each_series(pacs: &Pacs, summary: &StudySummary) -> Result<Vec<Wanted>, PacsError> {
    let listed = pacs.list_study(summary)?.series.into_iter();
    let first = listed.filter_map(|(series, instances)| {
        Some(Wanted::listed(summary, series, instances.into_iter().next()?))
    });
    Ok(first.collect())
}

/// Whether any of the instances comes.
fn try_out(pacs: &Pacs, summary: &StudySummary, wanted: &[Wanted]) -> Result<bool, PacsError> {
    let mut any = Any(false);
    let mut last = Ok(());
    match &pacs.peer {
        Peer::Dimse(dimse) => {
            for by_move in dimse.settings().ways() {
                last = dimse.retrieve_once(*by_move, &summary.study, wanted, &mut any);
                if any.0 {
                    break;
                }
            }
        }
        Peer::DicomWeb(web) => last = web.client().retrieve_once(&summary.study, wanted, &mut any),
    }
    if any.0 { Ok(true) } else { last.map(|()| false) }
}

/// Takes instances and forgets them.
struct Any(bool);

impl Receiver for Any {
    fn receive(&mut self, _received: Received) -> Taken {
        self.0 = true;
        Taken::Accepted
    }

    fn is_missing(&self, _sop_instance: &model::SopInstanceUid) -> bool {
        !self.0
    }
}
