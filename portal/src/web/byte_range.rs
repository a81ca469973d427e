//! Which part of a package is asked for (RFC 9110 §13 and §14).

use std::ops::Range;

use axum::http::{HeaderMap, header};

/// What is to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// A part of it: never empty.
    Part(Range<u64>),
    /// It is what the client has (§13.1.2).
    NotModified,
    /// There is no such part (§15.5.17).
    NotThere,
}

/// What a request wants of so many bytes with this strong entity tag.
///
/// Of several ranges the whole is sent, which is allowed (§14.2): nobody who resumes asks for several.
pub(crate) fn wanted(headers: &HeaderMap, etag: &str, bytes: u64) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|tags| lists(tags, etag)) {
        return Wanted::NotModified;
    }
    let is_same = match headers.get(header::IF_RANGE) {
        None => true,
        // A date or a weak tag is no proof that it is the same (§13.1.5).
        Some(tag) => tag.as_bytes() == etag.as_bytes(),
    };
    match text(header::RANGE).filter(|_| is_same) {
        Some(range) => part(range, bytes),
        None => Wanted::Whole,
    }
}

/// Whether a list of tags has this one, compared weakly (§8.8.3.2).
fn lists(tags: &str, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.split(',').any(|tag| tag.trim() == "*" || bare(tag) == etag)
}

/// A `Range`; what is none counts as not sent (§14.2).
fn part(range: &str, bytes: u64) -> Wanted {
    let Some((unit, set)) = range.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Wanted::Whole };
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // What does not fit lies behind every end.
        is_number.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last), first.is_empty(), last.is_empty()) {
        // The last so many.
        (None, Some(0), true, _) => Wanted::NotThere,
        (None, Some(count), true, _) if bytes > 0 => {
            Wanted::Part(bytes.saturating_sub(count)..bytes)
        }
        (Some(first), None, _, true) if first < bytes => Wanted::Part(first..bytes),
        (Some(first), Some(last), ..) if first > last => Wanted::Whole,
        (Some(first), Some(last), ..) if first < bytes => {
            Wanted::Part(first..last.saturating_add(1).min(bytes))
        }
        (None, Some(_), true, _) | (Some(_), None, _, true) | (Some(_), Some(_), ..) => {
            Wanted::NotThere
        }
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first_byte("bytes=0-0", Wanted::Part(0..1))]
    #[case::from("bytes=100-", Wanted::Part(100..1000))]
    #[case::middle("bytes=100-199", Wanted::Part(100..200))]
    #[case::last_beyond("bytes=900-5000", Wanted::Part(900..1000))]
    #[case::last_byte("bytes=999-", Wanted::Part(999..1000))]
    #[case::suffix("bytes=-100", Wanted::Part(900..1000))]
    #[case::suffix_of_more_than_all("bytes=-5000", Wanted::Part(0..1000))]
    #[case::unit_without_case("Bytes=1-2", Wanted::Part(1..3))]
    #[case::blanks("bytes= 1-2 ", Wanted::Part(1..3))]
    #[case::beyond("bytes=1000-", Wanted::NotThere)]
    #[case::beyond_with_end("bytes=1000-1001", Wanted::NotThere)]
    #[case::far_beyond("bytes=99999999999999999999999-", Wanted::NotThere)]
    #[case::suffix_of_nothing("bytes=-0", Wanted::NotThere)]
    #[case::turned_round("bytes=5-4", Wanted::Whole)]
    #[case::several("bytes=0-0,5-6", Wanted::Whole)]
    #[case::other_unit("lines=1-2", Wanted::Whole)]
    #[case::nothing("bytes=", Wanted::Whole)]
    #[case::dash("bytes=-", Wanted::Whole)]
    #[case::no_number("bytes=a-b", Wanted::Whole)]
    #[case::signed("bytes=+1-2", Wanted::Whole)]
    #[case::two_dashes("bytes=1-2-3", Wanted::Whole)]
    fn rfc_9110_14_1_2(#[case] range: &str, #[case] expected: Wanted) {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
        assert_eq!(wanted(&headers, "\"a\"", 1000), expected);
    }

    #[rstest]
    #[case::nothing(&[], Wanted::Whole)]
    #[case::same(&[("if-range", "\"a\"")], Wanted::Part(1..3))]
    #[case::other(&[("if-range", "\"b\"")], Wanted::Whole)]
    #[case::weak(&[("if-range", "W/\"a\"")], Wanted::Whole)]
    #[case::date(&[("if-range", "Mon, 30 Nov 2026 02:00:00 GMT")], Wanted::Whole)]
    #[case::has_it(&[("if-none-match", "\"a\"")], Wanted::NotModified)]
    #[case::has_it_weakly(&[("if-none-match", "\"b\", W/\"a\"")], Wanted::NotModified)]
    #[case::has_any(&[("if-none-match", "*")], Wanted::NotModified)]
    #[case::has_another(&[("if-none-match", "\"b\"")], Wanted::Part(1..3))]
    fn rfc_9110_13_1(
        #[case] conditions: &[(&'static str, &'static str)],
        #[case] expected: Wanted,
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in conditions {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        if !conditions.is_empty() {
            headers.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
        }
        assert_eq!(wanted(&headers, "\"a\"", 1000), expected);
    }

    #[test]
    fn nothing_has_no_part() {
        for range in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            assert_eq!(part(range, 0), Wanted::NotThere, "{range}");
        }
    }
}
