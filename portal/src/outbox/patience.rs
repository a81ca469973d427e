//! How often a message is tried, after which pauses, and when it is given up.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::Message;

/// How a sender waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Messages under way at once by each way: one that hangs keeps none of the other from going out.
    pub at_once: usize,
    /// One try as a whole.
    pub one_try: Duration,
    /// Pause after the first try; each later one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How long after it was made a message is given up.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            at_once: 4,
            one_try: Duration::from_mins(3),
            first: Duration::from_secs(15),
            longest: Duration::from_hours(1),
            // As long as mail servers themselves usually try.
            total: Duration::from_hours(96),
        }
    }
}

impl Patience {
    /// For how long a message is claimed: a try always ends before.
    pub(super) fn lease(&self) -> SignedDuration {
        let lease = self.one_try.saturating_mul(2).saturating_add(Duration::from_secs(30));
        SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX)
    }

    /// When a message is tried next; none when that would be too late.
    ///
    /// A quarter more or less, by the random id of the message: what failed together is not tried together.
    pub(super) fn next(&self, message: &Message, now: Timestamp) -> Option<Timestamp> {
        let doublings = message.tries.saturating_sub(1).min(30);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let step = usize::try_from(message.tries).unwrap_or_default();
        let bytes = message.id.as_bytes();
        let random = bytes.get(step % bytes.len()).copied().unwrap_or_default();
        let pause = pause.mul_f64(0.75 + 0.5 * f64::from(random) / 255.0);
        let next = now.checked_add(pause).ok()?;
        let end = message.created.checked_add(self.total).unwrap_or(Timestamp::MAX);
        let end = message.expires.map_or(end, |expires| expires.min(end));
        (next < end).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{MessageId, MessageState, Recipient};

    fn message(id: u8, tries: u32, created: Timestamp) -> Message {
        Message {
            id: MessageId::from([id; 16]),
            topic: "credentials".to_owned(),
            account: None,
            to: Recipient::Sms("+390000000000".into()),
            content: None,
            created,
            expires: None,
            tries,
            state: MessageState::Due(created),
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_differ_by_message() {
        let patience = Patience::default();
        let now = Timestamp::from_second(1_795_500_000).unwrap();
        let pause = |id, tries| {
            let next = patience.next(&message(id, tries, now), now).unwrap();
            next.duration_since(now).as_secs_f64()
        };
        for (tries, middle) in [(1, 15.0), (2, 30.0), (5, 240.0), (12, 3600.0), (4000, 3600.0)] {
            assert!((pause(0, tries) - middle * 0.75).abs() < 0.01, "{tries}");
            assert!((pause(255, tries) - middle * 1.25).abs() < 0.01, "{tries}");
        }
    }

    #[test]
    fn a_message_is_given_up_when_its_time_is_over() {
        let patience = Patience::default();
        let created = Timestamp::from_second(1_795_500_000).unwrap();
        let late = created + SignedDuration::from_hours(4 * 24) - SignedDuration::from_mins(30);
        assert!(patience.next(&message(0, 1, created), late).is_some());
        assert_eq!(patience.next(&message(0, 99, created), late), None);
        let code = Message {
            expires: Some(created + SignedDuration::from_secs(11)),
            ..message(0, 1, created)
        };
        assert_eq!(patience.next(&code, created), None, "15 s less a quarter is after 11 s");
    }

    #[test]
    fn a_lease_is_longer_than_a_try() {
        let patience = Patience::default();
        assert!(patience.lease() > SignedDuration::try_from(patience.one_try).unwrap());
    }
}
