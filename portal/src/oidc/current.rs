//! The provider that is configured at the moment: reading the configuration again can put another in its place.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::oidc::provider::Provider;
use crate::oidc::settings::{InvalidOidc, OidcSettings};
use crate::task::Stop;

/// How often the provider is asked what it is, and which keys it has.
const ROUND: Duration = Duration::from_mins(1);

/// The provider of the moment, if there is one. Cheap to clone; all clones are the same.
#[derive(Debug, Clone)]
pub struct CurrentProvider {
    current: watch::Sender<Option<Provider>>,
    origin: String,
    clock: Clock,
}

impl CurrentProvider {
    /// For browsers that call the portal `origin`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidOidc`].
    pub(crate) fn new(
        settings: Option<OidcSettings>,
        origin: &str,
        clock: Clock,
    ) -> Result<Self, InvalidOidc> {
        let new = Self { current: watch::Sender::new(None), origin: origin.to_owned(), clock };
        new.put(new.prepared(settings)?);
        Ok(new)
    }

    /// A provider for [`CurrentProvider::put`]. Reads the files of TLS.
    ///
    /// # Errors
    /// [`InvalidOidc`].
    pub fn prepared(
        &self,
        settings: Option<OidcSettings>,
    ) -> Result<Option<Provider>, InvalidOidc> {
        let new = |settings| Provider::new(settings, &self.origin, self.clock.clone());
        settings.map(new).transpose()
    }

    /// Puts another in its place, or none. Logins that are on their way come back to the new one.
    pub fn put(&self, provider: Option<Provider>) {
        self.current.send_replace(provider);
    }

    /// The one of now.
    pub(crate) fn now(&self) -> Option<Provider> {
        self.current.borrow().clone()
    }

    /// Asks again and again what it is, until it is time to stop.
    pub(crate) async fn keep_fresh(self, stop: Stop) {
        let mut changes = self.current.subscribe();
        loop {
            let provider = changes.borrow_and_update().clone();
            if let Some(provider) = provider {
                provider.refresh().await;
            }
            tokio::select! {
                more = stop.sleep(ROUND) => if !more { return },
                // The sender lives as long as this.
                _changed = changes.changed() => {}
            }
        }
    }
}
