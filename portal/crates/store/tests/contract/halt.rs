//! A write that failed is the last one.

use std::fs;

use store::{Along, Halting, Persons, SledStore, StoreError};

use crate::sled::runtime;
use crate::values::person;

#[test]
fn after_a_write_that_failed_nothing_is_written_and_the_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let runtime = runtime();
    let there = person("maria");
    let store = SledStore::open(&path).unwrap();
    let add = |person| runtime.block_on(store.add_person(person, None, Along::nothing()));
    add(there.clone()).unwrap();
    assert!(!store.is_halted());
    // A commit looks there for what it has to sync.
    fs::remove_dir_all(path.join("blobs")).unwrap();
    assert!(matches!(add(person("giulia")), Err(StoreError::Storage { .. })));
    assert!(store.is_halted());
    fs::create_dir(path.join("blobs")).unwrap();
    assert!(matches!(add(person("anna")), Err(StoreError::Halted)));
    assert!(store.is_halted());
    assert_eq!(runtime.block_on(store.person(there.id)).unwrap(), Some(there), "it is read");
    drop(store);
    let store = SledStore::open(&path).unwrap();
    assert!(!store.is_halted());
    runtime.block_on(store.add_person(person("anna"), None, Along::nothing())).unwrap();
}
