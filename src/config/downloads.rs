//! The sections `[downloads]` and `[spool]`: how packages are made, and where they lie until they are fetched.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use engine::Branding;
use engine::pacs::PacsSettings;
use jiff::SignedDuration;
use portal::downloads::DownloadsSettings;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    at_once: Option<usize>,
    at_once_per_pacs: Option<usize>,
    memory_mib: Option<u64>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SpoolSection {
    folder: Option<PathBuf>,
    size_gib: Option<u32>,
    keep_hours: Option<u16>,
    free_mib: Option<u32>,
}

/// The most packages that are made at a time.
const MOST_AT_ONCE: usize = 64;
/// The least and most memory of all packages that are made at a time, in MiB.
const MEMORY: (u64, u64) = (32, 1 << 20);
/// The least and most hours that a package is kept.
const KEPT: (u16, u16) = (1, 24 * 45);

impl Section {
    /// How packages are made; the spool lies beside the store unless it has a folder of its own.
    pub(super) fn check(
        self,
        spool: SpoolSection,
        store: &Path,
        folder: &Path,
        pacs: &[PacsSettings],
        branding: &Branding,
    ) -> anyhow::Result<DownloadsSettings> {
        let place = spool.folder.map(|place| folder.join(place));
        let usual = DownloadsSettings::in_folder(
            place.unwrap_or_else(|| store.parent().unwrap_or(Path::new("")).join("spool")),
        );
        let count = |key: &str, count: Option<usize>, usual: NonZeroUsize| {
            let count = count.unwrap_or(usual.get());
            let is_sound = (1..=MOST_AT_ONCE).contains(&count);
            ensure!(is_sound, "downloads.{key} is {count}: 1 to {MOST_AT_ONCE}");
            Ok(NonZeroUsize::new(count).unwrap_or(usual))
        };
        let at_once = count("at_once", self.at_once, usual.at_once)?;
        let at_once_per_pacs =
            count("at_once_per_pacs", self.at_once_per_pacs, usual.at_once_per_pacs)?;
        let memory_mib = self.memory_mib.unwrap_or(usual.budget_bytes >> 20);
        ensure!(
            (MEMORY.0..=MEMORY.1).contains(&memory_mib),
            "downloads.memory_mib is {memory_mib}: {} to {}",
            MEMORY.0,
            MEMORY.1
        );
        let mut kept = usual.spool.clone();
        if let Some(gib) = spool.size_gib {
            ensure!(gib > 0, "spool.size_gib is 0: give it room for one package at least");
            kept.most_bytes = u64::from(gib) << 30;
        }
        if let Some(mib) = spool.free_mib {
            kept.free_bytes = u64::from(mib) << 20;
        }
        let keep = match spool.keep_hours {
            None => usual.keep,
            Some(hours) => {
                let is_sound = (KEPT.0..=KEPT.1).contains(&hours);
                ensure!(is_sound, "spool.keep_hours is {hours}: {} to {}", KEPT.0, KEPT.1);
                SignedDuration::from_hours(hours.into())
            }
        };
        Ok(DownloadsSettings {
            spool: kept,
            keep,
            at_once,
            at_once_per_pacs,
            budget_bytes: memory_mib << 20,
            pacs: pacs.to_vec(),
            branding: branding.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn check(downloads: &str, spool: &str) -> Result<DownloadsSettings, String> {
        let downloads: Section = toml::from_str(downloads).map_err(|error| error.to_string())?;
        let spool: SpoolSection = toml::from_str(spool).map_err(|error| error.to_string())?;
        let (store, folder) = (Path::new("/data/store"), Path::new("/etc/esito"));
        downloads
            .check(spool, store, folder, &[], &Branding::default())
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_spool_lies_beside_the_store_unless_it_is_told_otherwise() {
        assert_eq!(check("", "").unwrap().spool.folder, Path::new("/data/spool"));
        let told = check("", "folder = 'packages'").unwrap();
        assert_eq!(told.spool.folder, Path::new("/etc/esito/packages"));
        let told = check("", "folder = '/var/cache/esito/spool'").unwrap();
        assert_eq!(told.spool.folder, Path::new("/var/cache/esito/spool"));
    }

    #[test]
    fn every_key_counts() {
        let told = check(
            "at_once = 3\nat_once_per_pacs = 1\nmemory_mib = 80",
            "size_gib = 5\nkeep_hours = 7\nfree_mib = 9",
        )
        .unwrap();
        assert_eq!((told.at_once.get(), told.at_once_per_pacs.get()), (3, 1));
        assert_eq!((told.budget_bytes, told.keep), (80 << 20, SignedDuration::from_hours(7)));
        assert_eq!((told.spool.most_bytes, told.spool.free_bytes), (5 << 30, 9 << 20));
        let usual = check("", "").unwrap();
        assert_eq!((usual.spool.most_bytes, usual.spool.free_bytes), (20 << 30, 512 << 20));
        assert_eq!((usual.budget_bytes, usual.keep), (64 << 20, SignedDuration::from_hours(48)));
    }

    #[rstest]
    #[case::nothing("at_once = 0", "", "downloads.at_once is 0: 1 to 64")]
    #[case::per_pacs("at_once_per_pacs = 65", "", "downloads.at_once_per_pacs is 65: 1 to 64")]
    #[case::memory("memory_mib = 31", "", "downloads.memory_mib is 31: 32 to 1048576")]
    #[case::size("", "size_gib = 0", "spool.size_gib is 0")]
    #[case::kept("", "keep_hours = 0", "spool.keep_hours is 0: 1 to 1080")]
    fn faults_name_the_key(#[case] downloads: &str, #[case] spool: &str, #[case] expected: &str) {
        let error = check(downloads, spool).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
