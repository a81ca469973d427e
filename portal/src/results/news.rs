//! What is new to an account: orders that it never opened, and those that changed since.
//!
//! Invariant: only what may be seen makes news, so that nothing withheld is told by them.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};
use store::{Account, OrderId, Store, StoreError};

use crate::results::shown::ShownOrder;

/// Why an order is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It was never opened.
    New,
    /// A report or an examination came since it was opened, or went.
    Updated,
}

/// What an account has looked at, by order.
pub(crate) async fn seen(
    store: &dyn Store,
    account: &Account,
) -> Result<HashMap<OrderId, u64>, StoreError> {
    let seen = store.seen_orders(account.id).await?;
    Ok(seen.into_iter().map(|one| (one.order, one.state)).collect())
}

/// Which of the orders are news to who has seen these.
pub(crate) fn news_of(
    orders: &[ShownOrder],
    seen: &HashMap<OrderId, u64>,
) -> BTreeMap<OrderId, News> {
    let news = |order: &ShownOrder| match seen.get(&order.id) {
        None => Some(News::New),
        Some(state) if *state == state_of(order) => None,
        Some(_) => Some(News::Updated),
    };
    orders.iter().filter_map(|order| Some((order.id, news(order)?))).collect()
}

/// Stands for the examinations and reports that are shown of an order: another examination, report, version
/// or status gives another state.
pub(crate) fn state_of(order: &ShownOrder) -> u64 {
    let mut hash = Sha256::new();
    let mut studies: Vec<_> = order.examinations.iter().collect();
    studies.sort_by(|one, other| one.study.cmp(&other.study));
    for one in studies {
        hash.update(one.study.as_bytes());
        hash.update([0, u8::from(one.has_listed_report)]);
    }
    let mut reports: Vec<_> = order.all_reports().collect();
    reports.sort_by_key(|report| report.id);
    for report in reports {
        hash.update(report.id.as_bytes());
        hash.update(report.version.to_be_bytes());
        hash.update([report.status as u8]);
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |state, byte| (state << 8) | u64::from(*byte))
}
