//! [`SeenOrders`] in sled: a record for each account and order.

use async_trait::async_trait;

use crate::account::Account;
use crate::error::StoreError;
use crate::id::{AccountId, OrderId};
use crate::seen::{SeenOrder, SeenOrders};
use crate::sled::SledStore;
use crate::sled::key::Key;
use crate::sled::overlay::{Outcome, StoreFault, Transaction};
use crate::sled::table::{Record, Table};

impl Record for SeenOrder {
    const TABLE: Table = Table::SeenOrders;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        Key::new().fixed(self.account.as_bytes()).fixed(self.order.as_bytes()).build()
    }
}

/// Removes what an account has looked at: all, or only these orders.
pub(crate) fn erase(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    only: Option<&[OrderId]>,
) -> Result<(), StoreFault> {
    let seen: Vec<SeenOrder> = transaction.view().records(account.as_bytes(), None, usize::MAX)?;
    for seen in seen.iter().filter(|seen| only.is_none_or(|only| only.contains(&seen.order))) {
        transaction.remove::<SeenOrder>(&seen.primary_key())?;
    }
    Ok(())
}

#[async_trait]
impl SeenOrders for SledStore {
    async fn seen_orders(&self, account: AccountId) -> Result<Vec<SeenOrder>, StoreError> {
        self.read(move |view| view.records(account.as_bytes(), None, usize::MAX)).await
    }

    async fn see_orders(
        &self,
        account: AccountId,
        orders: Vec<(OrderId, u64)>,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            if transaction.view().get::<Account>(account.as_bytes())?.is_none() {
                return Ok(Outcome::Refuse(false));
            }
            for (order, state) in orders {
                transaction.put(&SeenOrder { account, order, state })?;
            }
            Ok(Outcome::Keep(true))
        })
        .await
    }
}
