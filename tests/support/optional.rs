//! Whether tests may do without programs of other people.

/// Whether a program of others may be missing here: then a test says so, and goes on.
pub(crate) fn may_be_missing() -> bool {
    std::env::var_os("ESITO_JUDGES_OPTIONAL").is_some_and(|value| !value.is_empty())
}

/// Says why a part of a test is left out; fails where nothing may be.
#[track_caller]
#[expect(clippy::print_stdout, reason = "what a test leaves out is said")]
pub(crate) fn leave_out(why: &str) {
    assert!(may_be_missing(), "{why}: run tests/judges/install");
    println!("skipped: {why}");
}
