//! A share as "Condivisioni" shows it: with whom, until when, who has opened what, and what can be done.

use jiff::Timestamp;
use store::{Access, Accessed, EndOfShare, Share, ShareId, ShareState};
use texts::Texts;

use crate::shares::{RecipientState, ShownRecipient, ShownShare};
use crate::web::dates::display_timestamp;
use crate::web::shares::form::{Choice, Span, ways};

/// A share, in sentences.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) id: ShareId,
    /// A word for style sheet and tests.
    pub(crate) word: &'static str,
    /// How its state is coloured.
    pub(crate) tone: &'static str,
    pub(crate) state: &'static str,
    /// What the order is called, and where it is, as far as it may be seen.
    pub(crate) description: String,
    pub(crate) order: Option<String>,
    pub(crate) since: String,
    /// Of whose results, where the account sees those of several.
    pub(crate) whose: Option<String>,
    pub(crate) says: String,
    pub(crate) recipients: Vec<RecipientView>,
    pub(crate) is_frozen: bool,
    pub(crate) can_be_changed: bool,
    /// Until when it can be made to last.
    pub(crate) spans: Vec<Span>,
    /// Why no other PIN is sent now: its form is open.
    pub(crate) fault: Option<String>,
    /// The fault of a PIN that was not taken: its form is open.
    pub(crate) pin_fault: Option<String>,
    /// How another PIN is told.
    pub(crate) ways: Vec<Choice>,
    pub(crate) phone: String,
    pub(crate) phone_fault: Option<String>,
}

/// Somebody with whom it is shared.
#[derive(Debug)]
pub(crate) struct RecipientView {
    pub(crate) address: String,
    /// What became of the link, where it did not just leave.
    pub(crate) letter: Option<&'static str>,
    pub(crate) accesses: Vec<String>,
}

/// How a share stands.
struct Standing {
    word: &'static str,
    tone: &'static str,
    state: &'static str,
    says: String,
}

impl Card {
    /// Without what belongs to the order; see [`Card::spans`], [`Card::order`] and [`Card::whose`].
    pub(crate) fn new(shown: &ShownShare, now: Timestamp, text: Texts) -> Self {
        let share = &shown.share;
        let Standing { word, tone, state, says } = standing(shown, now, text);
        let description = shown.description.clone();
        Self {
            id: share.id,
            word,
            tone,
            state,
            says,
            description: description.unwrap_or_else(|| text.panel_some_result().to_owned()),
            order: None,
            since: text.share_created(display_timestamp(share.created, text)),
            whose: None,
            recipients: shown.recipients.iter().map(|one| recipient(one, text)).collect(),
            is_frozen: word == "frozen",
            can_be_changed: !shown.is_over,
            spans: Vec::new(),
            fault: None,
            pin_fault: None,
            ways: ways("", text),
            phone: String::new(),
            phone_fault: None,
        }
    }

    /// The field for the number of a telephone.
    pub(crate) fn phone_id(&self) -> String {
        format!("phone-{}", self.id)
    }

    /// The field for a new PIN: each form of the page has its own.
    pub(crate) fn pin_id(&self) -> String {
        format!("pin-{}", self.id)
    }
}

fn standing(shown: &ShownShare, now: Timestamp, text: Texts) -> Standing {
    let share: &Share = &shown.share;
    let moment = |at: Timestamp| display_timestamp(at, text);
    let over = |word, state, says| Standing { word, tone: "over", state, says };
    match share.state {
        ShareState::Ended { at, why } => {
            let (word, state) = match why {
                EndOfShare::Expired => ("expired", text.share_state_expired()),
                EndOfShare::Revoked => ("revoked", text.share_state_revoked()),
                EndOfShare::Site => ("site", text.share_state_site()),
                EndOfShare::Withheld => ("withheld", text.share_state_withheld()),
            };
            over(word, state, text.share_ended(moment(at)))
        }
        _ if share.is_over(now) => {
            over("expired", text.share_state_expired(), text.share_ended(moment(share.until)))
        }
        ShareState::Frozen { .. } => Standing {
            word: "frozen",
            tone: "bad",
            state: text.share_state_frozen(),
            says: text.share_rearm_advice().to_owned(),
        },
        ShareState::Active if !shown.is_open => {
            over("withheld", text.share_state_withheld(), text.share_withheld().to_owned())
        }
        ShareState::Active => Standing {
            word: "active",
            tone: "final",
            state: text.share_state_open(),
            says: text.share_until(moment(share.until)),
        },
    }
}

fn recipient(one: &ShownRecipient, text: Texts) -> RecipientView {
    let mut accesses = one.recipient.accesses.clone();
    accesses.sort_by_key(|access| access.what);
    RecipientView {
        address: one.recipient.email.0.clone(),
        letter: match one.letter {
            RecipientState::Waiting => Some(text.share_letter_waiting()),
            RecipientState::Sent => None,
            RecipientState::Failed => Some(text.share_letter_failed()),
        },
        accesses: accesses.iter().map(|access| accessed(access, text)).collect(),
    }
}

/// `Immagini guardate: 2 volte, l'ultima il …`.
fn accessed(access: &Access, text: Texts) -> String {
    let what = match access.what {
        Accessed::Unlocked => text.share_access_unlocked(),
        Accessed::Report => text.share_access_report(),
        Accessed::Images => text.share_access_images(),
        Accessed::Package => text.share_access_package(),
    };
    let times = text.share_access_times(display_timestamp(access.last, text), access.times);
    format!("{what}: {times}")
}
