//! Ends shares that time or the site ends, and forgets those that are kept no longer.

use std::time::Duration;

use jiff::Timestamp;
use store::{Actor, EndOfShare, PersonId, StoreError};
use tokio::sync::broadcast::error::RecvError;

use crate::shares::Shares;
use crate::task::Stop;

/// How often what is over is told as such. Nothing is open meanwhile: that is looked at whenever it is asked for.
const TICK: Duration = Duration::from_secs(10);
/// Shares that are looked at together.
const PAGE: usize = 256;

impl Shares {
    /// Looks after shares until it is time to stop.
    pub(crate) async fn look_after(self, stop: Stop) {
        let mut decided = self.0.results.decided();
        loop {
            let swept = tokio::select! {
                () = stop.asked() => return,
                () = tokio::time::sleep(TICK) => self.sweep().await,
                person = decided.recv() => match person {
                    Ok(person) => self.look_at(person).await,
                    // What was missed is seen by nobody, and ends with its time.
                    Err(RecvError::Lagged(_)) => Ok(()),
                    Err(RecvError::Closed) => return,
                },
            };
            if let Err(error) = swept {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(error = cause, "shares cannot be looked after");
            }
        }
    }

    /// Ends the shares of a person whose orders the site lets nobody see any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn look_at(&self, person: PersonId) -> Result<(), StoreError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let mut shares = inner.store.shares_of_person(person).await?;
        shares.retain(|share| !share.is_over(now));
        if shares.is_empty() {
            return Ok(());
        }
        let orders = inner.results.shown_of(person).await?;
        for share in shares {
            if !orders.iter().any(|order| order.id == share.order) {
                let event = self.event_of("share.withhold", Actor::System, &share, None);
                self.end(None, &share, EndOfShare::Withheld, event).await?;
            }
        }
        Ok(())
    }

    /// Ends what has expired, and removes what is kept no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn sweep(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        loop {
            let now = inner.clock.now();
            let before = now.checked_sub(inner.settings.kept).unwrap_or(Timestamp::MIN);
            let swept = inner.store.sweep_shares(now, before, PAGE).await?;
            for ended in &swept.expired {
                self.closed(ended);
                let event = self.event_of("share.expire", Actor::System, &ended.share, None);
                inner.store.record_event(event).await?;
            }
            for share in &swept.purged {
                let event = self.event_of("share.purge", Actor::System, share, None);
                inner.store.record_event(event).await?;
            }
            if swept.expired.len().max(swept.purged.len()).max(swept.sessions) < PAGE {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use store::{
        AccountId, Along, EventQuery, GuessPolicy, Guesses, Language, MessageId, Name, NewLimits,
        OrderId, PasswordHash, Person, PersonId, RecipientId, SecretHash, Share, ShareId,
        ShareRecipient, ShareState, Shared,
    };

    use super::*;
    use crate::app::tests::portal;
    use crate::clock::Clock;

    /// Somebody's order, shared for an hour by an account of theirs.
    async fn share(portal: &crate::app::Portal) -> Share {
        let (store, now) = (&portal.services().store, portal.services().clock.now());
        let id = PersonId::fresh().unwrap();
        let issued = store::IssuedId { id: "TEST-1".into(), issuer: String::new() };
        let name = Name { family: "ROSSI".to_owned(), given: "MARIA TEST".to_owned() };
        let account = store::Account {
            id: AccountId::fresh().unwrap(),
            user_name: "maria.test".parse().unwrap(),
            email: None,
            phone: None,
            language: Language::It,
            password: None,
            must_change_password: false,
            state: store::AccountState::Active,
            subject: None,
            persons: vec![store::Representation {
                person: id,
                role: store::Role::Oneself,
                until: None,
            }],
            created: now,
            password_set: None,
        };
        let person = Person::new(id, vec![issued], name);
        let added = store.add_person(person, Some(account.clone()), Along::nothing()).await;
        assert_eq!(added.unwrap(), store::Added::Done);
        let share = Share {
            id: ShareId::fresh().unwrap(),
            person: id,
            order: OrderId::from([1; 16]),
            account: account.id,
            created: now,
            until: now + SignedDuration::from_hours(1),
            language: Language::It,
            message: None,
            pin: PasswordHash("$argon2id$test".to_owned()),
            recipients: vec![ShareRecipient {
                id: RecipientId::fresh().unwrap(),
                email: "verdi@example.org".into(),
                token: SecretHash::from([2; 32]),
                letter: MessageId::fresh().unwrap(),
                accesses: Vec::new(),
            }],
            messages: Vec::new(),
            guesses: Guesses::default(),
            state: ShareState::Active,
        };
        let limits = NewLimits { since: now, shares: 9, recipients: 9 };
        let shared = store.share_order(share.clone(), limits, Along::nothing()).await.unwrap();
        assert_eq!(shared, Shared::Done);
        share
    }

    async fn actions(portal: &crate::app::Portal) -> Vec<String> {
        let query = EventQuery { action: Some("share.".to_owned()), ..EventQuery::default() };
        let events = portal.services().store.events(query, 99).await.unwrap();
        events.into_iter().map(|one| one.event.action).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_expires_is_told_and_forgotten_after_ninety_days() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = portal(folder.path(), clock.clone());
        let share = share(&portal).await;
        let shares = &portal.services().shares;
        shares.sweep().await.unwrap();
        assert_eq!(actions(&portal).await, [""; 0]);
        clock.advance(SignedDuration::from_hours(1));
        shares.sweep().await.unwrap();
        shares.sweep().await.unwrap();
        assert_eq!(actions(&portal).await, ["share.expire"]);
        let store = &portal.services().store;
        let kept = store.share(share.id).await.unwrap().unwrap();
        assert!(matches!(kept.state, ShareState::Ended { why: EndOfShare::Expired, .. }));
        clock.advance(SignedDuration::from_hours(24 * 90 + 1));
        shares.sweep().await.unwrap();
        assert_eq!(actions(&portal).await, ["share.expire", "share.purge"]);
        assert_eq!(store.share(share.id).await.unwrap(), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_the_site_withholds_ends_its_shares() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = portal(folder.path(), clock.clone());
        let share = share(&portal).await;
        // The person has no order that may be seen.
        portal.services().shares.look_at(share.person).await.unwrap();
        assert_eq!(actions(&portal).await, ["share.withhold"]);
        let store = &portal.services().store;
        let token = SecretHash::from([2; 32]);
        let begun = store.begin_guess(token, clock.now(), GuessPolicy::default()).await;
        assert_eq!(begun.unwrap(), store::GuessBegun::Nothing);
    }
}
