//! What a store does with shares.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::account::PasswordHash;
use crate::along::Along;
use crate::asker::{Asker, Holder};
use crate::error::StoreError;
use crate::id::{AccountId, PackageKey, PersonId, RecipientId, SecretHash, ShareId};
use crate::message::Message;
use crate::share::{Accessed, EndOfShare, GuessPolicy, OpenShare, Share, ShareSession};

/// How many shares an account may make.
#[derive(Debug, Clone, Copy)]
pub struct NewLimits {
    /// Those made since then count.
    pub since: Timestamp,
    /// Shares.
    pub shares: usize,
    /// Recipients of them together.
    pub recipients: usize,
}

/// Outcome of [`Shares::share_order`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// It is shared, and its messages are on their way.
    Done,
    /// The account has made as many shares as it may.
    TooManyShares,
    /// They would have more recipients than they may have.
    TooManyRecipients,
    /// There is no such account or person.
    Nobody,
}

/// Outcome of [`Shares::begin_guess`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuessBegun {
    /// It is counted as wrong, and may be looked at.
    Admitted(Box<BegunGuess>),
    /// Not before this moment; it was not counted.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// There were too many wrong ones.
    Frozen(Box<Share>),
    /// The link leads to nothing that is open.
    Nothing,
}

/// A guess that is being looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunGuess {
    /// The share, this guess counted.
    pub share: Share,
    /// Whose link it is.
    pub recipient: RecipientId,
    /// When it was counted.
    pub at: Timestamp,
}

/// What [`Shares::unlock_share`] is to do.
#[derive(Debug, Clone)]
pub struct Unlock {
    /// When the guess was counted that was right.
    pub guess: Timestamp,
    /// The PIN that it was compared with: another one since then makes it wrong.
    pub pin: PasswordHash,
    /// The session to begin; it names share and recipient.
    pub session: ShareSession,
    /// Goes to who shares when the recipient comes for the first time.
    pub first: Vec<Message>,
}

/// Outcome of [`Shares::unlock_share`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlocked {
    /// The session has begun.
    Done,
    /// The share was frozen meanwhile.
    Frozen,
    /// The share is over, or has another PIN.
    Gone,
}

/// What [`Shares::renew_pin`] is to do.
#[derive(Debug, Clone)]
pub struct RenewedPin {
    /// The new PIN.
    pub pin: PasswordHash,
    /// The messages that tell it.
    pub messages: Vec<Message>,
    /// When.
    pub at: Timestamp,
}

/// A share that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedShare {
    /// The share.
    pub share: Share,
    /// What was being prepared for its recipients alone: it is gone.
    pub ended: Vec<PackageKey>,
}

/// What [`Shares::sweep_shares`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweptShares {
    /// Those whose time was over.
    pub expired: Vec<EndedShare>,
    /// Those that were removed, with all that was kept of them.
    pub purged: Vec<Share>,
    /// Sessions that were over.
    pub sessions: usize,
}

/// The shares.
#[async_trait]
pub trait Shares {
    /// Shares an order: the share and the messages that tell of it, or neither.
    async fn share_order(
        &self,
        share: Share,
        limits: NewLimits,
        along: Along,
    ) -> Result<Shared, StoreError>;

    /// One share.
    async fn share(&self, id: ShareId) -> Result<Option<Share>, StoreError>;

    /// The shares of an account, the newest first; those that are over too, as long as they are kept.
    async fn shares_of_account(&self, account: AccountId) -> Result<Vec<Share>, StoreError>;

    /// The shares of a person's orders.
    async fn shares_of_person(&self, person: PersonId) -> Result<Vec<Share>, StoreError>;

    /// At most `limit` shares by identifier, behind `after`.
    async fn list_shares(
        &self,
        after: Option<ShareId>,
        limit: usize,
    ) -> Result<Vec<Share>, StoreError>;

    /// Counts a guess at the PIN of the share to which a link leads, and lets it be looked at when none has to wait:
    /// guesses made side by side cannot pass each other.
    async fn begin_guess(
        &self,
        token: SecretHash,
        now: Timestamp,
        policy: GuessPolicy,
    ) -> Result<GuessBegun, StoreError>;

    /// Takes a guess that was right out of the count, ends the pauses, and begins a session.
    async fn unlock_share(&self, unlock: Unlock, along: Along) -> Result<Unlocked, StoreError>;

    /// Freezes a share whose guesses are spent; false, and nothing changed, when it is not open or has guesses left.
    async fn freeze_share(
        &self,
        id: ShareId,
        now: Timestamp,
        policy: GuessPolicy,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// Makes a share of an account last until another moment; `None` when the account has no such share that is not
    /// over.
    async fn extend_share(
        &self,
        account: AccountId,
        id: ShareId,
        until: Timestamp,
        now: Timestamp,
        along: Along,
    ) -> Result<Option<Share>, StoreError>;

    /// Gives a share of an account another PIN: whoever came in with the old one has to come in again, and wrong
    /// guesses are forgotten. `None` when the account has no such share that is not over.
    async fn renew_pin(
        &self,
        account: AccountId,
        id: ShareId,
        renewed: RenewedPin,
        along: Along,
    ) -> Result<Option<Share>, StoreError>;

    /// Lets a frozen share of an account be opened again; `None` when the account has no such share.
    async fn rearm_share(
        &self,
        account: AccountId,
        id: ShareId,
        now: Timestamp,
        along: Along,
    ) -> Result<Option<Share>, StoreError>;

    /// Ends a share: its sessions and downloads end with it, and what was not sent yet is not sent. `None` when
    /// there is no such share that is not over, or, with `account`, not of this account.
    async fn end_share(
        &self,
        account: Option<AccountId>,
        id: ShareId,
        now: Timestamp,
        why: EndOfShare,
        along: Along,
    ) -> Result<Option<EndedShare>, StoreError>;

    /// Notes what a recipient did; false when there is no such recipient of a share that is open.
    async fn note_access(
        &self,
        share: ShareId,
        recipient: RecipientId,
        what: Accessed,
        now: Timestamp,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// The session with this token and what it opens, and notes that it was used; `None` when either is over.
    async fn resume_share_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(ShareSession, OpenShare)>, StoreError>;

    /// The same, without noting that it was used: for what a page asks by itself.
    async fn glance_share_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(ShareSession, OpenShare)>, StoreError>;

    /// Who asks, as they are now: `None` when the account can log in no more, or the share is not open.
    async fn holder(&self, asker: Asker, now: Timestamp) -> Result<Option<Holder>, StoreError>;

    /// The messages of a share that are still kept.
    async fn messages_of_share(&self, id: ShareId) -> Result<Vec<Message>, StoreError>;

    /// Ends shares whose time is over, and removes those that ended before a moment, and sessions that are over: at
    /// most `limit` of each.
    async fn sweep_shares(
        &self,
        now: Timestamp,
        before: Timestamp,
        limit: usize,
    ) -> Result<SweptShares, StoreError>;
}
