//! Administration from outside: the API by other people's programs and by hand, and the command line with
//! and without a server.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod acts;
mod commands;
mod crash;
mod description;
mod erasure;
mod limits;
mod pacs;
mod scopes;
mod server;
