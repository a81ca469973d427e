//! Downloads: packages that are prepared, who asked for them, and who may fetch one.
//!
//! A [`Preparation`] is work, shared by whoever asks for the same; a [`Request`] is somebody's asking. What lies
//! in a package is named by its [`PackageKey`]; whether somebody may have it is decided on the Request, never on
//! the key.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::Language;
use crate::along::Along;
use crate::asker::{Asker, Holder};
use crate::error::StoreError;
use crate::id::{ClaimId, OrderId, PackageKey, PersonId, ReportId, RequestId, SecretHash};
use crate::private::Private;

/// How long a preparation that failed or ended is still told to who asked for it.
pub const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A package that is to be made, is being made, or was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// Stands for all that goes in.
    pub key: PackageKey,
    /// Of whose results.
    pub person: PersonId,
    /// Of which order.
    pub order: OrderId,
    /// What of it.
    pub content: PackageContent,
    /// Language of its pages.
    pub language: Language,
    /// The examinations in it.
    pub studies: Vec<PreparedStudy>,
    /// The reports in it that the site handed in.
    pub reports: Vec<ReportId>,
    /// When it was first asked for.
    pub created: Timestamp,
    /// Its place in the queue: the lower the sooner. Each further one of a person stands a turn behind, so
    /// that persons take turns.
    pub turn: u64,
    /// How often it was begun since it was last asked for.
    pub tries: u32,
    /// What is not online is being brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<Recall>,
    /// How far it is.
    pub state: PreparationState,
}

/// What of an order goes into a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageContent {
    /// Images, reports, viewer.
    Everything,
    /// Reports alone.
    Reports,
    /// All but the viewer.
    NoViewer,
}

/// An examination in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedStudy {
    /// Name of the PACS that has it.
    pub pacs: String,
    /// Study Instance UID (0020,000D).
    pub study: Private<String>,
    /// Patient ID under which the PACS has it.
    pub patient_id: Private<String>,
}

/// An examination that is not online was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// When it was first seen that it is not online.
    pub since: Timestamp,
    /// How often it was looked at since.
    pub looks: u32,
}

/// How far a preparation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreparationState {
    /// It waits for its turn, and is not begun before this moment.
    Waiting {
        /// The moment.
        due: Timestamp,
    },
    /// Somebody makes it.
    Claimed {
        /// Who: only this claim can end it.
        by: ClaimId,
        /// From then on it counts as given up, and is begun anew.
        until: Timestamp,
    },
    /// An examination is not online; it is looked at again.
    Recalling {
        /// When.
        next: Timestamp,
    },
    /// The package is there.
    Ready(Package),
    /// It cannot be made.
    Failed {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: FailureReason,
    },
    /// The package is gone, or is not to be had any more.
    Ended {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: EndReason,
    },
}

/// A package that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name, which says nothing of anybody: without `.zip`.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// Expected instances that are not in it; its pages name them.
    pub missing: u64,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// Why a package cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureReason {
    /// The PACS does not deliver, however often it is asked.
    Pacs,
    /// The PACS does not have the examination.
    NotAtPacs,
    /// The PACS will not have it back, or not in time.
    NotOnline,
    /// Nothing of what came can be packaged.
    Data,
    /// There is no room for it.
    Storage,
    /// A fault of the program.
    Fault,
}

/// Why a package is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// Its time was over.
    Expired,
    /// Others needed its place.
    Evicted,
    /// What is in it may not be seen any more, or is not what there is now.
    Withheld,
    /// Its file was gone or damaged.
    Lost,
    /// An administrator ended it.
    Cancelled,
}

impl PreparationState {
    /// When somebody is to turn to it; none when it is over.
    pub fn next(&self) -> Option<Timestamp> {
        match self {
            Self::Waiting { due: next }
            | Self::Claimed { until: next, .. }
            | Self::Recalling { next } => Some(*next),
            Self::Ready(_) | Self::Failed { .. } | Self::Ended { .. } => None,
        }
    }

    /// When it changes by time alone once it is over: a package expires, what else there is goes.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::Ready(package) => Some(package.until),
            Self::Failed { at, .. } | Self::Ended { at, .. } => {
                Some(at.checked_add(KEPT_AFTER_END).unwrap_or(Timestamp::MAX))
            }
            Self::Waiting { .. } | Self::Claimed { .. } | Self::Recalling { .. } => None,
        }
    }

    /// Whether the package is neither there nor given up.
    pub fn is_under_way(&self) -> bool {
        self.next().is_some()
    }
}

/// Somebody asks for a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Never changes; addresses have it.
    pub id: RequestId,
    /// Who.
    pub asker: Asker,
    /// Of whose results.
    pub person: PersonId,
    /// Of which order.
    pub order: OrderId,
    /// What of it.
    pub content: PackageContent,
    /// Language of the pages.
    pub language: Language,
    /// The preparation that makes it.
    pub key: PackageKey,
    /// When.
    pub created: Timestamp,
    /// It came back from where it was not online, and who asked has not looked since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_news: bool,
    /// A recipient of a share wants a message when it is back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub wants_message: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What [`Downloads::ask`] is asked.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Its name, if it is new.
    pub id: RequestId,
    /// Who asks.
    pub asker: Asker,
    /// When.
    pub at: Timestamp,
    /// Requests that somebody may have.
    pub most: usize,
    /// Stands for all that goes in.
    pub key: PackageKey,
    /// Of whose results.
    pub person: PersonId,
    /// Of which order.
    pub order: OrderId,
    /// What of it.
    pub content: PackageContent,
    /// Language of its pages.
    pub language: Language,
    /// The examinations to go in.
    pub studies: Vec<PreparedStudy>,
    /// The reports to go in.
    pub reports: Vec<ReportId>,
}

/// Outcome of [`Downloads::ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The request is there; who asks has one for each order, content and language.
    Done(Box<Request>),
    /// Who asks has as many as they may.
    TooMany,
    /// There is no such account or person, or the share is not open.
    Nobody,
}

/// What a try to make a package came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndOfTry {
    /// The package is there.
    Ready(Package),
    /// It is to be tried again.
    Later {
        /// Not before.
        due: Timestamp,
    },
    /// It was broken off here, and counts as not begun.
    Released {
        /// Not before.
        due: Timestamp,
    },
    /// An examination is not online.
    Recalling {
        /// When to look again.
        next: Timestamp,
        /// Since when, and how often it was looked at.
        recall: Recall,
    },
    /// It cannot be made.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: FailureReason,
    },
    /// It is not to be had any more.
    Ended {
        /// When.
        at: Timestamp,
        /// Why.
        why: EndReason,
    },
}

/// Outcome of [`Downloads::withdraw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// The preparation that nobody asks for any more, and that was not through: it is gone.
    pub ended: Option<PackageKey>,
}

/// What [`Downloads::sweep_downloads`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweptDownloads {
    /// Packages whose time was over.
    pub expired: Vec<PackageKey>,
    /// Records that were removed.
    pub removed: usize,
}

/// Whoever has this secret may fetch the package of a request, logged in or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadGrant {
    /// Hash of what the cookie holds.
    pub secret: SecretHash,
    /// Of which request.
    pub request: RequestId,
    /// Whose.
    pub asker: Asker,
    /// The session that it was given in: logging out ends it, idling does not.
    pub session: SecretHash,
    /// Until when.
    pub until: Timestamp,
}

/// The downloads.
#[async_trait]
pub trait Downloads {
    /// Asks for a package: finds or begins its preparation. What failed or is gone is begun anew, and a request
    /// that who asks has for another state of the order now is for this one.
    async fn ask(&self, new: NewRequest, along: Along) -> Result<Asked, StoreError>;

    /// Removes a request, and its preparation when it was the last one and is not through; `None` when who asks
    /// has no such request.
    async fn withdraw(
        &self,
        asker: Asker,
        id: RequestId,
        along: Along,
    ) -> Result<Option<Withdrawn>, StoreError>;

    /// One request with its preparation.
    async fn request(&self, id: RequestId) -> Result<Option<(Request, Preparation)>, StoreError>;

    /// The requests of somebody with their preparations, the newest first.
    async fn requests_of(&self, asker: Asker) -> Result<Vec<(Request, Preparation)>, StoreError>;

    /// The requests for a package.
    async fn requests_for(&self, key: PackageKey) -> Result<Vec<Request>, StoreError>;

    /// Remembers that somebody has looked at their downloads.
    async fn see_requests(&self, asker: Asker) -> Result<(), StoreError>;

    /// Remembers that a recipient wants a message when what was asked for is back; false when there is no such
    /// request of theirs.
    async fn want_message(
        &self,
        asker: Asker,
        id: RequestId,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// One preparation.
    async fn preparation(&self, key: PackageKey) -> Result<Option<Preparation>, StoreError>;

    /// At most `limit` preparations by key, behind `after`.
    async fn list_preparations(
        &self,
        after: Option<PackageKey>,
        limit: usize,
    ) -> Result<Vec<Preparation>, StoreError>;

    /// The preparations of a person's orders.
    async fn preparations_of_person(
        &self,
        person: PersonId,
    ) -> Result<Vec<Preparation>, StoreError>;

    /// Takes on the preparation whose turn it is, until `until`, for which no PACS is asked that is `full`; one
    /// whose maker never said how it ended is begun anew.
    async fn claim_preparation(
        &self,
        by: ClaimId,
        now: Timestamp,
        until: Timestamp,
        full: Vec<String>,
    ) -> Result<Option<Preparation>, StoreError>;

    /// Makes a claim last longer; false when it is not the claim any more: the work is to be broken off.
    async fn renew_claim(
        &self,
        key: PackageKey,
        by: ClaimId,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Says how a try ended; false, and nothing changed, when it is not the claim any more.
    async fn end_try(
        &self,
        key: PackageKey,
        by: ClaimId,
        ended: EndOfTry,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// Ends a preparation, whoever makes it; false when there is none, or it ended before. Its requests tell of it.
    async fn end_preparation(
        &self,
        key: PackageKey,
        at: Timestamp,
        why: EndReason,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// Makes a preparation that waits, failed or ended due now; false when there is none such.
    async fn retry_preparation(
        &self,
        key: PackageKey,
        now: Timestamp,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// When somebody is to turn to the next preparation.
    async fn next_preparation(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Waits until [`Downloads::next_preparation`] may have another answer than when this was last waited for.
    ///
    /// For one runner: of several that wait, one wakes.
    async fn preparations_changed(&self);

    /// Ends packages whose time is over, and removes grants, and what ended long ago with its requests: at most
    /// `limit` of each.
    async fn sweep_downloads(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<SweptDownloads, StoreError>;

    /// Keeps a grant, in the place of the one that the session has for the request; false when there is no such
    /// request of theirs.
    async fn put_grant(&self, grant: DownloadGrant, along: Along) -> Result<bool, StoreError>;

    /// The grant with this secret and who holds it, if neither is over.
    async fn grant(
        &self,
        secret: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(DownloadGrant, Holder)>, StoreError>;
}
