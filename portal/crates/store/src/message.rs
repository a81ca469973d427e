//! The outbox: messages that will be sent, and what became of them.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{AccountId, MessageId};
use crate::private::Private;

/// A message to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Names it, also to its receiver (RFC 5322 §3.6.4).
    pub id: MessageId,
    /// What it is about, without content: `credentials`, `share`.
    pub topic: String,
    /// Whose account it belongs to: it goes when that is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// To whom and by which way.
    pub to: Recipient,
    /// Content; none when it was sent and not to be kept.
    pub content: Option<Private<Content>>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is of no use to its receiver any more; none for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// How many times it was tried.
    pub tries: u32,
    /// What became of it.
    pub state: MessageState,
}

/// By which way a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipient {
    /// E-mail address.
    Email(Private<String>),
    /// Telephone number.
    Sms(Private<String>),
}

/// The ways by which messages go: each has a queue of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageWay {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

impl MessageWay {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];
}

impl Recipient {
    /// By which way it goes.
    pub fn way(&self) -> MessageWay {
        match self {
            Self::Email(_) => MessageWay::Email,
            Self::Sms(_) => MessageWay::Sms,
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Content {
    /// Subject of an e-mail.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML of an e-mail.
    pub html: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// It waits.
    Due(Timestamp),
    /// Somebody is sending it; from this moment on it is due again.
    Claimed(Timestamp),
    /// It was handed over.
    Sent(Timestamp),
    /// It was given up.
    Failed {
        /// When.
        at: Timestamp,
        /// Why, without patient data.
        reason: String,
    },
}

impl Message {
    /// When it is to be tried next.
    pub fn due(&self) -> Option<Timestamp> {
        match self.state {
            MessageState::Due(at) | MessageState::Claimed(at) => Some(at),
            MessageState::Sent(_) | MessageState::Failed { .. } => None,
        }
    }
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// It was handed over.
    Sent {
        /// When.
        at: Timestamp,
        /// Whether the content stays readable, for a demonstration.
        keep_content: bool,
    },
    /// It is to be tried again.
    Again {
        /// When.
        at: Timestamp,
    },
    /// It is given up; its content goes.
    GivenUp {
        /// When.
        at: Timestamp,
        /// Why, without patient data.
        reason: String,
    },
}

/// The outbox.
#[async_trait]
pub trait Outbox {
    /// Adds a message that belongs to no other verb.
    async fn put_message(&self, message: Message, along: Along) -> Result<(), StoreError>;

    /// Claims at most `limit` messages by one way that are due, the longest due first, for as long as `lease`.
    ///
    /// One whose sender never says how it ended is due again then: it is sent at least once.
    async fn claim_messages(
        &self,
        way: MessageWay,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// Says how a try ended; false when the message was claimed anew meanwhile, and nothing changed.
    async fn end_sending(
        &self,
        claimed: &Message,
        ended: Sending,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// Makes a message that waits for its next try due at a moment; false when no such message waits: one
    /// that was given up has no content any more.
    async fn retry_message(
        &self,
        id: MessageId,
        due: Timestamp,
        along: Along,
    ) -> Result<bool, StoreError>;

    /// When the next message is due, by one way or by any.
    async fn next_due(&self, way: Option<MessageWay>) -> Result<Option<Timestamp>, StoreError>;

    /// Waits until [`Outbox::next_due`] may have another answer than when this was last waited for.
    ///
    /// For one sender: of several that wait, one wakes.
    async fn due_changed(&self);

    /// At most `limit` messages, the newest first.
    async fn list_messages(&self, limit: usize) -> Result<Vec<Message>, StoreError>;

    /// At most `limit` messages of an account.
    async fn messages_of_account(
        &self,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// Removes at most `limit` messages that were ended before a moment, and tells how many.
    async fn remove_messages(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;
}
