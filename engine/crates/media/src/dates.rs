//! Dates and times of DICOM, as people read them (PS3.5 §6.2, VR DA and TM).
//!
//! Invariant: no clock and no zone; a date is what the file says or nothing.

use texts::Language;

/// A calendar date, 1 January 1 to 31 December 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads a DA value, `yyyymmdd` or the older `yyyy.mm.dd`; nothing when it is no date.
    pub fn from_da(value: &str) -> Option<Self> {
        let value = value.trim_matches([' ', '\0']);
        let digits = match value.split('.').collect::<Vec<_>>().as_slice() {
            [digits] => (*digits).to_owned(),
            [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
                format!("{year}{month}{day}")
            }
            _ => return None,
        };
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let date = Self {
            year: digits.get(..4)?.parse().ok()?,
            month: digits.get(4..6)?.parse().ok()?,
            day: digits.get(6..)?.parse().ok()?,
        };
        (date.year > 0 && (1..=date.days_in_month()).contains(&date.day)).then_some(date)
    }

    /// The same as a DA value.
    pub fn to_da(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }

    /// The year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// `23 apr 2021`, `23 Apr 2021`.
    pub fn display(self, language: Language) -> String {
        let month = usize::from(self.month).saturating_sub(1);
        let name = match language {
            Language::Italian => MONTHS_IT.get(month),
            Language::English => MONTHS_EN.get(month),
        }
        .copied()
        .unwrap_or_default();
        format!("{} {name} {}", self.day, self.year)
    }

    /// Whole months from this day to a later one; nothing when it is earlier.
    pub(crate) fn whole_months_until(self, later: Self) -> Option<u32> {
        let months = |date: Self| u32::from(date.year) * 12 + u32::from(date.month);
        let begun = u32::from(later.day < self.day);
        months(later).checked_sub(months(self))?.checked_sub(begun)
    }

    fn days_in_month(self) -> u8 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        }
    }
}

const MONTHS_IT: [&str; 12] =
    ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"];
const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A TM value as `hh:mm`; nothing when it does not hold hours and minutes.
pub(crate) fn hours_and_minutes(value: &str) -> Option<String> {
    let digits: String = value.trim().chars().filter(|&character| character != ':').collect();
    let hours: u8 = digits.get(..2)?.parse().ok()?;
    let minutes: u8 = digits.get(2..4)?.parse().ok()?;
    (digits.bytes().take(4).all(|byte| byte.is_ascii_digit()) && hours < 24 && minutes < 60)
        .then(|| format!("{hours:02}:{minutes:02}"))
}

/// A DA value as people read it; what is no date is shown as it stands, so that nothing is lost.
pub(crate) fn display_da(value: &str, language: Language) -> String {
    Date::from_da(value).map_or_else(|| value.trim().to_owned(), |date| date.display(language))
}

/// `23 apr 2021 14:03`: a DA value and, when there is one, the TM value beside it.
pub(crate) fn display_da_tm(date: &str, time: Option<&str>, language: Language) -> String {
    let mut shown = display_da(date, language);
    if let Some(time) = time.and_then(hours_and_minutes) {
        shown.push(' ');
        shown.push_str(&time);
    }
    shown
}

/// A DT value: date and time as far as they are given; the zone is left as it stands.
pub(crate) fn display_dt(value: &str, language: Language) -> String {
    match value.split_at_checked(8) {
        Some((date, time)) => display_da_tm(date, Some(time), language),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("20210423", Some("23 apr 2021"))]
    #[case::padded("20210423 ", Some("23 apr 2021"))]
    #[case::dotted("2021.04.23", Some("23 apr 2021"))]
    #[case::leap_day("20240229", Some("29 feb 2024"))]
    #[case::no_leap_day("19000229", None)]
    #[case::month_13("20211301", None)]
    #[case::day_0("20210400", None)]
    #[case::short("202104", None)]
    #[case::signs("+2021423", None)]
    #[case::not_ascii("２０２１0423", None)]
    #[case::year_0("00000101", None)]
    #[case::empty("", None)]
    fn da(#[case] value: &str, #[case] expected: Option<&str>) {
        let shown = Date::from_da(value).map(|date| date.display(Language::Italian));
        assert_eq!(shown.as_deref(), expected);
    }

    #[rstest]
    #[case::full("113059.123", Some("11:30"))]
    #[case::minutes("1130", Some("11:30"))]
    #[case::colons("11:30:59", Some("11:30"))]
    #[case::hours_only("11", None)]
    #[case::hour_24("2400", None)]
    #[case::letters("ab12", None)]
    #[case::sign("+1+2", None)]
    #[case::accents("1é30", None)]
    fn tm(#[case] value: &str, #[case] expected: Option<&str>) {
        assert_eq!(hours_and_minutes(value).as_deref(), expected);
    }

    #[rstest]
    #[case::birthday("19860124", "20210124", Some(35 * 12))]
    #[case::the_day_before("19860124", "20210123", Some(35 * 12 - 1))]
    #[case::newborn("20210423", "20210423", Some(0))]
    #[case::leap_day("20200229", "20210228", Some(11))]
    #[case::study_before_birth("20210423", "20210422", None)]
    fn age_in_months(#[case] birth: &str, #[case] at: &str, #[case] expected: Option<u32>) {
        let date = |value| Date::from_da(value).unwrap();
        assert_eq!(date(birth).whole_months_until(date(at)), expected);
    }

    #[rstest]
    #[case::italian(Language::Italian, "23 apr 2021 14:03")]
    #[case::english(Language::English, "23 Apr 2021 14:03")]
    fn date_and_time(#[case] language: Language, #[case] expected: &str) {
        assert_eq!(display_dt("20210423140359.5+0200", language), expected);
        assert_eq!(display_da_tm("20210423", Some("1403"), language), expected);
        assert_eq!(display_dt("202104", language), "202104");
    }

    #[test]
    fn what_is_no_date_is_shown_as_it_stands() {
        assert_eq!(display_da("circa 1950", Language::Italian), "circa 1950");
    }
}
