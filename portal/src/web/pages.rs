//! "Guarda le immagini": the pages of a package, straight from the spool, without downloading it.
//!
//! While the package is being made there is a page of ours in front, which shows what came so far.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use engine::Method;
use serde::Deserialize;
use store::RequestId;

use crate::downloads::{Found, PackedEntry};
use crate::web::App;
use crate::web::client::Client;
use crate::web::compression::{gzip_around, takes_gzip};
use crate::web::downloads::OfRequest;
use crate::web::error::Refusal;
use crate::web::holding::Holding;
use crate::web::looks;
use crate::web::pieces::Pieces;
use crate::web::routes;
use crate::web::session::{by_itself, is_by_itself};
use crate::web::shell::Shell;
use crate::web::viewer;

/// What a page of a package may load and do: as it says itself, and it lies in no frame.
const OF_PAGES: &str = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The viewer also decodes in workers of its own making, by WebAssembly inside its script, reads DICOM entries,
/// and shows a PDF that it read in a frame; it evaluates no text as script.
const OF_VIEWER: &str = "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; \
    script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; frame-src blob:; connect-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The page of the viewer.
const VIEWER: &str = "cdviewer/index.htm";
/// A PDF may hold script and links: it gets an origin of its own.
const OF_DOCUMENTS: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// A browser lays an image that is opened by itself out with a style of its own; nothing else is in it.
const OF_IMAGES: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
/// The first page of a package.
const INDEX: &str = "index.htm";
/// Pictures of a series that the page shows while more come.
const SHOWN: usize = 48;
/// It looks again after so many seconds, by itself.
const REFRESH: (HeaderName, HeaderValue) =
    (HeaderName::from_static("refresh"), HeaderValue::from_static("5"));

#[derive(Template)]
#[template(path = "growing.html")]
struct GrowingPage {
    shell: Shell,
    request: RequestId,
    reports: Vec<String>,
    series: Vec<Series>,
}

/// The pictures of a series that are there.
struct Series {
    title: String,
    count: u64,
    pictures: Vec<String>,
}

/// The entry that a path names.
#[derive(Debug, Deserialize)]
pub(crate) struct OfEntry {
    request: String,
    entry: String,
}

/// Where the images of a download are looked at.
pub(crate) async fn start(
    State(app): State<App>,
    shell: Shell,
    Holding { holder, .. }: Holding,
    address: Uri,
    Path(OfRequest { request }): Path<OfRequest>,
) -> Result<Response, Refusal> {
    let request: RequestId = request.parse().map_err(|_odd| Refusal::NotFound)?;
    let found = app.services.downloads.entry(&holder, request, INDEX).await?;
    let (_, found) = found.ok_or(Refusal::NotFound)?;
    match found {
        Found::Entry(_) => {
            let index = format!("{}/{INDEX}", routes::pages(&holder, request));
            Ok(Redirect::to(&index).into_response())
        }
        Found::Growing(_) if !is_by_itself(&address) => {
            Ok(Redirect::to(&by_itself(&routes::pages(&holder, request))).into_response())
        }
        Found::Growing(paths) => {
            let page = GrowingPage::new(shell, request, &paths);
            let mut response = page.shell.page(StatusCode::OK, &page);
            let (name, value) = REFRESH;
            response.headers_mut().insert(name, value);
            Ok(response)
        }
        Found::NotYet | Found::Nothing => {
            Ok(Redirect::to(&routes::downloads(&holder)).into_response())
        }
    }
}

impl GrowingPage {
    fn new(shell: Shell, request: RequestId, paths: &[String]) -> Self {
        let mut series: Vec<(&str, Series)> = Vec::new();
        for path in paths {
            let Some((folder, study, number)) = series_of(path) else { continue };
            if series.last().is_none_or(|(last, _)| *last != folder) {
                let title = shell.text.download_series(study, number);
                series.push((folder, Series { title, count: 0, pictures: Vec::new() }));
            }
            if let Some((_, series)) = series.last_mut() {
                series.count += 1;
                if series.pictures.len() < SHOWN {
                    series.pictures.push(path.clone());
                }
            }
        }
        let is_report =
            |path: &&String| path.starts_with("IHE_PDI/RP") && kind_of(path) == Some(Kind::Pdf);
        let reports = paths.iter().filter(is_report).cloned().collect();
        let series = series.into_iter().map(|(_, series)| series).collect();
        Self { shell, request, reports, series }
    }
}

/// Folder, number of the study and of the series of a preview: `IHE_PDI/ST000001/SE000002/IM000003.JPG`, or
/// one of its frames below.
fn series_of(path: &str) -> Option<(&str, String, String)> {
    let below = path.strip_prefix("IHE_PDI/ST")?.strip_suffix(".JPG")?;
    let (study, below) = below.split_once("/SE")?;
    let (series, picture) = below.split_once("/IM")?;
    let folder = path.len().checked_sub(picture.len() + "/IM.JPG".len())?;
    let plain = |number: &str| {
        let plain = number.trim_start_matches('0');
        if plain.is_empty() { number.to_owned() } else { plain.to_owned() }
    };
    Some((path.get(..folder)?, plain(study), plain(series)))
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    /// The page of the viewer.
    Viewer,
    Style,
    Script,
    Jpeg,
    Png,
    Pdf,
    Text,
    Json,
    Dicom,
    /// What a browser is not to open: it came from elsewhere.
    File,
}

/// The kind of an entry by its path; `None` for what has no place here.
fn kind_of(path: &str) -> Option<Kind> {
    if path.starts_with("STUDIES/") || path == "DICOMDIR" {
        return Some(Kind::Dicom);
    }
    if path == VIEWER {
        return Some(Kind::Viewer);
    }
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "htm" => Kind::Page,
        "css" => Kind::Style,
        "js" => Kind::Script,
        "jpg" => Kind::Jpeg,
        "png" => Kind::Png,
        "pdf" => Kind::Pdf,
        "txt" => Kind::Text,
        "json" => Kind::Json,
        "cda" | "stl" | "obj" | "mtl" | "bin" => Kind::File,
        _ => return None,
    })
}

impl Kind {
    fn content_type(self) -> &'static str {
        match self {
            Self::Page | Self::Viewer => "text/html; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Dicom => "application/dicom",
            Self::File => "application/octet-stream",
        }
    }

    fn policy(self) -> Option<&'static str> {
        match self {
            Self::Page => Some(OF_PAGES),
            Self::Viewer => Some(OF_VIEWER),
            Self::Pdf | Self::File => Some(OF_DOCUMENTS),
            Self::Jpeg | Self::Png => Some(OF_IMAGES),
            _ => None,
        }
    }
}

/// An entry of a package.
pub(crate) async fn entry(
    State(app): State<App>,
    headers: HeaderMap,
    Client(from): Client,
    holding: Holding,
    Path(OfEntry { request, entry: path }): Path<OfEntry>,
) -> Result<Response, Refusal> {
    let request: RequestId = request.parse().map_err(|_odd| Refusal::NotFound)?;
    let kind = kind_of(&path).ok_or(Refusal::NotFound)?;
    let found = app.services.downloads.entry(&holding.holder, request, &path).await?;
    let (request, found) = found.ok_or(Refusal::NotFound)?;
    let entry = match found {
        Found::Entry(entry) => entry,
        // There is something to be said of the package, if only that it is gone.
        Found::Growing(_) | Found::NotYet | Found::Nothing if path == INDEX => {
            let pages = routes::pages(&holding.holder, request.id);
            return Ok(Redirect::to(&pages).into_response());
        }
        _ => return Err(Refusal::NotFound),
    };
    let facts = entry.facts;
    if let Some(kept) = viewer::kept_address(&path, facts) {
        return Ok(Redirect::to(&kept).into_response());
    }
    let is_deflated = facts.method == Method::Deflated;
    if is_deflated && !takes_gzip(&headers) {
        return Ok(StatusCode::NOT_ACCEPTABLE.into_response());
    }
    looks::note(&app, &holding, &request, &path, from).await?;
    let (body, length) = body(entry);
    let mut response = body.into_response();
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_LENGTH, length.into());
    // Pictures of a patient stay on no disk of a computer that others use too; and it is asked each time whether they
    // may still be seen.
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type()));
    if let Some(policy) = kind.policy() {
        fields.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    if is_deflated {
        fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if kind == Kind::File {
        fields.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    Ok(response)
}

/// The entry as the body of an answer, and its length; what cannot be read, or is not taken, breaks the answer off.
fn body(entry: Box<PackedEntry>) -> (Body, u64) {
    let length = entry.facts.compressed_bytes;
    let (before, behind) = match entry.facts.method {
        Method::Stored => (Bytes::new(), Bytes::new()),
        Method::Deflated => gzip_around(entry.facts.crc32, entry.facts.uncompressed_bytes),
    };
    let whole = length + before.len() as u64 + behind.len() as u64;
    let (pieces, body) = Pieces::new();
    drop(tokio::spawn(async move {
        let mut pieces = pieces.send(before).await?;
        let mut at = 0;
        while at < length {
            match entry.part(at).await {
                Ok(bytes) => {
                    at += bytes.len() as u64;
                    pieces = pieces.send(bytes).await?;
                }
                Err(error) => {
                    tracing::error!(%error, "an entry of a package cannot be read");
                    pieces.break_off(error);
                    return None;
                }
            }
        }
        pieces.send(behind).await.map(drop)
    }));
    (body, whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::single("IHE_PDI/ST000001/SE00000A/IM000003.JPG", Some(("IHE_PDI/ST000001/SE00000A", "1", "A")))]
    #[case::frame("IHE_PDI/ST000010/SE000002/IM000003/FR000001.JPG", Some(("IHE_PDI/ST000010/SE000002", "10", "2")))]
    #[case::thumbnail("IHE_PDI/ST000001/SE000002/THUMB.JPG", None)]
    #[case::page("IHE_PDI/ST000001/SE000002.HTM", None)]
    #[case::report("IHE_PDI/RP000001/PC000001.JPG", None)]
    #[case::dicom("STUDIES/ST000001/SE000001/IM000001", None)]
    fn previews_name_their_series(
        #[case] path: &str,
        #[case] expected: Option<(&str, &str, &str)>,
    ) {
        let found = series_of(path);
        let found = found.as_ref().map(|(folder, study, series)| (*folder, &**study, &**series));
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case("index.htm", Some(Kind::Page))]
    #[case("IHE_PDI/STYLE.CSS", Some(Kind::Style))]
    #[case("IHE_PDI/RP000001.PDF", Some(Kind::Pdf))]
    #[case("STUDIES/ST000001/SE000001/IM000001", Some(Kind::Dicom))]
    #[case("other_content/DC000001.CDA", Some(Kind::File))]
    #[case("cdviewer/index.htm", Some(Kind::Viewer))]
    #[case("cdviewer/VIEWER.JS", Some(Kind::Script))]
    #[case("DICOMDIR", Some(Kind::Dicom))]
    #[case("cdviewer/_start.exe", None)]
    #[case("cdviewer/autorun.inf", None)]
    #[case("CDINFO", None)]
    fn kinds(#[case] path: &str, #[case] expected: Option<Kind>) {
        assert_eq!(kind_of(path), expected);
    }
}
