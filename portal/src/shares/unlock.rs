//! The PIN of a share: counted, looked at, and what comes of it.

use jiff::Timestamp;
use store::{
    Accessed, Account, Actor, Admission, Along, BegunGuess, GuessBegun, Holder, OpenShare, Outcome,
    Person, Share, ShareId, ShareSession, ShareState, Unlock, Unlocked,
};

use crate::accounts::Origin;
use crate::downloads::actor;
use crate::results::OpenedOrder;
use crate::secret::Token;
use crate::shares::{Pin, Shares, SharesError, Told};

/// Outcome of [`Shares::unlock`].
#[derive(Debug)]
pub enum Entered {
    /// The recipient is in.
    Done {
        /// For the cookie.
        token: Token,
        /// What is open.
        share: ShareId,
    },
    /// The PIN is wrong.
    Wrong {
        /// Tries that are left before the next pause.
        left: usize,
        /// When the next one may come, if not at once.
        until: Option<Timestamp>,
    },
    /// Too many tries: not before this moment.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// There were too many wrong PINs: who shares has been told.
    Frozen,
    /// The link leads to nothing: unknown, expired and revoked are one.
    Nothing,
}

impl Shares {
    /// Opens what a link leads to, with a PIN.
    ///
    /// Each call that is not told to wait costs one Argon2, wherever the link leads.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn unlock(
        &self,
        link: &str,
        pin: &Pin,
        from: Origin,
    ) -> Result<Entered, SharesError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let network = inner.secret.hash("share network", &[&from.network()]);
        let counted = vec![(network, inner.limits.network)];
        if let Admission::Wait { until } = inner.store.admit_attempt(counted, now).await? {
            return Ok(Entered::Wait { until });
        }
        let begun = match Token::parse(link) {
            Some(token) => inner.store.begin_guess(token.hash(), now, inner.policy).await?,
            None => GuessBegun::Nothing,
        };
        if let GuessBegun::Wait { until } = begun {
            return Ok(Entered::Wait { until });
        }
        let known = match &begun {
            GuessBegun::Admitted(begun) => Some(begun.share.pin.clone()),
            _ => None,
        };
        let fits = inner.hasher.verify(pin.peppered(&inner.secret), known, from.turn()).await?;
        match begun {
            GuessBegun::Admitted(begun) if fits => self.let_in(*begun, from).await,
            GuessBegun::Admitted(begun) => self.wrong(*begun, from).await,
            GuessBegun::Frozen(share) => {
                let actor = Actor::Anonymous;
                let mut event = self.event_of("share.unlock", actor, &share, Some(from));
                event.outcome = Outcome::Refused;
                inner.store.record_event(event).await?;
                // Who was to be told of the last wrong one may have been cut short.
                self.freeze(&share).await?;
                Ok(Entered::Frozen)
            }
            GuessBegun::Wait { .. } | GuessBegun::Nothing => {
                let object = "unknown".to_owned();
                let mut event = self.event("share.unlock", Actor::Anonymous, object, Some(from));
                event.outcome = Outcome::Refused;
                inner.store.record_event(event).await?;
                inner.metrics.refused();
                Ok(Entered::Nothing)
            }
        }
    }

    async fn let_in(&self, begun: BegunGuess, from: Origin) -> Result<Entered, SharesError> {
        let inner = &self.0;
        let BegunGuess { share, recipient, at } = begun;
        let token = Token::fresh()?;
        let now = inner.clock.now();
        let ends = now.checked_add(inner.limits.session).unwrap_or(share.until);
        let session = ShareSession {
            token: token.hash(),
            share: share.id,
            recipient,
            begun: now,
            seen: now,
            idle: inner.limits.idle,
            ends: ends.min(share.until),
        };
        let actor = Actor::Recipient { share: share.id, recipient };
        let event = self.event_of("share.unlock", actor, &share, Some(from));
        let told = self.about(&share).await?;
        let first = match (&told, share.recipient(recipient)) {
            (Some((account, person)), Some(one)) => {
                let told = Told { share: &share, person, now };
                inner.letters.first_access(account, told, &one.email)?
            }
            _ => None,
        };
        let first = first.into_iter().collect();
        let unlock = Unlock { guess: at, pin: share.pin.clone(), session, first };
        Ok(match inner.store.unlock_share(unlock, event.into()).await? {
            Unlocked::Done => {
                inner.metrics.accessed(Accessed::Unlocked);
                Entered::Done { token, share: share.id }
            }
            Unlocked::Frozen => Entered::Frozen,
            Unlocked::Gone => Entered::Nothing,
        })
    }

    async fn wrong(&self, begun: BegunGuess, from: Origin) -> Result<Entered, SharesError> {
        let inner = &self.0;
        let share = &begun.share;
        let mut event = self.event_of("share.unlock", Actor::Anonymous, share, Some(from));
        event.outcome = Outcome::Refused;
        inner.store.record_event(event).await?;
        inner.metrics.refused();
        if inner.policy.is_spent(&share.guesses) {
            self.freeze(share).await?;
            // Who came behind may have frozen it first; a right one before may have made room.
            let now = inner.store.share(share.id).await?;
            if now.is_some_and(|share| matches!(share.state, ShareState::Frozen { .. })) {
                return Ok(Entered::Frozen);
            }
        }
        let now = inner.clock.now();
        let (left, until) =
            (inner.policy.left(&share.guesses, now), inner.policy.pause(&share.guesses, now));
        Ok(Entered::Wrong { left, until })
    }

    /// Freezes a share whose guesses are spent, and has who shares told, once.
    async fn freeze(&self, share: &Share) -> Result<bool, SharesError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let told = match &self.about(share).await? {
            Some((account, person)) => {
                inner.letters.frozen(account, Told { share, person, now })?
            }
            None => None,
        };
        let messages = told.into_iter().collect();
        let event = self.event_of("share.freeze", Actor::System, share, None);
        let along = Along { messages, events: vec![event] };
        let is_frozen = inner.store.freeze_share(share.id, now, inner.policy, along).await?;
        if is_frozen {
            inner.downloads.break_off(&[]);
            inner.metrics.frozen();
        }
        Ok(is_frozen)
    }

    /// Who shares, and whose results.
    async fn about(&self, share: &Share) -> Result<Option<(Account, Person)>, SharesError> {
        let account = self.0.store.account(share.account).await?;
        let person = self.0.store.person(share.person).await?;
        Ok(account.zip(person))
    }

    /// What a recipient has open, and notes that it was used.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn resume(
        &self,
        token: &Token,
    ) -> Result<Option<(ShareSession, OpenShare)>, SharesError> {
        let now = self.0.clock.now();
        Ok(self.0.store.resume_share_session(token.hash(), now).await?)
    }

    /// The same, without it counting as use.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn glance(
        &self,
        token: &Token,
    ) -> Result<Option<(ShareSession, OpenShare)>, SharesError> {
        let now = self.0.clock.now();
        Ok(self.0.store.glance_share_session(token.hash(), now).await?)
    }

    /// Whether the order of a share may be seen now.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn order(
        &self,
        open: &OpenShare,
        from: Origin,
    ) -> Result<Option<OpenedOrder>, SharesError> {
        let holder = Holder::from(open.clone());
        let opened = self.0.results.visible_to(&holder, open.share.order).await?;
        let actor = actor(&holder);
        let mut event = self.event_of("share.open", actor, &open.share, Some(from));
        if opened.is_none() {
            event.outcome = Outcome::Refused;
        }
        self.0.store.record_event(event).await?;
        Ok(opened)
    }
}
