//! What may be seen by whoever asks: an account, or a recipient with whom it shares an order.

use std::sync::Arc;

use jiff::Timestamp;
use store::{Holder, OrderId, PersonId, ReportId, StoreError};

use crate::results::{OpenedOrder, OpenedReport, Results, ShownOrder};

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

    /// A report on what a recipient may see; `None` when there is none.
    pub(crate) async fn report_to(
        &self,
        holder: &Holder,
        id: ReportId,
    ) -> Result<Option<OpenedReport>, StoreError> {
        let shown = self.shown_to(holder).await?;
        let mut reports = shown.iter().flat_map(ShownOrder::all_reports);
        if !reports.any(|report| report.id == id) {
            return Ok(None);
        }
        let report = self.store.report(id).await?;
        let store = Arc::clone(&self.store);
        Ok(report.map(|report| OpenedReport { report, store }))
    }

    /// From when on an order of a person is not shown any more by time alone; `None` where that has no end.
    pub(crate) async fn shown_until(
        &self,
        person: PersonId,
        order: OrderId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(results) = self.store.results_of_person(person).await? else { return Ok(None) };
        let now = self.clock.now();
        let order = results.orders.iter().find(|one| one.id == order);
        Ok(order.and_then(|order| self.release.shown_until(&results, order, now)))
    }
}

/// Whether an order that an account may see is meant for who asks by its right.
fn is_for(holder: &Holder, person: PersonId, order: OrderId) -> bool {
    match holder {
        Holder::Account(_) => true,
        Holder::Recipient(open) => (open.share.person, open.share.order) == (person, order),
    }
}
