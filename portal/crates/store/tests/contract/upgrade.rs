//! Stores that an older program wrote.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use store::{
    Along, Asker, DownloadGrant, Downloads, Message, MessageWay, NewDecision, Orders, Outbox,
    Persons, Recipient, Ruling, SledStore,
};

use crate::sled::runtime;
use crate::values::{asking, at, enrolled, message, order, person, refresh, secret};

/// What is under the store, once the threads of the one that was dropped have let its lock go.
pub(crate) fn open_raw(path: &Path) -> ::sled::Db {
    let config = ::sled::Config::new().path(path).segment_size(4 << 20);
    for _ in 0..100 {
        if let Ok(db) = config.open() {
            return db;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    config.open().unwrap()
}

/// Format 2 did not have persons found by their tax code.
#[test]
fn a_store_of_an_older_program_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(&path).unwrap();
    let all: Vec<_> = (0..600).map(|number| person(&format!("maria{number}"))).collect();
    let runtime = runtime();
    for person in &all {
        runtime.block_on(store.add_person(person.clone(), None, Along::nothing())).unwrap();
    }
    drop(store);
    let db = open_raw(&path);
    let tree = db.open_tree("esito").unwrap();
    let head = String::from_utf8(tree.get([1]).unwrap().unwrap().to_vec()).unwrap();
    tree.insert([1], head.replace("\"format\":6", "\"format\":2").as_bytes()).unwrap();
    let entries: Vec<_> = tree.scan_prefix([149]).keys().map(Result::unwrap).collect();
    assert_eq!(entries.len(), all.len());
    for entry in &entries {
        tree.remove(entry).unwrap();
    }
    db.flush().unwrap();
    drop((tree, db));
    let store = SledStore::open(&path).unwrap();
    store.verify().unwrap();
    let found = runtime.block_on(store.persons_by_tax_code("TSTMRA86A64Z999X")).unwrap();
    assert_eq!(found.len(), 32, "as many as are told");
    drop(store);
    assert!(SledStore::open(&path).unwrap().verify().is_ok());
}

/// Format 4 knew accounts only as those who ask for downloads.
#[test]
fn what_accounts_asked_for_before_there_were_shares_is_theirs_still() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(&path).unwrap();
    let runtime = runtime();
    let (account, request) = runtime.block_on(async {
        let (maria, account) = enrolled(&store, "maria").await;
        let new = asking(&account, maria.id, 1, 0);
        let request = new.id;
        store.ask(new, Along::nothing()).await.unwrap();
        let grant = DownloadGrant {
            secret: secret(6),
            request,
            asker: Asker::Account(account.id),
            session: secret(1),
            until: at(600),
        };
        assert!(store.put_grant(grant, Along::nothing()).await.unwrap());
        (account, request)
    });
    drop(store);
    let db = open_raw(&path);
    let tree = db.open_tree("esito").unwrap();
    let now = format!("\"asker\":{{\"account\":\"{}\"}}", account.id);
    let then = format!("\"account\":\"{}\"", account.id);
    let old_head = ("\"format\":6", "\"format\":4");
    for (table, (new, old)) in [(1, old_head), (16, (&now, &then)), (17, (&now, &then))] {
        let records: Vec<_> = tree.scan_prefix([table]).map(Result::unwrap).collect();
        assert_eq!(records.len(), 1);
        let (key, record) = &records[0];
        let json = String::from_utf8(record[1..].to_vec()).unwrap();
        assert!(json.contains(new), "{json}");
        tree.insert(key, [b"\x01", json.replace(new, old).as_bytes()].concat()).unwrap();
    }
    db.flush().unwrap();
    drop((tree, db));
    let store = SledStore::open(&path).unwrap();
    store.verify().unwrap();
    runtime.block_on(async {
        let asker = Asker::Account(account.id);
        let own = store.requests_of(asker).await.unwrap();
        assert_eq!((own.len(), own[0].0.id, own[0].0.asker), (1, request, asker));
        let (grant, holder) = store.grant(secret(6), at(9)).await.unwrap().unwrap();
        assert_eq!((grant.request, holder.account().id), (request, account.id));
        store.withdraw(asker, request, Along::nothing()).await.unwrap().unwrap();
    });
    store.verify().unwrap();
}

/// Format 5 had one queue for e-mail and SMS, and did not find decisions by their study.
#[test]
fn messages_that_waited_in_one_queue_wait_by_their_ways_and_decisions_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(&path).unwrap();
    let runtime = runtime();
    let sms = message(1);
    let to = Recipient::Email("maria@example.org".into());
    let mail = Message { to, ..message(2) };
    for message in [&sms, &mail] {
        runtime.block_on(store.put_message(message.clone(), Along::nothing())).unwrap();
    }
    runtime.block_on(async {
        let (maria, _) = enrolled(&store, "maria").await;
        let told = order(maria.id, "MTF1", 1);
        let hold = NewDecision {
            order: told.id,
            study: Some("1.2.MTF1.0".to_owned()),
            ruling: Some(Ruling::Hold),
            by: "console".to_owned(),
            at: at(0),
            reason: None,
        };
        store.replace_orders(vec![told], refresh(maria.id, 0)).await.unwrap();
        store.decide(maria.id, hold, Along::nothing()).await.unwrap();
    });
    drop(store);
    let db = open_raw(&path);
    let tree = db.open_tree("esito").unwrap();
    let head = String::from_utf8(tree.get([1]).unwrap().unwrap().to_vec()).unwrap();
    tree.insert([1], head.replace("\"format\":6", "\"format\":5").as_bytes()).unwrap();
    for way in [169, 170] {
        let entries: Vec<_> = tree.scan_prefix([way]).map(Result::unwrap).collect();
        let [(key, primary)] = &entries[..] else { panic!("one entry") };
        tree.insert([&[138_u8], &key[1..]].concat(), primary.clone()).unwrap();
        tree.remove(key).unwrap();
    }
    let entries: Vec<_> = tree.scan_prefix([171]).keys().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 1);
    tree.remove(&entries[0]).unwrap();
    db.flush().unwrap();
    drop((tree, db));
    let store = SledStore::open(&path).unwrap();
    store.verify().unwrap();
    for (way, expected) in [(MessageWay::Sms, &sms), (MessageWay::Email, &mail)] {
        let claim = store.claim_messages(way, at(9), SignedDuration::from_secs(9), 9);
        let claimed = runtime.block_on(claim).unwrap();
        assert_eq!((claimed.len(), claimed[0].id), (1, expected.id), "{way:?}");
    }
    store.verify().unwrap();
}
