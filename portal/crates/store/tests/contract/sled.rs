//! What the embedded store does beside the contract: its files, damage, backup.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use store::{
    Accounts, Along, Downloads, Orders, Outbox, Persons, Reports, SeenOrders, Sessions, SledStore,
    Store, StoreError, Trail, restore,
};

use crate::upgrade::open_raw;
use crate::values::{at, enrolled, event, issued, message, person, session};

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

/// Records of that store.
const RECORDS: u64 = 19;

/// A store with one of everything.
async fn furnish(store: &dyn Store) {
    let (maria, account) = enrolled(store, "maria").await;
    let (session, along) = (session(account.id, 1), event(0, "login").into());
    store.begin_session(session, store::Proof::Provider, None, along).await.unwrap();
    store.put_message(message(0), Along::nothing()).await.unwrap();
    let code = store::OneTimeCode {
        account: account.id,
        purpose: store::Purpose::PasswordRecovery,
        hash: crate::values::secret(4),
        expires: at(600),
        tries: 3,
    };
    store.put_code(code, Along::nothing()).await.unwrap();
    let policy = store::AttemptPolicy {
        free: 3,
        first: SignedDuration::from_secs(1),
        longest: SignedDuration::from_secs(9),
        forget: SignedDuration::from_secs(99),
    };
    store.admit_attempt(vec![(crate::values::secret(5), policy)], at(0)).await.unwrap();
    let (person, _) = enrolled(store, "giulia").await;
    let order = crate::values::order(person.id, "MTF1", 1);
    let held = store::NewDecision {
        order: order.id,
        study: Some("1.2.MTF1.0".to_owned()),
        ruling: Some(store::Ruling::Hold),
        by: "console".to_owned(),
        at: at(0),
        reason: None,
    };
    store.replace_orders(vec![order], crate::values::refresh(person.id, 0)).await.unwrap();
    store.decide(person.id, held, Along::nothing()).await.unwrap();
    let report = crate::values::report(person.id, "A-MTF1-0");
    store.import_report(report, Along::nothing()).await.unwrap();
    let new = crate::values::asking(&account, maria.id, 1, 0);
    let (request, account) = (new.id, account.id);
    store.ask(new, Along::nothing()).await.unwrap();
    let grant = store::DownloadGrant {
        secret: crate::values::secret(6),
        request,
        asker: store::Asker::Account(account),
        session: crate::values::secret(1),
        until: at(600),
    };
    assert!(store.put_grant(grant, Along::nothing()).await.unwrap());
    let share = crate::values::share(account, maria.id, 1);
    let token = crate::values::secret(8);
    assert!(crate::shares::unlocked(store, &share, token, Along::nothing()).await);
}

#[test]
fn one_process_at_a_time_and_nobody_else_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("store");
    let store = SledStore::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    let second = SledStore::open(&path).unwrap_err();
    assert!(matches!(second, StoreError::InUse { .. }), "{second}");
    drop(store);
    SledStore::open(&path).unwrap();
}

#[test]
fn no_damage_takes_anything_away_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(&path).unwrap();
    runtime().block_on(async {
        furnish(&store).await;
        for number in 0..400 {
            store.record_event(event(0, &"x".repeat(1 + number % 97))).await.unwrap();
        }
    });
    let records = store.verify().unwrap();
    drop(store);
    let mut told = 0;
    for name in ["db", "conf"] {
        let sound = fs::read(path.join(name)).unwrap();
        for round in 0..40 {
            let copy = folder.path().join(format!("{name}{round}"));
            copy_folder(&path, &copy);
            let mut damaged = sound.clone();
            damaged[sound.len() * round / 40] ^= 0x10;
            fs::write(copy.join(name), damaged).unwrap();
            match SledStore::open(&copy).and_then(|store| store.verify()) {
                Ok(left) => assert_eq!(left, records, "{name}, round {round}"),
                Err(error) => {
                    assert!(matches!(error, StoreError::Damaged { .. }), "{name}: {error}");
                    assert!(error.to_string().contains("esito restore"), "{error}");
                    told += 1;
                }
            }
        }
    }
    assert!(told > 20, "only {told} damages were told");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// In a file of its own a leaf would not be part of the commit.
#[test]
fn leaves_full_of_the_largest_records_stay_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(&path).unwrap();
    let in_files = || fs::read_dir(path.join("blobs")).unwrap().count();
    runtime().block_on(async {
        let text = "a".repeat(47 << 10);
        for number in 0..200_u64 {
            let content = store::Content { text: text.clone(), ..Default::default() };
            // In no order, so that leaves fill as well as split.
            let id = u128::from(number * 73 % 200).to_be_bytes();
            let message = store::Message {
                id: id.into(),
                content: Some(store::Private(content)),
                ..message(number.cast_signed())
            };
            store.put_message(message, Along::nothing()).await.unwrap();
            assert_eq!(in_files(), 0, "after {number}");
        }
        // Leaves that have become small go together.
        for number in 0..200 {
            let claimed = store
                .claim_messages(store::MessageWay::Sms, at(200), SignedDuration::from_secs(9), 1)
                .await;
            let claimed = claimed.unwrap().remove(0);
            if number % 7 != 0 {
                let sent = store::Sending::Sent { at: at(200), keep_content: false };
                assert!(store.end_sending(&claimed, sent, Along::nothing()).await.unwrap());
            }
            assert_eq!(in_files(), 0, "after {number} were sent");
        }
    });
    drop(store);
    assert_eq!(SledStore::open(&path).unwrap().verify().unwrap(), 200);
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(SledStore::open(&path).unwrap());
    let db = open_raw(&path);
    db.open_tree("esito").unwrap().insert([1], b"\x01{\"format\":7,\"commits\":1}").unwrap();
    db.flush().unwrap();
    drop(db);
    let told = SledStore::open(&path).unwrap_err();
    assert!(matches!(told, StoreError::NewerFormat { found: 7, known: 6, .. }), "{told}");
}

#[test]
fn an_import_that_never_ended_is_gone_when_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SledStore::open(&path).unwrap();
    let mut report = crate::values::report([1; 16].into(), "A1");
    report.pdf = vec![7; 8 << 20];
    let id = report.id;
    let person = store::Person { id: [1; 16].into(), ..person("maria") };
    runtime().block_on(async {
        store.add_person(person, None, Along::nothing()).await.unwrap();
        let begun = async {
            while store.report_part(id, 9).await.unwrap().is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = begun => {}
            imported = store.import_report(report.clone(), Along::nothing()) => panic!("{imported:?}"),
        }
        assert_eq!(store.report(id).await.unwrap(), None);
    });
    assert!(store.verify().unwrap() > 9);
    drop(store);
    let store = SledStore::open(&path).unwrap();
    assert_eq!(store.verify().unwrap(), 1);
    runtime().block_on(store.import_report(report, Along::nothing())).unwrap();
}

#[test]
fn a_backup_taken_while_others_write_is_one_moment_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
    let runtime = runtime();
    runtime.block_on(furnish(&*store));
    let writer = runtime.spawn({
        let store = Arc::clone(&store);
        async move {
            for number in 0..600 {
                let (person, account) = enrolled(&*store, &format!("test{number}")).await;
                if number % 3 == 0 {
                    store.erase_account(account.id, Along::nothing()).await.unwrap();
                    store.erase_person(person.id, Along::nothing()).await.unwrap();
                }
            }
        }
    });
    let mut number = 0;
    while !writer.is_finished() || number == 0 {
        let mut backup = Vec::new();
        let report = store.backup(&mut backup, at(0)).unwrap();
        assert!(report.records >= RECORDS);
        let copy = folder.path().join(format!("copy{number}"));
        assert_eq!(restore(&mut &*backup, &copy).unwrap(), report);
        let copy = SledStore::open(&copy).unwrap();
        copy.verify().unwrap();
        // Person and account are written one after the other: at most one is without the other.
        let (persons, accounts) = runtime.block_on(async {
            (
                copy.list_persons(None, 9999).await.unwrap(),
                copy.list_accounts(None, 9999).await.unwrap(),
            )
        });
        assert!(
            persons.len().abs_diff(accounts.len()) <= 1,
            "{} {}",
            persons.len(),
            accounts.len()
        );
        number += 1;
    }
    runtime.block_on(writer).unwrap();
    assert!(number > 1, "no backup fell into the writing");
}

/// Takes a backup, and does something once when the persons have been read.
struct Sink<'a> {
    written: Vec<u8>,
    meanwhile: Option<Box<dyn FnOnce() + 'a>>,
}

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains("\"table\":\"persons\"")
            && let Some(meanwhile) = self.meanwhile.take()
        {
            meanwhile();
        }
        self.written.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_patient_id_that_changes_hands_during_a_backup_is_found_in_what_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(&folder.path().join("store")).unwrap();
    let runtime = runtime();
    let first = store::Person { id: [1; 16].into(), ..person("prima") };
    let mut second = store::Person { id: [2; 16].into(), ..person("seconda") };
    second.patient_ids.push(issued("SHARED"));
    runtime.block_on(async {
        for person in [&first, &second] {
            store.add_person(person.clone(), None, Along::nothing()).await.unwrap();
        }
    });
    let (mut without, mut with) = (second.clone(), first.clone());
    without.patient_ids.pop();
    with.patient_ids.push(issued("SHARED"));
    let hand_over = || {
        runtime.block_on(async {
            for (old, new) in [(&second, &without), (&first, &with)] {
                let replaced = store.replace_person(old.clone(), new.clone(), Along::nothing());
                assert_eq!(replaced.await.unwrap(), store::Replaced::Done);
            }
        });
    };
    let mut sink = Sink { written: Vec::new(), meanwhile: Some(Box::new(hand_over)) };
    store.backup(&mut sink, at(0)).unwrap();
    assert!(sink.meanwhile.is_none());
    let copy = folder.path().join("copy");
    restore(&mut &*sink.written, &copy).unwrap();
    let copy = SledStore::open(&copy).unwrap();
    copy.verify().unwrap();
    let found = runtime.block_on(copy.person_by_patient_id(&issued("SHARED"))).unwrap();
    assert_eq!(found.as_ref(), Some(&with));
}

#[test]
fn a_restored_store_is_the_one_that_was_backed_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(&folder.path().join("store")).unwrap();
    let runtime = runtime();
    runtime.block_on(furnish(&store));
    let (mut first, mut second) = (Vec::new(), Vec::new());
    assert_eq!(store.backup(&mut first, at(0)).unwrap().records, RECORDS);
    let copy = folder.path().join("copy");
    restore(&mut &*first, &copy).unwrap();
    SledStore::open(&copy).unwrap().backup(&mut second, at(0)).unwrap();
    assert_eq!(String::from_utf8(second), String::from_utf8(first.clone()));
    // It goes on as the other did.
    let copy = SledStore::open(&copy).unwrap();
    runtime.block_on(async {
        let found = copy.person_by_patient_id(&issued("TEST-maria")).await.unwrap().unwrap();
        copy.erase_person(found.id, Along::nothing()).await.unwrap();
        copy.add_person(person("giulia"), None, Along::nothing()).await.unwrap();
        copy.record_event(event(9, "test")).await.unwrap();
    });
    copy.verify().unwrap();
}

#[test]
fn a_backup_that_is_not_whole_restores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(&folder.path().join("store")).unwrap();
    runtime().block_on(furnish(&store));
    let mut backup = Vec::new();
    store.backup(&mut backup, at(0)).unwrap();
    let text = String::from_utf8(backup).unwrap();
    let cut: String = text.split_inclusive('\n').take(4).collect();
    let into = folder.path().join("into");
    for (odd, reason) in [
        (text.replace("ROSSI", "BIANCHI"), "changed after it was made"),
        (cut, "cut short"),
        (text.replacen("\"format\":6", "\"format\":99", 1), "newer program"),
        ("PK\x03\x04".to_owned(), "no backup"),
        (String::new(), "no backup"),
    ] {
        let told = restore(&mut odd.as_bytes(), &into).unwrap_err();
        let source = std::error::Error::source(&told).map(ToString::to_string).unwrap_or_default();
        assert!(format!("{told} {source}").contains(reason), "{reason}: {told} {source}");
        assert!(!into.exists() && !folder.path().join("into.restoring").exists());
    }
    restore(&mut text.as_bytes(), &into).unwrap();
    let told = restore(&mut text.as_bytes(), &into).unwrap_err();
    assert!(std::error::Error::source(&told).unwrap().to_string().contains("there already"));
}

#[test]
fn records_lie_on_disk_as_they_always_did() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(&folder.path().join("store")).unwrap();
    let mut person = person("maria");
    person.id = [1; 16].into();
    let mut account = crate::values::account("maria", &[person.id]);
    account.id = [2; 16].into();
    account.subject =
        Some(store::Subject { issuer: "https://id.example.org".into(), claim: "T".into() });
    let mut message = message(0);
    message.id = [3; 16].into();
    let mut event = event(0, "login");
    event.actor = store::Actor::Account(account.id);
    runtime().block_on(async {
        store.add_person(person, None, Along::nothing()).await.unwrap();
        let along = Along { messages: vec![message], events: vec![event] };
        let session = session(account.id, 1);
        store.create_account(account, Along::nothing()).await.unwrap();
        store.begin_session(session, store::Proof::Provider, None, along).await.unwrap();
        let person = [1; 16].into();
        let order = crate::values::order(person, "MTF1", 1);
        let held = store::NewDecision {
            order: order.id,
            study: Some("1.2.MTF1.0".to_owned()),
            ruling: Some(store::Ruling::Hold),
            by: "console".to_owned(),
            at: at(0),
            reason: Some("in attesa".into()),
        };
        store.replace_orders(vec![order], crate::values::refresh(person, 0)).await.unwrap();
        store.decide(person, held, Along::nothing()).await.unwrap();
        let mut report = crate::values::report(person, "A-MTF1-0");
        report.id = [4; 16].into();
        store.import_report(report, Along::nothing()).await.unwrap();
        store.see_orders([2; 16].into(), vec![([5; 16].into(), 7)]).await.unwrap();
        let account = store.account([2; 16].into()).await.unwrap().unwrap();
        let new = store::NewRequest {
            id: [6; 16].into(),
            ..crate::values::asking(&account, person, 1, 0)
        };
        store.ask(new, Along::nothing()).await.unwrap();
        let grant = store::DownloadGrant {
            secret: crate::values::secret(7),
            request: [6; 16].into(),
            asker: store::Asker::Account(account.id),
            session: crate::values::secret(1),
            until: at(600),
        };
        assert!(store.put_grant(grant, Along::nothing()).await.unwrap());
        let mut share = crate::values::share(account.id, person, 1);
        share.id = [8; 16].into();
        share.recipients[0].id = [9; 16].into();
        share.recipients[0].letter = [3; 16].into();
        share.messages = vec![[3; 16].into()];
        let token = crate::values::secret(8);
        assert!(crate::shares::unlocked(&store, &share, token, Along::nothing()).await);
    });
    let mut backup = Vec::new();
    store.backup(&mut backup, at(0)).unwrap();
    let text = String::from_utf8(backup).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for (line, expected) in lines.iter().zip(ON_DISK) {
        assert_eq!(*line, expected);
    }
    assert_eq!(lines.len(), ON_DISK.len() + 1);
}

/// A line that changes needs a new version of its record, and an upgrade from this one.
const ON_DISK: [&str; 17] = [
    r#"{"esito_backup":1,"format":6,"made":"2026-09-21T14:13:20Z"}"#,
    r#"{"table":"accounts","version":1,"record":{"id":"02020202020202020202020202020202","user_name":"maria","email":"maria@Example.org","phone":"+390000000000","language":"it","password":"$argon2id$test","must_change_password":true,"state":"active","subject":{"issuer":"https://id.example.org","claim":"T"},"persons":[{"person":"01010101010101010101010101010101","role":"oneself","until":null}],"created":"2026-09-21T14:13:20Z","password_set":null}}"#,
    r#"{"table":"sessions","version":1,"record":{"token":"0101010101010101010101010101010101010101010101010101010101010101","account":"02020202020202020202020202020202","begun":"2026-09-21T14:13:20Z","seen":"2026-09-21T14:13:20Z","idle":"PT20M","ends":"2026-09-21T22:13:20Z"}}"#,
    r#"{"table":"persons","version":1,"record":{"id":"01010101010101010101010101010101","patient_ids":[{"id":"TEST-maria","issuer":"ESITO"}],"name":{"family":"ROSSI","given":"maria TEST"},"sex":"F","birth_date":"1986-01-24","tax_code":"TSTMRA86A64Z999X","phone":"+390000000000","email":"maria@example.org","address":null,"marital_status":null,"practitioner":null,"contact":null,"consent":{"online_results":true,"messages":false}}}"#,
    r#"{"table":"messages","version":1,"record":{"id":"03030303030303030303030303030303","topic":"credentials","to":{"sms":"+390000000000"},"content":{"subject":"","text":"prova","html":null},"created":"2026-09-21T14:13:20Z","tries":0,"state":{"due":"2026-09-21T14:13:20Z"}}}"#,
    r#"{"table":"events","version":1,"record":{"number":0,"event":{"at":"2026-09-21T14:13:20Z","actor":{"account":"02020202020202020202020202020202"},"action":"login","person":null,"account":null,"object":null,"outcome":"done","address":"192.0.2.1"}}}"#,
    r#"{"table":"examinations","version":1,"record":{"person":"01010101010101010101010101010101","order":"7b074c1b17a09d4d29d463e4a79c31eb","key":{"order-number":"MTF1"},"examination":{"study":"1.2.MTF1.0","patient_id":{"id":"TEST-maria","issuer":"ESITO"},"pacs":"main","accession_number":"A-MTF1-0","description":"TORACE","kind":"radiology","status":"final","performed":{"date":"2021-04-23","time":"14:03:00","utc_offset_minutes":120},"physician":null,"site":"Mantova","listed_report":"absent"}}}"#,
    r#"{"table":"refreshes","version":1,"record":{"person":"01010101010101010101010101010101","asked":"2026-09-21T14:13:20Z","wanted":"2026-09-21T14:13:20Z","claimed":null,"due":"2026-09-21T15:13:20Z","answers":[{"pacs":"main","answered":"2026-09-21T14:13:20Z","failing_since":null,"fault":null,"refused":0,"is_cut":false}]}}"#,
    r#"{"table":"decisions","version":1,"record":{"person":"01010101010101010101010101010101","scope":{"study":"1.2.MTF1.0"},"ruling":"hold","by":"console","at":"2026-09-21T14:13:20Z","reason":"in attesa"}}"#,
    r#"{"table":"reports","version":1,"record":{"report":{"id":"04040404040404040404040404040404","person":"01010101010101010101010101010101","about":{"accession-number":"A-MTF1-0"},"document":"","version":1,"title":"Referto","status":"final","dated":"2021-04-23","bytes":14,"sha256":"3fd71fcbea4f20e5f59cfa6e4f889d528cfd2b7b1fafa5f0dc221a0e319eaa42","imported":"2026-09-21T14:13:27Z","by":"console","ended":null},"is_whole":true}}"#,
    r#"{"table":"report-parts","version":1,"record":{"report":"04040404040404040404040404040404","number":0,"base64":"JVBERi0xLjQgcHJvdmE="}}"#,
    r#"{"table":"seen-orders","version":1,"record":{"account":"02020202020202020202020202020202","order":"05050505050505050505050505050505","state":7}}"#,
    r#"{"table":"preparations","version":1,"record":{"key":"01010101010101010101010101010101","person":"01010101010101010101010101010101","order":"7b074c1b17a09d4d29d463e4a79c31eb","content":"everything","language":"it","studies":[{"pacs":"main","study":"1.2.MTF1.0","patient_id":"TEST-maria"}],"reports":[],"created":"2026-09-21T14:13:20Z","turn":0,"tries":0,"state":{"waiting":{"due":"2026-09-21T14:13:20Z"}}}}"#,
    r#"{"table":"requests","version":2,"record":{"id":"06060606060606060606060606060606","asker":{"account":"02020202020202020202020202020202"},"person":"01010101010101010101010101010101","order":"7b074c1b17a09d4d29d463e4a79c31eb","content":"everything","language":"it","key":"01010101010101010101010101010101","created":"2026-09-21T14:13:20Z"}}"#,
    r#"{"table":"grants","version":2,"record":{"secret":"0707070707070707070707070707070707070707070707070707070707070707","request":"06060606060606060606060606060606","asker":{"account":"02020202020202020202020202020202"},"session":"0101010101010101010101010101010101010101010101010101010101010101","until":"2026-09-21T14:23:20Z"}}"#,
    r#"{"table":"shares","version":1,"record":{"id":"08080808080808080808080808080808","person":"01010101010101010101010101010101","order":"7b074c1b17a09d4d29d463e4a79c31eb","account":"02020202020202020202020202020202","created":"2026-09-21T14:13:20Z","until":"2026-10-06T14:13:20Z","language":"it","message":"Buongiorno","pin":"$argon2id$pin","recipients":[{"id":"09090909090909090909090909090909","email":"dr.verdi@example.org","token":"6464646464646464646464646464646464646464646464646464646464646464","letter":"03030303030303030303030303030303","accesses":[{"what":"unlocked","times":1,"first":"2026-09-21T14:13:21Z","last":"2026-09-21T14:13:21Z"}]}],"messages":["03030303030303030303030303030303"],"guesses":{"counted":[],"pauses":0,"next":null},"state":"active"}}"#,
    r#"{"table":"share-sessions","version":1,"record":{"token":"0808080808080808080808080808080808080808080808080808080808080808","share":"08080808080808080808080808080808","recipient":"09090909090909090909090909090909","begun":"2026-09-21T14:13:21Z","seen":"2026-09-21T14:13:21Z","idle":"PT20M","ends":"2026-09-21T22:13:20Z"}}"#,
];

/// Whether a text lies in any file of a folder.
fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_store_that_is_written_anew_holds_nothing_that_was_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let runtime = runtime();
    let store = SledStore::open(&path).unwrap();
    let refused = store::compact(&path).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
    let kept = runtime.block_on(async {
        let mut gone = person("zenobia");
        gone.address = Some("MARKER ERASED".into());
        let mut kept = person("maria");
        kept.address = Some("MARKER KEPT".into());
        for person in [gone.clone(), kept.clone()] {
            store.add_person(person, None, Along::nothing()).await.unwrap();
        }
        store.erase_person(gone.id, Along::nothing()).await.unwrap();
        kept
    });
    drop(store);
    assert!(holds(&path, "MARKER ERASED"), "the log of sled forgot by itself: compact is no use");
    assert!(store::compact(&path).unwrap().records > 0);
    assert!(!holds(folder.path(), "MARKER ERASED"));
    assert!(holds(&path, "MARKER KEPT"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the old store is gone");
    let store = SledStore::open(&path).unwrap();
    assert_eq!(runtime.block_on(store.person(kept.id)).unwrap(), Some(kept));
    store.verify().unwrap();
}
