//! The contract of the command line: exit codes, what stands on stderr, what is left on disk.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod branding;
mod cancelling;
mod directory;
mod exit_codes;
mod output;
mod serve;
mod storage;
