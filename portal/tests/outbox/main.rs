//! The outbox at work: with transports that fail as told, with a mail server, with a gateway for SMS.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, unreachable_pub, reason = "shared with the end-to-end tests")]
#[path = "../../../tests/support/authority.rs"]
mod authority;
mod outage;
#[expect(unreachable_pub, reason = "shared with the end-to-end tests")]
#[path = "../../../tests/support/served.rs"]
mod peer;
mod sender;
mod sms;
mod smtp;

use jiff::Timestamp;
use store::{Content, Message, MessageId, MessageState, Private, Recipient};

/// A message that is due.
fn message(to: Recipient, subject: &str, text: &str) -> Message {
    let now = Timestamp::now();
    Message {
        id: MessageId::fresh().unwrap(),
        topic: "credentials".to_owned(),
        account: None,
        to,
        content: Some(Private(Content {
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: None,
        })),
        created: now,
        expires: None,
        tries: 0,
        state: MessageState::Due(now),
    }
}

fn email() -> Recipient {
    Recipient::Email("maria@example.org".into())
}
