//! What works behind the pages.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::StoreError;

use crate::admin::Retention;
use crate::app::Services;
use crate::outbox::{Patience, Sender, Ways};
use crate::task::{Stop, Tasks};

/// How often what is over is swept out of the store, and how much at a time.
const SWEEP_PAUSE: Duration = Duration::from_mins(1);
const SWEEP_REST: Duration = Duration::from_secs(1);
const SWEEP_MOST: usize = 1000;

/// Every task that works behind the pages.
pub(super) fn start_tasks(
    tasks: &mut Tasks,
    services: &Services,
    ways: Ways,
    retention: Retention,
) {
    let [mail, sms] = ways.transports();
    let sender = Sender {
        store: Arc::clone(&services.store),
        clock: services.clock.clone(),
        mail,
        sms,
        patience: Patience::default(),
        metrics: services.metrics.outbox.clone(),
    };
    tasks.start("outbox", move |stop| {
        let sender = sender.clone();
        async move { sender.run(stop.asked()).await }
    });
    let swept = services.clone();
    let (recovery, accounts) = (services.recovery.clone(), services.accounts.clone());
    tasks.start("recovery", move |stop| recovery.clone().work(accounts.clone(), stop));
    tasks.start("sweep", move |stop| sweep(swept.clone(), retention, stop));
    let shares = services.shares.clone();
    tasks.start("shares", move |stop| shares.clone().look_after(stop));
    let provider = services.provider.clone();
    tasks.start("identity provider", move |stop| provider.clone().keep_fresh(stop));
    let downloads = services.downloads.clone();
    tasks.start("downloads", move |stop| downloads.clone().run(stop));
    let downloads = services.downloads.clone();
    tasks.start("spool", move |stop| downloads.clone().look_after(stop));
    let results = services.results.clone();
    tasks.start("refresh", move |stop| {
        let results = results.clone();
        async move {
            tokio::select! {
                () = results.keep_fresh() => {}
                () = stop.asked() => {}
            }
        }
    });
}

/// Removes what is over, and what is older than it is to be kept.
async fn sweep(services: Services, retention: Retention, stop: Stop) {
    loop {
        let swept = sweep_once(&services, retention).await;
        if let Err(error) = &swept {
            tracing::error!(error = error as &dyn std::error::Error, "cannot sweep the store");
        }
        // More is there when a whole lot went: the next one does not wait.
        let pause =
            if swept.is_ok_and(|removed| removed >= SWEEP_MOST) { SWEEP_REST } else { SWEEP_PAUSE };
        if !stop.sleep(pause).await {
            return;
        }
    }
}

/// Removes sessions, codes and attempts that are over, and what retention does not keep; tells the most
/// that it removed of one kind.
async fn sweep_once(services: &Services, retention: Retention) -> Result<usize, StoreError> {
    let now = services.clock.now();
    let before = |days: u32| {
        let kept = SignedDuration::from_hours(24 * i64::from(days));
        now.checked_sub(kept).unwrap_or(Timestamp::MIN)
    };
    let store = &services.store;
    let mut most = store.remove_expired(now, SWEEP_MOST).await?;
    most = most.max(store.remove_messages(before(retention.messages_days), SWEEP_MOST).await?);
    if let Some(kept) = retention.audit_days {
        most = most.max(store.remove_events(before(kept), SWEEP_MOST).await?);
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use store::{Actor, Event, EventQuery, Message, MessageId, MessageState, Outcome, Recipient};

    use super::*;
    use crate::app::tests::portal;
    use crate::clock::Clock;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_older_than_it_is_kept_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
        let portal = portal(folder.path(), clock.clone());
        let services = portal.services();
        let store = &services.store;
        let event = Event {
            at: clock.now(),
            actor: Actor::System,
            action: "login".to_owned(),
            person: None,
            account: None,
            object: None,
            outcome: Outcome::Done,
            address: None,
        };
        let sent = Message {
            id: MessageId::fresh().unwrap(),
            topic: "credentials".to_owned(),
            account: None,
            to: Recipient::Sms("+390000000000".into()),
            content: None,
            created: clock.now(),
            expires: None,
            tries: 1,
            state: MessageState::Sent(clock.now()),
        };
        store.put_message(sent, event.into()).await.unwrap();
        let left = async || {
            let events = store.events(EventQuery::default(), 9).await.unwrap().len();
            (events, store.list_messages(9).await.unwrap().len())
        };
        let kept = |audit_days, messages_days| Retention { audit_days, messages_days };
        clock.advance(SignedDuration::from_hours(24 * 10 + 1));
        sweep_once(services, kept(Some(11), 11)).await.unwrap();
        assert_eq!(left().await, (1, 1));
        sweep_once(services, kept(None, 10)).await.unwrap();
        assert_eq!(left().await, (1, 0));
        assert_eq!(sweep_once(services, kept(Some(10), 10)).await.unwrap(), 1);
        assert_eq!(left().await, (0, 0));
    }
}
