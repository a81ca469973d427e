//! The head of an HTTP/1.1 request: as much of it as a browser needs to be served files.

use std::io::{BufRead, Read};

/// Bytes of a head; browsers send some hundreds.
const MOST_BYTES: u64 = 16 << 10;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Whether only the head of the answer is wanted.
    pub is_head: bool,
    /// The path, still encoded, without the query.
    pub path: String,
    /// The Host field.
    pub host: String,
}

/// What came instead of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The connection ended.
    Ended,
    /// Not HTTP, or too long.
    Head,
    /// A method that changes something, or is unknown.
    Method,
}

impl Request {
    /// Reads a head up to its empty line. `POST` is taken for `bye` and `moved` alone, and its body is not
    /// read.
    pub fn read(stream: &mut impl BufRead) -> Result<Self, Malformed> {
        let mut head = stream.take(MOST_BYTES);
        let first = line(&mut head)?.ok_or(Malformed::Ended)?;
        let mut parts = first.split(' ');
        let (method, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let version = parts.next().unwrap_or_default();
        if !version.starts_with("HTTP/1.") || parts.next().is_some() || !target.starts_with('/') {
            return Err(Malformed::Head);
        }
        let mut hosts = Vec::new();
        loop {
            let field = line(&mut head)?.ok_or(Malformed::Head)?;
            if field.is_empty() {
                break;
            }
            let (name, value) = field.split_once(':').ok_or(Malformed::Head)?;
            if name.eq_ignore_ascii_case("host") {
                hosts.push(value.trim().to_owned());
            }
        }
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let is_farewell =
            method == "POST" && path.split('/').any(|part| ["bye", "moved"].contains(&part));
        if !["GET", "HEAD"].contains(&method) && !is_farewell {
            return Err(Malformed::Method);
        }
        // Two of them are one too many (RFC 9112 §3.2).
        match (hosts.pop(), hosts.is_empty()) {
            (Some(host), true) => Ok(Self { is_head: method == "HEAD", path, host }),
            _ => Err(Malformed::Head),
        }
    }
}

/// A line without its end; `None` at the end of the stream.
fn line(stream: &mut impl BufRead) -> Result<Option<String>, Malformed> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes).map_err(|_| Malformed::Ended)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.pop() != Some(b'\n') {
        return Err(Malformed::Head);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map(Some).map_err(|_| Malformed::Head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Request, Malformed> {
        Request::read(&mut head.as_bytes())
    }

    #[test]
    fn a_request_of_a_browser_is_read() {
        let request =
            read("GET /a/b?c HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX: y\r\n\r\nrest").unwrap();
        assert_eq!((request.path.as_str(), request.host.as_str()), ("/a/b", "127.0.0.1:80"));
        assert!(!request.is_head);
        assert!(read("HEAD / HTTP/1.1\r\nhost:a\r\n\r\n").unwrap().is_head);
        let bye = read("POST /a/bye/7 HTTP/1.1\r\nHost: b\r\n\r\n").unwrap();
        assert_eq!(bye.path, "/a/bye/7");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(read(""), Err(Malformed::Ended));
        for bad in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a",
            "GET / HTTP/2\r\nHost: a\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
            "\u{16}\u{3}\u{1}\r\n\r\n",
        ] {
            assert_eq!(read(bad), Err(Malformed::Head), "{bad}");
        }
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(20_000));
        assert_eq!(read(&long), Err(Malformed::Head));
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
            let request = format!("{method} /x HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(read(&request), Err(Malformed::Method), "{method}");
        }
    }
}
