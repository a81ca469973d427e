//! What downloads are made with.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use engine::Branding;
use engine::pacs::PacsSettings;
use jiff::SignedDuration;

use crate::downloads::SpoolSettings;

/// What downloads are made with.
#[derive(Debug, Clone)]
pub struct DownloadsSettings {
    /// Where packages lie.
    pub spool: SpoolSettings,
    /// How long a package is kept for whoever asked for it.
    pub keep: SignedDuration,
    /// Packages that are made at a time.
    pub at_once: NonZeroUsize,
    /// Packages that are made at a time from one PACS.
    pub at_once_per_pacs: NonZeroUsize,
    /// Bytes of pixel data in work at a time, over all packages.
    pub budget_bytes: u64,
    /// Where examinations are fetched from.
    pub pacs: Vec<PacsSettings>,
    /// How the institution presents itself in a package.
    pub branding: Branding,
}

impl DownloadsSettings {
    /// The usual ones, with a spool in this folder and without any PACS.
    pub fn in_folder(folder: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        // One waits for a PACS while the other computes.
        let at_once = cores.max(NonZeroUsize::MIN.saturating_add(1));
        Self {
            spool: SpoolSettings { folder, most_bytes: 20 << 30, free_bytes: 512 << 20 },
            keep: SignedDuration::from_hours(48),
            at_once,
            at_once_per_pacs: NonZeroUsize::MIN.saturating_add(1),
            budget_bytes: 64 << 20,
            pacs: Vec::new(),
            branding: Branding::default(),
        }
    }

    /// The share of one package in the budget.
    pub(crate) fn budget_each(&self) -> u64 {
        self.budget_bytes / self.at_once.get() as u64
    }

    /// Stands for all that makes a package look as it does, beside what is in it.
    pub(crate) fn maker(&self) -> Vec<u8> {
        format!("{} {:?}", env!("CARGO_PKG_VERSION"), self.branding).into_bytes()
    }
}
