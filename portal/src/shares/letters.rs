//! The messages of shares (S-109, S-133): link and PIN apart, and what who shares is told.
//!
//! **Invariant:** a message says whose order is shared and nothing of what it is.

use jiff::Timestamp;
use store::{
    Account, Content, Message, MessageId, MessageState, NoRandom, Person, Private, Recipient, Share,
};
use texts::Texts;

use crate::messages::{Site, one_line, texts_in};
use crate::secret::Token;
use crate::shares::Pin;
use crate::web::{display_date, display_timestamp};

/// Writes the messages.
#[derive(Debug)]
pub(crate) struct Letters {
    pub(crate) site: Site,
    /// Whether telephone and e-mail address of the patient are told.
    pub(crate) show_contacts: bool,
}

/// What is shared, and whose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) share: &'a Share,
    pub(crate) person: &'a Person,
    pub(crate) now: Timestamp,
}

impl Letters {
    fn link_to(&self, path: &str) -> String {
        format!("{}{path}", self.site.address.trim_end_matches('/'))
    }

    /// Whose order it is: what S-109 asks for, contacts as far as the site lets them be seen.
    fn identity(&self, told: Told<'_>, texts: Texts) -> String {
        let name = &told.person.name;
        let name = format!("{} {}", one_line(&name.given), one_line(&name.family));
        let mut facts = vec![(texts.profile_patient(), name.trim().to_owned())];
        let born = told.person.birth_date.as_ref();
        facts.extend(born.map(|born| (texts.profile_birth_date(), display_date(born.0, texts))));
        if self.show_contacts {
            let known =
                |value: &Option<Private<String>>| value.as_ref().map(|value| one_line(value));
            facts.extend(known(&told.person.phone).map(|phone| (texts.profile_phone(), phone)));
            facts.extend(known(&told.person.email).map(|email| (texts.profile_email(), email)));
        }
        facts.push((texts.letter_until(), display_timestamp(told.share.until, texts)));
        let facts: Vec<_> =
            facts.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        facts.join("\n")
    }

    /// The link, with who shares and what they write.
    pub(crate) fn link(
        &self,
        told: Told<'_>,
        to: &Private<String>,
        token: &Token,
    ) -> Result<Message, NoRandom> {
        let texts = texts_in(told.share.language);
        let quote = told.share.message.as_ref().map(|message| {
            let lines: Vec<_> = message.lines().map(|one| format!("> {}", one_line(one))).collect();
            format!("{}\n\n{}\n\n", texts.letter_writes(), lines.join("\n"))
        });
        let text = format!(
            "{}\n\n{}\n\n{}{}\n{}\n\n{}",
            texts.letter_link(&self.site.portal),
            self.identity(told, texts),
            quote.unwrap_or_default(),
            texts.letter_open(),
            self.link_to(&format!("/s/{}", token.as_str())),
            texts.letter_pin_apart(),
        );
        let subject = texts.letter_link_subject(&self.site.portal);
        message(told, Recipient::Email(to.clone()), self.to_recipient(texts, &subject, &text))
    }

    /// The PIN, without the link.
    pub(crate) fn pin(
        &self,
        told: Told<'_>,
        to: &Private<String>,
        pin: &Pin,
    ) -> Result<Message, NoRandom> {
        let texts = texts_in(told.share.language);
        let subject = texts.letter_pin_subject(&self.site.portal);
        let text = texts.letter_pin(pin.as_str(), &self.site.portal);
        message(told, Recipient::Email(to.clone()), self.to_recipient(texts, &subject, &text))
    }

    /// The PIN by SMS.
    pub(crate) fn pin_by_sms(
        &self,
        told: Told<'_>,
        number: &Private<String>,
        pin: &Pin,
    ) -> Result<Message, NoRandom> {
        let text = texts_in(told.share.language).letter_pin_sms(pin.as_str(), &self.site.portal);
        message(told, Recipient::Sms(number.clone()), Content { text, ..Content::default() })
    }

    /// That what a recipient asked for is back, at the address that got the link.
    pub(crate) fn back(&self, told: Told<'_>, to: &Private<String>) -> Result<Message, NoRandom> {
        let texts = texts_in(told.share.language);
        let text = texts.letter_back(&self.site.portal);
        let content = self.to_recipient(texts, texts.letter_back_subject(), &text);
        message(told, Recipient::Email(to.clone()), content)
    }

    /// That a recipient came for the first time; `None` when who shares has no address.
    pub(crate) fn first_access(
        &self,
        account: &Account,
        told: Told<'_>,
        recipient: &Private<String>,
    ) -> Result<Option<Message>, NoRandom> {
        let texts = texts_in(account.language);
        let at = display_timestamp(told.now, texts);
        let text = texts.letter_opened(self.link_to("/shares"), at, recipient.as_str());
        self.to_sharer(account, told, texts.letter_opened_subject(), &text)
    }

    /// That a share was frozen; `None` when who shares has no address.
    pub(crate) fn frozen(
        &self,
        account: &Account,
        told: Told<'_>,
    ) -> Result<Option<Message>, NoRandom> {
        let texts = texts_in(account.language);
        let since = display_timestamp(told.share.created, texts);
        let text = texts.letter_frozen(self.link_to("/shares"), since);
        self.to_sharer(account, told, texts.letter_frozen_subject(), &text)
    }

    fn to_recipient(&self, texts: Texts, subject: &str, text: &str) -> Content {
        self.site.letter(texts, texts.letter_greeting(), subject, text)
    }

    fn to_sharer(
        &self,
        account: &Account,
        told: Told<'_>,
        subject: &str,
        text: &str,
    ) -> Result<Option<Message>, NoRandom> {
        let Some(email) = account.email.clone() else { return Ok(None) };
        let texts = texts_in(account.language);
        let content = self.site.letter(texts, texts.message_greeting(), subject, text);
        message(told, Recipient::Email(email), content).map(Some)
    }
}

/// It is of no use when the share is over.
fn message(told: Told<'_>, to: Recipient, content: Content) -> Result<Message, NoRandom> {
    Ok(Message {
        id: MessageId::fresh()?,
        topic: "share".to_owned(),
        account: Some(told.share.account),
        to,
        content: Some(Private(content)),
        created: told.now,
        expires: Some(told.share.until),
        tries: 0,
        state: MessageState::Due(told.now),
    })
}
