//! What can be shared, and until when.

use jiff::{SignedDuration, Timestamp};
use store::{Account, OrderId, Person};

use crate::results::{OpenedOrder, ShownOrder};
use crate::shares::{DAYS, Shares, SharesError};

/// An order that can be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Whose it is.
    pub person: Person,
    /// The order.
    pub order: ShownOrder,
    /// For how long: never longer than the order is shown itself.
    pub terms: Vec<Term>,
}

/// A time for which an order can be shared (S-105).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Days, as they are chosen.
    pub days: u16,
    /// Until when that is.
    pub until: Timestamp,
    /// The order is not shown for so long.
    pub is_cut: bool,
}

impl Shares {
    /// What an account can share of an order; `None` when there is no such order that it may see, or nothing is
    /// shared at this site.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn offer(
        &self,
        account: &Account,
        order: OrderId,
    ) -> Result<Option<Offer>, SharesError> {
        match self.0.results.visible(account, order).await? {
            Some(opened) => self.offer_of(&opened).await,
            None => Ok(None),
        }
    }

    /// The same of an order that the account sees.
    ///
    /// # Errors
    /// [`SharesError`].
    pub(crate) async fn offer_of(
        &self,
        opened: &OpenedOrder,
    ) -> Result<Option<Offer>, SharesError> {
        let inner = &self.0;
        if !inner.settings.is_offered {
            return Ok(None);
        }
        let OpenedOrder { person, order, .. } = opened;
        let last = inner.results.shown_until(person.id, order.id).await?;
        let now = inner.clock.now();
        let terms = DAYS.map(|days| term(days, now, last)).to_vec();
        Ok(Some(Offer { person: person.clone(), order: order.clone(), terms }))
    }
}

/// So many days from now, or until an order is not shown any more.
pub(super) fn term(days: u16, now: Timestamp, last: Option<Timestamp>) -> Term {
    let asked = SignedDuration::from_hours(24 * i64::from(days));
    let asked = now.checked_add(asked).unwrap_or(Timestamp::MAX);
    let until = last.map_or(asked, |last| asked.min(last));
    Term { days, until, is_cut: until < asked }
}
