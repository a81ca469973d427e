//! Numbers for studies, series and instances: counters only, never anything read from a file.
//!
//! File IDs carry no meaning (PS3.10 §8.2) and must hold no patient data; Instance Numbers repeat in
//! real studies. So a place in the package is three counters, in the order in which it was asked for.
//!
//! Invariant: two instances never get the same [`Place`].

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;

use model::{SeriesInstanceUid, StudyInstanceUid};

/// How many numbers are written in decimal: `000001` to `999999`.
const DECIMAL: u32 = 999_999;
/// Base-36 numbers of six digits that begin with a letter, so that none looks decimal.
const LETTERED: u32 = 26 * 36_u32.pow(5);

/// A number from 1 that takes six characters of a File ID component.
///
/// Decimal up to `999999`, then base 36 from `A00000` to `ZZZZZZ`; all differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(NonZeroU32);

impl Ordinal {
    /// The first of its kind: `000001`.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The number, or nothing for 0 and for what does not fit into six characters.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).filter(|number| number.get() <= DECIMAL + LETTERED).map(Self)
    }

    /// The number as counted, from 1.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.get();
        let Some(mut rest) = number.checked_sub(DECIMAL + 1) else {
            return write!(formatter, "{number:06}");
        };
        // The most significant digit counts letters only: 10 is A in base 36.
        rest += 10 * 36_u32.pow(5);
        for power in (0..6).rev() {
            let digit = rest / 36_u32.pow(power) % 36;
            let character = char::from_digit(digit, 36).ok_or(fmt::Error)?;
            fmt::Write::write_char(formatter, character.to_ascii_uppercase())?;
        }
        Ok(())
    }
}

/// Where an instance lies: the numbers of its study, its series and itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Of the study in the package.
    pub study: Ordinal,
    /// Of the series in the study.
    pub series: Ordinal,
    /// Of the instance in the series.
    pub instance: Ordinal,
}

/// More numbers were asked for than six characters can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a package holds at most {} studies, series or instances of one parent", DECIMAL + LETTERED)]
pub struct NumbersExhausted;

/// Hands out places in the order of the calls: the same calls give the same places.
///
/// # Limits
/// Memory grows with the number of series, not of instances.
#[derive(Debug, Clone, Default)]
pub struct Numbering {
    studies: HashMap<StudyInstanceUid, StudyNumbering>,
}

#[derive(Debug, Clone)]
struct StudyNumbering {
    study: Ordinal,
    series: HashMap<SeriesInstanceUid, SeriesNumbering>,
}

#[derive(Debug, Clone)]
struct SeriesNumbering {
    series: Ordinal,
    instances: u32,
}

impl Numbering {
    /// The next free place in a series; a new study or series gets the next number of its level.
    ///
    /// # Errors
    /// [`NumbersExhausted`] after some 1.5 billion siblings.
    pub fn place(
        &mut self,
        study: &StudyInstanceUid,
        series: &SeriesInstanceUid,
    ) -> Result<Place, NumbersExhausted> {
        if !self.studies.contains_key(study) {
            let numbering =
                StudyNumbering { study: after(self.studies.len())?, series: HashMap::new() };
            self.studies.insert(study.clone(), numbering);
        }
        let study = self.studies.get_mut(study).ok_or(NumbersExhausted)?;
        if !study.series.contains_key(series) {
            let numbering = SeriesNumbering { series: after(study.series.len())?, instances: 0 };
            study.series.insert(series.clone(), numbering);
        }
        let in_series = study.series.get_mut(series).ok_or(NumbersExhausted)?;
        let instance = in_series.instances.checked_add(1).ok_or(NumbersExhausted)?;
        let place = Place {
            study: study.study,
            series: in_series.series,
            instance: Ordinal::new(instance).ok_or(NumbersExhausted)?,
        };
        in_series.instances = instance;
        Ok(place)
    }
}

fn after(count: usize) -> Result<Ordinal, NumbersExhausted> {
    u32::try_from(count)
        .ok()
        .and_then(|count| count.checked_add(1))
        .and_then(Ordinal::new)
        .ok_or(NumbersExhausted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::first(1, "000001")]
    #[case::last_decimal(999_999, "999999")]
    #[case::first_lettered(1_000_000, "A00000")]
    #[case::carries(1_000_036, "A00010")]
    #[case::second_letter(1_000_000 + 36_u32.pow(5), "B00000")]
    #[case::last(DECIMAL + LETTERED, "ZZZZZZ")]
    fn six_characters(#[case] number: u32, #[case] expected: &str) {
        assert_eq!(Ordinal::new(number).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case::zero(0)]
    #[case::beyond(DECIMAL + LETTERED + 1)]
    fn no_ordinal(#[case] number: u32) {
        assert_eq!(Ordinal::new(number), None);
    }

    proptest! {
        #[test]
        fn distinct_numbers_have_distinct_names(
            a in 1..=DECIMAL + LETTERED,
            b in 1..=DECIMAL + LETTERED,
        ) {
            let name = |number| Ordinal::new(number).unwrap().to_string();
            prop_assert_eq!(name(a).len(), 6);
            prop_assert_eq!(name(a) == name(b), a == b);
        }
    }

    #[test]
    fn counts_per_parent_in_call_order() {
        let study = |text: &str| text.parse::<StudyInstanceUid>().unwrap();
        let series = |text: &str| text.parse::<SeriesInstanceUid>().unwrap();
        let mut numbering = Numbering::default();
        let mut numbers = |in_study: &str, in_series: &str| {
            let place = numbering.place(&study(in_study), &series(in_series)).unwrap();
            (place.study.get(), place.series.get(), place.instance.get())
        };
        assert_eq!(numbers("1.9", "1.9.2"), (1, 1, 1));
        assert_eq!(numbers("1.9", "1.9.1"), (1, 2, 1));
        assert_eq!(numbers("1.9", "1.9.2"), (1, 1, 2));
        assert_eq!(numbers("1.8", "1.9.2"), (2, 1, 1));
        assert_eq!(numbers("1.9", "1.9.1"), (1, 2, 2));
    }
}
