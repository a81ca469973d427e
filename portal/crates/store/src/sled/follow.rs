//! What somebody has of an order goes along when the order is told by another key: a number comes late, or where a site
//! reads it changes. Shares, downloads and what was seen name the order by that key.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{OrderId, PersonId};
use crate::order::Order;
use crate::seen::SeenOrder;
use crate::sled::key::Key;
use crate::sled::overlay::{StoreFault, Transaction};
use crate::sled::{accounts, downloads, shares};

/// Follows the orders that a person had `before`, each study with its order, to those of `orders` that come in their
/// place.
///
/// Only where the old one is told no more, the new one was not told before, and both have the same studies: nobody sees
/// more than what was shared.
pub(crate) fn keep(
    transaction: &mut Transaction<'_>,
    person: PersonId,
    before: &[(OrderId, &str)],
    orders: &[Order],
) -> Result<(), StoreFault> {
    let told: BTreeSet<OrderId> = orders.iter().map(|order| order.id).collect();
    let mut were: BTreeMap<OrderId, BTreeSet<&str>> = BTreeMap::new();
    for (order, study) in before {
        were.entry(*order).or_default().insert(*study);
    }
    let gone: BTreeMap<&BTreeSet<&str>, OrderId> = were
        .iter()
        .filter(|(order, _)| !told.contains(*order))
        .map(|(order, studies)| (studies, *order))
        .collect();
    let mut now = BTreeMap::new();
    for order in orders.iter().filter(|order| !were.contains_key(&order.id)) {
        let studies: BTreeSet<&str> =
            order.examinations.iter().map(|one| one.study.as_str()).collect();
        if let Some(was) = gone.get(&studies) {
            now.insert(*was, order.id);
        }
    }
    if now.is_empty() {
        return Ok(());
    }
    shares::follow(transaction, person, &now)?;
    downloads::follow(transaction, person, &now)?;
    for account in accounts::of_person(&transaction.view(), person)? {
        for (was, order) in &now {
            let key = Key::new().fixed(account.id.as_bytes()).fixed(was.as_bytes()).build();
            if let Some(seen) = transaction.view().get::<SeenOrder>(&key)? {
                transaction.remove::<SeenOrder>(&key)?;
                transaction.put(&SeenOrder { order: *order, ..seen })?;
            }
        }
    }
    Ok(())
}
