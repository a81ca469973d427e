//! Answers: files of the package, and short refusals.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::place::media_type;

/// Bytes copied at a time.
const COPY_BYTES: usize = 256 << 10;

/// Sends a file.
pub fn send_file(stream: &mut impl Write, path: &Path, is_head: bool) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    head(stream, "200 OK", media_type(path), length)?;
    if is_head {
        return stream.flush();
    }
    let mut writer = io::BufWriter::with_capacity(COPY_BYTES, stream);
    if io::copy(&mut file, &mut writer)? != length {
        // The browser must not take a part for the whole.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    writer.flush()
}

/// Sends a status without a body.
pub fn send_status(stream: &mut impl Write, status: &str) -> io::Result<()> {
    head(stream, status, "text/plain; charset=utf-8", 0)?;
    stream.flush()
}

fn head(stream: &mut impl Write, status: &str, media_type: &str, length: u64) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\
         X-Frame-Options: DENY\r\n\r\n"
    );
    stream.write_all(head.as_bytes())
}
