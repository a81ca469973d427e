//! Takes finished work in order and writes the ZIP: instances and previews as they come, then what
//! needs to know them all.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use media::Date;
use media::contents::{FrameEntry, Preview};
use media::dicomdir::{ChangeKind, Dicomdir, Fallbacks, ReferencedFile, Rejected};
use media::layout::PackageName;
use media::manifest::{ManifestBuilder, ManifestEntry};
use media::numbering::{Ordinal, Place};
use model::{
    EntryPath, Notice, PreviewFault, PreviewGap, Refusal, SopInstanceUid, StudyInstanceUid,
    Subject, TransferSyntaxUid,
};
use part10::END_OF_FRAGMENTS;
use sha2::{Digest as _, Sha256};
use zipstream::{DosDateTime, PreparedEntry, ZipStream};

use crate::counted::Counted;
use crate::error::PackError;
use crate::identify::package_name;
use crate::key_image::KeyImages;
use crate::outcome::{
    AsStored, InstanceFacts, Loss, Outcome, Piece, StreamedInstance, WholeInstance,
};
use crate::picture::{FrameOutcome, Jpeg};
use crate::plan::{Plan, Planned};
use crate::progress::{Progress, WrittenEntry};
use crate::reports::PendingReports;
use crate::request::Options;
use crate::retrieval::Tally;
use crate::sections::Sections;
use crate::spool::{EntrySpool, Spool, faults};
use crate::stock::Stock;

/// Bytes copied at a time from an instance to its spool.
const COPY_BYTES: u64 = 1 << 20;

/// A package being written.
pub(crate) struct Assembly<'a, W> {
    pub(crate) options: &'a Options,
    pub(crate) plan: &'a Plan,
    pub(crate) package: PackageName,
    pub(crate) zip: ZipStream<Counted<W>>,
    modified: DosDateTime,
    pub(crate) manifest: ManifestBuilder,
    pub(crate) dicomdir: Dicomdir,
    pub(crate) sections: Sections,
    pub(crate) notices: Vec<Notice>,
    pub(crate) transfer_syntaxes: BTreeSet<TransferSyntaxUid>,
    pub(crate) tallies: BTreeMap<StudyInstanceUid, Tally>,
    pub(crate) left_out: u64,
    /// Instances that are in the package and were not in the plan.
    pub(crate) unlisted: Vec<Planned>,
    /// Instances that were not in the plan: they came, in the package or not, or are missed.
    pub(crate) beside: u64,
    /// Of these, those that came and were refused.
    refused_beside: u64,
    pub(crate) rendered: u64,
    pub(crate) dicom_bytes: u64,
    /// Of the digests of all entries so far.
    pub(crate) contents: Sha256,
    /// Keys of directory records that differ from the files, and how often.
    pub(crate) directory_changes: BTreeMap<String, u64>,
    /// What previews of the instance at hand do not show, and how many of them.
    gaps: BTreeMap<PreviewGap, u32>,
    /// What becomes reports when all images are in.
    pub(crate) pending_reports: PendingReports,
    pub(crate) key_images: KeyImages,
    /// The large instance that is being collected.
    spool: Option<Spool>,
    /// Who is told of entries.
    pub(crate) progress: &'a mut dyn Progress,
}

impl<'a, W: Write> Assembly<'a, W> {
    /// An empty package.
    pub(crate) fn new(
        sink: W,
        options: &'a Options,
        plan: &'a Plan,
        stock: Stock,
        progress: &'a mut dyn Progress,
    ) -> Self {
        Self {
            options,
            plan,
            package: package_name(plan),
            zip: ZipStream::new(Counted::new(sink)),
            modified: entry_time(&plan.study_date, &plan.study_time),
            manifest: ManifestBuilder::new(),
            dicomdir: Dicomdir::new(Fallbacks::default()),
            sections: Sections::default(),
            notices: plan.notices.clone(),
            transfer_syntaxes: BTreeSet::new(),
            tallies: BTreeMap::new(),
            left_out: 0,
            unlisted: Vec::new(),
            beside: 0,
            refused_beside: 0,
            rendered: 0,
            dicom_bytes: 0,
            contents: Sha256::new(),
            directory_changes: BTreeMap::new(),
            gaps: BTreeMap::new(),
            pending_reports: PendingReports::default(),
            key_images: KeyImages::new(plan.as_stored, stock),
            spool: None,
            progress,
        }
    }

    pub(crate) fn options(&self) -> &Options {
        self.options
    }

    pub(crate) fn bytes_written(&self) -> u64 {
        self.zip.bytes_written()
    }

    /// How many instances are in the package.
    pub(crate) fn received(&self) -> u64 {
        self.tallies.values().map(|tally| tally.received).sum()
    }

    /// Writes what a worker has finished; gives the bytes of the source when an instance is done.
    pub(crate) fn write(&mut self, outcome: Outcome) -> Result<Option<u64>, PackError> {
        match outcome {
            Outcome::Whole(whole) => self.write_whole(*whole).map(Some),
            Outcome::Begin { planned, frame_count, deflated } => {
                let folder = &self.options.temporary_folder;
                let spool = Spool::new_in(folder, planned, frame_count, deflated);
                self.spool = Some(spool.map_err(|error| self.temporary(error))?);
                Ok(None)
            }
            Outcome::Piece(piece) => self.take_piece(piece).map(|()| None),
            Outcome::End(streamed) => self.write_streamed(*streamed).map(Some),
            Outcome::Failed(error) => Err(error),
            Outcome::Beside(notice) => {
                let refused = u64::from(notice.is_absence());
                self.beside += refused;
                self.refused_beside += refused;
                self.notices.push(notice);
                Ok(None)
            }
            Outcome::Lost(planned, loss) => {
                self.spool = None;
                let bytes = planned.instance.bytes;
                self.lose(&planned, loss);
                Ok(Some(bytes))
            }
        }
    }

    fn lose(&mut self, planned: &Planned, loss: Loss) {
        self.gaps.clear();
        self.beside += u64::from(!planned.is_listed);
        let subject = planned.subject();
        let tally = self.tallies.entry(planned.instance.study.clone()).or_default();
        tally.lost += 1;
        self.notices.push(match loss {
            Loss::Refused(refusal) => {
                tally.refusal.get_or_insert_with(|| refusal.clone());
                Notice::Refused(subject, refusal)
            }
            Loss::Missing => {
                tally.missing += 1;
                Notice::Missing(subject)
            }
            Loss::LeftOut(sop_class) => {
                self.left_out += 1;
                Notice::LeftOut(subject, sop_class)
            }
        });
    }

    /// Tells that so many instances are not there that no PACS lists; those of them that came and were refused are
    /// told already.
    pub(crate) fn miss(&mut self, instances: u64) {
        let instances = instances.saturating_sub(self.refused_beside);
        self.beside += instances;
        self.notices.extend((0..instances).map(|_| Notice::Missing(Subject::default())));
    }

    fn write_whole(&mut self, whole: WholeInstance) -> Result<u64, PackError> {
        let WholeInstance { facts, entry, sha256, frames, thumbnail } = whole;
        let source_bytes = facts.planned.instance.bytes;
        let place = facts.planned.place;
        if !self.list(&facts) {
            return Ok(source_bytes);
        }
        let path = self.options.layout.dicom_file(&place);
        let sop_instance = facts.instance.identity().sop_instance.clone();
        self.dicom_bytes += entry.facts().compressed_bytes;
        self.put(&path, &entry, sha256, Some(&sop_instance))?;
        drop(entry);
        let count = facts.frame_count.unwrap_or(0);
        let mut shown = Vec::with_capacity(frames.len());
        for (index, outcome) in frames.into_iter().enumerate() {
            shown.push(self.put_frame(&place, count, index, outcome)?);
        }
        let thumbnail = self.put_thumbnail(&place, thumbnail)?;
        self.admit(&facts, shown, thumbnail)?;
        Ok(source_bytes)
    }

    fn take_piece(&mut self, piece: Piece) -> Result<(), PackError> {
        let Some(mut spool) = self.spool.take() else {
            return Err(PackError::Bug("a piece belongs to no instance".into()));
        };
        let Piece { bytes, chunks, preview, thumbnail, undecodable } = piece;
        spool.undecodable |= undecodable;
        spool.push(&bytes, &chunks).map_err(|error| self.temporary(error))?;
        let place = spool.planned.place;
        if let Some(outcome) = preview {
            let index = spool.frames.len();
            spool.frames.push(self.put_frame(&place, spool.frame_count, index, outcome)?);
        }
        if let Some(thumbnail) = self.put_thumbnail(&place, thumbnail)? {
            spool.thumbnail = Some(thumbnail);
        }
        self.spool = Some(spool);
        Ok(())
    }

    fn write_streamed(&mut self, streamed: StreamedInstance) -> Result<u64, PackError> {
        let Some(spool) = self.spool.take() else {
            return Err(PackError::Bug("the end of no instance".into()));
        };
        let StreamedInstance { mut facts, as_stored } = streamed;
        let source_bytes = facts.planned.instance.bytes;
        let place = facts.planned.place;
        let frames = spool.frames.clone();
        let thumbnail = spool.thumbnail.clone();
        let entry = match as_stored {
            Some(as_stored) if spool.undecodable => {
                match self.spool_as_stored(&mut facts, as_stored)? {
                    Ok(entry) => entry,
                    Err(refusal) => {
                        self.lose(&facts.planned, Loss::Refused(refusal));
                        return Ok(source_bytes);
                    }
                }
            }
            _ => spool.into_entry(),
        };
        if !self.list(&facts) {
            return Ok(source_bytes);
        }
        let (entry, sha256) = entry.finish().map_err(|error| self.temporary(error))?;
        let path = self.options.layout.dicom_file(&place);
        let sop_instance = facts.instance.identity().sop_instance.clone();
        self.dicom_bytes += entry.facts().compressed_bytes;
        let in_zip = self.in_zip(&path)?;
        let written = self.zip.write_spooled(in_zip.as_str(), self.modified, entry);
        let placement = written.map_err(PackError::Sink)?;
        let sop_instance = Some(&sop_instance);
        self.record(WrittenEntry {
            path: &path,
            in_zip: &in_zip,
            placement,
            sha256,
            sop_instance,
        })?;
        self.admit(&facts, frames, thumbnail)?;
        Ok(source_bytes)
    }

    /// Collects the entry anew, with the pixels as they are stored.
    fn spool_as_stored(
        &self,
        facts: &mut InstanceFacts,
        as_stored: AsStored,
    ) -> Result<Result<EntrySpool, Refusal>, PackError> {
        let AsStored { head, items, tail, transfer_syntax } = as_stored;
        let temporary = |error| self.temporary(error);
        let mut spool =
            EntrySpool::new_in(&self.options.temporary_folder, false).map_err(temporary)?;
        spool.push(&head, &[]).map_err(temporary)?;
        let mut at = items.start;
        let mut bytes = Vec::new();
        while at < items.end {
            let end = items.end.min(at + COPY_BYTES);
            if let Err(refusal) = facts.instance.read_into(at..end, &mut bytes) {
                return Ok(Err(refusal));
            }
            spool.push(&bytes, &[]).map_err(temporary)?;
            at = end;
        }
        spool.push(&END_OF_FRAGMENTS, &[]).map_err(temporary)?;
        spool.push(&tail, &[]).map_err(temporary)?;
        facts.transfer_syntax = transfer_syntax;
        facts.kept_compressed = true;
        Ok(Ok(spool))
    }

    /// Gives the instance its directory record; without one it has no place in the package.
    fn list(&mut self, facts: &InstanceFacts) -> bool {
        let file_id = self.options.layout.file_id(&facts.planned.place);
        let added = self.dicomdir.add(&ReferencedFile {
            identity: facts.instance.identity(),
            dataset: &facts.instance.dataset(),
            has_pixel_data: facts.instance.pixels().is_some(),
            file_id: &file_id,
            transfer_syntax: &facts.transfer_syntax,
        });
        match added {
            Ok(added) => {
                for change in added.changes {
                    let name = format!("{} {}", change.tag, how(change.kind));
                    *self.directory_changes.entry(name).or_default() += 1;
                }
                true
            }
            Err(Rejected::NoRecordType(_)) => {
                let class = facts.instance.identity().sop_class.clone();
                self.lose(&facts.planned, Loss::LeftOut(class));
                false
            }
            Err(error @ Rejected::TooLong) => {
                self.lose(&facts.planned, Loss::Refused(Refusal::OverLimit(error.to_string())));
                false
            }
        }
    }

    /// Tells pages, notices and counts of an instance that is in the package.
    fn admit(
        &mut self,
        facts: &InstanceFacts,
        frames: Vec<FrameEntry>,
        thumbnail: Option<Preview>,
    ) -> Result<(), PackError> {
        let file_id = self.options.layout.file_id(&facts.planned.place);
        let subject = || Subject { file_id: Some(file_id.clone()), ..facts.planned.subject() };
        let study = facts.instance.identity().study.clone();
        self.tallies.entry(study).or_default().received += 1;
        if !facts.planned.is_listed {
            self.beside += 1;
            self.unlisted.push(facts.planned.clone());
        }
        if let Ok(syntax) = TransferSyntaxUid::from_wire(facts.transfer_syntax.as_bytes()) {
            if facts.kept_compressed {
                self.notices.push(Notice::KeptCompressed(subject(), syntax.clone()));
            }
            self.transfer_syntaxes.insert(syntax);
        }
        let count = facts.frame_count.unwrap_or(0);
        let shown = u32::try_from(frames.len()).unwrap_or(u32::MAX);
        if let Some((without, fault)) = faults(&frames) {
            // One placeholder stands for all frames of an instance that cannot be read at all.
            let without = if without == 1 && shown == 1 { count } else { without };
            self.notices.push(Notice::NoPreview { subject: subject(), frames: without, fault });
        }
        for (gap, frames) in std::mem::take(&mut self.gaps) {
            self.notices.push(Notice::PreviewIncomplete { subject: subject(), frames, gap });
        }
        if shown < count && shown == self.options.previews_per_instance {
            self.notices.push(Notice::PreviewsCapped { subject: subject(), shown, frames: count });
        }
        self.sections.add(facts, file_id.clone(), frames);
        self.put_document(facts, file_id)?;
        if let Some(thumbnail) = thumbnail {
            self.sections.set_thumbnail(&facts.planned.place, thumbnail);
        }
        Ok(())
    }

    fn put_frame(
        &mut self,
        place: &Place,
        frame_count: u32,
        index: usize,
        outcome: FrameOutcome,
    ) -> Result<FrameEntry, PackError> {
        let jpeg = match outcome {
            Ok(jpeg) => jpeg,
            Err(fault) => return Ok(FrameEntry::Placeholder(fault)),
        };
        let number = u32::try_from(index).ok().and_then(|index| Ordinal::new(index + 1));
        let path = match number {
            Some(number) if frame_count > 1 => self.options.layout.frame_preview(place, number),
            Some(_) => self.options.layout.preview(place),
            None => return Ok(FrameEntry::Placeholder(PreviewFault::OverLimit)),
        };
        self.rendered += 1;
        if let Some(gap) = jpeg.gap {
            *self.gaps.entry(gap).or_default() += 1;
        }
        self.put_jpeg(path, &jpeg).map(FrameEntry::Preview)
    }

    fn put_thumbnail(
        &mut self,
        place: &Place,
        thumbnail: Option<Jpeg>,
    ) -> Result<Option<Preview>, PackError> {
        let Some(jpeg) = thumbnail else { return Ok(None) };
        let path = self.options.layout.thumbnail(place.study, place.series);
        self.put_jpeg(path, &jpeg).map(Some)
    }

    fn put_jpeg(&mut self, path: EntryPath, jpeg: &Jpeg) -> Result<Preview, PackError> {
        self.put(&path, &jpeg.entry, jpeg.sha256, None)?;
        Ok(Preview { path, width: jpeg.width, height: jpeg.height })
    }

    fn in_zip(&self, path: &EntryPath) -> Result<EntryPath, PackError> {
        let in_zip = self.options.layout.in_zip(&self.package, path);
        in_zip.map_err(|error| PackError::Bug(error.to_string()))
    }

    pub(crate) fn put(
        &mut self,
        path: &EntryPath,
        entry: &PreparedEntry,
        sha256: [u8; 32],
        sop_instance: Option<&SopInstanceUid>,
    ) -> Result<(), PackError> {
        let in_zip = self.in_zip(path)?;
        let written = self.zip.write_entry(in_zip.as_str(), self.modified, entry);
        let placement = written.map_err(PackError::Sink)?;
        self.record(WrittenEntry { path, in_zip: &in_zip, placement, sha256, sop_instance })
    }

    fn record(&mut self, written: WrittenEntry<'_>) -> Result<(), PackError> {
        let WrittenEntry { path, sha256, sop_instance, placement, .. } = written;
        self.contents.update(path.as_str());
        self.contents.update(sha256);
        let bytes = placement.facts.uncompressed_bytes;
        let entry = ManifestEntry { path, bytes, sha256, sop_instance };
        self.manifest.push(entry).map_err(|error| PackError::Bug(error.to_string()))?;
        self.progress.entry(written);
        Ok(())
    }

    fn temporary(&self, source: std::io::Error) -> PackError {
        let folder = self.options.temporary_folder.path().display().to_string();
        PackError::Temporary { folder, source }
    }
}

fn how(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Invented => "invented",
        ChangeKind::Corrected => "corrected",
        ChangeKind::Omitted => "omitted",
    }
}

/// The time of all entries: when the latest study was made, or the earliest time that a ZIP knows.
fn entry_time(date: &str, time: &str) -> DosDateTime {
    let part =
        |range| time.get::<std::ops::Range<usize>>(range).and_then(|digits| digits.parse().ok());
    let (hour, minute, second) =
        (part(0..2).unwrap_or(0), part(2..4).unwrap_or(0), part(4..6).unwrap_or(0));
    Date::from_da(date)
        .and_then(|date| {
            let (year, month, day) = (date.year(), date.month(), date.day());
            DosDateTime::new(year, month, day, hour, minute, second)
                .or_else(|_no_time| DosDateTime::new(year, month, day, 0, 0, 0))
                .ok()
        })
        .unwrap_or(DosDateTime::EARLIEST)
}
