//! Sessions, one-time codes, and attempts at guessing either or a password.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::{Account, PasswordHash};
use crate::along::Along;
use crate::error::StoreError;
use crate::id::{AccountId, SecretHash};

/// Somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Hash of what the cookie holds.
    pub token: SecretHash,
    /// Who.
    pub account: AccountId,
    /// Since when.
    pub begun: Timestamp,
    /// When it was last used, to [`SEEN_GRAIN`].
    pub seen: Timestamp,
    /// How long it lasts without use.
    pub idle: SignedDuration,
    /// When it ends in any case.
    pub ends: Timestamp,
    /// How somebody logged in.
    #[serde(default, skip_serializing_if = "Through::is_password")]
    pub through: Through,
}

/// How somebody logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Through {
    /// By the account's password.
    #[default]
    Password,
    /// Through the identity provider.
    Provider,
}

impl Through {
    /// A record of a login by password says nothing of it, as all did before there was another way.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_password(&self) -> bool {
        *self == Self::Password
    }
}

/// How exactly a session knows when it was last used: a page costs no write before that.
pub const SEEN_GRAIN: SignedDuration = SignedDuration::from_secs(30);

/// How long a session that is over is still known: what was opened in it can go on for a day, and who logs out late
/// ends that.
pub(crate) const KNOWN_WHEN_OVER: SignedDuration = SignedDuration::from_hours(24);

impl Session {
    /// Whether it is over at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.ends || now.duration_since(self.seen) > self.idle
    }
}

/// A code that is sent to somebody, to be typed in once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeCode {
    /// Whose.
    pub account: AccountId,
    /// What for: an account has one code for each purpose at most.
    pub purpose: Purpose,
    /// Hash of the code.
    pub hash: SecretHash,
    /// When it is worth nothing any more.
    pub expires: Timestamp,
    /// How many wrong codes of strangers it stands: with none left it is void for them.
    pub tries: u32,
}

/// Who tries a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriedBy {
    /// Anybody: a wrong code is one of the few that the code stands.
    Stranger,
    /// Somebody who is known by more than the name of the account, and whose attempts are counted by that: strangers
    /// cannot use up their code.
    Known,
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Purpose {
    /// To set a new password.
    PasswordRecovery = 1,
}

/// Outcome of [`Sessions::spend_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It was right, and is used up.
    Right,
    /// It was wrong; so many tries are left to strangers.
    Wrong {
        /// How many.
        tries: u32,
    },
    /// There is no code to spend.
    NoCode,
}

/// By what somebody may begin a session: what was looked at before must still be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// What was typed fits this, which is the account's password.
    Password(PasswordHash),
    /// The identity provider vouches for them.
    Provider,
    /// They have this session of the account.
    Session(SecretHash),
}

/// Outcome of [`Sessions::begin_session`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is there.
    Done,
    /// The account was disabled or erased meanwhile, or the proof is void.
    NoAccount,
}

/// What attempts are counted by: a hash of an account's name and an address, say.
pub type AttemptKey = SecretHash;

/// How attempts are slowed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptPolicy {
    /// Attempts without delay.
    pub free: u32,
    /// Delay after the first attempt beyond; each further one doubles it.
    pub first: SignedDuration,
    /// The longest delay.
    pub longest: SignedDuration,
    /// So long after the last attempt all are forgotten.
    pub forget: SignedDuration,
}

/// How far ahead of now something may have been counted: of attempts made side by side, one that looked at the clock
/// before another can be counted behind it. What was counted further ahead was so before the clock was set back.
pub(crate) const COUNTED_AHEAD: SignedDuration = SignedDuration::from_mins(1);

impl AttemptPolicy {
    /// Whether attempts that are `forgotten` then count at `now`; those of a clock that was ahead hold nobody up.
    pub(crate) fn counts(&self, forgotten: Timestamp, now: Timestamp) -> bool {
        let longest = self.forget.saturating_add(COUNTED_AHEAD);
        now < forgotten && forgotten.duration_since(now) <= longest
    }

    /// How long after `attempts` the next one may come.
    pub fn delay_after(&self, attempts: u32) -> SignedDuration {
        let Some(beyond) = attempts.checked_sub(self.free.saturating_add(1)) else {
            return SignedDuration::ZERO;
        };
        let doubled = 1_i32.checked_shl(beyond).filter(|factor| *factor > 0);
        doubled
            .and_then(|factor| self.first.checked_mul(factor))
            .map_or(self.longest, |delay| delay.min(self.longest))
    }
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Now; it counts as failed until it is said to have succeeded.
    Admitted,
    /// Not before this moment; it was not counted.
    Wait {
        /// When.
        until: Timestamp,
    },
}

/// Sessions, one-time codes and attempts.
#[async_trait]
pub trait Sessions {
    /// Begins a session of an account that can log in, in the place of `replaces`, which ends with the downloads that
    /// were opened in it.
    ///
    /// Refused where the password of the proof is another one by now, or its session is over.
    async fn begin_session(
        &self,
        session: Session,
        proof: Proof,
        replaces: Option<SecretHash>,
        along: Along,
    ) -> Result<Begun, StoreError>;

    /// The session with this token and its account, and notes that it was used.
    ///
    /// None when it is over, or the account can log in no more.
    async fn resume_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(Session, Account)>, StoreError>;

    /// The same, without noting that it was used: for what a page asks by itself.
    async fn glance_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(Session, Account)>, StoreError>;

    /// The session with this token, also when it is over and not yet removed.
    async fn session(&self, token: SecretHash) -> Result<Option<Session>, StoreError>;

    /// The sessions of an account, those that are over and not yet removed included.
    async fn sessions_of_account(&self, account: AccountId) -> Result<Vec<Session>, StoreError>;

    /// Ends a session, and the downloads that were opened in it, also when it is over; false when there was none.
    async fn end_session(&self, token: SecretHash, along: Along) -> Result<bool, StoreError>;

    /// Ends an account's sessions but `keep`, with the downloads that were opened in them, and tells how many, those
    /// that were over included.
    async fn end_sessions(
        &self,
        account: AccountId,
        keep: Option<SecretHash>,
        along: Along,
    ) -> Result<usize, StoreError>;

    /// Keeps a code in the place of an earlier one for the same purpose.
    async fn put_code(&self, code: OneTimeCode, along: Along) -> Result<(), StoreError>;

    /// Tries a code, once.
    async fn spend_code(
        &self,
        account: AccountId,
        purpose: Purpose,
        hash: SecretHash,
        by: TriedBy,
        now: Timestamp,
    ) -> Result<Spent, StoreError>;

    /// Admits an attempt when no key has to wait, and then counts it on each: attempts made side by
    /// side cannot pass each other. Those that were counted before the clock was set back, by more than a minute,
    /// count no more.
    async fn admit_attempt(
        &self,
        keys: Vec<(AttemptKey, AttemptPolicy)>,
        now: Timestamp,
    ) -> Result<Admission, StoreError>;

    /// Forgets the attempts of these keys: the last one succeeded.
    async fn attempt_succeeded(&self, keys: Vec<AttemptKey>) -> Result<(), StoreError>;

    /// Removes at most `limit` each of codes and attempts that are over, and of sessions that have been so for a day,
    /// and tells how many.
    async fn remove_expired(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let policy = AttemptPolicy {
            free: 3,
            first: SignedDuration::from_secs(1),
            longest: SignedDuration::from_mins(15),
            forget: SignedDuration::from_hours(24),
        };
        let seconds =
            [0, 3, 4, 5, 6, 13, 14, 40, u32::MAX].map(|n| policy.delay_after(n).as_secs());
        assert_eq!(seconds, [0, 0, 1, 2, 4, 512, 900, 900, 900]);
    }
}
