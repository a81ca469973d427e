//! The clock of the server, from the Date of its answers (RFC 9110 §6.6.1).

use std::time::{SystemTime, UNIX_EPOCH};

/// How many seconds the clock of the server is before ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockOffset(pub(crate) i64);

impl ClockOffset {
    /// Compares the Date of an answer that has just come with our clock.
    #[expect(clippy::disallowed_methods, reason = "it compares clocks, and goes into no package")]
    pub(super) fn of(date: &str) -> Option<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Self(seconds_of(date)?.checked_sub(i64::try_from(now).ok()?)?))
    }
}

/// Seconds since 1970 of an IMF-fixdate (RFC 9110 §5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds_of(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = date.split_once(", ")?.1.split(' ');
    let mut number = |most: i64| -> Option<i64> {
        let number: i64 = parts.next()?.parse().ok()?;
        (0..=most).contains(&number).then_some(number)
    };
    let day = number(31)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let year: i64 = parts.next()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..61).contains(&second) {
        return None;
    }
    // Days from the first of March of the year 0, so that the leap day comes last.
    let month = i64::try_from(month).ok()? + 1;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::rfc_9110("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777))]
    #[case::begin("Thu, 01 Jan 1970 00:00:00 GMT", Some(0))]
    #[case::leap_day("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199))]
    #[case::another_form("Sunday, 06-Nov-94 08:49:37 GMT", None)]
    #[case::odd("Sun, 06 Nov 1994 99:49:37 GMT", None)]
    #[case::nothing("", None)]
    fn dates(#[case] date: &str, #[case] expected: Option<i64>) {
        assert_eq!(seconds_of(date), expected);
    }
}
