//! Whether tests may do without programs of other people.

/// Whether a program of others may be missing here: then a test says so, and goes on.
pub(crate) fn may_be_missing() -> bool {
    std::env::var_os("ESITO_JUDGES_OPTIONAL").is_some_and(|value| !value.is_empty())
}
