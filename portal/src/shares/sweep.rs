//! Ends shares that time or the site ends, and forgets those that are kept no longer.

use std::time::Duration;

use jiff::Timestamp;
use store::{Actor, EndOfShare, PersonId, StoreError};
use tokio::sync::broadcast::error::RecvError;

use crate::shares::Shares;
use crate::task::Stop;

/// How often what is over is told as such. Nothing is open meanwhile: that is looked at whenever it is asked for.
const TICK: Duration = Duration::from_secs(10);
/// Shares that are looked at together.
const PAGE: usize = 256;

impl Shares {
    /// Looks after shares until it is time to stop.
    pub(crate) async fn look_after(self, stop: Stop) {
        let mut decided = self.0.results.decided();
        loop {
            let swept = tokio::select! {
                () = stop.asked() => return,
                () = tokio::time::sleep(TICK) => self.sweep().await,
                person = decided.recv() => match person {
                    Ok(person) => self.look_at(person).await,
                    // What was missed is seen by nobody, and ends with its time.
                    Err(RecvError::Lagged(_)) => Ok(()),
                    Err(RecvError::Closed) => return,
                },
            };
            if let Err(error) = swept {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(error = cause, "shares cannot be looked after");
            }
        }
    }

    /// Ends the shares of a person whose orders the site lets nobody see any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn look_at(&self, person: PersonId) -> Result<(), StoreError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let mut shares = inner.store.shares_of_person(person).await?;
        shares.retain(|share| !share.is_over(now));
        if shares.is_empty() {
            return Ok(());
        }
        let orders = inner.results.shown_of(person).await?;
        for share in shares {
            if !orders.iter().any(|order| order.id == share.order) {
                let event = self.event_of("share.withhold", Actor::System, &share, None);
                self.end(None, &share, EndOfShare::Withheld, event).await?;
            }
        }
        Ok(())
    }

    /// Ends what has expired, and removes what is kept no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn sweep(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        loop {
            let now = inner.clock.now();
            let before = now.checked_sub(inner.settings.kept).unwrap_or(Timestamp::MIN);
            let swept = inner.store.sweep_shares(now, before, PAGE).await?;
            for ended in &swept.expired {
                self.closed(ended);
                let event = self.event_of("share.expire", Actor::System, &ended.share, None);
                inner.store.record_event(event).await?;
            }
            for share in &swept.purged {
                let event = self.event_of("share.purge", Actor::System, share, None);
                inner.store.record_event(event).await?;
            }
            if swept.expired.len().max(swept.purged.len()).max(swept.sessions) < PAGE {
                return Ok(());
            }
        }
    }
}
