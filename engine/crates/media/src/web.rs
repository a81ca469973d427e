//! The web content: the index, a stack page and sheets for each series, an overview of each study,
//! a page for each structured report; one style sheet, one script.
//!
//! Pages open from `file://`, in two languages, and are whole with script blocked: no outside
//! address, relative links in the exact case of the entries. HTML that is also well-formed XML. What
//! comes from a file passes `shown::Shown` and the escaping of the templates before it reaches a page.
//!
//! Standard: IHE RAD PDI (RAD-47): what the index must show.

mod body_part;
mod frames;
mod head;
mod index;
mod link;
mod object_kind;
mod overview;
mod report;
mod series;
mod series_list;
mod shown;
mod viewer_link;
mod window;

use std::fmt::Write as _;
use std::iter::once_with;

use model::EntryPath;
use texts::Language;

use crate::branding::Theme;
use crate::contents::PackageContents;
use crate::layout::Edition;

pub(crate) use head::PatientView;
pub(crate) use link::link;
pub use report::report_page;
pub(crate) use shown::Shown;

/// A page cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("a page of the package cannot be written")]
pub struct WebError(#[from] askama::Error);

/// A page, ready to be written: where it goes, and XHTML in UTF-8.
pub type Page = (EntryPath, String);

/// The style sheet of all pages, in the colours of a theme.
pub fn stylesheet(theme: &Theme) -> String {
    let mut sheet = String::new();
    let (primary, on_primary, link) = (theme.primary(), theme.on_primary(), theme.link());
    // Writing to a String cannot fail.
    writeln!(
        sheet,
        ":root {{ --primary: {primary}; --on-primary: {on_primary}; --link: {link}; }}"
    )
    .unwrap_or_default();
    sheet.push_str(include_str!("../templates/style.css"));
    sheet
}

/// The script of the pages: ES5, so that old browsers run it too.
pub fn script() -> &'static str {
    include_str!("../templates/stack.js")
}

/// What the pages allow themselves: pictures, the style sheet and the script of the package.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self'; \
    style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'";

/// Every page of both editions, made one at a time.
///
/// # Errors
/// [`WebError`] when a template fails, which no content can cause.
///
/// # Limits
/// The index grows with the number of studies, reports and kinds of notice, not with the images, and
/// with the series only up to 60; pages beside it list them all then. A stack page lists 10 000 frames
/// at most, a sheet shows 96, an overview 12 of a series, fewer with more than 50 series.
pub fn pages(contents: &PackageContents) -> impl Iterator<Item = Result<Page, WebError>> {
    [contents.language, contents.language.other()]
        .into_iter()
        .flat_map(move |language| Site { contents, language }.pages())
}

/// The pages of one language.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) contents: &'a PackageContents,
    pub(crate) language: Language,
}

impl<'a> Site<'a> {
    fn pages(self) -> impl Iterator<Item = Result<Page, WebError>> + use<'a> {
        let of_studies = self.contents.studies.iter().flat_map(move |study| {
            let of_series = study.series.iter();
            let of_series = of_series.flat_map(move |series| series::pages(self, study, series));
            once_with(move || overview::page(self, study))
                .chain(series_list::pages(self, study))
                .chain(of_series)
        });
        of_studies.chain(once_with(move || index::page(self)))
    }

    pub(crate) fn edition(self) -> Edition {
        self.contents.edition(self.language)
    }
}
