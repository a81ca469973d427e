//! Values of persons: they print as nothing.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A value that must not reach a log: its `Debug` is `[redacted]`, and it has no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T>(pub T);

impl<T> fmt::Debug for Private<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl<T> Deref for Private<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl From<&str> for Private<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
