//! The form "Condividi cartella" (S-101 to S-107): a window over the order, or a page of its own, with each fault at its
//! field.

use jiff::Timestamp;
use texts::{Language, Texts};

use crate::shares::{Fault, LONGEST_MESSAGE, MOST_RECIPIENTS, Offer, PinFault, Term};
use crate::web::dates::display_timestamp;
use crate::web::orders::shown;
use crate::web::person::PersonView;
use crate::web::routes;

/// What is typed in, as it came.
#[derive(Debug, Default, Clone, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub(crate) emails: String,
    pub(crate) pin: String,
    pub(crate) days: String,
    pub(crate) message: String,
    pub(crate) language: String,
    pub(crate) way: String,
    pub(crate) phone: String,
}

/// The form.
#[derive(Debug)]
pub(crate) struct FormView {
    pub(crate) action: String,
    /// The page of the order.
    pub(crate) order: String,
    pub(crate) description: String,
    pub(crate) person: PersonView,
    pub(crate) number: String,
    pub(crate) emails: String,
    pub(crate) spans: Vec<Span>,
    pub(crate) message: String,
    pub(crate) longest_message: usize,
    pub(crate) ways: Vec<Choice>,
    pub(crate) phone: String,
    pub(crate) languages: Vec<Choice>,
    pub(crate) faults: Faults,
}

/// For how long something is shared.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) days: u16,
    /// `15 Giorni`.
    pub(crate) name: String,
    /// Until when that is.
    pub(crate) until: String,
    pub(crate) is_chosen: bool,
}

/// One of several.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) value: &'static str,
    pub(crate) name: &'static str,
    pub(crate) how: &'static str,
    pub(crate) is_chosen: bool,
}

/// What is wrong, by field.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Of no field.
    pub(crate) whole: Option<String>,
    pub(crate) emails: Option<String>,
    pub(crate) pin: Option<String>,
    pub(crate) days: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) phone: Option<String>,
}

impl FormView {
    /// With what was typed; nothing at first.
    pub(crate) fn new(
        offer: &Offer,
        typed: &Typed,
        faults: Faults,
        now: Timestamp,
        text: Texts,
    ) -> Self {
        let order = &offer.order;
        Self {
            action: routes::share(order.person, order.id),
            order: routes::order(order.person, order.id),
            description: shown(order.description.as_ref(), text),
            person: PersonView::new(&offer.person, now, text),
            number: shown(order.number.as_ref(), text),
            emails: typed.emails.clone(),
            spans: spans(&offer.terms, &typed.days, text),
            message: typed.message.clone(),
            longest_message: LONGEST_MESSAGE,
            ways: ways(&typed.way, text),
            phone: typed.phone.clone(),
            languages: languages(&typed.language, text),
            faults,
        }
    }
}

/// The times, the first chosen unless another one was.
pub(crate) fn spans(terms: &[Term], chosen: &str, text: Texts) -> Vec<Span> {
    let is_chosen = |term: &Term| term.days.to_string() == chosen;
    let none = !terms.iter().any(is_chosen);
    let span = |(place, term): (usize, &Term)| Span {
        days: term.days,
        name: text.share_days(term.days),
        until: if term.is_cut {
            text.share_days_cut(display_timestamp(term.until, text))
        } else {
            text.share_days_until(display_timestamp(term.until, text))
        },
        is_chosen: is_chosen(term) || (none && place == 0),
    };
    terms.iter().enumerate().map(span).collect()
}

/// How a PIN is told: by e-mail unless another way was chosen.
pub(crate) fn ways(chosen: &str, text: Texts) -> Vec<Choice> {
    let all = [
        ("email", text.share_way_email(), text.share_way_email_how()),
        ("sms", text.share_way_sms(), text.share_way_sms_how()),
        ("oneself", text.share_way_oneself(), text.share_way_oneself_how()),
    ];
    let chosen = if all.iter().any(|(value, ..)| *value == chosen) { chosen } else { "email" };
    let choice = |(value, name, how)| Choice { value, name, how, is_chosen: value == chosen };
    all.into_iter().map(choice).collect()
}

fn languages(chosen: &str, text: Texts) -> Vec<Choice> {
    let spoken = text.language().tag();
    let chosen = if Language::ALL.iter().any(|one| one.tag() == chosen) { chosen } else { spoken };
    let choice = |one: Language| Choice {
        value: one.tag(),
        name: one.texts().shell_language(),
        how: "",
        is_chosen: one.tag() == chosen,
    };
    Language::ALL.into_iter().map(choice).collect()
}

impl Faults {
    /// In sentences; `typed` are the addresses as they were told apart.
    pub(crate) fn of(faults: &[Fault], typed: &[&str], text: Texts) -> Self {
        let mut shown = Self::default();
        let mut odd = Vec::new();
        for fault in faults {
            match fault {
                Fault::NoRecipient => {
                    shown.emails = Some(text.share_fault_no_recipient().to_owned());
                }
                Fault::Address(place) => odd.extend(typed.get(*place).copied()),
                Fault::TooManyRecipients => {
                    shown.emails = Some(text.share_fault_many(MOST_RECIPIENTS));
                }
                Fault::Pin(fault) => shown.pin = Some(pin_fault(*fault, text).to_owned()),
                Fault::Days => shown.days = Some(text.share_fault_days().to_owned()),
                Fault::Message => shown.message = Some(text.share_fault_message(LONGEST_MESSAGE)),
                Fault::Phone => shown.phone = Some(text.share_fault_phone().to_owned()),
            }
        }
        if !odd.is_empty() {
            shown.emails = Some(text.share_fault_address(odd.join(", ")));
        }
        shown
    }

    /// Whether anything is.
    pub(crate) fn is_any(&self) -> bool {
        let fields = [&self.whole, &self.emails, &self.pin, &self.days, &self.message, &self.phone];
        fields.into_iter().any(Option::is_some)
    }
}

/// Why a PIN is not taken.
pub(crate) fn pin_fault(fault: PinFault, text: Texts) -> &'static str {
    match fault {
        PinFault::NotSixDigits => text.share_fault_pin(),
        PinFault::LeadingZero => text.share_fault_pin_zero(),
        PinFault::Common => text.share_fault_pin_common(),
        PinFault::BirthDate => text.share_fault_pin_birth(),
    }
}
