//! The web content: the index, a page per series and per structured report, the style
//! sheet.
//!
//! Pages open from `file://` with script blocked: no script, no outside address, relative links in
//! the exact case of the entries. HTML that is also well-formed XML. What comes from a file passes
//! `shown::Shown` and the escaping of the templates before it reaches a page.
//!
//! Standard: IHE RAD PDI (RAD-47): what the index must show.

mod index;
mod link;
mod modality;
mod object_kind;
mod report;
mod series;
mod shown;

pub use index::index_page;
pub use report::{ReportFrame, is_structured_report, report_page};
pub use series::series_page;

/// A page cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("a page of the package cannot be written")]
pub struct WebError(#[from] askama::Error);

/// The style sheet of all pages.
pub fn stylesheet() -> &'static str {
    include_str!("../templates/style.css")
}

/// What the pages allow themselves: pictures and the style sheet of the package, nothing else.
pub(crate) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'";
