//! Where an instance of the package can be opened once more.

use std::path::Path;
use std::sync::Arc;

use model::SopInstanceUid;
use part10::{Instance, Limits};

use crate::shelf::Shelf;

/// The instances of one package.
#[derive(Debug, Clone)]
pub(crate) enum Stock {
    /// They lie in a folder.
    Folder,
    /// They come from a PACS, and lie here as long as they are wanted.
    Shelf(Arc<Shelf>),
}

impl Stock {
    /// Opens an instance of the plan; `None` where that cannot be done.
    pub(crate) fn open(
        &self,
        sop_instance: &SopInstanceUid,
        path: Option<&Path>,
        limits: &Limits,
    ) -> Option<Instance> {
        match self {
            Self::Folder => Instance::open(path?, limits).ok(),
            Self::Shelf(shelf) => shelf.open(sop_instance),
        }
    }

    /// Waits until these instances can be opened, as far as they ever can.
    pub(crate) fn wait_for<'u>(&self, wanted: impl IntoIterator<Item = &'u SopInstanceUid>) {
        match self {
            Self::Folder => {}
            Self::Shelf(shelf) => shelf.wait_for(wanted),
        }
    }
}
