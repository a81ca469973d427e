//! A `multipart/related` message read front to back (RFC 2046 §5.1, RFC 2387), part by part.
//!
//! Invariant: memory is one window of 256 KiB, whatever the peer sends.
//! Invariant: a message is whole only with its closing boundary; without it the last part is cut.

use std::io::{self, Read};

use memchr::memmem::Finder;

/// Bytes looked at together. A boundary or a header is much shorter.
const WINDOW_BYTES: usize = 256 << 10;
/// RFC 2046 allows 70; servers in the field stay below this.
const MAX_BOUNDARY_BYTES: usize = 200;
/// All header fields of one part.
const MAX_HEADER_BYTES: usize = 16 << 10;
/// Spaces that may follow a boundary.
const MAX_PADDING_BYTES: usize = 256;

/// A message cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum MultipartError {
    /// The connection failed.
    #[error("{0}")]
    Body(#[source] io::Error),
    /// Whoever takes the parts failed.
    #[error("{0}")]
    Taker(#[source] io::Error),
    /// The body ended too early.
    #[error("{0}")]
    Truncated(&'static str),
    /// The body does not follow the rules.
    #[error("{0}")]
    Malformed(&'static str),
}

/// A media type with its parameters (RFC 9110 §8.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// `type/subtype` in lower case.
    pub(super) essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads a header value, tolerating values that should be quoted and are not.
    pub(super) fn parse(text: &str) -> Self {
        let mut pieces = split_outside_quotes(text).into_iter();
        let essence = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = pieces
            .filter_map(|piece| {
                let (name, value) = piece.split_once('=')?;
                Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
            })
            .collect();
        Self { essence, parameters }
    }

    /// A parameter by its lower-case name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                pieces.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.extend(text.get(start..));
    pieces
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest))
    else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

/// The header fields of a part that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    /// Content-Type, lower case, without parameters; empty when absent.
    pub(super) content_type: String,
    /// Content-Length: a hint.
    pub(super) length: Option<u64>,
}

/// What stands at the place of a possible boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A part follows, after so many bytes.
    Part(usize),
    /// The message ends.
    End,
    /// It only looked like a boundary.
    Data,
    /// Too few bytes to tell.
    Unknown,
}

/// A message, read part by part.
pub(super) struct Multipart<R> {
    body: R,
    window: Vec<u8>,
    start: usize,
    end: usize,
    body_ended: bool,
    delimiter: Finder<'static>,
    /// Whether a boundary was seen.
    has_begun: bool,
    /// Whether the closing boundary was seen.
    has_ended: bool,
}

impl<R: Read> Multipart<R> {
    /// Reads a message with the boundary of its Content-Type.
    ///
    /// # Errors
    /// [`MultipartError::Malformed`] when the boundary is absent or too long.
    pub(super) fn new(body: R, boundary: Option<&str>) -> Result<Self, MultipartError> {
        let boundary = boundary
            .map(str::trim_end)
            .filter(|boundary| (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()))
            .ok_or(MultipartError::Malformed("its Content-Type names no usable boundary"))?;
        let mut window = vec![0; WINDOW_BYTES];
        // The first boundary may open the body: the line end that belongs to each stands before it.
        for (to, from) in window.iter_mut().zip(b"\r\n") {
            *to = *from;
        }
        let delimiter = Finder::new(&format!("\r\n--{boundary}")).into_owned();
        Ok(Self {
            body,
            window,
            start: 0,
            end: 2,
            body_ended: false,
            delimiter,
            has_begun: false,
            has_ended: false,
        })
    }

    /// The head of the first part, or `None` when there is none.
    ///
    /// # Errors
    /// [`MultipartError`]: the body failed, ended early, or is malformed.
    pub(super) fn first_part(&mut self) -> Result<Option<PartHead>, MultipartError> {
        match self.read_part(&mut |_preamble| Ok(())) {
            Err(MultipartError::Truncated(_)) if !self.has_begun => Err(MultipartError::Malformed(
                "the boundary that its Content-Type names does not occur",
            )),
            other => other,
        }
    }

    /// Hands the bytes of the part on; then the next part, or the end, follows at once.
    ///
    /// # Errors
    /// [`MultipartError`]; of `take` as [`MultipartError::Taker`].
    pub(super) fn read_part(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Option<PartHead>, MultipartError> {
        self.copy_to_mark(take)?;
        if self.has_ended { Ok(None) } else { self.read_head().map(Some) }
    }

    /// Hands on all bytes before the next boundary and steps behind it.
    fn copy_to_mark(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), MultipartError> {
        loop {
            let held = self.window.get(self.start..self.end).unwrap_or_default();
            let needle = self.delimiter.needle().len();
            match self.delimiter.find(held) {
                Some(at) => {
                    let (before, from) = held.split_at_checked(at).unwrap_or((held, &[]));
                    match mark(from.get(needle..).unwrap_or_default(), self.body_ended) {
                        Mark::Unknown => {
                            take(before).map_err(MultipartError::Taker)?;
                            self.start += at;
                            self.fill()?;
                        }
                        Mark::Data => {
                            // One byte further: the next boundary may begin within this one.
                            take(held.get(..=at).unwrap_or_default())
                                .map_err(MultipartError::Taker)?;
                            self.start += at + 1;
                        }
                        Mark::End => {
                            take(before).map_err(MultipartError::Taker)?;
                            self.has_ended = true;
                            return Ok(());
                        }
                        Mark::Part(length) => {
                            take(before).map_err(MultipartError::Taker)?;
                            self.start += at + needle + length;
                            self.has_begun = true;
                            return Ok(());
                        }
                    }
                }
                None if self.body_ended => {
                    return Err(MultipartError::Truncated("the closing boundary is missing"));
                }
                None => {
                    let keep = held.len().min(needle.saturating_sub(1));
                    let sure = held.len() - keep;
                    take(held.get(..sure).unwrap_or_default()).map_err(MultipartError::Taker)?;
                    self.start += sure;
                    self.fill()?;
                }
            }
        }
    }

    /// Reads the header fields of a part (RFC 5322 §2.2), to the empty line.
    fn read_head(&mut self) -> Result<PartHead, MultipartError> {
        loop {
            let held = self.window.get(self.start..self.end).unwrap_or_default();
            if let Some((head, length)) = split_head(held) {
                if length > MAX_HEADER_BYTES {
                    break;
                }
                let head = parse_head(head);
                // The line end of the empty line may be that of a boundary: an empty part.
                self.start += length;
                return Ok(head);
            }
            if held.len() > MAX_HEADER_BYTES {
                break;
            }
            if self.body_ended {
                return Err(MultipartError::Truncated("it ends within the header of a part"));
            }
            self.fill()?;
        }
        Err(MultipartError::Malformed("the header of a part is too long"))
    }

    /// Reads once into the free room of the window.
    fn fill(&mut self) -> Result<(), MultipartError> {
        if self.start > 0 {
            self.window.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let room = self.window.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.body.read(room) {
                Ok(0) => self.body_ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(MultipartError::Body(error)),
            }
            return Ok(());
        }
    }
}

/// What the bytes behind `CRLF--boundary` say.
fn mark(behind: &[u8], body_ended: bool) -> Mark {
    if behind.starts_with(b"--") {
        return Mark::End;
    }
    let padding = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match behind.get(padding..).unwrap_or_default() {
        _ if padding > MAX_PADDING_BYTES => Mark::Data,
        [b'\r', b'\n', ..] => Mark::Part(padding + 2),
        [b'\n', ..] => Mark::Part(padding + 1),
        [] | [b'\r' | b'-'] if !body_ended => Mark::Unknown,
        _ => Mark::Data,
    }
}

/// The header fields, and the length of all up to and with the empty line.
fn split_head(held: &[u8]) -> Option<(&[u8], usize)> {
    let mut line_start = 0;
    for (at, byte) in held.iter().enumerate() {
        if *byte == b'\n' {
            let line = held.get(line_start..at)?;
            if line.is_empty() || line == b"\r" {
                return Some((held.get(..line_start)?, at + 1));
            }
            line_start = at + 1;
        }
        if at > MAX_HEADER_BYTES {
            return None;
        }
    }
    None
}

fn parse_head(head: &[u8]) -> PartHead {
    let text = String::from_utf8_lossy(head);
    let mut part = PartHead::default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.trim().eq_ignore_ascii_case("content-type") {
            part.content_type = MediaType::parse(value).essence;
        } else if name.trim().eq_ignore_ascii_case("content-length") {
            part.length = value.trim().parse().ok();
        }
    }
    part
}

#[cfg(test)]
mod tests;
