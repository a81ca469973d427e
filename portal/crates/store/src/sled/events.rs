//! [`Trail`] in sled.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::event::{Actor, Event, EventQuery, Place, Recorded, Trail};
use crate::id::AccountId;
use crate::sled::SledStore;
use crate::sled::key::Key;
use crate::sled::overlay::{Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::table::{Index, Record, Table};

/// Events read at a time while others than those asked for are passed over. The writer waits for one such reading.
const PAGE: usize = 512;

/// An event as it lies in the trail.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Tells events of one millisecond apart.
    number: u64,
    event: Event,
}

impl Line {
    fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<_> = self.event.account.into_iter().collect();
        if let Actor::Account(actor) = &self.event.actor
            && !accounts.contains(actor)
        {
            accounts.push(*actor);
        }
        accounts
    }

    fn recorded(self) -> Recorded {
        let place = Place(self.event.at.as_millisecond(), self.number);
        Recorded { place, event: self.event }
    }
}

impl Record for Line {
    const TABLE: Table = Table::Events;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        place_key(self.event.at, self.number)
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let place = self.primary_key();
        let mut keys = Vec::new();
        if let Some(person) = self.event.person {
            let key = Key::new().fixed(person.as_bytes()).fixed(&place).build();
            keys.push(Index::EventByPerson.key(&key));
        }
        for account in self.accounts() {
            let key = Key::new().fixed(account.as_bytes()).fixed(&place).build();
            keys.push(Index::EventByAccount.key(&key));
        }
        keys
    }
}

fn place_key(at: Timestamp, number: u64) -> Vec<u8> {
    Key::new().moment(at).fixed(&number.to_be_bytes()).build()
}

pub(crate) fn record(transaction: &mut Transaction<'_>, event: Event) -> Result<(), StoreFault> {
    let moment = Key::new().moment(event.at).build();
    let last: Vec<Line> = transaction.view().records(&moment, None, usize::MAX)?;
    let number = last.last().map_or(0, |line| line.number.saturating_add(1));
    transaction.put(&Line { number, event })
}

/// At most `limit` lines behind a place, by the narrowest index that the query allows.
fn lines(
    view: &View<'_>,
    query: &EventQuery,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Line>, ReadError> {
    if let Some(person) = query.person {
        view.indexed_after(Index::EventByPerson, person.as_bytes(), after, limit)
    } else if let Some(account) = query.account {
        view.indexed_after(Index::EventByAccount, account.as_bytes(), after, limit)
    } else {
        view.records(&[], after, limit)
    }
}

fn is_asked_for(query: &EventQuery, line: &Line) -> bool {
    query.person.is_none_or(|person| line.event.person == Some(person))
        && query.account.is_none_or(|account| line.accounts().contains(&account))
        && query.action.as_ref().is_none_or(|action| line.event.action.starts_with(action))
}

#[async_trait]
impl Trail for SledStore {
    async fn record_event(&self, event: Event) -> Result<(), StoreError> {
        self.write(move |transaction| {
            record(transaction, event)?;
            Ok(Outcome::Keep(()))
        })
        .await
    }

    async fn events(&self, query: EventQuery, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        // The end of the millisecond before `from`: places of it and earlier ones are passed over.
        let from = query.from.map(|from| {
            let before = from.as_millisecond().saturating_sub(1);
            place_key(Timestamp::from_millisecond(before).unwrap_or(Timestamp::MIN), u64::MAX)
        });
        let after = query.after.map(|Place(at, number)| {
            place_key(Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN), number)
        });
        let mut after = from.max(after);
        let mut found = Vec::new();
        // A reading for each page: a commit waits for one, not for all of the trail. Lines come at its end and go
        // from its beginning, so that pages of different moments fit together.
        while found.len() < limit {
            let (asked, behind) = (query.clone(), after);
            let page = self.read(move |view| lines(view, &asked, behind.as_deref(), PAGE)).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.primary_key());
            let is_last = page.len() < PAGE;
            for line in page {
                if query.until.is_some_and(|until| line.event.at >= until) {
                    return Ok(found);
                }
                if found.len() < limit && is_asked_for(&query, &line) {
                    found.push(line.recorded());
                }
            }
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    async fn remove_events(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(move |transaction| {
            let lines: Vec<Line> = transaction.view().records(&[], None, limit)?;
            let mut removed = 0;
            for line in lines.iter().take_while(|line| line.event.at < before) {
                transaction.remove::<Line>(&line.primary_key())?;
                removed += 1;
            }
            Ok(Outcome::Keep(removed))
        })
        .await
    }
}
