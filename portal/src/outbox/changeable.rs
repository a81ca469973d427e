//! A transport in the place of which another can be put while messages go out.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use super::{HandedOver, NotHandedOver, Outgoing, Transport};
use crate::certificates::Certificates;

/// A place for a transport; cheap to clone, and all clones are the same place.
#[derive(Debug, Clone)]
pub struct Changeable {
    section: &'static str,
    transport: Arc<RwLock<Option<Arc<dyn Transport>>>>,
}

impl Changeable {
    /// With a transport, or without: then messages wait, and the reason names the section that lacks.
    pub fn new(section: &'static str, transport: Option<Arc<dyn Transport>>) -> Self {
        Self { section, transport: Arc::new(RwLock::new(transport)) }
    }

    /// From now on messages leave by this one. What is under way ends by the one before.
    pub fn change(&self, transport: Option<Arc<dyn Transport>>) {
        *self.transport.write().unwrap_or_else(PoisonError::into_inner) = transport;
    }

    fn now(&self) -> Option<Arc<dyn Transport>> {
        self.transport.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Transport for Changeable {
    async fn send(&self, message: Outgoing<'_>) -> Result<HandedOver, NotHandedOver> {
        match self.now() {
            Some(transport) => transport.send(message).await,
            None => Err(NotHandedOver::Later(format!("the configuration has no {}", self.section))),
        }
    }

    fn certificates(&self) -> Option<Certificates> {
        self.now()?.certificates()
    }
}
