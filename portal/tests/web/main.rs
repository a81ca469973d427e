//! The pages as browsers and others find them: a portal on a port of its own for each test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: a failed expectation ends the test"
)]

mod access;
mod browser;
mod compression;
mod downloads;
mod enumeration;
mod flow;
mod forgery;
mod guards;
mod hostile;
mod identity_provider;
mod injection;
mod news;
mod pages;
mod panel;
#[expect(unreachable_pub, dead_code, reason = "shared with the end-to-end tests")]
#[path = "../../../tests/support/served.rs"]
mod peer;
mod provider;
mod reports;
mod results;
mod screens;
mod server;
mod share_ends;
mod share_links;
mod share_mails;
mod share_pins;
mod shares;
mod sharing;
mod tls;
mod trail;
