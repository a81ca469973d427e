//! What changes in the downloads of somebody, as it changes.

use std::time::Duration;

use store::{Asker, Holder};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::downloads::{DownloadState, Downloads, DownloadsError, ShownDownload};

/// How often it is told how far a package is.
const PROGRESS: Duration = Duration::from_millis(500);
/// How often all is looked at anew: a hold, or the end of a day, is told by nobody.
const LOOK: Duration = Duration::from_secs(15);

/// Tells of the downloads of somebody whenever they change.
#[derive(Debug)]
pub struct Watch {
    downloads: Downloads,
    asker: Asker,
    changed: broadcast::Receiver<Asker>,
    told: Option<Vec<ShownDownload>>,
}

impl Downloads {
    /// Watches the downloads of somebody. It asks nobody whether a session goes on: that is for the caller.
    pub fn watch(&self, holder: &Holder) -> Watch {
        let changed = self.0.changed.subscribe();
        Watch { downloads: self.clone(), asker: holder.asker(), changed, told: None }
    }
}

impl Watch {
    /// The downloads as [`Downloads::of`] has them: at once the first time, then when they are not what was
    /// last told. `None` when they may have none any more.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub async fn next(&mut self) -> Result<Option<Vec<ShownDownload>>, DownloadsError> {
        loop {
            let look_again = match &self.told {
                None => true,
                Some(told) => {
                    let is_moving =
                        told.iter().any(|one| matches!(one.state, DownloadState::Preparing(_)));
                    self.wait(if is_moving { PROGRESS } else { LOOK }).await || !is_moving
                }
            };
            let now = if look_again { None } else { self.moved() };
            let now = match now {
                Some(now) => now,
                None => match self.look().await? {
                    Some(now) => now,
                    None => return Ok(None),
                },
            };
            if self.told.as_ref() != Some(&now) {
                self.told = Some(now.clone());
                return Ok(Some(now));
            }
        }
    }

    /// Waits for a change; false when only time went by.
    async fn wait(&mut self, most: Duration) -> bool {
        let own = async {
            loop {
                match self.changed.recv().await {
                    Ok(asker) if asker == self.asker => return,
                    Ok(_) => {}
                    // Some were missed: any of them may have been ours.
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::time::timeout(most, own).await.is_ok()
    }

    async fn look(&self) -> Result<Option<Vec<ShownDownload>>, DownloadsError> {
        let inner = &self.downloads.0;
        match inner.store.holder(self.asker, inner.clock.now()).await? {
            Some(holder) => Ok(Some(self.downloads.of(&holder).await?)),
            None => Ok(None),
        }
    }

    /// What was told, with how far packages are now; `None` when one is not being made any more.
    fn moved(&self) -> Option<Vec<ShownDownload>> {
        let mut now = self.told.clone()?;
        for one in &mut now {
            if let DownloadState::Preparing(preparing) = &mut one.state {
                *preparing = self.downloads.0.live.get(one.key)?.preparing();
            }
        }
        Some(now)
    }
}
