//! Ends what may not be had any more, and deletes what nobody needs.
//!
//! Whatever the site decides on a person is looked at at once; all of it every few minutes, since days end and
//! consents are taken back without anybody telling.

use std::collections::HashSet;
use std::time::Duration;

use store::{EndReason, PackageKey, PersonId, Preparation, PreparationState, StoreError};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::downloads::Downloads;
use crate::downloads::contents::may_be_had;
use crate::task::Stop;

/// How often what had to go is told, and what time ended is deleted.
const TICK: Duration = Duration::from_secs(10);
/// How often everything is looked at: records, and the files of the spool.
const ALL: Duration = Duration::from_mins(5);
/// Records that are read or removed at a time.
const PAGE: usize = 256;

impl Downloads {
    /// Looks after preparations and packages until it is time to stop.
    pub(crate) async fn look_after(self, stop: Stop) {
        let mut decided = self.0.results.decided();
        let mut all = Instant::now();
        loop {
            if let Err(error) = self.tidy(all <= Instant::now()).await {
                tell(&error);
            }
            if all <= Instant::now() {
                all = Instant::now() + ALL;
            }
            let swept = tokio::select! {
                () = stop.asked() => return,
                () = tokio::time::sleep(TICK) => Ok(()),
                person = decided.recv() => match person {
                    Ok(person) => self.look_at(person).await,
                    Err(RecvError::Lagged(_)) => {
                        all = Instant::now();
                        Ok(())
                    }
                    Err(RecvError::Closed) => return,
                },
            };
            if let Err(error) = swept {
                tell(&error);
            }
        }
    }

    /// Deletes what time or want of room ended; with `all`, looks at everything.
    pub(super) async fn tidy(&self, all: bool) -> Result<(), StoreError> {
        for key in self.0.spool.evicted() {
            let event = self.own_event("download.purge", key.to_string());
            self.0.store.record_event(event).await?;
            self.end(key, EndReason::Evicted).await?;
        }
        loop {
            let swept = self.0.store.sweep_downloads(self.0.clock.now(), PAGE).await?;
            for key in &swept.expired {
                self.purge(*key).await?;
                self.tell_all(*key).await?;
            }
            if swept.expired.len().max(swept.removed) < PAGE {
                break;
            }
        }
        if all {
            self.look_at_all().await?;
            self.look_at_files().await?;
        }
        Ok(())
    }

    /// Ends what may not be had any more of anybody.
    async fn look_at_all(&self) -> Result<(), StoreError> {
        let mut persons: HashSet<PersonId> = HashSet::new();
        let mut after: Option<PackageKey> = None;
        loop {
            let page = self.0.store.list_preparations(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            persons.extend(page.iter().filter(|one| is_to_end(one)).map(|one| one.person));
        }
        for person in persons {
            self.look_at(person).await?;
        }
        Ok(())
    }

    /// Ends what may not be had any more of a person.
    pub(super) async fn look_at(&self, person: PersonId) -> Result<(), StoreError> {
        let mut found = self.0.store.preparations_of_person(person).await?;
        found.retain(is_to_end);
        if found.is_empty() {
            return Ok(());
        }
        let orders = self.0.results.shown_of(person).await?;
        for preparation in found {
            let key = preparation.key;
            let is_ready = matches!(preparation.state, PreparationState::Ready(_));
            if is_ready && !self.0.spool.holds(key) {
                self.end(key, EndReason::Lost).await?;
            } else if !orders.iter().any(|order| may_be_had(&preparation, order)) {
                self.end(key, EndReason::Withheld).await?;
            }
        }
        Ok(())
    }

    /// Deletes packages that the store does not know.
    async fn look_at_files(&self) -> Result<(), StoreError> {
        for key in self.0.spool.keys() {
            // What is being made has a file before the store knows of it.
            let was_live = self.0.live.get(key).is_some();
            let found = self.0.store.preparation(key).await?;
            let is_ready = found.is_some_and(|one| matches!(one.state, PreparationState::Ready(_)));
            if !is_ready && !was_live {
                self.purge(key).await?;
            }
        }
        Ok(())
    }
}

/// Whether there is something to end.
fn is_to_end(preparation: &Preparation) -> bool {
    matches!(preparation.state, PreparationState::Ready(_)) || preparation.state.is_under_way()
}

fn tell(error: &StoreError) {
    tracing::error!(error = error as &dyn std::error::Error, "downloads cannot be looked after");
}
