//! The section `[monitor]`: where a monitor asks whether the portal lives, is ready, and what it counted.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    listen: Option<SocketAddr>,
}

impl Section {
    /// Without an address nobody can ask.
    pub(super) fn check(self) -> Option<SocketAddr> {
        self.listen
    }
}
