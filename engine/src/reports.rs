//! The reports that are made of content.
//!
//! What a source says is read when its instance is written, since a PACS delivers it once. PDF and page
//! are made of it when all images are in the package, with what of those it points to.

use std::collections::BTreeMap;
use std::io::Write;

use media::contents::{DocumentLink, FrameEntry, Preview};
use media::layout::{DocumentKind, ReportFormat};
use media::numbering::Ordinal;
use media::report::{
    Document, Illustration, ImageKey, ImageReference, References, ReportFrame, clinical_document,
    report_pdf, structured_report,
};
use media::web::report_page;
use model::{FileId, Notice, ReportFault, Subject};
use part10::Dataset;
use sha2::{Digest as _, Sha256};
use zipstream::{Search, deflate, store};

use crate::assembly::Assembly;
use crate::document::{Listing, Readable, fault_at_end, mime_type};
use crate::error::PackError;
use crate::key_image::{BYTES, LONGEST_SIDE, embedded, frame_index};
use crate::outcome::InstanceFacts;
use crate::sections::title_of;

/// Bytes of the sources of reports that wait; beyond, a report is made at once.
const WAITING_BYTES: u64 = 16 << 20;

/// A report that waits for the images it may point to.
#[derive(Debug)]
pub(crate) struct PendingReport {
    /// In the language of the package, and in the other.
    documents: [Document; 2],
    /// What a clinical document holds instead of text.
    pdf: Option<Vec<u8>>,
    /// The pictures inside it, as they are.
    pictures: Vec<Vec<u8>>,
    listing: Listing,
    subject: Subject,
}

/// The reports that wait.
#[derive(Debug, Default)]
pub(crate) struct PendingReports {
    reports: Vec<PendingReport>,
    source_bytes: u64,
}

impl<W: Write> Assembly<'_, W> {
    /// Writes the document of an instance that is in the package, or keeps what its report will say.
    pub(crate) fn put_document(
        &mut self,
        facts: &InstanceFacts,
        file_id: FileId,
    ) -> Result<(), PackError> {
        let dataset = facts.instance.dataset();
        let language = self.options().language;
        let languages = [language, language.other()];
        let listing = Listing::of(&dataset, file_id.clone(), facts.planned.place.study);
        let subject = Subject { file_id: Some(file_id), ..facts.planned.subject() };
        let mut impaired =
            |fault| self.notices.push(Notice::ReportImpaired(subject.clone(), fault));
        let (documents, pdf, pictures) = match Readable::of(&dataset) {
            Some(Readable::Pdf(pdf)) => {
                fault_at_end(pdf).into_iter().for_each(impaired);
                return self.put_pdf(listing, pdf);
            }
            Some(Readable::NoPdf(document)) => {
                impaired(ReportFault::NoPdf);
                return self.put_other(&dataset, document, DocumentKind::Other);
            }
            Some(Readable::Empty) => {
                impaired(ReportFault::Empty);
                return Ok(());
            }
            Some(Readable::Other(document)) => {
                let kind = DocumentKind::of(&mime_type(&dataset).unwrap_or_default());
                return self.put_other(&dataset, document, kind);
            }
            Some(Readable::Clinical(bytes)) => {
                self.put_other(&dataset, bytes, DocumentKind::Cda)?;
                let Some(cda) = clinical_document(bytes, languages) else {
                    self.notices.push(Notice::NoReport(subject));
                    return Ok(());
                };
                (cda.documents, cda.pdf, cda.pictures)
            }
            Some(Readable::Structured) => {
                let documents = languages.map(|language| structured_report(&dataset, language));
                (documents, None, Vec::new())
            }
            None => return Ok(()),
        };
        let report = PendingReport { documents, pdf, pictures, listing, subject };
        let bytes = facts.planned.instance.bytes;
        let waiting = self.pending_reports.source_bytes.saturating_add(bytes);
        if waiting > WAITING_BYTES {
            return self.put_report(report);
        }
        self.pending_reports.source_bytes = waiting;
        self.pending_reports.reports.push(report);
        Ok(())
    }

    /// Writes the reports that waited for the images.
    pub(crate) fn put_reports(&mut self) -> Result<(), PackError> {
        let pending = std::mem::take(&mut self.pending_reports);
        pending.reports.into_iter().try_for_each(|report| self.put_report(report))
    }

    fn put_pdf(&mut self, listing: Listing, pdf: &[u8]) -> Result<(), PackError> {
        let number = self.sections.next_report().ok_or_else(too_many)?;
        let path = self.options().layout.report(number, ReportFormat::Pdf);
        self.put(&path, &store(pdf.to_vec()), Sha256::digest(pdf).into(), None)?;
        self.sections.add_report(listing.link(path, None));
        Ok(())
    }

    fn put_other(
        &mut self,
        dataset: &Dataset<'_>,
        document: &[u8],
        kind: DocumentKind,
    ) -> Result<(), PackError> {
        let number = self.sections.next_document().ok_or_else(too_many)?;
        let mime_type = mime_type(dataset);
        let path = self.options().layout.other_document(number, kind);
        let entry = deflate(Search::ThreeBytes, &[document]);
        self.put(&path, &entry, Sha256::digest(document).into(), None)?;
        self.sections.add_document(DocumentLink { title: title_of(dataset), mime_type, path });
        Ok(())
    }

    /// The PDF in the language of the package, since it is what people file and send; a page in each.
    fn put_report(&mut self, report: PendingReport) -> Result<(), PackError> {
        let PendingReport { documents: [document, other], pdf: inner, pictures, listing, subject } =
            report;
        let mut references = self.references(&document);
        let bug = |error: &dyn std::fmt::Display| PackError::Bug(error.to_string());
        let number = self.sections.next_report().ok_or_else(too_many)?;
        self.put_pictures(number, &pictures, &mut references)?;
        let options = self.options();
        let frame = ReportFrame {
            language: options.language,
            main_language: options.language,
            layout: options.layout,
            branding: &options.branding,
            institution: self.sections.institution(),
            patient: self.sections.patient(),
            number,
        };
        let in_other = ReportFrame { language: options.language.other(), ..frame };
        let path = frame.pdf();
        let pdf = report_pdf(frame, &document, &references).map_err(|error| bug(&error))?;
        let pages = [(frame, &document), (in_other, &other)].map(|(frame, document)| {
            (frame.page(frame.language), report_page(frame, document, &references))
        });
        let fault = match (document.is_cut(), pdf.is_cut) {
            (true, _) => Some(ReportFault::Cut),
            (false, true) => Some(ReportFault::CutPdf),
            (false, false) => None,
        };
        let faults = fault.into_iter().chain(inner.as_deref().and_then(fault_at_end));
        self.notices.extend(faults.map(|fault| Notice::ReportImpaired(subject.clone(), fault)));
        let digest = Sha256::digest(&pdf.bytes).into();
        self.put(&path, &store(pdf.bytes), digest, None)?;
        for (path, page) in pages {
            let page = page.map_err(|error| bug(&error))?;
            self.put_text(&path, page.as_bytes())?;
        }
        self.sections.add_report(listing.clone().link(path, Some(number)));
        inner.map_or(Ok(()), |pdf| self.put_pdf(listing, &pdf))
    }

    /// Writes the pictures inside a document, as far as they can be decoded.
    fn put_pictures(
        &mut self,
        report: Ordinal,
        pictures: &[Vec<u8>],
        references: &mut References,
    ) -> Result<(), PackError> {
        let mut bytes = 0;
        for (index, (number, picture)) in (1..).zip(pictures).enumerate() {
            let picture = embedded(picture, LONGEST_SIDE);
            let Ok((picture, number)) = picture.map(|picture| (picture, Ordinal::new(number)))
            else {
                continue;
            };
            bytes += picture.jpeg.len();
            if bytes > BYTES {
                break;
            }
            let path = self.options().layout.report_picture(report, number.ok_or_else(too_many)?);
            let digest = Sha256::digest(&picture.jpeg).into();
            self.put(&path, &store(picture.jpeg.clone()), digest, None)?;
            let preview = Preview { path, width: picture.width, height: picture.height };
            references.illustrate(index, Illustration { preview, picture });
        }
        Ok(())
    }

    /// The images of the package that a report points to.
    fn references(&mut self, document: &Document) -> References {
        let keys = document.images();
        let mut wanted: BTreeMap<&str, Vec<&ImageKey>> = BTreeMap::new();
        for key in keys {
            wanted.entry(&key.sop_instance).or_default().push(key);
        }
        let mut references = References::default();
        if wanted.is_empty() {
            return references;
        }
        self.key_images.begin_report();
        for planned in self.plan.instances.iter().chain(&self.unlisted) {
            let sop_instance = planned.instance.sop_instance.as_str();
            let Some(keys) = wanted.get(sop_instance) else { continue };
            let file_id = self.options.layout.file_id(&planned.place);
            let Some((series, image)) = self.sections.image(&planned.place, &file_id) else {
                continue;
            };
            for key in keys {
                let index = frame_index(key);
                let frame = image.frames.get(to_usize(index));
                let preview = match frame {
                    Some(FrameEntry::Preview(preview)) => Some(preview.clone()),
                    _ => None,
                };
                let shown = |number: &Option<String>, place: u32| {
                    number.clone().unwrap_or_else(|| place.to_string())
                };
                let picture =
                    preview.as_ref().and_then(|_| self.key_images.picture(planned, index));
                references.insert(
                    (*key).clone(),
                    ImageReference {
                        series: shown(&series.number, planned.place.series.get()),
                        number: shown(&image.number, planned.place.instance.get()),
                        place: planned.place,
                        // What is beyond the frames that are shown leads to the image.
                        anchor: image.anchor(frame.map_or(0, |_| to_usize(index))),
                        preview,
                        picture,
                    },
                );
            }
        }
        references
    }
}

fn to_usize(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

pub(crate) fn too_many() -> PackError {
    PackError::TooLarge("there are more documents than numbers".to_owned())
}
