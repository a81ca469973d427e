//! What is held stays so, whatever a PACS tells of orders and Patient IDs. Holds come along, and none is taken away:
//! only the site ends them.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{OrderId, PersonId};
use crate::order::{Decision, Order, Ruling, Scope};
use crate::sled::orders::{decision_key, study_key};
use crate::sled::overlay::{ReadError, StoreFault, Transaction, View};
use crate::sled::table::Index;

/// Goes on with what is held, before `orders` take the place of what a person had `before`: each study with its order.
///
/// An order that is new to the person has the hold of the one that its examinations were in (a number that is told late
/// makes another order of them), or of the same order of another person; one that was there has what was decided on it.
pub(crate) fn keep(
    transaction: &mut Transaction<'_>,
    person: PersonId,
    before: &[(OrderId, &str)],
    orders: &[Order],
) -> Result<(), StoreFault> {
    let mut holds = Holds::of(transaction, person)?;
    let mut was_in = BTreeMap::new();
    let mut were = BTreeSet::new();
    for (order, study) in before {
        holds.with_order(*order, study)?;
        was_in.insert(*study, *order);
        were.insert(*order);
    }
    for order in orders {
        let is_new = !were.contains(&order.id);
        let studies = || order.examinations.iter().map(|one| one.study.as_str());
        let mut came_from = studies().filter_map(|study| was_in.get(study));
        if is_new && let Some(hold) = came_from.find_map(|was| holds.on_orders.get(was)).cloned() {
            holds.on_order(order.id, hold)?;
        }
        for study in studies() {
            holds.with_order(order.id, study)?;
            if was_in.contains_key(study) || holds.decided.contains(study) {
                continue;
            }
            let Some(hold) = of_another(&holds.transaction.view(), study)? else { continue };
            let same = Scope::Order(OrderId::of(hold.person, &order.key));
            let same = decision_key(hold.person, &same);
            // Why is said of the other person.
            holds.on_study(study, Decision { reason: None, ..hold })?;
            if is_new && let Some(hold) = holds.transaction.view().get::<Decision>(&same)? {
                holds.on_order(order.id, Decision { reason: None, ..hold })?;
            }
        }
    }
    Ok(())
}

/// An examination that is new to a person is held as another one has it: a Patient ID may have gone from one record to
/// another, or the study been corrected.
fn of_another(view: &View<'_>, study: &str) -> Result<Option<Decision>, ReadError> {
    let decisions: Vec<Decision> =
        view.indexed(Index::DecisionByStudy, &study_key(study), usize::MAX)?;
    Ok(decisions.into_iter().find(|one| one.ruling == Ruling::Hold))
}

/// What is decided on results of a person.
struct Holds<'h, 't> {
    transaction: &'h mut Transaction<'t>,
    person: PersonId,
    /// Examinations.
    decided: BTreeSet<String>,
    /// Orders of which what comes later is held.
    on_orders: BTreeMap<OrderId, Decision>,
}

impl<'h, 't> Holds<'h, 't> {
    fn of(transaction: &'h mut Transaction<'t>, person: PersonId) -> Result<Self, StoreFault> {
        let decisions: Vec<Decision> =
            transaction.view().records(person.as_bytes(), None, usize::MAX)?;
        let mut holds =
            Self { transaction, person, decided: BTreeSet::new(), on_orders: BTreeMap::new() };
        for decision in decisions {
            match &decision.scope {
                Scope::Study(study) => drop(holds.decided.insert(study.to_string())),
                Scope::Order(order) => drop(holds.on_orders.insert(*order, decision)),
            }
        }
        Ok(holds)
    }

    /// Holds an examination itself that is in an order that is held, so that it stays so wherever it goes from there.
    fn with_order(&mut self, order: OrderId, study: &str) -> Result<(), StoreFault> {
        match self.on_orders.get(&order).cloned() {
            Some(hold) if !self.decided.contains(study) => self.on_study(study, hold),
            _ => Ok(()),
        }
    }

    fn on_study(&mut self, study: &str, like: Decision) -> Result<(), StoreFault> {
        self.decided.insert(study.to_owned());
        let (person, scope) = (self.person, Scope::Study(study.into()));
        self.transaction.put(&Decision { person, scope, ..like })
    }

    fn on_order(&mut self, order: OrderId, like: Decision) -> Result<(), StoreFault> {
        let hold = Decision { person: self.person, scope: Scope::Order(order), ..like };
        self.transaction.put(&hold)?;
        self.on_orders.insert(order, hold);
        Ok(())
    }
}
