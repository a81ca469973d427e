//! `esito openapi`: the description of the administration API.

use std::process::ExitCode;

use crate::console::{self, Failure};

/// Writes the description (`OpenAPI` 3.1) to standard output.
pub(crate) fn run() -> ExitCode {
    let description = serde_json::to_value(portal::admin::description());
    console::end(
        description
            .map_err(|error| Failure::storage(&error.into()))
            .and_then(|description| console::write_json(&description)),
    )
}
