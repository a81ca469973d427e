//! The style sheet and the script, part of the program: there is no folder to climb out of.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../templates/portal.css");
const SCRIPT: &str = include_str!("../../templates/portal.js");

/// The path of the style sheet, without what follows from its content.
pub(crate) const STYLE_ROUTE: &str = "/assets/portal.css";
/// The path of the script.
pub(crate) const SCRIPT_ROUTE: &str = "/assets/portal.js";

/// How pages name the style sheet: another content has another name, so it may be kept for ever.
pub(crate) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| versioned(STYLE_ROUTE, STYLE));
/// How pages name the script.
pub(crate) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| versioned(SCRIPT_ROUTE, SCRIPT));

fn versioned(path: &str, content: &str) -> String {
    let mut path = format!("{path}?");
    for byte in Sha256::digest(content.as_bytes()).iter().take(8) {
        // Writing to a String cannot fail.
        write!(path, "{byte:02x}").unwrap_or_default();
    }
    path
}

pub(crate) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

pub(crate) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    let kind = HeaderValue::from_static(kind);
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], content).into_response()
}
