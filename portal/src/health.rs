//! What a monitor asks: is the program alive, can it serve, what did it count.
//!
//! **Invariant:** these routes stand at a listener of their own, and tell nothing of anybody. What watches has no token,
//! and is not to reach what administers; so they are not at the listener of the administrators.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::Services;
use crate::metrics::Metrics;
use crate::task::Stop;

/// The routes.
pub(crate) fn router(services: Services, stop: Stop) -> Router {
    Router::new()
        .route("/live", get(|| async { "alive\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state((services, stop))
}

/// Whether a request would be served: not while it ends, and not without a store that reads and writes.
async fn ready(State((services, stop)): State<(Services, Stop)>) -> (StatusCode, &'static str) {
    if stop.is_asked() {
        return (StatusCode::SERVICE_UNAVAILABLE, "it ends\n");
    }
    if services.store.is_halted() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the store takes no more writes\n");
    }
    match services.store.next_due(None).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(_told_by_who_needs_it) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
        }
    }
}

async fn metrics(State((services, _)): State<(Services, Stop)>) -> Response {
    let overdue = match services.store.next_due(None).await {
        Ok(Some(due)) => services.clock.now().duration_since(due).as_secs().max(0),
        Ok(None) | Err(_) => 0,
    };
    services.metrics.outbox.overdue(overdue);
    services.downloads.count().await;
    ([(header::CONTENT_TYPE, Metrics::MEDIA_TYPE)], services.metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use store::{Actor, Event, Outcome};

    use super::*;
    use crate::app::tests::portal;
    use crate::clock::Clock;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_portal_that_cannot_write_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_second(1_795_500_000).unwrap();
        let portal = portal(folder.path(), Clock::standing_at(now));
        let services = portal.services().clone();
        let (_handle, stop) = Stop::new();
        let ask = || ready(State((services.clone(), stop.clone())));
        assert_eq!(ask().await, (StatusCode::OK, "ready\n"));
        // A commit looks there for what it has to sync.
        std::fs::remove_dir_all(folder.path().join("store/blobs")).unwrap();
        let event = Event {
            at: now,
            actor: Actor::System,
            action: "test".to_owned(),
            person: None,
            account: None,
            object: None,
            outcome: Outcome::Done,
            address: None,
        };
        assert!(services.store.record_event(event).await.is_err());
        assert!(services.store.next_due(None).await.is_ok(), "it is read all the same");
        assert_eq!(ask().await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
}
