//! Shares: an order that an account lets others see, who come with a link and a PIN.
//!
//! A link's token and the PIN lie here as hashes only. Every guess of a PIN is counted before it is looked at, so
//! that guesses made side by side are never more than the policy allows.

mod verbs;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use verbs::{
    BegunGuess, EndedShare, GuessBegun, NewLimits, RenewedPin, Shared, Shares, SweptShares, Unlock,
    Unlocked,
};

use crate::account::{Account, Language, PasswordHash};
use crate::asker::Asker;
use crate::id::{AccountId, MessageId, OrderId, PersonId, RecipientId, SecretHash, ShareId};
use crate::private::Private;
use crate::session::COUNTED_AHEAD;

/// An order that is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Never changes; addresses have it.
    pub id: ShareId,
    /// Of whose results.
    pub person: PersonId,
    /// Which order.
    pub order: OrderId,
    /// Who shares it.
    pub account: AccountId,
    /// Since when.
    pub created: Timestamp,
    /// From then on nobody sees it any more.
    pub until: Timestamp,
    /// Language of its messages.
    pub language: Language,
    /// What who shares writes to the recipients.
    pub message: Option<Private<String>>,
    /// The PIN of all its recipients: a PHC string of Argon2id.
    pub pin: PasswordHash,
    /// With whom: never empty.
    pub recipients: Vec<ShareRecipient>,
    /// What tells its links and its PIN: it goes unsent when that is worth nothing any more.
    pub messages: Vec<MessageId>,
    /// The wrong PINs.
    pub guesses: Guesses,
    /// Whether it can be opened, as far as it is not by time.
    pub state: ShareState,
}

/// Somebody with whom an order is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRecipient {
    /// Never changes.
    pub id: RecipientId,
    /// E-mail address.
    pub email: Private<String>,
    /// Hash of what the link holds, of 160 bits and more.
    pub token: SecretHash,
    /// The message that brings the link.
    pub letter: MessageId,
    /// What this recipient did, one for each kind.
    pub accesses: Vec<Access>,
}

/// What a recipient did, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// What.
    pub what: Accessed,
    /// How often.
    pub times: u32,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
}

/// What a recipient can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accessed {
    /// Came in with the PIN.
    Unlocked,
    /// Opened a report.
    Report,
    /// Looked at images.
    Images,
    /// Fetched a package.
    Package,
}

/// Wrong PINs since a share was made, armed again or got another PIN; those that are being looked at count as wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Guesses {
    /// When each was made, the oldest first.
    pub counted: Vec<Timestamp>,
    /// Pauses that followed each other: each is longer than the one before.
    pub pauses: u32,
    /// No further one before.
    pub next: Option<Timestamp>,
}

/// How guesses are slowed down and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessPolicy {
    /// Guesses in a window without a pause.
    pub free: usize,
    /// The window.
    pub window: SignedDuration,
    /// The first pause; each further one is twice as long.
    pub first: SignedDuration,
    /// The longest pause.
    pub longest: SignedDuration,
    /// Guesses in the life of a share: none more.
    pub life: usize,
}

impl Default for GuessPolicy {
    fn default() -> Self {
        Self {
            free: 5,
            window: SignedDuration::from_mins(15),
            first: SignedDuration::from_mins(1),
            longest: SignedDuration::from_hours(1),
            life: 20,
        }
    }
}

impl GuessPolicy {
    /// Counts a guess; the next one may come at once, or after a pause.
    pub(crate) fn count(&self, guesses: &mut Guesses, now: Timestamp) {
        guesses.counted.push(now);
        if self.left(guesses, now) > 0 {
            return;
        }
        let factor = 1_i32.checked_shl(guesses.pauses).filter(|factor| *factor > 0);
        let pause = factor.and_then(|factor| self.first.checked_mul(factor));
        let pause = pause.map_or(self.longest, |pause| pause.min(self.longest));
        guesses.pauses = guesses.pauses.saturating_add(1);
        guesses.next = Some(now.checked_add(pause).unwrap_or(Timestamp::MAX));
    }

    /// Guesses that may follow without a pause.
    pub fn left(&self, guesses: &Guesses, now: Timestamp) -> usize {
        if guesses.pauses > 0 {
            return 0;
        }
        // What was counted before the clock was set back is none of late.
        let is_recent = |at: Timestamp| {
            now.duration_since(at) < self.window && at.duration_since(now) <= COUNTED_AHEAD
        };
        let recent = guesses.counted.iter().filter(|at| is_recent(**at)).count();
        let in_life = self.life.saturating_sub(guesses.counted.len());
        self.free.saturating_sub(recent).min(in_life)
    }

    /// Until when the next guess has to wait; for no pause that began before the clock was set back.
    pub fn pause(&self, guesses: &Guesses, now: Timestamp) -> Option<Timestamp> {
        let longest = self.longest.saturating_add(COUNTED_AHEAD);
        guesses.next.filter(|next| now < *next && next.duration_since(now) <= longest)
    }

    /// Whether no further guess is ever looked at.
    pub fn is_spent(&self, guesses: &Guesses) -> bool {
        guesses.counted.len() >= self.life
    }
}

/// Whether a share can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShareState {
    /// It can.
    Active,
    /// There were too many wrong PINs; who shares can arm it again.
    Frozen {
        /// Since when.
        at: Timestamp,
    },
    /// It is over.
    Ended {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: EndOfShare,
    },
}

/// Why a share is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndOfShare {
    /// Its time was over.
    Expired,
    /// Who shared it ended it.
    Revoked,
    /// The site ended it.
    Site,
    /// What was shared may not be seen any more.
    Withheld,
}

impl Share {
    /// Whether it is over at `now`, told or not.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until || matches!(self.state, ShareState::Ended { .. })
    }

    /// Whether its recipients see the order at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.until && self.state == ShareState::Active
    }

    /// One of its recipients.
    pub fn recipient(&self, id: RecipientId) -> Option<&ShareRecipient> {
        self.recipients.iter().find(|recipient| recipient.id == id)
    }
}

impl ShareRecipient {
    /// Notes what was done; tells whether it is the first of its kind.
    pub(crate) fn note(&mut self, what: Accessed, now: Timestamp) -> bool {
        if let Some(access) = self.accesses.iter_mut().find(|access| access.what == what) {
            access.times = access.times.saturating_add(1);
            access.last = access.last.max(now);
            return false;
        }
        self.accesses.push(Access { what, times: 1, first: now, last: now });
        true
    }
}

/// A recipient of a share that is open, by the right of an account that can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenShare {
    /// The share.
    pub share: Share,
    /// Which of its recipients.
    pub recipient: RecipientId,
    /// Who shares.
    pub account: Account,
}

impl OpenShare {
    /// Who asks.
    pub fn asker(&self) -> Asker {
        Asker::Recipient { share: self.share.id, recipient: self.recipient }
    }
}

/// A recipient has come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareSession {
    /// Hash of what the cookie holds.
    pub token: SecretHash,
    /// Of which share.
    pub share: ShareId,
    /// Which recipient.
    pub recipient: RecipientId,
    /// Since when.
    pub begun: Timestamp,
    /// When it was last used, to [`crate::SEEN_GRAIN`].
    pub seen: Timestamp,
    /// How long it lasts without use.
    pub idle: SignedDuration,
    /// When it ends in any case.
    pub ends: Timestamp,
}

impl ShareSession {
    /// Whether it is over at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.ends || now.duration_since(self.seen) > self.idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    #[test]
    fn five_are_free_then_pauses_double_until_none_is_left() {
        let policy = GuessPolicy::default();
        let mut guesses = Guesses::default();
        let (mut now, mut pauses, mut left) = (0, Vec::new(), Vec::new());
        while !policy.is_spent(&guesses) {
            policy.count(&mut guesses, at(now));
            left.push(policy.left(&guesses, at(now)));
            let next = guesses.next.map_or(now, |next| next.duration_since(at(0)).as_secs());
            pauses.push((next - now) / 60);
            now = next;
        }
        assert_eq!(left, [[4, 3, 2, 1].as_slice(), &[0; 16]].concat());
        let hours = [60; 10];
        assert_eq!(pauses, [[0, 0, 0, 0, 1, 2, 4, 8, 16, 32].as_slice(), &hours].concat());
    }

    #[test]
    fn slow_guesses_wait_for_nothing_and_are_as_few() {
        let policy = GuessPolicy::default();
        let mut guesses = Guesses::default();
        for number in 0..20 {
            policy.count(&mut guesses, at(number * 225));
            assert_eq!(policy.is_spent(&guesses), number == 19);
            assert!(guesses.next.is_none() || number == 19, "{number}");
        }
    }

    #[test]
    fn guesses_of_a_clock_that_was_ahead_are_none_of_late() {
        let policy = GuessPolicy::default();
        let guesses = Guesses { counted: vec![at(7200); 4], ..Guesses::default() };
        assert_eq!(policy.left(&guesses, at(7140)), 1);
        assert_eq!(policy.left(&guesses, at(0)), 5);
    }
}
