//! What is told of each request: a line in the log, and counts.
//!
//! **Invariant:** the pattern of the route is told, never a URL: a path or a query may hold what is a person's.

use std::fmt;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::metrics::RequestMetrics;

/// A router whose requests are told.
pub(crate) fn observed(router: Router, listener: &'static str, metrics: RequestMetrics) -> Router {
    router.layer(from_fn_with_state((listener, metrics), observe))
}

async fn observe(
    State((listener, metrics)): State<(&'static str, RequestMetrics)>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = known(request.method());
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let id = RequestId::fresh();
    let span = tracing::info_span!("request", %id);
    let response = next.run(request).instrument(span).await;
    let status = response.status().as_u16();
    let took = began.elapsed();
    metrics.answered(listener, method, &route, status, took);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%id, listener, method, route, status, duration_ms, "answered");
    response
}

/// A method, of which a stranger can invent any number.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Holds together what the log says of one request.
#[derive(Debug, Clone, Copy)]
struct RequestId(u64);

impl RequestId {
    /// Without random numbers all are alike; that says nothing of anybody either.
    fn fresh() -> Self {
        let mut bytes = [0; 8];
        let is_random = getrandom::fill(&mut bytes).is_ok();
        Self(if is_random { u64::from_be_bytes(bytes) } else { 0 })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}
