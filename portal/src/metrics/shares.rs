//! What is counted of shares.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use store::Accessed;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Done {
    act: &'static str,
}

/// Of shares.
#[derive(Debug, Clone)]
pub(crate) struct ShareMetrics {
    acts: Family<Done, Counter>,
}

impl ShareMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let acts = Family::<Done, Counter>::default();
        registry.register(
            "shares",
            "What was done with shares: refused are wrong PINs and links that lead to nothing",
            acts.clone(),
        );
        Self { acts }
    }

    fn count(&self, act: &'static str) {
        self.acts.get_or_create(&Done { act }).inc();
    }

    /// An order was shared.
    pub(crate) fn created(&self) {
        self.count("created");
    }

    /// A PIN was wrong, or a link led to nothing.
    pub(crate) fn refused(&self) {
        self.count("refused");
    }

    /// A share was frozen.
    pub(crate) fn frozen(&self) {
        self.count("frozen");
    }

    /// A share ended, by whomever or by time.
    pub(crate) fn ended(&self) {
        self.count("ended");
    }

    /// A recipient did something.
    pub(crate) fn accessed(&self, what: Accessed) {
        self.count(match what {
            Accessed::Unlocked => "unlocked",
            Accessed::Report => "report",
            Accessed::Images => "images",
            Accessed::Package => "package",
        });
    }
}
