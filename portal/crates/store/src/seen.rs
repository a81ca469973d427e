//! Which orders an account has looked at, and as what, so that it can be told what is new.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::id::{AccountId, OrderId};

/// An account has looked at an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenOrder {
    /// Who looked.
    pub account: AccountId,
    /// At what.
    pub order: OrderId,
    /// Stands for what was to be seen; another one means that something changed since.
    pub state: u64,
}

/// What accounts have looked at.
#[async_trait]
pub trait SeenOrders {
    /// All that an account has looked at.
    async fn seen_orders(&self, account: AccountId) -> Result<Vec<SeenOrder>, StoreError>;

    /// Remembers that an account looked at orders; false when there is no such account any more.
    async fn see_orders(
        &self,
        account: AccountId,
        orders: Vec<(OrderId, u64)>,
    ) -> Result<bool, StoreError>;
}
