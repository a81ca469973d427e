//! Shares, the guesses at their PINs, and what ends them.

use std::sync::Arc;

use store::{
    Access, Accessed, Account, AccountState, Along, Asked, Asker, DownloadGrant, EndOfShare,
    EventQuery, GuessBegun, GuessPolicy, Holder, Message, MessageState, NewLimits, NewRequest,
    PasswordHash, PersonId, PreparationState, Recipient, RecipientId, RenewedPin, SecretHash,
    Share, ShareState, Shared, Store, Unlock, Unlocked,
};

use crate::on_each_store;
use crate::values::{
    asking, at, enrolled, event, message, package_key, recipient, secret, share, share_session,
};

const LIMITS: NewLimits = NewLimits { since: jiff::Timestamp::MIN, shares: 9, recipients: 9 };

async fn put(store: &dyn Store, share: &Share) {
    let shared = store.share_order(share.clone(), LIMITS, Along::nothing()).await.unwrap();
    assert_eq!(shared, Shared::Done);
}

async fn guess(store: &dyn Store, token: u8, seconds: i64) -> GuessBegun {
    store.begin_guess(secret(token), at(seconds), GuessPolicy::default()).await.unwrap()
}

/// Opens a share by the link of its first recipient, with this token for the cookie.
async fn unlock(
    store: &dyn Store,
    share: &Share,
    token: SecretHash,
    first: Vec<Message>,
) -> Unlocked {
    let GuessBegun::Admitted(begun) =
        store.begin_guess(share.recipients[0].token, at(1), GuessPolicy::default()).await.unwrap()
    else {
        panic!("not admitted");
    };
    let session = share_session(share, begun.recipient, token);
    let unlock = Unlock { guess: begun.at, pin: begun.share.pin, session, first };
    store.unlock_share(unlock, Along::nothing()).await.unwrap()
}

/// Shares, and opens what is shared.
pub(crate) async fn unlocked(
    store: &dyn Store,
    share: &Share,
    token: SecretHash,
    along: Along,
) -> bool {
    let shared = store.share_order(share.clone(), LIMITS, along).await.unwrap();
    shared == Shared::Done && unlock(store, share, token, Vec::new()).await == Unlocked::Done
}

fn asker(share: &Share) -> Asker {
    Asker::Recipient { share: share.id, recipient: share.recipients[0].id }
}

fn asks(share: &Share, account: &Account, person: PersonId, number: u8) -> NewRequest {
    NewRequest { asker: asker(share), ..asking(account, person, number, 2) }
}

async fn state(store: &dyn Store, share: &Share) -> Option<ShareState> {
    store.share(share.id).await.unwrap().map(|share| share.state)
}

#[test]
fn a_share_comes_with_its_messages_and_within_what_a_day_allows() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let limits = NewLimits { since: at(0), shares: 2, recipients: 3 };
        let along = |seconds| Along {
            messages: vec![message(seconds)],
            events: vec![event(seconds, "share.create")],
        };
        let one = share(hers.id, maria.id, 1);
        let before = Share {
            created: at(-1),
            recipients: vec![recipient("a@example.org", 1)],
            ..share(hers.id, maria.id, 1)
        };
        let two = Share {
            created: at(1),
            recipients: vec![recipient("b@example.org", 2), recipient("c@example.org", 3)],
            ..share(hers.id, maria.id, 2)
        };
        let wide = Share {
            recipients: (1..5).map(|n| recipient("d@example.org", n)).collect(),
            ..share(hers.id, maria.id, 3)
        };
        let put = |share: &Share| store.share_order(share.clone(), limits, along(1));
        assert_eq!(put(&before).await.unwrap(), Shared::Done);
        assert_eq!(put(&one).await.unwrap(), Shared::Done);
        assert_eq!(put(&wide).await.unwrap(), Shared::TooManyRecipients);
        assert_eq!(put(&two).await.unwrap(), Shared::Done);
        assert_eq!(put(&share(hers.id, maria.id, 4)).await.unwrap(), Shared::TooManyShares);
        let stranger = share([9; 16].into(), maria.id, 1);
        assert_eq!(put(&stranger).await.unwrap(), Shared::Nobody);
        let nobody = share(hers.id, [9; 16].into(), 1);
        assert_eq!(put(&nobody).await.unwrap(), Shared::Nobody);
        assert_eq!(store.list_messages(9).await.unwrap().len(), 3, "none of what was refused");
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 3);
        let own = store.shares_of_account(hers.id).await.unwrap();
        assert_eq!(own, [two.clone(), one.clone(), before.clone()], "the newest first");
        assert_eq!(store.shares_of_person(maria.id).await.unwrap().len(), 3);
        let first = store.list_shares(None, 2).await.unwrap();
        let rest = store.list_shares(Some(first[1].id), 9).await.unwrap();
        assert_eq!((first.len(), rest.len()), (2, 1));
        assert_eq!(store.share(two.id).await.unwrap(), Some(two));
    });
}

#[test]
fn each_link_opens_the_share_and_a_right_pin_is_no_guess() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let shared = Share {
            recipients: vec![recipient("a@example.org", 1), recipient("b@example.org", 2)],
            ..share(hers.id, maria.id, 1)
        };
        put(&*store, &shared).await;
        for (token, place) in [(1, 0), (2, 1)] {
            let GuessBegun::Admitted(begun) = guess(&*store, token, 1).await else { panic!() };
            assert_eq!(begun.recipient, shared.recipients[place].id);
            assert_eq!(begun.share.guesses.counted, vec![at(1); place + 1], "counted at once");
        }
        let session = share_session(&shared, shared.recipients[1].id, secret(50));
        let right =
            Unlock { guess: at(1), pin: shared.pin.clone(), session, first: vec![message(7)] };
        for token in [50, 51] {
            let mut right = right.clone();
            right.session.token = secret(token);
            let along = event(1, "share.unlock").into();
            assert_eq!(store.unlock_share(right, along).await.unwrap(), Unlocked::Done);
        }
        let now = store.share(shared.id).await.unwrap().unwrap();
        assert_eq!(now.guesses.counted, [], "each right one takes one back");
        let access = Access { what: Accessed::Unlocked, times: 2, first: at(1), last: at(1) };
        assert_eq!(now.recipients[1].accesses, [access]);
        assert_eq!(now.recipients[0].accesses, []);
        assert_eq!(store.list_messages(9).await.unwrap().len(), 1, "told of the first alone");
        let (session, open) = store.glance_share_session(secret(51), at(9)).await.unwrap().unwrap();
        assert_eq!((session.share, open.recipient), (shared.id, shared.recipients[1].id));
        assert_eq!((open.account.id, &open.share), (hers.id, &now));
        for (what, seconds) in [(Accessed::Package, 5), (Accessed::Package, 8)] {
            let along = event(seconds, "share.download").into();
            let noted =
                store.note_access(shared.id, open.recipient, what, at(seconds), along).await;
            assert!(noted.unwrap());
        }
        let now = store.share(shared.id).await.unwrap().unwrap();
        let fetched = Access { what: Accessed::Package, times: 2, first: at(5), last: at(8) };
        assert_eq!(now.recipients[1].accesses, [access, fetched]);
        let nobody: RecipientId = [7; 16].into();
        let note = store.note_access(shared.id, nobody, Accessed::Report, at(9), Along::nothing());
        assert!(!note.await.unwrap());
    });
}

#[test]
fn a_link_leads_to_nothing_that_is_not_open() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let shared = share(hers.id, maria.id, 1);
        put(&*store, &shared).await;
        assert_eq!(guess(&*store, 99, 1).await, GuessBegun::Nothing, "no such link");
        let until = shared.until.duration_since(at(0)).as_secs();
        assert_eq!(guess(&*store, 100, until).await, GuessBegun::Nothing, "to the second");
        assert!(matches!(guess(&*store, 100, until - 1).await, GuessBegun::Admitted(_)));
        let old = store.account(hers.id).await.unwrap().unwrap();
        let disabled = Account { state: AccountState::Disabled, ..old.clone() };
        store.replace_account(old.clone(), disabled.clone(), Along::nothing()).await.unwrap();
        assert_eq!(guess(&*store, 100, 2).await, GuessBegun::Nothing);
        assert_eq!(store.holder(asker(&shared), at(2)).await.unwrap(), None);
        store.replace_account(disabled, old, Along::nothing()).await.unwrap();
        let holder = store.holder(asker(&shared), at(2)).await.unwrap();
        assert!(matches!(holder, Some(Holder::Recipient(_))));
        assert_eq!(store.holder(asker(&shared), shared.until).await.unwrap(), None);
        let nobody = Asker::Recipient { share: shared.id, recipient: [7; 16].into() };
        assert_eq!(store.holder(nobody, at(2)).await.unwrap(), None);
        let ended = store
            .end_share(Some(hers.id), shared.id, at(3), EndOfShare::Revoked, Along::nothing())
            .await
            .unwrap();
        assert!(ended.is_some());
        assert_eq!(guess(&*store, 100, 4).await, GuessBegun::Nothing);
    });
}

#[test]
fn guesses_side_by_side_are_never_more_than_allowed() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let shared = share(hers.id, maria.id, 1);
        put(&*store, &shared).await;
        let mut admitted = 0;
        let mut seconds = 0;
        loop {
            let tasks: Vec<_> = (0..16)
                .map(|_| {
                    let store = Arc::clone(&store);
                    tokio::spawn(async move { guess(&*store, 100, seconds).await })
                })
                .collect();
            let (mut wait, mut frozen, before) = (None, false, admitted);
            for task in tasks {
                match task.await.unwrap() {
                    GuessBegun::Admitted(_) => admitted += 1,
                    GuessBegun::Wait { until } => wait = Some(until),
                    GuessBegun::Frozen(_) => frozen = true,
                    GuessBegun::Nothing => panic!("it is there"),
                }
            }
            assert_eq!(
                admitted - before,
                if seconds == 0 { 5 } else { usize::from(!frozen || admitted == 20) }
            );
            if frozen {
                break;
            }
            seconds = wait.unwrap().duration_since(at(0)).as_secs();
        }
        assert_eq!(admitted, 20);
        let policy = GuessPolicy::default();
        let freeze = |seconds| {
            store.freeze_share(shared.id, at(seconds), policy, event(1, "share.freeze").into())
        };
        assert!(freeze(seconds).await.unwrap());
        assert!(!freeze(seconds).await.unwrap(), "told once");
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 1);
        assert_eq!(state(&*store, &shared).await, Some(ShareState::Frozen { at: at(seconds) }));
        assert!(matches!(guess(&*store, 100, 9 * 86_400).await, GuessBegun::Frozen(_)));
    });
}

#[test]
fn a_frozen_share_is_shut_until_who_shares_arms_it() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let shared = share(hers.id, maria.id, 1);
        assert!(unlocked(&*store, &shared, secret(50), Along::nothing()).await);
        let policy = GuessPolicy { life: 2, ..GuessPolicy::default() };
        let freeze = |seconds| store.freeze_share(shared.id, at(seconds), policy, Along::nothing());
        assert!(!freeze(2).await.unwrap(), "it has guesses left");
        let begun = |seconds| store.begin_guess(secret(100), at(seconds), policy);
        let GuessBegun::Admitted(one) = begun(2).await.unwrap() else { panic!() };
        let GuessBegun::Admitted(_) = begun(3).await.unwrap() else { panic!() };
        assert!(matches!(begun(4).await.unwrap(), GuessBegun::Frozen(_)), "before it is told");
        assert!(freeze(4).await.unwrap());
        assert_eq!(store.glance_share_session(secret(50), at(5)).await.unwrap(), None);
        // One that was looked at meanwhile was right, and comes too late.
        let session = share_session(&shared, one.recipient, secret(51));
        let late = Unlock { guess: one.at, pin: shared.pin.clone(), session, first: Vec::new() };
        assert_eq!(store.unlock_share(late, Along::nothing()).await.unwrap(), Unlocked::Frozen);
        let rearm =
            |account, seconds| store.rearm_share(account, shared.id, at(seconds), Along::nothing());
        assert_eq!(rearm([9; 16].into(), 6).await.unwrap(), None, "not theirs");
        let armed = rearm(hers.id, 6).await.unwrap().unwrap();
        assert_eq!((armed.state, armed.guesses.counted.len()), (ShareState::Active, 0));
        assert_eq!(rearm(hers.id, 7).await.unwrap(), None, "it is not frozen");
        assert!(store.glance_share_session(secret(50), at(8)).await.unwrap().is_some());
        assert!(matches!(begun(8).await.unwrap(), GuessBegun::Admitted(_)));
    });
}

#[test]
fn another_pin_is_sent_and_the_old_one_opens_nothing() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let mut shared = share(hers.id, maria.id, 1);
        let letter = Message { id: shared.recipients[0].letter, ..message(5) };
        let told = message(6);
        shared.messages.push(told.id);
        let along = Along { messages: vec![letter.clone(), told.clone()], events: Vec::new() };
        assert!(unlocked(&*store, &shared, secret(50), along).await);
        let GuessBegun::Admitted(old) = guess(&*store, 100, 2).await else { panic!() };
        let pin = PasswordHash("$argon2id$other".to_owned());
        let again = message(8);
        let renewed = RenewedPin { pin: pin.clone(), messages: vec![again.clone()], at: at(3) };
        let renew = |account| {
            let along = event(3, "share.pin").into();
            store.renew_pin(account, shared.id, renewed.clone(), along)
        };
        assert_eq!(renew([9; 16].into()).await.unwrap(), None, "not theirs");
        let now = renew(hers.id).await.unwrap().unwrap();
        assert_eq!((now.pin, now.guesses.counted.len()), (pin.clone(), 0));
        assert_eq!(store.glance_share_session(secret(50), at(4)).await.unwrap(), None);
        let session = share_session(&shared, old.recipient, secret(51));
        let late = Unlock { guess: old.at, pin: old.share.pin, session, first: Vec::new() };
        assert_eq!(store.unlock_share(late, Along::nothing()).await.unwrap(), Unlocked::Gone);
        let mut ids: Vec<_> =
            store.messages_of_share(shared.id).await.unwrap().iter().map(|one| one.id).collect();
        ids.sort();
        let mut expected = [letter.id, again.id];
        expected.sort();
        assert_eq!(ids, expected, "the message with the old PIN is not sent any more");
        assert_eq!(store.list_messages(9).await.unwrap().len(), 2);
    });
}

#[test]
fn what_is_open_ends_with_the_share_and_goes_unsent() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let mut shared = share(hers.id, maria.id, 1);
        let letter = Message { id: shared.recipients[0].letter, ..message(500) };
        let sent = Message { state: MessageState::Sent(at(0)), ..message(0) };
        shared.messages.push(sent.id);
        let along = Along { messages: vec![letter, sent.clone()], events: Vec::new() };
        assert!(unlocked(&*store, &shared, secret(50), along).await);
        let of_recipient = asks(&shared, &hers, maria.id, 1);
        let Asked::Done(request) = store.ask(of_recipient, Along::nothing()).await.unwrap() else {
            panic!("refused")
        };
        let grant = DownloadGrant {
            secret: secret(60),
            request: request.id,
            asker: request.asker,
            session: secret(50),
            until: at(86_400),
        };
        assert!(store.put_grant(grant.clone(), Along::nothing()).await.unwrap());
        let (_, holder) = store.grant(secret(60), at(9)).await.unwrap().unwrap();
        assert_eq!(holder.asker(), asker(&shared));
        let end = |account, seconds| {
            let along = event(seconds, "share.revoke").into();
            store.end_share(account, shared.id, at(seconds), EndOfShare::Revoked, along)
        };
        assert_eq!(end(Some([9; 16].into()), 10).await.unwrap(), None, "not theirs");
        let ended = end(Some(hers.id), 10).await.unwrap().unwrap();
        assert_eq!(ended.ended, [package_key(1)], "nobody else asked for it");
        let over = ShareState::Ended { at: at(10), why: EndOfShare::Revoked };
        assert_eq!((ended.share.state, state(&*store, &shared).await), (over, Some(over)));
        assert_eq!(end(None, 11).await.unwrap(), None, "it is over");
        assert_eq!(store.glance_share_session(secret(50), at(11)).await.unwrap(), None);
        assert_eq!(store.grant(secret(60), at(11)).await.unwrap(), None);
        assert_eq!(store.requests_of(asker(&shared)).await.unwrap(), []);
        assert_eq!(store.preparation(package_key(1)).await.unwrap(), None);
        let left = store.messages_of_share(shared.id).await.unwrap();
        assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [sent.id]);
        let late = asks(&shared, &hers, maria.id, 1);
        assert_eq!(store.ask(late, Along::nothing()).await.unwrap(), Asked::Nobody);
        assert!(!store.put_grant(grant, Along::nothing()).await.unwrap());
        let extend = store.extend_share(hers.id, shared.id, at(99_999), at(12), Along::nothing());
        assert_eq!(extend.await.unwrap(), None);
    });
}

#[test]
fn patient_and_recipients_have_one_preparation_and_each_their_request() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let mut shared = share(hers.id, maria.id, 1);
        shared.recipients.push(recipient("b@example.org", 2));
        put(&*store, &shared).await;
        let other = Asker::Recipient { share: shared.id, recipient: shared.recipients[1].id };
        let new = asks(&shared, &hers, maria.id, 1);
        for asker in [Asker::Account(hers.id), new.asker, other, new.asker] {
            let new = NewRequest { asker, ..asks(&shared, &hers, maria.id, 1) };
            assert!(matches!(store.ask(new, Along::nothing()).await.unwrap(), Asked::Done(_)));
        }
        assert_eq!(store.list_preparations(None, 9).await.unwrap().len(), 1);
        let all = store.requests_for(package_key(1)).await.unwrap();
        assert_eq!(all.len(), 3);
        for asker in [Asker::Account(hers.id), new.asker, other] {
            let own = store.requests_of(asker).await.unwrap();
            assert_eq!(own.len(), 1);
            let (request, _) = &own[0];
            for stranger in [Asker::Account(hers.id), new.asker, other] {
                if stranger != asker {
                    let withdrawn = store.withdraw(stranger, request.id, Along::nothing());
                    assert_eq!(withdrawn.await.unwrap(), None);
                }
            }
        }
        let own = store.requests_of(new.asker).await.unwrap()[0].0.id;
        assert!(!store.want_message(other, own, Along::nothing()).await.unwrap());
        assert!(store.want_message(new.asker, own, Along::nothing()).await.unwrap());
        let (request, _) = store.request(own).await.unwrap().unwrap();
        assert!(request.wants_message);
        // The patient's goes on without them.
        store
            .end_share(None, shared.id, at(9), EndOfShare::Site, Along::nothing())
            .await
            .unwrap()
            .unwrap();
        let left = store.preparation(package_key(1)).await.unwrap().unwrap();
        assert!(matches!(left.state, PreparationState::Waiting { .. }));
        assert_eq!(store.requests_for(package_key(1)).await.unwrap().len(), 1);
    });
}

#[test]
fn a_session_ends_by_itself_and_lasts_as_long_as_it_is_used() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let shared = share(hers.id, maria.id, 1);
        assert!(unlocked(&*store, &shared, secret(50), Along::nothing()).await);
        let is_there = |seconds| {
            let store = Arc::clone(&store);
            async move { store.glance_share_session(secret(50), at(seconds)).await.unwrap().is_some() }
        };
        let minutes = |count: i64| 1 + 60 * count;
        assert!(is_there(minutes(20)).await && !is_there(minutes(20) + 1).await);
        let resumed = store.resume_share_session(secret(50), at(minutes(19))).await.unwrap();
        assert_eq!(resumed.unwrap().0.seen, at(minutes(19)));
        assert!(is_there(minutes(39)).await && !is_there(minutes(39) + 1).await);
        let swept = store.sweep_shares(at(8 * 3600 - 1), at(-1), 9).await.unwrap();
        assert_eq!(swept.sessions, 0);
        let swept = store.sweep_shares(at(8 * 3600), at(-1), 9).await.unwrap();
        assert_eq!((swept.sessions, swept.expired.len(), swept.purged.len()), (1, 0, 0));
    });
}

#[test]
fn shares_expire_and_are_purged_in_time() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let short = Share { until: at(100), ..share(hers.id, maria.id, 1) };
        let mut long = share(hers.id, maria.id, 2);
        long.recipients = vec![recipient("b@example.org", 2)];
        put(&*store, &short).await;
        put(&*store, &long).await;
        let request = asks(&short, &hers, maria.id, 1);
        store.ask(request, Along::nothing()).await.unwrap();
        let extended = store
            .extend_share(hers.id, long.id, at(30 * 86_400), at(5), event(5, "share.extend").into())
            .await
            .unwrap();
        assert_eq!(extended.unwrap().until, at(30 * 86_400));
        let sweep = |now, before| store.sweep_shares(at(now), at(before), 9);
        assert!(sweep(99, 0).await.unwrap().expired.is_empty());
        let swept = sweep(100, 0).await.unwrap();
        assert_eq!(swept.expired.len(), 1);
        assert_eq!(
            (swept.expired[0].share.id, &*swept.expired[0].ended),
            (short.id, &[package_key(1)][..])
        );
        let expired = ShareState::Ended { at: at(100), why: EndOfShare::Expired };
        assert_eq!(state(&*store, &short).await, Some(expired));
        assert!(sweep(16 * 86_400, 100).await.unwrap().purged.is_empty());
        let swept = sweep(16 * 86_400, 101).await.unwrap();
        assert_eq!(swept.purged.iter().map(|one| one.id).collect::<Vec<_>>(), [short.id]);
        assert_eq!(store.shares_of_account(hers.id).await.unwrap().len(), 1, "the other goes on");
        let swept = sweep(31 * 86_400, 101).await.unwrap();
        assert_eq!(swept.expired.len(), 1);
    });
}

#[test]
fn shares_go_with_the_person_and_with_the_account() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let (paolo, his) = enrolled(&*store, "paolo").await;
        let of_maria =
            Share { recipients: vec![recipient("a@example.org", 1)], ..share(his.id, maria.id, 1) };
        let own =
            Share { recipients: vec![recipient("b@example.org", 2)], ..share(his.id, paolo.id, 2) };
        let mut of_account = share(hers.id, paolo.id, 3);
        let letter = Message {
            id: of_account.recipients[0].letter,
            to: Recipient::Email("a@example.org".into()),
            ..message(0)
        };
        of_account.messages = vec![letter.id];
        put(&*store, &of_maria).await;
        put(&*store, &own).await;
        let along = Along { messages: vec![letter], events: Vec::new() };
        assert!(unlocked(&*store, &of_account, secret(50), along).await);
        store.erase_person(maria.id, Along::nothing()).await.unwrap().unwrap();
        assert_eq!(store.share(of_maria.id).await.unwrap(), None);
        // Her account represented nobody else.
        assert_eq!(store.share(of_account.id).await.unwrap(), None);
        assert_eq!(store.glance_share_session(secret(50), at(2)).await.unwrap(), None);
        assert_eq!(store.list_messages(9).await.unwrap(), []);
        assert!(store.share(own.id).await.unwrap().is_some());
        store.erase_account(his.id, Along::nothing()).await.unwrap();
        assert_eq!(store.share(own.id).await.unwrap(), None);
        assert_eq!(guess(&*store, 2, 3).await, GuessBegun::Nothing);
    });
}
