//! Sends what the store's outbox holds, each message at least once.
//!
//! ```text
//! put by a verb ─► due ─► claimed for a while ─► transport ─┬► sent: content goes
//!                   ▲                                       ├► later: due again, with back-off
//!                   └───────────────────────────────────────┤
//!                                                           └► given up: content goes, audit event
//! ```
//!
//! **Invariant:** a message has the same Message-ID and the same bytes each time it is sent: whoever gets it
//! twice can know it.
//! **Invariant:** neither logs nor reasons nor metrics hold an address, a number or what a message says.

mod changeable;
mod gsm7;
mod patience;
mod shown;
mod sms;
mod smtp;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::{
    Actor, Along, Content, Event, Message, MessageId, MessageWay, Outcome, Recipient, Sending,
    Store,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub use changeable::Changeable;
pub use gsm7::{Alphabet, Segments};
pub use patience::Patience;
pub use sms::SmsMethod;
pub use sms::{AnswerField, Body, InvalidSms, Sms, SmsSettings, UnknownPlaceholder};
pub use smtp::{InvalidSmtp, Security, Smtp, SmtpLogin, SmtpSettings, SmtpStep};

use shown::ShownOutbox;

use crate::certificates::Certificates;
use crate::clock::Clock;
use crate::metrics::{MessageEnd, OutboxMetrics, Way};

/// The longest that the sender sleeps: clocks of machines are set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// Between two tries to reach a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// A message on its way out, borrowed from its record.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Names it.
    pub id: MessageId,
    /// E-mail address or telephone number.
    pub to: &'a str,
    /// What it says.
    pub content: &'a Content,
    /// When it was made.
    pub created: jiff::Timestamp,
}

/// It was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOver {
    /// Whether its content stays readable, for a demonstration.
    pub keep_content: bool,
    /// For how many SMS a gateway bills; 0 for an e-mail.
    pub segments: u32,
}

/// Why a message was not handed over, in words without patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotHandedOver {
    /// Another try may do it.
    Later(String),
    /// No further try will.
    Never(String),
}

/// A way out.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// Hands a message over.
    async fn send(&self, message: Outgoing<'_>) -> Result<HandedOver, NotHandedOver>;

    /// What it shows and trusts in files that end one day, if there are any.
    fn certificates(&self) -> Option<Certificates> {
        None
    }
}

/// By which ways messages leave.
#[derive(Debug, Clone)]
pub enum Ways {
    /// To their receivers; what has no transport waits.
    Sent {
        /// For e-mail.
        mail: Option<Arc<dyn Transport>>,
        /// For SMS.
        sms: Option<Arc<dyn Transport>>,
    },
    /// Not at all: they stand on a page that only this machine reaches.
    Shown,
}

impl Ways {
    /// The transports for e-mail and SMS.
    pub(crate) fn transports(self) -> [Option<Arc<dyn Transport>>; 2] {
        match self {
            Self::Sent { mail, sms } => [mail, sms],
            Self::Shown => {
                let shown: Arc<dyn Transport> = Arc::new(ShownOutbox);
                [Some(Arc::clone(&shown)), Some(shown)]
            }
        }
    }
}

/// Sends what is due.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Where the outbox is.
    pub store: Arc<dyn Store>,
    /// Tells when something is due.
    pub clock: Clock,
    /// For e-mail; without it, e-mail waits.
    pub mail: Option<Arc<dyn Transport>>,
    /// For SMS; without it, SMS wait.
    pub sms: Option<Arc<dyn Transport>>,
    /// How often and how long.
    pub patience: Patience,
    /// Counts.
    pub metrics: OutboxMetrics,
}

impl Sender {
    /// Sends until `stop` is ready; what is under way by then ends first.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let (mut mail, mut sms) = (JoinSet::new(), JoinSet::new());
        loop {
            let mut pause = LONGEST_SLEEP;
            for (way, tries) in [(MessageWay::Email, &mut mail), (MessageWay::Sms, &mut sms)] {
                pause = pause.min(self.begin_due(way, tries).await);
            }
            let has_room = self.free(&mail) > 0 || self.free(&sms) > 0;
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = mail.join_next(), if !mail.is_empty() => say_panic(&ended),
                Some(ended) = sms.join_next(), if !sms.is_empty() => say_panic(&ended),
                () = self.store.due_changed(), if has_room => {}
                () = tokio::time::sleep(pause), if has_room => {}
            }
        }
        for mut tries in [mail, sms] {
            while let Some(ended) = tries.join_next().await {
                say_panic(&ended);
            }
        }
    }

    /// How many more may be under way with these, which go by one way.
    fn free(&self, tries: &JoinSet<()>) -> usize {
        self.patience.at_once.saturating_sub(tries.len())
    }

    /// Begins what is due by one way, as far as there is room; gives for how long nothing else is.
    async fn begin_due(&self, way: MessageWay, tries: &mut JoinSet<()>) -> Duration {
        let free = self.free(tries);
        if free == 0 {
            return LONGEST_SLEEP;
        }
        let (now, lease) = (self.clock.now(), self.patience.lease());
        match self.store.claim_messages(way, now, lease, free).await {
            Ok(claimed) => {
                for message in claimed {
                    let sender = self.clone();
                    tries.spawn(async move { sender.try_one(message).await });
                }
            }
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                return STORE_PAUSE;
            }
        }
        // Where there is none, a try that ends is waited for.
        if self.free(tries) == 0 { LONGEST_SLEEP } else { self.pause(way).await }
    }

    /// Until the next message by a way is due.
    async fn pause(&self, way: MessageWay) -> Duration {
        match self.store.next_due(Some(way)).await {
            Ok(Some(due)) => {
                let wait = due.duration_since(self.clock.now());
                Duration::try_from(wait).unwrap_or_default().min(LONGEST_SLEEP)
            }
            Ok(None) => LONGEST_SLEEP,
            Err(_told_by_claim) => STORE_PAUSE,
        }
    }

    async fn try_one(&self, message: Message) {
        let began = Instant::now();
        let way = match message.to.way() {
            MessageWay::Email => Way::Email,
            MessageWay::Sms => Way::Sms,
        };
        let outcome = if message.expires.is_some_and(|expires| expires <= self.clock.now()) {
            Err(NotHandedOver::Never("it was of no use any more".to_owned()))
        } else {
            self.hand_over(&message).await
        };
        let (ended, along, end) = self.end_of(&message, outcome, way);
        let reason = match &ended {
            Sending::GivenUp { reason, .. } => Some(reason.clone()),
            Sending::Sent { .. } | Sending::Again { .. } => None,
        };
        match self.store.end_sending(&message, ended, along).await {
            Ok(true) => {
                self.metrics.ended(way, end);
                self.metrics.took(way, began.elapsed());
                let (id, topic, tries) = (message.id, &message.topic, message.tries);
                match end {
                    MessageEnd::Sent => {
                        tracing::info!(%id, %topic, ?way, tries, "a message was handed over");
                    }
                    // Said with its reason where it is known.
                    MessageEnd::Later => {}
                    MessageEnd::GivenUp => {
                        let reason = reason.unwrap_or_default();
                        tracing::error!(%id, %topic, ?way, tries, reason, "a message was given up");
                    }
                }
            }
            Ok(false) => tracing::warn!(id = %message.id, "a try took longer than its lease"),
            // Its lease ends, and it is sent once more.
            Err(error) => tracing::error!(%error, id = %message.id, "an end cannot be recorded"),
        }
    }

    async fn hand_over(&self, message: &Message) -> Result<HandedOver, NotHandedOver> {
        let (transport, to, section) = match &message.to {
            Recipient::Email(to) => (&self.mail, to, "[smtp]"),
            Recipient::Sms(to) => (&self.sms, to, "[sms]"),
        };
        let Some(transport) = transport else {
            return Err(NotHandedOver::Later(format!("the configuration has no {section}")));
        };
        let Some(content) = &message.content else {
            return Err(NotHandedOver::Never("its content is gone".to_owned()));
        };
        let (id, created) = (message.id, message.created);
        let outgoing = Outgoing { id, to, content, created };
        match timeout(self.patience.one_try, transport.send(outgoing)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => {
                let seconds = self.patience.one_try.as_secs();
                Err(NotHandedOver::Later(format!("no answer within {seconds} seconds")))
            }
        }
    }

    /// What is recorded of a try.
    fn end_of(
        &self,
        message: &Message,
        outcome: Result<HandedOver, NotHandedOver>,
        way: Way,
    ) -> (Sending, Along, MessageEnd) {
        let at = self.clock.now();
        let reason = match outcome {
            Ok(HandedOver { keep_content, segments }) => {
                self.metrics.segments(segments);
                return (Sending::Sent { at, keep_content }, Along::nothing(), MessageEnd::Sent);
            }
            Err(NotHandedOver::Later(reason)) => match self.patience.next(message, at) {
                Some(next) => {
                    let (id, topic, tries) = (message.id, &message.topic, message.tries);
                    tracing::warn!(%id, %topic, ?way, tries, reason, %next, "a message waits");
                    return (Sending::Again { at: next }, Along::nothing(), MessageEnd::Later);
                }
                None => format!("after {} tries: {reason}", message.tries),
            },
            Err(NotHandedOver::Never(reason)) => reason,
        };
        let event = Event {
            at,
            actor: Actor::System,
            action: "message.give-up".to_owned(),
            person: None,
            account: message.account,
            object: Some(format!("{} {}", message.topic, message.id)),
            outcome: Outcome::Failed,
            address: None,
        };
        (Sending::GivenUp { at, reason }, event.into(), MessageEnd::GivenUp)
    }
}

fn say_panic(ended: &Result<(), tokio::task::JoinError>) {
    if ended.is_err() {
        // Its lease ends, and it is tried again.
        tracing::error!("sending a message failed by a fault of the program");
    }
}
