//! Messages as servers write them, whole and damaged, and delivered in pieces of any size.

use std::io::{self, Read};

use rstest::rstest;

use super::*;

/// Gives at most `step` bytes at a time, as a socket may.
struct Stepwise<'a> {
    left: &'a [u8],
    step: usize,
}

impl Read for Stepwise<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.step.min(buffer.len()).min(self.left.len());
        let (now, later) = self.left.split_at(read);
        buffer[..read].copy_from_slice(now);
        self.left = later;
        Ok(read)
    }
}

/// All parts, or what was told instead, with those before it.
fn parts(message: &[u8], boundary: &str, step: usize) -> (Vec<Vec<u8>>, Option<String>) {
    let mut parts = Vec::new();
    let failed = |parts, error: MultipartError| (parts, Some(error.to_string()));
    let body = Stepwise { left: message, step };
    let mut multipart = match Multipart::new(body, Some(boundary)) {
        Ok(multipart) => multipart,
        Err(error) => return failed(parts, error),
    };
    let mut head = match multipart.first_part() {
        Ok(head) => head,
        Err(error) => return failed(parts, error),
    };
    while head.is_some() {
        let mut part = Vec::new();
        let next = multipart.read_part(&mut |bytes| {
            part.extend_from_slice(bytes);
            Ok(())
        });
        match next {
            Ok(next) => head = next,
            Err(error) => return failed(parts, error),
        }
        parts.push(part);
    }
    (parts, None)
}

const HEAD: &str = "\r\nContent-Type: application/dicom\r\n\r\n";

fn message(boundary: &str, bodies: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for body in bodies {
        message.extend_from_slice(format!("--{boundary}{HEAD}").as_bytes());
        message.extend_from_slice(body);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    message
}

#[rstest]
#[case::bytewise(1)]
#[case::odd(7)]
#[case::at_once(usize::MAX)]
fn bodies_that_look_like_boundaries(#[case] step: usize) {
    let bodies: [&[u8]; 6] =
        [b"one", b"", b"\r\n", b"\r\n--", b"x\r\n--abX\r\n--abc\x01\r\r\n", b"--ab"];
    let (found, fault) = parts(&message("ab", &bodies), "ab", step);
    assert_eq!(fault, None);
    assert_eq!(found, bodies);
}

#[test]
fn a_body_larger_than_the_window_comes_as_it_is() {
    let large: Vec<u8> = (0..1_000_003_u32).map(|at| (at * 7 % 251) as u8).collect();
    let (found, fault) = parts(&message("b", &[&large, b"2"]), "b", 65_536);
    assert_eq!(fault, None);
    assert!(found == [large, b"2".to_vec()]);
}

#[rstest]
#[case::preamble("to be ignored\r\n--b\r\n\r\nx\r\n--b--", &["x"])]
#[case::epilogue("--b\r\n\r\nx\r\n--b--\r\nto be ignored\r\n--b\r\n\r\ny", &["x"])]
#[case::padding("--b  \t\r\n\r\nx\r\n--b \r\n\r\ny\r\n--b--", &["x", "y"])]
#[case::line_feeds_in_the_head("--b\nContent-Type: a/b\n\nx\r\n--b--", &["x"])]
#[case::blank_line_first("\r\n--b\r\n\r\nx\r\n--b--", &["x"])]
#[case::nothing_in_it("--b--", &[])]
fn whole(#[case] text: &str, #[case] expected: &[&str]) {
    let expected: Vec<_> = expected.iter().map(|part| part.as_bytes().to_vec()).collect();
    for step in [1, 3, 1000] {
        assert_eq!(parts(text.as_bytes(), "b", step), (expected.clone(), None), "{step}");
    }
}

#[rstest]
#[case::within_data("--b\r\n\r\nxyz", "the closing boundary is missing")]
#[case::before_the_dashes("--b\r\n\r\nx\r\n--b", "the closing boundary is missing")]
#[case::after_one_dash("--b\r\n\r\nx\r\n--b-", "the closing boundary is missing")]
#[case::within_a_head("--b\r\nContent-Type: a/b\r\n", "ends within the header of a part")]
#[case::another_boundary("--other\r\n\r\nx\r\n--other--", "does not occur")]
#[case::empty("", "does not occur")]
fn damaged(#[case] text: &str, #[case] words: &str) {
    for step in [1, 1000] {
        let (_, fault) = parts(text.as_bytes(), "b", step);
        let fault = fault.expect("a fault");
        assert!(fault.contains(words), "{fault}");
    }
}

#[test]
fn every_cut_is_told() {
    let whole = message("bound", &[b"first", b"second"]);
    let last_boundary = whole.len() - "--\r\n".len();
    for length in 0..last_boundary + 2 {
        let (found, fault) = parts(&whole[..length], "bound", 11);
        assert!(fault.is_some(), "cut at {length}: {found:?}");
    }
}

#[test]
fn a_head_without_end_is_refused() {
    let mut endless = b"--b\r\n".to_vec();
    endless.extend(std::iter::repeat_n(b'x', 2 * MAX_HEADER_BYTES));
    let (_, fault) = parts(&endless, "b", 4096);
    assert_eq!(fault.as_deref(), Some("the header of a part is too long"));
}

#[rstest]
#[case::empty("")]
#[case::blank("   ")]
#[case::too_long(&"x".repeat(201))]
fn no_boundary(#[case] boundary: &str) {
    let (_, fault) = parts(b"--\r\n\r\n", boundary, 10);
    assert_eq!(fault.as_deref(), Some("its Content-Type names no usable boundary"));
}

#[rstest]
#[case::quoted(r#"multipart/related; type="application/dicom"; boundary="a;b\"c""#, "a;b\"c")]
#[case::unquoted(
    "Multipart/Related;boundary=----=_Part_1.2;type=application/dicom",
    "----=_Part_1.2"
)]
#[case::spaces(r#"multipart/related ; Boundary = "x y" "#, "x y")]
#[case::quote_never_closed(r#"multipart/related; boundary="abc"#, "abc")]
fn content_types(#[case] text: &str, #[case] boundary: &str) {
    let media_type = MediaType::parse(text);
    assert_eq!(media_type.essence, "multipart/related");
    assert_eq!(media_type.parameter("boundary"), Some(boundary));
}

#[test]
fn what_a_head_says() {
    let head = parse_head(
        b"content-length: 12\r\nCONTENT-TYPE: Application/DICOM; transfer-syntax=1.2\r\nodd\r\n",
    );
    assert_eq!(head, PartHead { content_type: "application/dicom".into(), length: Some(12) });
}
