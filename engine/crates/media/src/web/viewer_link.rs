//! Links into the viewer: in the language of the page, and to a series of the package.
//!
//! The viewer reads them in `viewer-bundle/web/src/source/places.js`.

use model::EntryPath;

use super::{Site, link::link};
use crate::numbering::Ordinal;

/// The viewer as a page at `here` opens it; nothing when the package holds none.
pub(super) fn to_viewer(site: Site<'_>, here: &EntryPath) -> Option<String> {
    let viewer = site.contents.viewer.as_ref()?;
    Some(format!("{}#{}", link(here, viewer), site.language.tag()))
}

/// The same, at a series by the folders that its files lie in.
pub(super) fn to_series(
    site: Site<'_>,
    here: &EntryPath,
    study: Ordinal,
    series: Ordinal,
) -> Option<String> {
    Some(format!("{}/ST{study}/SE{series}", to_viewer(site, here)?))
}
