//! The sender, over a store, with a transport that fails as told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use portal::Clock;
use portal::metrics::Metrics;
use portal::outbox::{HandedOver, NotHandedOver, Outgoing, Patience, Sender, Transport};
use store::{
    Along, EventQuery, Message, MessageId, MessageState, Outcome, Recipient, SledStore, Store,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{email, message};

/// What it does with the n-th try of a message, by the subject.
#[derive(Debug, Default)]
struct Scripted {
    tries: Mutex<BTreeMap<MessageId, u32>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, message: Outgoing<'_>) -> Result<HandedOver, NotHandedOver> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let tries = {
            let mut all = self.tries.lock().unwrap();
            let tries = all.entry(message.id).or_default();
            *tries += 1;
            *tries
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match message.content.subject.as_str() {
            "third" if tries < 3 => Err(NotHandedOver::Later("busy".to_owned())),
            "never" => Err(NotHandedOver::Never("550".to_owned())),
            "hangs" => std::future::pending().await,
            "slow" => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(HandedOver { keep_content: false, segments: 0 })
            }
            "panics" if tries == 1 => panic!("as the test wants it"),
            _ => Ok(HandedOver { keep_content: false, segments: 2 }),
        }
    }
}

struct Running {
    store: Arc<dyn Store>,
    transport: Arc<Scripted>,
    metrics: Metrics,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

fn quick() -> Patience {
    Patience {
        at_once: 3,
        one_try: Duration::from_secs(5),
        first: Duration::from_millis(20),
        longest: Duration::from_millis(50),
        ..Patience::default()
    }
}

fn run(patience: Patience) -> Running {
    run_with(patience, false)
}

fn run_with(patience: Patience, has_sms: bool) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
    let transport = Arc::new(Scripted::default());
    let metrics = Metrics::default();
    let sender = Sender {
        store: Arc::clone(&store),
        clock: Clock::System,
        mail: Some(Arc::clone(&transport) as Arc<dyn Transport>),
        sms: has_sms.then(|| Arc::clone(&transport) as Arc<dyn Transport>),
        patience,
        metrics: metrics.outbox.clone(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(sender.run(async { drop(stopped.await) }));
    Running { store, transport, metrics, stop, task, _folder: folder }
}

impl Running {
    async fn put(&self, message: &Message) {
        self.store.put_message(message.clone(), Along::nothing()).await.unwrap();
    }

    async fn state(&self, id: MessageId) -> Message {
        let all = self.store.list_messages(99).await.unwrap();
        all.into_iter().find(|message| message.id == id).unwrap()
    }

    /// The message once it has ended.
    async fn end(&self, id: MessageId) -> Message {
        for _ in 0..1000 {
            let message = self.state(id).await;
            if message.due().is_none() {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not end");
    }
}

#[tokio::test]
async fn a_message_goes_out_as_soon_as_it_is_put() {
    let running = run(Patience::default());
    // The sender waits for its longest sleep by now.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let message = message(email(), "good", "text");
    let began = Instant::now();
    running.put(&message).await;
    let ended = running.end(message.id).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(matches!(ended.state, MessageState::Sent(_)), "{:?}", ended.state);
    assert_eq!((ended.content, ended.tries), (None, 1));
}

#[tokio::test]
async fn what_fails_for_now_is_tried_again_until_it_is_sent() {
    let running = run(quick());
    let message = message(email(), "third", "text");
    running.put(&message).await;
    let ended = running.end(message.id).await;
    assert!(matches!(ended.state, MessageState::Sent(_)), "{:?}", ended.state);
    assert_eq!(ended.tries, 3);
    running.stop.send(()).unwrap();
    running.task.await.unwrap();
    let text = running.metrics.text();
    for line in [
        "esito_message_tries_total{way=\"Email\",end=\"Later\"} 2",
        "esito_message_tries_total{way=\"Email\",end=\"Sent\"} 1",
        "esito_sms_segments_total 2",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn what_no_try_can_do_is_given_up_with_an_event_and_without_its_content() {
    let running = run(quick());
    let message = message(email(), "never", "text");
    running.put(&message).await;
    let ended = running.end(message.id).await;
    let MessageState::Failed { reason, .. } = ended.state else { panic!("{:?}", ended.state) };
    assert_eq!((reason.as_str(), ended.content, ended.tries), ("550", None, 1));
    let events = running.store.events(EventQuery::default(), 9).await.unwrap();
    let event = &events[0].event;
    assert_eq!((event.action.as_str(), event.outcome), ("message.give-up", Outcome::Failed));
    let object = event.object.as_deref().unwrap();
    assert_eq!(object, format!("credentials {}", message.id));
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_in_the_end() {
    let patience = Patience {
        one_try: Duration::from_millis(50),
        total: Duration::from_millis(300),
        ..quick()
    };
    let running = run(patience);
    let message = message(email(), "hangs", "text");
    running.put(&message).await;
    let ended = running.end(message.id).await;
    let MessageState::Failed { reason, .. } = ended.state else { panic!("{:?}", ended.state) };
    assert!(ended.tries > 1, "{}", ended.tries);
    assert!(reason.starts_with("after ") && reason.contains("no answer within"), "{reason}");
}

#[tokio::test]
async fn what_has_expired_is_not_sent() {
    let running = run(quick());
    let fresh = message(email(), "good", "text");
    let message = Message { expires: Some(fresh.created), ..fresh };
    running.put(&message).await;
    let ended = running.end(message.id).await;
    assert!(matches!(ended.state, MessageState::Failed { .. }));
    assert!(running.transport.tries.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_has_no_way_out_waits() {
    let running = run(quick());
    let message = message(Recipient::Sms("+390000000000".into()), "", "text");
    running.put(&message).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = running.state(message.id).await;
    assert!(waiting.due().is_some() && waiting.content.is_some() && waiting.tries > 1);
}

#[tokio::test]
async fn many_go_out_at_once_and_never_too_many() {
    let running = run(quick());
    let all: Vec<_> = (0..20).map(|_| message(email(), "good", "text")).collect();
    for message in &all {
        running.put(message).await;
    }
    for message in &all {
        assert_eq!(running.end(message.id).await.tries, 1);
    }
    assert_eq!(running.transport.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_way_that_hangs_keeps_nothing_of_the_other_from_going_out() {
    let running = run_with(Patience { one_try: Duration::from_mins(9), ..quick() }, true);
    for _ in 0..50 {
        running.put(&message(email(), "hangs", "text")).await;
    }
    for _ in 0..5 {
        let code = message(Recipient::Sms("+390000000000".into()), "good", "text");
        running.put(&code).await;
        let ended = running.end(code.id).await;
        assert!(matches!(ended.state, MessageState::Sent(_)), "{:?}", ended.state);
    }
    assert_eq!(running.transport.tries.lock().unwrap().len(), 3 + 5);
}

#[tokio::test]
async fn a_fault_of_the_program_costs_one_try_and_no_message() {
    // The lease is twice the time of a try and half a minute: too long for a test to see it end.
    let running = run(quick());
    let (panics, good) = (message(email(), "panics", "text"), message(email(), "good", "text"));
    running.put(&panics).await;
    running.put(&good).await;
    running.end(good.id).await;
    let claimed = running.state(panics.id).await;
    assert!(matches!(claimed.state, MessageState::Claimed(_)) && claimed.content.is_some());
}

#[tokio::test]
async fn who_stops_ends_what_is_under_way_and_begins_nothing() {
    let running = run(Patience { at_once: 1, ..quick() });
    let (slow, next) = (message(email(), "slow", "text"), message(email(), "good", "text"));
    running.put(&slow).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.put(&next).await;
    let Running { store, transport, stop, task, _folder, .. } = running;
    stop.send(()).unwrap();
    task.await.unwrap();
    let all = store.list_messages(9).await.unwrap();
    let state = |id| &all.iter().find(|message| message.id == id).unwrap().state;
    assert!(matches!(state(slow.id), MessageState::Sent(_)));
    assert!(matches!(state(next.id), MessageState::Due(_)));
    assert_eq!(transport.tries.lock().unwrap().len(), 1);
}
