//! Pages, style sheets and scripts leave compressed where the browser takes that (gzip, RFC 9110 §8.4.1.3).
//!
//! **Invariant:** what a stranger can choose, such as an address, never stands beside a secret of somebody else
//! that is the same on the next page: else the length of the answer would tell it (BREACH). The token of forms is
//! drawn anew for each page; pages of a person repeat nothing of their address or query.

use std::io::Write as _;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::web::error::Refusal;

/// What is written by us, and shrinks.
const KINDS: [&str; 4] = ["text/html", "text/css", "text/javascript", "image/svg+xml"];
/// Bytes of what fits into a packet or two as it is.
const LEAST: u64 = 1 << 10;
/// Bytes of what is compressed in memory.
const MOST: usize = 1 << 20;
/// Higher ones take longer for a percent less (ARCHITECTURE, "Pages are compressed").
const LEVEL: Compression = Compression::new(4);

/// Compresses answers that are whole in memory, those to a HEAD too: the router takes their body away behind this.
/// Anything else goes as it is.
pub(crate) async fn compressed(request: Request, next: Next) -> Response {
    let takes_gzip = takes_gzip(request.headers());
    let mut response = next.run(request).await;
    if !is_text(response.headers()) {
        return response;
    }
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().append(header::VARY, vary);
    let size = response.body().size_hint().exact();
    if !takes_gzip || !size.is_some_and(|size| (LEAST..=MOST as u64).contains(&size)) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Some(packed) = to_bytes(body, MOST).await.ok().and_then(|bytes| gzip(&bytes)) else {
        return Refusal::Fault("compression").into_response();
    };
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(packed.len()));
    Response::from_parts(head, Body::from(packed))
}

/// What stands before and behind Deflate blocks to make a GZIP member of them (RFC 1952 §2.3): CRC-32 and length
/// are those of the bytes before compression.
pub(crate) fn gzip_around(crc32: u32, bytes: u64) -> (Bytes, Bytes) {
    const HEAD: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    // The length modulo 2^32.
    let length = bytes.to_le_bytes();
    let behind: Vec<u8> =
        crc32.to_le_bytes().into_iter().chain(length.into_iter().take(4)).collect();
    (Bytes::from_static(&HEAD), behind.into())
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    KINDS.contains(&kind) && !headers.contains_key(header::CONTENT_ENCODING)
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), LEVEL);
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// Whether it is named, or meant by `*`, with a weight other than 0 (RFC 9110 §12.5.3).
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let codings = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut is_meant = false;
    for coding in codings {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let is_wanted = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|q| q > 0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return is_wanted;
        }
        is_meant |= name == "*" && is_wanted;
    }
    is_meant
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::chromium(&["gzip, deflate, br, zstd"], true)]
    #[case::old_name(&["X-GZIP"], true)]
    #[case::on_another_line(&["br", "gzip;q=0.5"], true)]
    #[case::any(&["*"], true)]
    #[case::any_but_gzip(&["*, gzip;q=0"], false)]
    #[case::gzip_before_any(&["gzip, *;q=0"], true)]
    #[case::refused(&["gzip;q=0"], false)]
    #[case::refused_at_length(&["gzip ; q=0.000"], false)]
    #[case::any_refused(&["*;q=0"], false)]
    #[case::odd_weight(&["gzip;q=much"], false)]
    #[case::identity(&["identity"], false)]
    #[case::other_word(&["gzipped"], false)]
    #[case::nothing(&[""], false)]
    #[case::silent(&[], false)]
    fn gzip_is_taken(#[case] lines: &[&'static str], #[case] taken: bool) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        assert_eq!(takes_gzip(&headers), taken);
    }
}
