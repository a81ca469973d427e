//! [`Orders`] in sled: a record for each examination, so that none grows with its order.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{OrderId, PersonId};
use crate::order::{
    Claim, Decided, Decision, Examination, NewDecision, Order, OrderKey, Orders, PersonResults,
    Refresh, Ruling, Scope,
};
use crate::person::Person;
use crate::sled::SledStore;
use crate::sled::follow;
use crate::sled::holds;
use crate::sled::key::{Key, prefix_end};
use crate::sled::overlay::{Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::reports;
use crate::sled::table::{Index, Record, Table};

/// An examination with its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ordered {
    person: PersonId,
    order: OrderId,
    key: OrderKey,
    examination: Examination,
}

impl Record for Ordered {
    const TABLE: Table = Table::Examinations;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        Key::new()
            .fixed(self.person.as_bytes())
            .fixed(self.order.as_bytes())
            .fixed(&study_key(&self.examination.study))
            .build()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let primary = self.primary_key();
        let mut numbers: Vec<&str> = Vec::new();
        if let OrderKey::OrderNumber(number) = &self.key {
            numbers.push(number);
        }
        if let Some(number) = &self.examination.accession_number
            && !numbers.contains(&number.as_str())
        {
            numbers.push(number);
        }
        let by_number = numbers.into_iter().map(|number| {
            Index::ExaminationByNumber.key(&Key::new().text(number).fixed(&primary).build())
        });
        let by_order = Key::new().fixed(self.order.as_bytes()).fixed(&primary).build();
        by_number.chain([Index::ExaminationByOrder.key(&by_order)]).collect()
    }
}

/// A Study Instance UID in a key: always as long.
pub(crate) fn study_key(study: &str) -> Vec<u8> {
    Sha256::digest(study.as_bytes()).iter().take(16).copied().collect()
}

impl Record for Refresh {
    const TABLE: Table = Table::Refreshes;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.person.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let by_due = |due| {
            let key = Key::new().moment(due).fixed(self.person.as_bytes());
            Index::RefreshByDue.key(&key.build())
        };
        self.due.map(by_due).into_iter().collect()
    }
}

impl Record for Decision {
    const TABLE: Table = Table::Decisions;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        decision_key(self.person, &self.scope)
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        match &self.scope {
            Scope::Order(_) => Vec::new(),
            Scope::Study(study) => {
                let key = Key::new().fixed(&study_key(study)).fixed(self.person.as_bytes());
                vec![Index::DecisionByStudy.key(&key.build())]
            }
        }
    }
}

pub(crate) fn decision_key(person: PersonId, scope: &Scope) -> Vec<u8> {
    let key = Key::new().fixed(person.as_bytes());
    match scope {
        Scope::Order(order) => key.fixed(&[1]).fixed(order.as_bytes()),
        Scope::Study(study) => key.fixed(&[2]).fixed(&study_key(study)),
    }
    .build()
}

fn examinations(view: &View<'_>, person: PersonId) -> Result<Vec<Ordered>, ReadError> {
    view.records(person.as_bytes(), None, usize::MAX)
}

/// Removes all that is kept of a person's results; tells which orders those were.
pub(crate) fn erase(
    transaction: &mut Transaction<'_>,
    person: PersonId,
) -> Result<Vec<OrderId>, StoreFault> {
    let mut orders = Vec::new();
    for ordered in examinations(&transaction.view(), person)? {
        transaction.remove::<Ordered>(&ordered.primary_key())?;
        orders.push(ordered.order);
    }
    let decisions: Vec<Decision> =
        transaction.view().records(person.as_bytes(), None, usize::MAX)?;
    for decision in decisions {
        transaction.remove::<Decision>(&decision.primary_key())?;
    }
    transaction.remove::<Refresh>(person.as_bytes())?;
    reports::erase(transaction, person)?;
    Ok(orders)
}

/// Puts examinations together again.
fn orders_of(examinations: Vec<Ordered>) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    // They come sorted by order.
    for Ordered { order, key, examination, .. } in examinations {
        match orders.last_mut().filter(|last| last.id == order) {
            Some(last) => last.examinations.push(examination),
            None => orders.push(Order { id: order, key, examinations: vec![examination] }),
        }
    }
    orders
}

/// Takes a refresh on, whoever asked before.
fn claim(
    transaction: &mut Transaction<'_>,
    mut refresh: Refresh,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<(), StoreFault> {
    let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
    refresh.claimed = Some(until);
    // Should whoever claims never end, somebody asks again then.
    refresh.due = Some(until);
    transaction.put(&refresh)
}

/// Whether somebody asks. Clocks of callers may differ a little; a claim of more than another lease ahead was made
/// by a clock that has been set back since.
fn is_claimed(refresh: &Refresh, now: Timestamp, lease: SignedDuration) -> bool {
    let latest = now.checked_add(lease.saturating_mul(2)).unwrap_or(Timestamp::MAX);
    refresh.claimed.is_some_and(|until| now < until && until <= latest)
}

#[async_trait]
impl Orders for SledStore {
    async fn results_of_person(&self, id: PersonId) -> Result<Option<PersonResults>, StoreError> {
        self.read(move |view| {
            let Some(person) = view.get::<Person>(id.as_bytes())? else { return Ok(None) };
            Ok(Some(PersonResults {
                person,
                orders: orders_of(examinations(view, id)?),
                decisions: view.records(id.as_bytes(), None, usize::MAX)?,
                reports: reports::of_person(view, id)?,
                refresh: view.get(id.as_bytes())?,
            }))
        })
        .await
    }

    async fn person_of_order(&self, id: OrderId) -> Result<Option<PersonId>, StoreError> {
        self.read(move |view| {
            let found: Vec<Ordered> = view.indexed(Index::ExaminationByOrder, id.as_bytes(), 1)?;
            Ok(found.first().map(|ordered| ordered.person))
        })
        .await
    }

    async fn find_orders(
        &self,
        number: &str,
        limit: usize,
    ) -> Result<Vec<(PersonId, OrderId)>, StoreError> {
        let key = Key::new().text(number).build();
        self.read(move |view| {
            let mut found: Vec<(PersonId, OrderId)> = Vec::new();
            let mut after = None;
            while found.len() < limit {
                let page: Vec<Ordered> =
                    view.indexed_after(Index::ExaminationByNumber, &key, after.as_deref(), limit)?;
                let Some(last) = page.last() else { break };
                after = Some(last.primary_key());
                for ordered in page {
                    // Those of one order follow each other.
                    let order = (ordered.person, ordered.order);
                    if found.len() < limit && found.last() != Some(&order) {
                        found.push(order);
                    }
                }
            }
            Ok(found)
        })
        .await
    }

    async fn replace_orders(
        &self,
        orders: Vec<Order>,
        refresh: Refresh,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let person = refresh.person;
            if transaction.view().get::<Person>(person.as_bytes())?.is_none() {
                return Ok(Outcome::Refuse(false));
            }
            let mut there: BTreeMap<Vec<u8>, Ordered> = examinations(&transaction.view(), person)?
                .into_iter()
                .map(|ordered| (ordered.primary_key(), ordered))
                .collect();
            let before: Vec<_> =
                there.values().map(|one| (one.order, one.examination.study.as_str())).collect();
            holds::keep(transaction, person, &before, &orders)?;
            follow::keep(transaction, person, &before, &orders)?;
            for Order { id, key, examinations } in orders {
                for examination in examinations {
                    let new = Ordered { person, order: id, key: key.clone(), examination };
                    if there.remove(&new.primary_key()).as_ref() != Some(&new) {
                        transaction.put(&new)?;
                    }
                }
            }
            for gone in there.keys() {
                transaction.remove::<Ordered>(gone)?;
            }
            transaction.put(&refresh)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn claim_refresh(
        &self,
        person: PersonId,
        now: Timestamp,
        asked_before: Timestamp,
        lease: SignedDuration,
    ) -> Result<Claim, StoreError> {
        self.write(move |transaction| {
            if transaction.view().get::<Person>(person.as_bytes())?.is_none() {
                return Ok(Outcome::Refuse(Claim::NoSuchPerson));
            }
            let kept = transaction.view().get::<Refresh>(person.as_bytes())?;
            let mut refresh = kept.unwrap_or(Refresh {
                person,
                asked: None,
                wanted: now,
                claimed: None,
                due: None,
                answers: Vec::new(),
            });
            if is_claimed(&refresh, now, lease) {
                return Ok(Outcome::Refuse(Claim::Taken));
            }
            if refresh.is_fresh(now, asked_before) {
                return Ok(Outcome::Refuse(Claim::Fresh));
            }
            refresh.wanted = now;
            claim(transaction, refresh, now, lease)?;
            Ok(Outcome::Keep(Claim::Claimed))
        })
        .await
    }

    async fn claim_due_refreshes(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<PersonId>, StoreError> {
        self.write(move |transaction| {
            let end = prefix_end(&Key::new().moment(now).build());
            let due: Vec<Refresh> =
                transaction.view().indexed_before(Index::RefreshByDue, &end, limit)?;
            let mut claimed = Vec::new();
            for refresh in due {
                claimed.push(refresh.person);
                claim(transaction, refresh, now, lease)?;
            }
            Ok(Outcome::Keep(claimed))
        })
        .await
    }

    async fn decide(
        &self,
        person: PersonId,
        decision: NewDecision,
        along: Along,
    ) -> Result<Decided, StoreError> {
        self.write(move |transaction| {
            let prefix = Key::new().fixed(person.as_bytes()).fixed(decision.order.as_bytes());
            let ordered: Vec<Ordered> =
                transaction.view().records(&prefix.build(), None, usize::MAX)?;
            if ordered.is_empty() {
                return Ok(Outcome::Refuse(Decided::NoSuchOrder));
            }
            let is_meant = |study: &str| decision.study.as_deref().is_none_or(|one| one == study);
            let mut studies: Vec<_> =
                ordered.into_iter().map(|ordered| ordered.examination.study).collect();
            studies.retain(|study| is_meant(study));
            if studies.is_empty() {
                return Ok(Outcome::Refuse(Decided::NoSuchExamination));
            }
            let of_order = Scope::Order(decision.order);
            let mut rulings: Vec<_> =
                studies.into_iter().map(|study| (Scope::Study(study), decision.ruling)).collect();
            if decision.study.is_none() {
                // What comes later is held with the rest, and never released with it.
                let later = decision.ruling.filter(|ruling| *ruling == Ruling::Hold);
                rulings.push((of_order, later));
            }
            for (scope, ruling) in rulings {
                match ruling {
                    Some(ruling) => transaction.put(&Decision {
                        person,
                        scope,
                        ruling,
                        by: decision.by.clone(),
                        at: decision.at,
                        reason: decision.reason.clone(),
                    })?,
                    None => {
                        transaction.remove::<Decision>(&decision_key(person, &scope))?;
                    }
                }
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Decided::Done))
        })
        .await
    }
}
