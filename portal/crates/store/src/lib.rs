//! What the portal remembers.
//!
//! Stores are spoken of in the domain's verbs ([`Accounts`], [`Sessions`], [`Persons`], [`Outbox`],
//! [`Trail`], [`Orders`], [`Reports`], [`SeenOrders`], [`Downloads`], [`Shares`]), each of which is atomic and durable:
//! when it answers, what it did survives a loss of power. [`Halting`] tells when nothing can be done any more.
//! [`Along`] commits messages and audit events together with a verb. [`SledStore`] is the embedded
//! implementation; another one has to pass the same contract (`tests/contract`).
//!
//! **Invariant:** nothing outside `sled` knows how a record lies on disk.
//! **Invariant:** no value of a person is in an error or in the `Debug` of a record.

mod account;
mod along;
mod asker;
mod download;
mod error;
mod event;
mod id;
mod message;
mod order;
mod person;
mod private;
mod report;
mod seen;
mod session;
mod share;
mod sled;

pub use account::{
    Account, AccountState, Accounts, Changed, Created, Language, NotAUserName, PasswordChange,
    PasswordHash, Representation, Role, Subject, UserName,
};
pub use along::Along;
pub use asker::{Asker, Holder};
pub use download::{
    Asked, DownloadGrant, Downloads, EndOfTry, EndReason, FailureReason, KEPT_AFTER_END,
    NewRequest, Package, PackageContent, Preparation, PreparationState, PreparedStudy, Recall,
    Request, SweptDownloads, Withdrawn,
};
pub use error::{Halting, StoreError};
pub use event::{Actor, Event, EventQuery, NotAPlace, Outcome, Place, Recorded, Trail};
pub use id::{
    AccountId, ClaimId, MessageId, NoRandom, NotAnId, OrderId, PackageKey, PersonId, RecipientId,
    ReportId, RequestId, SecretHash, ShareId,
};
pub use message::{Content, Message, MessageState, MessageWay, Outbox, Recipient, Sending};
pub use order::{
    Claim, Decided, Decision, Examination, ExaminationStatus, Kind, ListedReport, Moment,
    NewDecision, Order, OrderKey, Orders, PacsAnswer, PersonResults, Refresh, Ruling, Scope,
};
pub use person::{Added, Consent, Erased, IssuedId, Name, Person, Persons, Replaced, Sex};
pub use private::Private;
pub use report::{
    EndOfReport, Ended, Imported, NewReport, Report, ReportAbout, ReportEnd, ReportStatus, Reports,
};
pub use seen::{SeenOrder, SeenOrders};
pub use session::{
    Admission, AttemptKey, AttemptPolicy, Begun, OneTimeCode, Proof, Purpose, SEEN_GRAIN, Session,
    Sessions, Spent, Through, TriedBy,
};
pub use share::{
    Access, Accessed, BegunGuess, EndOfShare, EndedShare, GuessBegun, GuessPolicy, Guesses,
    NewLimits, OpenShare, RenewedPin, Share, ShareRecipient, ShareSession, ShareState, Shared,
    Shares, SweptShares, Unlock, Unlocked,
};
pub use sled::{BackupReport, SledStore, compact, restore};

/// All of it.
pub trait Store:
    Accounts
    + Sessions
    + Persons
    + Outbox
    + Trail
    + Orders
    + Reports
    + SeenOrders
    + Downloads
    + Shares
    + Halting
    + std::fmt::Debug
    + Send
    + Sync
{
}

impl<S> Store for S where
    S: Accounts
        + Sessions
        + Persons
        + Outbox
        + Trail
        + Orders
        + Reports
        + SeenOrders
        + Downloads
        + Shares
        + Halting
        + std::fmt::Debug
        + Send
        + Sync
{
}
