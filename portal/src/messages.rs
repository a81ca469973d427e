//! What the portal writes to people: never what a result says, nor that there is one.

mod html;

use jiff::{SignedDuration, Timestamp};
use store::{Account, Content, Message, MessageId, MessageState, NoRandom, Private, Recipient};
use texts::{Language, Texts};

use crate::password::Password;
use crate::secret::Code;

/// The site as its messages name it.
#[derive(Debug, Clone)]
pub struct Site {
    /// Who signs: the institution.
    pub institution: String,
    /// What the portal is called.
    pub portal: String,
    /// Where it is, as a link.
    pub address: String,
}

/// The sentences in a language that the store knows.
pub(crate) fn texts_in(language: store::Language) -> Texts {
    match language {
        store::Language::It => Language::Italian,
        store::Language::En => Language::English,
    }
    .texts()
}

/// On one line: a control character, a line end above all, is a blank.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

impl Site {
    /// The user name by e-mail (S-011).
    pub(crate) fn user_name(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let texts = texts_in(account.language);
        let text =
            texts.message_user_name_text(&self.address, account.user_name.as_str(), &self.portal);
        self.email(
            account,
            now,
            "credentials",
            &texts.message_user_name_subject(&self.portal),
            &text,
        )
    }

    /// The user name again, for who forgot it (S-021).
    pub(crate) fn user_name_again(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let texts = texts_in(account.language);
        let text = texts.message_user_name_again_text(
            &self.address,
            account.user_name.as_str(),
            &self.portal,
        );
        self.email(account, now, "recovery", texts.message_user_name_again_subject(), &text)
    }

    /// That the password was changed, to who did not do it.
    pub(crate) fn password_changed(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let texts = texts_in(account.language);
        let text = texts.message_password_changed_text(&self.address, &self.portal);
        self.email(account, now, "password", texts.message_password_changed_subject(), &text)
    }

    /// The first password by SMS (S-011).
    pub(crate) fn first_password(
        &self,
        account: &Account,
        password: &Password,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let text =
            texts_in(account.language).message_first_password(password.as_str(), &self.portal);
        sms(account, now, "credentials", text)
    }

    /// A one-time code by SMS (S-020, S-022).
    pub(crate) fn recovery_code(
        &self,
        account: &Account,
        code: &Code,
        life: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let text = texts_in(account.language).message_recovery_code(
            code.as_str(),
            life.as_mins(),
            &self.portal,
        );
        let message = sms(account, now, "recovery", text)?;
        // Late it would only confuse.
        let expires = now.checked_add(life).unwrap_or(Timestamp::MAX);
        Ok(message.map(|message| Message { expires: Some(expires), ..message }))
    }

    /// That what was asked for came back and can be fetched, by SMS (S-093, S-131).
    pub(crate) fn download_back(
        &self,
        account: &Account,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let text = texts_in(account.language).message_download_back(&self.address, &self.portal);
        let message = sms(account, now, "download", text)?;
        // When the package has gone it would be wrong.
        Ok(message.map(|message| Message { expires: Some(until), ..message }))
    }

    /// The same to who shares it, when a recipient asked (S-093).
    pub(crate) fn shared_back(
        &self,
        account: &Account,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Message>, NoRandom> {
        let text = texts_in(account.language).message_shared_back(&self.portal);
        let message = sms(account, now, "download", text)?;
        Ok(message.map(|message| Message { expires: Some(until), ..message }))
    }

    /// An e-mail, as text and as HTML.
    pub(crate) fn letter(
        &self,
        texts: Texts,
        greeting: &str,
        subject: &str,
        text: &str,
    ) -> Content {
        let closing = texts.message_closing(&self.institution);
        let text = format!("{greeting}\n\n{text}");
        Content {
            subject: subject.to_owned(),
            html: html::letter(texts, self, subject, &text, &closing),
            text: format!("{text}\n\n{closing}\n"),
        }
    }

    /// None when the account has no address.
    fn email(
        &self,
        account: &Account,
        now: Timestamp,
        topic: &str,
        subject: &str,
        text: &str,
    ) -> Result<Option<Message>, NoRandom> {
        let Some(address) = account.email.clone() else { return Ok(None) };
        let texts = texts_in(account.language);
        let content = self.letter(texts, texts.message_greeting(), subject, text);
        message(topic, account, Recipient::Email(address), content, now).map(Some)
    }
}

/// None when the account has no telephone.
fn sms(
    account: &Account,
    now: Timestamp,
    topic: &str,
    text: String,
) -> Result<Option<Message>, NoRandom> {
    let Some(number) = account.phone.clone() else { return Ok(None) };
    let content = Content { text, ..Content::default() };
    message(topic, account, Recipient::Sms(number), content, now).map(Some)
}

fn message(
    topic: &str,
    account: &Account,
    to: Recipient,
    content: Content,
    now: Timestamp,
) -> Result<Message, NoRandom> {
    Ok(Message {
        id: MessageId::fresh()?,
        topic: topic.to_owned(),
        account: Some(account.id),
        to,
        content: Some(Private(content)),
        created: now,
        expires: None,
        tries: 0,
        state: MessageState::Due(now),
    })
}
