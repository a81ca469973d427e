//! Dates and times as people read them (S-007).

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use store::Moment;
use texts::Texts;

/// `23 apr 2021 14:03`, or without a time; as it was at the place.
pub(crate) fn display_moment(moment: &Moment, text: Texts) -> String {
    match moment.time {
        Some(time) => at(moment.date, time, text),
        None => display_date(moment.date, text),
    }
}

/// The same of a moment of ours, in the time of this machine.
pub(crate) fn display_timestamp(moment: Timestamp, text: Texts) -> String {
    let local = moment.to_zoned_datetime(TimeZone::system());
    at(local.date(), local.time(), text)
}

fn at(date: Date, time: Time, text: Texts) -> String {
    format!("{} {:02}:{:02}", display_date(date, text), time.hour(), time.minute())
}

/// `24 gen 1986` (S-007).
pub(crate) fn display_date(date: Date, text: Texts) -> String {
    text.date_day(date.day(), date.month(), date.year())
}

/// `35a`; in months before the second birthday. Nothing when the date is to come.
pub(crate) fn display_age(birth: Date, now: Timestamp, text: Texts) -> Option<String> {
    let today = now.to_zoned_datetime(TimeZone::system()).date();
    let months = (i32::from(today.year()) - i32::from(birth.year())) * 12
        + i32::from(today.month())
        - i32::from(birth.month())
        - i32::from(today.day() < birth.day());
    match months {
        ..0 => None,
        0..24 => Some(text.date_age_months(months)),
        24.. => Some(text.date_age_years(months / 12)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use texts::Language;

    use super::*;

    #[rstest]
    #[case::birthday("1986-11-24", Some("40a"))]
    #[case::day_before("1986-11-25", Some("39a"))]
    #[case::child("2025-03-01", Some("20m"))]
    #[case::today("2026-11-24", Some("0m"))]
    #[case::to_come("2026-12-01", None)]
    fn ages(#[case] birth: Date, #[case] expected: Option<&str>) {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let age = display_age(birth, now, Language::Italian.texts());
        assert_eq!(age.as_deref(), expected);
    }

    #[test]
    fn dates_are_those_of_the_guide() {
        let date = Date::constant(1986, 1, 24);
        assert_eq!(display_date(date, Language::Italian.texts()), "24 gen 1986");
        assert_eq!(display_date(date, Language::English.texts()), "24 Jan 1986");
    }

    #[test]
    fn a_time_is_shown_where_there_is_one() {
        let text = Language::Italian.texts();
        let date = Date::constant(2021, 4, 23);
        let moment = |time| Moment { date, time, utc_offset_minutes: None };
        assert_eq!(display_moment(&moment(None), text), "23 apr 2021");
        let time = Some(Time::constant(14, 3, 59, 0));
        assert_eq!(display_moment(&moment(time), text), "23 apr 2021 14:03");
    }
}
