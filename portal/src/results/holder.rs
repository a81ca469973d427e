//! What may be seen by whoever asks: an account, or a recipient with whom it shares an order.

use store::{Holder, OrderId, PersonId, StoreError};

use crate::results::{OpenedOrder, Results, ShownOrder};

impl Results {
    /// One order, as far as somebody may see it: a recipient sees what is shared, by the right of who shares.
    pub(crate) async fn visible_to(
        &self,
        holder: &Holder,
        id: OrderId,
    ) -> Result<Option<OpenedOrder>, StoreError> {
        let opened = self.visible(holder.account(), id).await?;
        Ok(opened.filter(|opened| is_for(holder, opened.person.id, id)))
    }

    /// Every order that somebody may see.
    pub(crate) async fn shown_to(&self, holder: &Holder) -> Result<Vec<ShownOrder>, StoreError> {
        let mut shown = self.shown(holder.account()).await?;
        shown.retain(|order| is_for(holder, order.person, order.id));
        Ok(shown)
    }
}

/// Whether an order that an account may see is meant for who asks by its right.
fn is_for(holder: &Holder, person: PersonId, order: OrderId) -> bool {
    match holder {
        Holder::Account(_) => true,
        Holder::Recipient(open) => (open.share.person, open.share.order) == (person, order),
    }
}
