//! An outbox that is shown instead of sent, for a demonstration on one machine.

use async_trait::async_trait;

use super::gsm7::Segments;
use super::{HandedOver, NotHandedOver, Outgoing, Transport};

/// Keeps messages readable in the store, and sends none.
///
/// [`Portal::open`](crate::Portal::open) lets it be only where no other machine reaches the listener.
#[derive(Debug)]
pub(super) struct ShownOutbox;

#[async_trait]
impl Transport for ShownOutbox {
    async fn send(&self, message: Outgoing<'_>) -> Result<HandedOver, NotHandedOver> {
        let segments = Segments::of(&message.content.text).count;
        Ok(HandedOver { keep_content: true, segments })
    }
}
