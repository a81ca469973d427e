//! For how many persons one PACS is asked at a time, and that not each of them waits for one that says nothing.
//!
//! Invariant: nobody waits here for longer than the time-out.
//! Invariant: a PACS that was silent is asked for one person in a time-out, until it answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::results::refresh::FAULT;

/// An error after this part of the time-out is silence too: nobody took the connection, say.
const PART: u32 = 10;

/// The gate of one PACS.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    time_out: Duration,
    heard: Mutex<Heard>,
}

/// What was last heard of the PACS.
#[derive(Debug, Default)]
struct Heard {
    answered: Option<Instant>,
    /// It says nothing; its answer ends that.
    silence: Option<Silence>,
}

#[derive(Debug)]
struct Silence {
    fault: String,
    /// When it was asked or was silent last.
    at: Instant,
}

impl Gate {
    /// For so many at a time; a PACS that gives no answer for so long is silent.
    pub(crate) fn new(at_once: usize, time_out: Duration) -> Self {
        let places = Arc::new(Semaphore::new(at_once.max(1)));
        Self { places, time_out, heard: Mutex::default() }
    }

    /// Waits for a place to ask from.
    ///
    /// # Errors
    /// Why the PACS is not to be asked now.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, String> {
        self.admit(false)?;
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.time_out, place).await {
            Ok(place) => {
                let place = place.map_err(|_closed| FAULT)?;
                // It may have been found silent meanwhile.
                self.admit(true)?;
                Ok(place)
            }
            Err(_late) => {
                self.admit(false)?;
                let seconds = self.time_out.as_secs();
                Err(format!("it was being asked for other persons for {seconds} seconds"))
            }
        }
    }

    /// Whether nobody would be let in now.
    pub(crate) fn refuses(&self) -> bool {
        self.admit(false).is_err()
    }

    /// Takes note of what came of asking since then: an answer, or a fault.
    pub(crate) fn tell(&self, asked: Instant, fault: Option<&str>) {
        let mut heard = self.heard();
        let Some(fault) = fault else {
            *heard = Heard { answered: Some(Instant::now()), silence: None };
            return;
        };
        // Where others were answered meanwhile, it is about this person.
        let is_for_all = heard.answered.is_none_or(|answered| answered < asked);
        let is_long = asked.elapsed() >= self.time_out / PART;
        if heard.silence.is_some() || (is_long && is_for_all) {
            heard.silence = Some(Silence { fault: fault.to_owned(), at: Instant::now() });
        }
    }

    /// The fault of a PACS that was silent within the time-out. Who `tries` it after that is the only one for as long.
    fn admit(&self, tries: bool) -> Result<(), String> {
        let mut heard = self.heard();
        let Some(silence) = heard.silence.as_mut() else { return Ok(()) };
        if silence.at.elapsed() < self.time_out {
            return Err(silence.fault.clone());
        }
        if tries {
            silence.at = Instant::now();
        }
        Ok(())
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_OUT: Duration = Duration::from_secs(20);
    const SILENT: &str = "it gives no answer";

    fn ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    /// A gate of a PACS that was silent to who asked so long ago.
    fn silent(seconds: u64) -> Gate {
        let gate = Gate::new(4, TIME_OUT);
        gate.tell(ago(seconds), Some(SILENT));
        gate
    }

    #[tokio::test]
    async fn a_silent_pacs_is_asked_for_one_person_in_a_time_out_until_it_answers() {
        let gate = silent(20);
        assert_eq!(gate.enter().await.unwrap_err(), SILENT);
        gate.heard().silence.as_mut().unwrap().at = ago(20);
        let _tries = gate.enter().await.unwrap();
        assert_eq!(gate.enter().await.unwrap_err(), SILENT);
        assert!(gate.refuses());
        // What it says last is what is told.
        gate.tell(ago(0), Some("it refuses"));
        assert_eq!(gate.enter().await.unwrap_err(), "it refuses");
        gate.tell(ago(0), None);
        assert!(!gate.refuses());
        drop(gate.enter().await.unwrap());
    }

    #[tokio::test]
    async fn an_error_that_took_long_is_silence_and_one_at_once_is_not() {
        assert_eq!(silent(2).enter().await.unwrap_err(), SILENT);
        drop(silent(0).enter().await.unwrap());
    }

    #[tokio::test]
    async fn a_pacs_that_answered_others_meanwhile_is_not_silent() {
        let gate = Gate::new(4, TIME_OUT);
        gate.tell(ago(1), None);
        gate.tell(ago(20), Some(SILENT));
        drop(gate.enter().await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_place_longer_than_the_time_out() {
        let gate = Gate::new(1, TIME_OUT);
        let _asks = gate.enter().await.unwrap();
        let fault = gate.enter().await.unwrap_err();
        assert_eq!(fault, "it was being asked for other persons for 20 seconds");
    }
}
