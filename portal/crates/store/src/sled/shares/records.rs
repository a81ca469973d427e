//! The records of shares: how they are found, and what goes when one of them goes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::account::{Account, AccountState};
use crate::asker::{Asker, Holder};
use crate::id::{AccountId, OrderId, PackageKey, PersonId, RecipientId, SecretHash, ShareId};
use crate::message::{Message, MessageState};
use crate::share::{EndOfShare, EndedShare, OpenShare, Share, ShareSession, ShareState};
use crate::sled::downloads;
use crate::sled::key::Key;
use crate::sled::overlay::{ReadError, StoreFault, Transaction, View};
use crate::sled::table::{Index, Record, Table};

impl Record for Share {
    const TABLE: Table = Table::Shares;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let id = self.id.as_bytes();
        // The newest first.
        let age = i64::MAX.abs_diff(self.created.as_millisecond());
        let by_account =
            Key::new().fixed(self.account.as_bytes()).fixed(&age.to_be_bytes()).fixed(id);
        let by_person = Key::new().fixed(self.person.as_bytes()).fixed(id);
        let by_time =
            |index: Index, moment| index.key(&Key::new().moment(moment).fixed(id).build());
        let mut keys = vec![
            Index::ShareByAccount.key(&by_account.build()),
            Index::ShareByPerson.key(&by_person.build()),
            match self.state {
                ShareState::Active | ShareState::Frozen { .. } => {
                    by_time(Index::ShareByUntil, self.until)
                }
                ShareState::Ended { at, .. } => by_time(Index::ShareByEnd, at),
            },
        ];
        let tokens = self.recipients.iter().map(|recipient| recipient.token);
        keys.extend(tokens.map(|token| Index::ShareByToken.key(token.as_bytes())));
        keys
    }
}

impl Record for ShareSession {
    const TABLE: Table = Table::ShareSessions;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.token.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let token = self.token.as_bytes();
        let by_share = Key::new().fixed(self.share.as_bytes()).fixed(token);
        let by_end = Key::new().moment(self.ends).fixed(token);
        vec![
            Index::ShareSessionByShare.key(&by_share.build()),
            Index::ShareSessionByEnd.key(&by_end.build()),
        ]
    }
}

pub(super) fn of_account(view: &View<'_>, account: AccountId) -> Result<Vec<Share>, ReadError> {
    view.indexed(Index::ShareByAccount, account.as_bytes(), usize::MAX)
}

pub(super) fn of_person(view: &View<'_>, person: PersonId) -> Result<Vec<Share>, ReadError> {
    view.indexed(Index::ShareByPerson, person.as_bytes(), usize::MAX)
}

/// A share of an account that is not over.
pub(super) fn own(
    view: &View<'_>,
    account: AccountId,
    id: ShareId,
    now: Timestamp,
) -> Result<Option<Share>, ReadError> {
    let found = view.get::<Share>(id.as_bytes())?;
    Ok(found.filter(|share| share.account == account && !share.is_over(now)))
}

/// The share with its account, if that can log in.
pub(super) fn opened(
    view: &View<'_>,
    share: Share,
    recipient: RecipientId,
) -> Result<Option<OpenShare>, ReadError> {
    let account = view.get::<Account>(share.account.as_bytes())?;
    let account = account.filter(|account| account.state == AccountState::Active);
    Ok(account.map(|account| OpenShare { share, recipient, account }))
}

/// Who asks, as they are now.
pub(crate) fn holder(
    view: &View<'_>,
    asker: Asker,
    now: Timestamp,
) -> Result<Option<Holder>, ReadError> {
    match asker {
        Asker::Account(id) => {
            let account = view.get::<Account>(id.as_bytes())?;
            let account = account.filter(|account| account.state == AccountState::Active);
            Ok(account.map(Holder::from))
        }
        Asker::Recipient { share, recipient } => {
            let found = view.get::<Share>(share.as_bytes())?;
            let is_open =
                |share: &Share| share.is_open(now) && share.recipient(recipient).is_some();
            let Some(share) = found.filter(is_open) else { return Ok(None) };
            Ok(opened(view, share, recipient)?.map(Holder::from))
        }
    }
}

/// The session and what it opens, if neither is over.
pub(super) fn live(
    view: &View<'_>,
    token: SecretHash,
    now: Timestamp,
) -> Result<Option<(ShareSession, OpenShare)>, ReadError> {
    let session = view.get::<ShareSession>(token.as_bytes())?;
    let Some(session) = session.filter(|session| !session.is_over(now)) else { return Ok(None) };
    let asker = Asker::Recipient { share: session.share, recipient: session.recipient };
    Ok(match holder(view, asker, now)? {
        Some(Holder::Recipient(open)) => Some((session, *open)),
        Some(Holder::Account(_)) | None => None,
    })
}

/// Ends whatever is open by a share; with it goes what its recipients asked for.
pub(super) fn close(
    transaction: &mut Transaction<'_>,
    id: ShareId,
) -> Result<Vec<PackageKey>, StoreFault> {
    end_sessions(transaction, id)?;
    downloads::end_requests_of_share(transaction, id)
}

pub(super) fn end_sessions(
    transaction: &mut Transaction<'_>,
    id: ShareId,
) -> Result<(), StoreFault> {
    let sessions: Vec<ShareSession> =
        transaction.view().indexed(Index::ShareSessionByShare, id.as_bytes(), usize::MAX)?;
    for session in sessions {
        transaction.remove::<ShareSession>(session.token.as_bytes())?;
    }
    downloads::end_grants_of_share(transaction, id)
}

/// Removes messages of a share that were not sent yet; those that `stays` lets stay left out.
pub(super) fn take_back_messages(
    transaction: &mut Transaction<'_>,
    share: &Share,
    stays: impl Fn(&Message) -> bool,
) -> Result<(), StoreFault> {
    for id in &share.messages {
        let message = transaction.view().get::<Message>(id.as_bytes())?;
        let is_unsent = |message: &Message| !matches!(message.state, MessageState::Sent(_));
        if message.is_some_and(|message| is_unsent(&message) && !stays(&message)) {
            transaction.remove::<Message>(id.as_bytes())?;
        }
    }
    Ok(())
}

/// Ends a share that is not ended yet.
pub(super) fn end(
    transaction: &mut Transaction<'_>,
    mut share: Share,
    now: Timestamp,
    why: EndOfShare,
) -> Result<EndedShare, StoreFault> {
    share.state = ShareState::Ended { at: now, why };
    transaction.put(&share)?;
    take_back_messages(transaction, &share, |_| false)?;
    let ended = close(transaction, share.id)?;
    Ok(EndedShare { share, ended })
}

/// Removes a share with all that is kept of it.
pub(super) fn remove(transaction: &mut Transaction<'_>, share: &Share) -> Result<(), StoreFault> {
    close(transaction, share.id)?;
    for id in &share.messages {
        transaction.remove::<Message>(id.as_bytes())?;
    }
    transaction.remove::<Share>(share.id.as_bytes())?;
    Ok(())
}

/// Lets what is shared of a person follow its orders, each to the one that took its place.
pub(crate) fn follow(
    transaction: &mut Transaction<'_>,
    person: PersonId,
    now: &BTreeMap<OrderId, OrderId>,
) -> Result<(), StoreFault> {
    for mut share in of_person(&transaction.view(), person)? {
        if let Some(order) = now.get(&share.order) {
            share.order = *order;
            transaction.put(&share)?;
        }
    }
    Ok(())
}

/// Removes what an account shares.
pub(crate) fn erase_of_account(
    transaction: &mut Transaction<'_>,
    account: AccountId,
) -> Result<(), StoreFault> {
    for share in of_account(&transaction.view(), account)? {
        remove(transaction, &share)?;
    }
    Ok(())
}

/// Removes what is shared of a person.
pub(crate) fn erase_of_person(
    transaction: &mut Transaction<'_>,
    person: PersonId,
) -> Result<(), StoreFault> {
    for share in of_person(&transaction.view(), person)? {
        remove(transaction, &share)?;
    }
    Ok(())
}
