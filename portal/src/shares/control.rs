//! What who shares sees of it, and does with it.

use jiff::Timestamp;
use store::{
    Account, Actor, Admission, Along, EndOfShare, EndedShare, Event, Holder, Message, MessageState,
    OrderId, PersonId, RenewedPin, RequestId, Share, ShareId, ShareRecipient, ShareState,
    StoreError,
};

use crate::accounts::Origin;
use crate::admin::Phone;
use crate::downloads::actor;
use crate::shares::offer::term;
use crate::shares::{DAYS, Fault, Pin, PinWay, Shares, SharesError, Told};

/// A share as who made it sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownShare {
    /// The share itself.
    pub share: Share,
    /// What the order is called; none when it may not be seen any more.
    pub description: Option<String>,
    /// Its recipients, in their order.
    pub recipients: Vec<ShownRecipient>,
    /// It can be opened now.
    pub is_open: bool,
    /// It is over.
    pub is_over: bool,
}

/// A recipient as who shares sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRecipient {
    /// Who, and what they did.
    pub recipient: ShareRecipient,
    /// What became of the message with the link.
    pub letter: RecipientState,
}

/// What became of the message with the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientState {
    /// It is on its way.
    Waiting,
    /// It was handed over; of old ones nothing else is known.
    Sent,
    /// It could not be delivered.
    Failed,
}

/// Outcome of a change to a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is changed.
    Done,
    /// What was typed is to be corrected.
    Refused(Fault),
    /// The account has sent too many PINs: the next one not before this moment.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// The account has no such share, or it is over.
    NoSuchShare,
}

impl Shares {
    /// The shares of an account, the newest first, those of persons that it does not represent any more left out.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn of_account(&self, account: &Account) -> Result<Vec<ShownShare>, SharesError> {
        let inner = &self.0;
        let mut shares = inner.store.shares_of_account(account.id).await?;
        let represented: Vec<PersonId> = inner.results.represented(account).collect();
        shares.retain(|share| represented.contains(&share.person));
        let orders =
            if shares.is_empty() { Vec::new() } else { inner.results.shown(account).await? };
        let now = inner.clock.now();
        let mut shown = Vec::with_capacity(shares.len());
        for share in shares {
            let letters = inner.store.messages_of_share(share.id).await?;
            let order = orders.iter().find(|order| order.id == share.order);
            shown.push(ShownShare {
                description: order.and_then(|order| order.description.clone()),
                recipients: share
                    .recipients
                    .iter()
                    .map(|one| ShownRecipient {
                        recipient: one.clone(),
                        letter: letter_state(letters.iter().find(|letter| letter.id == one.letter)),
                    })
                    .collect(),
                is_open: share.is_open(now) && order.is_some(),
                is_over: share.is_over(now),
                share,
            });
        }
        Ok(shown)
    }

    /// With how many recipients an account shares an order that it may see.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn recipients_of(
        &self,
        account: &Account,
        order: OrderId,
    ) -> Result<usize, SharesError> {
        let now = self.0.clock.now();
        let shares = self.0.store.shares_of_account(account.id).await?;
        let open = shares.iter().filter(|share| share.order == order && share.is_open(now));
        Ok(open.map(|share| share.recipients.len()).sum())
    }

    /// A share that an account made of somebody whom it still represents.
    async fn own(&self, account: &Account, id: ShareId) -> Result<Option<Share>, StoreError> {
        let inner = &self.0;
        let is_own = |share: &Share| {
            share.account == account.id
                && inner.results.represented(account).any(|person| person == share.person)
        };
        Ok(inner.store.share(id).await?.filter(is_own))
    }

    /// The shares of an account that were frozen and wait for it.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn frozen_of(&self, account: &Account) -> Result<Vec<Share>, SharesError> {
        let now = self.0.clock.now();
        let mut shares = self.0.store.shares_of_account(account.id).await?;
        shares.retain(|share| {
            matches!(share.state, ShareState::Frozen { .. }) && !share.is_over(now)
        });
        Ok(shares)
    }

    /// Ends a share of an account at once; false when it has no such share that is not over.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn revoke(
        &self,
        account: &Account,
        id: ShareId,
        from: Origin,
    ) -> Result<bool, SharesError> {
        let Some(share) = self.own(account, id).await? else { return Ok(false) };
        let actor = Actor::Account(account.id);
        let event = self.event_of("share.revoke", actor, &share, Some(from));
        Ok(self.end(Some(account), &share, EndOfShare::Revoked, event).await?)
    }

    /// Ends a share for an administrator; false when there is none that is not over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn end_by_site(
        &self,
        share: &Share,
        event: Event,
    ) -> Result<bool, StoreError> {
        self.end(None, share, EndOfShare::Site, event).await
    }

    pub(super) async fn end(
        &self,
        account: Option<&Account>,
        share: &Share,
        why: EndOfShare,
        event: Event,
    ) -> Result<bool, StoreError> {
        let inner = &self.0;
        let account = account.map(|account| account.id);
        let now = inner.clock.now();
        let ended = inner.store.end_share(account, share.id, now, why, event.into()).await?;
        if let Some(ended) = &ended {
            self.closed(ended);
        }
        Ok(ended.is_some())
    }

    /// What was being prepared for recipients alone is broken off.
    pub(super) fn closed(&self, ended: &EndedShare) {
        self.0.downloads.break_off(&ended.ended);
        self.0.metrics.ended();
    }

    /// Makes a share of an account last so many days from now, never longer than the order is shown.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn extend(
        &self,
        account: &Account,
        id: ShareId,
        days: u16,
        from: Origin,
    ) -> Result<Changed, SharesError> {
        let inner = &self.0;
        let Some(share) = self.own(account, id).await? else {
            return Ok(Changed::NoSuchShare);
        };
        if !DAYS.contains(&days) {
            return Ok(Changed::Refused(Fault::Days));
        }
        if inner.results.visible(account, share.order).await?.is_none() {
            return Ok(Changed::NoSuchShare);
        }
        let now = inner.clock.now();
        let last = inner.results.shown_until(share.person, share.order).await?;
        let until = term(days, now, last).until;
        let actor = Actor::Account(account.id);
        let event = self.event_of("share.extend", actor, &share, Some(from));
        let changed = inner.store.extend_share(account.id, id, until, now, event.into()).await?;
        Ok(if changed.is_some() { Changed::Done } else { Changed::NoSuchShare })
    }

    /// Gives a share of an account another PIN, and sends it as it is asked for: to whatever number is typed, so that
    /// what is sent is counted. A PIN that is sent to nobody is not.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn renew_pin(
        &self,
        account: &Account,
        id: ShareId,
        pin: &str,
        way: &PinWay,
        from: Origin,
    ) -> Result<Changed, SharesError> {
        let inner = &self.0;
        let Some(share) = self.own(account, id).await? else {
            return Ok(Changed::NoSuchShare);
        };
        let Some(person) = inner.store.person(share.person).await? else {
            return Ok(Changed::NoSuchShare);
        };
        let pin = match Pin::chosen(pin, person.birth_date.as_ref().map(|date| date.0)) {
            Ok(pin) => pin,
            Err(fault) => return Ok(Changed::Refused(Fault::Pin(fault))),
        };
        let now = inner.clock.now();
        let told = Told { share: &share, person: &person, now };
        let messages = match way {
            PinWay::Oneself => Vec::new(),
            PinWay::Sms(number) if Phone::read(number).is_err() => {
                return Ok(Changed::Refused(Fault::Phone));
            }
            PinWay::Sms(number) => vec![inner.letters.pin_by_sms(told, number, &pin)?],
            PinWay::Email => {
                let emails = share.recipients.iter().map(|one| &one.email);
                emails
                    .map(|email| inner.letters.pin(told, email, &pin))
                    .collect::<Result<_, _>>()?
            }
        };
        if !messages.is_empty() {
            let key = inner.secret.hash("share pins", &[account.id.as_bytes()]);
            let counted = vec![(key, inner.limits.pins)];
            if let Admission::Wait { until } = inner.store.admit_attempt(counted, now).await? {
                return Ok(Changed::Wait { until });
            }
        }
        let renewed = RenewedPin { pin: self.hash(&pin, from).await?, messages, at: now };
        let event = self.event_of("share.pin", Actor::Account(account.id), &share, Some(from));
        let changed = inner.store.renew_pin(account.id, id, renewed, event.into()).await?;
        Ok(if changed.is_some() { Changed::Done } else { Changed::NoSuchShare })
    }

    /// Lets a frozen share of an account be opened again, one that is open stays so; false when it has no such share.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn rearm(
        &self,
        account: &Account,
        id: ShareId,
        from: Origin,
    ) -> Result<bool, SharesError> {
        let inner = &self.0;
        let Some(share) = self.own(account, id).await? else { return Ok(false) };
        let event = self.event_of("share.rearm", Actor::Account(account.id), &share, Some(from));
        let now = inner.clock.now();
        inner.store.rearm_share(account.id, id, now, event.into()).await?;
        Ok(true)
    }

    /// Has a recipient told when what they asked for is back: at their own address, which got the link.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn tell_when_back(
        &self,
        holder: &Holder,
        request: RequestId,
        from: Origin,
    ) -> Result<bool, SharesError> {
        let Holder::Recipient(open) = holder else { return Ok(false) };
        let actor = actor(holder);
        let event = self.event_of("share.tell", actor, &open.share, Some(from));
        Ok(self.0.store.want_message(holder.asker(), request, Along::from(event)).await?)
    }
}

fn letter_state(letter: Option<&Message>) -> RecipientState {
    match letter.map(|letter| &letter.state) {
        Some(MessageState::Due(_) | MessageState::Claimed(_)) => RecipientState::Waiting,
        Some(MessageState::Failed { .. }) => RecipientState::Failed,
        // Messages go sooner than shares.
        Some(MessageState::Sent(_)) | None => RecipientState::Sent,
    }
}
