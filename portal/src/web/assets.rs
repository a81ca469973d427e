//! Style sheets, script and logo, part of the program: there is no folder to climb out of.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::branding::{Logo, Theme};
use sha2::{Digest, Sha256};

use crate::web::App;
use crate::web::error::Refusal;

/// Tokens first: what follows is written in them.
const STYLE: &str = concat!(
    include_str!("../../templates/tokens.css"),
    include_str!("../../templates/portal.css"),
    include_str!("../../templates/pages.css"),
    include_str!("../../templates/panel.css"),
    include_str!("../../templates/share.css"),
);
const SCRIPT: &str = concat!(
    include_str!("../../templates/portal.js"),
    include_str!("../../templates/panel.js"),
    include_str!("../../templates/share.js"),
);

const ICON: &str = include_str!("../../templates/icon.svg");

/// The path of the icon of the site.
pub(crate) const ICON_ROUTE: &str = "/assets/icon.svg";
/// The path of the style sheet, without what follows from its content.
pub(crate) const STYLE_ROUTE: &str = "/assets/portal.css";
/// The path of the colours of the institution.
pub(crate) const THEME_ROUTE: &str = "/assets/theme.css";
/// The path of the script.
pub(crate) const SCRIPT_ROUTE: &str = "/assets/portal.js";
/// The path of the logo.
pub(crate) const LOGO_ROUTE: &str = "/assets/logo";

/// How pages name the style sheet: another content has another name, so it may be kept for ever.
pub(crate) static STYLE_PATH: LazyLock<String> =
    LazyLock::new(|| versioned(STYLE_ROUTE, STYLE.as_bytes()));
/// How pages name the script.
pub(crate) static SCRIPT_PATH: LazyLock<String> =
    LazyLock::new(|| versioned(SCRIPT_ROUTE, SCRIPT.as_bytes()));

/// A logo as pages show it.
#[derive(Debug, Clone)]
pub(crate) struct LogoImage {
    pub(crate) path: String,
    /// Pixels, so that nothing moves when it arrives.
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl LogoImage {
    pub(crate) fn of(logo: &Logo) -> Self {
        let path = versioned(LOGO_ROUTE, logo.bytes());
        Self { path, width: logo.width(), height: logo.height() }
    }
}

/// How pages name the colours of the institution; none where they are those of the style sheet.
pub(crate) fn theme_path(theme: &Theme) -> Option<String> {
    let is_own = *theme != Theme::default();
    is_own.then(|| versioned(THEME_ROUTE, theme_sheet(theme).as_bytes()))
}

/// The colours of the institution. Links keep their own on a dark page, where those would not be read.
fn theme_sheet(theme: &Theme) -> String {
    let (primary, on_primary, link) = (theme.primary(), theme.on_primary(), theme.link());
    format!(
        ".patient {{ --brand: {primary}; --on-brand: {on_primary}; }}\n\
         @media screen and (prefers-color-scheme: light) {{ .patient {{ --accent: {link}; }} }}\n"
    )
}

pub(crate) fn versioned(path: &str, content: &[u8]) -> String {
    format!("{path}?{}", digest_of(&Sha256::digest(content).into()))
}

/// How a SHA-256 stands in an address: as much of it as tells one content from another.
pub(crate) fn digest_of(sha256: &[u8; 32]) -> String {
    let mut digits = String::with_capacity(16);
    for byte in sha256.iter().take(8) {
        // Writing to a String cannot fail.
        write!(digits, "{byte:02x}").unwrap_or_default();
    }
    digits
}

pub(crate) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

pub(crate) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

pub(crate) async fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

/// The icon where browsers ask for one that no page names: at an address that stays when it changes, so it is not kept.
pub(crate) async fn favicon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON).into_response()
}

pub(crate) async fn theme(State(app): State<App>) -> Response {
    asset("text/css; charset=utf-8", theme_sheet(&app.settings.branding().theme))
}

pub(crate) async fn logo(State(app): State<App>) -> Result<Response, Refusal> {
    let logo = app.settings.branding().logo.as_ref().ok_or(Refusal::NotFound)?;
    let kind = if logo.is_png() { "image/png" } else { "image/jpeg" };
    Ok(asset(kind, logo.bytes().to_vec()))
}

pub(crate) fn asset(kind: &'static str, content: impl IntoResponse) -> Response {
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    let kind = HeaderValue::from_static(kind);
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], content).into_response()
}
