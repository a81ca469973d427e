//! What is held stays so, whatever a PACS tells of orders and Patient IDs.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{OrderId, PersonId};
use crate::order::{Decision, Order, Ruling, Scope};
use crate::sled::orders::{has_study, study_key};
use crate::sled::overlay::{StoreFault, Transaction};
use crate::sled::table::{Index, Record};

/// Goes on with what is held, before `orders` take the place of what a person had `before`: each study with its order.
pub(crate) fn keep(
    transaction: &mut Transaction<'_>,
    person: PersonId,
    before: &[(OrderId, &str)],
    orders: &[Order],
) -> Result<(), StoreFault> {
    let mut decided = BTreeSet::new();
    let mut held = BTreeMap::new();
    let decisions: Vec<Decision> =
        transaction.view().records(person.as_bytes(), None, usize::MAX)?;
    for decision in decisions {
        match &decision.scope {
            Scope::Study(study) => drop(decided.insert(study.to_string())),
            Scope::Order(order) => drop(held.insert(*order, decision)),
        }
    }
    follow_orders(transaction, &mut held, before, orders)?;
    let told: Vec<(OrderId, &str)> = orders
        .iter()
        .flat_map(|order| order.examinations.iter().map(|one| (order.id, one.study.as_str())))
        .collect();
    // What came to an order that is held is held wherever it goes from there.
    for (order, study) in before.iter().chain(&told) {
        if let Some(hold) = held.get(order)
            && decided.insert((*study).to_owned())
        {
            let scope = Scope::Study((*study).into());
            transaction.put(&Decision { scope, ..hold.clone() })?;
        }
    }
    let known: BTreeSet<&str> = before.iter().map(|(_, study)| *study).collect();
    for (_, study) in told {
        if !known.contains(study) && !decided.contains(study) {
            take_from_another(transaction, person, study)?;
        }
    }
    Ok(())
}

/// A number that is told late makes another order of the same examinations: a hold on what comes to the one goes on in
/// the other. An order that was there has what was decided on it.
fn follow_orders(
    transaction: &mut Transaction<'_>,
    held: &mut BTreeMap<OrderId, Decision>,
    before: &[(OrderId, &str)],
    orders: &[Order],
) -> Result<(), StoreFault> {
    let was: BTreeMap<&str, OrderId> =
        before.iter().map(|(order, study)| (*study, *order)).collect();
    let before: BTreeSet<OrderId> = was.values().copied().collect();
    let now: BTreeSet<OrderId> = orders.iter().map(|order| order.id).collect();
    let mut left = Vec::new();
    for order in orders.iter().filter(|order| !before.contains(&order.id)) {
        let mut came_from = order.examinations.iter().filter_map(|one| was.get(one.study.as_str()));
        let Some(hold) = came_from.find_map(|was| held.get(was)).cloned() else { continue };
        left.push(hold.clone());
        let hold = Decision { scope: Scope::Order(order.id), ..hold };
        transaction.put(&hold)?;
        held.insert(order.id, hold);
    }
    left.retain(|hold| !matches!(hold.scope, Scope::Order(order) if now.contains(&order)));
    for hold in left {
        transaction.remove::<Decision>(&hold.primary_key())?;
    }
    Ok(())
}

/// An examination that is new to a person is held as another person has it: a Patient ID may have gone from one record
/// to another, or the study been corrected. The reason was said of the other person and stays there.
fn take_from_another(
    transaction: &mut Transaction<'_>,
    person: PersonId,
    study: &str,
) -> Result<(), StoreFault> {
    let decisions: Vec<Decision> =
        transaction.view().indexed(Index::DecisionByStudy, &study_key(study), usize::MAX)?;
    let Some(hold) = decisions.into_iter().find(|one| one.ruling == Ruling::Hold) else {
        return Ok(());
    };
    if !has_study(&transaction.view(), hold.person, study)? {
        transaction.remove::<Decision>(&hold.primary_key())?;
    }
    transaction.put(&Decision { person, reason: None, ..hold })
}
