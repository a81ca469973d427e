//! The portal as its site runs it: the demonstration in a browser, signals, monitors, logs, nginx, systemd.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod check;
mod check_provider;
mod demo;
mod downloads;
mod failures;
mod hospital;
mod jobs;
mod kill;
mod markers;
mod operations;
mod packaging;
mod provider;
mod reload;
#[expect(dead_code, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/served.rs"]
mod served;
mod server;
mod shares;
mod unread;
mod visitor;
