//! Preparations, requests and grants.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use store::{
    Account, Along, Asked, Asker, ClaimId, DownloadGrant, EndOfTry, EndReason, EventQuery,
    FailureReason, KEPT_AFTER_END, NewRequest, PackageContent, Preparation, PreparationState,
    Proof, Recall, Representation, Request, Role, Store, SweptDownloads, Withdrawn,
};

use crate::on_each_store;
use crate::values::{asking, at, begin, enrolled, event, package, package_key, secret, session};

async fn ask(store: &dyn Store, new: NewRequest) -> Request {
    match store.ask(new, Along::nothing()).await.unwrap() {
        Asked::Done(request) => *request,
        refused => panic!("{refused:?}"),
    }
}

/// Claims for a minute; tells the claim too.
async fn claim(store: &dyn Store, seconds: i64, full: &[&str]) -> Option<(ClaimId, Preparation)> {
    let by = ClaimId::fresh().unwrap();
    let full = full.iter().map(|&name| name.to_owned()).collect();
    let found = store.claim_preparation(by, at(seconds), at(seconds + 60), full).await.unwrap();
    found.map(|found| (by, found))
}

async fn state(store: &dyn Store, number: u8) -> Option<PreparationState> {
    store.preparation(package_key(number)).await.unwrap().map(|one| one.state)
}

fn elsewhere(new: NewRequest, pacs: &str) -> NewRequest {
    let mut new = new;
    for study in &mut new.studies {
        pacs.clone_into(&mut study.pacs);
    }
    new
}

#[test]
fn what_several_ask_for_is_prepared_once_and_each_has_a_request() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (_, mut his) = enrolled(&*store, "paolo").await;
        his.persons.push(Representation { person: maria.id, role: Role::Delegate, until: None });
        let one = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let again = ask(&*store, asking(&hers, maria.id, 1, 5)).await;
        assert_eq!((again.id, again.created), (one.id, at(5)), "an account has one for an order");
        let other = ask(&*store, asking(&his, maria.id, 1, 6)).await;
        let reports = NewRequest {
            key: package_key(2),
            content: PackageContent::Reports,
            ..asking(&hers, maria.id, 1, 7)
        };
        let reports = ask(&*store, reports).await;
        assert_eq!(store.list_preparations(None, 9).await.unwrap().len(), 2);
        let after = store.list_preparations(Some(package_key(1)), 9).await.unwrap();
        assert_eq!(after.iter().map(|one| one.key).collect::<Vec<_>>(), [package_key(2)]);
        let own = store.requests_of(Asker::Account(hers.id)).await.unwrap();
        let ids: Vec<_> = own.iter().map(|(request, _)| request.id).collect();
        assert_eq!(ids, [reports.id, one.id], "the newest first");
        let (found, preparation) = store.request(other.id).await.unwrap().unwrap();
        assert_eq!((&found, preparation.key), (&other, package_key(1)));
        assert_eq!(preparation.state, PreparationState::Waiting { due: at(0) });
        assert_eq!(store.requests_for(package_key(1)).await.unwrap().len(), 2);
        // Two at once are one as well.
        let many: Vec<_> = (0..8)
            .map(|_| {
                let (store, new) = (Arc::clone(&store), asking(&hers, maria.id, 3, 9));
                tokio::spawn(async move { ask(&*store, new).await.id })
            })
            .collect();
        let mut ids = BTreeSet::new();
        for task in many {
            ids.insert(task.await.unwrap());
        }
        assert_eq!(ids.len(), 1);
    });
}

#[test]
fn nobody_asks_for_more_than_they_may_or_without_being_there() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let few = |number| NewRequest { most: 2, ..asking(&hers, maria.id, number, 0) };
        ask(&*store, few(1)).await;
        ask(&*store, few(2)).await;
        let along = || event(1, "download.ask").into();
        assert_eq!(store.ask(few(3), along()).await.unwrap(), Asked::TooMany);
        ask(&*store, few(2)).await;
        let stranger = crate::values::account("nobody", &[maria.id]);
        let refused = store.ask(asking(&stranger, maria.id, 4, 0), along()).await.unwrap();
        assert_eq!(refused, Asked::Nobody);
        let nobody = asking(&hers, [9; 16].into(), 4, 0);
        assert_eq!(store.ask(nobody, along()).await.unwrap(), Asked::Nobody);
        assert_eq!(store.list_preparations(None, 9).await.unwrap().len(), 2);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap(), []);
    });
}

#[test]
fn a_preparation_ends_with_its_last_request_and_a_package_stays() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (_, his) = enrolled(&*store, "paolo").await;
        let one = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let other = ask(&*store, asking(&his, maria.id, 1, 0)).await;
        let (by, _) = claim(&*store, 0, &[]).await.unwrap();
        let withdraw = |account: &Account, request: &Request| {
            let event = event(1, "download.withdraw").into();
            store.withdraw(Asker::Account(account.id), request.id, event)
        };
        assert_eq!(withdraw(&his, &one).await.unwrap(), None, "it is not his");
        let left = withdraw(&hers, &one).await.unwrap();
        assert_eq!(left, Some(Withdrawn { ended: None }));
        assert!(store.renew_claim(package_key(1), by, at(90)).await.unwrap());
        let last = withdraw(&his, &other).await.unwrap();
        assert_eq!(last, Some(Withdrawn { ended: Some(package_key(1)) }));
        assert_eq!(state(&*store, 1).await, None);
        assert!(!store.renew_claim(package_key(1), by, at(99)).await.unwrap());
        let late = store.end_try(package_key(1), by, EndOfTry::Ready(package(9)), Along::nothing());
        assert!(!late.await.unwrap(), "nobody waits for it any more");
        // Asked for again meanwhile it is another preparation, which the old claim does not end.
        ask(&*store, asking(&hers, maria.id, 1, 2)).await;
        let (new, begun) = claim(&*store, 2, &[]).await.unwrap();
        assert_eq!(begun.tries, 1);
        assert!(!store.renew_claim(package_key(1), by, at(99)).await.unwrap());
        let ready = EndOfTry::Ready(package(9));
        assert!(store.end_try(package_key(1), new, ready, Along::nothing()).await.unwrap());
        let own = store.requests_of(Asker::Account(hers.id)).await.unwrap();
        assert_eq!(withdraw(&hers, &own[0].0).await.unwrap(), Some(Withdrawn { ended: None }));
        assert_eq!(state(&*store, 1).await, Some(PreparationState::Ready(package(9))));
        // Whoever asks next has it at once.
        ask(&*store, asking(&his, maria.id, 1, 10)).await;
        assert_eq!(state(&*store, 1).await, Some(PreparationState::Ready(package(9))));
        assert_eq!(claim(&*store, 10, &[]).await, None);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 3);
    });
}

#[test]
fn a_request_moves_on_when_what_is_asked_for_has_changed() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let before = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let changed = NewRequest { key: package_key(9), ..asking(&hers, maria.id, 1, 5) };
        let after = ask(&*store, changed).await;
        assert_eq!((after.id, after.key), (before.id, package_key(9)));
        assert_eq!(state(&*store, 1).await, None, "nobody waits for the old one");
        assert_eq!(store.requests_of(Asker::Account(hers.id)).await.unwrap().len(), 1);
    });
}

#[test]
fn persons_take_turns_however_much_one_of_them_asks_for() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (paolo, his) = enrolled(&*store, "paolo").await;
        let (anna, of_anna) = enrolled(&*store, "anna").await;
        for number in 1..=5 {
            ask(&*store, asking(&hers, maria.id, number, 0)).await;
        }
        let (first, begun) = claim(&*store, 1, &[]).await.unwrap();
        assert_eq!(begun.key, package_key(1));
        for number in 11..=12 {
            ask(&*store, asking(&his, paolo.id, number, 10)).await;
        }
        ask(&*store, asking(&of_anna, anna.id, 21, 11)).await;
        let ready = EndOfTry::Ready(package(12));
        assert!(store.end_try(package_key(1), first, ready, Along::nothing()).await.unwrap());
        let mut order = Vec::new();
        while let Some((by, begun)) = claim(&*store, 20, &[]).await {
            order.push(begun.key.as_bytes()[0]);
            let ready = EndOfTry::Ready(package(20));
            assert!(store.end_try(begun.key, by, ready, Along::nothing()).await.unwrap());
        }
        // Paolo and Anna come when Maria has had one, not when she has had all.
        assert_eq!(order, [11, 21, 2, 12, 3, 4, 5]);
    });
}

#[test]
fn a_pacs_that_has_enough_is_passed_over() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (paolo, his) = enrolled(&*store, "paolo").await;
        ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        ask(&*store, elsewhere(asking(&his, paolo.id, 2, 1), "other")).await;
        assert_eq!(claim(&*store, 5, &["main", "other"]).await, None);
        let (_, begun) = claim(&*store, 5, &["main"]).await.unwrap();
        assert_eq!(begun.key, package_key(2));
        let (_, begun) = claim(&*store, 5, &["other"]).await.unwrap();
        assert_eq!(begun.key, package_key(1));
    });
}

#[test]
fn what_its_maker_left_is_begun_anew_when_the_claim_is_over() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        assert_eq!(store.next_preparation().await.unwrap(), Some(at(0)));
        let (lost, begun) = claim(&*store, 0, &[]).await.unwrap();
        assert_eq!((begun.tries, claim(&*store, 59, &[]).await), (1, None));
        assert!(store.renew_claim(package_key(1), lost, at(100)).await.unwrap());
        assert_eq!(claim(&*store, 99, &[]).await, None, "it was made to last");
        assert_eq!(store.next_preparation().await.unwrap(), Some(at(100)));
        let (by, begun) = claim(&*store, 100, &[]).await.unwrap();
        assert_eq!(begun.tries, 2);
        let later = EndOfTry::Later { due: at(300) };
        let not_any_more =
            store.end_try(package_key(1), lost, later.clone(), event(101, "lost").into());
        assert!(!not_any_more.await.unwrap());
        assert!(
            store.end_try(package_key(1), by, later, event(101, "later").into()).await.unwrap()
        );
        assert_eq!(claim(&*store, 299, &[]).await, None);
        let (by, begun) = claim(&*store, 300, &[]).await.unwrap();
        assert_eq!(begun.tries, 3);
        // Broken off by whoever ends the program: that was no try.
        let released = EndOfTry::Released { due: at(301) };
        assert!(store.end_try(package_key(1), by, released, Along::nothing()).await.unwrap());
        let (_, begun) = claim(&*store, 301, &[]).await.unwrap();
        assert_eq!(begun.tries, 3);
        let actions: Vec<_> = store
            .events(EventQuery::default(), 9)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.event.action)
            .collect();
        assert_eq!(actions, ["later"]);
    });
}

#[test]
fn what_failed_is_told_and_begun_anew_when_it_is_asked_for() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let (by, _) = claim(&*store, 0, &[]).await.unwrap();
        let failed = EndOfTry::Failed { at: at(9), reason: FailureReason::Pacs };
        assert!(store.end_try(package_key(1), by, failed, Along::nothing()).await.unwrap());
        let told = PreparationState::Failed { at: at(9), reason: FailureReason::Pacs };
        assert_eq!(state(&*store, 1).await, Some(told));
        assert_eq!(
            (claim(&*store, 99, &[]).await, store.next_preparation().await.unwrap()),
            (None, None)
        );
        ask(&*store, asking(&hers, maria.id, 1, 100)).await;
        let (by, begun) = claim(&*store, 100, &[]).await.unwrap();
        assert_eq!(begun.tries, 1);
        let failed = EndOfTry::Failed { at: at(101), reason: FailureReason::Data };
        assert!(store.end_try(package_key(1), by, failed, Along::nothing()).await.unwrap());
        // An administrator can have it tried again.
        let retry = |number, seconds| {
            let event = event(seconds, "job.retry").into();
            store.retry_preparation(package_key(number), at(seconds), event)
        };
        assert!(retry(1, 200).await.unwrap());
        assert!(!retry(2, 200).await.unwrap());
        assert!(claim(&*store, 200, &[]).await.is_some());
        assert!(!retry(1, 201).await.unwrap(), "somebody makes it");
    });
}

#[test]
fn what_came_back_is_news_to_whoever_asked_until_they_look() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let (by, _) = claim(&*store, 0, &[]).await.unwrap();
        let recall = Recall { since: at(1), looks: 1 };
        let recalling = EndOfTry::Recalling { next: at(50), recall };
        assert!(store.end_try(package_key(1), by, recalling, Along::nothing()).await.unwrap());
        assert_eq!(state(&*store, 1).await, Some(PreparationState::Recalling { next: at(50) }));
        assert_eq!(claim(&*store, 49, &[]).await, None);
        let (by, begun) = claim(&*store, 50, &[]).await.unwrap();
        assert_eq!((begun.recall, begun.tries), (Some(recall), 1));
        let message = crate::values::message(51);
        let along = Along { messages: vec![message], events: Vec::new() };
        assert!(
            store.end_try(package_key(1), by, EndOfTry::Ready(package(51)), along).await.unwrap()
        );
        assert_eq!(store.list_messages(9).await.unwrap().len(), 1);
        let news =
            || async { store.requests_of(Asker::Account(hers.id)).await.unwrap()[0].0.is_news };
        assert!(news().await);
        store.see_requests(Asker::Account(hers.id)).await.unwrap();
        assert!(!news().await);
        // What was at hand is none.
        ask(&*store, asking(&hers, maria.id, 2, 60)).await;
        let (by, _) = claim(&*store, 60, &[]).await.unwrap();
        let ready = EndOfTry::Ready(package(61));
        assert!(store.end_try(package_key(2), by, ready, Along::nothing()).await.unwrap());
        assert!(!news().await);
    });
}

#[test]
fn a_package_is_ended_whoever_makes_it_and_swept_away_in_time() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        for number in 1..=3 {
            ask(&*store, asking(&hers, maria.id, number, 0)).await;
        }
        let mut claims = Vec::new();
        while let Some((by, begun)) = claim(&*store, 0, &[]).await {
            claims.push((by, begun.key));
        }
        let [one, two, three] = [1, 2, 3].map(|number| {
            let found = claims.iter().find(|(_, key)| *key == package_key(number));
            found.unwrap().0
        });
        let ready = EndOfTry::Ready(package(10));
        assert!(store.end_try(package_key(1), one, ready, Along::nothing()).await.unwrap());
        let end = |number, seconds| {
            let event = event(seconds, "download.end").into();
            store.end_preparation(package_key(number), at(seconds), EndReason::Withheld, event)
        };
        assert!(end(2, 20).await.unwrap());
        assert!(!end(2, 21).await.unwrap() && !end(7, 21).await.unwrap());
        assert!(!store.renew_claim(package_key(2), two, at(90)).await.unwrap());
        let ended = PreparationState::Ended { at: at(20), why: EndReason::Withheld };
        assert_eq!(state(&*store, 2).await, Some(ended));
        let sweep = |seconds| store.sweep_downloads(at(seconds), 9);
        assert_eq!(sweep(3609).await.unwrap(), SweptDownloads::default());
        let swept = sweep(3610).await.unwrap();
        assert_eq!((swept.expired, swept.removed), (vec![package_key(1)], 0));
        let expired = PreparationState::Ended { at: at(3610), why: EndReason::Expired };
        assert_eq!(state(&*store, 1).await, Some(expired));
        let kept = KEPT_AFTER_END.as_secs();
        assert_eq!(sweep(20 + kept - 1).await.unwrap().removed, 0);
        assert_eq!(sweep(20 + kept).await.unwrap().removed, 2, "the preparation and its request");
        assert_eq!(store.requests_of(Asker::Account(hers.id)).await.unwrap().len(), 2);
        // What is being made stays, however old it is.
        assert_eq!(sweep(3610 + 9 * kept).await.unwrap().removed, 2);
        assert!(store.renew_claim(package_key(3), three, at(99)).await.unwrap());
    });
}

fn grant(request: &Request, number: u8, session: u8) -> DownloadGrant {
    DownloadGrant {
        secret: secret(number),
        request: request.id,
        asker: request.asker,
        session: secret(session),
        until: at(86_400),
    }
}

#[test]
fn a_grant_outlives_its_session_and_ends_with_everything_else() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let request = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let put = |grant| store.put_grant(grant, Along::nothing());
        let is_good = |number| {
            let store = Arc::clone(&store);
            async move { store.grant(secret(number), at(100)).await.unwrap().is_some() }
        };
        for token in [1, 2] {
            let session = session(hers.id, token);
            begin(&*store, session).await;
        }
        assert!(put(grant(&request, 11, 1)).await.unwrap());
        assert!(put(grant(&request, 12, 1)).await.unwrap());
        assert!(!is_good(11).await, "a session has one for a request");
        let (found, holder) = store.grant(secret(12), at(100)).await.unwrap().unwrap();
        assert_eq!((found, holder.asker()), (grant(&request, 12, 1), Asker::Account(hers.id)));
        assert!(store.grant(secret(12), at(86_400)).await.unwrap().is_none());
        // Sessions that are over are swept away; what they opened goes on.
        store.remove_expired(at(33 * 3600), 9).await.unwrap();
        assert_eq!(store.session(secret(1)).await.unwrap(), None);
        assert!(is_good(12).await);
        let session = session(hers.id, 3);
        begin(&*store, session).await;
        assert!(put(grant(&request, 13, 3)).await.unwrap());
        assert!(store.end_session(secret(3), Along::nothing()).await.unwrap());
        assert!(!is_good(13).await && is_good(12).await, "who logs out ends their own");
        assert!(put(grant(&request, 14, 4)).await.unwrap());
        store.end_sessions(hers.id, Some(secret(4)), Along::nothing()).await.unwrap();
        assert!(!is_good(12).await && is_good(14).await, "all but the one that stays");
        let stranger =
            DownloadGrant { asker: Asker::Account([9; 16].into()), ..grant(&request, 15, 5) };
        assert!(!put(stranger).await.unwrap());
        store
            .withdraw(Asker::Account(hers.id), request.id, Along::nothing())
            .await
            .unwrap()
            .unwrap();
        assert!(!is_good(14).await);
        assert!(!put(grant(&request, 16, 5)).await.unwrap());
        let swept = store.sweep_downloads(at(90_000), 9).await.unwrap();
        assert_eq!(swept.removed, 0);
    });
}

#[test]
fn a_session_that_is_over_or_replaced_takes_its_grants_with_it() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (_, his) = enrolled(&*store, "paolo").await;
        let request = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let is_good = async |number| store.grant(secret(number), at(100)).await.unwrap().is_some();
        for token in [1, 2, 3] {
            assert_eq!(begin(&*store, session(hers.id, token)).await, store::Begun::Done);
            let given = store.put_grant(grant(&request, 10 + token, token), Along::nothing());
            assert!(given.await.unwrap());
        }
        let again = session(hers.id, 4);
        store
            .begin_session(again, Proof::Provider, Some(secret(1)), Along::nothing())
            .await
            .unwrap();
        assert!(!is_good(11).await && is_good(12).await, "a login ends what it replaces");
        // Whoever logs in at the same browser.
        let other = session(his.id, 5);
        store
            .begin_session(other, Proof::Provider, Some(secret(2)), Along::nothing())
            .await
            .unwrap();
        assert!(!is_good(12).await && is_good(13).await);
        let late = at(9 * 3600);
        store.remove_expired(late, 9).await.unwrap();
        assert_eq!(store.glance_session(secret(3), late).await.unwrap(), None, "it is over");
        assert!(store.end_session(secret(3), Along::nothing()).await.unwrap());
        assert!(!is_good(13).await);
    });
}

#[test]
fn a_new_password_and_a_disabled_account_end_grants() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let request = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        let is_good = || async { store.grant(secret(1), at(9)).await.unwrap().is_some() };
        let give = || store.put_grant(grant(&request, 1, 2), Along::nothing());
        assert!(give().await.unwrap() && is_good().await);
        let change = store::PasswordChange {
            was: hers.password.clone(),
            hash: store::PasswordHash("$argon2id$other".to_owned()),
            must_change: false,
            at: at(5),
            keep: None,
        };
        store.change_password(hers.id, change, Along::nothing()).await.unwrap();
        assert!(!is_good().await);
        assert!(give().await.unwrap() && is_good().await);
        let old = store.account(hers.id).await.unwrap().unwrap();
        let new = Account { state: store::AccountState::Disabled, ..old.clone() };
        store.replace_account(old, new, Along::nothing()).await.unwrap();
        assert!(!is_good().await);
        // Until it is over a grant is swept up by nobody, and then it is.
        assert!(give().await.unwrap());
        assert_eq!(store.sweep_downloads(at(86_399), 9).await.unwrap().removed, 0);
        assert_eq!(store.sweep_downloads(at(86_400), 9).await.unwrap().removed, 1);
    });
}

#[test]
fn downloads_go_with_the_person_and_with_the_account() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (paolo, his) = enrolled(&*store, "paolo").await;
        let both = ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        ask(&*store, asking(&his, maria.id, 1, 0)).await;
        ask(&*store, asking(&his, paolo.id, 2, 0)).await;
        let (by, begun) = claim(&*store, 1, &[]).await.unwrap();
        assert_eq!(begun.key, package_key(1));
        assert!(store.put_grant(grant(&both, 1, 1), Along::nothing()).await.unwrap());
        assert_eq!(store.preparations_of_person(maria.id).await.unwrap().len(), 1);
        store.erase_person(maria.id, Along::nothing()).await.unwrap().unwrap();
        assert!(!store.renew_claim(package_key(1), by, at(90)).await.unwrap());
        assert_eq!(state(&*store, 1).await, None);
        assert!(store.grant(secret(1), at(9)).await.unwrap().is_none());
        assert_eq!(store.requests_of(Asker::Account(his.id)).await.unwrap().len(), 1);
        store.erase_account(his.id, Along::nothing()).await.unwrap();
        assert_eq!(state(&*store, 2).await, None, "nobody asks for it any more");
        assert_eq!(store.requests_for(package_key(2)).await.unwrap(), []);
    });
}

#[test]
fn whoever_prepares_hears_of_it_as_soon_as_it_is_asked_for() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let waiter = Arc::clone(&store);
        let waiting = tokio::spawn(async move { waiter.preparations_changed().await });
        store.put_message(crate::values::message(0), Along::nothing()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished(), "a message is no preparation");
        ask(&*store, asking(&hers, maria.id, 1, 0)).await;
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    });
}
