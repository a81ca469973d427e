//! What somebody is shown of their downloads.

use std::collections::HashMap;

use jiff::Timestamp;
use store::{
    FailureReason, Holder, OrderId, PackageContent, PackageKey, PersonId, Preparation,
    PreparationState, Request, RequestId,
};

use crate::downloads::contents::may_be_had;
use crate::downloads::{Downloads, DownloadsError, Preparing};
use crate::results::ShownOrder;

/// A download as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownDownload {
    /// For links and forms.
    pub id: RequestId,
    /// Whose order it is.
    pub person: PersonId,
    /// Which.
    pub order: OrderId,
    /// Descrizione of the order; none when it may not be seen any more.
    pub description: Option<String>,
    /// What of it.
    pub content: PackageContent,
    /// When it was asked for.
    pub created: Timestamp,
    /// It came back after a recall, and who asked has not looked since.
    pub is_news: bool,
    /// How far it is.
    pub state: DownloadState,
    pub(crate) key: PackageKey,
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadState {
    /// It waits for its turn, or to be tried again.
    Waiting,
    /// It is being made, and can be fetched meanwhile.
    Preparing(Preparing),
    /// An examination of it is not online and was asked for (S-090).
    Recalling {
        /// Since when.
        since: Timestamp,
        /// When it is looked at again.
        next: Timestamp,
    },
    /// It can be fetched (S-082): Esito disponibile.
    Ready {
        /// Its length.
        bytes: u64,
        /// Instances that are missing in it; its pages name them.
        missing: u64,
        /// Until when it is kept.
        until: Timestamp,
    },
    /// It cannot be made now; it can be asked for again.
    Failed(FailureReason),
    /// It was there, and is not any more; it can be asked for again.
    Gone,
    /// It is not to be had: Esito non disponibile (S-085). Why is not told.
    Unavailable,
}

impl DownloadState {
    /// Whether it can be asked for again.
    pub fn can_be_asked_again(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Gone)
    }

    /// Whether it can be fetched, or will be without anybody doing anything.
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Waiting | Self::Preparing(_) | Self::Recalling { .. })
    }
}

impl Downloads {
    /// The downloads of somebody, the newest first; those of persons that they do not represent any more left out.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub async fn of(&self, holder: &Holder) -> Result<Vec<ShownDownload>, DownloadsError> {
        let found = self.0.store.requests_of(holder.asker()).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let orders = self.0.results.shown_to(holder).await?;
        let orders: HashMap<OrderId, &ShownOrder> =
            orders.iter().map(|order| (order.id, order)).collect();
        let persons: Vec<PersonId> = self.0.results.represented(holder.account()).collect();
        let shown = found
            .into_iter()
            .filter(|(request, _)| persons.contains(&request.person))
            .map(|(request, made)| self.shown(&request, &made, orders.get(&request.order).copied()))
            .collect();
        Ok(shown)
    }

    fn shown(
        &self,
        request: &Request,
        made: &Preparation,
        order: Option<&ShownOrder>,
    ) -> ShownDownload {
        let state = match order {
            None => DownloadState::Unavailable,
            // There is something of the order, but not this: it has changed since.
            Some(order) if !may_be_had(made, order) => DownloadState::Gone,
            Some(_) => self.state(made),
        };
        ShownDownload {
            id: request.id,
            person: request.person,
            order: request.order,
            description: order.and_then(|order| order.description.clone()),
            content: request.content,
            created: request.created,
            is_news: request.is_news && matches!(state, DownloadState::Ready { .. }),
            state,
            key: made.key,
        }
    }

    fn state(&self, made: &Preparation) -> DownloadState {
        match &made.state {
            PreparationState::Waiting { .. } => DownloadState::Waiting,
            PreparationState::Claimed { .. } => match (self.0.live.get(made.key), made.recall) {
                (Some(live), _) if live.is_packing() => DownloadState::Preparing(live.preparing()),
                // It is only being looked at.
                (_, Some(recall)) => {
                    DownloadState::Recalling { since: recall.since, next: self.0.clock.now() }
                }
                (live, None) => {
                    DownloadState::Preparing(live.map(|live| live.preparing()).unwrap_or_default())
                }
            },
            PreparationState::Recalling { next } => {
                let since = made.recall.map_or(made.created, |recall| recall.since);
                DownloadState::Recalling { since, next: *next }
            }
            PreparationState::Ready(package) => DownloadState::Ready {
                bytes: package.bytes,
                missing: package.missing,
                until: package.until,
            },
            PreparationState::Failed { reason, .. } => DownloadState::Failed(*reason),
            PreparationState::Ended { .. } => DownloadState::Gone,
        }
    }
}
