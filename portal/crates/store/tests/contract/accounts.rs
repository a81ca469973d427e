//! Accounts.

use std::sync::Arc;

use store::{
    AccountState, Along, Begun, Changed, Created, EventQuery, OneTimeCode, PasswordChange,
    PasswordHash, Private, Purpose, Spent, Subject, TriedBy,
};

use crate::on_each_store;
use crate::values::{account, at, begin, enrolled, event, message, person, secret, session};

#[test]
fn an_account_is_found_by_all_that_names_it() {
    on_each_store(|store| async move {
        let (person, mut account) = enrolled(&*store, "maria").await;
        let old = account.clone();
        let subject = Subject { issuer: "https://id.example.org".to_owned(), claim: "TEST".into() };
        account.subject = Some(subject.clone());
        let changed = store.replace_account(old, account.clone(), Along::nothing()).await.unwrap();
        assert_eq!(changed, Changed::Done);
        let found = Some(account.clone());
        assert_eq!(store.account(account.id).await.unwrap(), found);
        assert_eq!(store.account_by_user_name(&"MARIA".parse().unwrap()).await.unwrap(), found);
        assert_eq!(store.account_by_subject(&subject).await.unwrap(), found);
        let list = [account.clone()];
        assert_eq!(store.accounts_by_email("maria@EXAMPLE.org").await.unwrap(), list);
        assert_eq!(store.accounts_of_person(person.id).await.unwrap(), list);
        assert_eq!(store.accounts_by_email("maria@example.or").await.unwrap(), []);
        // The old values lead nowhere any more.
        let mut renamed = account.clone();
        renamed.user_name = "giulia".parse().unwrap();
        renamed.email = None;
        renamed.persons.clear();
        renamed.subject = None;
        store.replace_account(account, renamed, Along::nothing()).await.unwrap();
        assert_eq!(store.account_by_user_name(&"maria".parse().unwrap()).await.unwrap(), None);
        assert_eq!(store.account_by_subject(&subject).await.unwrap(), None);
        assert_eq!(store.accounts_by_email("maria@example.org").await.unwrap(), []);
        assert_eq!(store.accounts_of_person(person.id).await.unwrap(), []);
    });
}

#[test]
fn a_user_name_belongs_to_one_account_even_when_many_ask_at_once() {
    on_each_store(|store| async move {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    store.create_account(account("maria", &[]), Along::nothing()).await.unwrap()
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            match task.await.unwrap() {
                Created::Done => done += 1,
                refused => assert_eq!(refused, Created::UserNameTaken),
            }
        }
        assert_eq!(done, 1);
    });
}

#[test]
fn what_is_refused_leaves_nothing() {
    on_each_store(|store| async move {
        let (_, there) = enrolled(&*store, "maria").await;
        let along = || Along { messages: vec![message(0)], events: vec![event(0, "test")] };
        let stranger = person("nobody").id;
        let refused = [
            store.create_account(account("maria", &[]), along()).await.unwrap(),
            store.create_account(account("giulia", &[stranger]), along()).await.unwrap(),
        ];
        assert_eq!(refused, [Created::UserNameTaken, Created::NoSuchPerson]);
        let other = account("giulia", &[]);
        store.create_account(other.clone(), Along::nothing()).await.unwrap();
        let mut like_maria = other.clone();
        like_maria.user_name = there.user_name.clone();
        let mut changed = other.clone();
        changed.must_change_password = false;
        let outcomes = [
            store.replace_account(other.clone(), like_maria, along()).await.unwrap(),
            store.replace_account(changed.clone(), other, along()).await.unwrap(),
            store.replace_account(account("paolo", &[]), changed, along()).await.unwrap(),
        ];
        assert_eq!(outcomes, [Changed::Taken, Changed::Stale, Changed::Gone]);
        assert!(!store.erase_account(account("paolo", &[]).id, along()).await.unwrap());
        assert_eq!(store.list_messages(10).await.unwrap(), []);
        assert_eq!(store.events(EventQuery::default(), 10).await.unwrap(), []);
    });
}

#[test]
fn accounts_are_listed_page_by_page() {
    on_each_store(|store| async move {
        for name in ["dario", "anna", "carla", "bruno"] {
            enrolled(&*store, name).await;
        }
        let first = store.list_accounts(None, 3).await.unwrap();
        let rest = store.list_accounts(first.last().map(|last| &last.user_name), 3).await.unwrap();
        let names: Vec<_> =
            first.iter().chain(&rest).map(|account| account.user_name.as_str()).collect();
        assert_eq!(names, ["anna", "bruno", "carla", "dario"]);
        assert_eq!(first.len(), 3);
    });
}

#[test]
fn a_new_password_ends_other_sessions_and_codes() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        for token in 1..=3 {
            assert_eq!(begin(&*store, session(account.id, token)).await, Begun::Done);
        }
        let code = OneTimeCode {
            account: account.id,
            purpose: Purpose::PasswordRecovery,
            hash: secret(9),
            expires: at(600),
            tries: 3,
        };
        store.put_code(code, Along::nothing()).await.unwrap();
        let change = PasswordChange {
            was: account.password.clone(),
            hash: PasswordHash("$argon2id$new".to_owned()),
            must_change: false,
            at: at(5),
            keep: Some(secret(2)),
        };
        let changed =
            store.change_password(account.id, change.clone(), event(5, "password.change").into());
        assert_eq!(changed.await.unwrap(), Changed::Done);
        for (token, lives) in [(1, false), (2, true), (3, false)] {
            assert_eq!(store.resume_session(secret(token), at(6)).await.unwrap().is_some(), lives);
        }
        let (purpose, by) = (Purpose::PasswordRecovery, TriedBy::Known);
        let spent = store.spend_code(account.id, purpose, secret(9), by, at(6)).await;
        assert_eq!(spent.unwrap(), Spent::NoCode);
        // The same change again was made against a password that is gone.
        let again = store.change_password(account.id, change, Along::nothing()).await.unwrap();
        assert_eq!(again, Changed::Stale);
        let found = store.account(account.id).await.unwrap().unwrap();
        assert_eq!(found.password, Some(PasswordHash("$argon2id$new".to_owned())));
        assert_eq!((found.must_change_password, found.password_set), (false, Some(at(5))));
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 1);
    });
}

#[test]
fn a_disabled_account_is_out_at_once() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        begin(&*store, session(account.id, 1)).await;
        let mut disabled = account.clone();
        disabled.state = AccountState::Disabled;
        store.replace_account(account.clone(), disabled, Along::nothing()).await.unwrap();
        assert_eq!(store.resume_session(secret(1), at(1)).await.unwrap(), None);
        assert_eq!(begin(&*store, session(account.id, 2)).await, Begun::NoAccount);
    });
}

#[test]
fn nothing_of_a_person_is_printed() {
    let mut account = account("segretissima", &[]);
    account.subject = Some(Subject {
        issuer: "https://id.example.org".to_owned(),
        claim: Private("SEGRETO".into()),
    });
    let mut person = person("Segretissima");
    person.address = Some("SEGRETO".into());
    let printed = format!("{account:?} {person:?} {:?} {:?}", message(0), session(account.id, 7));
    for marker in ["egret", "SEGRETO", "argon2", "+39", "example.org\")", "prova", "ROSSI", "0707"]
    {
        assert!(!printed.contains(marker), "{marker} in {printed}");
    }
}
