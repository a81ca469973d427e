//! Packages made by `esito`, judged by readers that are not ours: every fixture, every real sample.
//!
//! Invariant: no test here trusts what our own code reads back.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod fixtures;
mod given_reports;
mod hostile;
mod importers;
mod reports;
mod samples;
