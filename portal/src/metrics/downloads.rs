//! Of downloads: what waits, how tries ended, how long they took, what is made, handed out and kept.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// How a try to make a package ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PreparationEnd {
    Ready,
    Later,
    Recalling,
    Released,
    Failed,
    Ended,
}

impl EncodeLabelValue for PreparationEnd {
    fn encode(
        &self,
        encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        let word = match self {
            Self::Ready => "ready",
            Self::Later => "later",
            Self::Recalling => "recalling",
            Self::Released => "released",
            Self::Failed => "failed",
            Self::Ended => "ended",
        };
        word.encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HowEnded {
    end: PreparationEnd,
}

/// How bytes of a package are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// In a download of the package.
    Download,
    /// Entry by entry, to be looked at in the browser.
    Look,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HowDelivered {
    by: &'static str,
}

/// Of downloads.
#[derive(Debug, Clone)]
pub(crate) struct DownloadMetrics {
    tries: Family<HowEnded, Counter>,
    seconds: Histogram,
    pacs_seconds: Histogram,
    delivered_bytes: Family<HowDelivered, Counter>,
    made_bytes: Counter,
    overdue_seconds: Gauge,
    running: Gauge<u64, AtomicU64>,
    spool_bytes: Gauge<u64, AtomicU64>,
    spool_packages: Gauge<u64, AtomicU64>,
}

impl DownloadMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let buckets = [0.5, 2.0, 5.0, 15.0, 60.0, 300.0, 1200.0, 3600.0];
        let new = Self {
            tries: Family::default(),
            seconds: Histogram::new(buckets),
            pacs_seconds: Histogram::new(buckets),
            delivered_bytes: Family::default(),
            made_bytes: Counter::default(),
            overdue_seconds: Gauge::default(),
            running: Gauge::default(),
            spool_bytes: Gauge::default(),
            spool_packages: Gauge::default(),
        };
        registry.register(
            "preparations",
            "Tries to make a package, by how they ended",
            Family::clone(&new.tries),
        );
        registry.register(
            "preparation_seconds",
            "How long a try that ended with a package took, from the first question to the PACS",
            new.seconds.clone(),
        );
        registry.register(
            "preparation_pacs_seconds",
            "How much of that went by until the last instance had come from the PACS",
            new.pacs_seconds.clone(),
        );
        registry.register(
            "delivered_bytes",
            "Bytes of packages handed out: in a download, or to be looked at online",
            Family::clone(&new.delivered_bytes),
        );
        registry.register("package_bytes", "Bytes of packages made", new.made_bytes.clone());
        registry.register(
            "preparations_overdue_seconds",
            "How long the package that waits longest for its turn is due",
            new.overdue_seconds.clone(),
        );
        registry.register(
            "preparations_running",
            "Packages that are being made",
            new.running.clone(),
        );
        registry.register("spool_bytes", "Bytes that lie in the spool", new.spool_bytes.clone());
        registry.register(
            "spool_packages",
            "Packages that lie in the spool",
            new.spool_packages.clone(),
        );
        new
    }

    /// A try ended without a package.
    pub(crate) fn ended(&self, end: PreparationEnd) {
        self.tries.get_or_create(&HowEnded { end }).inc();
    }

    /// A try ended with a package of so many bytes; the PACS took its part of the time.
    pub(crate) fn made(&self, bytes: u64, took: Duration, pacs: Duration) {
        self.ended(PreparationEnd::Ready);
        self.seconds.observe(took.as_secs_f64());
        self.pacs_seconds.observe(pacs.as_secs_f64());
        self.made_bytes.inc_by(bytes);
    }

    /// Bytes of a package were handed out.
    pub(crate) fn delivered(&self, by: Delivered, bytes: u64) {
        let by = match by {
            Delivered::Download => "download",
            Delivered::Look => "look",
        };
        self.delivered_bytes.get_or_create(&HowDelivered { by }).inc_by(bytes);
    }

    /// How long the package that waits longest is due, how many are being made, and what lies in the spool.
    pub(crate) fn now(&self, overdue_seconds: i64, running: u64, packages: u64, bytes: u64) {
        self.overdue_seconds.set(overdue_seconds);
        self.running.set(running);
        self.spool_packages.set(packages);
        self.spool_bytes.set(bytes);
    }
}
