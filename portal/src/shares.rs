//! Shares: an account lets others see an order of a person whom it represents, by a link and a PIN.
//!
//! ```text
//! account ─► offer ─► share ─► outbox: link │ PIN ─► recipient ─► link: a page that shows nothing
//!    ▲                                                               │ PIN: counted, then looked at
//!    └── told: first access, frozen ◄── order, report, downloads ◄── unlocked: a session of its own
//! ```
//!
//! A recipient sees by the right of the account: what that may not see any more, they do not see.
//!
//! **Invariant:** an unknown link, one that is over and a wrong PIN cost one Argon2 each; a link that is only opened
//! costs nothing and changes nothing.
//! **Invariant:** a guess is counted before it is looked at.

mod control;
mod letters;
mod offer;
pub(crate) mod pin;
mod settings;
mod sweep;
mod unlock;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use store::{
    Account, Actor, Along, Event, GuessPolicy, Guesses, Holder, Language, Message, NewLimits,
    NoRandom, OrderId, Outcome, PasswordHash, Person, Private, RecipientId, Share, ShareId,
    ShareRecipient, ShareState, Shared, Store, StoreError,
};

pub use control::{Changed, RecipientState, ShownRecipient, ShownShare};
pub(crate) use letters::{Letters, Told};
pub use offer::{Offer, Term};
pub use pin::{Pin, PinFault};
pub use settings::SharesSettings;
pub use unlock::Entered;

use crate::accounts::{Limits, Origin};
use crate::admin::{Email, Phone};
use crate::clock::Clock;
use crate::downloads::{Downloads, actor};
use crate::messages::Site;
use crate::metrics::ShareMetrics;
use crate::password::hashing::{Busy, Hasher};
use crate::results::{Results, ResultsError};
use crate::secret::{SiteSecret, Token};

/// What a share can last, in days (S-105).
pub const DAYS: [u16; 3] = [15, 30, 45];
/// The longest message to the recipients, in characters.
pub const LONGEST_MESSAGE: usize = 1000;
/// Recipients of one share.
pub const MOST_RECIPIENTS: usize = 10;

/// Why the shares gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharesError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// Too much at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The operating system.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// How the recipients get the PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinWay {
    /// By an e-mail of its own.
    Email,
    /// By SMS to this number.
    Sms(Private<String>),
    /// Who shares tells it.
    Oneself,
}

/// What somebody fills in to share an order.
#[derive(Debug, Clone)]
pub struct ShareForm {
    /// Addresses of the recipients.
    pub emails: Vec<Private<String>>,
    /// The PIN as it was typed.
    pub pin: Private<String>,
    /// For how long, in days.
    pub days: u16,
    /// What is written to the recipients; empty for nothing.
    pub message: Private<String>,
    /// Language of the messages.
    pub language: Language,
    /// How the recipients get the PIN.
    pub way: PinWay,
}

/// What is wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It names nobody.
    NoRecipient,
    /// An address cannot be written to: which, counted from 0.
    Address(usize),
    /// It names more than may be named.
    TooManyRecipients,
    /// The PIN.
    Pin(PinFault),
    /// No such number of days is offered.
    Days,
    /// The message is too long, or holds control characters.
    Message,
    /// The number of a telephone cannot be written to.
    Phone,
}

/// Outcome of [`Shares::share`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedOrder {
    /// It is shared, and the messages are on their way.
    Done(ShareId),
    /// The form is to be corrected.
    Refused(Vec<Fault>),
    /// The account has made as many shares today as it may.
    TooManyShares,
    /// They would have more recipients in a day than they may have.
    TooManyRecipients,
    /// There is no such order that the account may see.
    NoSuchOrder,
}

/// The shares over a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    results: Results,
    downloads: Downloads,
    hasher: Arc<Hasher>,
    secret: SiteSecret,
    letters: Letters,
    limits: Limits,
    policy: GuessPolicy,
    settings: SharesSettings,
    clock: Clock,
    metrics: ShareMetrics,
}

/// What shares stand on beside the store.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) results: Results,
    pub(crate) downloads: Downloads,
    pub(crate) hasher: Arc<Hasher>,
    pub(crate) secret: SiteSecret,
    pub(crate) site: Site,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) metrics: ShareMetrics,
}

impl Shares {
    /// Over a store.
    pub(crate) fn new(store: Arc<dyn Store>, ground: Ground, settings: SharesSettings) -> Self {
        let Ground { results, downloads, hasher, secret, site, limits, clock, metrics } = ground;
        let letters = Letters { site, show_contacts: settings.show_contacts };
        let policy = GuessPolicy::default();
        Self(Arc::new(Inner {
            store,
            results,
            downloads,
            hasher,
            secret,
            letters,
            limits,
            policy,
            settings,
            clock,
            metrics,
        }))
    }

    /// What the site lets be shared.
    pub fn settings(&self) -> &SharesSettings {
        &self.0.settings
    }

    /// Shares an order that an account may see.
    ///
    /// # Errors
    /// [`SharesError`].
    pub async fn share(
        &self,
        account: &Account,
        order: OrderId,
        form: ShareForm,
        from: Origin,
    ) -> Result<SharedOrder, SharesError> {
        let inner = &self.0;
        let Some(offer) = self.offer(account, order).await? else {
            let event = Event {
                outcome: Outcome::Refused,
                account: Some(account.id),
                ..self.event(
                    "share.create",
                    Actor::Account(account.id),
                    order.to_string(),
                    Some(from),
                )
            };
            inner.store.record_event(event).await?;
            return Ok(SharedOrder::NoSuchOrder);
        };
        let emails = addresses(&form.emails);
        let pin = Pin::chosen(&form.pin, offer.person.birth_date.as_ref().map(|date| date.0));
        let term = offer.terms.iter().find(|term| term.days == form.days);
        let (emails, pin, until) = match (faults_of(&form, &emails), emails, pin, term) {
            (faults, Ok(emails), Ok(pin), Some(term)) if faults.is_empty() => {
                (emails, pin, term.until)
            }
            (mut faults, _, pin, term) => {
                faults.extend(pin.err().map(Fault::Pin));
                faults.extend(term.is_none().then_some(Fault::Days));
                return Ok(SharedOrder::Refused(faults));
            }
        };
        let now = inner.clock.now();
        let mut share = Share {
            id: ShareId::fresh()?,
            person: offer.person.id,
            order,
            account: account.id,
            created: now,
            until,
            language: form.language,
            message: message(&form.message),
            pin: self.hash(&pin, from).await?,
            recipients: Vec::new(),
            messages: Vec::new(),
            guesses: Guesses::default(),
            state: ShareState::Active,
        };
        let messages = self.invite(&mut share, &offer.person, emails, &pin, &form.way)?;
        let day = SignedDuration::from_hours(24);
        let limits = NewLimits {
            since: now.checked_sub(day).unwrap_or(Timestamp::MIN),
            shares: inner.settings.most_a_day,
            recipients: inner.settings.most_recipients_a_day,
        };
        let id = share.id;
        let event = self.event_of("share.create", Actor::Account(account.id), &share, Some(from));
        let along = Along { messages, events: vec![event] };
        Ok(match inner.store.share_order(share, limits, along).await? {
            Shared::Done => {
                inner.metrics.created();
                SharedOrder::Done(id)
            }
            Shared::TooManyShares => SharedOrder::TooManyShares,
            Shared::TooManyRecipients => SharedOrder::TooManyRecipients,
            Shared::Nobody => SharedOrder::NoSuchOrder,
        })
    }

    /// Gives each recipient a link of their own; the messages that tell links and PIN.
    fn invite(
        &self,
        share: &mut Share,
        person: &Person,
        emails: Vec<Private<String>>,
        pin: &Pin,
        way: &PinWay,
    ) -> Result<Vec<Message>, NoRandom> {
        let letters = &self.0.letters;
        let mut messages = Vec::new();
        for email in emails {
            let token = Token::fresh()?;
            let told = Told { share, person, now: share.created };
            let letter = letters.link(told, &email, &token)?;
            if *way == PinWay::Email {
                messages.push(letters.pin(told, &email, pin)?);
            }
            let (id, letter_id) = (RecipientId::fresh()?, letter.id);
            messages.push(letter);
            let accesses = Vec::new();
            let recipient =
                ShareRecipient { id, email, token: token.hash(), letter: letter_id, accesses };
            share.recipients.push(recipient);
        }
        if let PinWay::Sms(number) = way {
            let told = Told { share, person, now: share.created };
            messages.push(letters.pin_by_sms(told, number, pin)?);
        }
        share.messages = messages.iter().map(|message| message.id).collect();
        Ok(messages)
    }

    /// Hashes a PIN with the site's secret: whoever has a copy of the store alone cannot try PINs.
    async fn hash(&self, pin: &Pin, from: Origin) -> Result<PasswordHash, Busy> {
        self.0.hasher.hash(pin.peppered(&self.0.secret), from.turn()).await
    }

    fn event(&self, action: &str, actor: Actor, object: String, from: Option<Origin>) -> Event {
        Event {
            at: self.0.clock.now(),
            actor,
            action: action.to_owned(),
            person: None,
            account: None,
            object: Some(object),
            outcome: Outcome::Done,
            address: from.map(|from| from.0),
        }
    }

    /// An event on a share: whose order it is, and who shares it.
    fn event_of(&self, action: &str, actor: Actor, share: &Share, from: Option<Origin>) -> Event {
        Event {
            person: Some(share.person),
            account: Some(share.account),
            ..self.event(action, actor, share.id.to_string(), from)
        }
    }

    /// Notes what a recipient did; an account is not noted.
    ///
    /// # Errors
    /// [`SharesError`].
    pub(crate) async fn accessed(
        &self,
        holder: &Holder,
        what: store::Accessed,
        from: Origin,
    ) -> Result<(), SharesError> {
        let Holder::Recipient(open) = holder else { return Ok(()) };
        let (inner, now) = (&self.0, self.0.clock.now());
        let action = match what {
            store::Accessed::Unlocked => "share.unlock",
            store::Accessed::Report => "share.report",
            store::Accessed::Images => "share.images",
            store::Accessed::Package => "share.download",
        };
        let event = self.event_of(action, actor(holder), &open.share, Some(from));
        let (share, recipient) = (open.share.id, open.recipient);
        inner.store.note_access(share, recipient, what, now, event.into()).await?;
        inner.metrics.accessed(what);
        Ok(())
    }
}

/// The addresses, each once; which cannot be written to.
fn addresses(typed: &[Private<String>]) -> Result<Vec<Private<String>>, Vec<usize>> {
    let mut emails: Vec<Private<String>> = Vec::new();
    let mut odd = Vec::new();
    for (place, one) in typed.iter().enumerate() {
        let one = one.trim();
        if Email::read(one).is_err() {
            odd.push(place);
        } else if !emails.iter().any(|known| known.eq_ignore_ascii_case(one)) {
            emails.push(Private(one.to_owned()));
        }
    }
    if odd.is_empty() { Ok(emails) } else { Err(odd) }
}

/// What is wrong beside PIN and days.
fn faults_of(form: &ShareForm, emails: &Result<Vec<Private<String>>, Vec<usize>>) -> Vec<Fault> {
    let mut faults = Vec::new();
    match emails {
        Ok(emails) if emails.is_empty() => faults.push(Fault::NoRecipient),
        Ok(emails) if emails.len() > MOST_RECIPIENTS => faults.push(Fault::TooManyRecipients),
        Ok(_) => {}
        Err(odd) => faults.extend(odd.iter().copied().map(Fault::Address)),
    }
    let plain = |letter: char| !letter.is_control() || letter == '\n' || letter == '\r';
    let is_odd = form.message.chars().count() > LONGEST_MESSAGE || !form.message.chars().all(plain);
    faults.extend(is_odd.then_some(Fault::Message));
    if let PinWay::Sms(number) = &form.way {
        faults.extend(Phone::read(number).is_err().then_some(Fault::Phone));
    }
    faults
}

/// Lines end with LF alone; nothing of blanks alone.
fn message(typed: &str) -> Option<Private<String>> {
    let text = typed.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    (!text.is_empty()).then(|| Private(text.to_owned()))
}
