//! Counts for Prometheus. No label holds anything of a person.

mod downloads;
mod shares;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use downloads::{Delivered, DownloadMetrics, PreparationEnd};
pub(crate) use shares::ShareMetrics;

/// All that is counted.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Of the outbox.
    pub outbox: OutboxMetrics,
    /// Of the requests.
    pub(crate) requests: RequestMetrics,
    /// Of the log.
    pub log: LogMetrics,
    /// Of certificates.
    pub(crate) certificates: CertificateMetrics,
    /// Of downloads.
    pub(crate) downloads: DownloadMetrics,
    /// Of shares.
    pub(crate) shares: ShareMetrics,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("esito");
        let outbox = OutboxMetrics::register(&mut registry);
        let requests = RequestMetrics::register(&mut registry);
        let log = LogMetrics::register(&mut registry);
        let certificates = CertificateMetrics::register(&mut registry);
        let downloads = DownloadMetrics::register(&mut registry);
        let shares = ShareMetrics::register(&mut registry);
        let version = [("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        registry.register("build", "Which program this is", Info::new(version.to_vec()));
        let registry = Arc::new(registry);
        Self { registry, outbox, requests, log, certificates, downloads, shares }
    }
}

impl Metrics {
    /// The media type of [`Metrics::text`].
    pub const MEDIA_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All of it as text of `OpenMetrics`, which Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // A string takes any text.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

/// By which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Way {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum MessageEnd {
    /// Handed over.
    Sent,
    /// To be tried again.
    Later,
    /// Given up.
    GivenUp,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    way: Way,
    end: MessageEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Took {
    way: Way,
}

/// Of the outbox.
#[derive(Debug, Clone)]
pub struct OutboxMetrics {
    tries: Family<Ended, Counter>,
    seconds: Family<Took, Histogram, fn() -> Histogram>,
    segments: Counter,
    overdue_seconds: Gauge,
}

impl Default for OutboxMetrics {
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

impl OutboxMetrics {
    fn register(registry: &mut Registry) -> Self {
        let tries = Family::default();
        let buckets: fn() -> Histogram = || Histogram::new([0.05, 0.2, 1.0, 5.0, 20.0, 60.0]);
        let seconds = Family::new_with_constructor(buckets);
        let segments = Counter::default();
        let overdue_seconds = Gauge::default();
        registry.register(
            "message_tries",
            "Tries to hand a message over, by way and by how they ended",
            Family::clone(&tries),
        );
        registry.register("message_try_seconds", "How long a try took", Family::clone(&seconds));
        registry.register("sms_segments", "SMS that the gateway bills", segments.clone());
        registry.register(
            "outbox_overdue_seconds",
            "How long the message that waits longest is due",
            overdue_seconds.clone(),
        );
        Self { tries, seconds, segments, overdue_seconds }
    }

    /// For how long the message that waits longest is due; 0 for none.
    pub(crate) fn overdue(&self, seconds: i64) {
        self.overdue_seconds.set(seconds);
    }

    pub(crate) fn ended(&self, way: Way, end: MessageEnd) {
        self.tries.get_or_create(&Ended { way, end }).inc();
    }

    pub(crate) fn took(&self, way: Way, took: Duration) {
        self.seconds.get_or_create(&Took { way }).observe(took.as_secs_f64());
    }

    pub(crate) fn segments(&self, count: u32) {
        self.segments.inc_by(u64::from(count));
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    of: String,
}

/// Of certificates, by the section of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct CertificateMetrics {
    not_after: Family<Of, Gauge>,
}

impl CertificateMetrics {
    fn register(registry: &mut Registry) -> Self {
        let not_after = Family::default();
        registry.register(
            "certificate_not_after_seconds",
            "When the first certificate of a section ends, in seconds since 1970",
            Family::clone(&not_after),
        );
        Self { not_after }
    }

    /// When the first of a section ends; none where that cannot be known.
    pub(crate) fn ends(&self, of: &str, at: Option<i64>) {
        let of = Of { of: of.to_owned() };
        match at {
            Some(at) => {
                self.not_after.get_or_create(&of).set(at);
            }
            None => {
                self.not_after.remove(&of);
            }
        }
    }
}

/// Of the log.
#[derive(Debug, Clone, Default)]
pub struct LogMetrics {
    lost: Counter,
}

impl LogMetrics {
    fn register(registry: &mut Registry) -> Self {
        let lost = Counter::default();
        registry.register(
            "log_lines_lost",
            "Lines of the log that nobody read in time",
            lost.clone(),
        );
        Self { lost }
    }

    /// Counts lines that were lost.
    pub fn lost(&self, lines: u64) {
        self.lost.inc_by(lines);
    }

    /// How many were.
    pub fn count(&self) -> u64 {
        self.lost.get()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    listener: &'static str,
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    listener: &'static str,
    route: String,
}

/// Of the requests. A route is its pattern; there are only so many.
#[derive(Debug, Clone)]
pub(crate) struct RequestMetrics {
    answered: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
}

impl RequestMetrics {
    fn register(registry: &mut Registry) -> Self {
        let answered = Family::default();
        let buckets: fn() -> Histogram =
            || Histogram::new([0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]);
        let seconds = Family::new_with_constructor(buckets);
        registry.register(
            "requests",
            "Requests, by listener, method, route and status",
            Family::clone(&answered),
        );
        registry.register(
            "request_seconds",
            "Until the head of the answer",
            Family::clone(&seconds),
        );
        Self { answered, seconds }
    }

    pub(crate) fn answered(
        &self,
        listener: &'static str,
        method: &'static str,
        route: &str,
        status: u16,
        took: Duration,
    ) {
        let route = route.to_owned();
        self.seconds
            .get_or_create(&Route { listener, route: route.clone() })
            .observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { listener, method, route, status }).inc();
    }
}
