//! Sessions, codes, attempts.

use std::sync::Arc;

use jiff::SignedDuration;
use store::{
    Account, Admission, Along, AttemptPolicy, Begun, Changed, EventQuery, OneTimeCode,
    PasswordChange, PasswordHash, Proof, Purpose, SEEN_GRAIN, Session, Spent, Through, TriedBy,
};

use crate::on_each_store;
use crate::values::{account, at, begin, enrolled, event, secret, session};

#[test]
fn a_session_lives_while_it_is_used_and_never_beyond_its_end() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        assert_eq!(begin(&*store, session(account.id, 1)).await, Begun::Done);
        // Used every 19 minutes, it outlives its idle limit of 20, but not its end after 8 hours.
        let mut last = 0;
        for minutes in (19..600).step_by(19) {
            if store.resume_session(secret(1), at(minutes * 60)).await.unwrap().is_some() {
                last = minutes;
            }
        }
        assert_eq!(last, 475);
        begin(&*store, session(account.id, 2)).await;
        let idle = 20 * 60;
        assert!(store.resume_session(secret(2), at(idle)).await.unwrap().is_some());
        assert!(store.resume_session(secret(2), at(2 * idle + 1)).await.unwrap().is_none());
        assert_eq!(store.resume_session(secret(3), at(1)).await.unwrap(), None);
    });
}

#[test]
fn a_session_knows_how_somebody_logged_in() {
    on_each_store(|store| async move {
        let (_, maria) = enrolled(&*store, "maria").await;
        for (token, through) in [(1, Through::Password), (2, Through::Provider)] {
            let begun = Session { through, ..session(maria.id, token) };
            begin(&*store, begun).await;
            // Also when its use was noted.
            let (found, _) = store.resume_session(secret(token), at(60)).await.unwrap().unwrap();
            assert_eq!(found.through, through);
        }
    });
}

#[test]
fn a_session_notes_its_use_now_and_then() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        begin(&*store, session(account.id, 1)).await;
        let grain = SEEN_GRAIN.as_secs();
        for (now, seen) in [(1, 0), (grain - 1, 0), (grain, grain), (grain + 5, grain)] {
            let (session, whose) = store.resume_session(secret(1), at(now)).await.unwrap().unwrap();
            assert_eq!((session.seen, whose.id), (at(seen), account.id), "at {now}");
        }
    });
}

#[test]
fn a_glance_at_a_session_does_not_keep_it_alive() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        begin(&*store, session(account.id, 1)).await;
        let idle = 20 * 60;
        for now in [60, 600, idle] {
            let (session, whose) = store.glance_session(secret(1), at(now)).await.unwrap().unwrap();
            assert_eq!((session.seen, whose.id), (at(0), account.id), "at {now}");
        }
        assert_eq!(store.glance_session(secret(1), at(idle + 1)).await.unwrap(), None);
        assert_eq!(store.glance_session(secret(2), at(1)).await.unwrap(), None);
    });
}

#[test]
fn a_login_takes_the_place_of_the_session_before_it() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        begin(&*store, session(account.id, 1)).await;
        let second = session(account.id, 2);
        let began = store.begin_session(second, Proof::Provider, Some(secret(1)), Along::nothing());
        assert_eq!(began.await.unwrap(), Begun::Done);
        assert!(store.resume_session(secret(1), at(1)).await.unwrap().is_none());
        assert!(store.resume_session(secret(2), at(1)).await.unwrap().is_some());
        begin(&*store, session(account.id, 3)).await;
        let ended =
            store.end_sessions(account.id, Some(secret(3)), Along::nothing()).await.unwrap();
        assert_eq!(ended, 1);
        assert!(store.end_session(secret(3), Along::nothing()).await.unwrap());
        assert!(!store.end_session(secret(3), Along::nothing()).await.unwrap());
        let stranger = crate::values::account("nobody", &[]).id;
        assert_eq!(begin(&*store, session(stranger, 4)).await, Begun::NoAccount);
    });
}

#[test]
fn what_was_proved_must_still_be_so_when_a_session_begins() {
    on_each_store(|store| async move {
        let (_, maria) = enrolled(&*store, "maria").await;
        let (_, paolo) = enrolled(&*store, "paolo").await;
        let (old, new) = (maria.password.clone().unwrap(), PasswordHash("$argon2id$new".into()));
        let begin_by = async |token, proof| {
            let along = event(5, "login").into();
            store.begin_session(session(maria.id, token), proof, None, along).await.unwrap()
        };
        assert_eq!(begin_by(1, Proof::Password(old.clone())).await, Begun::Done);
        // Somebody who knows the old password is being looked at while another one is set.
        let change = PasswordChange {
            was: Some(old.clone()),
            hash: new.clone(),
            must_change: false,
            at: at(5),
            keep: Some(secret(1)),
        };
        let changed = store.change_password(maria.id, change, Along::nothing()).await.unwrap();
        assert_eq!(changed, Changed::Done);
        assert_eq!(begin_by(2, Proof::Password(old)).await, Begun::NoAccount);
        assert_eq!(store.session(secret(2)).await.unwrap(), None);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 1);
        assert_eq!(begin_by(3, Proof::Password(new.clone())).await, Begun::Done);
        // A session goes on in another one as long as it lives, and for its own account.
        assert_eq!(begin_by(4, Proof::Session(secret(1))).await, Begun::Done);
        store.end_session(secret(1), Along::nothing()).await.unwrap();
        assert_eq!(begin_by(5, Proof::Session(secret(1))).await, Begun::NoAccount);
        assert_eq!(begin(&*store, session(paolo.id, 6)).await, Begun::Done);
        assert_eq!(begin_by(7, Proof::Session(secret(6))).await, Begun::NoAccount);
        // An account without a password has none that fits.
        let bare = Account { password: None, ..store.account(maria.id).await.unwrap().unwrap() };
        let now = store.account(maria.id).await.unwrap().unwrap();
        store.replace_account(now, bare, Along::nothing()).await.unwrap();
        assert_eq!(begin_by(8, Proof::Password(new)).await, Begun::NoAccount);
    });
}

fn code(account: store::AccountId, hash: u8) -> OneTimeCode {
    OneTimeCode {
        account,
        purpose: Purpose::PasswordRecovery,
        hash: secret(hash),
        expires: at(600),
        tries: 3,
    }
}

#[test]
fn a_code_is_spent_once() {
    on_each_store(|store| async move {
        let id = account("maria", &[]).id;
        let spend_as = |by, hash, now| {
            store.spend_code(id, Purpose::PasswordRecovery, secret(hash), by, at(now))
        };
        let spend = |hash, now| spend_as(TriedBy::Stranger, hash, now);
        assert_eq!(spend(1, 0).await.unwrap(), Spent::NoCode);
        store.put_code(code(id, 1), Along::nothing()).await.unwrap();
        assert_eq!(spend(2, 1).await.unwrap(), Spent::Wrong { tries: 2 });
        assert_eq!(spend(1, 2).await.unwrap(), Spent::Right);
        assert_eq!(spend(1, 3).await.unwrap(), Spent::NoCode);
        // A second one takes the place of the first, and its tries are its own.
        store.put_code(code(id, 1), Along::nothing()).await.unwrap();
        store.put_code(code(id, 5), Along::nothing()).await.unwrap();
        for tries in [2, 1, 0] {
            assert_eq!(spend(1, 4).await.unwrap(), Spent::Wrong { tries });
        }
        assert_eq!(spend(5, 5).await.unwrap(), Spent::NoCode);
        // Strangers have used it up for themselves; somebody who is known has not.
        let known = |hash, now| spend_as(TriedBy::Known, hash, now);
        for _ in 0..9 {
            assert_eq!(known(1, 5).await.unwrap(), Spent::Wrong { tries: 0 });
        }
        assert_eq!(known(5, 5).await.unwrap(), Spent::Right);
        assert_eq!(known(5, 5).await.unwrap(), Spent::NoCode);
        store.put_code(code(id, 6), Along::nothing()).await.unwrap();
        assert_eq!(known(6, 600).await.unwrap(), Spent::NoCode);
        assert_eq!(spend(6, 600).await.unwrap(), Spent::NoCode);
    });
}

pub(crate) const POLICY: AttemptPolicy = AttemptPolicy {
    free: 3,
    first: SignedDuration::from_secs(2),
    longest: SignedDuration::from_mins(15),
    forget: SignedDuration::from_hours(1),
};

#[test]
fn attempts_wait_longer_and_longer() {
    on_each_store(|store| async move {
        let admit = |key, now| store.admit_attempt(vec![(secret(key), POLICY)], at(now));
        for _ in 0..4 {
            assert_eq!(admit(1, 0).await.unwrap(), Admission::Admitted);
        }
        // The fourth was the first beyond the free ones: two seconds, then four.
        assert_eq!(admit(1, 1).await.unwrap(), Admission::Wait { until: at(2) });
        assert_eq!(admit(1, 2).await.unwrap(), Admission::Admitted);
        assert_eq!(admit(1, 5).await.unwrap(), Admission::Wait { until: at(6) });
        // Somebody else is not held up.
        assert_eq!(admit(2, 5).await.unwrap(), Admission::Admitted);
        store.attempt_succeeded(vec![secret(1)]).await.unwrap();
        assert_eq!(admit(1, 5).await.unwrap(), Admission::Admitted);
        // After an hour without any all are forgotten.
        for _ in 0..3 {
            admit(1, 6).await.unwrap();
        }
        assert!(matches!(admit(1, 7).await.unwrap(), Admission::Wait { .. }));
        for _ in 0..4 {
            assert_eq!(admit(1, 6 + 3600).await.unwrap(), Admission::Admitted);
        }
    });
}

#[test]
fn one_key_that_has_to_wait_holds_all_and_counts_nothing() {
    on_each_store(|store| async move {
        for _ in 0..4 {
            store.admit_attempt(vec![(secret(1), POLICY)], at(0)).await.unwrap();
        }
        let both = vec![(secret(2), POLICY), (secret(1), POLICY)];
        for _ in 0..9 {
            let admission = store.admit_attempt(both.clone(), at(1)).await.unwrap();
            assert_eq!(admission, Admission::Wait { until: at(2) });
        }
        let alone = store.admit_attempt(vec![(secret(2), POLICY)], at(1)).await.unwrap();
        assert_eq!(alone, Admission::Admitted);
    });
}

#[test]
fn attempts_made_side_by_side_do_not_pass_each_other() {
    on_each_store(|store| async move {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    store.admit_attempt(vec![(secret(1), POLICY)], at(0)).await.unwrap()
                })
            })
            .collect();
        let mut admitted = 0;
        for task in tasks {
            admitted += usize::from(task.await.unwrap() == Admission::Admitted);
        }
        assert_eq!(admitted, 4);
    });
}

#[test]
fn what_is_over_is_removed_and_nothing_else() {
    on_each_store(|store| async move {
        let (_, account) = enrolled(&*store, "maria").await;
        begin(&*store, session(account.id, 1)).await;
        let mut long = session(account.id, 2);
        long.ends = at(9 * 3600);
        long.idle = SignedDuration::from_hours(9);
        begin(&*store, long).await;
        store.put_code(code(account.id, 1), Along::nothing()).await.unwrap();
        store.admit_attempt(vec![(secret(1), POLICY)], at(0)).await.unwrap();
        assert_eq!(store.remove_expired(at(600), 100).await.unwrap(), 0);
        assert_eq!(store.remove_expired(at(3601), 100).await.unwrap(), 2);
        // A session is known for another day: logging out late ends what was opened in it.
        assert_eq!(store.remove_expired(at(32 * 3600), 100).await.unwrap(), 0);
        assert!(store.session(secret(1)).await.unwrap().is_some());
        assert_eq!(store.remove_expired(at(32 * 3600 + 1), 100).await.unwrap(), 1);
        assert_eq!(store.session(secret(1)).await.unwrap(), None);
        assert!(store.resume_session(secret(2), at(8 * 3600)).await.unwrap().is_some());
    });
}
