//! What every store has to do, said through its traits alone: another implementation joins
//! [`on_each_store`].

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test program: a failed expectation ends the test"
)]

mod accounts;
mod clock;
mod downloads;
mod follow;
mod halt;
mod many;
mod messages;
mod orders;
mod persons;
mod reports;
mod seen;
mod sessions;
mod shares;
mod sled;
mod trail;
mod upgrade;
mod values;

use std::future::Future;
use std::sync::Arc;

use ::store::{SledStore, Store};

/// Runs a case on each store, and sees that what it leaves is sound.
fn on_each_store<F: Future<Output = ()>>(case: impl Fn(Arc<dyn Store>) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sled = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
    runtime.block_on(case(Arc::clone(&sled) as Arc<dyn Store>));
    sled.verify().unwrap();
}
