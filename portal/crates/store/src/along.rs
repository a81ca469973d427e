//! What is committed together with a verb.

use crate::event::Event;
use crate::message::Message;

/// Messages to send and events to record, if the verb is kept: all together, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Along {
    /// Go to the outbox.
    pub messages: Vec<Message>,
    /// Go to the audit trail.
    pub events: Vec<Event>,
}

impl Along {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }
}

impl From<Event> for Along {
    fn from(event: Event) -> Self {
        Self { messages: Vec::new(), events: vec![event] }
    }
}
