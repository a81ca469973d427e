//! Date and time of an entry as MS-DOS packs them into four bytes (APPNOTE 4.4.6).

/// A moment that a ZIP entry can carry: local time, 1980 to 2107, in steps of two seconds.
///
/// It names no time zone; the caller decides which local time is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DosDateTime {
    date: u16,
    time: u16,
}

/// A moment lies outside the calendar or outside the years that a ZIP entry can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} is no ZIP entry time")]
pub struct NoEntryTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl DosDateTime {
    /// 1980-01-01 00:00:00, for entries whose study has no usable date.
    pub const EARLIEST: Self = Self { date: 0x0021, time: 0 };

    /// A local calendar date and time; an odd second is rounded down.
    ///
    /// # Errors
    /// [`NoEntryTime`] for a year outside 1980–2107, a day the month does not have, or a time of
    /// day past 23:59:59 (a leap second is no MS-DOS time).
    pub fn new(
        year: u16,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
    ) -> Result<Self, NoEntryTime> {
        let in_calendar = (1980..=2107).contains(&year)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !in_calendar {
            return Err(NoEntryTime { year, month, day, hour, minute, second });
        }
        Ok(Self {
            date: (year - 1980) << 9 | u16::from(month) << 5 | u16::from(day),
            time: u16::from(hour) << 11 | u16::from(minute) << 5 | u16::from(second / 2),
        })
    }

    /// The packed date: year − 1980, month and day in 7, 4 and 5 bits.
    pub(crate) fn date(self) -> u16 {
        self.date
    }

    /// The packed time: hour, minute and half the second in 5, 6 and 5 bits.
    pub(crate) fn time(self) -> u16 {
        self.time
    }
}

/// Days of a Gregorian month; 0 for a month that does not exist.
fn days_in_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_packed_as_ms_dos_does() {
        let moment = DosDateTime::new(2026, 11, 23, 16, 47, 35).unwrap();
        assert_eq!(moment.date(), (46 << 9) + (11 << 5) + 23);
        assert_eq!(moment.time(), (16 << 11) + (47 << 5) + 35 / 2);
        assert_eq!(DosDateTime::new(1980, 1, 1, 0, 0, 0), Ok(DosDateTime::EARLIEST));
    }

    #[test]
    fn the_last_moment_is_in_2107() {
        let last = DosDateTime::new(2107, 12, 31, 23, 59, 59).unwrap();
        assert_eq!((last.date(), last.time()), (0xFF9F, 0xBF7D));
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        for (year, month, day, hour, minute, second) in [
            (1979, 12, 31, 0, 0, 0),
            (2108, 1, 1, 0, 0, 0),
            (2026, 0, 1, 0, 0, 0),
            (2026, 13, 1, 0, 0, 0),
            (2026, 4, 31, 0, 0, 0),
            (2026, 2, 29, 0, 0, 0),
            (2100, 2, 29, 0, 0, 0),
            (2026, 1, 0, 0, 0, 0),
            (2026, 1, 1, 24, 0, 0),
            (2026, 1, 1, 0, 60, 0),
            (2026, 1, 1, 0, 0, 60),
        ] {
            let refused = DosDateTime::new(year, month, day, hour, minute, second);
            assert!(refused.is_err(), "{year}-{month}-{day} {hour}:{minute}:{second}");
        }
        assert!(DosDateTime::new(2024, 2, 29, 0, 0, 0).is_ok());
        assert!(DosDateTime::new(2000, 2, 29, 0, 0, 0).is_ok());
    }
}
