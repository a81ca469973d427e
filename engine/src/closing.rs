//! The entries that need to know the whole package: pages, readme, DICOMDIR, manifest.

use std::io::Write;

use media::contents::{Counts, PackageContents};
use media::dicomdir::FileSetId;
use media::{cd_info, readme, web};
use model::{EntryPath, Notice, SopInstanceUid};
use sha2::{Digest as _, Sha256};
use zipstream::{Search, deflate, store};

use crate::assembly::Assembly;
use crate::contents::Contents;
use crate::error::PackError;
use crate::plan::refusal_of;
use crate::report::{PackageReport, Phases};
use crate::usage::Usage;

/// File-set ID (0004,1130) of all packages; it says nothing of the patient.
const FILE_SET_ID: &str = "ESITO";

impl<W: Write> Assembly<'_, W> {
    /// Writes what is left and ends the ZIP.
    ///
    /// # Errors
    /// [`PackError`] when no instance is in the package, or it cannot be written.
    pub(crate) fn finish(mut self) -> Result<PackageReport, PackError> {
        let plan = self.plan;
        let received = self.received();
        if received == 0 && !self.options.may_be_without_instances() {
            return Err(self.nothing_left());
        }
        let counts = Counts {
            expected: (plan.expected + self.beside).saturating_sub(self.left_out),
            received,
            rendered: self.rendered,
        };
        self.put_reports()?;
        self.put_pages(counts)?;
        if received > 0 {
            self.put_dicomdir()?;
        }
        let manifest = std::mem::take(&mut self.manifest);
        let manifest = manifest.finish(counts, &self.notices).map_err(bug)?;
        let path = self.options().layout.manifest();
        self.put_text(&path, &manifest)?;
        let entries = self.zip.entries();
        let mut sink = self.zip.finish().map_err(PackError::Sink)?;
        sink.flush().map_err(PackError::Sink)?;
        Ok(PackageReport {
            package: self.package.to_string(),
            counts,
            files: plan.files,
            notices: self.notices,
            directory_changes: self.directory_changes,
            entries,
            zip_bytes: sink.bytes,
            dicom_bytes: self.dicom_bytes,
            phases: Phases::default(),
            usage: Usage::default(),
            failures: Vec::new(),
        })
    }

    /// Why there is nothing to be in the package.
    fn nothing_left(&self) -> PackError {
        let reports_only = self.notices.iter().find_map(|notice| match notice {
            Notice::ReportsOnly { left_out, .. } => Some(*left_out),
            _ => None,
        });
        match (self.notices.iter().find_map(refusal_of), reports_only) {
            (None, Some(instances)) if self.plan.instances.is_empty() => {
                PackError::NoReport { instances }
            }
            (Some(first), _) => {
                let (instances, first) = (self.plan.instances.len(), first.clone());
                PackError::AllRefused { instances, first }
            }
            (None, _) => PackError::NothingListable { instances: self.plan.instances.len() },
        }
    }

    fn put_pages(&mut self, counts: Counts) -> Result<(), PackError> {
        let sections = std::mem::take(&mut self.sections);
        let mut contents = sections.contents(self.options(), self.notices.clone(), counts);
        contents.transfer_syntaxes = std::mem::take(&mut self.transfer_syntaxes);
        let layout = contents.layout;
        if self.options().viewer && self.options().contents == Contents::Everything {
            self.put_viewer(&mut contents)?;
        }
        self.put_text(&layout.stylesheet(), web::stylesheet(&contents.branding.theme).as_bytes())?;
        self.put_text(&layout.script(), web::script().as_bytes())?;
        if let Some(logo) = &contents.branding.logo {
            let path = layout.logo(logo.is_png());
            let digest = Sha256::digest(logo.bytes()).into();
            self.put(&path, &store(logo.bytes().to_vec()), digest, None)?;
        }
        for page in web::pages(&contents) {
            let (path, page) = page.map_err(bug)?;
            self.put_text(&path, page.as_bytes())?;
        }
        self.manifest.list_reports(&contents);
        self.put_text(&layout.readme(), readme::readme(&contents).as_bytes())?;
        self.put_small_texts(&contents)
    }

    fn put_small_texts(&mut self, contents: &PackageContents) -> Result<(), PackError> {
        let layout = contents.layout;
        if let Some(path) = layout.cd_info() {
            self.put_text(&path, cd_info::cd_info(contents).as_bytes())?;
        }
        if let Some(path) = layout.media_info() {
            self.put_text(&path, cd_info::media_info(contents).as_bytes())?;
        }
        Ok(())
    }

    fn put_dicomdir(&mut self) -> Result<(), PackError> {
        let dicomdir = std::mem::take(&mut self.dicomdir);
        let digest: [u8; 32] = self.contents.clone().finalize().into();
        let number = digest.last_chunk().copied().map_or(0, u128::from_be_bytes);
        let file_set_uid: SopInstanceUid = format!("2.25.{number}").parse().map_err(bug)?;
        let file_set_id: FileSetId = FILE_SET_ID.parse().map_err(bug)?;
        let bytes = dicomdir
            .finish(&file_set_uid, &file_set_id)
            .map_err(|error| PackError::TooLarge(error.to_string()))?;
        self.put_text(&self.options().layout.dicomdir(), &bytes)
    }

    /// Writes a text of ours, compressed.
    pub(crate) fn put_text(&mut self, path: &EntryPath, bytes: &[u8]) -> Result<(), PackError> {
        let entry = deflate(Search::ThreeBytes, &[bytes]);
        self.put(path, &entry, Sha256::digest(bytes).into(), None)
    }
}

fn bug(error: impl std::fmt::Display) -> PackError {
    PackError::Bug(error.to_string())
}
