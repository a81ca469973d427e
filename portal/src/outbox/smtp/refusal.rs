//! What a mail server's refusal means for the next try.

use std::error::Error as _;

use lettre::transport::smtp::Error;

use crate::outbox::NotHandedOver;

/// How far a transaction went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// MAIL: what is refused is us, not the receiver.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA and the message itself.
    Content,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Sender => "the sender was refused",
            Self::Recipient => "the address was refused",
            Self::Content => "the message was refused",
        }
    }
}

/// Whether another try makes sense.
///
/// A 5xx for a recipient or a message is final (RFC 5321 §4.2.1), but for those that somebody can mend on
/// either side: a login that is asked for (RFC 4954 §6), and rules and security (RFC 3463 §3.8, `x.7.x`),
/// such as a relay that does not know us yet.
pub(super) fn not_handed_over(stage: Stage, error: &Error) -> NotHandedOver {
    let Some(status) = error.status() else { return NotHandedOver::Later(reason(error)) };
    let code = status.to_string();
    let is_ours = stage == Stage::Sender
        || ["530", "534", "535", "538"].contains(&code.as_str())
        || enhanced(error).is_some_and(|code| code.split('.').nth(1) == Some("7"));
    let reason = format!("{}: {}", stage.name(), reason(error));
    if error.is_permanent() && !is_ours {
        NotHandedOver::Never(reason)
    } else {
        NotHandedOver::Later(reason)
    }
}

/// Why, without a word of the server: it likes to quote addresses.
pub(super) fn reason(error: &Error) -> String {
    if let Some(status) = error.status() {
        return match enhanced(error) {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        };
    }
    if error.is_response() {
        return "the server does not answer as a mail server does".to_owned();
    }
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

/// The enhanced status code (RFC 3463 §2) before the server's words.
fn enhanced(error: &Error) -> Option<String> {
    let text = error.source()?.to_string();
    let first = text.split_whitespace().next()?;
    let parts: Vec<_> = first.split('.').collect();
    let is_number = |part: &&str| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let [class, _, _] = parts.as_slice() else { return None };
    (parts.iter().all(is_number) && ["4", "5"].contains(class)).then(|| first.to_owned())
}
