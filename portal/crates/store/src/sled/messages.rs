//! [`Outbox`] in sled.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{AccountId, MessageId};
use crate::message::{Message, MessageState, MessageWay, Outbox, Sending};
use crate::sled::SledStore;
use crate::sled::key::{Key, prefix_end};
use crate::sled::overlay::Outcome;
use crate::sled::table::{Index, Record, Table};

impl Record for Message {
    const TABLE: Table = Table::Messages;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        // The newest first.
        let age = i64::MAX.abs_diff(self.created.as_millisecond());
        let by_age = Key::new().fixed(&age.to_be_bytes()).fixed(self.id.as_bytes());
        let mut keys = vec![Index::MessageByAge.key(&by_age.build())];
        if let Some(account) = self.account {
            let key = Key::new().fixed(account.as_bytes()).fixed(self.id.as_bytes());
            keys.push(Index::MessageByAccount.key(&key.build()));
        }
        let (index, moment) = match self.state {
            MessageState::Due(due) | MessageState::Claimed(due) => (by_due(self.to.way()), due),
            MessageState::Sent(end) | MessageState::Failed { at: end, .. } => {
                (Index::MessageByEnd, end)
            }
        };
        keys.push(index.key(&moment_key(moment, self.id)));
        keys
    }
}

/// What waits for a way, by when it is due: what has to wait long does not stand before what goes by another.
fn by_due(way: MessageWay) -> Index {
    match way {
        MessageWay::Email => Index::MailByDue,
        MessageWay::Sms => Index::SmsByDue,
    }
}

fn moment_key(moment: Timestamp, id: MessageId) -> Vec<u8> {
    Key::new().moment(moment).fixed(id.as_bytes()).build()
}

/// The entries of a message that waits, as older programs wrote it and as it is now.
pub(crate) fn due_index_keys(message: &Message) -> Option<[Vec<u8>; 2]> {
    let key = moment_key(message.due()?, message.id);
    Some([Index::MessageByDue, by_due(message.to.way())].map(|index| index.key(&key)))
}

#[async_trait]
impl Outbox for SledStore {
    async fn put_message(&self, message: Message, along: Along) -> Result<(), StoreError> {
        self.write(move |transaction| {
            transaction.put(&message)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(()))
        })
        .await
    }

    async fn claim_messages(
        &self,
        way: MessageWay,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        self.write(move |transaction| {
            // A message due at `now` itself is due.
            let end = prefix_end(&Key::new().moment(now).build());
            let mut due: Vec<Message> =
                transaction.view().indexed_before(by_due(way), &end, limit)?;
            let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
            for message in &mut due {
                message.state = MessageState::Claimed(until);
                message.tries = message.tries.saturating_add(1);
                transaction.put(message)?;
            }
            Ok(Outcome::Keep(due))
        })
        .await
    }

    async fn end_sending(
        &self,
        claimed: &Message,
        ended: Sending,
        along: Along,
    ) -> Result<bool, StoreError> {
        let claimed = claimed.clone();
        self.write(move |transaction| {
            let found = transaction.view().get::<Message>(claimed.id.as_bytes())?;
            let Some(mut message) = found.filter(|found| *found == claimed) else {
                return Ok(Outcome::Refuse(false));
            };
            match ended {
                Sending::Sent { at, keep_content } => {
                    message.state = MessageState::Sent(at);
                    message.content = message.content.filter(|_| keep_content);
                }
                Sending::Again { at } => message.state = MessageState::Due(at),
                Sending::GivenUp { at, reason } => {
                    message.state = MessageState::Failed { at, reason };
                    message.content = None;
                }
            }
            transaction.put(&message)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn retry_message(
        &self,
        id: MessageId,
        due: Timestamp,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Message>(id.as_bytes())?;
            let waits = |found: &Message| matches!(found.state, MessageState::Due(_));
            let Some(mut message) = found.filter(waits) else {
                return Ok(Outcome::Refuse(false));
            };
            message.state = MessageState::Due(due);
            transaction.put(&message)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn next_due(&self, way: Option<MessageWay>) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |view| {
            let mut next: Option<Timestamp> = None;
            for one in MessageWay::ALL.into_iter().filter(|one| way.is_none_or(|way| way == *one)) {
                let first: Vec<Message> = view.indexed(by_due(one), &[], 1)?;
                let due = first.first().and_then(Message::due);
                next = next.into_iter().chain(due).min();
            }
            Ok(next)
        })
        .await
    }

    async fn due_changed(&self) {
        self.shared.due.notified().await;
    }

    async fn list_messages(&self, limit: usize) -> Result<Vec<Message>, StoreError> {
        self.read(move |view| view.indexed(Index::MessageByAge, &[], limit)).await
    }

    async fn messages_of_account(
        &self,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        self.read(move |view| view.indexed(Index::MessageByAccount, account.as_bytes(), limit))
            .await
    }

    async fn remove_messages(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(move |transaction| {
            let end = Key::new().moment(before).build();
            let old: Vec<Message> =
                transaction.view().indexed_before(Index::MessageByEnd, &end, limit)?;
            for message in &old {
                transaction.remove::<Message>(message.id.as_bytes())?;
            }
            Ok(Outcome::Keep(old.len()))
        })
        .await
    }
}
