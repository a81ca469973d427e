//! What a token may do.

use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal)*) => {
        /// A right of a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {$(
            $(#[$doc])*
            $name,
        )*}

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As it is written in the configuration.
            pub const fn as_str(self) -> &'static str {
                match self {$(
                    Self::$name => $text,
                )*}
            }
        }
    };
}

scopes! {
    /// To read and find persons.
    PersonsRead = "persons:read"
    /// To add, import and change persons.
    PersonsWrite = "persons:write"
    /// To read all that is held about a person.
    PersonsExport = "persons:export"
    /// To erase persons.
    PersonsErase = "persons:erase"
    /// To read accounts.
    AccountsRead = "accounts:read"
    /// To open, change, reset, disable and erase accounts, and to say whose results they see.
    AccountsWrite = "accounts:write"
    /// To read orders, and why they are withheld.
    OrdersRead = "orders:read"
    /// To hold and release orders.
    OrdersWrite = "orders:write"
    /// To import and withdraw reports.
    ReportsWrite = "reports:write"
    /// To see what became of messages.
    MessagesRead = "messages:read"
    /// To have a message tried again.
    MessagesWrite = "messages:write"
    /// To see what is prepared to be downloaded.
    JobsRead = "jobs:read"
    /// To cancel it and to have it tried again.
    JobsWrite = "jobs:write"
    /// To see what is shared.
    SharesRead = "shares:read"
    /// To revoke it.
    SharesWrite = "shares:write"
    /// To read the audit trail.
    AuditRead = "audit:read"
    /// To back up the store.
    Backup = "backup:write"
}

/// A text that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is none of {}", Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "))]
pub struct NotAScope;

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or(NotAScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
