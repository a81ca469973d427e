//! The audit trail: who did what to whose results, and when.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::id::{AccountId, PersonId, RecipientId, ShareId};

/// Something that was done, or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What, in dotted lower case: `login`, `password.change`, `order.download`.
    pub action: String,
    /// Of whom, if it touched a person.
    pub person: Option<PersonId>,
    /// To which account, if to one.
    pub account: Option<AccountId>,
    /// What else it touched: an order number, a name of a token. No name of a person.
    pub object: Option<String>,
    /// Whether it was done.
    pub outcome: Outcome,
    /// From where.
    pub address: Option<IpAddr>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Somebody logged in.
    Account(AccountId),
    /// A recipient of a share.
    Recipient {
        /// Of which.
        share: ShareId,
        /// Which of its recipients.
        recipient: RecipientId,
    },
    /// An administrator: the name of a token, or `console`.
    Admin(String),
    /// The program by itself.
    System,
    /// Nobody who is known.
    Anonymous,
}

/// Whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was.
    Done,
    /// It was refused.
    Refused,
    /// It failed.
    Failed,
}

/// An event with its place in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// To go on from here.
    pub place: Place,
    /// The event.
    pub event: Event,
}

/// A place in the trail; later events have higher ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub(crate) i64, pub(crate) u64);

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// A text that is no place in the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place in the audit trail is what an earlier answer called one")]
pub struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (at, number) = text.split_once('.').ok_or(NotAPlace)?;
        let place =
            Self(at.parse().map_err(|_odd| NotAPlace)?, number.parse().map_err(|_odd| NotAPlace)?);
        // One text for one place: no sign, no leading zero.
        if place.to_string() == text { Ok(place) } else { Err(NotAPlace) }
    }
}

/// Which events are asked for.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Only of this person.
    pub person: Option<PersonId>,
    /// Only of this account, as actor or as object.
    pub account: Option<AccountId>,
    /// Only what begins so.
    pub action: Option<String>,
    /// Only behind this place.
    pub after: Option<Place>,
}

/// The audit trail.
#[async_trait]
pub trait Trail {
    /// Records an event that belongs to no other verb.
    async fn record_event(&self, event: Event) -> Result<(), StoreError>;

    /// At most `limit` events, the oldest first.
    async fn events(&self, query: EventQuery, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// Removes at most `limit` events from before a moment, and tells how many.
    async fn remove_events(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;
}
