//! The reports that are made of content, when all images are in the package: each source is opened
//! once more, and so is each image that a report shows, so that nothing is kept in between.

use std::collections::BTreeMap;
use std::io::Write;

use media::contents::{DocumentLink, FrameEntry};
use media::layout::{DocumentKind, Edition, ReportFormat};
use media::report::{
    Document, ImageKey, ImageReference, References, ReportFrame, clinical_document, report_pdf,
    structured_report,
};
use media::web::report_page;
use model::{EntryPath, FileId, Notice, Subject};
use part10::{Dataset, Instance, Limits};
use sha2::{Digest as _, Sha256};
use zipstream::{Search, deflate, store};

use crate::assembly::Assembly;
use crate::document::{Readable, mime_type, report_link};
use crate::error::PackError;
use crate::key_image::{KeyImages, frame_index};
use crate::outcome::InstanceFacts;
use crate::pipeline::check_still_listed;
use crate::plan::{Plan, Planned};
use crate::sections::title_of;

/// An instance whose content becomes a report.
#[derive(Debug)]
pub(crate) struct PendingReport {
    planned: Planned,
    file_id: FileId,
}

impl<W: Write> Assembly<'_, W> {
    /// Writes the document of an instance that is in the package, or remembers that there is one.
    pub(crate) fn put_document(
        &mut self,
        facts: &InstanceFacts,
        file_id: FileId,
    ) -> Result<(), PackError> {
        let dataset = facts.instance.dataset();
        match Readable::of(&dataset) {
            Some(Readable::Pdf(pdf)) => return self.put_pdf(&dataset, pdf, None, file_id),
            Some(Readable::Other(document)) => return self.put_other(&dataset, document),
            Some(Readable::Clinical(document)) => self.put_other(&dataset, document)?,
            Some(Readable::Structured) => {}
            None => return Ok(()),
        }
        self.pending_reports.push(PendingReport { planned: facts.planned.clone(), file_id });
        Ok(())
    }

    fn put_pdf(
        &mut self,
        dataset: &Dataset<'_>,
        pdf: &[u8],
        page: Option<(EntryPath, String)>,
        file_id: FileId,
    ) -> Result<(), PackError> {
        let number = self.sections.next_report().ok_or_else(too_many)?;
        let path = self.options().layout.report(number, ReportFormat::Pdf);
        self.put(&path, &store(pdf.to_vec()), Sha256::digest(pdf).into(), None)?;
        let page = match page {
            Some((path, page)) => {
                self.put_text(&path, page.as_bytes())?;
                Some(path)
            }
            None => None,
        };
        self.sections.add_report(report_link(dataset, path, page, file_id));
        Ok(())
    }

    fn put_other(&mut self, dataset: &Dataset<'_>, document: &[u8]) -> Result<(), PackError> {
        let number = self.sections.next_document().ok_or_else(too_many)?;
        let mime_type = mime_type(dataset);
        let kind = DocumentKind::of(mime_type.as_deref().unwrap_or_default());
        let path = self.options().layout.other_document(number, kind);
        let entry = deflate(Search::ThreeBytes, &[document]);
        self.put(&path, &entry, Sha256::digest(document).into(), None)?;
        self.sections.add_document(DocumentLink { title: title_of(dataset), mime_type, path });
        Ok(())
    }

    /// Writes the reports that waited for the images.
    pub(crate) fn put_reports(&mut self, plan: &Plan) -> Result<(), PackError> {
        let mut images = KeyImages::new(plan.as_stored);
        for PendingReport { planned, file_id } in std::mem::take(&mut self.pending_reports) {
            let subject = Subject { file_id: Some(file_id.clone()), ..planned.subject() };
            // The file was there a moment ago; what it has become since is told, not packaged.
            let opened = Instance::open(&planned.instance.path, &Limits::default()).ok();
            let same = opened.filter(|instance| check_still_listed(instance, &planned).is_ok());
            let Some(instance) = same else {
                self.notices.push(Notice::NoReport(subject));
                continue;
            };
            let dataset = instance.dataset();
            let (document, pdf) = match Readable::of(&dataset) {
                Some(Readable::Structured) => {
                    (structured_report(&dataset, self.options().language), None)
                }
                Some(Readable::Clinical(bytes)) => {
                    let Some(cda) = clinical_document(bytes, self.options().language) else {
                        self.notices.push(Notice::NoReport(subject));
                        continue;
                    };
                    (cda.document, cda.pdf)
                }
                _ => continue,
            };
            let references = self.references(&document, plan, &mut images);
            self.put_report(&dataset, &document, &references, file_id.clone())?;
            if let Some(pdf) = pdf {
                self.put_pdf(&dataset, &pdf, None, file_id)?;
            }
        }
        Ok(())
    }

    fn put_report(
        &mut self,
        dataset: &Dataset<'_>,
        document: &Document,
        references: &References,
        file_id: FileId,
    ) -> Result<(), PackError> {
        let bug = |error: &dyn std::fmt::Display| PackError::Bug(error.to_string());
        let number = self.sections.next_report().ok_or_else(too_many)?;
        let options = self.options();
        let institution = self.sections.institution(options);
        let path = options.layout.report(number, ReportFormat::Pdf);
        let page_path = options.layout.report(number, ReportFormat::Page);
        let frame = ReportFrame {
            language: options.language,
            layout: options.layout,
            institution: &institution,
            patient: self.sections.patient(),
            pdf: &path,
            page: &page_path,
        };
        let pdf = report_pdf(frame, document, references).map_err(|error| bug(&error))?;
        let page = report_page(frame, document, references).map_err(|error| bug(&error))?;
        self.put_pdf(dataset, &pdf, Some((page_path, page)), file_id)
    }

    /// The images of the package that a report points to.
    fn references(&self, document: &Document, plan: &Plan, images: &mut KeyImages) -> References {
        let keys = document.images();
        let mut wanted: BTreeMap<&str, Vec<&ImageKey>> = BTreeMap::new();
        for key in keys {
            wanted.entry(&key.sop_instance).or_default().push(key);
        }
        let mut references = References::default();
        if wanted.is_empty() {
            return references;
        }
        images.begin_report();
        for planned in &plan.instances {
            let sop_instance = planned.instance.identity.sop_instance.as_str();
            let Some(keys) = wanted.get(sop_instance) else { continue };
            let file_id = self.options().layout.file_id(&planned.place);
            let Some((series, image)) = self.sections.image(&planned.place, &file_id) else {
                continue;
            };
            for key in keys {
                let index = frame_index(key);
                let frame = usize::try_from(index).ok().and_then(|index| image.frames.get(index));
                let preview = match frame {
                    Some(FrameEntry::Preview(preview)) => Some(preview.clone()),
                    _ => None,
                };
                let shown = |number: &Option<String>, place: u32| {
                    number.clone().unwrap_or_else(|| place.to_string())
                };
                let picture = preview.as_ref().and_then(|_| images.picture(planned, index));
                references.insert(
                    (*key).clone(),
                    ImageReference {
                        series: shown(&series.number, planned.place.series.get()),
                        number: shown(&image.number, planned.place.instance.get()),
                        page: self.options().layout.series_page(
                            Edition::Main,
                            planned.place.study,
                            planned.place.series,
                        ),
                        preview,
                        picture,
                    },
                );
            }
        }
        references
    }
}

fn too_many() -> PackError {
    PackError::TooLarge("there are more documents than numbers".to_owned())
}
