//! Values as administrators write them: what is taken is what the description says.
//!
//! **Invariant:** a value that is refused is not repeated in the refusal: it could be a patient's.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use store::Place;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a text must look like.
#[derive(Debug)]
struct Form {
    /// For people.
    says: &'static str,
    /// For the description: an ECMA-262 expression of what `fits` takes.
    pattern: &'static str,
    /// In characters.
    longest: usize,
    fits: fn(&str) -> bool,
}

impl Form {
    fn takes(&self, text: &str) -> bool {
        text.chars().count() <= self.longest && (self.fits)(text)
    }

    fn schema(&self) -> Object {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(self.pattern))
            .min_length(Some(1))
            .max_length(Some(self.longest))
            .description(Some(self.says))
            .build()
    }
}

/// Read from a text by its own `read`, which says what it wants.
macro_rules! read_from_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::read(&text).map_err(D::Error::custom)
            }
        }
    };
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $form:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub(crate) struct $name(String);

        impl $name {
            const FORM: Form = $form;

            /// Takes a text as it was written; the error says what it must be.
            pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
                if Self::FORM.takes(text) { Ok(Self(text.to_owned())) } else { Err(Self::FORM.says) }
            }

            pub(crate) fn into_string(self) -> String {
                self.0
            }
        }

        read_from_text! { $name }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                Schema::Object(Self::FORM.schema()).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

/// Neither blank at its ends nor with anything that controls a terminal.
fn is_line(text: &str) -> bool {
    let plain = |letter: char| !letter.is_control() && letter != '\u{2028}' && letter != '\u{2029}';
    let inner = |letter: Option<char>| letter.is_some_and(|letter| !letter.is_whitespace());
    text.chars().all(plain) && inner(text.chars().next()) && inner(text.chars().next_back())
}

/// The same in ECMA-262; `\s` there is what Unicode calls white space.
const LINE: &str =
    r"^(?!\s)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\u0000-\u001f\u007f-\u009f]$";

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let is_atom = |part: &str| !part.is_empty() && part.bytes().all(atom);
    let is_label = |part: &str| {
        let ends = [part.bytes().next(), part.bytes().next_back()];
        part.len() <= 63
            && ends.into_iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_user_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    text.len() >= 3 && text.bytes().all(known)
}

/// A Patient ID is of the value representation LO: no backslash (PS3.5 §6.2).
fn is_patient_id(text: &str) -> bool {
    is_line(text) && !text.contains('\\')
}

texts! {
    /// One line.
    Line: Form {
        says: "one line of at most 128 characters, without blanks at its ends",
        pattern: LINE,
        longest: 128,
        fits: is_line,
    };
    /// One line with room for an address of the post, or of an identity provider.
    LongLine: Form {
        says: "one line of at most 256 characters, without blanks at its ends",
        pattern: LINE,
        longest: 256,
        fits: is_line,
    };
    /// Patient ID (0010,0020).
    PatientId: Form {
        says: "a Patient ID of at most 64 characters, without backslash and blanks at its ends",
        pattern: r"^(?!\s)[^\\\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\\\u0000-\u001f\u007f-\u009f]$",
        longest: 64,
        fits: is_patient_id,
    };
    /// Where user names are sent (RFC 5321 §4.1.2, without quotes and comments).
    Email: Form {
        says: "an e-mail address as name@example.org",
        pattern: r"^(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
        longest: 254,
        fits: is_email,
    };
    /// Where passwords and codes are sent (ITU-T E.164).
    Phone: Form {
        says: "a telephone number with its country: + and 7 to 15 digits",
        pattern: r"^\+[0-9]{7,15}$",
        longest: 16,
        fits: is_phone,
    };
    /// What is typed at login.
    TypedUserName: Form {
        says: "3 to 64 characters out of letters without accents, digits, '.', '_', '-' and '@'",
        pattern: r"^[A-Za-z0-9._@-]{3,64}$",
        longest: 64,
        fits: is_user_name,
    };
    /// Study Instance UID (PS3.5 §9).
    Uid: Form {
        says: "a UID of digits and dots",
        pattern: r"^[0-9]+(\.[0-9]+)*$",
        longest: 64,
        fits: is_uid,
    };
    /// How the name of an action begins.
    Action: Form {
        says: "the beginning of the name of an action, as login or order.",
        pattern: r"^[a-z.-]+$",
        longest: 64,
        fits: is_action,
    };
    /// The name of a file, and of nothing else.
    FileName: Form {
        says: "a file name of letters, digits, '.', '_' and '-', which begins with no '.'",
        pattern: r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$",
        longest: 100,
        fits: is_file_name,
    };
}

macro_rules! known {
    ($($name:ident)*) => {$(
        impl $name {
            /// What is kept already is written as it is.
            pub(crate) fn known(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

known! { Line LongLine PatientId Email Phone TypedUserName }

fn is_uid(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(is_number)
}

fn is_action(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || b".-".contains(&byte))
}

fn is_file_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(known)
}

/// A day (RFC 3339 `full-date`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) Date);

impl Day {
    /// Only `YYYY-MM-DD`: the parser of the calendar takes more.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let says = "a day of the calendar as 1986-01-24";
        let digit = |byte: u8| byte.is_ascii_digit();
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => digit(byte),
            });
        if !shape {
            return Err(says);
        }
        text.parse().map(Self).map_err(|_odd| says)
    }
}

/// A moment (RFC 3339 `date-time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Moment {
    /// With its zone; names of zones, which the parser of the calendar takes, are none of RFC 3339.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let says = "a moment as 2026-11-24T13:45:00+01:00";
        if text.contains('[') {
            return Err(says);
        }
        text.parse().map(Self).map_err(|_odd| says)
    }
}

macro_rules! calendar {
    ($($name:ident $format:ident)*) => {$(
        read_from_text! { $name }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let format = SchemaFormat::KnownFormat(KnownFormat::$format);
                ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

calendar! { Day Date Moment DateTime }

/// A day of birth is a patient's.
impl fmt::Debug for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Day([redacted])")
    }
}

/// An identifier of ours: 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id<T>(pub(crate) T);

/// Names a person.
pub(crate) type PersonRef = Id<store::PersonId>;
/// Names an account.
pub(crate) type AccountRef = Id<store::AccountId>;
/// Names a message.
pub(crate) type MessageRef = Id<store::MessageId>;
/// Names an order.
pub(crate) type OrderRef = Id<store::OrderId>;
/// Names a report.
pub(crate) type ReportRef = Id<store::ReportId>;
/// Names a share.
pub(crate) type ShareRef = Id<store::ShareId>;
/// Names a recipient of a share.
pub(crate) type RecipientRef = Id<store::RecipientId>;

impl<'de, T: std::str::FromStr> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_odd| D::Error::custom("an identifier of 32 hexadecimal digits"))
    }
}

impl<T: fmt::Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<T: fmt::Debug> fmt::Debug for Id<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<T> PartialSchema for Id<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9a-f]{32}$"))
            .build()
            .into()
    }
}

impl<T> ToSchema for Id<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

/// Bytes in base64; decoded by whoever wants them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Base64(String);

impl Base64 {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is in it is a patient's.
impl fmt::Debug for Base64 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Base64([redacted])")
    }
}

impl PartialSchema for Base64 {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Byte);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
    }
}

impl ToSchema for Base64 {}

/// A place in the audit trail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrailPlace(pub(crate) Place);

impl<'de> Deserialize<'de> for TrailPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for TrailPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for TrailPlace {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(0|-?[1-9][0-9]{0,17})\\.(0|[1-9][0-9]{0,18})$"))
            .build()
            .into()
    }
}

impl ToSchema for TrailPlace {}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("maria.test@example.org", true)]
    #[case("m+x@a.b-c.it", true)]
    #[case("maria@localhost", false)]
    #[case("maria..test@example.org", false)]
    #[case(".maria@example.org", false)]
    #[case("maria@-example.org", false)]
    #[case("maria@example.org\nbcc: x@example.org", false)]
    #[case("maria rossi@example.org", false)]
    #[case("maria@due@example.org", false)]
    fn an_address_can_be_written_to(#[case] text: &str, #[case] taken: bool) {
        assert_eq!(Email::read(text).is_ok(), taken, "{text}");
    }

    #[rstest]
    #[case("ROSSI", true)]
    #[case("D'Angelo Òscar", true)]
    #[case(" ROSSI", false)]
    #[case("ROSSI\u{3000}", false)]
    #[case("ROS\u{1b}[31mSI", false)]
    #[case("ROS\nSI", false)]
    #[case("", false)]
    fn a_line_controls_no_terminal(#[case] text: &str, #[case] taken: bool) {
        assert_eq!(Line::read(text).is_ok(), taken, "{text:?}");
        assert!(Line::read(&"x".repeat(129)).is_err());
    }

    #[rstest]
    #[case("1986-01-24", true)]
    #[case("19860124", false)]
    #[case("1986-02-30", false)]
    #[case("1986-01-24T00:00", false)]
    #[case("+986-01-24", false)]
    fn a_day_is_written_one_way(#[case] text: &str, #[case] taken: bool) {
        assert_eq!(Day::read(text).is_ok(), taken, "{text}");
    }

    #[test]
    fn a_refusal_does_not_repeat_the_value() {
        let error = serde_json::from_str::<Email>("\"maria rossi test\"").unwrap_err();
        assert!(!error.to_string().contains("maria"), "{error}");
    }
}
