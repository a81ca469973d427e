//! Who asks for what an account may see: the account itself, or a recipient with whom it shares an order.

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::id::{AccountId, RecipientId, ShareId};
use crate::share::OpenShare;

/// Who asks, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asker {
    /// Somebody who logs in.
    Account(AccountId),
    /// Somebody with whom an order is shared.
    Recipient {
        /// By which share.
        share: ShareId,
        /// Which of its recipients.
        recipient: RecipientId,
    },
}

/// Who asks, as they are at this moment: an account that can log in, or a recipient of a share that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Somebody who logs in.
    Account(Box<Account>),
    /// Somebody with whom an order is shared.
    Recipient(Box<OpenShare>),
}

impl Holder {
    /// Its name.
    pub fn asker(&self) -> Asker {
        match self {
            Self::Account(account) => Asker::Account(account.id),
            Self::Recipient(open) => open.asker(),
        }
    }

    /// The account whose right it is to see: a recipient sees by the right of who shares.
    pub fn account(&self) -> &Account {
        match self {
            Self::Account(account) => account,
            Self::Recipient(open) => &open.account,
        }
    }
}

impl From<Account> for Holder {
    fn from(account: Account) -> Self {
        Self::Account(Box::new(account))
    }
}

impl From<OpenShare> for Holder {
    fn from(open: OpenShare) -> Self {
        Self::Recipient(Box::new(open))
    }
}
