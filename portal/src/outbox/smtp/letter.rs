//! An e-mail as bytes (RFC 5322): the same each time that a message is sent.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use crate::messages::one_line;
use crate::outbox::{NotHandedOver, Outgoing};

/// The bytes of an e-mail.
pub(super) struct Letter(Vec<u8>);

impl Letter {
    /// Writes it.
    pub(super) fn new(
        from: &Mailbox,
        reply_to: Option<&Mailbox>,
        to: &Address,
        message: &Outgoing<'_>,
    ) -> Result<Self, NotHandedOver> {
        let made = Duration::try_from(message.created.as_duration()).unwrap_or_default();
        let domain = from.email.domain();
        let mut builder = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .date(UNIX_EPOCH + made)
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(one_line(&message.content.subject))
            .header(AutoSubmitted);
        if let Some(reply_to) = reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let plain = SinglePart::plain(message.content.text.clone());
        let built = match &message.content.html {
            None => builder.singlepart(plain),
            Some(html) => {
                let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html.clone());
                let parts = MultiPart::alternative().boundary(format!("part-{}", message.id));
                builder.multipart(parts.singlepart(plain).singlepart(html))
            }
        };
        match built {
            Ok(built) => Ok(Self(built.formatted())),
            Err(_cause) => Err(NotHandedOver::Never("no e-mail can be made of it".to_owned())),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Written by a program: nobody's absence note answers it (RFC 3834 §5).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use rstest::rstest;
    use store::{Content, MessageId};

    fn letter(content: &Content) -> String {
        let from: Mailbox = "Ospedale di Prova è <noreply@example.org>".parse().unwrap();
        let outgoing = Outgoing {
            id: MessageId::from([0xAB; 16]),
            to: "maria@example.org",
            content,
            created: Timestamp::from_second(1_795_500_000).unwrap(),
        };
        let reply_to: Mailbox = "help@example.org".parse().unwrap();
        let to = outgoing.to.parse().unwrap();
        let letter = Letter::new(&from, Some(&reply_to), &to, &outgoing);
        String::from_utf8(letter.unwrap().0).unwrap()
    }

    #[rstest]
    #[case::line_end("Ciao\r\nBcc: other@example.org\r\n\r\nbody")]
    #[case::bare_line_feed("Ciao\nBcc: other@example.org")]
    #[case::bare_return("Ciao\rBcc: other@example.org")]
    #[case::nul("Ciao\0Bcc: other@example.org")]
    #[case::next_line("Ciao\u{85}Bcc: other@example.org")]
    #[case::encoded("è\r\nBcc: other@example.org")]
    fn nothing_of_a_subject_becomes_a_header(#[case] subject: &str) {
        let content = Content { subject: subject.to_owned(), ..Content::default() };
        let letter = letter(&content);
        let (head, _) = letter.split_once("\r\n\r\n").unwrap();
        assert!(head.is_ascii());
        let names: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split_once(':').unwrap().0.to_ascii_lowercase())
            .collect();
        assert!(!names.contains(&"bcc".to_owned()), "{head}");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{head}");
    }

    #[test]
    fn a_letter_is_the_same_each_time() {
        let content = Content {
            subject: "Il tuo nome utente per città".to_owned(),
            text: ".\r\nPerché è così\n".to_owned(),
            html: Some("<p>è</p>".to_owned()),
        };
        let first = letter(&content);
        assert_eq!(first, letter(&content));
        assert!(first.contains("Message-ID: <abababababababababababababababab@example.org>"));
        assert!(first.contains("Auto-Submitted: auto-generated"));
        assert!(first.contains("Date: Tue, 24 Nov 2026"), "{first}");
        assert!(first.is_ascii());
    }
}
