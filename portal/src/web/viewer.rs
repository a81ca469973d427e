//! The script and the style of the viewer at an address of their own: the same for every package of this build, so that a
//! browser fetches them once and not for each examination. There is nothing of anybody in them.
//!
//! **Invariant:** an address names its content by a digest, and nothing else is ever answered there.

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::{EntryFacts, ViewerFile, viewer_files};

use crate::web::assets::{asset, digest_of};
use crate::web::compression::{gzip_around, takes_gzip};
use crate::web::error::Refusal;

/// The path of a file of the viewer.
pub(crate) const ROUTE: &str = "/assets/viewer/{name}";
/// Where the viewer lies in a package.
const FOLDER: &str = "cdviewer/";

/// How a browser is told what a file is; `None` for what it does not fetch by itself.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "JS" => Some("text/javascript; charset=utf-8"),
        "CSS" => Some("text/css; charset=utf-8"),
        _ => None,
    }
}

fn address(file: &ViewerFile) -> String {
    format!("/assets/viewer/{}?{}", file.reference, digest_of(&file.sha256))
}

/// The address at which an entry of a package may be kept: that of the same file of this build. A package that was made
/// with another viewer keeps its own.
pub(crate) fn kept_address(path: &str, facts: EntryFacts) -> Option<String> {
    let name = path.strip_prefix(FOLDER)?;
    content_type(name)?;
    let is_same = |file: &&ViewerFile| {
        file.reference == name
            && file.crc32 == facts.crc32
            && file.bytes == facts.uncompressed_bytes
    };
    viewer_files().iter().find(is_same).map(address)
}

/// A file of the viewer, which may be kept for ever.
pub(crate) async fn viewer(
    asked: Uri,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let file = viewer_files().iter().find(|file| file.reference == name);
    let file = file.filter(|file| asked.query() == Some(&*digest_of(&file.sha256)));
    let (Some(file), Some(kind)) = (file, content_type(&name)) else {
        return Err(Refusal::NotFound);
    };
    if !takes_gzip(&headers) {
        return Ok(StatusCode::NOT_ACCEPTABLE.into_response());
    }
    let (before, behind) = gzip_around(file.crc32, file.bytes);
    let parts = [before, Bytes::from_static(file.deflated), behind];
    let mut response = asset(kind, Body::from(parts.concat()));
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}
