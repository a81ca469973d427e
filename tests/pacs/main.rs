//! `esito` and PACS that are not ours, started on loopback: Orthanc and dcmqrscp; the fixture PACS, judged by
//! the clients of DCMTK; and the same one misbehaving.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[path = "../support/enrolled.rs"]
mod enrolled;
#[expect(dead_code, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod as_from_a_folder;
mod fixture_pacs;
mod nginx;
mod patient_root;
mod peer;
mod peers;
mod proxied;
mod recall;
mod results;
mod scripted;
mod secure;
mod several;
mod storage;
mod store_scp;
mod web_faults;
mod wrong_answers;
mod wrong_instances;
