//! PINs of shares: six digits, the first not zero (S-104), and none that anybody tries first.

use std::fmt;

use jiff::civil::Date;
use zeroize::Zeroizing;

use crate::password::Password;
use crate::secret::SiteSecret;

/// Digits of a PIN.
const DIGITS: usize = 6;
/// Patterns of the keypad, and others that lists of PINs begin with.
const COMMON: [&str; 14] = [
    "147258", "258369", "369258", "147369", "159357", "159753", "357159", "258456", "456852",
    "789456", "789123", "456123", "112233", "123654",
];

/// Six digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Zeroizing<String>);

/// Why a PIN cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinFault {
    /// It is not six digits.
    NotSixDigits,
    /// It begins with zero.
    LeadingZero,
    /// It is one of those that are tried first: one digit, a row, a repetition, a pattern.
    Common,
    /// It is the date of birth of the patient.
    BirthDate,
}

impl Pin {
    /// Reads what somebody typed, blanks left out; `None` when it cannot be a PIN.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|letter| !letter.is_whitespace()).collect());
        let is_pin = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_pin.then_some(Self(digits))
    }

    /// Takes a PIN that somebody chose for what is of a patient with this date of birth.
    ///
    /// # Errors
    /// [`PinFault`].
    pub fn chosen(text: &str, born: Option<Date>) -> Result<Self, PinFault> {
        let pin = Self::parse(text).ok_or(PinFault::NotSixDigits)?;
        if pin.0.starts_with('0') {
            Err(PinFault::LeadingZero)
        } else if is_common(&pin.0) {
            Err(PinFault::Common)
        } else if born.is_some_and(|born| written(born).iter().any(|one| *one == *pin.0)) {
            Err(PinFault::BirthDate)
        } else {
            Ok(pin)
        }
    }

    /// For a message to a recipient, nowhere else.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is hashed in its place: without the site's secret a million guesses tell nothing.
    pub(crate) fn peppered(&self, secret: &SiteSecret) -> Password {
        Password::new(String::from(secret.hash("share PIN", &[self.0.as_bytes()])))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pin([redacted])")
    }
}

fn is_common(digits: &str) -> bool {
    let values: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
    // From each digit to the next by the same step: 111111, 123456, 987654, 135791, 890123.
    let steps: Vec<u8> = values
        .iter()
        .zip(values.iter().skip(1))
        .map(|(one, next)| (10 + next - one) % 10)
        .collect();
    let is_row = |step: u8| steps.iter().all(|one| *one == step);
    let repeats = |length: usize| {
        values.iter().zip(values.iter().skip(length)).all(|(one, next)| one == next)
    };
    [0, 1, 9, 2, 8].into_iter().any(is_row) || repeats(2) || repeats(3) || COMMON.contains(&digits)
}

/// A date as people type it with six digits.
fn written(date: Date) -> [String; 6] {
    let (day, month, year) = (date.day(), date.month(), date.year());
    let short = year.rem_euclid(100);
    [
        format!("{day:02}{month:02}{short:02}"),
        format!("{month:02}{day:02}{short:02}"),
        format!("{short:02}{month:02}{day:02}"),
        format!("{short:02}{day:02}{month:02}"),
        format!("{month:02}{year:04}"),
        format!("{year:04}{month:02}"),
    ]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::good("271828", Ok(()))]
    #[case::blanks("271 828", Ok(()))]
    #[case::short("27182", Err(PinFault::NotSixDigits))]
    #[case::long("2718281", Err(PinFault::NotSixDigits))]
    #[case::letters("27182a", Err(PinFault::NotSixDigits))]
    #[case::other_digits("٢٧١٨٢٨", Err(PinFault::NotSixDigits))]
    #[case::zero("071828", Err(PinFault::LeadingZero))]
    #[case::one_digit("111111", Err(PinFault::Common))]
    #[case::row("123456", Err(PinFault::Common))]
    #[case::row_back("654321", Err(PinFault::Common))]
    #[case::row_over_zero("567890", Err(PinFault::Common))]
    #[case::pairs("121212", Err(PinFault::Common))]
    #[case::triples("123123", Err(PinFault::Common))]
    #[case::keypad("147258", Err(PinFault::Common))]
    #[case::born("240186", Err(PinFault::BirthDate))]
    #[case::born_american("012486", Err(PinFault::LeadingZero))]
    #[case::born_sorted("860124", Err(PinFault::BirthDate))]
    #[case::month_and_year("198601", Err(PinFault::BirthDate))]
    fn pins(#[case] text: &str, #[case] expected: Result<(), PinFault>) {
        let born = Date::constant(1986, 1, 24);
        assert_eq!(Pin::chosen(text, Some(born)).map(|_| ()), expected, "{text}");
    }

    #[test]
    fn another_secret_gives_another_hash() {
        let pin = Pin::parse("271828").unwrap();
        let peppered = |byte: u8| pin.peppered(&SiteSecret::new(vec![byte; 16]).unwrap());
        assert_ne!(peppered(1).as_str(), peppered(2).as_str());
        assert!(!format!("{pin:?}").contains("271828"));
    }
}
