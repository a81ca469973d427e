//! How soon a store with much to prepare is there again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{
    Along, Asked, ClaimId, Downloads, NewRequest, Preparation, PreparationState, SledStore,
};

use crate::values::{asking, at, enrolled};

/// As they are after a kill: some being made. What a start does with them is timed, far above what it takes.
#[test]
fn ten_thousand_preparations_are_there_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Arc::new(SledStore::open(&path).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for number in 0..200_u16 {
            let store = Arc::clone(&store);
            tasks.push(tokio::spawn(async move {
                let (person, account) = enrolled(&*store, &format!("maria{number}")).await;
                for order in 0..50_u8 {
                    let [high, low] = number.to_be_bytes();
                    let mut key = [0; 16];
                    key[..3].copy_from_slice(&[high, low, order]);
                    let new = asking(&account, person.id, order, 0);
                    let new = NewRequest { key: key.into(), most: 50, ..new };
                    let asked = store.ask(new, Along::nothing()).await.unwrap();
                    assert!(matches!(asked, Asked::Done(_)));
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        for _ in 0..4 {
            let by = ClaimId::fresh().unwrap();
            store.claim_preparation(by, at(1), at(61), Vec::new()).await.unwrap().unwrap();
        }
    });
    drop(store);
    let begun = Instant::now();
    let store = SledStore::open(&path).unwrap();
    let opened = begun.elapsed();
    let (mut found, mut claimed, mut after) = (0, 0, None);
    runtime.block_on(async {
        loop {
            let page = store.list_preparations(after, 256).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            found += page.len();
            let is_claimed =
                |one: &&Preparation| matches!(one.state, PreparationState::Claimed { .. });
            claimed += page.iter().filter(is_claimed).count();
        }
        let by = ClaimId::fresh().unwrap();
        store.claim_preparation(by, at(2), at(62), Vec::new()).await.unwrap().unwrap();
    });
    let all = begun.elapsed();
    assert_eq!((found, claimed), (10_000, 4));
    assert!(all < Duration::from_secs(10), "opened in {opened:?}, claimed after {all:?}");
}
