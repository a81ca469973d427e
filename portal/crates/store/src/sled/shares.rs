//! [`Shares`] in sled: a record for each share with its recipients, and one for each session of a recipient.

mod records;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::account::Account;
use crate::along::Along;
use crate::asker::{Asker, Holder};
use crate::error::StoreError;
use crate::id::{AccountId, PersonId, RecipientId, SecretHash, ShareId};
use crate::message::Message;
use crate::person::Person;
use crate::session::SEEN_GRAIN;
use crate::share::{
    Accessed, BegunGuess, EndOfShare, EndedShare, GuessBegun, GuessPolicy, Guesses, NewLimits,
    OpenShare, RenewedPin, Share, ShareSession, ShareState, Shared, Shares, SweptShares, Unlock,
    Unlocked,
};
use crate::sled::SledStore;
use crate::sled::key::{Key, prefix_end};
use crate::sled::overlay::Outcome;
use crate::sled::shares::records::{
    end, end_sessions, live, of_account, of_person, opened, own, remove, take_back_messages,
};
use crate::sled::table::Index;

pub(crate) use records::{erase_of_account, erase_of_person, follow, holder};

#[async_trait]
impl Shares for SledStore {
    async fn share_order(
        &self,
        share: Share,
        limits: NewLimits,
        along: Along,
    ) -> Result<Shared, StoreError> {
        self.write(move |transaction| {
            let view = transaction.view();
            if view.get::<Account>(share.account.as_bytes())?.is_none()
                || view.get::<Person>(share.person.as_bytes())?.is_none()
            {
                return Ok(Outcome::Refuse(Shared::Nobody));
            }
            let mut own = of_account(&view, share.account)?;
            own.retain(|one| one.created >= limits.since);
            if own.len() >= limits.shares {
                return Ok(Outcome::Refuse(Shared::TooManyShares));
            }
            let recipients: usize = own.iter().map(|one| one.recipients.len()).sum();
            if recipients + share.recipients.len() > limits.recipients {
                return Ok(Outcome::Refuse(Shared::TooManyRecipients));
            }
            transaction.put(&share)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Shared::Done))
        })
        .await
    }

    async fn share(&self, id: ShareId) -> Result<Option<Share>, StoreError> {
        self.read(move |view| view.get(id.as_bytes())).await
    }

    async fn shares_of_account(&self, account: AccountId) -> Result<Vec<Share>, StoreError> {
        self.read(move |view| of_account(view, account)).await
    }

    async fn shares_of_person(&self, person: PersonId) -> Result<Vec<Share>, StoreError> {
        self.read(move |view| of_person(view, person)).await
    }

    async fn list_shares(
        &self,
        after: Option<ShareId>,
        limit: usize,
    ) -> Result<Vec<Share>, StoreError> {
        self.read(move |view| {
            view.records(&[], after.as_ref().map(|after| &after.as_bytes()[..]), limit)
        })
        .await
    }

    async fn begin_guess(
        &self,
        token: SecretHash,
        now: Timestamp,
        policy: GuessPolicy,
    ) -> Result<GuessBegun, StoreError> {
        self.write(move |transaction| {
            let view = transaction.view();
            let found: Vec<Share> = view.indexed(Index::ShareByToken, token.as_bytes(), 1)?;
            let found = found.into_iter().next().filter(|share| !share.is_over(now));
            let whose = |share: &Share| {
                share.recipients.iter().find(|one| one.token == token).map(|one| one.id)
            };
            let Some((mut share, recipient)) =
                found.and_then(|share| whose(&share).map(|recipient| (share, recipient)))
            else {
                return Ok(Outcome::Refuse(GuessBegun::Nothing));
            };
            if opened(&view, share.clone(), recipient)?.is_none() {
                return Ok(Outcome::Refuse(GuessBegun::Nothing));
            }
            if share.state != ShareState::Active || policy.is_spent(&share.guesses) {
                return Ok(Outcome::Refuse(GuessBegun::Frozen(Box::new(share))));
            }
            if let Some(until) = policy.pause(&share.guesses, now) {
                return Ok(Outcome::Refuse(GuessBegun::Wait { until }));
            }
            policy.count(&mut share.guesses, now);
            transaction.put(&share)?;
            let begun = BegunGuess { share, recipient, at: now };
            Ok(Outcome::Keep(GuessBegun::Admitted(Box::new(begun))))
        })
        .await
    }

    async fn unlock_share(&self, unlock: Unlock, along: Along) -> Result<Unlocked, StoreError> {
        self.write(move |transaction| {
            let Unlock { guess, pin, session, first } = unlock;
            let now = session.begun;
            let found = transaction.view().get::<Share>(session.share.as_bytes())?;
            let Some(mut share) = found.filter(|share| !share.is_over(now) && share.pin == pin)
            else {
                return Ok(Outcome::Refuse(Unlocked::Gone));
            };
            if share.state != ShareState::Active {
                return Ok(Outcome::Refuse(Unlocked::Frozen));
            }
            let counted = &mut share.guesses.counted;
            if let Some(place) = counted.iter().position(|at| *at == guess) {
                counted.remove(place);
            }
            share.guesses.pauses = 0;
            share.guesses.next = None;
            let recipient = share.recipients.iter_mut().find(|one| one.id == session.recipient);
            let Some(recipient) = recipient else { return Ok(Outcome::Refuse(Unlocked::Gone)) };
            if recipient.note(Accessed::Unlocked, now) {
                for message in &first {
                    transaction.put(message)?;
                }
            }
            transaction.put(&share)?;
            transaction.put(&session)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Unlocked::Done))
        })
        .await
    }

    async fn freeze_share(
        &self,
        id: ShareId,
        now: Timestamp,
        policy: GuessPolicy,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Share>(id.as_bytes())?;
            let is_to_freeze =
                |share: &Share| share.is_open(now) && policy.is_spent(&share.guesses);
            let Some(mut share) = found.filter(is_to_freeze) else {
                return Ok(Outcome::Refuse(false));
            };
            share.state = ShareState::Frozen { at: now };
            transaction.put(&share)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn extend_share(
        &self,
        account: AccountId,
        id: ShareId,
        until: Timestamp,
        now: Timestamp,
        along: Along,
    ) -> Result<Option<Share>, StoreError> {
        self.write(move |transaction| {
            let Some(mut share) = own(&transaction.view(), account, id, now)? else {
                return Ok(Outcome::Refuse(None));
            };
            share.until = until;
            transaction.put(&share)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Some(share)))
        })
        .await
    }

    async fn renew_pin(
        &self,
        account: AccountId,
        id: ShareId,
        renewed: RenewedPin,
        along: Along,
    ) -> Result<Option<Share>, StoreError> {
        self.write(move |transaction| {
            let Some(mut share) = own(&transaction.view(), account, id, renewed.at)? else {
                return Ok(Outcome::Refuse(None));
            };
            let letters: Vec<_> = share.recipients.iter().map(|one| one.letter).collect();
            // The old PIN is worth nothing; the links are what they were.
            take_back_messages(transaction, &share, |message| letters.contains(&message.id))?;
            share.messages = letters;
            for message in &renewed.messages {
                transaction.put(message)?;
                share.messages.push(message.id);
            }
            share.pin = renewed.pin;
            share.guesses = Guesses::default();
            share.state = ShareState::Active;
            transaction.put(&share)?;
            end_sessions(transaction, id)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Some(share)))
        })
        .await
    }

    async fn rearm_share(
        &self,
        account: AccountId,
        id: ShareId,
        now: Timestamp,
        along: Along,
    ) -> Result<Option<Share>, StoreError> {
        self.write(move |transaction| {
            let found = own(&transaction.view(), account, id, now)?;
            let is_frozen = |share: &Share| matches!(share.state, ShareState::Frozen { .. });
            let Some(mut share) = found.filter(is_frozen) else {
                return Ok(Outcome::Refuse(None));
            };
            share.guesses = Guesses::default();
            share.state = ShareState::Active;
            transaction.put(&share)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Some(share)))
        })
        .await
    }

    async fn end_share(
        &self,
        account: Option<AccountId>,
        id: ShareId,
        now: Timestamp,
        why: EndOfShare,
        along: Along,
    ) -> Result<Option<EndedShare>, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Share>(id.as_bytes())?;
            let is_meant = |share: &Share| {
                !share.is_over(now) && account.is_none_or(|account| account == share.account)
            };
            let Some(share) = found.filter(is_meant) else { return Ok(Outcome::Refuse(None)) };
            let ended = end(transaction, share, now, why)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Some(ended)))
        })
        .await
    }

    async fn note_access(
        &self,
        share: ShareId,
        recipient: RecipientId,
        what: Accessed,
        now: Timestamp,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Share>(share.as_bytes())?;
            let Some(mut share) = found.filter(|share| share.is_open(now)) else {
                return Ok(Outcome::Refuse(false));
            };
            let one = share.recipients.iter_mut().find(|one| one.id == recipient);
            let Some(recipient) = one else { return Ok(Outcome::Refuse(false)) };
            recipient.note(what, now);
            transaction.put(&share)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn resume_share_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(ShareSession, OpenShare)>, StoreError> {
        let found = self.read(move |view| live(view, token, now)).await?;
        if found.as_ref().is_none_or(|(session, _)| now.duration_since(session.seen) < SEEN_GRAIN) {
            return Ok(found);
        }
        self.write(move |transaction| {
            let Some((mut session, open)) = live(&transaction.view(), token, now)? else {
                return Ok(Outcome::Refuse(None));
            };
            session.seen = session.seen.max(now);
            transaction.put(&session)?;
            Ok(Outcome::Keep(Some((session, open))))
        })
        .await
    }

    async fn glance_share_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(ShareSession, OpenShare)>, StoreError> {
        self.read(move |view| live(view, token, now)).await
    }

    async fn holder(&self, asker: Asker, now: Timestamp) -> Result<Option<Holder>, StoreError> {
        self.read(move |view| holder(view, asker, now)).await
    }

    async fn messages_of_share(&self, id: ShareId) -> Result<Vec<Message>, StoreError> {
        self.read(move |view| {
            let mut messages = Vec::new();
            let share = view.get::<Share>(id.as_bytes())?;
            for message in share.iter().flat_map(|share| &share.messages) {
                messages.extend(view.get::<Message>(message.as_bytes())?);
            }
            Ok(messages)
        })
        .await
    }

    async fn sweep_shares(
        &self,
        now: Timestamp,
        before: Timestamp,
        limit: usize,
    ) -> Result<SweptShares, StoreError> {
        self.write(move |transaction| {
            let mut swept = SweptShares::default();
            // A share that lasts until `now` is over.
            let end_now = prefix_end(&Key::new().moment(now).build());
            let over: Vec<Share> =
                transaction.view().indexed_before(Index::ShareByUntil, &end_now, limit)?;
            for share in over.into_iter().filter(|share| share.is_over(now)) {
                let ended = end(transaction, share, now, EndOfShare::Expired)?;
                swept.expired.push(ended);
            }
            let end_kept = Key::new().moment(before).build();
            let old: Vec<Share> =
                transaction.view().indexed_before(Index::ShareByEnd, &end_kept, limit)?;
            for share in old {
                remove(transaction, &share)?;
                swept.purged.push(share);
            }
            let sessions: Vec<ShareSession> =
                transaction.view().indexed_before(Index::ShareSessionByEnd, &end_now, limit)?;
            for session in &sessions {
                transaction.remove::<ShareSession>(session.token.as_bytes())?;
            }
            swept.sessions = sessions.len();
            Ok(Outcome::Keep(swept))
        })
        .await
    }
}
