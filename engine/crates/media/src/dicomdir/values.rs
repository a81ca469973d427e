//! Values as a directory record may hold them (PS3.5 §6.2): legal ones pass as they are, what can
//! be put right is put right, the rest is unusable. The file itself is never changed.

use std::borrow::Cow;

use dicom_core::VR;

/// What became of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Legal.
    Same(&'a [u8]),
    /// Legal after a correction that keeps its meaning.
    Corrected(Vec<u8>),
    /// The same text in another character set.
    Converted(Vec<u8>),
    /// Nothing that the VR allows.
    Unusable,
}

/// How many values a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Multiplicity {
    /// One value.
    One,
    /// Any number.
    Many,
    /// Exactly so many.
    Exactly(usize),
}

/// The value of a VR that is written in ASCII: CS, DA, TM, DT, IS, DS, UI.
pub(super) fn ascii_value(vr: VR, multiplicity: Multiplicity, raw: &[u8]) -> Value<'_> {
    let Ok(text) = std::str::from_utf8(raw) else { return Value::Unusable };
    let check: fn(&str) -> Option<Cow<'_, str>> = match vr {
        VR::CS => code_string,
        VR::DA => date,
        VR::TM => time,
        VR::DT => date_time,
        VR::IS => integer_string,
        VR::DS => decimal_string,
        VR::UI => uid,
        _ => return Value::Unusable,
    };
    let parts: Vec<&str> = match multiplicity {
        // Of several values where one is due, the first counts.
        Multiplicity::One => text.split('\\').take(1).collect(),
        Multiplicity::Many | Multiplicity::Exactly(_) => text.split('\\').collect(),
    };
    if matches!(multiplicity, Multiplicity::Exactly(due) if due != parts.len()) {
        return Value::Unusable;
    }
    let mut joined = String::with_capacity(raw.len());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            joined.push('\\');
        }
        let part = part.trim_matches([' ', '\0']);
        if part.is_empty() {
            // A code may be left out between others (PS3.5 §6.4); a number or a date may not.
            if vr == VR::CS && parts.len() > 1 {
                continue;
            }
            return Value::Unusable;
        }
        let Some(legal) = check(part) else { return Value::Unusable };
        joined.push_str(&legal);
    }
    if joined.as_bytes() == raw { Value::Same(raw) } else { Value::Corrected(joined.into_bytes()) }
}

fn code_string(text: &str) -> Option<Cow<'_, str>> {
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ' || c == '_';
    if text.len() <= 16 && text.chars().all(legal) {
        return Some(text.into());
    }
    let replaced =
        text.chars().map(|c| c.to_ascii_uppercase()).map(|c| if legal(c) { c } else { '_' });
    let code: String = replaced.take(16).collect();
    code.contains(|c: char| c != '_').then(|| code.trim_end().to_owned().into())
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number_at(text: &str, at: usize, length: usize) -> Option<u32> {
    text.get(at..at + length)?.parse().ok()
}

fn is_day(text: &str) -> bool {
    let day = |month, day| (1..=12).contains(&month) && (1..=31).contains(&day);
    digits(text)
        && text.len() == 8
        && matches!((number_at(text, 4, 2), number_at(text, 6, 2)), (Some(m), Some(d)) if day(m, d))
}

/// `YYYYMMDD`; the form `YYYY.MM.DD` of ACR-NEMA loses its dots.
fn date(text: &str) -> Option<Cow<'_, str>> {
    if is_day(text) {
        return Some(text.into());
    }
    let old =
        text.len() == 10 && text.bytes().filter(|byte| matches!(byte, b'.' | b'-')).count() == 2;
    let plain: String = text.chars().filter(char::is_ascii_digit).collect();
    (old && is_day(&plain)).then(|| plain.into())
}

/// `HH`, `HHMM` or `HHMMSS` with up to six digits of a fraction.
fn clock(text: &str) -> Option<Cow<'_, str>> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(a, b)| (a, Some(b)));
    let in_range = |at, limit| number_at(whole, at, 2).is_none_or(|number| number < limit);
    let plausible = digits(whole)
        && matches!(whole.len(), 2 | 4 | 6)
        && in_range(0, 24)
        && in_range(2, 60)
        && in_range(4, 61);
    match fraction {
        _ if !plausible => None,
        None => Some(text.into()),
        Some(fraction) if whole.len() == 6 && digits(fraction) && fraction.len() <= 6 => {
            Some(text.into())
        }
        Some(fraction) if whole.len() == 6 && digits(fraction) => {
            Some(format!("{whole}.{}", fraction.get(..6)?).into())
        }
        Some(_) => Some(whole.to_owned().into()),
    }
}

/// A clock time; the colons of ACR-NEMA are dropped.
fn time(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(':') {
        return clock(text);
    }
    let plain = text.replace(':', "");
    Some(clock(&plain)?.into_owned().into())
}

/// `YYYYMMDDHHMMSS.FFFFFF&ZZXX`, each part but the year optional from the right.
fn date_time(text: &str) -> Option<Cow<'_, str>> {
    let offset_at = text.rfind(['+', '-']).filter(|at| *at >= 4).unwrap_or(text.len());
    let (moment, offset) = text.split_at_checked(offset_at)?;
    let zone = offset.get(1..).unwrap_or_default();
    let zone_ok = offset.is_empty() || (digits(zone) && zone.len() == 4);
    if !zone_ok {
        return None;
    }
    let whole = moment.split('.').next()?;
    let day_part = whole.get(..whole.len().min(8))?;
    let day_ok = match day_part.len() {
        4 => digits(day_part),
        6 => is_day(&format!("{day_part}01")),
        _ => is_day(day_part),
    };
    if !day_ok {
        return None;
    }
    let clock_part = moment.get(day_part.len()..)?;
    if clock_part.is_empty() {
        return Some(text.into());
    }
    match clock(clock_part)? {
        Cow::Borrowed(_) => Some(text.into()),
        Cow::Owned(shorter) => Some(format!("{day_part}{shorter}{offset}").into()),
    }
}

fn integer_string(text: &str) -> Option<Cow<'_, str>> {
    if text.len() <= 12 && text.parse::<i32>().is_ok() {
        return Some(text.into());
    }
    let number: f64 = text.parse().ok()?;
    let whole =
        number.fract() == 0.0 && number >= f64::from(i32::MIN) && number <= f64::from(i32::MAX);
    whole.then(|| format!("{number:.0}").into())
}

fn decimal_string(text: &str) -> Option<Cow<'_, str>> {
    let legal = |byte: u8| byte.is_ascii_digit() || b"+-.Ee".contains(&byte);
    if !text.bytes().all(legal) {
        return None;
    }
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    if text.len() <= 16 {
        return Some(text.into());
    }
    // The most digits that fit: a longer DS is illegal though common (PS3.5 §6.2).
    let fixed = (number == 0.0) || (1e-4..1e14).contains(&number.abs());
    let forms = (0..=15_usize).rev().map(|precision| {
        if fixed { format!("{number:.precision$}") } else { format!("{number:.precision$e}") }
    });
    forms.into_iter().find(|form| form.len() <= 16).map(Cow::Owned)
}

fn uid(text: &str) -> Option<Cow<'_, str>> {
    let legal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (legal && text.len() <= 64).then(|| text.into())
}

/// The most characters of one value of a VR for people, or of one component group of a PN.
fn longest_text(vr: VR) -> usize {
    match vr {
        VR::SH | VR::AE => 16,
        VR::ST => 1024,
        _ => 64,
    }
}

/// Whether `raw` needs no decoding to be known as legal: short, printable ASCII, one value.
pub(super) fn is_plain_text(vr: VR, raw: &[u8]) -> bool {
    let printable = |byte: &u8| (0x20..0x7F).contains(byte) && *byte != b'\\';
    raw.len() <= longest_text(vr) && raw.iter().all(printable)
}

/// A decoded text as the VR allows it: LO, SH, ST, PN and their like.
///
/// Control characters become spaces, what is too long is cut, of several values where one is due
/// the first counts.
pub(super) fn legal_text(vr: VR, multiplicity: Multiplicity, text: &str) -> String {
    if vr == VR::ST {
        let allowed = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t' | '\x0C');
        let kept = text.chars().map(|c| if allowed(c) { c } else { ' ' });
        return kept.take(longest_text(vr)).collect::<String>().trim_end().to_owned();
    }
    let values = match multiplicity {
        Multiplicity::One => 1,
        Multiplicity::Many => usize::MAX,
        Multiplicity::Exactly(due) => due,
    };
    let cut = |part: &str| -> String {
        let kept = part.chars().map(|c| if c.is_control() { ' ' } else { c });
        kept.take(longest_text(vr)).collect()
    };
    let value = |value: &str| -> String {
        if vr == VR::PN {
            value.split('=').take(3).map(cut).collect::<Vec<_>>().join("=")
        } else {
            cut(value)
        }
    };
    text.split('\\').take(values).map(value).collect::<Vec<_>>().join("\\").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// `None` for unusable, else the value as it is written.
    fn written(vr: VR, multiplicity: Multiplicity, raw: &str) -> Option<String> {
        match ascii_value(vr, multiplicity, raw.as_bytes()) {
            Value::Same(bytes) => {
                assert_eq!(bytes, raw.as_bytes());
                Some(raw.to_owned())
            }
            Value::Corrected(bytes) => {
                assert_ne!(bytes, raw.as_bytes());
                Some(String::from_utf8(bytes).unwrap())
            }
            Value::Converted(_) | Value::Unusable => None,
        }
    }

    #[rstest]
    #[case::date(VR::DA, "20240229", Some("20240229"))]
    #[case::acr_nema_date(VR::DA, "2024.02.29", Some("20240229"))]
    #[case::month_13(VR::DA, "20241301", None)]
    #[case::range(VR::DA, "20240101-20240201", None)]
    #[case::word(VR::DA, "unknown", None)]
    #[case::accented(VR::DA, "2024è", None)]
    #[case::hour(VR::TM, "10", Some("10"))]
    #[case::fraction(VR::TM, "101530.123456", Some("101530.123456"))]
    #[case::long_fraction(VR::TM, "101530.1234567", Some("101530.123456"))]
    #[case::empty_fraction(VR::TM, "101530.", Some("101530"))]
    #[case::colons(VR::TM, "10:15:30", Some("101530"))]
    #[case::leap_second(VR::TM, "235960", Some("235960"))]
    #[case::hour_24(VR::TM, "240000", None)]
    #[case::odd_digits(VR::TM, "10153", None)]
    #[case::year(VR::DT, "2024", Some("2024"))]
    #[case::zone(VR::DT, "20240229101530.5+0100", Some("20240229101530.5+0100"))]
    #[case::long_moment(VR::DT, "20240229101530.1234567-0500", Some("20240229101530.123456-0500"))]
    #[case::zone_of_three(VR::DT, "20240229+010", None)]
    #[case::date_with_words(VR::DT, "2024-02-29T10:15", None)]
    #[case::integer(VR::IS, "-12", Some("-12"))]
    #[case::plus(VR::IS, "+7", Some("+7"))]
    #[case::whole_decimal(VR::IS, "12.0", Some("12"))]
    #[case::over_31_bits(VR::IS, "4294967296", None)]
    #[case::letters(VR::IS, "IMG1", None)]
    #[case::infinite(VR::IS, "inf", None)]
    #[case::first_of_two(VR::IS, "3\\4", Some("3"))]
    #[case::uid(VR::UI, "1.2.3", Some("1.2.3"))]
    #[case::uid_with_letters(VR::UI, "1.2.x", None)]
    #[case::empty(VR::CS, "", None)]
    fn one_value(#[case] vr: VR, #[case] raw: &str, #[case] expected: Option<&str>) {
        assert_eq!(written(vr, Multiplicity::One, raw).as_deref(), expected);
    }

    #[rstest]
    #[case::legal("ORIGINAL\\PRIMARY\\AXIAL", "ORIGINAL\\PRIMARY\\AXIAL")]
    #[case::lower_case("ORIGINAL\\PRIMARY\\mosaic", "ORIGINAL\\PRIMARY\\MOSAIC")]
    #[case::left_out("ORIGINAL\\PRIMARY\\\\NONE", "ORIGINAL\\PRIMARY\\\\NONE")]
    #[case::hyphen("DERIVED\\SECONDARY\\T1-W", "DERIVED\\SECONDARY\\T1_W")]
    #[case::inner_padding("A \\B", "A\\B")]
    #[case::too_long("ABCDEFGHIJKLMNOPQRS", "ABCDEFGHIJKLMNOP")]
    fn code_strings(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(written(VR::CS, Multiplicity::Many, raw).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::legal("0.5\\0.5", 2, Some("0.5\\0.5"))]
    #[case::over_16_bytes("0.12345678901234567\\1", 2, Some("0.12345678901235\\1"))]
    #[case::negative("-0.12345678901234567\\1", 2, Some("-0.1234567890123\\1"))]
    #[case::tiny("0.000000012345678901234\\1", 2, Some("1.23456789012e-8\\1"))]
    #[case::wrong_number("0.5", 2, None)]
    #[case::no_number("a\\b", 2, None)]
    #[case::gap("1\\\\2", 3, None)]
    fn decimal_strings(#[case] raw: &str, #[case] due: usize, #[case] expected: Option<&str>) {
        assert_eq!(written(VR::DS, Multiplicity::Exactly(due), raw).as_deref(), expected);
    }

    #[rstest]
    #[case::accents(VR::LO, Multiplicity::One, "Torace è", "Torace è")]
    #[case::control(VR::LO, Multiplicity::One, "A\nB", "A B")]
    #[case::first_of_two(VR::SH, Multiplicity::One, "A\\B", "A")]
    #[case::all_of_two(VR::PN, Multiplicity::Many, "A^B\\C^D", "A^B\\C^D")]
    #[case::seventeen(VR::SH, Multiplicity::One, "ÀÀÀÀÀÀÀÀÀÀÀÀÀÀÀÀÀ", "ÀÀÀÀÀÀÀÀÀÀÀÀÀÀÀÀ")]
    #[case::four_groups(VR::PN, Multiplicity::One, "A=B=C=D", "A=B=C")]
    #[case::lines_of_an_address(
        VR::ST,
        Multiplicity::One,
        "Via 1\r\nRoma\\IT",
        "Via 1\r\nRoma\\IT"
    )]
    fn texts(
        #[case] vr: VR,
        #[case] multiplicity: Multiplicity,
        #[case] text: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(legal_text(vr, multiplicity, text), expected);
    }

    #[test]
    fn a_name_is_cut_in_each_group() {
        let long = "X".repeat(70);
        let name = legal_text(VR::PN, Multiplicity::One, &format!("{long}={long}"));
        assert_eq!(name, format!("{0}={0}", "X".repeat(64)));
    }
}
