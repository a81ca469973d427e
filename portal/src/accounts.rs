//! Accounts: who is enrolled, logs in, changes or recovers a password.

mod device;
mod enrolment;
mod language;
mod login;
mod provider;
mod recovery;
mod views;

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use store::{
    Account, AccountId, Actor, AttemptKey, AttemptPolicy, Event, NoRandom, Outcome, Store,
    StoreError, UserName,
};

pub(crate) use device::KNOWN_DAYS;
pub use enrolment::{Enrolled, Enrolment, EnrolmentRefused, NewAccount};
pub use login::{Authenticated, Login, NewPassword};
pub(crate) use provider::Vouched;
pub(crate) use views::Page;

use crate::accounts::views::View;
use crate::clock::Clock;
use crate::messages::Site;
use crate::password::hashing::{Busy, Hasher};
use crate::password::queue::Turn;
use crate::secret::SiteSecret;
use crate::visits::Visits;

/// Why an act of the accounts gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too much at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The operating system.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// How long things last, and how attempts are slowed down.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A session without use.
    pub idle: SignedDuration,
    /// A session at all.
    pub session: SignedDuration,
    /// A one-time code.
    pub code: SignedDuration,
    /// Attempts from one network at one account: who mistypes, or guesses.
    pub guessing: AttemptPolicy,
    /// Attempts at one account from anywhere: a stranger can slow its holder down by this much, and never
    /// lock them out.
    pub account: AttemptPolicy,
    /// Attempts from one network at any account: many people can share it.
    pub network: AttemptPolicy,
    /// Requests for a message to one account or address from one network, or from a browser that logged in before.
    pub messages: AttemptPolicy,
    /// Requests for a message to one account or address from anywhere: more than one network has in days.
    pub messages_anywhere: AttemptPolicy,
    /// New PINs that an account has sent for its shares.
    pub pins: AttemptPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        let policy = |free, first, longest, forget| AttemptPolicy {
            free,
            first: SignedDuration::from_secs(first),
            longest: SignedDuration::from_secs(longest),
            forget: SignedDuration::from_hours(forget),
        };
        Self {
            idle: SignedDuration::from_mins(20),
            session: SignedDuration::from_hours(8),
            code: SignedDuration::from_mins(10),
            guessing: policy(5, 2, 15 * 60, 24),
            account: policy(50, 1, 30, 24),
            network: policy(200, 1, 10, 1),
            messages: policy(2, 60, 12 * 60 * 60, 24),
            messages_anywhere: policy(20, 60, 60 * 60, 24),
            pins: policy(10, 60, 60 * 60, 24),
        }
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin(pub IpAddr);

impl Origin {
    /// For the queue of those who log in.
    pub(crate) fn turn(self) -> Turn {
        Turn(self.network())
    }

    /// What one subscriber has: an IPv4 address, a /64 of IPv6.
    pub(crate) fn network(self) -> Vec<u8> {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
        }
    }
}

/// The accounts over a store.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Arc<dyn Store>,
    hasher: Arc<Hasher>,
    secret: SiteSecret,
    site: Site,
    limits: Limits,
    clock: Clock,
    views: Arc<Visits<View>>,
}

impl Accounts {
    /// Over a store, for a site.
    pub fn new(
        store: Arc<dyn Store>,
        hasher: Arc<Hasher>,
        secret: SiteSecret,
        site: Site,
        limits: Limits,
        clock: Clock,
    ) -> Self {
        Self { store, hasher, secret, site, limits, clock, views: Arc::default() }
    }

    /// The site.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Under what attempts are counted: a hash, so that the store does not hold who was tried from where.
    fn attempt_key(&self, purpose: &str, parts: &[&[u8]]) -> AttemptKey {
        self.secret.hash(purpose, parts)
    }

    fn event(&self, action: &str, actor: Actor, outcome: Outcome, from: Origin) -> Event {
        Event {
            at: self.clock.now(),
            actor,
            action: action.to_owned(),
            person: None,
            account: None,
            object: None,
            outcome,
            address: Some(from.0),
        }
    }

    /// What is known of somebody, for the rules of a password: user name and names of the persons that
    /// the account belongs to.
    async fn about(&self, account: &Account) -> Result<Vec<String>, StoreError> {
        let mut about = vec![account.user_name.as_str().to_owned()];
        for representation in &account.persons {
            if let Some(person) = self.store.person(representation.person).await? {
                about.push(person.name.family.clone());
                about.push(person.name.given.clone());
            }
        }
        Ok(about)
    }

    /// The account with a user name as it was typed; a text that can be none has none.
    async fn account_named(&self, typed: &str) -> Result<Option<Account>, StoreError> {
        match typed.parse::<UserName>() {
            Ok(name) => self.store.account_by_user_name(&name).await,
            Err(_odd) => Ok(None),
        }
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.store.account(id).await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
