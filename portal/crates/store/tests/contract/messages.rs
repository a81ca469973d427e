//! The outbox.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use store::{Along, EventQuery, Message, MessageState, MessageWay, Recipient, Sending};

use crate::on_each_store;
use crate::values::{at, event, message};

const LEASE: SignedDuration = SignedDuration::from_secs(60);

#[test]
fn messages_are_claimed_when_due_the_longest_due_first() {
    on_each_store(|store| async move {
        let sent = [message(30), message(10), message(20)];
        for message in &sent {
            store.put_message(message.clone(), Along::nothing()).await.unwrap();
        }
        assert_eq!(store.next_due(None).await.unwrap(), Some(at(10)));
        assert_eq!(store.claim_messages(MessageWay::Sms, at(9), LEASE, 9).await.unwrap(), []);
        let claimed = store.claim_messages(MessageWay::Sms, at(20), LEASE, 9).await.unwrap();
        let ids: Vec<_> = claimed.iter().map(|message| message.id).collect();
        assert_eq!(ids, [sent[1].id, sent[2].id]);
        assert!(claimed.iter().all(|message| message.tries == 1 && message.content.is_some()));
        // They are claimed: nobody else gets them before the lease ends.
        assert_eq!(store.claim_messages(MessageWay::Sms, at(29), LEASE, 9).await.unwrap(), []);
        assert_eq!(store.next_due(None).await.unwrap(), Some(at(30)));
        let newest: Vec<_> =
            store.list_messages(2).await.unwrap().iter().map(|message| message.id).collect();
        assert_eq!(newest, [sent[0].id, sent[2].id]);
    });
}

/// A store may have a bound for a record, and says so; what a page or a message needs lies far below.
#[test]
fn a_record_that_is_too_large_is_refused_and_leaves_nothing() {
    on_each_store(|store| async move {
        let with_text = |letters| {
            let content = store::Content { text: "a".repeat(letters), ..Default::default() };
            Message { content: Some(store::Private(content)), ..message(10) }
        };
        let along = || Along { messages: vec![message(5)], events: vec![event(5, "large")] };
        for letters in [48 << 10, 4 << 20] {
            let refused = store.put_message(with_text(letters), along()).await.unwrap_err();
            let store::StoreError::TooLarge { table, bytes, most } = refused else {
                panic!("{refused:?}")
            };
            assert!(table == "messages" && bytes > letters && most < bytes);
        }
        // The one beside it in the same commit as well.
        let large = Along { messages: vec![with_text(1 << 20)], events: vec![event(5, "large")] };
        store.put_message(message(5), large).await.unwrap_err();
        assert_eq!(store.list_messages(9).await.unwrap(), []);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap(), []);
        let whole = with_text(40 << 10);
        store.put_message(whole.clone(), along()).await.unwrap();
        let kept = store.claim_messages(MessageWay::Sms, at(10), LEASE, 9).await.unwrap();
        assert_eq!(kept.last().map(|message| &message.content), Some(&whole.content));
    });
}

/// Identifiers are random: none of them may make a message wait.
#[test]
fn a_message_is_due_at_its_moment_whatever_it_is_called() {
    on_each_store(|store| async move {
        for id in [[0; 16], [0xFF; 16]] {
            let message = Message { id: id.into(), ..message(10) };
            store.put_message(message, Along::nothing()).await.unwrap();
        }
        assert_eq!(store.claim_messages(MessageWay::Sms, at(10), LEASE, 9).await.unwrap().len(), 2);
    });
}

#[test]
fn a_message_is_sent_at_least_once_and_ended_by_its_last_claimer() {
    on_each_store(|store| async move {
        store.put_message(message(0), Along::nothing()).await.unwrap();
        let lost = store.claim_messages(MessageWay::Sms, at(0), LEASE, 1).await.unwrap().remove(0);
        let claimed =
            store.claim_messages(MessageWay::Sms, at(60), LEASE, 1).await.unwrap().remove(0);
        assert_eq!((claimed.id, claimed.tries), (lost.id, 2));
        let done = Sending::Sent { at: at(61), keep_content: false };
        assert!(!store.end_sending(&lost, done.clone(), event(61, "lost").into()).await.unwrap());
        assert!(store.end_sending(&claimed, done.clone(), event(61, "done").into()).await.unwrap());
        assert!(!store.end_sending(&claimed, done, event(61, "twice").into()).await.unwrap());
        let listed = store.list_messages(9).await.unwrap().remove(0);
        assert_eq!((listed.state, listed.content), (MessageState::Sent(at(61)), None));
        assert_eq!(store.next_due(None).await.unwrap(), None);
        // Only what was ended is in the trail.
        let events = store.events(EventQuery::default(), 9).await.unwrap();
        let actions: Vec<_> = events.iter().map(|one| one.event.action.as_str()).collect();
        assert_eq!(actions, ["done"]);
    });
}

#[test]
fn a_message_is_tried_again_or_given_up_and_removed_in_time() {
    on_each_store(|store| async move {
        store.put_message(message(0), Along::nothing()).await.unwrap();
        let claimed =
            store.claim_messages(MessageWay::Sms, at(0), LEASE, 1).await.unwrap().remove(0);
        store
            .end_sending(&claimed, Sending::Again { at: at(300) }, Along::nothing())
            .await
            .unwrap();
        assert_eq!(store.next_due(None).await.unwrap(), Some(at(300)));
        let claimed =
            store.claim_messages(MessageWay::Sms, at(300), LEASE, 1).await.unwrap().remove(0);
        let given_up = Sending::GivenUp { at: at(301), reason: "550".to_owned() };
        store.end_sending(&claimed, given_up, Along::nothing()).await.unwrap();
        let listed = store.list_messages(9).await.unwrap().remove(0);
        assert!(matches!(listed.state, MessageState::Failed { .. }));
        assert_eq!(listed.content, None, "nobody needs what it said any more");
        assert_eq!(store.claim_messages(MessageWay::Sms, at(9999), LEASE, 9).await.unwrap(), []);
        assert_eq!(store.remove_messages(at(301), 9).await.unwrap(), 0);
        assert_eq!(store.remove_messages(at(302), 9).await.unwrap(), 1);
        assert_eq!(store.list_messages(9).await.unwrap(), []);
    });
}

#[test]
fn each_way_has_a_queue_of_its_own() {
    on_each_store(|store| async move {
        for due in 0..9 {
            let to = Recipient::Email("maria@example.org".into());
            store.put_message(Message { to, ..message(due) }, Along::nothing()).await.unwrap();
        }
        let code = message(20);
        store.put_message(code.clone(), Along::nothing()).await.unwrap();
        let (email, sms) = (MessageWay::Email, MessageWay::Sms);
        assert_eq!(store.next_due(None).await.unwrap(), Some(at(0)));
        assert_eq!(store.next_due(Some(email)).await.unwrap(), Some(at(0)));
        assert_eq!(store.next_due(Some(sms)).await.unwrap(), Some(at(20)));
        let claimed = store.claim_messages(sms, at(20), LEASE, 1).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].id), (1, code.id));
        assert_eq!(store.claim_messages(email, at(20), LEASE, 99).await.unwrap().len(), 9);
        assert_eq!(store.claim_messages(sms, at(20), LEASE, 99).await.unwrap(), []);
    });
}

#[test]
fn two_senders_never_claim_the_same_message() {
    on_each_store(|store| async move {
        for _ in 0..40 {
            store.put_message(message(0), Along::nothing()).await.unwrap();
        }
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    store.claim_messages(MessageWay::Sms, at(1), LEASE, 7).await.unwrap()
                })
            })
            .collect();
        let mut claimed = Vec::new();
        for task in tasks {
            claimed.extend(task.await.unwrap().into_iter().map(|message| message.id));
        }
        assert_eq!(claimed.len(), 40);
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 40);
    });
}

#[test]
fn whoever_sends_hears_of_a_message_as_soon_as_it_is_kept() {
    on_each_store(|store| async move {
        let waiter = Arc::clone(&store);
        let waiting = tokio::spawn(async move { waiter.due_changed().await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished(), "nothing is due");
        store.record_event(event(0, "login")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished(), "an event is no message");
        store.put_message(message(0), Along::nothing()).await.unwrap();
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
        // One that came while nobody waited is heard of too.
        store.put_message(message(1), Along::nothing()).await.unwrap();
        tokio::time::timeout(Duration::from_secs(5), store.due_changed()).await.unwrap();
    });
}

#[test]
fn a_message_that_waits_is_tried_at_once_when_asked() {
    on_each_store(|store| async move {
        let sent = message(0);
        store.put_message(sent.clone(), event(0, "message").into()).await.unwrap();
        let retry = |at_second| {
            store.retry_message(sent.id, at(at_second), event(1, "message.retry").into())
        };
        let claim = |at_second| store.claim_messages(MessageWay::Sms, at(at_second), LEASE, 1);
        let claimed = claim(0).await.unwrap().remove(0);
        assert!(!retry(1).await.unwrap(), "somebody is sending it");
        let later = Sending::Again { at: at(3600) };
        store.end_sending(&claimed, later, Along::nothing()).await.unwrap();
        assert!(retry(3).await.unwrap());
        let again = claim(3).await.unwrap().remove(0);
        assert_eq!((again.id, again.tries, &again.content), (sent.id, 2, &sent.content));
        let given_up = Sending::GivenUp { at: at(4), reason: "550".to_owned() };
        store.end_sending(&again, given_up, Along::nothing()).await.unwrap();
        assert!(!retry(5).await.unwrap(), "its content is gone");
        let actions: Vec<_> = store
            .events(EventQuery::default(), 9)
            .await
            .unwrap()
            .into_iter()
            .map(|recorded| recorded.event.action)
            .collect();
        assert_eq!(actions, ["message", "message.retry"]);
    });
}
