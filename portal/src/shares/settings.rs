//! How much may be shared, and how long it is remembered.

use jiff::SignedDuration;

/// What a site lets be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharesSettings {
    /// Whether patients can share at all. What is shared already goes on.
    pub is_offered: bool,
    /// Shares that an account may make in 24 hours.
    pub most_a_day: usize,
    /// Recipients of them together.
    pub most_recipients_a_day: usize,
    /// Whether recipients see telephone and e-mail address of the patient.
    pub show_contacts: bool,
    /// How long a share is shown to who made it when it is over.
    pub kept: SignedDuration,
}

impl Default for SharesSettings {
    fn default() -> Self {
        Self {
            is_offered: true,
            most_a_day: 10,
            most_recipients_a_day: 20,
            show_contacts: false,
            kept: SignedDuration::from_hours(24 * 90),
        }
    }
}
